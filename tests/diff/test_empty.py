"""Rules that match no photo and albums in other letters are told, with the name that nothing bears."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.diff import compare
from reconciler.diff.changes import Note
from reconciler.diff.target import read_target
from reconciler.model.live import Album, Live, Tag
from tests.diff.lives import asset, live

TAG = Tag("t1", "Trips/Italy")


@pytest.fixture
def there() -> Live:
    return live(
        [asset(1), asset(2, rating=5)],
        tags={TAG.path: TAG},
        tags_of={"a1": frozenset({TAG.path})},
        other_albums={"b1": "Ben's"},
    )


def notes(text: str, state: Live, folder: Path) -> list[Note]:
    file = folder / "x.yaml"
    file.write_text(text, "utf-8")
    return list(compare(load([file]).desired, state).notes)


def told(text: str, state: Live, folder: Path) -> list[tuple[int, str]]:
    return [(note.origin.line if note.origin else 0, note.text) for note in notes(text, state, folder)]


def test_entries_and_albums_without_photos_are_told_in_order(there: Live, tmp_path: Path) -> None:
    text = (
        "albums:\n- name: A\n  match: { rating: 4 }\n- name: B\n  match: { rating: 5 }\n"
        "assets:\n- match: { file: '*.png' }\n  rating: 1\n- match: { file: '*.jpg' }\n  rating: 5\n"
    )
    assert told(text, there, tmp_path) == [
        (2, "no photo matches this rule"),
        (7, "no photo matches this rule"),
    ]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{ tags: [trips/italy] }", ": there is no tag 'trips/italy'; did you mean 'Trips/Italy'?"),
        ("{ tags: [Trips] }", ""),
        ("{ tags: Nowhere/* }", ": there is no tag 'Nowhere'; there are Trips/Italy"),
        ("{ album: Hollidays }", ": there is no album 'Hollidays'; did you mean 'Holidays'?"),
        ("{ album: holidays }", ""),
        ("{ album: Ben's }", ""),
        ("{ not: { tags: [none] }, rating: 4 }", ""),
    ],
)
def test_the_reason_is_a_name_that_nothing_bears(rule: str, reason: str, there: Live, tmp_path: Path) -> None:
    text = f"albums: [{{ name: Holidays, assets: [] }}]\nassets:\n- match: {rule}\n  rating: 1\n"
    assert told(text, there, tmp_path) == [(3, f"no photo matches this rule{reason}")]


def test_what_matches_only_once_the_files_are_applied_is_not_told(there: Live, tmp_path: Path) -> None:
    text = (
        "assets:\n- match: { rating: 5 }\n  tags: [New]\n- match: { tags: New }\n  description: by a tag\n"
        "- match: { album: Made }\n  favorite: true\nalbums:\n- name: Made\n  match: { tags: New }\n"
    )
    assert told(text, there, tmp_path) == []


def test_an_album_that_keeps_what_matches_is_not_told(there: Live, tmp_path: Path) -> None:
    state = live(
        there.assets.values(),
        albums=(Album("al", "A", asset_count=1),),
        members={"al": frozenset({"a2"})},
    )
    assert told("albums:\n- name: A\n  match: { rating: 5 }\n", state, tmp_path) == []


def test_somebody_who_is_missing_is_told_once(there: Live, tmp_path: Path) -> None:
    text = "albums:\n- name: A\n  match: { people: Ada }\n"
    assert told(text, there, tmp_path) == []


def test_of_many_a_few_are_told_and_the_others_counted(there: Live, tmp_path: Path) -> None:
    text = "albums:\n" + "".join(f"- {{ name: A{number}, match: {{ rating: 4 }} }}\n" for number in range(7))
    found = told(text, there, tmp_path)
    assert len(found) == 6 and found[-1] == (7, "2 more rules match no photo")


def test_a_part_of_the_plan_is_not_told_of_the_rest(there: Live, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("albums:\n- name: A\n  match: { rating: 4 }\n")
    assert not compare(load([file]).desired, there, targets=[read_target("tags")]).notes


@pytest.mark.parametrize(
    ("entry", "then"),
    [("assets: []", "a new one is made"), ("state: absent", "nothing is deleted")],
)
def test_an_album_in_other_letters_is_not_the_album(
    entry: str, then: str, there: Live, tmp_path: Path
) -> None:
    state = live(there.assets.values(), albums=(Album("al", "Sea and Sun"),))
    text = f"no album is called 'sea and sun', so {then}; there is 'Sea and Sun', in other letters"
    assert told(f"albums:\n- name: sea and sun\n  {entry}\n", state, tmp_path) == [(2, text)]
    assert told(f"albums:\n- name: Sea and Sun\n  {entry}\n", state, tmp_path) == []
