"""What a run must remember beyond its own end: paused queues, and wishes that the server has undone.

One SQLite file in the state folder, written durably. It holds no key and no photo's content beyond the
values that were tried.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.attempts import Attempt, Attempts

_SCHEMA = """
create table if not exists lease (
    server text not null, queue text not null, pid integer not null, at text not null,
    primary key (server, queue));
create table if not exists attempt (
    user text not null, asset text not null, aspect text not null, wanted text not null,
    came_back text not null, reason text not null, at text not null,
    primary key (user, asset, aspect));
"""


class StateUnusable(Exception):
    """The state folder can't be used; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A queue that a run has paused and must give back."""

    queue: str
    pid: int
    at: str


def default_folder() -> Path:
    """The platform's place for a program's state, or the one named by IMMICH_RECONCILER_STATE_DIR."""
    import platformdirs

    named = os.environ.get("IMMICH_RECONCILER_STATE_DIR")
    return Path(named) if named else Path(platformdirs.user_state_dir("immich-reconciler", appauthor=False))


@dataclass(frozen=True, slots=True)
class State:
    """The state database of one folder. Every method opens it anew, so that nothing is held between them."""

    folder: Path

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / "state.db"

    def leases(self, server: str) -> tuple[Lease, ...]:
        """The queues of a server that runs have paused and not given back."""
        if not self.path.exists():
            return ()
        with self._open() as database:
            rows = database.execute(
                "select queue, pid, at from lease where server = ? order by queue", (server,)
            )
            return tuple(Lease(*row) for row in rows)

    def add_lease(self, server: str, queue: str, at: str) -> None:
        """Writes down, before it happens, that this process pauses a queue."""
        with self._open() as database:
            database.execute(
                "insert or replace into lease values (?, ?, ?, ?)", (server, queue, os.getpid(), at)
            )

    def drop_lease(self, server: str, queue: str) -> None:
        """The queue is given back."""
        with self._open() as database:
            database.execute("delete from lease where server = ? and queue = ?", (server, queue))

    def attempts(self, user: str) -> Attempts:
        """The wishes of an account that the server has undone, by asset id and aspect."""
        if not self.path.exists():
            return {}
        with self._open() as database:
            rows = database.execute(
                "select asset, aspect, wanted, came_back, reason, at from attempt where user = ?", (user,)
            )
            return {(row[0], row[1]): Attempt(*row) for row in rows}

    def remember(self, user: str, undone: Iterable[Attempt], kept: Iterable[tuple[str, str]]) -> None:
        """Adds wishes that were undone, and forgets those (asset id, aspect) that have lasted since."""
        undone, kept = tuple(undone), tuple(kept)
        if not undone and not self.path.exists():
            return
        with self._open() as database:
            database.executemany(
                "delete from attempt where user = ? and asset = ? and aspect = ?",
                [(user, asset, aspect) for asset, aspect in kept],
            )
            database.executemany(
                "insert or replace into attempt values (?, ?, ?, ?, ?, ?, ?)",
                [
                    (user, item.asset_id, item.aspect, item.wanted, item.came_back, item.reason, item.at)
                    for item in undone
                ],
            )

    def forget_attempts(self, user: str) -> int:
        """Forgets everything that was tried, so that the next plan tries again; tells how many."""
        if not self.path.exists():
            return 0
        with self._open() as database:
            return database.execute("delete from attempt where user = ?", (user,)).rowcount

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=30)) as database:
                database.execute("pragma journal_mode = wal")
                database.execute("pragma synchronous = full")
                database.executescript(_SCHEMA)
                with database:
                    yield database
        except (sqlite3.Error, OSError) as error:
            text = (
                f"the state folder {self.folder} can't be used ({error}): "
                "make it writable, or name another with --state-dir"
            )
            raise StateUnusable(text) from error
