"""Albums of one name: only the one that the files mean counts as theirs, and rules see both."""

from __future__ import annotations

from pathlib import Path

from reconciler.config import load
from reconciler.diff import compare
from reconciler.diff.changes import AlbumChange, Changes
from reconciler.model.desired import Desired
from reconciler.model.live import Album
from tests.diff.lives import after, asset, live

MEANT, OTHER = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "12")
TWINS = (Album(MEANT, "Twin"), Album(OTHER, "Twin"))


def read(tmp_path: Path, text: str) -> Desired:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return load([path]).desired


def only(changes: Changes) -> AlbumChange:
    (found,) = changes.albums
    return found


def test_photos_in_the_other_one_still_come_in(tmp_path: Path) -> None:
    desired = read(tmp_path, f"albums:\n  - name: Twin\n    id: {MEANT}\n    match: {{ rating: 5 }}\n")
    members = {MEANT: frozenset({"a3"}), OTHER: frozenset({"a1", "a4"})}
    photos = [asset(number, rating=5 if number < 3 else 1) for number in range(1, 5)]
    there = live(photos, albums=TWINS, members=members)
    changes = compare(desired, there).changes
    assert (only(changes).id, only(changes).added, only(changes).removed) == (MEANT, ("a1", "a2"), ("a3",))
    assert not compare(desired, after(there, changes)).changes


def test_an_album_of_somebody_else_is_not_the_own_one(tmp_path: Path) -> None:
    text = (
        "albums:\n  - { name: Twin, match: { rating: 5 } }\n  - { name: Rest, match: { in_album: false } }\n"
    )
    desired = read(tmp_path, text)
    members = {OTHER: frozenset({"a1"})}
    there = live([asset(1, rating=5), asset(2)], members=members, other_albums={OTHER: "Twin"})
    made = {change.name: change.added for change in compare(desired, there).changes.albums}
    assert made == {"Twin": ("a1",), "Rest": ("a2",)}


def test_rules_see_both(tmp_path: Path) -> None:
    text = f"albums:\n  - {{ name: Twin, id: {MEANT}, assets: [{{ file: IMG_0003.jpg }}] }}\n"
    text += "  - { name: Both, match: { album: twin } }\n"
    desired = read(tmp_path, text)
    members = {MEANT: frozenset({"a3"}), OTHER: frozenset({"a1"})}
    there = live([asset(1), asset(2), asset(3)], albums=TWINS, members=members)
    assert only(compare(desired, there).changes).added == ("a1", "a3")
