"""Blocks of keys to selectors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
    AddedBetween,
    ChecksumIs,
    DescriptionContains,
    DescriptionFits,
    FavoriteIs,
    Has,
    HasTag,
    IdIs,
    InAlbum,
    InAnyAlbum,
    InFolder,
    Part,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    TextField,
    TextFits,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.measures import Measure, NumberWithin, Shape, ShapeIs
from reconciler.model.places import InBox, Near
from reconciler.model.selectors import All, AnyOf, Not, Selector
from reconciler.model.text import TextMatcher
from reconciler.model.values import AssetType, Coordinates, Visibility
from reconciler.model.yearly import AddedOn, TakenOn, YearDays
from tests.config.writing import rule

D = datetime
ID = "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"
HEX = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"


def text(field: TextField, *patterns: str) -> TextIs:
    return TextIs(field, TextMatcher.of(patterns))


def fits_file(name: str) -> TextIs:
    return text(TextField.FILE, name)


CASES: list[tuple[str, Selector]] = [
    (f"{{ id: {ID} }}", IdIs(frozenset({ID}))),
    (f"{{ id: [{ID}, {ID.upper()}] }}", IdIs(frozenset({ID}))),
    (f"{{ checksum: [{HEX}] }}", ChecksumIs(frozenset({"L9ThxnotKPzthJ7hu3bnORuT6xI="}))),
    ("{ path: [/a, '/b/*'] }", text(TextField.PATH, "/a", "/b/*")),
    ("{ folder: 2024/italy }", InFolder(("2024/italy",))),
    ("{ folder: [2024, /x] }", InFolder(("2024", "/x"))),
    ("{ file: 0533.jpg }", fits_file("0533.jpg")),
    ("{ file: 1234 }", fits_file("1234")),
    ("{ file: [1e3, '*.dng'] }", text(TextField.FILE, "1e3", "*.dng")),
    ("{ type: video }", TypeIs(frozenset({AssetType.VIDEO}))),
    ("{ type: [image, other] }", TypeIs(frozenset({AssetType.IMAGE, AssetType.OTHER}))),
    ("{ taken: 2024 }", TakenWithin(D(2024, 1, 1), D(2025, 1, 1))),
    ("{ taken: 2024-06-08..2024-06-15 }", TakenWithin(D(2024, 6, 8), D(2024, 6, 16))),
    ("{ taken: ..2024-06 }", TakenWithin(None, D(2024, 7, 1))),
    (
        "{ taken: '2024-06-12T20:41+02:00..' }",
        TakenBetween(D(2024, 6, 12, 18, 41, tzinfo=UTC), None),
    ),
    ("{ added: 2024 }", AddedBetween(D(2024, 1, 1, tzinfo=UTC), D(2025, 1, 1, tzinfo=UTC))),
    ("{ camera: { make: FUJIFILM } }", text(TextField.MAKE, "FUJIFILM")),
    (
        "{ camera: { model: [X-T5, 'iPhone*'], lens: XF35 } }",
        All((text(TextField.MODEL, "X-T5", "iPhone*"), text(TextField.LENS, "XF35"))),
    ),
    (
        "{ place: { country: Italy, state: Tuscany, city: [Siena, Pisa] } }",
        All(
            (
                text(TextField.COUNTRY, "Italy"),
                text(TextField.STATE, "Tuscany"),
                text(TextField.CITY, "Siena", "Pisa"),
            )
        ),
    ),
    ("{ tags: Trips/Italy }", HasTag("Trips/Italy")),
    ("{ tags: 'Trips/*' }", HasTag("Trips", branch=True)),
    ("{ tags: [a, b//c] }", All((HasTag("a"), HasTag("b/c")))),
    (
        "{ tags: { all: [a, b], any: [c, d], none: [e, 'f/*'] } }",
        All(
            (
                All((HasTag("a"), HasTag("b"))),
                AnyOf((HasTag("c"), HasTag("d"))),
                Not(AnyOf((HasTag("e"), HasTag("f", branch=True)))),
            )
        ),
    ),
    ("{ tags: { none: [a] } }", Not(HasTag("a"))),
    ("{ album: Italy }", InAlbum("Italy")),
    ("{ album: [Italy, 2024] }", AnyOf((InAlbum("Italy"), InAlbum("2024")))),
    ("{ album: { all: [b, c] } }", All((InAlbum("b"), InAlbum("c")))),
    ("{ album: { none: [b, c] } }", Not(AnyOf((InAlbum("b"), InAlbum("c"))))),
    ("{ in_album: false }", Not(InAnyAlbum("A"))),
    ("{ favorite: true }", FavoriteIs(True)),
    ("{ rating: 3 }", RatingWithin(3, 3)),
    ("{ rating: '>=3' }", RatingWithin(3, 5)),
    ("{ rating: '<= 2' }", RatingWithin(1, 2)),
    ("{ rating: '>3' }", RatingWithin(4, 5)),
    ("{ rating: '<3' }", RatingWithin(1, 2)),
    ("{ rating: 2..4 }", RatingWithin(2, 4)),
    ("{ rating: '4' }", RatingWithin(4, 4)),
    ("{ visibility: [timeline, hidden] }", VisibilityIs(frozenset({Visibility.TIMELINE, Visibility.HIDDEN}))),
    ("{ description: sunset }", DescriptionContains("sunset")),
    ("{ description: 2024 }", DescriptionContains("2024")),
    (
        "{ description: { contains: a, regex: '^IMG_\\d+$' } }",
        All((DescriptionContains("a"), DescriptionFits(r"^IMG_\d+$"))),
    ),
    ("{ has: location }", Has(Part.LOCATION)),
    ("{ has: [date, tags] }", All((Has(Part.DATE), Has(Part.TAGS)))),
    ("{ has: { location: false, lens: true } }", All((Has(Part.LOCATION, False), Has(Part.LENS)))),
    ("{ any: [{ file: a }, { file: b, type: video }] }",
     AnyOf((fits_file("a"), All((fits_file("b"), TypeIs(frozenset({AssetType.VIDEO}))))))),
    ("{ all: [{ file: a }, { file: b }] }", All((fits_file("a"), fits_file("b")))),
    ("{ people: Ada }", PersonIs("Ada")),
    ("{ people: { all: [Ada, Ben], none: [Cleo], only: [Ada, Ben] } }",
     All((OnlyPeople((PersonIs("Ada"), PersonIs("Ben"))),
          All((All((PersonIs("Ada"), PersonIs("Ben"))), Not(PersonIs("Cleo"))))))),
    ("{ near: { latitude: 43, longitude: -11.5, radius: 2 km } }", Near(Coordinates(43, -11.5), 2000)),
    ("{ box: { south: 1, west: 2, north: 3, east: 4 } }", InBox(1, 2, 3, 4)),
    ("{ stacked: false }", Stacked(False)),
    ("{ library: [NAS, 2024] }", AnyOf((LibraryIs("NAS"), LibraryIs("2024")))),
    ("{ library: null }", LibraryIs(None)),
    ("{ lacks: [date, tags] }", All((Has(Part.DATE, False), Has(Part.TAGS, False)))),
    ("{ width: '>= 4000' }", NumberWithin(Measure.WIDTH, low=4000)),
    ("{ height: <100 }", NumberWithin(Measure.HEIGHT, high=100, below=True)),
    ("{ duration: 1m30s..2h }", NumberWithin(Measure.DURATION, 90_000, 7_200_000)),
    ("{ megapixels: '>12.5' }", NumberWithin(Measure.MEGAPIXELS, low=12.5, above=True)),
    ("{ orientation: [portrait, square] }", ShapeIs(frozenset({Shape.PORTRAIT, Shape.SQUARE}))),
    ("{ file: { glob: '*.jpg', regex: '^a' } }", All((fits_file("*.jpg"), TextFits(TextField.FILE, "^a")))),
    ("{ path: { regex: '/2024/' } }", TextFits(TextField.PATH, "/2024/")),
    ("{ taken: 12-24..--12-26 }", TakenOn(YearDays((12, 24), (12, 26)))),
    ("{ taken: --02 }", TakenOn(YearDays((2, 1), (2, 29)))),
    ("{ taken: [2023, 01-01] }",
     AnyOf((TakenWithin(D(2023, 1, 1), D(2024, 1, 1)), TakenOn(YearDays((1, 1), (1, 1)))))),
    ("{ added: 05-06 }", AddedOn(YearDays((5, 6), (5, 6)))),
    ("{ not: { file: a } }", Not(fits_file("a"))),
    ("{ not: [{ file: a }, { file: b }] }", Not(AnyOf((fits_file("a"), fits_file("b"))))),
    ("{ any: [{ any: [{ not: { file: a } }] }] }", Not(fits_file("a"))),
    ("[{ file: a }, { file: b }]", AnyOf((fits_file("a"), fits_file("b")))),
    ("{ file: a, folder: b }", All((fits_file("a"), InFolder(("b",))))),
]  # fmt: skip


@pytest.mark.parametrize(("match", "selector"), CASES, ids=[match for match, _ in CASES])
def test_selectors(tmp_path: Path, match: str, selector: Selector) -> None:
    assert rule(tmp_path, match) == selector


@pytest.mark.parametrize("match", ["{ rating: null }", "{ rating: unrated }", "{ rating: }"])
def test_unrated_alone(tmp_path: Path, match: str) -> None:
    found = rule(tmp_path, match)
    assert isinstance(found, RatingWithin)
    assert found.unrated and not any(found.low <= rating <= found.high for rating in range(1, 6))


def test_added_is_by_the_default_clock(tmp_path: Path) -> None:
    top = "defaults: { timezone: Europe/Rome }"
    assert rule(tmp_path, "{ added: 2024-06 }", top) == AddedBetween(
        D(2024, 5, 31, 22, tzinfo=UTC), D(2024, 6, 30, 22, tzinfo=UTC)
    )
    # The hour that came twice belongs to the range with both of its turns.
    assert rule(tmp_path, "{ added: '2024-10-27T02:30' }", top) == AddedBetween(
        D(2024, 10, 27, 0, 30, tzinfo=UTC), D(2024, 10, 27, 1, 31, tzinfo=UTC)
    )
    assert rule(tmp_path, "{ added: '2024-06-01T00:00Z' }", top) == AddedBetween(
        D(2024, 6, 1, tzinfo=UTC), D(2024, 6, 1, 0, 1, tzinfo=UTC)
    )
