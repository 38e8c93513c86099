"""Who is on photos is never kept, since no server tells when that changes; all that is beside it still is."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import load
from reconciler.diff import compare
from reconciler.immich.retry import Repeat
from reconciler.immich.search import Selection
from reconciler.immich.writer import Writer
from reconciler.live.cost import Cost
from reconciler.live.people import company, everyone
from reconciler.live.people.everyone import Everyone
from reconciler.live.searching import choosing, looking
from reconciler.sandbox.photo import Embedded
from tests.live.test_kept import VERSIONS, Desk, Others, call, photo
from tests.support.world import QUICK, World, as_yaml, world

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


@dataclass
class Choosing:
    """Has everybody be asked for on the photos that rules may match, as in a large library, or on all."""

    monkeypatch: pytest.MonkeyPatch
    parts: int = 0
    """How often searches were enough."""

    def few(self, few: bool, *, searched: bool = False, dear: bool = False) -> None:
        """With `searched`, photos are searched for too, instead of a scan.

        With `dear`, the first pages show that searches for people cost more.
        """

        def cost(rows: int, library: int = 0) -> Cost:
            return Cost(1, rows, 2.0 * dear if library else float(few))

        def begin(one: Everyone, searched: Collection[Selection]) -> bool:
            found = before(one, searched)
            self.parts += found
            return found

        self.monkeypatch.undo()
        before = Everyone.begin
        self.monkeypatch.setattr(Everyone, "begin", begin)
        self.monkeypatch.setattr(everyone, "FEW_PHOTOS", 0)
        for module in (everyone, company):
            self.monkeypatch.setattr(module, "people_cost", cost)
        if searched:
            for module in (looking, choosing):
                self.monkeypatch.setattr(
                    module, "scan_cost", lambda library, passes: Cost(passes, library, 9.0)
                )


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Choosing:
    return Choosing(monkeypatch)


def test_only_asks_for_the_photos_of_those_it_names(tmp_path: Path, way: Choosing) -> None:
    wish = {
        "albums": [
            {"name": "Everything", "match": {"people": {"only": ["Ada", "Ben"]}}},
            {"name": "Hearts", "match": {"people": "Ada", "lacks": "description"}},
        ]
    }
    way.few(True)
    with desk(tmp_path, "3.1.0") as made:
        made.same(wish)
        how = made.same(wish)
        assert "kept since" in how and "2 as kept, 0 read" in how
        # what has changed, and a search for each person that tells who else is there
        assert made.sent.count("/search/metadata") == 3
        assert made.sent.count("/search/person") == 2
        assert len(made.sent) <= 13
        way.few(False)
        _, data, _ = made.read(made.kept(), wish)
        assert made.sent.count("/search/metadata") == 2
        way.few(True)
        assert made.read(made.kept(), wish)[1] == data


@pytest.mark.parametrize("version", VERSIONS)
def test_photos_of_a_person_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    for module in (looking, choosing):
        monkeypatch.setattr(module, "scan_cost", lambda library, passes: Cost(passes, library, 9.0))
    wish = {
        "albums": [
            {"name": "New", "match": {"people": {"any": ["Ada", "Ben"]}}},
            {"name": "Zoe", "match": {"people": "Zoe", "description": {"contains": "nothing"}}},
        ]
    }
    with desk(tmp_path, version) as made:
        made.chooses = True
        live, _, _ = made.read(None, wish)
        assert live.library  # read in parts
        # Ada's photos, Ben's, Zoe's with that caption, and, as the rule may match others too, all of Zoe's
        passes = 1 if version == "3.1.0" else 2
        assert made.sent.count("/search/metadata") == 4 * passes
        assert made.sent.count("/search/person") == 3
        # the queues are seen to be empty, so that no search need be counted
        assert made.sent.count("/search/statistics") == 0
        whole, _, _ = made.read(None, wish | {"assets": [{"match": {"has": "location"}, "rating": 1}]})
        assert not whole.library
        desired = made.world.desired(wish)
        assert compare(desired, live).changes == compare(desired, whole).changes


@pytest.mark.parametrize(
    ("wish", "slices"),
    [
        ({"match": {"people": {"only": ["Ada", "Ben"]}}}, [{"Ada"}, {"Ben"}]),
        ({"match": [{"people": {"only": ["Ada"]}}, {"folder": "Trips"}, {"people": "Ben"}]}, [{"Ada"}]),
        ({"match": {"people": {"only": ["A*"], "all": ["Ben"]}}}, [{"Ben"}]),
        ({"match": {"people": {"only": ["Ada", "B*"]}}}, [set()]),
        ({"match": {"folder": "Trips"}, "exclude": {"people": {"only": ["Ada"]}}}, [{"Ada"}]),
        ({"match": {"people": {"none": ["Ada"]}}}, []),
    ],
)
def test_of_whose_photos_everybody_must_be_known(
    tmp_path: Path, wish: dict[str, Any], slices: list[set[str]]
) -> None:
    path = tmp_path / "wish.yaml"
    path.write_text(as_yaml({"albums": [{"name": "A", **wish}]}), encoding="utf-8")
    asked = everyone.asked_of_everyone(load([path]).desired)
    assert [one.slice.people for one in asked] == slices


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
@pytest.mark.parametrize(
    ("wish", "seed"),
    [(EVERYBODY, 0), (EVERYBODY, 1), (NAMED, 2)],
    ids=["everybody", "everybody too", "named"],
)
def test_a_cached_plan_equals_a_fresh_one_whoever_is_put_on_photos(
    tmp_path: Path, wish: dict[str, Any], version: str, seed: int
) -> None:
    chance = random.Random(seed)
    with desk(tmp_path, version) as made:
        others = Family(made.world, chance, made.kept)
        ways = []
        for _turn in range(12):
            for _ in range(chance.randrange(4)):
                others.change(chance.choice(CHANGES))
            others.let_run()
            ways.append(made.same(wish))
        assert sum("kept since" in way for way in ways) > 3
        assert any("as kept" in way and "0 as kept" not in way for way in ways)


SOME: dict[str, Any] = {
    "assets": [
        {"match": {"favorite": True}, "rating": 3},
        {"match": {"taken": "2019..2020", "tags": ["Trips"]}, "tags": ["More"]},
        {"match": {"people": {"only": ["Ada", "Ben"]}, "favorite": False}, "description": "two"},
    ],
    "albums": [
        {
            "name": "Everything",
            "match": [
                {"rating": 3, "file": "*G_000*", "lacks": "people"},
                {"people": {"only": ["Zoe"]}},
                {"file": "*5.jpg"},
            ],
            "exclude": {"people": {"only": ["Zo*"]}, "favorite": True},
        },
        {"name": "Hearts", "match": {"visibility": "archive", "people": {"any": ["A*", "B*"]}}},
        {"name": "Some", "match": {"file": "IMG_000*", "people": {"all": ["Ada"], "none": ["B*"]}}},
        {"name": "More", "match": {"tags": ["More"], "not": {"has": "people"}, "file": "*G_001*"}},
    ],
    "album_sets": [
        {"for_each": "person", "name": "With {person}", "match": {"file": "IMG_002*", "people": "Ben"}}
    ],
}


CHANGED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"rating": 3}, {"rating": 3}),
    ({"tags": ["More"]}, {"tags": ["More"]}),
    ({"description": "by the sea"}, {"description": {"contains": "sea"}}),
    ({"taken": "2001-02-03T04:05:06Z"}, {"taken": "2001"}),
    ({"favorite": True}, {"favorite": True}),
    ({"visibility": "timeline"}, {"visibility": "timeline"}),
]


@pytest.mark.parametrize(("value", "asked"), CHANGED, ids=[next(iter(value)) for value, _ in CHANGED])
def test_what_a_plan_changes_does_not_narrow_whose_company_is_known(
    tmp_path: Path, way: Choosing, value: dict[str, Any], asked: dict[str, Any]
) -> None:
    """Zoe's photo comes to match all but the last condition."""
    match = {"file": "IMG_0004.jpg"}
    wish = {
        "assets": [{"match": {**match, "type": "image"}, **value}],
        "albums": [{"name": "Nobody", "match": {**asked, "file": "IMG_000*", "lacks": "people"}}],
    }
    way.few(True)
    with desk(tmp_path, "3.1.0") as made:
        assert ON[4] == ("Zoe",)
        made.chooses = True
        live, _, _ = made.read(None, wish)
        (album,) = compare(made.world.desired(wish), live).changes.albums
        assert made.world.ids()["IMG_0004.jpg"] not in album.added
        assert way.parts == 1


BY_NAME: dict[str, Any] = {
    "assets": [{"match": {"people": {"any": ["B*"]}, "favorite": True}, "visibility": "archive"}],
    "albums": [
        {"name": "Everything", "match": {"not": {"people": "Z*"}}},
        {"name": "Hearts", "match": {"people": {"all": ["A*"], "none": ["?e*", "Zoe"]}}},
        {"name": "Some", "match": [{"people": {"only": ["Ada"]}}, {"people": {"any": ["Ben", "An*"]}}]},
    ],
    "album_sets": [{"for_each": "person", "name": "With {person}"}],
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", range(2))
def test_names_that_fit_give_the_same_plan_as_everybody_on_all_photos(
    tmp_path: Path, way: Choosing, version: str, seed: int
) -> None:
    chance = random.Random(seed)
    with desk(tmp_path, version) as made:
        others = Family(made.world, chance, made.kept)
        for _turn in range(12):
            for _ in range(chance.randrange(4)):
                others.change(chance.choice(CHANGES))
            others.let_run()
            way.few(True)
            _, some, _ = made.read(made.kept(), BY_NAME)
            way.few(False)
            _, data, _ = made.read(None, BY_NAME)
            assert some == data
        assert way.parts == 11  # all but the first, before anything is kept


@pytest.mark.parametrize("version", VERSIONS)
def test_somebody_who_is_only_on_an_archived_photo_fits_too(
    tmp_path: Path, way: Choosing, version: str
) -> None:
    """The server's list of persons doesn't have him (FACTS 6)."""
    wish = {"albums": [{"name": "Q", "match": {"people": {"any": ["Q*"]}}}]}
    with desk(tmp_path, version) as made:
        archived = made.world.ids()["IMG_0004.jpg"]
        parse, repeat = dict, Repeat.NEVER
        body = {"name": "Quentin"}
        person = made.world.reader.transport.call("POST", "/people", repeat=repeat, parse=parse, body=body)
        call(made.world, "POST", "/faces", {"assetId": archived, "personId": person["id"], **BOX})
        way.few(True)
        made.read(made.kept(), wish)
        live, _, how = made.read(made.kept(), wish)
        assert way.parts == 1 and "kept since" in how
        assert made.sent.count("/people") == 1
        # what has changed, who is on archived photos, and his photos; 2.5 shows each visibility apart
        assert made.sent.count("/search/metadata") == (3 if version == "3.1.0" else 6)
        (album,) = compare(made.world.desired(wish), live).changes.albums
        assert set(album.added) == {archived}


@pytest.mark.parametrize("version", VERSIONS)
def test_searches_that_would_bring_too_much_have_all_photos_asked(
    tmp_path: Path, way: Choosing, version: str
) -> None:
    value, asked = CHANGED[0]
    wish = {
        "assets": [{"match": {"file": "IMG_0004.jpg", "type": "image"}, **value}],
        "albums": [{"name": "Nobody", "match": {**asked, "file": "IMG_000*", "lacks": "people"}}],
    }
    with desk(tmp_path, version) as made:
        made.chooses = True
        way.few(False)
        whole, _, _ = made.read(None, wish)
        way.few(True, searched=True, dear=True)
        live, _, _ = made.read(None, wish)
        assert live.library and not whole.library and way.parts == 0
        desired = made.world.desired(wish)
        assert compare(desired, live).changes == compare(desired, whole).changes
        on = {asset_id: live.people_of.get(asset_id) for asset_id in whole.assets}
        assert on == {asset_id: whole.people_of.get(asset_id) for asset_id in whole.assets}


@pytest.mark.parametrize("version", VERSIONS)
def test_everybody_on_some_photos_gives_the_same_plan_as_everybody_on_all(
    tmp_path: Path, way: Choosing, version: str
) -> None:
    chance = random.Random(3)
    with desk(tmp_path, version) as made:
        others = Family(made.world, chance, made.kept)
        kept = 0
        for turn in range(12):
            for _ in range(chance.randrange(4)):
                others.change(chance.choice(CHANGES))
            others.let_run()
            way.few(True)
            _, some, _ = made.read(made.kept(), SOME)
            way.few(False)
            whole, data, _ = made.read(None, SOME)
            assert some == data
            way.few(True, searched=True)
            made.chooses = True
            live, _, how = made.read(made.kept() if turn % 2 else None, SOME)
            assert live.library or turn % 2  # read in parts, or as it is kept
            kept += "kept since" in how
            desired = made.world.desired(SOME)
            assert compare(desired, live).changes == compare(desired, whole).changes
            made.chooses = False
        assert way.parts == 24 and kept
