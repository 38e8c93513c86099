"""Values of photos, tags, albums: what is read from them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.model.conditions import ChecksumIs, InAnyAlbum, TakenWithin, TextField, TextIs
from reconciler.model.desired import Membership, TagsWish
from reconciler.model.origin import Origin, Severity
from reconciler.model.selectors import All, AnyOf, Not
from reconciler.model.text import TextMatcher
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, Visibility
from tests.config.writing import album, entry, loaded, messages, rule

HEX = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"
BASE64 = "L9ThxnotKPzthJ7hu3bnORuT6xI="
ID = "4F0AD2A5-3d5c-4a4c-9f3a-1b2c3d4e5f60"


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ("description: '  Sunset\n    over Rome '", Field.DESCRIPTION, "Sunset over Rome"),
        ("description: null", Field.DESCRIPTION, ""),
        ("description: ''", Field.DESCRIPTION, ""),
        ("description: 1984", Field.DESCRIPTION, "1984"),
        ("description: no", Field.DESCRIPTION, "no"),
        ("description: 0x1F", Field.DESCRIPTION, "0x1F"),
        (
            "taken: '2024-06-12T20:41:00+02:00'",
            Field.TAKEN,
            Taken(datetime(2024, 6, 12, 18, 41, tzinfo=UTC), 120),
        ),
        ("location: null", Field.LOCATION, None),
        ("location: { latitude: 43.0731, longitude: 11 }", Field.LOCATION, Coordinates(43.0731, 11.0)),
        ("location: { latitude: -0.0000010, longitude: 180 }", Field.LOCATION, Coordinates(-1e-06, 180.0)),
        ("location: { latitude: 0, longitude: 13.4 }", Field.LOCATION, Coordinates(0.0, 13.4)),
        ("rating: 5", Field.RATING, 5),
        ("rating: 5.0", Field.RATING, 5),
        ("rating: null", Field.RATING, None),
        ("visibility: archive", Field.VISIBILITY, Visibility.ARCHIVE),
        ("favorite: false", Field.FAVORITE, False),
        ("favorite: True", Field.FAVORITE, True),
    ],
)
def test_values(tmp_path: Path, written: str, field: Field, value: FieldValue) -> None:
    found = entry(tmp_path, written)
    assert set(found.values) == {field}
    assert found.values[field].value == value
    assert type(found.values[field].value) is type(value)


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        """\
        assets:
          - match: { file: a.jpg }
            rating: 3
            tags:
              - x
        """,
    ).desired.assets[0]
    file = (tmp_path / "in.yaml").as_posix()
    assert found.origin == Origin(file, 2, 5)
    assert found.values[Field.RATING].origin == Origin(file, 3, 13)
    assert found.tags is not None and found.tags.origin == Origin(file, 5, 7)
    assert found.name is not None and found.name.origin == Origin(file, 2, 12)


@pytest.mark.parametrize(
    ("written", "wish"),
    [
        ("[Trips/Italy, a//b/, 2024, 012]", {"add": {"Trips/Italy", "a/b", "2024", "012"}}),
        ("{ add: [a], remove: [b, c] }", {"add": {"a"}, "remove": {"b", "c"}}),
        ("{ exact: [a, a] }", {"exact": {"a"}}),
        ("{ exact: [] }", {"exact": set()}),
        ("[' Padded / Tag ']", {"add": {" Padded / Tag "}}),
    ],
)
def test_tags(tmp_path: Path, written: str, wish: dict[str, set[str]]) -> None:
    found = entry(tmp_path, f"tags: {written}").tags
    assert found is not None
    assert found == TagsWish(found.origin, **{key: frozenset(tags) for key, tags in wish.items()})


def test_tags_of_an_odd_form_are_warned_of(tmp_path: Path) -> None:
    found = loaded(tmp_path, "tags: [{ value: a//b }]")
    assert [(problem.path, problem.severity) for problem in found.problems] == [
        ("tags[0].value", Severity.WARNING)
    ]
    assert [tag.path for tag in found.desired.tags] == ["a/b"]


def test_colours(tmp_path: Path) -> None:
    text = "tags: [{ value: a, color: '#E07A5F' }, { value: b, color: null }, { value: c }]"
    tags = loaded(tmp_path, text).desired.tags
    assert [tag.color and tag.color.value for tag in tags] == ["#e07a5f", None, None]
    assert [tag.color is None for tag in tags] == [False, False, True]


@pytest.mark.parametrize(
    ("match", "part", "value", "text"),
    [
        (f"{{ checksum: {HEX} }}", "checksum", BASE64, f"checksum {HEX}"),
        (f"{{ checksum: {HEX.upper()} }}", "checksum", BASE64, f"checksum {HEX.upper()}"),
        (f"{{ checksum: {BASE64} }}", "checksum", BASE64, f"checksum {BASE64}"),
        ("{ path: /photos/a.jpg }", "path", "/photos/a.jpg", "path /photos/a.jpg"),
        (f"{{ id: {ID} }}", "id", ID.lower(), f"id {ID}"),
        ("{ file: a.jpg }", "file", "a.jpg", "a.jpg"),
        ("{ file: 1234, taken: 2024 }", "file", "1234", "1234 (2024)"),
        (
            "{ taken: 2024-06, file: a.jpg, path: /x/a.jpg }",
            "path",
            "/x/a.jpg",
            "a.jpg (2024-06), path /x/a.jpg",
        ),
    ],
)
def test_the_name_of_one_photo(tmp_path: Path, match: str, part: str, value: str, text: str) -> None:
    found = entry(tmp_path, "rating: 1", match)
    assert found.rule is None and found.name is not None
    assert getattr(found.name, part) == value
    assert found.name.text == text


def test_what_a_name_looks_for(tmp_path: Path) -> None:
    found = entry(tmp_path, "rating: 1", "{ file: a.jpg, taken: 2024-06-12 }").name
    assert found is not None
    assert found.selector == All(
        (
            TextIs(TextField.FILE, TextMatcher.of(["a.jpg"])),
            TakenWithin(datetime(2024, 6, 12), datetime(2024, 6, 13)),
        )
    )
    assert entry(tmp_path, "rating: 1", f"{{ checksum: {HEX} }}").name is not None


@pytest.mark.parametrize(
    "match",
    [
        "{ file: '*.jpg' }",
        "{ file: 'a?.jpg' }",
        "{ path: '/a[1].jpg' }",
        "{ file: [a.jpg] }",
        "[{ file: a.jpg }]",
        "{ taken: 2024 }",
        "{ file: a.jpg, rating: 3 }",
        "{ folder: x }",
        f"{{ checksum: {HEX}, taken: 2024 }}",
    ],
)
def test_everything_else_is_a_rule(tmp_path: Path, match: str) -> None:
    found = entry(tmp_path, "rating: 1", match)
    assert found.name is None and found.rule is not None


def test_albums(tmp_path: Path) -> None:
    found = album(
        tmp_path,
        f"id: {ID}, renamed_from: B, description: ' x\n\n    y ', order: desc, activity: false, "
        f"cover: {{ file: c.jpg }}, assets: [{{ checksum: {HEX} }}, {{ path: /p }}], "
        "match: { file: '*.jpg' }, exclude: [{ file: x }, { file: y }], membership: add",
    )
    assert (found.name, found.id, found.membership) == ("A", ID.lower(), Membership.ADD)
    assert found.renamed_from and found.renamed_from.value == "B"
    assert found.description and found.description.value == "x\ny"
    assert found.order and found.order.value == "desc"
    assert found.activity and found.activity.value is False
    assert found.cover and found.cover.file == "c.jpg"
    by_checksum, by_path = found.photos or ()
    assert by_checksum.selector == ChecksumIs(frozenset({BASE64}))
    assert by_path.selector == TextIs(TextField.PATH, TextMatcher.of(["/p"]))
    assert found.rule == TextIs(TextField.FILE, TextMatcher.of(["*.jpg"]))
    assert isinstance(found.exclude, AnyOf)


def test_an_album_that_only_has_a_name(tmp_path: Path) -> None:
    found = album(tmp_path, "state: present")
    assert not found.absent and not found.manages_members and found.description is None
    assert album(tmp_path, "state: absent").absent
    empty = album(tmp_path, "assets: []")
    assert empty.photos == () and empty.manages_members


def test_a_number_is_a_name_as_it_is_written(tmp_path: Path) -> None:
    names = [
        found.name for found in loaded(tmp_path, "albums: [name: 2024, name: 1.50, name: no]").desired.albums
    ]
    assert names == ["2024", "1.50", "no"]


def test_an_albums_own_membership_does_not_count(tmp_path: Path) -> None:
    assert rule(tmp_path, "{ in_album: true }") == InAnyAlbum("A")
    assert rule(tmp_path, "{ not: { in_album: false } }") == Not(Not(InAnyAlbum("A")))
    assert entry(tmp_path, "rating: 1", "{ in_album: true }").rule == InAnyAlbum(None)


@pytest.mark.parametrize(
    ("place", "taken", "said"),
    [
        ("{ latitude: 43.0731, longitude: 11.61 }", "2024-06-12T20:41:00+02:00", None),
        ("{ latitude: 43.0731, longitude: 11.61 }", "2024-06-12T20:41:00+01:00", "2024-06-12T21:41:00+02:00"),
        ("{ latitude: 43.0731, longitude: 11.61 }", "2024-01-12T20:41:00+01:00", None),
        ("{ latitude: 35.6812, longitude: 139.7671 }", "2024-01-12T20:41:00Z", "2024-01-13T05:41:00+09:00"),
        ("{ latitude: 0, longitude: -30 }", "2024-01-12T20:41:00+05:00", None),
        # the clock there was 4 h 30 min behind, which the server can't read back from a sidecar
        ("{ latitude: 10.48, longitude: -66.9 }", "2010-06-12T10:30:00-04:00", None),
        ("{ latitude: 43.0731, longitude: 11.61 }", "1850-01-12T20:41:00+03:00", None),
        ("{ latitude: 40.7128, longitude: -74.006 }", "0002-01-01T00:00:00Z", None),
        ("{ latitude: 35.6812, longitude: 139.7671 }", "9999-12-31T23:59:59Z", None),
        ("null", "2024-01-12T20:41:00+05:00", None),
    ],
)
def test_the_clock_of_a_place(tmp_path: Path, place: str, taken: str, said: str | None) -> None:
    written = f"assets:\n  - {{ match: {{ file: a.jpg }}, taken: '{taken}', location: {place} }}\n"
    if said is None:
        assert loaded(tmp_path, written).problems == ()
    else:
        assert f"write {said} " in messages(tmp_path, written)[0]
        loaded(tmp_path, written.replace(taken, said))
