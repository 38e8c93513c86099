"""What is kept of albums in which other people have photos is what the server has, whatever they do."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from reconciler.immich.writer import Writer
from tests.live.test_kept import CHANGES, VERSIONS, WISH, Desk, Others, desk, photo
from tests.support.people import Somebody, admin, joins, put_in, shows_all

OURS: dict[str, Any] = {"albums": [*WISH["albums"], {"name": "Ours", "match": {"owner": "any"}}]}


def ben_of(made: Desk, count: int = 8) -> Somebody:
    """A partner, half of whose photos are in an album."""
    ben = joins(made.world.mounted, "Ben", [photo(f"ben{number}.jpg", 2020) for number in range(count)])
    shows_all(ben, admin(made.world.mounted))
    album = next(one for one in made.world.reader.albums().own if one.name == "Everything")
    put_in(made.world.mounted, album.id, sorted(ben.ids().values())[: count // 2])
    return ben


@pytest.mark.parametrize("version", VERSIONS)
def test_an_album_with_photos_of_others_is_kept_as_long_as_none_is_hidden(
    tmp_path: Path, version: str
) -> None:
    with desk(tmp_path, version) as made:
        ben = ben_of(made)
        made.same(WISH)
        assert "2 as kept, 0 read" in made.same(WISH)
        assert "/download/info" not in made.sent
        inside = sorted(ben.ids().values())[0]
        ben.ask("PUT", f"/assets/{inside}", {"visibility": "hidden"})
        assert "1 as kept, 1 read" in made.same(WISH)
        assert "1 as kept, 1 read" in made.same(WISH)
        ben.ask("PUT", f"/assets/{inside}", {"visibility": "timeline"})
        made.same(WISH)
        assert "2 as kept, 0 read" in made.same(WISH)


@pytest.mark.parametrize("version", VERSIONS)
def test_photos_of_others_are_read_each_time_and_kept_ones_stay_good(tmp_path: Path, version: str) -> None:
    with desk(tmp_path, version) as made:
        ben = ben_of(made)
        made.same(WISH)
        assert "kept since" not in made.same(OURS)
        ben.ask("DELETE", "/assets", {"ids": sorted(ben.ids().values())[:1], "force": False})
        assert "kept since" not in made.same(OURS)
        assert "kept since" in made.same(WISH)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("seed", range(2))
def test_a_cached_plan_equals_a_fresh_one_whatever_a_partner_does(
    tmp_path: Path, version: str, seed: int
) -> None:
    chance = random.Random(seed)
    with desk(tmp_path, version, 16) as made:
        ben = ben_of(made)
        ada, others = admin(made.world.mounted), Others(made.world, chance, made.kept)
        ways = []
        for _turn in range(10):
            for _ in range(chance.randrange(3)):
                others.change(chance.choice(CHANGES))
            for _ in range(chance.randrange(3)):
                _moves(made, ben, ada, chance)
            others.let_run()
            ways.append(made.same(chance.choice([WISH, WISH, WISH, OURS])))
        assert any("as kept" in way and "0 as kept" not in way for way in ways)


def _moves(made: Desk, ben: Somebody, ada: Somebody, chance: random.Random) -> None:
    """Something that a partner does, or that happens to his photos."""
    theirs = sorted(ben.ids().values())
    one = chance.choice(theirs)
    albums = made.world.reader.albums().own
    what = chance.choice(["show", "show", "trash", "restore", "delete", "add", "remove", "timeline", "edit"])
    match what:
        case "show":
            where = chance.choice(["timeline", "archive", "hidden"])
            ben.send("PUT", f"/assets/{one}", {"visibility": where})
        case "trash" | "delete" if len(theirs) > 3:
            ben.send("DELETE", "/assets", {"ids": [one], "force": what == "delete"})
        case "restore":
            ben.ask("POST", "/trash/restore", None)
        case "add" if albums:
            put_in(made.world.mounted, chance.choice(albums).id, [one])
        case "remove" if albums:
            writer = Writer(made.world.reader.transport, made.world.reader.dialect)
            writer.remove_members(chance.choice(albums).id, [one])
        case "timeline":
            ada.ask("PUT", f"/partners/{ben.id}", {"inTimeline": chance.random() < 0.6})
        case "edit":
            ben.send("PUT", f"/assets/{one}", {"isFavorite": chance.random() < 0.5})
