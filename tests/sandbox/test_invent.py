"""Invented libraries look like real ones, and always like themselves."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from reconciler.sandbox.geo import place_at, zone_at
from reconciler.sandbox.invent import invent
from reconciler.sandbox.library import Library, NewAsset

MANY = 6000


@pytest.fixture(scope="module")
def photos() -> list[NewAsset]:
    return list(invent(MANY, seed=4))


def share(photos: list[NewAsset], having: str) -> float:
    return sum(getattr(photo.embedded, having) not in (None, ()) for photo in photos) / len(photos)


def test_the_same_seed_gives_the_same_photos() -> None:
    assert list(invent(300, seed=4)) == list(invent(300, seed=4))
    assert list(invent(300, seed=4)) != list(invent(300, seed=5))


def test_every_photo_is_another_one(photos: list[NewAsset]) -> None:
    assert len(photos) == MANY
    assert len({photo.checksum for photo in photos}) == MANY


@pytest.mark.parametrize(
    ("having", "expected"), [("latitude", 0.60), ("description", 0.40), ("rating", 0.15), ("tags", 0.12)]
)
def test_how_many_have_what(photos: list[NewAsset], having: str, expected: float) -> None:
    assert share(photos, having) == pytest.approx(expected, abs=0.03)


def test_visibilities_and_videos(photos: list[NewAsset]) -> None:
    seen = Counter(photo.visibility for photo in photos)
    assert {name: number / MANY for name, number in seen.items()} == pytest.approx(
        {"timeline": 0.92, "archive": 0.05, "hidden": 0.03}, abs=0.015
    )
    videos = [photo for photo in photos if re.search(r"\.(mov|mp4)$", photo.file_name, re.IGNORECASE)]
    assert len(videos) / MANY == pytest.approx(0.05, abs=0.015)
    assert all(video.embedded.exposure_time is None for video in videos)


def test_a_fifth_shares_its_instant_with_a_neighbour(photos: list[NewAsset]) -> None:
    instants = Counter(photo.file_created_at for photo in photos)
    assert sum(number for number in instants.values() if number > 1) / MANY == pytest.approx(0.20, abs=0.03)


def test_fifteen_years_oldest_first(photos: list[NewAsset]) -> None:
    taken = [photo.embedded.taken or "" for photo in photos]
    assert taken == sorted(taken)
    assert {text[:4] for text in taken} == {str(year) for year in range(2010, 2025)}


def test_places_come_in_trips(photos: list[NewAsset]) -> None:
    placed = [
        place_at(photo.embedded.latitude, photo.embedded.longitude)
        for photo in photos
        if photo.embedded.latitude is not None and photo.embedded.longitude is not None
    ]
    assert len({place for place in placed if place}) > 30
    named = [place for place in placed if place]
    assert 0.9 < len(named) / len(placed) < 1  # some are far from any town
    changes = sum(one != other for one, other in pairwise(named))
    assert changes < len(named) / 5


def test_phones_know_the_zone_of_their_place(photos: list[NewAsset]) -> None:
    for photo in photos[::7]:
        seen = photo.embedded
        assert seen.taken is not None
        if seen.offset is None:
            assert seen.make in ("Canon", "SONY", "FUJIFILM")
            continue
        assert datetime.fromisoformat(seen.taken + seen.offset) == photo.file_created_at
        if seen.latitude is not None and seen.longitude is not None:
            assert zone_at(seen.latitude, seen.longitude) is not None


def test_plausible_file_names(photos: list[NewAsset]) -> None:
    shapes = Counter(re.sub(r"\d", "0", photo.file_name) for photo in photos)
    assert {"IMG_0000.jpg", "IMG_0000.HEIC", "DSC00000.ARW", "PXL_00000000_000000000.jpg"} <= shapes.keys()
    assert "VID_00000000_000000.mp0" in shapes
    assert len({photo.file_name for photo in photos}) < MANY  # counters start again, as cameras' do


def test_they_get_into_a_library(tmp_path: Path) -> None:
    with Library.create(tmp_path / "library") as library:
        assert library.add_assets(invent(250)) == 250
