"""Pictures for assets: the real photo made small, or one drawn from what is known about an invented photo.

Nothing is stored. The same asset always gets the same picture.
"""

from __future__ import annotations

import io
import logging
import math
import random
import zlib
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_log = logging.getLogger(__name__)

THUMBNAIL: Final = 250
PREVIEW: Final = 1440
"""Longest sides in pixels (Immich's defaults are 250 and 1440)."""

_LONGEST_DRAWN: Final = 640
_DRAWN_FOR: Final = 320  # the width that the numbers below are meant for
_QUALITY: Final = 80

_Colour = tuple[int, int, int]

# hour -> colours at the top and at the foot of the sky
_SKIES: Final[tuple[tuple[int, _Colour, _Colour], ...]] = (
    (0, (18, 22, 44), (52, 50, 84)),
    (5, (70, 72, 120), (238, 170, 140)),
    (8, (110, 172, 226), (226, 236, 240)),
    (13, (74, 150, 220), (206, 230, 244)),
    (18, (92, 120, 190), (252, 200, 140)),
    (20, (94, 70, 128), (244, 140, 98)),
    (22, (30, 32, 66), (88, 70, 104)),
    (24, (18, 22, 44), (52, 50, 84)),
)
_SNOW, _SPRING, _SUMMER, _AUTUMN = (222, 230, 236), (124, 176, 96), (106, 152, 78), (188, 134, 70)
_SAND: Final = (214, 186, 128)
_TROPICS: Final = 30.0  # degrees; nearer to the equator there are no seasons


@dataclass(frozen=True, slots=True)
class Subject:
    """What a picture is drawn from."""

    file_name: str
    taken: datetime
    """Local time."""
    latitude: float | None = None
    longitude: float | None = None
    width: int = 4
    """With ``height`` the shape of the picture, as it is shown; pixels or any other unit."""
    height: int = 3


def make(subject: Subject, data: bytes | None, longest: int) -> bytes:
    """A JPEG whose longer side is at most ``longest`` pixels: of the photo's bytes, or drawn without them.

    Bytes that cannot be shown (a video, a raw photo, a broken file) are drawn too.
    """
    return (shrink(data, longest) if data is not None else None) or draw(subject, longest)


def shrink(data: bytes, longest: int) -> bytes | None:
    """The photo, upright and small; None if Pillow cannot show it."""
    from PIL import Image, ImageOps

    try:
        with Image.open(
            io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF", "BMP")
        ) as photo:
            photo.draft("RGB", (longest, longest))
            upright = ImageOps.exif_transpose(photo)
            upright.thumbnail((longest, longest))
            return _jpeg(upright.convert("RGB"))
    except Exception as error:  # noqa: BLE001  (decoders raise anything for broken files)
        _log.debug("no picture from the bytes: %s: %s", type(error).__name__, error)
        return None


def draw(subject: Subject, longest: int) -> bytes:
    """A landscape: the hour makes the sky, the season and the latitude the hills, the longitude the sea.

    At most 640 pixels, which is enough to tell photos apart.
    """
    from PIL import Image, ImageDraw

    chance = random.Random(zlib.crc32(subject.file_name.encode("utf-8", "replace")))
    scale = min(longest, _LONGEST_DRAWN) / max(subject.width, subject.height)
    width, height = max(1, round(subject.width * scale)), max(1, round(subject.height * scale))
    top, foot = _sky(subject.taken)
    column = Image.new("RGB", (1, 2))
    column.putpixel((0, 0), top)
    column.putpixel((0, 1), foot)
    image = column.resize((width, height), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(image)
    _sun(pen, subject.taken, chance, width, height)
    ground = _mix((14, 16, 30), _ground(subject), max(foot) / 255)
    for step in range(3):
        shade = _mix(foot, ground, 0.35 + 0.3 * step)
        crest = height * (0.52 + 0.13 * step + chance.uniform(-0.03, 0.03))
        _hills(pen, crest, chance.uniform(0, 6), shade, width, height)
    if subject.longitude is None or round(abs(subject.longitude)) % 2:
        pen.rectangle((0, height * 0.84, width, height), fill=_mix(foot, (28, 96, 128), 0.7))
    _write_name(pen, subject.file_name, width, height)
    return _jpeg(image)


def _sky(taken: datetime) -> tuple[_Colour, _Colour]:
    hour = taken.hour + taken.minute / 60
    for (start, top, foot), (end, next_top, next_foot) in pairwise(_SKIES):
        if start <= hour < end:
            share = (hour - start) / (end - start)
            return _mix(top, next_top, share), _mix(foot, next_foot, share)
    raise AssertionError("the skies cover the day")


def _sun(pen: ImageDraw.ImageDraw, taken: datetime, chance: random.Random, width: int, height: int) -> None:
    """The sun on its way from six to nine in the evening; otherwise the moon."""
    hour = taken.hour + taken.minute / 60
    by_day = 6 <= hour <= 21
    share = (hour - 6) / 15 if by_day else 0.3
    x, y = width * (0.1 + 0.8 * share), height * (0.54 - 0.42 * math.sin(math.pi * share))
    radius = width * (0.056 if by_day else 0.034) * chance.uniform(0.9, 1.1)
    colour = (255, 238, 180) if by_day else (236, 238, 244)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _ground(subject: Subject) -> _Colour:
    latitude = subject.latitude if subject.latitude is not None else 45.0
    if abs(latitude) < _TROPICS:
        return _SAND
    month = subject.taken.month if latitude > 0 else (subject.taken.month + 5) % 12 + 1
    return (_SNOW, _SPRING, _SUMMER, _AUTUMN)[month % 12 // 3]


def _hills(
    pen: ImageDraw.ImageDraw, base: float, shift: float, colour: _Colour, width: int, height: int
) -> None:
    crest = []
    for step in range(0, _DRAWN_FOR + 8, 8):
        swing = 16 * math.sin(step / 41 + shift) + 7 * math.sin(step / 17 + 2 * shift)
        crest.append((step / _DRAWN_FOR * width, base - swing / 240 * height))
    pen.polygon([(0, height), *crest, (width * 1.1, height)], fill=colour)


def _write_name(pen: ImageDraw.ImageDraw, name: str, width: int, height: int) -> None:
    from PIL import ImageFont

    size = max(10, width // 21)
    pen.text(
        (size * 0.7, height - size * 1.6),
        name,
        font=ImageFont.load_default(size),
        fill="white",
        stroke_width=max(1, size // 8),
        stroke_fill=(40, 40, 48),
    )


def _mix(one: _Colour, other: _Colour, share: float) -> _Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
