"""Values, names and sentences."""

from __future__ import annotations

import pytest

from reconciler.diff.changes import Action, AlbumChange, AlbumField, Changes, Comparison
from reconciler.model.values import Coordinates, Field, FieldValue
from reconciler.plan.standing import State
from reconciler.render import summary, words
from tests.render import plans as made
from tests.render.plans import at, taken


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (Field.DESCRIPTION, "", "none"),
        (Field.DESCRIPTION, "none", '"none"'),
        (Field.DESCRIPTION, 'a "b"\nc', '"a \\"b\\" ⏎ c"'),
        (Field.TAKEN, taken("2024-06-12 20:41:00"), "2024-06-12 20:41:00 +02:00"),
        (Field.TAKEN, taken("2024-06-12 20:41:00.250", -210), "2024-06-12 20:41:00.250 -03:30"),
        (Field.TAKEN, taken("2024-06-12 20:41:00", None), "2024-06-12 20:41:00 (no zone)"),
        (Field.TAKEN, None, "none"),
        (Field.LOCATION, Coordinates(43.0731, 11.61), "43.0731, 11.61"),
        (Field.LOCATION, None, "none"),
        (Field.RATING, 4, "4"),
        (Field.RATING, None, "none"),
        (Field.FAVORITE, True, "yes"),
        (Field.VISIBILITY, "archive", "archive"),
    ],
)
def test_photo_values(field: Field, value: FieldValue, shown: str) -> None:
    assert words.photo_value(value, field) == shown


def test_a_cover_is_told_by_its_name() -> None:
    assert words.album_value("p-1", AlbumField.COVER, {"p-1": "IMG_1.jpg"}) == "IMG_1.jpg"
    assert words.album_value("p-2", AlbumField.COVER, {}) == "photo p-2"
    assert words.album_value(False, AlbumField.ACTIVITY, {}) == "no"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Trips/Italy", "Trips/Italy"),
        ("IMG_1.jpg (2024-06-12)", "IMG_1.jpg (2024-06-12)"),
        (" padded", '" padded"'),
        ("a, b", '"a, b"'),
        ("", '""'),
    ],
)
def test_names_are_quoted_where_they_could_be_mistaken(text: str, shown: str) -> None:
    assert words.name(text) == shown


@pytest.mark.parametrize(
    ("aspect", "before", "after", "asked"),
    [
        ("description", "", "Sunset", 'description none → "Sunset"'),
        ("taken", None, "2024-06-12T20:41:00+05:00", "taken → 2024-06-12 20:41:00 +05:00"),
        ("tag+Trips/Italy", "off", "on", "+ tag Trips/Italy"),
        ("tag-Old", None, "off", "- tag Old"),
        ("member+", "out", "in", "+ member"),
        ("color", "none", "#ffffff", "colour none → #ffffff"),
    ],
)
def test_what_an_aspect_asks_for(aspect: str, before: str | None, after: str, asked: str) -> None:
    assert words.asked(aspect, after, before) == asked


@pytest.mark.parametrize(
    ("aspect", "text", "state", "found"),
    [
        ("description", "", None, "the server has none"),
        ("tag+A", "off", None, "the tag is not there"),
        ("tag-A", "on", None, "the tag is there"),
        ("member-", "in", None, "it is in the album"),
        ("album", "there", State.BEFORE, "it is there"),
        ("rating", "gone", State.GONE, "it is gone"),
    ],
)
def test_what_the_server_has(aspect: str, text: str, state: State | None, found: str) -> None:
    assert words.found(aspect, text, state) == found


def test_lists_fold_only_where_that_saves_something() -> None:
    assert words.listed(list("abcdef")) == list("abcdef")
    assert words.listed(list("abcdefg")) == [*"abcde", "and 2 more"]
    assert words.listed(list("abcdefg"), full=True) == list("abcdefg")


def test_places_are_told_once() -> None:
    assert words.places([at(2, column=1), at(2, column=9), at(1)]) == "family.yaml:1, family.yaml:2"
    assert words.places([at(n) for n in range(1, 6)]).endswith("family.yaml:3, and 2 more lines")


def test_what_a_plan_removes() -> None:
    assert summary.removals(made.family()) == (
        'Removes: album "Trash album" is deleted (its 12 photos stay in the library); 3 photos leave album '
        '"Old scans"; dan@example.org loses access to album "Old scans"; tag Todo comes off 1 photo; 1 photo '
        "loses its description."
    )
    assert summary.removals(made.albums_only()) == ""


def test_many_removals_are_counted_the_largest_first() -> None:
    albums = tuple(
        AlbumChange(Action.DELETE, f"Album {n}", at(n), f"a-{n}", size_before=n) for n in range(1, 15)
    )
    text = summary.removals(made.plan(Comparison(Changes(albums=albums))))
    assert text.startswith('Removes: album "Album 14" is deleted (its 14 photos stay in the library); ')
    assert text.endswith("; and 4 more.")


def test_what_happens_to_the_queues() -> None:
    assert (
        summary.costs(made.albums_only())[-1] == "no queues are paused: nothing in it touches photo metadata"
    )
    assert summary.costs(made.problems())[1:] == (
        "1 sidecar file, 3 queue jobs",
        "takes less than a minute",
        "queues paused: sidecar, metadataExtraction, storageTemplateMigration",
    )
    assert "no admin key" in summary.costs(made.rounds())[-1]


def test_why_there_are_rounds() -> None:
    assert summary.rounds(made.long_texts()) == ""
    assert summary.rounds(made.rounds()) == (
        "In 2 rounds with a settle between: 12 photos get both values and tags, 2 photos get tags and lose "
        "others, 1 photo loses several tags."
    )
