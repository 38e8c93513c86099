"""One process at a time: a lock on a file, which the system takes back when the process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from reconciler.sandbox.errors import SandboxError


class FolderLock:
    """Held from acquire() to release(); raises SandboxError when another process holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        if self._file is not None:
            raise SandboxError(f"{self.path.parent} is in use by this process already: close it first")
        file = self.path.open("a+", encoding="utf-8")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            owner = self._owner()
            raise SandboxError(
                f"{self.path.parent} is in use by another process{owner}: wait until it ends, or stop it"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _owner(self) -> str:
        try:
            number = self.path.read_text(encoding="utf-8").strip()
        except OSError:
            return ""
        return f" (process {number})" if number.isdecimal() else ""


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(0x7FFF_0000)  # beyond the text, so that others can still read who holds it
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
