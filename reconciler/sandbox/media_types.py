"""Which kinds of files the server takes (GET /server/media-types)."""

from __future__ import annotations

from reconciler.sandbox.versions import Version

_VIDEO = [
    ".3gp",
    ".3gpp",
    ".avi",
    ".flv",
    ".insv",
    ".m2t",
    ".m2ts",
    ".m4v",
    ".mkv",
    ".mov",
    ".mp4",
    ".mpe",
    ".mpeg",
    ".mpg",
    ".mts",
    ".mxf",
    ".ts",
    ".vob",
    ".webm",
    ".wmv",
]
_IMAGE = [
    ".avif",
    ".bmp",
    ".gif",
    ".jpeg",
    ".jpg",
    ".png",
    ".webp",
    ".3fr",
    ".ari",
    ".arw",
    ".cap",
    ".cin",
    ".cr2",
    ".cr3",
    ".crw",
    ".dcr",
    ".dng",
    ".erf",
    ".fff",
    ".iiq",
    ".k25",
    ".kdc",
    ".mrw",
    ".nef",
    ".nrw",
    ".orf",
    ".ori",
    ".pef",
    ".psd",
    ".raf",
    ".raw",
    ".rw2",
    ".rwl",
    ".sr2",
    ".srf",
    ".srw",
    ".x3f",
    ".heic",
    ".heif",
    ".hif",
    ".insp",
    ".jp2",
    ".jpe",
    ".jxl",
    ".mpo",
    ".svg",
    ".tif",
    ".tiff",
]
_SINCE_3 = {".ts", ".mpo"}


def image_suffixes(version: Version) -> list[str]:
    return _known(_IMAGE, version)


def video_suffixes(version: Version) -> list[str]:
    return _known(_VIDEO, version)


def _known(suffixes: list[str], version: Version) -> list[str]:
    return [suffix for suffix in suffixes if version.major > 2 or suffix not in _SINCE_3]
