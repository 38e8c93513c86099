"""Two runs against one server on one machine exclude each other.

The operating system holds the lock, so it is gone with the process, however that ends.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.apply.state import State, StateUnusable


class AnotherRun(Exception):
    """Somebody else is at work on this server; the message names the process."""


def _paths(state: State, server: str) -> tuple[Path, Path]:
    """The lock of a server, and the file that says who holds it."""
    name = hashlib.sha256(server.encode()).hexdigest()[:16]
    return state.folder / f"run-{name}.lock", state.folder / f"run-{name}.json"


@contextmanager
def only_run(state: State, server: str, at: str) -> Iterator[None]:
    """Holds the server for this process. Raises AnotherRun, or StateUnusable where no lock can be had."""
    from filelock import FileLock, Timeout

    lock_path, who_path = _paths(state, server)
    try:
        state.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(lock_path), timeout=0)
        lock.acquire()
    except Timeout:
        raise AnotherRun(_held_by(who_path)) from None
    except OSError as error:
        raise StateUnusable(f"the state folder {state.folder} can't be used ({error})") from error
    try:
        with state.usable():
            who_path.write_text(json.dumps({"pid": os.getpid(), "at": at}), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):  # who it was says nothing once the lock is gone
            who_path.unlink(missing_ok=True)
        lock.release()


def another_run(state: State, server: str) -> str:
    """Who is at work on a server, in words; empty where nobody is."""
    from filelock import FileLock, Timeout

    lock_path, who_path = _paths(state, server)
    if not lock_path.exists():
        return ""
    try:
        with FileLock(str(lock_path), timeout=0):
            return ""
    except Timeout:
        return _held_by(who_path)


def _held_by(who_path: Path) -> str:
    try:
        who = json.loads(who_path.read_text(encoding="utf-8"))
        return (
            f"another run is at work on this server (process {who['pid']}, since {who['at']}): "
            "wait until it is done, or stop it"
        )
    except (OSError, ValueError, KeyError):
        return "another run is at work on this server: wait until it is done, or stop it"
