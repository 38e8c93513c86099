"""Hypothesis strategies: small libraries, and wishes that have something to do with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st

from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded

TAGS = ["Trips", "Trips/Italy", "Trips/Italy/Rome", "Family", "Ünï cödé"]
ALBUMS = ["Italy", "Best of", "Everything else"]
TEXTS = ["", "Sunset", "On the beach", "two\nlines", "ünïcödé 写真"]
PLACES = [(41.89193, 12.51133), (52.52437, 13.41053), (35.6895, 139.69171)]
USERS = {"ben@example.org": "Ben", "cleo@example.org": "Cleo Ünal", "dan@example.org": "Dan"}
OFFSETS = ["+01:00", "+02:00", "-03:30", "+00:00"]


@st.composite
def libraries(draw: st.DrawFn, most: int = 6) -> list[NewAsset]:
    """A few photos; each has a file name and a checksum of its own."""
    return [draw(photos(number)) for number in range(draw(st.integers(1, most)))]


@st.composite
def photos(draw: st.DrawFn, number: int) -> NewAsset:
    taken = datetime(2020, 1, 1, 12) + timedelta(days=draw(st.integers(0, 5)), minutes=number)
    place = draw(st.none() | st.sampled_from(PLACES))
    embedded = Embedded(
        taken=draw(st.none() | st.just(taken.isoformat())),
        offset=draw(st.none() | st.sampled_from(OFFSETS)),
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
        make=draw(st.sampled_from([None, "Canon", "Sony"])),
        description=draw(st.sampled_from([None, *TEXTS])) or None,
        rating=draw(st.sampled_from([None, 1, 3, 5])),
        tags=tuple(draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=2))),
    )
    return NewAsset(
        file_name=f"IMG_{number:04d}.jpg",
        file_created_at=taken.replace(tzinfo=UTC),
        embedded=embedded,
        visibility=draw(st.sampled_from(["timeline", "timeline", "archive", "hidden"])),
        favorite=draw(st.booleans()),
    )


def values() -> st.SearchStrategy[dict[str, Any]]:
    """What an entry may set, anything from nothing to everything."""
    some = st.fixed_dictionaries(
        {},
        optional={
            "description": st.sampled_from(TEXTS),
            "rating": st.sampled_from([None, 1, 2, 3, 4, 5]),
            "favorite": st.booleans(),
            "visibility": st.sampled_from(["timeline", "archive"]),
            "taken": st.sampled_from(["2021-05-06T07:08:09+02:00", "2020-01-03T23:30:00-05:00"]),
            "location": st.sampled_from([{"latitude": 48.85341, "longitude": 2.3488}, None]),
            "tags": tags(),
        },
    )
    return some.filter(_zones_agree)


def _zones_agree(entry: dict[str, Any]) -> bool:
    """The files refuse an offset that is not that of the place."""
    return not (entry.get("location") and str(entry.get("taken")).endswith("-05:00"))


def tags() -> st.SearchStrategy[Any]:
    some = st.lists(st.sampled_from(TAGS), unique=True, min_size=1, max_size=2)
    return some | st.fixed_dictionaries({"exact": some}) | st.fixed_dictionaries({"remove": some})


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """What a rule may ask for."""
    return st.one_of(
        st.sampled_from(TAGS).map(lambda tag: {"tags": [tag]}),
        st.sampled_from(TAGS).map(lambda tag: {"tags": {"none": [tag + "/*"]}}),
        st.sampled_from([">=3", "2..4", None]).map(lambda rating: {"rating": rating}),
        st.sampled_from(["2020-01-02", "..2020-01-03", "2021"]).map(lambda taken: {"taken": taken}),
        st.sampled_from(["Canon", "S*"]).map(lambda make: {"camera": {"make": make}}),
        st.sampled_from(["Italy", "Japan"]).map(lambda country: {"place": {"country": country}}),
        st.sampled_from(["Sunset", "beach"]).map(lambda text: {"description": {"contains": text}}),
        st.booleans().map(lambda heart: {"favorite": heart}),
        st.sampled_from(["timeline", "archive"]).map(lambda where: {"visibility": where}),
        st.sampled_from(["location", "rating", "tags"]).map(lambda part: {"has": {part: False}}),
        st.sampled_from(ALBUMS).map(lambda album: {"album": album}),
        st.sampled_from([["12-31..01-02", "2021"], "--01"]).map(lambda taken: {"taken": taken}),
        st.sampled_from([10, 2000]).map(
            lambda far: {"near": {"latitude": 42, "longitude": 12.5, "radius": f"{far}km"}}
        ),
        st.sampled_from(["location", "tags"]).map(lambda part: {"lacks": part}),
        st.sampled_from(["_000[0-2]", "jpg$"]).map(lambda regex: {"file": {"regex": regex}}),
    )


def _no_circle(album: str, match: dict[str, Any]) -> bool:
    """Albums may only ask for albums before them: the files refuse those that are made of each other."""
    return "album" not in match or ALBUMS.index(match["album"]) < ALBUMS.index(album)


@st.composite
def wishes(draw: st.DrawFn, photos: int = 6) -> dict[str, Any]:
    """Entries for single photos and rules, tags and albums."""
    names = st.integers(0, photos - 1).map(lambda number: {"file": f"IMG_{number:04d}.jpg"})
    entries = [
        {"match": draw(match), **found}
        for match in draw(st.lists(st.sampled_from([names, conditions()]), max_size=4))
        if (found := draw(values()))
    ]
    albums = []
    for name in draw(st.lists(st.sampled_from(ALBUMS), unique=True, max_size=2)):
        album: dict[str, Any] = {"name": name}
        if draw(st.booleans()):
            album["match"] = draw(conditions().filter(partial(_no_circle, name)))
        if draw(st.booleans()):
            album["assets"] = draw(st.lists(names, max_size=2, unique_by=str))
        if draw(st.booleans()):
            album["description"] = draw(st.sampled_from(TEXTS))
        if album.keys() & {"match", "assets"} and draw(st.booleans()):
            album["membership"] = draw(st.sampled_from(["exact", "add"]))
        if draw(st.booleans()):
            album["order"] = draw(st.sampled_from(["asc", "desc"]))
        if draw(st.booleans()):
            album["share"] = draw(shares())
        albums.append(album)
    colored = [
        {"value": tag, "color": "#e07a5f"}
        for tag in draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=1))
    ]
    found: dict[str, Any] = {"tags": colored, "assets": entries, "albums": albums}
    if draw(st.booleans()):
        found["album_sets"] = draw(
            st.lists(album_sets(), min_size=1, max_size=2, unique_by=lambda one: str(one["for_each"]))
        )
    return found


def shares() -> st.SearchStrategy[Any]:
    """Whom an album is shared with, in every form; users by e-mail or name."""
    names = st.sampled_from([*USERS, *USERS.values()])
    some = st.lists(names, min_size=1, max_size=2, unique_by=lambda name: USERS.get(name, name))
    role = st.sampled_from(["viewer", "editor"])
    items = some.flatmap(
        lambda found: st.tuples(
            *(st.just(name) | st.builds(dict, user=st.just(name), role=role) for name in found)
        )
    ).map(list)
    return (
        items
        | st.just([])
        | st.fixed_dictionaries({"add": items})
        | st.fixed_dictionaries({"remove": some})
        | st.fixed_dictionaries({"exact": items})
    )


def shared_before() -> st.SearchStrategy[dict[str, dict[str, str]]]:
    """Albums that are there, and who sees them in which role, by e-mail."""
    role = st.sampled_from(["viewer", "editor"])
    return st.dictionaries(
        st.sampled_from([*ALBUMS, "Somebody's"]),
        st.dictionaries(st.sampled_from(sorted(USERS)), role, max_size=2),
        max_size=3,
    )


def album_sets() -> st.SearchStrategy[dict[str, Any]]:
    """One set; names of different ways to group differ, so that they rarely collide."""
    grouped = st.sampled_from(
        [
            {"for_each": "year", "name": "{year}"},
            {"for_each": "month", "name": "{month:%B} {year}"},
            {"for_each": {"trip": "24h"}, "name": "Trip {start:%Y-%m-%d %H:%M}"},
            {"for_each": {"tag": "Trips"}, "name": "# {path}"},
            {"for_each": "tag", "name": "{path}"},
            {"for_each": "country", "name": "{country}"},
            {"for_each": "camera", "name": "{camera} {year}"},
        ]
    )
    more = st.fixed_dictionaries(
        {},
        optional={
            "match": conditions(),
            "exclude": conditions(),
            "description": st.sampled_from(["", "from {start} to {end}"]),
            "order": st.sampled_from(["asc", "desc"]),
            "min_photos": st.sampled_from([1, 2]),
            "membership": st.sampled_from(["exact", "add"]),
            "prune": st.booleans(),
            "share": shares(),
        },
    )
    return st.tuples(grouped, more).map(lambda pair: {**pair[0], **pair[1]})
