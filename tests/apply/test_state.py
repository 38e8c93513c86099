"""A state folder that fails is told in words, with the way out, whatever it fails with."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.apply.state.database import VERSION, State, StateUnusable, state_errors


def said(error: Exception) -> str:
    with pytest.raises(StateUnusable) as told, state_errors(Path("/photos/state")):
        raise error
    text = str(told.value)
    assert "/photos/state" in text
    return text


def of_sqlite(kind: type[sqlite3.Error], code: int, text: str) -> sqlite3.Error:
    error = kind(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "its disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "its disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "can't be written to (Permission denied)"),
        (OSError(errno.EROFS, "Read-only file system"), "can't be written to (Read-only file system)"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory"), "Not a directory"),
        (
            of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_FULL, "database or disk is full"),
            "its disk is full",
        ),
        (
            of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_READONLY | 8 << 8, "attempt to write"),
            "can't be written to",
        ),
        (
            of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_CANTOPEN, "unable to open"),
            "can't be written to",
        ),
        (
            of_sqlite(sqlite3.OperationalError, sqlite3.SQLITE_BUSY, "database is locked"),
            "another process keeps state.db locked",
        ),
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error"),
    ],
)
def test_what_is_wrong_and_what_to_do(error: Exception, words: str) -> None:
    text = said(error)
    assert words in text and "--state-dir" in text


def test_a_damaged_database_is_not_blamed_on_the_disk() -> None:
    text = said(of_sqlite(sqlite3.DatabaseError, sqlite3.SQLITE_NOTADB, "file is not a database"))
    assert "state.db in it is damaged" in text and "Move that file away" in text and "Job Queues" in text


def _ask(state: State) -> list[Callable[[], object]]:
    return [
        lambda: state.leases("s"),
        lambda: state.attempts("u"),
        lambda: state.add_lease("s", "sidecar", "now"),
        lambda: state.connect(),
    ]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.path.write_bytes(b"these are no tables at all" * 100)
    for ask in _ask(state):
        with pytest.raises(StateUnusable, match="damaged"):
            ask()


def test_a_database_that_lost_its_middle(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.add_lease("s", "sidecar", "now")
    with sqlite3.connect(state.path) as database:
        database.execute("pragma journal_mode = delete")
    database.close()
    size = state.path.stat().st_size
    with state.path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    with pytest.raises(StateUnusable, match=r"damaged"):
        state.leases("s")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.add_lease("s", "sidecar", "now")
    with sqlite3.connect(state.path) as database:
        assert database.execute("pragma user_version").fetchone() == (VERSION,)
        database.execute(f"pragma user_version = {VERSION + 1}")
    database.close()
    for ask in _ask(state):
        with pytest.raises(StateUnusable, match="newer version of this program: update it"):
            ask()


def test_a_database_from_before_versions_is_taken_on(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.add_lease("s", "sidecar", "now")
    with sqlite3.connect(state.path) as database:
        database.execute("drop table idle")
        database.execute("pragma user_version = 0")
    database.close()
    assert [lease.queue for lease in state.leases("s")] == ["sidecar"]
    with sqlite3.connect(state.path) as database:
        assert database.execute("select count(*) from idle").fetchone() == (0,)
    database.close()


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateUnusable, match="--state-dir"):
        State(tmp_path / "state").add_lease("s", "sidecar", "now")
