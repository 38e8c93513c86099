"""A thousand albums and thousands of rules are looked up, and not each held against each of the others."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import load
from reconciler.live.albums.members import Meant
from reconciler.live.reading import reading_for
from reconciler.live.searching import parts, structured
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.nothing_twice import Wide
from reconciler.live.searching.parts import asked_of, parts_of
from reconciler.live.searching.structured import structured_parts_of
from reconciler.live.tags.memberships import wanted_tags
from reconciler.model.desired import AlbumEntry, Desired, Setting
from reconciler.model.live import Album, Tag
from reconciler.model.origin import Origin

MANY = 400


def inside(one: frozenset[int], other: frozenset[int]) -> bool:
    return other <= one


@pytest.mark.parametrize("most", [3, 12])
def test_the_wider_one_is_the_first_that_there_was(most: int) -> None:
    chance = random.Random(most)
    sets = [frozenset(chance.sample(range(14), chance.randint(2, most))) for _ in range(300)]
    wide, kept = Wide(lambda one: one, inside), dict[frozenset[int], None]()
    for one in sorted(sets, key=len):
        first = next((other for other in kept if inside(one, other)), one)
        assert wide.first_around(one) == first
        kept.setdefault(first)
    assert len(kept) > 10


@pytest.mark.parametrize("filters", ["flat", "structured"])
@pytest.mark.parametrize(
    "match", ["folder: /photos/{}/**", "favorite: true, description: {{ contains: w{}w }}"]
)
def test_many_searches_are_held_against_few_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filters: str, match: str
) -> None:
    asked = 0

    def counted(within: Any) -> Any:
        def one(*of: Any) -> bool:
            nonlocal asked
            asked += 1
            return bool(within(*of))

        return one

    module: Any = parts if filters == "flat" else structured
    monkeypatch.setattr(module, "_within", counted(module._within))
    lines = (f"  - {{ match: {{ {match.format(number)} }}, rating: 3 }}\n" for number in range(MANY))
    (tmp_path / "many.yaml").write_text("assets:\n" + "".join(lines))
    desired = load([tmp_path / "many.yaml"]).desired
    if filters == "flat":
        found = parts_of(asked_of(desired), Facts(library=10**5))
    else:
        found = structured_parts_of(asked_of(desired, structured=True), Facts(structured=True))
    assert len(found.selections) == MANY
    assert asked <= MANY


def test_the_entries_that_may_mean_an_album_are_found_by_name_former_name_and_id() -> None:
    at = Origin("albums.yaml", 1)
    entries = (
        AlbumEntry("Sea", at),
        AlbumEntry("Hills", at, renamed_from=Setting("Sea", at)),
        AlbumEntry("Woods", at, "of-sea", absent=True),
        AlbumEntry("Sea ", at),
    )
    meant, sea = Meant(Desired(albums=entries)), Album("of-sea", "Sea")
    assert meant.by(sea) == list(entries[:3])
    assert meant.there(sea) == list(entries[:2])
    assert meant.names_of(sea) == {"sea", "hills"}
    assert meant.by(Album("another", "sea")) == []


def test_all_tags_below_a_branch_are_wanted(tmp_path: Path) -> None:
    rules = "".join(f"  - {{ match: {{ tags: ['{path}'] }}, rating: 3 }}\n" for path in ("A/*", "B/C/*", "D"))
    (tmp_path / "tags.yaml").write_text("assets:\n" + rules)
    paths = ["A", "A/x", "A/x/y", "AB", "B", "B/C", "B/C/x", "B/CD", "D", "D/x"]
    live = {path: Tag(path, path) for path in paths}
    wanted = wanted_tags(reading_for(load([tmp_path / "tags.yaml"]).desired), live)
    assert wanted == {"A", "A/x", "A/x/y", "B/C", "B/C/x", "D"}
