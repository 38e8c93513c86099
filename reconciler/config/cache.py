"""A folder of results that can be worked out anew, each by a key that says all it depends on.

Nothing in it is trusted further than it must be: the folder belongs to the user alone, each file is sealed
with a hash, and what doesn't fit is as if it weren't there. No secret gets in: references are kept as text.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 512 * 1024 * 1024
"""Bytes of the whole folder; what was used longest ago goes first."""

STALE = 3600.0
"""Seconds after which a file that is still being written belongs to a process that died."""

_SUFFIX = ".kept"
_UNFINISHED = ".new"
_SEAL = 32
_LENGTH = 8


def default_cache(part: str = "files") -> Cache | None:
    """The platform's place, or the one named by IMMICH_RECONCILER_CACHE_DIR; None where that is empty.

    Each `part` is a folder of its own, with its own bound.
    """
    named = os.environ.get("IMMICH_RECONCILER_CACHE_DIR")
    if named is None:
        import platformdirs

        named = platformdirs.user_cache_dir("immich-reconciler", appauthor=False)
    return Cache(Path(named, part)) if named else None


@dataclass(frozen=True, slots=True)
class Cache:
    """Lists of bytes by key, in one folder.

    Never raises: what can't be read isn't there, and what can't be kept isn't kept.
    """

    folder: Path
    largest: int = LARGEST

    def get(self, key: str) -> list[bytes] | None:
        """What was kept under this key, whole and unchanged; None otherwise."""
        path = self._path(key)
        try:
            if not self._is_private():
                return None
            raw = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        data = memoryview(raw)[_SEAL:]
        return list(_apart(data)) if raw[:_SEAL] == _seal(key, data) else None

    def put(self, key: str, parts: Iterable[bytes]) -> None:
        """Keeps bytes under a key, and makes room for them."""
        data = b"".join(piece for part in parts for piece in (len(part).to_bytes(_LENGTH, "big"), part))
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if len(data) > self.largest or not self._is_private():
                return
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=_UNFINISHED)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_seal(key, data))
                    file.write(data)
                Path(name).replace(self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._make_room()

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}{_SUFFIX}"

    def _is_private(self) -> bool:
        """Whether nobody else may have put something into the folder."""
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return False
        return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)

    def _make_room(self) -> None:
        for path in self.folder.glob(f"*{_UNFINISHED}"):
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink(missing_ok=True)
        kept = [(path, path.stat()) for path in self.folder.glob(f"*{_SUFFIX}")]
        kept.sort(key=lambda entry: entry[1].st_mtime_ns, reverse=True)
        total = 0
        for path, found in kept:
            total += found.st_size
            if total > self.largest:
                path.unlink(missing_ok=True)


def _apart(data: memoryview) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at + _LENGTH
        at = start + int.from_bytes(data[at:start], "big")
        yield bytes(data[start:at])


def _seal(key: str, data: bytes | memoryview) -> bytes:
    made = hashlib.blake2b(key.encode(), digest_size=_SEAL)
    made.update(data)
    return made.digest()
