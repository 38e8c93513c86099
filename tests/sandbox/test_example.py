"""The photos of examples/family-album are what its YAML says about them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import reconciler
from reconciler.sandbox.geo import place_at
from reconciler.sandbox.photo import Embedded, read_photo

EXAMPLE = Path(reconciler.__file__).parent.parent / "examples" / "family-album"
TRIP = ("2024-06-08", "2024-06-15")


def read(folder: Path) -> dict[str, Embedded]:
    return {path.name: read_photo(path.read_bytes(), path.name) for path in sorted(folder.glob("*.jpg"))}


@pytest.fixture(scope="module")
def photos() -> dict[str, Embedded]:
    return read(EXAMPLE / "photos")


@pytest.fixture(scope="module")
def wanted() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(
        (EXAMPLE / "immich.yaml").read_text(encoding="utf-8"), yaml.BaseLoader
    )
    return document


def country(photo: Embedded) -> str | None:
    if photo.latitude is None or photo.longitude is None:
        return None
    place = place_at(photo.latitude, photo.longitude)
    return place.country if place else None


def test_the_photos_come_from_the_script(tmp_path: Path, photos: dict[str, Embedded]) -> None:
    """Not to the byte: another version of Pillow may press the pixels in another way."""
    for folder in ("one", "two"):
        subprocess.run(
            [sys.executable, EXAMPLE / "make_photos.py", tmp_path / folder], check=True, timeout=120
        )
    assert read(tmp_path / "one") == photos
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_dozen_small_photos_of_several_cameras(photos: dict[str, Embedded]) -> None:
    assert len(photos) == 12
    assert all(path.stat().st_size < 25_000 for path in (EXAMPLE / "photos").iterdir())
    assert {photo.model for photo in photos.values()} == {
        "iPhone 15 Pro",
        "Pixel 8",
        "ILCE-7M4",
        "Perfection V600",
    }
    assert photos["scan_0007.jpg"].taken is None


def test_the_trip_is_in_italy(photos: dict[str, Embedded], wanted: dict[str, Any]) -> None:
    """Which photos the rule of the example finds on a fresh server."""
    rule = next(entry["match"] for entry in wanted["assets"] if "place" in entry["match"])
    assert rule == {"taken": "..".join(TRIP), "place": {"country": "Italy"}}
    found = {
        name
        for name, photo in photos.items()
        if photo.taken and TRIP[0] <= photo.taken[:10] <= TRIP[1] and country(photo) == "Italy"
    }
    assert found == {
        "IMG_0531.jpg",
        "IMG_0532.jpg",
        "IMG_0533.jpg",
        "IMG_0540.jpg",
        "IMG_0541.jpg",
        "PXL_20240614_103011207.jpg",
        "PXL_20240614_181544902.jpg",
    }


def test_every_photo_it_names_is_there(photos: dict[str, Embedded], wanted: dict[str, Any]) -> None:
    albums = wanted["albums"]
    selectors = [entry["match"] for entry in wanted["assets"]]
    selectors += [item for album in albums for item in (*album.get("assets", ()), *album.get("exclude", ()))]
    selectors += [album["cover"] for album in albums if "cover" in album]
    checksums = {
        hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest(): path.name
        for path in (EXAMPLE / "photos").iterdir()
    }
    for selector in selectors:
        if "checksum" in selector:
            assert checksums[selector["checksum"]] == "IMG_0533.jpg"
        elif "file" in selector:
            taken = photos[selector["file"]].taken or ""
            assert taken.startswith(selector.get("taken", "")), selector
        else:
            assert "place" in selector


def test_what_the_phones_wrote(photos: dict[str, Embedded]) -> None:
    """So that the example shows what becomes of embedded values."""
    assert photos["IMG_0540.jpg"].description == "The cathedral, 463 steps later"
    assert photos["IMG_0540.jpg"].rating == 4
    assert photos["IMG_0498.jpg"].tags == ("Family/Nonna",)
    assert (photos["DSC01187.jpg"].offset, photos["DSC01187.jpg"].latitude) == (None, None)
