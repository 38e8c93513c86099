"""What is kept of a library gives the same plan as reading it anew, or is not used."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.config.cache import Cache
from reconciler.diff import compare
from reconciler.immich.retry import Repeat
from reconciler.immich.tally import Sent
from reconciler.immich.writer import Writer
from reconciler.live.cost import Cost
from reconciler.live.errand import Around, nobody_knows
from reconciler.live.kept.members import KeptMembers
from reconciler.live.kept.packing import packed, unpacked
from reconciler.live.kept.photos import Kept, Shelf
from reconciler.live.read import WasRead, read_unless_same
from reconciler.live.searching import choosing, looking
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.plan import make_plan
from reconciler.plan.document import to_bytes
from reconciler.sandbox.library import NewAsset
from tests.support.world import QUICK, World, copy_of, world

VERSIONS = ["2.5.6", "3.1.0"]
WISH: dict[str, Any] = {
    "assets": [{"match": {"taken": "2020.."}, "rating": 3}],
    "albums": [
        {"name": "Everything", "match": {"taken": "2000.."}},
        {"name": "Hearts", "match": {"favorite": True}},
        {"name": "Some", "match": {"description": {"contains": "sea"}}},
    ],
}


def photo(name: str, year: int) -> NewAsset:
    return NewAsset(file_name=name, file_created_at=datetime(year, 6, 1, tzinfo=UTC))


def photos(count: int) -> list[NewAsset]:
    return [photo(f"IMG_{number:04}.jpg", 2018 + number % 5) for number in range(count)]


@dataclass
class Desk:
    """Reads one world with and without what is kept."""

    world: World
    refresh: bool = False
    admin: bool = True
    chooses: bool = False
    """Whether it may search by days, or use what is kept instead of searches."""
    name: str = "one"
    now: datetime | None = None
    sent: list[str] = field(default_factory=list)
    last: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """How the server stood when a wish was last planned, and that plan."""
    stood: int = 0
    """How often it still stood so."""

    def kept(self) -> Kept:
        return Kept(
            Cache(self.world.folder / "cache"),
            self.name,
            settled=self.settled,
            now=lambda: self.now or datetime.now(UTC),
            refresh=self.refresh,
            smallest=0,
            pause=lambda _seconds: None,
        )

    def settled(self) -> bool | None:
        if not self.admin:
            return None
        queues = self.world.reader.queues()
        return not any(queues[name].pending for name in ("sidecar", "metadataExtraction"))

    def read(self, kept: Kept | None, wish: dict[str, Any]) -> tuple[Live, bytes, str]:
        """The live state, the plan's bytes, and how the library was come by."""
        mark, before = self.last.get(repr(wish), ("", b"")) if kept else ("", b"")
        desired, found, how = self.reading(kept, wish, mark)
        if found.live is None:
            self.stood += 1
            self.last.clear()
            live, data, how = self.read(self.kept(), wish)
            assert data == before
            return live, data, how
        data = to_bytes(make_plan(compare(desired, found.live), found.live, desired.files))
        if kept is not None:
            self.last[repr(wish)] = found.mark, data
        return found.live, data, how

    def reading(
        self, kept: Kept | None, wish: dict[str, Any], than: str = ""
    ) -> tuple[Desired, WasRead, str]:
        desired = self.world.desired(wish)
        around = Around(
            kept=kept,
            settled=self.settled if self.chooses else nobody_knows,
            earlier_mark=than,
            libraries=dict,  # by the administrator's key, on a connection of its own
        )
        self.sent.clear()

        def note(sent: Sent) -> None:
            self.sent.append(sent.template)
            around.meter.note(sent)

        with self.world.reader.transport.watched(note):
            found = read_unless_same(
                desired,
                self.world.reader,
                identity=self.world.identity,
                features=self.world.features(),
                around=around,
            )
        took = [around.meter.took(number) for number in range(len(found.plan.reads))]
        return desired, found, "; ".join(one.how for one in took if one.how)

    def same(self, wish: dict[str, Any]) -> str:
        """Reads both ways, insists that they are one, and tells how the kept way was come by."""
        live, data, how = self.read(self.kept(), wish)
        requests = list(self.sent)
        fresh, anew, _ = self.read(None, wish)
        assert dict(live.assets) == dict(fresh.assets)
        assert list(live.assets) == list(fresh.assets)
        assert live.members == fresh.members
        assert live == fresh
        assert data == anew
        self.sent[:] = requests
        return how


class FirstOfAll(random.Random):
    """Chances of which the first is always taken."""

    def choice(self, seq: Any) -> Any:
        return min(seq) if isinstance(seq[0], str) else seq[0]

    def random(self) -> float:
        return 0.0


@dataclass
class NoPhotos:
    """What is kept, as long as nobody asks for the photos."""

    shelf: Shelf

    def get(self, key: str) -> list[bytes] | None:
        assert " photos " not in key
        return self.shelf.get(key)

    def put(self, key: str, parts: Iterable[bytes]) -> None:
        self.shelf.put(key, parts)


@contextmanager
def desk(folder: Path, version: str, count: int = 30) -> Iterator[Desk]:
    with world(folder, photos(count), version=version, pace=QUICK) as made:
        writer = Writer(made.reader.transport, made.reader.dialect)
        ids = sorted(made.ids().values())
        writer.create_album("Everything", asset_ids=ids)
        writer.create_album("Hearts", asset_ids=ids[:5])
        made.library.settle(30)
        yield Desk(made)


def call(made: World, method: str, template: str, body: Any, **path: str) -> None:
    made.reader.transport.call(
        method, template, repeat=Repeat.READ, parse=lambda said: said, path=path, body=body
    )


def test_columns_give_the_same_photos(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        assets = list(made.world.reader.scan(owner_id=made.world.identity.user_id, hidden=True).values())
    assert unpacked(packed(assets)) == assets
    for broken in (b"{}", b"[]", b"nothing", packed(assets)[:-9]):
        with pytest.raises((ValueError, KeyError, TypeError)):
            unpacked(broken)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("meanwhile", ["nothing", "one more", "one less", "another one"])
def test_who_is_in_an_album_that_was_just_made_is_known(tmp_path: Path, version: str, meanwhile: str) -> None:
    wish = {"albums": [{"name": "Sea", "match": {"taken": "2000.."}, "description": "ours"}]}
    with desk(tmp_path, version) as made:
        assert "nothing is kept" in made.same(wish)
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        *ids, left = sorted(made.world.ids().values())
        album = writer.create_album("Sea", asset_ids=ids)
        KeptMembers(made.kept()).keep_made([album])
        if meanwhile in ("one less", "another one"):
            writer.remove_members(album.id, ids[-1:])
        if meanwhile in ("one more", "another one"):
            writer.add_members(album.id, [left])
        known = meanwhile == "nothing"
        for read in (not known, False):
            assert f"{int(not read)} as kept, {int(read)} read" in made.same(wish)
            assert made.sent.count("/download/info") == read


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_new_is_neither_scanned_nor_asked_album_by_album(tmp_path: Path, version: str) -> None:
    with desk(tmp_path, version) as made:
        assert "nothing is kept" in made.same(WISH)
        assert made.sent.count("/download/info") == 2
        how = made.same(WISH)
        assert "kept since" in how and "0 changed" in how and "2 as kept, 0 read" in how
        assert "/download/info" not in made.sent


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "change",
    ["nothing", "heart", "caption", "upload", "trash", "delete", "member", "remove", "unalbum", "wait"],
)
def test_it_is_told_whether_the_server_still_stands_as_it_did(
    tmp_path: Path, version: str, change: str
) -> None:
    with desk(tmp_path, version) as made:
        made.same(WISH)
        made.same(WISH)
        assert made.stood == 1
        others = Others(made.world, FirstOfAll(), made.kept)
        match change:
            case "wait":
                others.change("wait")
                others.change("caption")
            case "member":
                hearts = next(album for album in made.world.reader.albums().own if album.name == "Hearts")
                writer = Writer(made.world.reader.transport, made.world.reader.dialect)
                writer.add_members(hearts.id, [max(made.world.ids().values())])
            case _ if change != "nothing":
                others.change(change)
        others.let_run()
        made.same(WISH)
        assert made.stood == 1 + (change == "nothing")


def test_to_see_that_nothing_has_changed_takes_no_photo_and_no_album(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.read(made.kept(), WISH)
        kept, mark = made.kept(), made.last[repr(WISH)][0]
        kept.shelf = NoPhotos(kept.shelf)
        assert made.reading(kept, WISH, mark)[1].live is None
        assert Counter(made.sent) == {
            "/assets/statistics": 3,  # the library twice, and what is hidden
            "/albums": 1,
            "/queues": 2,
            "/search/metadata": 1,
            "/system-config": 1,
        }


@pytest.mark.parametrize(
    "match",
    [
        {"people": ["Ann"]},
        {"people": {"only": ["Ann"]}},
        {"has": "people"},
        {"stacked": True},
        {"library": "Archive"},
        {"owner": "anybody"},
    ],
    ids=str,
)
def test_what_the_lists_do_not_tell_of_has_no_mark(tmp_path: Path, match: dict[str, Any]) -> None:
    with desk(tmp_path, "3.1.0") as made:
        wish = {"albums": [{"name": "Some", "match": {"all": [{"taken": "2000.."}, {"not": match}]}}]}
        for _ in range(2):
            made.read(made.kept(), wish)
            assert made.last[repr(wish)][0] == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_what_leaves_without_a_trace_is_missed_by_the_count(tmp_path: Path, version: str) -> None:
    with desk(tmp_path, version) as made:
        made.same(WISH)
        gone = max(made.world.ids().values())
        call(made.world, "DELETE", "/assets", {"ids": [gone], "force": True})
        made.world.library.add_assets([photo("new.jpg", 2021)])
        assert "deleted or locked" in made.same(WISH)
        assert "kept since" in made.same(WISH)


@pytest.mark.parametrize("version", VERSIONS)
def test_edits_that_wait_have_all_read(tmp_path: Path, version: str) -> None:
    with desk(tmp_path, version) as made:
        made.same(WISH)
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        writer.pause("sidecar")
        call(
            made.world,
            "PUT",
            "/assets/{id}",
            {"description": "the sea"},
            id=min(made.world.ids().values()),
        )
        assert "edits wait" in made.same(WISH)
        writer.resume("sidecar")
        made.world.library.settle(30)
        assert "1 changed" in made.same(WISH)


def test_without_an_administrators_key_all_is_read_but_albums_are_kept(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.admin = False
        made.same(WISH)
        how = made.same(WISH)
        assert "only an administrator's key" in how
        assert "2 as kept, 0 read" in how


def test_a_hidden_member_that_leaves_is_seen_since_such_albums_are_always_read(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        album = made.world.reader.albums().own[0]
        hidden = min(made.world.reader.members(album.id))
        call(made.world, "PUT", "/assets/{id}", {"visibility": "hidden"}, id=hidden)
        assert "1 read" in made.same(WISH) or "2 read" in made.same(WISH)
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        writer.remove_members(album.id, [hidden])
        made.same(WISH)


@pytest.mark.parametrize("version", VERSIONS)
def test_hidden_members_do_not_matter_where_only_rules_ask_who_is_in_an_album(
    tmp_path: Path, version: str
) -> None:
    rule = {"albums": [{"name": "Rest", "match": {"in_album": False}}]}
    with desk(tmp_path, version) as made:
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        ids = made.world.ids()
        hidden = ids["IMG_0000.jpg"]
        album = writer.create_album("2018", asset_ids=[ids["IMG_0005.jpg"], hidden]).id

        def how(wish: dict[str, Any]) -> str:
            _, data, found = made.read(made.kept(), wish)
            assert data == made.read(None, wish)[1]
            return found

        call(made.world, "PUT", "/assets/{id}", {"visibility": "hidden"}, id=hidden)
        how(rule)
        assert "3 as kept, 0 read" in how(rule)
        assert made.stood == 1
        writer.remove_members(album, [hidden])
        assert "3 as kept, 0 read" in how(rule)
        writer.add_members(album, [hidden])
        how(rule)
        call(made.world, "PUT", "/assets/{id}", {"visibility": "timeline"}, id=hidden)
        shown, data, _ = made.read(made.kept(), rule)
        assert hidden in shown.members[album] and data == made.read(None, rule)[1]
        call(made.world, "PUT", "/assets/{id}", {"visibility": "hidden"}, id=hidden)
        how(rule)
        # entries, sets and rules on hidden photos need to know of all members
        for wish in (
            {"albums": [{"name": "2018", "match": {"favorite": True}}]},
            {**rule, "album_sets": [{"for_each": "year", "name": "{year}", "match": {"favorite": True}}]},
            {"albums": [{"name": "Rest", "match": {"in_album": False, "visibility": "hidden"}}]},
        ):
            live, data, _ = made.read(made.kept(), wish)
            assert hidden in live.members[album]
            assert data == made.read(None, wish)[1]


def test_one_removed_and_one_restored_is_seen(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        album = next(one for one in made.world.reader.albums().own if one.name == "Everything")
        some = sorted(made.world.reader.members(album.id) - {album.cover or ""})
        call(made.world, "DELETE", "/assets", {"ids": some[:1], "force": False})
        made.same(WISH)
        before = count_of(made.world, album.id)
        Writer(made.world.reader.transport, made.world.reader.dialect).remove_members(album.id, some[1:2])
        call(made.world, "POST", "/trash/restore/assets", {"ids": some[:1]})
        assert before == count_of(made.world, album.id)
        assert "1 changed" in made.same(WISH)


def count_of(made: World, album_id: str) -> int:
    return next(one.asset_count for one in made.reader.albums().own if one.id == album_id)


def test_after_many_uploads_they_are_read_once_more_and_then_no_longer(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0", 1100) as made:
        made.same(WISH)
        later = replace(made, now=datetime.now(UTC) + timedelta(minutes=30))
        assert "0 changed" in later.same(WISH)
        assert later.sent.count("/search/metadata") == 2
        assert "0 changed" in later.same(WISH)
        assert later.sent.count("/search/metadata") == 1


def test_what_another_run_keeps_meanwhile_is_not_mixed_with_what_was_kept_before(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        before = made.kept()
        before.look_ahead()
        assert before._ahead is not None and before._ahead.result()
        call(made.world, "PUT", "/assets/{id}", {"isFavorite": True}, id=min(made.world.ids().values()))
        later = datetime.now(UTC) + timedelta(hours=1)
        assert "1 changed" in replace(made, now=later).same(WISH)
        made.last.clear()
        live, data, _ = made.read(before, WISH)
        assert (live, data) == made.read(None, WISH)[:2]


def test_a_restored_backup_is_read_anew(tmp_path: Path) -> None:
    with desk(tmp_path / "now", "3.1.0") as made:
        one = min(made.world.ids().values())
        (tmp_path / "then").mkdir()
        with copy_of(made.world, tmp_path / "then") as former:
            call(made.world, "PUT", "/assets/{id}", {"isFavorite": True}, id=one)
            made.same(WISH)
            assert "kept since" in made.same(WISH)
            shutil.copytree(tmp_path / "now" / "cache", tmp_path / "then" / "cache")
            assert "backup was restored" in Desk(former).same(WISH)


def test_a_restored_backup_is_read_anew_although_the_newest_photo_changed_again(tmp_path: Path) -> None:
    with desk(tmp_path / "now", "3.1.0") as made:
        one, two, *_ = sorted(made.world.ids().values())
        (tmp_path / "then").mkdir()
        with copy_of(made.world, tmp_path / "then") as former:
            for photo_id in (two, one):
                call(made.world, "PUT", "/assets/{id}", {"isFavorite": True}, id=photo_id)
            made.same(WISH)
            made.same(WISH)
            shutil.copytree(tmp_path / "now" / "cache", tmp_path / "then" / "cache")
            call(former, "PUT", "/assets/{id}", {"isFavorite": True}, id=one)
            assert "backup was restored" in Desk(former).same(WISH)


def test_a_member_that_comes_in_without_a_trace_shows_where_the_days_of_the_album_move(
    tmp_path: Path,
) -> None:
    with desk(tmp_path, "3.1.0") as made:
        ids = made.world.ids()
        writer = Writer(made.world.reader.transport, made.world.reader.dialect)
        album = writer.create_album("Some", asset_ids=[ids["IMG_0005.jpg"], ids["IMG_0010.jpg"]]).id
        made.same(WISH)
        with made.world.library.database.write() as db:  # as PUT /assets/copy does it
            db.run(
                "UPDATE album_asset SET asset_id = ? WHERE album_id = ? AND asset_id = ?",
                (ids["IMG_0009.jpg"], album, ids["IMG_0010.jpg"]),
            )
        assert ids["IMG_0009.jpg"] in made.world.reader.members(album)
        made.same(WISH)


def test_what_is_of_another_broken_or_old_is_not_used(tmp_path: Path) -> None:
    with desk(tmp_path, "3.1.0") as made:
        made.same(WISH)
        assert "nothing is kept" in replace(made, name="another").same(WISH)
        assert "too old" in replace(made, now=datetime.now(UTC) + timedelta(days=30)).same(WISH)
        assert "it was asked for" in replace(made, refresh=True).same(WISH)
        for path in (tmp_path / "cache").iterdir():
            path.write_bytes(path.read_bytes()[:-3] + b"xyz")
        assert "nothing is kept" in made.same(WISH)
        for path in (tmp_path / "cache").iterdir():
            assert path.stat().st_mode & 0o077 == 0
        assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


IN_PARTS: dict[str, Any] = {
    "albums": [
        {"name": "Hearts", "match": {"favorite": True}},
        {"name": "Sea", "match": {"description": {"contains": "sea"}}},
        {"name": "Stars", "match": {"rating": ">=3"}},
        {"name": "Some", "match": {"file": "IMG_000*"}},
        {"name": "Videos", "match": {"type": "video"}},
    ]
}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_kept_costs_less_than_many_searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    for module in (looking, choosing):
        monkeypatch.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
    with desk(tmp_path, version) as made:
        made.chooses = True
        fresh, _, how = made.read(made.kept(), IN_PARTS)
        assert "kept since" not in how and fresh.library == 30  # read in parts, so that nothing is kept
        searches = made.sent.count("/search/metadata")
        made.read(made.kept(), {"albums": [{"name": "All", "match": {"not": {"type": "video"}}}]})
        live, _, how = made.read(made.kept(), IN_PARTS)
        assert "kept since" in how and live.library is None
        assert made.sent.count("/search/metadata") < searches
        desired = made.world.desired(IN_PARTS)
        assert compare(desired, live).changes == compare(desired, fresh).changes
        _, _, how = made.read(made.kept(), {"albums": [{"name": "A", "match": {"camera": {"make": "x"}}}]})
        assert "kept since" in how and "/search/suggestions" not in made.sent
        made.admin = False
        _, _, how = made.read(made.kept(), IN_PARTS)
        assert "kept since" not in how and made.sent.count("/search/metadata") == searches
        if version == "3.1.0":  # one search; in older versions it is two
            made.admin = True
            _, _, how = made.read(made.kept(), {"albums": IN_PARTS["albums"][:1]})
            assert "kept since" not in how


CHANGES = [
    *("heart", "archive", "hide", "show", "trash", "restore", "delete", "lock", "upload"),
    *("caption", "date", "wait", "settle"),
    *("member", "member", "remove", "remove", "album", "unalbum"),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", range(3))
def test_a_cached_plan_equals_a_fresh_one_whatever_others_do(tmp_path: Path, version: str, seed: int) -> None:
    chance = random.Random(seed)
    with desk(tmp_path, version, 24) as made:
        others = Others(made.world, chance, made.kept)
        ways = []
        for _turn in range(14):
            for _ in range(chance.randrange(4)):
                others.change(chance.choice(CHANGES))
            others.let_run()
            ways.append(made.same(WISH))
        assert any("kept since" in way for way in ways)
        assert any("as kept" in way and "0 as kept" not in way for way in ways)


@dataclass
class Others:
    """People who use the server meanwhile."""

    world: World
    chance: random.Random
    kept: Callable[[], Kept]
    """What this program has kept: some of the albums are its own."""
    trashed: list[str] = field(default_factory=list)
    waiting: bool = False

    def let_run(self) -> None:
        """Lets jobs end that are not held, so that the two readings see the same."""
        if not self.waiting:
            self.world.library.settle(30)

    def change(self, kind: str) -> None:
        """Something that people do; what the server refuses stays undone."""
        made, writer = self.world, Writer(self.world.reader.transport, self.world.reader.dialect)
        owner = made.identity.user_id
        assets = list(made.reader.scan(owner_id=owner, hidden=True))
        one = self.chance.choice(assets)
        albums = made.reader.albums().own
        match kind:
            case "heart":
                call(made, "PUT", "/assets/{id}", {"isFavorite": self.chance.random() < 0.6}, id=one)
            case "archive" | "hide" | "show" | "lock":
                to = {"archive": "archive", "hide": "hidden", "show": "timeline", "lock": "locked"}[kind]
                call(made, "PUT", "/assets/{id}", {"visibility": to}, id=one)
            case "trash" | "delete":
                call(made, "DELETE", "/assets", {"ids": [one], "force": kind == "delete"})
                if kind == "trash":
                    self.trashed.append(one)
            case "restore" if self.trashed:
                call(made, "POST", "/trash/restore/assets", {"ids": [self.trashed.pop()]})
            case "caption":
                text = self.chance.choice(["the sea", "hills", ""])
                call(made, "PUT", "/assets/{id}", {"description": text}, id=one)
            case "date":
                day = f"20{self.chance.randrange(10, 25)}-03-04T10:00:00.000Z"
                call(made, "PUT", "/assets/{id}", {"dateTimeOriginal": day}, id=one)
            case "wait":
                writer.pause("sidecar")
                self.waiting = True
            case "settle":
                writer.resume("sidecar")
                self.waiting = False
            case "upload":
                name = f"up{self.chance.randrange(10**9)}.jpg"
                made.library.add_assets([photo(name, 2022)])
            case "member" if albums:
                writer.add_members(self.chance.choice(albums).id, [one])
            case "remove" if albums:
                album = self.chance.choice(albums)
                if members := sorted(made.reader.members(album.id)):
                    writer.remove_members(album.id, [self.chance.choice(members)])
            case "album":
                name = self.chance.choice(["Everything", "Hearts", "Some"])
                if name not in {album.name for album in albums}:
                    made_one = writer.create_album(name, asset_ids=self.chance.sample(assets, 3))
                    KeptMembers(self.kept()).keep_made([made_one])
            case "unalbum" if albums and self.chance.random() < 0.3:
                writer.delete_album(self.chance.choice(albums).id)
