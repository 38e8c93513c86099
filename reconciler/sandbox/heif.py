"""Finds the Exif block, the XMP packet and the size in a HEIC or AVIF file.

Such a file is a tree of boxes (ISO 14496-12); metadata are "items" (ISO 23008-12), listed in the ``meta``
box with the places of their bytes. Nothing is decoded. Lengths that lead outside the file end the reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# how often the picture is turned by 90 degrees against the clock -> the Exif orientation that means the same
_ORIENTATIONS: Final = {0: 1, 1: 8, 2: 3, 3: 6}


@dataclass(frozen=True, slots=True)
class Items:
    """What was found; sizes in pixels of the largest picture, before it is turned."""

    exif: bytes | None = None
    """A TIFF structure."""
    xmp: bytes | None = None
    width: int | None = None
    height: int | None = None
    orientation: int | None = None


@dataclass(frozen=True, slots=True)
class _Extent:
    method: int
    start: int
    length: int


class _Reader:
    """Reads big-endian numbers one after the other.

    Raises:
        ValueError: The bytes end before the number does.
    """

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def take(self, count: int) -> bytes:
        piece = self.data[self.position : self.position + count]
        if len(piece) < count:
            raise ValueError("a box of the file is cut short")
        self.position += count
        return piece

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def text(self) -> bytes:
        end = self.data.find(b"\x00", self.position)
        if end < 0:
            raise ValueError("a text of the file has no end")
        piece = self.data[self.position : end]
        self.position = end + 1
        return piece


def read_items(data: bytes) -> Items:
    """The metadata items of a file whose first box is ``ftyp``; empty if it has no ``meta`` box (videos).

    Raises:
        ValueError: The boxes are broken.
    """
    meta = next((body for kind, body in _boxes(data) if kind == b"meta"), None)
    if meta is None:
        return Items()
    boxes = dict(_boxes(meta[4:]))
    kinds = _kinds(boxes.get(b"iinf", b""))
    places = _places(boxes.get(b"iloc", b""))
    stored = boxes.get(b"idat", b"")
    exif = _first_item(data, stored, places, [number for number, kind in kinds.items() if kind == b"Exif"])
    xmp = _first_item(
        data, stored, places, [n for n, kind in kinds.items() if kind == b"application/rdf+xml"]
    )
    width, height, orientation = _size(boxes.get(b"iprp", b""))
    return Items(_without_prefix(exif), xmp, width, height, orientation)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        elif length == 0:
            length = len(data) - position
        if length < head:
            raise ValueError("a box of the file is shorter than its own head")
        yield kind, data[position + head : position + length]
        position += length


def _kinds(body: bytes) -> dict[int, bytes]:
    """Item number → its type, or for ``mime`` items their content type."""
    if not body:
        return {}
    kinds = {}
    head = 4 + (2 if body[0] == 0 else 4)
    for kind, entry in _boxes(body[head:]):
        if kind != b"infe" or not entry or entry[0] < 2:
            continue
        reader = _Reader(entry, 4)
        number = reader.number(2 if entry[0] == 2 else 4)
        reader.take(2)  # protection
        item = reader.take(4)
        reader.text()  # name
        kinds[number] = reader.text() if item == b"mime" else item
    return kinds


def _places(body: bytes) -> dict[int, list[_Extent]]:
    if not body:
        return {}
    version, reader = body[0], _Reader(body, 4)
    sizes = reader.number(2)
    of_offset, of_length, of_base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    of_index = sizes & 15 if version in (1, 2) else 0
    places: dict[int, list[_Extent]] = {}
    for _ in range(reader.number(4 if version == 2 else 2)):
        number = reader.number(4 if version == 2 else 2)
        method = reader.number(2) & 15 if version in (1, 2) else 0
        reader.take(2)  # which file the bytes are in: only this one is looked at
        base = reader.number(of_base)
        extents = places.setdefault(number, [])
        for _ in range(reader.number(2)):
            reader.take(of_index)
            start = base + reader.number(of_offset)
            extents.append(_Extent(method, start, reader.number(of_length)))
    return places


def _first_item(
    data: bytes, stored: bytes, places: dict[int, list[_Extent]], numbers: list[int]
) -> bytes | None:
    for number in numbers:
        sources = {0: data, 1: stored}
        pieces = [
            sources.get(extent.method, b"")[extent.start : extent.start + extent.length]
            for extent in places.get(number, [])
        ]
        if joined := b"".join(pieces):
            return joined
    return None


def _without_prefix(block: bytes | None) -> bytes | None:
    """An Exif item starts with the length of what stands before the TIFF structure."""
    if block is None or len(block) < 4:
        return None
    return block[4 + int.from_bytes(block[:4], "big") :]


def _size(body: bytes) -> tuple[int | None, int | None, int | None]:
    properties = next((inner for kind, inner in _boxes(body) if kind == b"ipco"), b"")
    sizes: list[tuple[int, int]] = []
    turns: list[int] = []
    for kind, value in _boxes(properties):
        if kind == b"ispe":
            reader = _Reader(value, 4)
            sizes.append((reader.number(4), reader.number(4)))
        elif kind == b"irot" and value:
            turns.append(value[0] & 3)
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(None, None))
    return width, height, _ORIENTATIONS[turns[0]] if turns else None
