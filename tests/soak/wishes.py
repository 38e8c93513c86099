"""Random libraries, and random wishes about them that no two lines of disagree."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.soak.model import Model, Photo

TAGS = ["Trips", "Trips/Italy", "Trips/Italy/Rome", "Family", "Ünï cödé"]
KEPT = "Kept"
"""On every photo, so that no wish takes off its last tag, which 2.5.6 brings back (FINDINGS 5)."""
ALBUMS = ["Italy", "Best of", "Everything"]
TEXTS = ["Sunset", "On the beach", "two\nlines", "ünïcödé 写真"]
PLACES = [(48.85341, 2.3488), (41.89193, 12.51133), (35.6895, 139.69171)]
USERS = {"ben@example.org": "Ben", "cleo@example.org": "Cleo", "dan@example.org": "Dan"}
MAKES = ["Canon", "Sony"]
Wish = dict[str, Any]


def library(dice: random.Random) -> tuple[list[NewAsset], Model]:
    """A few photos, one or two of which no wish names, and perhaps one in a read-only folder."""
    model, assets = Model(), []
    names = [f"IMG_{number:04d}.jpg" for number in range(dice.randint(2, 6))]
    names += ["other_0.jpg", "other_1.jpg"][: dice.randint(1, 2)]
    names += ["locked.jpg"] * (dice.random() < 0.3)
    for number, name in enumerate(names):
        local = datetime(2020, 1, 1, 12) + timedelta(days=number)
        photo = Photo(
            taken=f"{local.isoformat()}+00:00",
            tags={KEPT},
            make=dice.choice(MAKES) if name.startswith("IMG") else None,
            writable=name != "locked.jpg",
            favorite=dice.random() < 0.3,
            rating=dice.choice([None, 2, 4]),
        )
        embedded = Embedded(taken=local.isoformat(), offset="+00:00", make=photo.make, rating=photo.rating)
        model.photos[name] = photo
        assets.append(
            NewAsset(
                name,
                local.replace(tzinfo=UTC),
                embedded,
                tags=(KEPT,),
                favorite=photo.favorite,
                sidecar_writable=photo.writable,
            )
        )
    model.tags[KEPT] = None
    model.special = dice.choice(["taken", "location"])
    return assets, model


def wish(dice: random.Random, model: Model) -> Wish:
    """Tags, photos by name and by rule, albums. The photos named `other` and their like are left alone."""
    names = sorted(name for name in model.photos if not name.startswith("other"))
    by_name, free = {*ASPECTS, model.special}, {*ASPECTS, model.special}
    (by_name if dice.random() < 0.5 else free).discard("tags")  # what adds up is either named or ruled
    entries = [{"match": {"file": name}, **_values(dice, by_name)} for name in _some(dice, names, 3)]
    for match in _some(dice, [{"file": "IMG_*"}, *({"camera": {"make": make}} for make in MAKES)], 2):
        values = _values(dice, free)
        free -= values.keys()
        entries.append({"match": match, **values})
    entries = [entry for entry in entries if len(entry) > 1]
    dice.shuffle(entries)
    matching: list[dict[str, Any]]
    if all("tags" not in entry for entry in entries):
        matching = [{"tags": ["Trips"]}, {"camera": {"make": "Sony"}}]
    else:
        matching = [{"rating": ">=3"}, {"favorite": True}, {"tags": ["Trips/Italy"]}]
    colored = [{"value": tag, "color": dice.choice(["#e07a5f", "#3d405b"])} for tag in _some(dice, TAGS, 1)]
    albums = [_album(dice, name, names, matching) for name in _some(dice, ALBUMS, 2)]
    return {"tags": colored, "assets": entries, "albums": albums}


ASPECTS = ("description", "rating", "favorite", "visibility", "tags")


def _values(dice: random.Random, free: set[str]) -> dict[str, Any]:
    return {aspect: _value(dice, aspect) for aspect in _some(dice, sorted(free), 3)}


def _value(dice: random.Random, aspect: str) -> Any:
    match aspect:
        case "description":
            return dice.choice(["", *TEXTS])
        case "rating":
            return dice.choice([None, 1, 2, 3, 4, 5])
        case "favorite":
            return dice.random() < 0.5
        case "visibility":
            return dice.choice(["timeline", "archive"])
        case "taken":
            moment = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(500_000))
            return moment.isoformat()
        case "location":
            latitude, longitude = dice.choice(PLACES)
            return {"latitude": latitude, "longitude": longitude}
    some = _some(dice, TAGS, 2, least=1)
    return dice.choice([some, {"add": some}, {"remove": some}])


def _album(dice: random.Random, name: str, names: list[str], matching: list[dict[str, Any]]) -> Wish:
    if dice.random() < 0.15:
        return {"name": name, "state": "absent"}
    album: Wish = {"name": name}
    if dice.random() < 0.6:
        album["match"] = {"file": "IMG_*", **dice.choice(matching)}
    if dice.random() < 0.5:
        album["assets"] = [{"file": one} for one in _some(dice, names, 3)]
    if dice.random() < 0.5:
        album["description"] = dice.choice(TEXTS)
    if dice.random() < 0.5:
        album["order"] = dice.choice(["asc", "desc"])
    if album.keys() & {"match", "assets"} and dice.random() < 0.4:
        album["membership"] = "add"
    if dice.random() < 0.5:
        album["share"] = _share(dice)
    return album


def _share(dice: random.Random) -> Any:
    users = _some(dice, USERS, 3)
    items = [{"user": user, **dice.choice([{}, {"role": "viewer"}, {"role": "editor"}])} for user in users]
    if not items or dice.random() < 0.6:
        return items
    return dice.choice([{"add": items}, {"remove": users}])


def _some(dice: random.Random, items: Any, most: int, *, least: int = 0) -> list[Any]:
    items = list(items)
    return dice.sample(items, dice.randint(least, min(most, len(items))))
