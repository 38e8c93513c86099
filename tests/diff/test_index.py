"""Rules that look only at photos that may fit them mean the same photos as if they looked at all."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.diff.index import Index
from reconciler.model.asset import Asset, AssetState, Beside, Person
from reconciler.model.conditions import ChecksumIs, IdIs, InFolder, TakenBetween, TakenWithin
from reconciler.model.selectors import All, AnyOf, OneByOne, Selector
from reconciler.model.text import TextMatcher
from reconciler.model.values import AssetType, Taken
from tests.model.test_conditions import matches, states
from tests.support.world import as_yaml

NOON = datetime(2024, 6, 12, 12, tzinfo=UTC)
PLAIN = Asset("id", "owner", "sum", "other.png", "/other/other.png", AssetType.IMAGE, NOON, NOON, NOON)
CROWD = [AssetState(replace(PLAIN, id=f"plain {number}", checksum=f"{number}")) for number in range(30)]


def rule_of(match: Any) -> Selector:
    """The rule of an album."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rule.yaml"
        path.write_text(as_yaml({"albums": [{"name": "A", "match": match}]}), encoding="utf-8")
        rule = load([path]).desired.albums[0].rule
    assert rule is not None
    return rule


def one_by_one(rule: Selector, library: Sequence[AssetState]) -> list[AssetState]:
    return [state for state in library if rule.matches(state)]


@settings(deadline=None, max_examples=150)
@given(asked=st.lists(matches(), min_size=1, max_size=4), library=states())
def test_the_same_photos_in_the_same_order(asked: list[Any], library: list[AssetState]) -> None:
    index = Index([*CROWD[:15], *library, *CROWD[15:]])
    for rule in map(rule_of, asked):
        assert index.select(rule) == one_by_one(rule, index.states)


NAMES = [
    *("IMG_0001.jpg", "img_0002.JPG", "IMG.jpg", "DSC_0001.jpg", "ünï.png", "u\u0308ni\u0308 2.png"),
    *("[x].jpg", "]y", "x]y", "a\nb.jpg", "IM\U0010ffffG_0001.jpg", "IM\U0010ffff", ""),
]
PATTERNS = [
    *("img_0001.JPG", "IMG*", "*_0001*", "*.jpg", "*", "?", "??Y", "[di]*g", "[!i]*", "[]x]y", "[[]x]*", "["),
    *("ÜNÏ*", "*ï*", "im\U0010ffff*", "*b.jpg", "nothing*", "*nothing", "a?b.jpg"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_file_names_by_how_they_begin_or_what_they_hold(pattern: str) -> None:
    library = [AssetState(replace(PLAIN, id=name, file_name=name)) for name in NAMES]
    index = Index(CROWD + library)
    rule = rule_of({"file": pattern})
    assert index.select(rule) == one_by_one(rule, index.states)
    matcher = TextMatcher.of([pattern])
    assert len(index.select(rule)) >= sum(map(matcher.matches, NAMES))


FOLDERS = [
    *("/photos/2024/05", "/photos/2024/05 Rome", "/photos/2024/italy", "/photos/2024/Italy/rome", "/italy"),
    *("/old/photos/2024/05", "/photos/[x]/y", "/photos/x/y", "/Ünï/a", "/u\u0308ni\u0308", "", "photos/2024"),
]


@pytest.mark.parametrize(
    "pattern",
    [
        *("/photos/2024", "/photos/2024/05*", "photos/2024", "italy", "2024/*/rome", "/photos/**/rome", "**"),
        *("/**/italy", "*", "/*", "/photos/[x]", "[x]/y", "/photos/?/y", "ÜNÏ", "/ünï/", "nowhere", "/"),
    ],
)
def test_folders_from_the_root_and_anywhere(pattern: str) -> None:
    library = [AssetState(replace(PLAIN, id=name, path=f"{name}/a.jpg")) for name in FOLDERS]
    index = Index(CROWD + library)
    rule = InFolder((pattern,))
    assert index.select(rule) == one_by_one(rule, index.states)


@pytest.mark.parametrize("offset", [None, 0, 14 * 60, -12 * 60])
def test_days_by_clocks_that_go_differently(offset: int | None) -> None:
    moments = [NOON + timedelta(hours=hours) for hours in range(-40, 41)]
    at_place = [AssetState(replace(PLAIN, id=str(at), taken=Taken(at, offset))) for at in moments]
    at_home = [AssetState(replace(PLAIN, id=f"home {at}", taken=Taken(at, 60))) for at in moments]
    index = Index([*CROWD, *at_place, *at_home])
    for rule in (rule_of({"taken": "2024-06-12"}), rule_of({"taken": "06-12"})):
        assert index.select(rule) == one_by_one(rule, index.states) != []


def test_the_first_and_the_last_days_that_there_are() -> None:
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
    library = [AssetState(replace(PLAIN, id=str(at), taken=Taken(at, 0))) for at in ends]
    index = Index([*CROWD, *library, AssetState(replace(PLAIN, id="zone", taken=Taken(NOON, 840)))])
    for start, end in ((datetime.min, None), (None, datetime.max), (datetime.min, datetime(1, 1, 2))):
        rule = TakenWithin(start, end)
        assert index.select(rule) == one_by_one(rule, index.states)


def test_people_who_are_called_alike_albums_and_what_is_told_apart() -> None:
    ada, other = (Beside(frozenset({Person(number, name)})) for number, name in (("1", "Ada"), ("2", "ADA")))
    library = [
        AssetState(replace(PLAIN, id="a"), albums=frozenset({"Rome"}), beside=ada),
        AssetState(replace(PLAIN, id="b"), albums=frozenset({"ROME\0 other"}), beside=other),
    ]
    index = Index(CROWD + library)
    for match in ({"people": "ada"}, {"people": {"only": ["Ada"]}}, {"album": "rome"}, {"people": "?da"}):
        rule = rule_of(match)
        assert index.select(rule) == one_by_one(rule, index.states) == library


@dataclass(slots=True)
class Spy(OneByOne):
    """A condition that says yes, and remembers how many photos it was asked about."""

    asked: list[str] = field(default_factory=list)

    def matches(self, state: AssetState) -> bool:
        self.asked.append(state.asset.id)
        return True

    def needs(self) -> Any:
        raise AssertionError("nobody asks that here")


@pytest.mark.parametrize(
    "narrow",
    [
        TakenBetween(NOON, NOON + timedelta(minutes=5)),
        IdIs(frozenset({"7", "8"})),
        ChecksumIs(frozenset({"sum 7"})),
        rule_of({"taken": "2024-06-12..2024-06-12", "file": "IMG_0007.jpg"}),
        rule_of({"folder": "/photos/7"}),
        rule_of({"folder": ["7/from the sea", "/nowhere"]}),
        rule_of({"file": "*_0007*"}),
        rule_of({"description": "ferry 77"}),
        rule_of({"tags": "Places/7"}),
        AnyOf((IdIs(frozenset({"1"})), rule_of({"file": ["IMG_0003*", "IMG_0004*"]}))),
    ],
)
def test_the_rest_of_a_rule_is_asked_about_few(narrow: Selector) -> None:
    library = [
        AssetState(
            replace(
                PLAIN,
                id=str(number),
                checksum=f"sum {number}",
                file_name=f"IMG_{number:04}.jpg",
                path=f"/photos/{number % 100}/from the sea/IMG_{number:04}.jpg",
                description=f"Ferry {number}",
                taken=Taken(NOON + timedelta(minutes=number), 0),
            ),
            frozenset({f"Places/{number % 100}"}),
        )
        for number in range(1000)
    ]
    spy = Spy()
    found = Index(library).select(All((spy, narrow)))
    assert found == one_by_one(narrow, library) != []
    assert len(spy.asked) <= 20
