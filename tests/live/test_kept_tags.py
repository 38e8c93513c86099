"""Tags that are kept give the same plan as tags read anew, and spare the server what has not changed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.diff import compare
from reconciler.immich.writer import Writer
from reconciler.live.cost import Cost
from reconciler.live.kept.photos import Kept
from reconciler.live.searching import choosing, looking
from reconciler.live.tags import tagging
from reconciler.sandbox.photo import Embedded
from tests.live.test_kept import VERSIONS, Desk, Others, call, photo
from tests.support.world import QUICK, World, copy_of, world

SETS = [
    (),
    ("Trips",),
    ("Trips/Italy",),
    ("Trips", "Trips/Italy"),
    ("Trips/Italy/Rome", "Family"),
    ("Family",),
]
WISH: dict[str, Any] = {
    "assets": [
        {"match": {"favorite": True}, "tags": ["Hearts"]},
        {"match": {"tags": ["Trips/Italy"], "favorite": False}, "tags": {"remove": ["Family"]}},
    ],
    "albums": [
        {"name": "All", "match": {"not": {"tags": ["Nothing"]}}},
        {"name": "Trips", "match": {"tags": ["Trips"]}},
        {"name": "Below", "match": {"tags": ["Trips/*"]}},
    ],
    "album_sets": [{"for_each": {"tag": "Trips"}, "name": "By {path}"}],
}


CERTAIN = Kept.certain_until


@pytest.fixture(autouse=True)
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags are searched for however few photos there are, and kept however new they are: all has settled."""
    monkeypatch.setattr(tagging, "tags_one_by_one", lambda *_args: False)
    monkeypatch.setattr(Kept, "certain_until", lambda kept, _photos: kept.now())


def looks(made: Desk) -> int:
    """How many photos were looked at one by one."""
    return made.sent.count("/assets/{id}")


@contextmanager
def desk(folder: Path, version: str, count: int = 24) -> Iterator[Desk]:
    photos = [
        replace(
            photo(f"IMG_{number:04}.jpg", 2018 + number % 5), embedded=Embedded(tags=SETS[number % len(SETS)])
        )
        for number in range(count)
    ]
    with world(folder, photos, version=version, pace=QUICK) as made:
        made.library.settle(30)
        yield Desk(made)


def tag_id(made: World, path: str) -> str:
    return next(tag.id for tag in made.reader.tags() if tag.path == path)


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_new_takes_the_list_of_tags_and_no_search(tmp_path: Path, version: str) -> None:
    with desk(tmp_path, version) as made:
        made.same(WISH)
        fresh = len(made.sent)
        how = made.same(WISH)
        assert "0 photos changed" in how and "12 as kept, 0 read" in how
        # what has changed in the library; older versions show timeline, archive and hidden photos apart
        assert made.sent.count("/search/metadata") == (1 if version == "3.1.0" else 3)
        assert looks(made) == 0
        assert len(made.sent) <= 15 < fresh
        assert made.stood == 0
        made.same(WISH)
        assert made.stood == 1
        call(made.world, "DELETE", "/tags/{id}", None, id=tag_id(made.world, "Family"))
        made.same(WISH)
        assert made.stood == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_only_photos_that_changed_are_asked(tmp_path: Path, version: str) -> None:
    with desk(tmp_path, version) as made:
        made.same(WISH)
        ids = made.world.ids()
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        writer.tag_assets([tag_id(made.world, "Trips")], [ids["IMG_0000.jpg"], ids["IMG_0006.jpg"]])
        body = {"ids": [ids["IMG_0005.jpg"], ids["IMG_0011.jpg"]]}
        call(made.world, "DELETE", "/tags/{id}/assets", body, id=tag_id(made.world, "Family"))
        made.world.library.settle(30)
        assert "4 photos changed" in made.same(WISH)
        assert looks(made) == 4
        assert "0 photos changed" in made.same(WISH)


def test_where_all_is_searched_for_anew_it_says_how_many_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        writer.tag_assets([tag_id(made.world, "Trips")], [made.world.ids()["IMG_0000.jpg"]])
        made.world.library.settle(30)
        monkeypatch.setattr(tagging, "detail_cost", lambda _count: Cost(seconds=1000.0))
        how = made.same(WISH)
        assert "4 of 4 searched for anew" in how and "1 photo changed" in how


def test_a_tag_that_was_deleted_is_off_every_photo(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        call(made.world, "DELETE", "/tags/{id}", None, id=tag_id(made.world, "Trips/Italy"))
        how = made.same(WISH)
        assert "1 of 2 searched for anew" in how  # not «Family»
        assert "0 photos changed" in how
        assert "searched for anew" not in made.same(WISH)


def test_edits_that_wait_have_all_tags_read(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        writer, ids = (
            Writer(made.world.reader.transport, made.world.reader.dialect),
            sorted(made.world.ids().values()),
        )
        writer.pause("sidecar")
        writer.tag_assets([tag_id(made.world, "Trips")], ids)
        assert "photos changed" not in made.same(WISH)
        writer.resume("sidecar")
        made.world.library.settle(30)
        assert "16 photos changed" in made.same(WISH)  # the others had that tag


def test_photos_deleted_for_good_have_photos_read_but_no_tags(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        gone = max(made.world.ids().values())
        call(made.world, "DELETE", "/assets", {"ids": [gone], "force": True})
        how = made.same(WISH)
        assert "deleted or locked" in how and "0 photos changed" in how


def test_photos_that_have_just_changed_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "certain_until", CERTAIN)
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        assert "24 photos changed" in made.same(WISH)


def test_a_tag_named_for_the_first_time_is_searched_for(tmp_path: Path) -> None:
    one = {"albums": [{"name": "All", "match": {"not": {"tags": ["Trips/*"]}}}]}
    two = {"albums": [*one["albums"], {"name": "Family", "match": {"tags": ["Family"]}}]}
    with desk(tmp_path, "3.1.0") as made:
        made.same(one)
        assert "1 of 4 searched for anew" in made.same(two)
        assert "searched for anew" not in made.same(one)
        assert "searched for anew" not in made.same(two)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_whole_library_is_kept_where_photos_would_be_looked_at_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    for module in (looking, choosing):
        monkeypatch.setattr(module, "scan_cost", lambda library, passes: Cost(passes, library, 0.08))
    exactly = {"albums": [{"name": "Trips", "match": {"tags": ["Trips"]}}]}
    with desk(tmp_path, version) as made:
        made.chooses = True
        fresh, _, _ = made.read(None, exactly)
        assert fresh.library == 24 and looks(made) > 0  # read in parts
        live, _, how = made.read(made.kept(), exactly)
        assert "nothing is kept" in how and looks(made) > 0
        live, _, how = made.read(made.kept(), exactly)
        assert "0 photos changed" in how and looks(made) == 0 and len(made.sent) <= 15
        desired = made.world.desired(exactly)
        assert compare(desired, live).changes == compare(desired, fresh).changes
        below = {"albums": [{"name": "Trips", "match": {"tags": ["Trips/Italy/Rome"]}}]}
        live, _, _ = replace(made, name="another").read(replace(made, name="another").kept(), below)
        assert live.library == 24


def test_a_restored_backup_has_the_tags_of_then(tmp_path: Path) -> None:
    with desk(tmp_path / "now", "3.1.0") as made:
        (tmp_path / "then").mkdir()
        with copy_of(made.world, tmp_path / "then") as former:
            writer = Writer(made.world.reader.transport, made.world.reader.dialect)
            writer.tag_assets([tag_id(made.world, "Trips")], sorted(made.world.ids().values())[:6])
            made.world.library.settle(30)
            made.same(WISH)
            shutil.copytree(tmp_path / "now" / "cache", tmp_path / "then" / "cache")
            assert "backup was restored" in Desk(former).same(WISH)
            assert "photos changed" in Desk(former).same(WISH)


CHANGES = [
    *("tag", "tag", "tag", "untag", "untag", "new tag", "delete tag", "made by post", "cleanup"),
    *("heart", "hide", "show", "trash", "restore", "delete", "lock", "upload", "caption", "wait", "settle"),
]
PATHS = ["Trips", "Trips/Italy", "Trips/Italy/Rome", "Trips/Greece", "Family", "Hearts", "Other/One"]


class Taggers(Others):
    """People who also tag."""

    def change(self, kind: str) -> None:
        made, writer = self.world, Writer(self.world.reader.transport, self.world.reader.dialect)
        tags = made.reader.tags()
        assets = list(made.reader.scan(owner_id=made.identity.user_id, hidden=True))
        some = self.chance.sample(assets, min(len(assets), self.chance.randint(1, 3)))
        match kind:
            case "new tag":
                writer.upsert_tags([self.chance.choice(PATHS)])
            case "tag" if tags:
                writer.tag_assets([one.id for one in self.chance.sample(tags, min(2, len(tags)))], some)
            case "untag" if tags:
                tag = self.chance.choice(tags)
                call(made, "DELETE", "/tags/{id}/assets", {"ids": some}, id=tag.id)
            case "delete tag" if tags and self.chance.random() < 0.5:
                call(made, "DELETE", "/tags/{id}", None, id=self.chance.choice(tags).id)
            case "made by post":
                path = self.chance.choice(PATHS)
                if path not in {tag.path for tag in tags}:
                    call(made, "POST", "/tags", {"name": path})
            case "cleanup":
                call(made, "POST", "/jobs", {"name": "tag-cleanup"})
            case _:
                super().change(kind)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", range(2))
def test_a_plan_with_kept_tags_equals_a_fresh_one_whatever_others_do(
    tmp_path: Path, version: str, seed: int
) -> None:
    chance = random.Random(seed)
    with desk(tmp_path, version) as made:
        others = Taggers(made.world, chance, made.kept)
        ways = []
        for _turn in range(14):
            for _ in range(chance.randrange(4)):
                others.change(chance.choice(CHANGES))
            others.let_run()
            ways.append(made.same(WISH))
        assert any("photos changed" in way for way in ways)
