"""Finds the metadata inside a photo file: the Exif block, the XMP packet, the IPTC records, the size.

Pillow takes the files apart; ``heif`` does for HEIC, which Pillow doesn't read.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reconciler.sandbox import heif

if TYPE_CHECKING:
    from PIL import ImageFile

_log = logging.getLogger(__name__)

_CAMERA, _GPS, _SUB_IFDS = 0x8769, 0x8825, 0x014A
_WIDTH, _HEIGHT, _XMP, _IPTC, _PIXELS_X, _PIXELS_Y = 256, 257, 700, 33723, 0xA002, 0xA003
_PHOTOSHOP_IPTC: Final = 0x0404
_LARGEST_DECODED: Final = 50_000_000  # pixels of a PNG that is decoded only to reach metadata behind them
_SUB_IFDS_READ: Final = 8

# first bytes -> those of a TIFF in the same byte order; Olympus and Panasonic put a mark of their own there
_TIFF_HEADS: Final = {
    b"II*\x00": b"II*\x00",
    b"MM\x00*": b"MM\x00*",
    b"IIRO": b"II*\x00",
    b"IIRS": b"II*\x00",
    b"MMOR": b"MM\x00*",
    b"IIU\x00": b"II*\x00",
}
_FUJI: Final = b"FUJIFILMCCD-RAW"
_FUJI_JPEG: Final = 84  # where offset and length of the JPEG inside stand

# Real photos have broken tags by the hundred; Pillow reads around them, and would print a line about each.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")


@dataclass(frozen=True, slots=True)
class Parts:
    """The metadata of one file, taken out of it but not yet read."""

    exif: bytes | None = None
    """A TIFF structure, for ``read_directories``."""
    xmp: bytes | None = None
    iptc: bytes | None = None
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    """Only where the container has one of its own, which then wins over the one in Exif."""


@dataclass(frozen=True, slots=True)
class Directories:
    """Exif tags by number, as Pillow gives their values."""

    main: Mapping[int, Any] = field(default_factory=dict)
    camera: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    sizes: tuple[tuple[int, int], ...] = ()
    """Width and height of every picture that the block speaks of: raw photos have previews."""


def take_apart(data: bytes) -> Parts:
    """The parts of a file, told apart by its first bytes; empty for a format that isn't known.

    Raises:
        Exception: Anything, when the file is broken; the libraries below promise nothing about broken files.
    """
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    # The plugins are called directly: Image.open refuses pictures of more than 179 megapixels because of the
    # memory that decoding takes, but nothing is decoded here.
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(JpegImagePlugin.JpegImageFile(io.BytesIO(data)))
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(PngImagePlugin.PngImageFile(io.BytesIO(data)))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _pictured(WebPImagePlugin.WebPImageFile(io.BytesIO(data)))
    if data[:4] in _TIFF_HEADS:
        return _tiff(_TIFF_HEADS[data[:4]] + data[4:])
    if data[4:8] == b"ftyp":
        return _heif(data)
    if data.startswith(_FUJI):
        return _fuji(data)
    if data[:3] == b"GIF":
        return _pictured(GifImagePlugin.GifImageFile(io.BytesIO(data)))
    return Parts()


def _pictured(image: ImageFile.ImageFile, iptc: bytes | None = None) -> Parts:
    """The parts as Pillow's plugins leave them in ``info``."""
    exif, packet = _bytes(image.info.get("exif")), _bytes(image.info.get("xmp"))
    width, height = image.size
    return Parts(exif and exif.removeprefix(b"Exif\x00\x00"), packet, iptc, width, height)


def _jpeg(image: ImageFile.ImageFile) -> Parts:
    resources = image.info.get("photoshop")
    return _pictured(image, _bytes(resources.get(_PHOTOSHOP_IPTC)) if isinstance(resources, dict) else None)


def _png(image: ImageFile.ImageFile) -> Parts:
    found = image.info.keys()
    if not found & {"exif", "xmp"} and image.width * image.height <= _LARGEST_DECODED:
        try:
            image.load()  # some programs write the metadata behind the pixels
        except Exception as error:  # noqa: BLE001  (broken pixels raise anything, and don't matter here)
            _log.debug("pixels not read: %s: %s", type(error).__name__, error)
    return _pictured(image)


def _tiff(data: bytes) -> Parts:
    found = read_directories(data)
    width, height = max(found.sizes, key=lambda size: size[0] * size[1], default=(None, None))
    return Parts(data, _bytes(found.main.get(_XMP)), _bytes(found.main.get(_IPTC)), width, height)


def _heif(data: bytes) -> Parts:
    items = heif.read_items(data)
    return Parts(items.exif, items.xmp, None, items.width, items.height, items.orientation)


def _fuji(data: bytes) -> Parts:
    """Fujifilm's raw photos carry their metadata in a JPEG; the size is not that of the JPEG."""
    start = int.from_bytes(data[_FUJI_JPEG : _FUJI_JPEG + 4], "big")
    length = int.from_bytes(data[_FUJI_JPEG + 4 : _FUJI_JPEG + 8], "big")
    inner = data[start : start + length]
    if not inner.startswith(b"\xff\xd8\xff"):
        return Parts()
    parts = take_apart(inner)
    return Parts(parts.exif, parts.xmp, parts.iptc)


def read_directories(block: bytes) -> Directories:
    """The tags of a TIFF structure.

    Raises:
        Exception: Anything, when the structure is broken.
    """
    from PIL import Image, TiffImagePlugin

    file = io.BytesIO(block)
    exif = Image.Exif()
    exif.load_from_fp(file)
    main, camera, gps = dict(exif), dict(exif.get_ifd(_CAMERA)), dict(exif.get_ifd(_GPS))

    def sizes() -> Iterator[tuple[Any, Any]]:
        yield main.get(_WIDTH), main.get(_HEIGHT)
        yield camera.get(_PIXELS_X), camera.get(_PIXELS_Y)
        below = main.get(_SUB_IFDS, ())
        for offset in (below if isinstance(below, tuple) else (below,))[:_SUB_IFDS_READ]:
            directory = TiffImagePlugin.ImageFileDirectory_v2(block[:8])
            file.seek(offset)
            directory.load(file)
            yield directory.get(_WIDTH), directory.get(_HEIGHT)

    found = tuple((w, h) for w, h in sizes() if isinstance(w, int) and isinstance(h, int) and w > 0 and h > 0)
    return Directories(main, camera, gps, found)


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None
