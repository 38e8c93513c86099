"""Who is on photos is never kept, since no server tells when that changes; all that is beside it still is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.immich.retry import Repeat
from reconciler.immich.writer import Writer
from reconciler.sandbox.photo import Embedded
from tests.live.test_kept import VERSIONS, Desk, Others, call, photo
from tests.support.world import QUICK, World, world

ON: list[tuple[str, ...]] = [("Ada",), ("Ada", "Ben"), (), ("Ben", ""), ("Zoe",), ("",), ("Ada", "Zoe")]
EVERYBODY: dict[str, Any] = {
    "assets": [
        {"match": {"people": {"only": ["Ada", "Ben"]}, "favorite": True}, "rating": 3},
        {"match": {"tags": ["Trips"], "lacks": "people"}, "description": "nobody"},
    ],
    "albums": [
        {"name": "Everything", "match": {"not": {"people": "Zoe"}}},
        {"name": "Hearts", "match": {"people": {"any": ["A*"]}}},
        {"name": "Some", "match": {"people": {"all": ["Ada"], "none": ["Ben"]}}},
    ],
    "album_sets": [{"for_each": "person", "name": "With {person}"}],
}
NAMED: dict[str, Any] = {
    "albums": [
        {"name": "Everything", "match": {"taken": "2000..", "people": {"none": ["Ben"]}}},
        {"name": "Hearts", "match": {"people": {"any": ["Ada", "Zoe"]}}},
        {"name": "Some", "match": {"lacks": "description", "people": {"all": ["Ada", "Ben"]}}},
    ],
}


@contextmanager
def desk(folder: Path, version: str, count: int = 28) -> Iterator[Desk]:
    photos = [
        replace(
            photo(f"IMG_{number:04}.jpg", 2018 + number % 5),
            people=ON[number % len(ON)],
            embedded=Embedded(tags=("Trips",) if number % 3 else ()),
            visibility="archive" if number % 9 == 4 else "timeline",
        )
        for number in range(count)
    ]
    with world(folder, photos, version=version, pace=QUICK) as made:
        writer = Writer(made.reader.transport, made.reader.dialect)
        ids = sorted(made.ids().values())
        for name in ("Everything", "Hearts", "Some"):
            writer.create_album(name, asset_ids=ids[:9])
        made.library.settle(30)
        yield Desk(made)


def faces(made: World, asset_id: str) -> list[dict[str, Any]]:
    """The faces on a photo, each with its person."""
    query = {"id": asset_id}
    return made.reader.transport.call("GET", "/faces", repeat=Repeat.READ, parse=list, query=query)


BOX = {"imageWidth": 9, "imageHeight": 9, "x": 1, "y": 1, "width": 2, "height": 2}


def test_photos_members_and_tags_are_kept_where_everybody_must_be_known(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        assert "nothing is kept" in made.same(EVERYBODY)
        how = made.same(EVERYBODY)
        assert "kept since" in how and "3 as kept, 0 read" in how


CHANGES = [
    *("face", "face", "unface", "unface", "swap", "move", "moved all", "merge", "rename", "twin"),
    *("hide person", "delete person", "heart", "archive", "hide", "show", "trash", "restore", "delete"),
    *("lock", "upload", "member", "remove", "wait", "settle"),
]
NAMES = ["Ada", "Ben", "Zoe", "Anna", ""]


class Family(Others):
    """People who also say who is on which photo."""

    def change(self, kind: str) -> None:
        made = self.world
        assets = list(made.reader.scan(owner_id=made.identity.user_id, hidden=True))
        one = self.chance.choice(assets)
        people = sorted(person.id for name in NAMES[:4] for person in made.reader.people_called(name))
        who = self.chance.choice(people) if people else ""
        match kind:
            case "face" if who:
                call(made, "POST", "/faces", {"assetId": one, "personId": who, **BOX})
            case "unface" if found := faces(made, one):
                self.unface(self.chance.choice(found))
            case "swap" if who:
                # as many photos with everybody as before
                another = self.chance.choice(assets)
                for face in faces(made, one):
                    self.unface(face)
                    body = {"assetId": another, "personId": face["person"]["id"], **BOX}
                    call(made, "POST", "/faces", body)
            case "move" if who and (found := faces(made, one)):
                call(made, "PUT", "/faces/{id}", {"id": found[0]["id"]}, id=who)
            case "moved all" if who and (found := faces(made, one)):
                data = [{"assetId": one, "personId": found[0]["person"]["id"]}]
                call(made, "PUT", "/people/{id}/reassign", {"data": data}, id=who)
            case "merge" if len(people) > 2 and self.chance.random() < 0.4:
                into, gone = self.chance.sample(people, 2)
                call(made, "POST", "/people/{id}/merge", {"ids": [gone]}, id=into)
            case "rename" if who and self.chance.random() < 0.6:
                call(made, "PUT", "/people/{id}", {"name": self.chance.choice(NAMES)}, id=who)
            case "twin":
                call(made, "POST", "/people", {"name": self.chance.choice(NAMES)})
            case "hide person" if who:
                hidden = self.chance.random() < 0.5
                call(made, "PUT", "/people", {"people": [{"id": who, "isHidden": hidden}]})
            case "delete person" if who and self.chance.random() < 0.3:
                call(made, "DELETE", "/people/{id}", None, id=who)
            case _:
                super().change(kind)

    def unface(self, face: dict[str, Any]) -> None:
        force = self.chance.random() < 0.5
        call(self.world, "DELETE", "/faces/{id}", {"force": force}, id=face["id"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("wish", [EVERYBODY, NAMED], ids=["everybody", "named"])
def test_a_cached_plan_equals_a_fresh_one_whoever_is_put_on_photos(
    tmp_path: Path, wish: dict[str, Any], version: str, seed: int
) -> None:
    chance = random.Random(seed)
    with desk(tmp_path, version) as made:
        others = Family(made.world, chance, made.kept)
        ways = []
        for _turn in range(14):
            for _ in range(chance.randrange(4)):
                others.change(chance.choice(CHANGES))
            others.let_run()
            ways.append(made.same(wish))
        assert sum("kept since" in way for way in ways) > 3
        assert any("as kept" in way and "0 as kept" not in way for way in ways)
