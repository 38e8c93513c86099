"""Draws Ben's photos, with the brush and the cameras of the other example.

    python make_photos.py      (into the folder "photos" beside this file)

They are checked in, so you need this only to change them.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

spec = importlib.util.spec_from_file_location("album", HERE.parent / "family-album" / "make_photos.py")
assert spec and spec.loader
album = importlib.util.module_from_spec(spec)
sys.modules["album"] = album
spec.loader.exec_module(album)

PHOTOS = (
    album.Photo(
        "IMG_2201.jpg",
        lambda: album.sunset(17),
        album.IPHONE,
        "2024-06-12T20:40:02",
        "+02:00",
        album.VAL_D_ORCIA,
    ),
    album.Photo(
        "IMG_2207.jpg",
        lambda: album.canal(0.45, album.VENICE_COLOURS, gondola=True),
        album.IPHONE,
        "2024-06-14T19:02:17",
        "+02:00",
        album.VENICE,
    ),
    album.Photo(
        "IMG_2211.jpg", album.dome, album.IPHONE, "2024-06-13T14:23:50", "+02:00", album.FLORENCE, rating=2
    ),
    album.Photo("IMG_2240.jpg", album.garden, album.IPHONE, "2024-07-06T11:30:00", "+02:00", album.HOME),
)

for photo in PHOTOS:
    (HERE / "photos" / photo.file).write_bytes(album.bytes_of(photo))
print(f"{len(PHOTOS)} photos in {HERE / 'photos'}")
