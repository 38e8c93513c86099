"""Connections to a library's SQLite file: many readers, one writer at a time."""

from __future__ import annotations

import functools
import json
import sqlite3
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.store.schema import FORMAT, SCHEMA

GIVEN = "(SELECT value FROM json_each(?))"
"""The values of a list that is one parameter, as JSON."""
Params = Sequence[Any] | Mapping[str, Any]
Row = sqlite3.Row


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is queued; jobs.QUEUE_OF names its queue."""

    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A job that waits or runs."""

    id: int
    queue: str
    name: str
    data: Mapping[str, Any]
    created_at: int


class Reader:
    """Reads; every read outside a write sees the last committed state."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        return self._connection.execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = ()) -> Row | None:
        found: Row | None = self._connection.execute(sql, params).fetchone()
        return found

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, params)
        return None if row is None else row[0]

    def values(self, sql: str, params: Params = ()) -> list[Any]:
        return [row[0] for row in self._connection.execute(sql, params)]


class Writer(Reader):
    """Reads and changes within one transaction; queued jobs start once it is committed."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock, queue_of: Mapping[str, str]) -> None:
        super().__init__(connection)
        self._clock = clock
        self._queue_of = queue_of
        self.queued: list[Job] = []

    def run(self, sql: str, params: Params = ()) -> int:
        """The number of rows changed."""
        return self._connection.execute(sql, params).rowcount

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        self._connection.executemany(sql, params)

    def now(self) -> int:
        return self._clock.now()

    def enqueue(self, name: str, data: Mapping[str, Any]) -> None:
        queue, created = self._queue_of[name], self._clock.now()
        cursor = self._connection.execute(
            "INSERT INTO job (queue, name, data, created_at) VALUES (?, ?, ?, ?)",
            (queue, name, json.dumps(data), created),
        )
        self.queued.append(Job(cursor.lastrowid or 0, queue, name, data, created))

    def enqueue_all(self, jobs: Iterable[NewJob]) -> None:
        for job in jobs:
            self.enqueue(job.name, job.data)


class Database:
    """A pool of connections to one file, and the lock that lets one writer in at a time."""

    def __init__(self, path: Path, clock: Clock, queue_of: Mapping[str, str]) -> None:
        self.path = path
        self.clock = clock
        self._queue_of = queue_of
        self._idle: list[sqlite3.Connection] = []
        self._pool_lock = threading.Lock()
        self._write_lock = threading.RLock()
        self._closed = False
        self.on_queued: Callable[[list[Job]], None] = lambda _jobs: None

    @staticmethod
    def make(path: Path) -> None:
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.commit()
        finally:
            connection.close()

    def check_format(self) -> None:
        """Raises SandboxError when the file was made by another version of the sandbox."""
        try:
            with self.read() as db:
                found = db.value("PRAGMA user_version")
        except sqlite3.DatabaseError as error:
            raise SandboxError(f"{self.path} is not a sandbox library ({error}): make a new one") from error
        if found != FORMAT:
            raise SandboxError(
                f"{self.path} has format {found}, this version needs {FORMAT}: make a new library"
            )

    @contextmanager
    def read(self) -> Iterator[Reader]:
        with self._borrowed() as connection:
            yield Reader(connection)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction: all of it or, after an exception, nothing."""
        with self._write_lock, self._borrowed() as connection:
            connection.execute("BEGIN IMMEDIATE")
            writer = Writer(connection, self.clock, self._queue_of)
            try:
                yield writer
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            if writer.queued:
                self.on_queued(writer.queued)

    def analyze(self) -> None:
        """Tells SQLite how the rows are spread, so that it takes the index that finds the fewest."""
        with self._write_lock, self._borrowed() as connection:
            connection.execute("PRAGMA analysis_limit = 1000")
            connection.execute("ANALYZE")
        with self._pool_lock:
            idle, self._idle = self._idle, []
        for connection in idle:  # the others would go on with what they knew before
            connection.close()

    def close(self) -> None:
        with self._pool_lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with self._pool_lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            yield connection
        finally:
            with self._pool_lock:
                keep = not self._closed
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -64000")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.create_function("plain", 1, plain, deterministic=True)
        return connection


_SPELLED = {
    "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "ħ": "h", "ı": "i",
    "ŧ": "t", "ŋ": "n", "ё": "е", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...",
}  # fmt: skip


def plain(text: str | None) -> str:
    """Without accents and case, as the server compares names and texts in a search.

    Accents go from Latin and Greek letters, not from others: й and が stay what they are.
    """
    if not text:
        return ""
    return text.lower() if text.isascii() else "".join(map(_plain_char, text))


@functools.lru_cache(maxsize=4096)
def _plain_char(char: str) -> str:
    if "\u0300" <= char <= "\u036f":
        return ""
    low = char.lower()
    if low in _SPELLED or not char.isalpha():
        return _SPELLED.get(low, low)
    letters = [part for part in unicodedata.normalize("NFKD", low) if not unicodedata.combining(part)]
    named = unicodedata.name(letters[0], "") if letters else ""
    return "".join(letters) if named.startswith(("LATIN", "GREEK")) else low
