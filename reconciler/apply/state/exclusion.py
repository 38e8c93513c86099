"""Two runs against one server on one machine exclude each other.

The operating system holds the lock, so it is gone with the process, however that ends.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.apply.protocols import Interruption, Progress
from reconciler.apply.state.database import State, state_errors

if TYPE_CHECKING:
    from filelock import BaseFileLock

OTHERS = 2.0
"""Seconds between two looks at whether another run is over."""


class AnotherRun(Exception):
    """Somebody else is at work on this server; the message names the process."""


@dataclass(slots=True)
class Hold:
    """A server as held by this process. Others may have it while this run only waits for its time."""

    state: State
    server: str
    now: Callable[[], str]
    _lock: BaseFileLock

    def take(self) -> None:
        """Raises AnotherRun, or StateUnusable where no lock can be had."""
        from filelock import Timeout

        _, who_path = _paths(self.state, self.server)
        with state_errors(self.state.folder):
            self.state.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                raise AnotherRun(_held_by(who_path)) from None
            try:
                who = {"pid": os.getpid(), "at": self.now()}
                who_path.write_text(json.dumps(who), encoding="utf-8")
            except OSError:
                self._lock.release()
                raise

    def let_go(self) -> None:
        """Lets others have it; nothing where it isn't held."""
        if not self._lock.is_locked:
            return
        with suppress(OSError):  # who it was says nothing once the lock is gone
            _paths(self.state, self.server)[1].unlink(missing_ok=True)
        self._lock.release()

    def take_when_free(self, progress: Progress, interruption: Interruption) -> bool:
        """Takes it again, after waiting for another run to end; False where that was cut short."""
        while not interruption.requested:
            try:
                self.take()
            except AnotherRun as another:
                progress.stage(f"waiting: {str(another).partition(':')[0]}")
                interruption.wait(OTHERS)
            else:
                return True
        return False


@contextmanager
def only_run(state: State, server: str, now: Callable[[], str]) -> Iterator[Hold]:
    """Holds the server for this process. Raises AnotherRun, or StateUnusable where no lock can be had."""
    from filelock import FileLock

    hold = Hold(state, server, now, FileLock(str(_paths(state, server)[0]), timeout=0))
    hold.take()
    try:
        yield hold
    finally:
        hold.let_go()


def another_run(state: State, server: str) -> str:
    """Who is at work on a server, in words; empty where nobody is. Raises StateUnusable."""
    lock_path, who_path = _paths(state, server)
    if not who_path.exists():
        return ""
    from filelock import FileLock, Timeout

    with state_errors(state.folder):
        try:
            with FileLock(str(lock_path), timeout=0):
                return ""
        except Timeout:
            return _held_by(who_path)


def _paths(state: State, server: str) -> tuple[Path, Path]:
    """The lock of a server, and the file that says who holds it."""
    name = hashlib.sha256(server.encode()).hexdigest()[:16]
    return state.folder / f"run-{name}.lock", state.folder / f"run-{name}.json"


def _held_by(who_path: Path) -> str:
    try:
        who = json.loads(who_path.read_text(encoding="utf-8"))
        return (
            f"another run is at work on this server (process {who['pid']}, since {who['at']}): "
            "wait until it is done, or stop it"
        )
    except (OSError, ValueError, KeyError):
        return "another run is at work on this server: wait until it is done, or stop it"
