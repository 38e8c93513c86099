"""Pictures: of the photo where there are bytes to show, drawn where not."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import Image

from reconciler.sandbox.thumbnails import THUMBNAIL, Subject, draw, make

NOON = datetime(2024, 6, 12, 12)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    return image.convert("RGB")


def photo(orientation: int) -> bytes:
    """A picture twice as wide as high whose left half is red."""
    image = Image.new("RGB", (800, 400), (20, 20, 240))
    image.paste((240, 20, 20), (0, 0, 400, 400))
    exif = Image.Exif()
    exif[274] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif.tobytes())
    return buffer.getvalue()


def test_the_photo_itself_made_small_and_upright() -> None:
    image = opened(make(Subject("a.jpg", NOON), photo(6), THUMBNAIL))
    assert image.size == (125, 250)
    red, _, blue = image.getpixel((60, 20))  # type: ignore[misc]  # three colours
    assert red > 200 > 60 > blue


@pytest.mark.parametrize("data", [None, b"\x00\x00\x00 ftypmp42", photo(1)[:300]])
def test_what_cannot_be_shown_is_drawn(data: bytes | None) -> None:
    subject = Subject("VID_0001.mp4", NOON, 43.07, 11.61)
    assert make(subject, data, THUMBNAIL) == draw(subject, THUMBNAIL)
    assert max(opened(draw(subject, THUMBNAIL)).size) == THUMBNAIL


def test_pictures_differ_by_name_hour_and_place() -> None:
    pictures = {
        draw(Subject(name, NOON.replace(hour=hour), latitude, 11.0), THUMBNAIL)
        for name in ("a.jpg", "b.jpg")
        for hour in (6, 21)
        for latitude in (0.0, 60.0)
    }
    assert len(pictures) == 8


def test_nights_are_darker() -> None:
    def light(hour: int) -> float:
        pixels = (
            opened(draw(Subject("a.jpg", NOON.replace(hour=hour)), THUMBNAIL)).resize((1, 1)).getpixel((0, 0))
        )
        assert isinstance(pixels, tuple)
        return sum(pixels)

    assert light(1) < light(20) < light(12)
