"""Every selector on photos at its edges: poles and 180 degrees, new year and leap days, accents, zones."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.model.asset import Asset, AssetState, Beside, Person
from reconciler.model.places import EARTH_RADIUS, InBox, Near, distance
from reconciler.model.selectors import Needs, Selector, combined
from reconciler.model.values import AssetType, Coordinates, Taken, Visibility
from reconciler.model.yearly import YearDays
from tests.support.world import as_yaml

NOON = datetime(2024, 6, 12, 12, tzinfo=UTC)
NOW = datetime(2024, 3, 1, 0, 30, tzinfo=UTC)
PLAIN = Asset("id", "owner", "", "a.jpg", "/photos/a.jpg", AssetType.IMAGE, NOON, NOON, NOON)
ADA, BEN, OTHER_ADA, NOBODY = Person("1", "Ada"), Person("2", "Ben"), Person("3", "ADA"), Person("4")
ID = "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"

Reads = Callable[..., Selector]


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    """Reads a match by the language itself, at `NOW`."""

    def read(match: Any, zone: str = "") -> Selector:
        defaults = {"defaults": {"timezone": zone}} if zone else {}
        path = tmp_path / "rule.yaml"
        path.write_text(as_yaml({**defaults, "albums": [{"name": "A", "match": match}]}), encoding="utf-8")
        rule = load([path], now=NOW).desired.albums[0].rule
        assert rule is not None
        return rule

    return read


def holds(rule: Selector, asset: Asset = PLAIN, **more: Any) -> bool:
    state = AssetState(asset, beside=Beside(**more))
    one = rule.matches(state)
    assert (rule.select([state]) == [state]) is one
    return one


def taken(local: str, offset: int | None = 0) -> Asset:
    instant = datetime.fromisoformat(local).replace(tzinfo=UTC) - timedelta(minutes=offset or 0)
    return replace(PLAIN, taken=Taken(instant, offset))


@pytest.mark.parametrize(
    ("period", "yes", "no"),
    [
        ("12-24..12-26",
         ["2020-12-24T00:00", "1999-12-26T23:59:59.999"],
         ["2020-12-23T23:59", "2020-12-27T00:00"]),
        ("--12-24", ["2020-12-24T10:00", "2021-12-24T10:00"], ["2020-12-25T00:00"]),
        ("12-28..01-06",
         ["2020-12-28T00:00", "2021-01-01T00:00", "2021-01-06T23:59"],
         ["2021-01-07T00:00", "2020-12-27T23:59"]),
        ("--11..--02",
         ["2020-11-01T00:00", "2021-02-28T23:00", "2020-02-29T01:00"],
         ["2020-03-01T00:00", "2020-10-31T23:00"]),
        ("--02", ["2020-02-29T12:00", "2021-02-28T12:00"], ["2021-03-01T00:00"]),
        ("02-29", ["2024-02-29T12:00"], ["2023-02-28T12:00", "2023-03-01T12:00"]),
        ("02-20..02-29", ["2023-02-28T23:59", "2024-02-29T23:59"], ["2023-03-01T00:00"]),
        # now is the first of March of a leap year in UTC
        ("last 1 day",
         ["2024-03-01T00:00", "2024-03-01T23:59"],
         ["2024-02-29T23:59", "2024-03-02T00:00"]),
        ("Last  2 days", ["2024-02-29T00:00"], ["2024-02-28T23:59"]),
        ("last 30 days", ["2024-02-01T00:00"], ["2024-01-31T23:59"]),
        ("last 2 weeks", ["2024-02-17T00:00"], ["2024-02-16T23:59"]),
        ("last 1 month", ["2024-02-02T00:00"], ["2024-02-01T23:59"]),
        ("last 1 year", ["2023-03-02T00:00"], ["2023-03-01T23:59"]),
        ("today", ["2024-03-01T12:00"], ["2024-02-29T12:00"]),
        ("this month",
         ["2024-03-01T00:00", "2024-03-31T23:59"],
         ["2024-02-29T23:59", "2024-04-01T00:00"]),
        ("this year", ["2024-01-01T00:00", "2024-12-31T23:59"], ["2023-12-31T23:59", "2025-01-01T00:00"]),
        (["2020", "2022-05"],
         ["2020-07-01T00:00", "2022-05-31T23:59"],
         ["2021-07-01T00:00", "2022-06-01T00:00"]),
    ],
)  # fmt: skip
def test_taken(reads: Reads, period: Any, yes: list[str], no: list[str]) -> None:
    rule = reads({"taken": period})
    # the clock of the place counts, wherever that was
    for offset in (0, 840, -720, None):
        assert [holds(rule, taken(one, offset)) for one in yes] == [True] * len(yes)
        assert [holds(rule, taken(one, offset)) for one in no] == [False] * len(no)
    assert not holds(rule, PLAIN)


def test_today_and_added_go_by_the_default_zone(reads: Reads) -> None:
    # at 00:30 in UTC it is still the day before in New York
    assert holds(reads({"taken": "today"}, "America/New_York"), taken("2024-02-29T12:00"))
    added = replace(PLAIN, added=datetime(2024, 12, 24, 3, tzinfo=UTC))
    assert holds(reads({"added": "12-24"}), added)
    assert holds(reads({"added": "12-23"}, "America/New_York"), added)
    assert holds(reads({"added": "this year"}), added)


def test_the_day_of_the_run_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.yaml"
    text = """
        defaults: { timezone: America/New_York }
        selectors: { new: { added: last 7 days } }
        albums:
          - { name: A, match: { selector: new, taken: [LAST 30 DAYS, 2020] } }
          - { name: B, match: { selector: new } }
    """
    path.write_text(text, encoding="utf-8")
    desired = load([path], now=NOW).desired
    assert [item.value for item in desired.evaluated] == [
        '"last 7 days" is 2024-02-23..2024-02-29, as today is 2024-02-29 (America/New_York)',
        '"last 30 days" is 2024-01-31..2024-02-29, as today is 2024-02-29 (America/New_York)',
    ]
    assert [item.origin.line for item in desired.evaluated] == [3, 5]
    assert load([path], now=NOW + timedelta(hours=4)).desired == desired
    assert load([path], now=NOW + timedelta(hours=5)).desired != desired


@given(st.dates(), st.dates(), st.dates())
def test_days_of_every_year_or_the_rest_of_it(first: Any, last: Any, day: Any) -> None:
    """A day is in the days from a to b, or strictly between b and a."""
    a, b, at = ((one.month, one.day) for one in (first, last, day))
    rest = at > b and at < a if a > b else at > b or at < a
    assert YearDays(a, b).has(day) is not rest


class TestPlaces:
    def at(self, latitude: float, longitude: float) -> Asset:
        return replace(PLAIN, location=Coordinates(latitude, longitude))

    def test_distances_that_are_known(self) -> None:
        florence, siena = Coordinates(43.7731, 11.256), Coordinates(43.3186, 11.3306)
        assert distance(florence, siena) == pytest.approx(50_900, rel=0.01)
        assert distance(Coordinates(0, 179.5), Coordinates(0, -179.5)) == pytest.approx(111_195, rel=1e-4)
        assert distance(Coordinates(90, 0), Coordinates(90, 123)) == pytest.approx(0, abs=0.01)
        assert distance(Coordinates(90, 0), Coordinates(-90, 0)) == pytest.approx(3.1415926 * EARTH_RADIUS)

    @pytest.mark.parametrize(
        ("center", "radius", "place", "near"),
        [
            ((43.7731, 11.256), "2km", (43.7831, 11.256), True),
            ((43.7731, 11.256), "1km", (43.7831, 11.256), False),
            ((43.7731, 11.256), "1112m", (43.7831, 11.256), True),
            ((43.7731, 11.256), "0.7mi", (43.7831, 11.256), True),
            ((0, 179.999), "1km", (0, -179.999), True),
            ((89.999, 0), "1km", (89.999, 180), True),
            ((-90, 0), "1m", (-90, 77), True),
            ((0, 0), "20000km", (0, 180), False),
            ((0, 0), "20016km", (0, 180), True),
        ],
    )
    def test_near(self, reads: Reads, center: Any, radius: str, place: Any, near: bool) -> None:
        rule = reads({"near": {"latitude": center[0], "longitude": center[1], "radius": radius}})
        assert holds(rule, self.at(*place)) is near
        assert not holds(rule, PLAIN)

    @pytest.mark.parametrize(
        ("box", "place", "inside"),
        [
            ((42, 10, 44, 12), (42, 12), True),
            ((42, 10, 44, 12), (41.999, 11), False),
            ((42, 10, 44, 12), (43, 12.001), False),
            ((-20, 170, 0, -170), (-10, 180), True),
            ((-20, 170, 0, -170), (-10, -175), True),
            ((-20, 170, 0, -170), (-10, 0), False),
            ((-20, 170, 0, 180), (-10, -180), True),
            ((-20, -180, 0, -170), (-10, 180), True),
            ((60, -180, 90, 180), (90, 33), True),
        ],
    )
    def test_box(self, reads: Reads, box: Any, place: Any, inside: bool) -> None:
        edges = dict(zip(("south", "west", "north", "east"), box, strict=True))
        assert holds(reads({"box": edges}), self.at(*place)) is inside
        assert not holds(reads({"box": edges}), PLAIN)

    @given(
        st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
        st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
        st.floats(1, 2e7),
    )
    def test_all_at_once_is_one_by_one(self, center: Any, place: Any, radius: float) -> None:
        state = AssetState(self.at(*place))
        rule = Near(Coordinates(*center), radius)
        assert (rule.select([state]) == [state]) is rule.matches(state)

    @given(st.floats(-180, 180), st.floats(-180, 180), st.floats(-180, 180))
    def test_a_box_and_the_rest_of_the_world(self, west: float, east: float, longitude: float) -> None:
        assume(west != east)
        state = AssetState(self.at(0, longitude))
        inside = InBox(-1, west, 1, east).matches(state)
        assert inside or InBox(-1, east, 1, west).matches(state)


class TestPeople:
    @pytest.mark.parametrize(
        ("match", "people", "expected"),
        [
            ("Ada", [ADA], True),
            ("ada", [ADA, BEN], True),
            ("Ad", [ADA], False),
            ("A*", [ADA], True),
            (["Ada", "Ben"], [ADA], False),
            (["Ada", "Ben"], [ADA, BEN, NOBODY], True),
            ({"any": ["Ada", "Ben"]}, [BEN], True),
            ({"any": ["Ada", "Ben"]}, [], False),
            ({"none": ["Ada"]}, [], True),
            ({"none": ["Ada"]}, [ADA], False),
            ({"only": ["Ada", "Ben"]}, [ADA], True),
            ({"only": ["Ada", "Ben"]}, [ADA, NOBODY], False),
            ({"only": ["Ada", "Ben"]}, [], False),
            ({"only": ["Ada", "Ben"], "all": ["Ada", "Ben"]}, [ADA], False),
            ({"only": ["Ada", "Ben"], "all": ["Ada", "Ben"]}, [ADA, BEN], True),
            ({"only": ["*"]}, [ADA, BEN], True),
            (ID, [Person(ID)], True),
            (ID.upper(), [Person(ID, "x")], True),
            (ID, [ADA], False),
        ],
    )
    def test_who(self, reads: Reads, match: Any, people: list[Person], expected: bool) -> None:
        assert holds(reads({"people": match}), people=frozenset(people)) is expected

    def test_accents_however_composed(self, reads: Reads) -> None:
        name = "Zoë Müller"
        for one in ("NFC", "NFD"):
            for other in ("NFC", "NFD"):
                rule = reads({"people": unicodedata.normalize(one, name.upper())})
                assert holds(rule, people=frozenset({Person("1", unicodedata.normalize(other, name))}))
        assert not holds(reads({"people": "Zoe Muller"}), people=frozenset({Person("1", name)}))

    def test_has(self, reads: Reads) -> None:
        for rule, expected in (({"has": "people"}, True), ({"lacks": "people"}, False)):
            assert holds(reads(rule), people=frozenset({NOBODY})) is expected
            assert holds(reads(rule)) is not expected

    @pytest.mark.parametrize(
        ("match", "needs"),
        [
            ({"people": ["Ada", ID]}, Needs(people=frozenset({"Ada", ID}))),
            ({"people": {"none": ["Ada"]}}, Needs(people=frozenset({"Ada"}))),
            ({"people": "A*"}, Needs(everyone=True)),
            ({"people": {"only": ["Ada"]}}, Needs(people=frozenset({"Ada"}), everyone=True)),
            ({"has": "people"}, Needs(everyone=True)),
            ({"stacked": False}, Needs(stacks=True)),
            ({"library": "NAS"}, Needs(libraries=True)),
            ({"library": ID}, Needs()),
            ({"library": None}, Needs()),
        ],
    )
    def test_no_more_is_read_than_needed(self, reads: Reads, match: Any, needs: Needs) -> None:
        assert combined([reads(match)]) == needs


class TestMeasures:
    @pytest.mark.parametrize(
        ("match", "yes", "no"),
        [
            ("30s", [30_000, 30_999], [29_999, 31_000]),
            ('"1:30"', [90_000, 90_999], [89_999, 91_000]),
            ("1m30s", [90_000], [91_000]),
            ("1h", [3_600_000, 7_199_999], [3_599_999, 7_200_000]),
            ("1.5s", [1500, 1599], [1499, 1600]),
            ("<30s", [29_999, 1], [30_000]),
            ("<=30s", [30_000], [30_001]),
            (">2min", [120_001], [120_000]),
            (">= 500ms", [500], [499]),
            ("10s..2m", [10_000, 120_000], [9_999, 120_001]),
            ("10s..", [10_000], [9_999]),
            ("..1:00:00", [3_600_000], [3_600_001]),
        ],
    )
    def test_duration(self, reads: Reads, match: str, yes: list[int], no: list[int]) -> None:
        rule = reads({"duration": match.strip('"')})
        assert all(holds(rule, replace(PLAIN, duration=one)) for one in yes)
        assert not any(holds(rule, replace(PLAIN, duration=one)) for one in no)
        assert not holds(rule, PLAIN)

    @pytest.mark.parametrize(
        ("match", "size", "expected"),
        [
            ({"width": 4000}, (4000, 3000), True),
            ({"width": "4000"}, (4001, 3000), False),
            ({"height": ">=3000", "width": "<4001"}, (4000, 3000), True),
            ({"height": "1000..2999"}, (4000, 3000), False),
            ({"megapixels": 12}, (4032, 3024), True),
            ({"megapixels": 12}, (4000, 2874), False),
            ({"megapixels": 12.2}, (4032, 3024), True),
            ({"megapixels": ">12"}, (4000, 3000), False),
            ({"megapixels": "..12"}, (4000, 3000), True),
            ({"orientation": "landscape"}, (4000, 3000), True),
            ({"orientation": "portrait"}, (4000, 3000), False),
            ({"orientation": ["portrait", "square"]}, (3000, 3000), True),
            ({"orientation": "landscape"}, (None, None), False),
            ({"megapixels": "<1"}, (None, None), False),
        ],
    )
    def test_size(
        self, reads: Reads, match: Any, size: tuple[int | None, int | None], expected: bool
    ) -> None:
        assert holds(reads(match), replace(PLAIN, width=size[0], height=size[1])) is expected


class TestTexts:
    @pytest.mark.parametrize(
        ("match", "expected"),
        [
            ({"file": {"regex": "^img_"}}, True),
            ({"file": {"regex": "^mg_"}}, False),
            ({"file": {"regex": r"_\d{4}\.jpg$", "glob": "IMG*"}}, True),
            ({"file": {"regex": r"_\d{4}\.jpg$", "glob": ["DSC*", "PXL*"]}}, False),
            ({"path": {"regex": "/m[üu]nchen/"}}, True),
            ({"path": {"regex": unicodedata.normalize("NFD", "münchen")}}, True),
            ({"description": {"regex": "café"}}, True),
        ],
    )
    def test_regular_expressions(self, reads: Reads, match: Any, expected: bool) -> None:
        for form in ("NFC", "NFD"):
            asset = replace(
                PLAIN,
                file_name="IMG_0533.jpg",
                path=unicodedata.normalize(form, "/photos/München/IMG_0533.jpg"),
                description=unicodedata.normalize(form, "Das Café"),
            )
            assert holds(reads(match), asset) is expected


def test_stacks_and_libraries(reads: Reads) -> None:
    assert holds(reads({"stacked": True}), stacked=True)
    assert not holds(reads({"stacked": True}))
    assert holds(reads({"stacked": False}))
    outside = replace(PLAIN, library_id=ID)
    assert holds(reads({"library": "nas"}), outside, library="NAS")
    assert not holds(reads({"library": "nas"}), outside, library="Other")
    assert not holds(reads({"library": "nas"}), PLAIN)
    assert holds(reads({"library": [ID.upper(), "x"]}), outside)
    assert holds(reads({"library": None}), PLAIN)
    assert not holds(reads({"library": None}), outside)


def test_lacks_is_none_of_them(reads: Reads) -> None:
    rule = reads({"lacks": ["description", "location"]})
    assert holds(rule, PLAIN)
    assert not holds(rule, replace(PLAIN, description="x"))
    assert not holds(rule, replace(PLAIN, location=Coordinates(1, 2)))
    assert holds(
        reads({"lacks": "tags", "visibility": "timeline"}), replace(PLAIN, visibility=Visibility.TIMELINE)
    )


def test_named_selectors_within_others(tmp_path: Path) -> None:
    path = tmp_path / "in.yaml"
    text = """
        selectors:
          stars: [{ rating: ">=4" }, { favorite: true }]
          alone: { in_album: false }
          both: { selector: [stars, alone] }
        albums:
          - { name: A, match: { not: { selector: both } } }
          - { name: B, match: { any: [{ selector: both, type: image }, { file: x.jpg }] } }
    """
    path.write_text(text, encoding="utf-8")
    desired = load([path], now=NOW).desired
    first, second = (album.rule for album in desired.albums)
    assert first and second and desired.selectors.keys() == {"stars", "alone", "both"}
    loved = replace(PLAIN, favorite=True)
    # in an album's own rule that album doesn't count, also by way of a name
    assert not first.matches(AssetState(loved, albums=frozenset({"A"})))
    assert first.matches(AssetState(loved, albums=frozenset({"B"})))
    assert second.matches(AssetState(loved, albums=frozenset({"B"})))
    assert not second.matches(AssetState(PLAIN))
