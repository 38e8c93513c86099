"""What is done to a library folder as a whole: giving it up, letting it play another version."""

from __future__ import annotations

import shutil
from pathlib import Path

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.household import KEYS
from reconciler.sandbox.library import DATABASE, LOCK, Library, store_setting
from reconciler.sandbox.locking import FolderLock
from reconciler.sandbox.settings import default_config
from reconciler.sandbox.versions import version_named

_FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", LOCK)
_FOLDERS = ("media", KEYS)


def is_library(path: Path) -> bool:
    return (path / DATABASE).is_file()


def discard(path: Path) -> None:
    """Deletes a library, so that a new one can be made in its folder; the folder itself stays.

    Raises:
        SandboxError: Something else is in the folder too, or a process runs the library.
    """
    others = sorted(entry.name for entry in path.iterdir() if entry.name not in (*_FILES, *_FOLDERS))
    if others:
        raise SandboxError(
            f"{path} holds more than a sandbox library ({', '.join(others[:3])}): delete it yourself"
        )
    lock = FolderLock(path / LOCK)
    lock.acquire()
    lock.release()  # before the files go: Windows deletes no open file
    for name in _FILES:
        (path / name).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(path / name, ignore_errors=True)


def change_version(path: Path, version: str) -> None:
    """Lets a library play another version from now on; its photos stay as they are.

    Raises:
        SandboxError: There is no library, or no such version.
    """
    played = version_named(version)
    with Library.open(path) as library:
        if library.version == played:
            return
        jobs = default_config(played)["job"]
        kept = {name: value for name, value in library.config["job"].items() if name in jobs}
        library.change_config({**library.config, "job": {**jobs, **kept}})
        with library.database.write() as db:
            store_setting(db, "version", version)
