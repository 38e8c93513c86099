"""Asking a whole library at once gives the same answer as asking photo by photo."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.model.asset import Asset, AssetState, Beside, Person
from reconciler.model.selectors import Selector
from reconciler.model.values import AssetType, Coordinates, Taken, Visibility
from tests.engine.wishes import ALBUMS, TAGS, conditions
from tests.support.world import as_yaml

MOMENT = datetime(2020, 1, 2, 12, tzinfo=UTC)
LIBRARY = "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"
PEOPLE = [Person("1", "Ada"), Person("2", "Ben"), Person("3", "Zoë"), Person("4")]
MORE: list[dict[str, Any]] = [
    {"people": "ada"},
    {"people": ["Ada", "zoe\u0308"]},
    {"people": {"any": ["A*", "Ben"], "none": ["Zoë"]}},
    {"people": {"only": ["Ada", "Ben"]}},
    {"people": {"only": ["*"], "all": ["Ben"]}},
    {"stacked": True},
    {"stacked": False},
    {"library": "nas"},
    {"library": LIBRARY},
    {"library": None},
    {"near": {"latitude": 0.5, "longitude": 179.99, "radius": "200km"}},
    {
        "near": [
            {"latitude": -90, "longitude": 0, "radius": "1m"},
            {"latitude": 1, "longitude": 2, "radius": "1m"},
        ]
    },
    {"box": {"south": -1, "west": 170, "north": 1, "east": -170}},
    {"box": {"south": -90, "west": -180, "north": 90, "east": 180}},
    {"duration": "30s"},
    {"duration": "<30s"},
    {"width": ">=3000", "height": "..3000"},
    {"megapixels": 12},
    {"megapixels": ">1"},
    {"orientation": ["portrait", "square"]},
    {"taken": "12-31..01-02"},
    {"added": ["--01", "2021"]},
    {"has": "people"},
    {"lacks": ["people", "location"]},
    {"path": {"glob": "/photos/*", "regex": "20(20|21)/"}},
    {"description": {"regex": "^sun"}},
]


def rule_of(match: Any) -> Selector:
    """The rule that a match means, read by the language itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rule.yaml"
        path.write_text(as_yaml({"assets": [{"match": match, "favorite": True}]}), encoding="utf-8")
        entry = load([path]).desired.assets[0]
    assert entry.rule is not None
    return entry.rule


@st.composite
def states(draw: st.DrawFn) -> list[AssetState]:
    return [draw(state(number)) for number in range(draw(st.integers(0, 8)))]


@st.composite
def state(draw: st.DrawFn, number: int) -> AssetState:
    moment = MOMENT + timedelta(hours=draw(st.integers(-40, 40)))
    taken = Taken(moment, draw(st.sampled_from([None, 0, 60, -210, 840])))
    size = draw(st.sampled_from([(None, None), (4000, 3000), (3000, 4000), (1000, 1000), (0, 5)]))
    asset = Asset(
        id=f"asset {number}",
        owner_id="owner",
        checksum="",
        file_name=draw(st.sampled_from(["IMG_1.jpg", "img_2.JPG", "ünï.png"])),
        path=draw(st.sampled_from(["/photos/2020/Italy/a.jpg", "/photos/2021/b.jpg", "/c.jpg"])),
        type=draw(st.sampled_from(list(AssetType))),
        file_created_at=moment,
        added=moment,
        updated=moment,
        description=draw(st.sampled_from(["", "Sunset", "on the BEACH"])),
        taken=draw(st.none() | st.just(taken)),
        location=draw(
            st.none()
            | st.sampled_from([Coordinates(1.0, 2.0), Coordinates(-90.0, 5.0), Coordinates(0.5, -180.0)])
        ),
        rating=draw(st.none() | st.integers(1, 5)),
        favorite=draw(st.booleans()),
        visibility=draw(st.sampled_from(list(Visibility))),
        country=draw(st.sampled_from([None, "Italy", "ITALY", "Japan"])),
        make=draw(st.sampled_from([None, "Canon", "SONY"])),
        library_id=draw(st.sampled_from([None, LIBRARY])),
        width=size[0],
        height=size[1],
        duration=draw(st.sampled_from([None, 900, 30_000, 30_999])),
    )
    beside = Beside(
        frozenset(draw(st.lists(st.sampled_from(PEOPLE), max_size=3))),
        draw(st.booleans()),
        "NAS" if asset.library_id else None,
    )
    tags = frozenset(draw(st.lists(st.sampled_from(TAGS), max_size=2)))
    return AssetState(asset, tags, frozenset(draw(st.lists(st.sampled_from(ALBUMS), max_size=2))), beside)


def matches() -> st.SearchStrategy[Any]:
    plain = (
        conditions()
        | st.sampled_from(MORE)
        | st.sampled_from(["/photos/2020", "italy", "/photos/*/Italy", "**"]).map(
            lambda folder: {"folder": folder}
        )
    )
    some = st.lists(plain, min_size=1, max_size=2)
    return st.one_of(
        plain,
        some.map(lambda parts: {"any": parts}),
        some.map(lambda parts: {"all": parts}),
        plain.map(lambda part: {"not": part}),
        some,
    )


@settings(deadline=None, max_examples=150)
@given(match=matches(), library=states())
def test_selecting_equals_asking_one_by_one(match: Any, library: list[AssetState]) -> None:
    rule = rule_of(match)
    assert rule.select(library) == [state for state in library if rule.matches(state)]


@pytest.mark.parametrize(
    ("match", "photo", "expected"),
    [
        ({"folder": "/photos/2020"}, "/photos/2020/Italy/a.jpg", True),
        ({"folder": "/photos/202"}, "/photos/2020/Italy/a.jpg", False),
        ({"folder": "italy"}, "/photos/2020/Italy/a.jpg", True),
        ({"folder": "ital"}, "/photos/2020/Italy/a.jpg", False),
        ({"folder": "/photos/*/italy"}, "/photos/2020/Italy/a.jpg", True),
        ({"folder": "/photos/*"}, "/photos/a.jpg", False),
        ({"folder": "/photos/**/rome"}, "/photos/2020/Italy/Rome/a.jpg", True),
        ({"path": "/photos/*.jpg", "type": "image"}, "/photos/a.jpg", True),
    ],
)
def test_folders(match: Any, photo: str, expected: bool) -> None:
    asset = Asset("id", "owner", "", photo.rsplit("/", 1)[1], photo, AssetType.IMAGE, MOMENT, MOMENT, MOMENT)
    assert rule_of(match).matches(AssetState(asset)) is expected
