"""What a run must remember beyond its own end: paused queues, undone wishes, albums of sets, its journal.

One SQLite file in the state folder, written durably. It holds no key; of the photos it holds the values that
were planned and tried.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums, SetKey, SetMember
from reconciler.model.attempts import Attempt, Attempts

_SCHEMA = """
create table if not exists lease (
    server text not null, queue text not null, pid integer not null, at text not null,
    primary key (server, queue));
create table if not exists attempt (
    user text not null, asset text not null, aspect text not null, wanted text not null,
    came_back text not null, reason text not null, at text not null,
    primary key (user, asset, aspect));
create table if not exists run (
    id integer primary key autoincrement, server text not null, user text not null, user_name text not null,
    what text not null, of integer, pid integer not null, version text not null, folder text not null,
    started text not null, ended text, outcome text, error text not null default '',
    settled integer not null default 0, reverted integer not null default 0,
    plan blob not null, checked blob, albums blob);
create index if not exists run_of_server on run (server, id);
create table if not exists source (run integer not null, file text not null);
create index if not exists source_of_run on source (run);
create table if not exists operation (
    run integer not null, number integer not null, round integer not null, kind text not null,
    text text not null, photos integer not null, state text not null, error text not null default '',
    failures text not null default '[]', at text not null, body blob not null,
    primary key (run, number));
create table if not exists set_album (
    user text not null, grouped text not null, narrowed text not null, part text not null,
    album text not null, primary key (user, grouped, narrowed, part));
create table if not exists applied (user text primary key, at text not null, state blob not null);
create table if not exists idle (server text primary key, run integer not null);
"""
VERSION = 1
"""Of the database; one with a higher number was written by a newer version of this program."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_UNWRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class StateUnusable(Exception):
    """The state folder can't be used; the message says which, why and what to do."""


@contextmanager
def state_errors(folder: Path) -> Iterator[None]:
    """Raises StateUnusable, in words, where the database or its folder fails."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StateUnusable(f"the state folder {folder} can't be used: {_trouble(error)}") from error


def _trouble(error: sqlite3.Error | OSError) -> str:
    """What is wrong, and the way out."""
    another = "or name another folder with --state-dir"
    if isinstance(error, OSError):
        said, full, forbidden = error.strerror or str(error), error.errno in _FULL, error.errno in _FORBIDDEN
    else:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        said, full, forbidden = str(error), code == sqlite3.SQLITE_FULL, code in _UNWRITABLE
        if code in _DAMAGED:
            return (
                f"state.db in it is damaged ({said}). Move that file away and run again. What it knew of "
                "earlier runs is lost: look in Immich under Administration > Job Queues whether a queue is "
                "paused"
            )
        if code == sqlite3.SQLITE_BUSY:
            return f"another process keeps state.db locked ({said}). End it, {another}"
    if full:
        return f"its disk is full ({said}). Make room, {another}"
    if forbidden:
        return f"it can't be written to ({said}). Make it writable, {another}"
    return f"{said}. Mend it, {another}"


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

    def leases(self, server: str | None = None) -> tuple[Lease, ...]:
        """The queues of a server, or of all, that runs have paused and not given back."""
        if not self.path.exists():
            return ()
        with self._open() as database:
            rows = database.execute(
                "select queue, pid, at from lease where server = coalesce(?, server) order by queue",
                (server,),
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

    def applied(self, user: str) -> bytes | None:
        """What an account's files asked for when it was last seen to be so; None where nothing is known."""
        if not self.path.exists():
            return None
        with self._open() as database:
            row = database.execute("select state from applied where user = ?", (user,)).fetchone()
            return row[0] if row else None

    def keep_applied(self, user: str, state: bytes, at: str) -> None:
        """Keeps what is now as an account's files ask, in the place of what was known before."""
        with self._open() as database:
            database.execute("insert or replace into applied values (?, ?, ?)", (user, at, state))

    def known_albums(self, user: str) -> KnownAlbums:
        """The albums of an account that runs have made, or taken over, for album sets."""
        if not self.path.exists():
            return NOTHING_KNOWN
        found: dict[SetKey, dict[str, str]] = {}
        with self._open() as database:
            rows = database.execute(
                "select grouped, narrowed, part, album from set_album where user = ?", (user,)
            )
            for grouped, narrowed, part, album in rows:
                found.setdefault(SetKey(grouped, narrowed), {})[part] = album
        return KnownAlbums(found)

    def remember_albums(self, user: str, albums: Mapping[SetMember, str]) -> None:
        """Writes down which albums are those of which groups, by the albums' ids; an album has one group."""
        rows = [
            (user, member.set.by, member.set.narrowed, member.group, album)
            for member, album in albums.items()
        ]
        known = self.known_albums(user).of
        if all(known.get(SetKey(row[1], row[2]), {}).get(row[3]) == row[4] for row in rows):
            return
        with self._open() as database:
            database.executemany(
                "delete from set_album where user = ? and album = ?", [(user, row[4]) for row in rows]
            )
            database.executemany("insert or replace into set_album values (?, ?, ?, ?, ?)", rows)

    def connect(self) -> sqlite3.Connection:
        """The open database with all its tables, each statement on its own; any thread may use it."""
        with self.usable():
            self.folder.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(database)
            except (sqlite3.Error, StateUnusable):
                database.close()
                raise
            return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        (found,) = database.execute("pragma user_version").fetchone()
        if found > VERSION:
            raise StateUnusable(
                f"{self.path} was written by a newer version of this program: update it, or name another "
                "folder with --state-dir"
            )
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.executescript(_SCHEMA)
        if found < VERSION:
            database.execute(f"pragma user_version = {VERSION}")

    def usable(self) -> AbstractContextManager[None]:
        """Raises StateUnusable where the database or its folder fails."""
        return state_errors(self.folder)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self.usable(), closing(self.connect()) as database:
            database.execute("begin")
            with database:
                yield database


def state_in(folder: Path | None) -> State:
    """The state of the given folder, or of the platform's."""
    return State(folder or default_folder())
