"""Sizes, lengths and people out of the server's answers, in the forms of both versions."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.immich import parse
from reconciler.model.asset import Asset, Person

ITEM = {
    "id": "x",
    "ownerId": "me",
    "type": "VIDEO",
    "fileCreatedAt": "2024-01-01T00:00:00.000Z",
    "updatedAt": "2024-01-01T00:00:00.000Z",
}


def asset(exif: dict[str, Any] | None = None, **more: Any) -> Asset:
    return parse.asset_of({**ITEM, **more, "exifInfo": exif or {}})


@pytest.mark.parametrize(
    ("said", "milliseconds"),
    [
        (None, None),
        (0, None),
        (61_500, 61_500),
        ("0:00:00.00000", None),
        ("0:01:01.500", 61_500),
        ("00:01:01.500000", 61_500),
        ("12:00:00", 43_200_000),
        ("", None),
        ("N/A", None),
    ],
)
def test_duration(said: Any, milliseconds: int | None) -> None:
    assert asset(duration=said).duration == milliseconds


@pytest.mark.parametrize(
    ("item", "exif", "size"),
    [
        # the server has turned it already
        (
            {"width": 3000, "height": 4000},
            {"exifImageWidth": 4000, "exifImageHeight": 3000, "orientation": "6"},
            (3000, 4000),
        ),
        (
            {"width": None, "height": None},
            {"exifImageWidth": 4000, "exifImageHeight": 3000, "orientation": "6"},
            (3000, 4000),
        ),
        ({}, {"exifImageWidth": 4000.0, "exifImageHeight": 3000.0, "orientation": "1"}, (4000, 3000)),
        ({}, {"exifImageWidth": 4000, "exifImageHeight": 3000, "orientation": None}, (4000, 3000)),
        ({"width": 64, "height": 48}, {}, (64, 48)),
        ({}, {}, (None, None)),
    ],
)
def test_size(item: dict[str, Any], exif: dict[str, Any], size: tuple[int | None, int | None]) -> None:
    found = asset(exif, **item)
    assert (found.width, found.height) == size


def test_people() -> None:
    ann = {"id": "1", "name": "Ann", "birthDate": None, "thumbnailPath": "", "isHidden": False}
    nameless = {**ann, "id": "2", "name": ""}
    older = {**ann, "faces": [{"id": "f", "sourceType": "manual"}]}
    assert parse.people_of({**ITEM, "people": [ann, nameless]}) == {Person("1", "Ann"), Person("2")}
    assert parse.people_of({**ITEM, "people": [older]}) == {Person("1", "Ann")}
    assert parse.people_of(ITEM) == frozenset()
    page = {"people": [ann], "hasNextPage": True, "total": 2, "hidden": 0}
    assert parse.people_page_of(page) == ([Person("1", "Ann")], True)
    assert parse.stacked_of({"id": "s", "primaryAssetId": "a", "assets": [{"id": "a"}, {"id": "b"}]}) == [
        "a",
        "b",
    ]
