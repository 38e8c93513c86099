"""Folders of photos on their way into a library: what is in them, which sidecar belongs to which photo."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.sandbox.library import Library
from reconciler.sandbox.media_types import image_suffixes, video_suffixes
from reconciler.sandbox.versions import Version

SIDECAR: Final = ".xmp"

LARGEST: Final = 512 << 20
"""In bytes; what the sandbox takes as one upload."""


@dataclass(frozen=True, slots=True)
class Found:
    """A photo or video, with its sidecar if it has one."""

    path: Path
    sidecar: Path | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out."""

    path: Path
    reason: str


def walk(folder: Path, version: Version) -> Iterator[Found | Skipped]:
    """Everything below a folder, in sorted order, as far as that Immich takes such files.

    Hidden files and folders are passed over without a word, and folders that are links are not followed.

    A sidecar is ``IMG.jpg.xmp`` or, where there is none, ``IMG.xmp``; the second may serve several photos,
    such as a raw photo and its JPEG.

    Raises:
        OSError: The folder itself cannot be read.
    """
    os.scandir(folder).close()  # os.walk would pass over an unreadable folder in silence
    taken = frozenset((*image_suffixes(version), *video_suffixes(version)))
    unreadable: list[Skipped] = []

    def note(error: OSError) -> None:
        unreadable.append(Skipped(Path(error.filename), error.strerror or "cannot be read"))

    for parent, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from _in_one(Path(parent), sorted(name for name in names if not name.startswith(".")), taken)
    yield from unreadable


def _in_one(parent: Path, names: list[str], taken: frozenset[str]) -> Iterator[Found | Skipped]:
    sidecars = {name.lower(): name for name in names if name.lower().endswith(SIDECAR)}
    used: set[str] = set()
    for name in names:
        path = parent / name
        suffix = path.suffix.lower()
        if suffix == SIDECAR:
            continue
        if suffix not in taken:
            yield Skipped(path, "not a photo or video that Immich takes")
            continue
        candidates = (f"{name}{SIDECAR}".lower(), f"{path.stem}{SIDECAR}".lower())
        found = next((sidecars[candidate] for candidate in candidates if candidate in sidecars), None)
        if found is not None:
            used.add(found)
        yield Found(path, parent / found if found is not None else None)
    for name in sorted(set(sidecars.values()) - used):
        yield Skipped(parent / name, "a sidecar without its photo")


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a folder."""

    photos: int
    sidecars: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Mounted:
    """A folder that the server knows as an external library: where it is here, and where it is there."""

    folder: Path
    path: str

    def on_server(self, file: Path) -> str:
        """The server's path of a file below the folder."""
        return f"{self.path.rstrip('/')}/{file.relative_to(self.folder).as_posix()}"


def take_in(
    library: Library,
    found: Iterable[Found | Skipped],
    owner: str | None = None,
    mounted: Mounted | None = None,
) -> TakenIn:
    """Puts the files into a library as uploads are; their jobs are queued, and run when the library does.

    They are those of the user with the id `owner`; None is the first admin. Where their folder is `mounted`,
    they lie in an external library and keep their folders.
    Consumes ``found`` one by one, so that an iterable that reports its progress can be given.
    """
    taken: dict[str, Path] = {}
    skipped: list[Skipped] = []
    sidecars = 0
    for entry in found:
        if isinstance(entry, Skipped):
            skipped.append(entry)
            continue
        try:
            asset_id = _take_one(library, entry, owner, mounted)
        except OSError as error:
            skipped.append(Skipped(entry.path, error.strerror or "cannot be read"))
            continue
        if asset_id is None:
            skipped.append(Skipped(entry.path, f"empty, or larger than {LARGEST >> 20} MB"))
        elif asset_id in taken:
            skipped.append(Skipped(entry.path, f"the same bytes as {taken[asset_id]}"))
        else:
            taken[asset_id] = entry.path
            sidecars += entry.sidecar is not None
    return TakenIn(len(taken), sidecars, tuple(skipped))


def _take_one(library: Library, found: Found, owner: str | None, mounted: Mounted | None) -> str | None:
    status = found.path.stat()
    if not 0 < status.st_size <= LARGEST:
        return None
    return library.import_photo(
        found.path.read_bytes(),
        found.path.name,
        sidecar=found.sidecar.read_bytes() if found.sidecar else None,
        owner=owner,
        file_created_at=datetime.fromtimestamp(status.st_mtime, UTC),
        external=(mounted.on_server(found.path), mounted.path) if mounted else None,
    )
