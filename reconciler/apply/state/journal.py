"""The journal of runs: what a run is about to do and what became of it, each written down before and after.

It serves three ends: to continue a run that died (`immich-apply --resume`), to take one back (`immich-undo`)
and to see later whether it has lasted (`immich-runs verify`). Nothing of it holds a key.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from reconciler import __version__
from reconciler.apply.state.database import State
from reconciler.apply.state.record import albums_bytes, failures_text, kind_of, operation_bytes
from reconciler.diff.changes import Action, Changes
from reconciler.model.live import Album, Live
from reconciler.plan import Plan
from reconciler.plan.document import to_pieces
from reconciler.plan.operations import Operation, asset_ids
from reconciler.plan.report import OperationReport, Report

KEEP = 50
"""So many runs of each server are kept."""


class Stage(StrEnum):
    """How far an operation has come. `sent` stays where no answer came: it may be done or not."""

    PLANNED = "planned"
    SENT = "sent"
    WRITTEN = "written"
    PARTLY = "partly"
    FAILED = "failed"
    NOT_SENT = "not sent"


class What(StrEnum):
    """What a run is for."""

    APPLY = "apply"
    UNDO = "undo"
    RESUME = "resume"


BROKE = "failed"
"""The outcome of a run that ended with an error before it could give a report."""


class Journal(Protocol):
    """Is told of every step of a run. Every call but `run` may raise StateUnusable."""

    @property
    def run(self) -> str:
        """The number of the run under way or the last one; empty where none is kept."""
        ...

    def begin(self, plan: Plan) -> None:
        """A run begins, and nothing is touched yet."""
        ...

    def checked(self, plan: Plan, live: Live) -> None:
        """What of the plan is really going to be written; `live` is how it stands before."""
        ...

    def sending(self, number: int) -> None:
        """The operation is about to be sent. Operations are numbered from 1 in the order of the plan."""
        ...

    def answered(self, number: int, report: OperationReport, *, uncertain: bool) -> None:
        """What became of it; `uncertain` where it may have taken effect although it failed."""
        ...

    def end(self, report: Report) -> None:
        """The run is over and this is its report."""
        ...

    def broke(self, error: str) -> None:
        """The run ended with an error and without a report."""
        ...


class NoJournal:
    """For runs that nobody wants to hear of again."""

    run = ""

    def begin(self, plan: Plan) -> None:
        """Ignored."""

    def checked(self, plan: Plan, live: Live) -> None:
        """Ignored."""

    def sending(self, number: int) -> None:
        """Ignored."""

    def answered(self, number: int, report: OperationReport, *, uncertain: bool) -> None:
        """Ignored."""

    def end(self, report: Report) -> None:
        """Ignored."""

    def broke(self, error: str) -> None:
        """Ignored."""


@dataclass(slots=True)
class RunJournal:
    """Keeps runs in the state database, one connection for each run.

    A run's begin, its operations before the first is sent, and its end are on the disk when the call returns.
    What is said of single operations survives the death of this process at once, but not a power cut within
    the last moments: waiting for the disk twice for each of 10,000 requests would take longer than they do.
    Readers therefore take an operation of a run that never ended for one that may have been sent.
    """

    state: State
    server: str
    now: Callable[[], str]
    what: What = What.APPLY
    of: int | None = None
    """The run that is undone or continued."""
    _id: int | None = None
    _database: sqlite3.Connection | None = None
    _planned: Changes = field(default_factory=Changes)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def run(self) -> str:
        """The number of the run under way or the last one."""
        return "" if self._id is None else str(self._id)

    def begin(self, plan: Plan) -> None:
        """Writes down the plan, and strikes out the oldest runs of this server."""
        self._close()
        self._planned = plan.changes
        self._database = self.state.connect()
        who = plan.identity
        row = (
            self.server,
            who.user_id,
            who.user_name,
            self.what.value,
            self.of,
            os.getpid(),
            __version__,
            str(Path.cwd()),
            self.now(),
            _packed(plan),
        )
        with self._durably() as database:
            cursor = database.execute(
                "insert into run (server, user, user_name, what, of, pid, version, folder, started, plan)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            self._id = cursor.lastrowid
            database.executemany(
                "insert into source values (?, ?)",
                [(self._id, file) for file in plan.files if Path(file).is_file()],
            )
            _prune(database, self.server)

    def checked(self, plan: Plan, live: Live) -> None:
        """Writes down every operation as planned, and the albums that are going to be deleted, in full."""
        deleted = list(_deleted(plan, live))
        rows = (
            (
                self._id,
                number,
                turn,
                kind_of(operation),
                operation.text,
                len(asset_ids(operation)),
                Stage.PLANNED.value,
                self.now(),
                operation_bytes(operation),
            )
            for number, turn, operation in numbered(plan)
        )
        with self._durably() as database:
            database.execute(
                "update run set checked = ?, albums = ? where id = ?",
                (
                    None if plan.changes == self._planned else _packed(plan),
                    albums_bytes(deleted) if deleted else None,
                    self._id,
                ),
            )
            database.executemany(
                "insert into operation (run, number, round, kind, text, photos, state, at, body)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
        with self.state.usable():
            database.execute("pragma synchronous = normal")

    def sending(self, number: int) -> None:
        """The operation counts as in flight from now on."""
        self._mark(number, Stage.SENT, "", "[]")

    def answered(self, number: int, report: OperationReport, *, uncertain: bool) -> None:
        """The operation's fate, with the photos that were not taken."""
        stage = Stage.SENT if uncertain else Stage(report.fate.value)
        self._mark(number, stage, report.error, failures_text(report.failures))

    def end(self, report: Report) -> None:
        """The report; what was never sent is marked so."""
        self._end(report.outcome.value, report.error, report.settled, len(report.reverted))

    def broke(self, error: str) -> None:
        """The error; what was never sent is marked so."""
        self._end(BROKE, error, 0, 0)

    def _end(self, outcome: str, error: str, settled: int, reverted: int) -> None:
        try:
            with self._durably() as database:
                database.execute(
                    "update run set ended = ?, outcome = ?, error = ?, settled = ?, reverted = ?"
                    " where id = ?",
                    (self.now(), outcome, error, settled, reverted, self._id),
                )
                database.execute(
                    "update operation set state = ? where run = ? and state = ?",
                    (Stage.NOT_SENT.value, self._id, Stage.PLANNED.value),
                )
        finally:
            self._close()

    def _mark(self, number: int, stage: Stage, error: str, failures: str) -> None:
        assert self._database is not None
        with self._lock, self.state.usable():
            self._database.execute(
                "update operation set state = ?, error = ?, failures = ?, at = ?"
                " where run = ? and number = ?",
                (stage.value, error, failures, self.now(), self._id, number),
            )

    @contextmanager
    def _durably(self) -> Iterator[sqlite3.Connection]:
        """One transaction that is on the disk afterwards."""
        database = self._database
        assert database is not None
        with self._lock, self.state.usable():
            database.execute("pragma synchronous = full")
            database.execute("begin immediate")
            with database:
                yield database

    def _close(self) -> None:
        if self._database is not None:
            with self.state.usable():
                self._database.close()
            self._database = None


def numbered(plan: Plan) -> Iterator[tuple[int, int, Operation]]:
    """Every operation with its number and its round, both from 1, in the order of the plan."""
    number = 0
    for turn, part in enumerate(plan.rounds, start=1):
        for operation in part.operations:
            number += 1
            yield number, turn, operation


def _deleted(plan: Plan, live: Live) -> Iterator[tuple[Album, frozenset[str]]]:
    """The albums that the plan deletes, as they are now: undoing has nothing else to go by."""
    albums: Mapping[str, Album] = {album.id: album for album in live.albums}
    for change in plan.changes.albums:
        if change.action is Action.DELETE and change.id and change.id in albums:
            yield albums[change.id], live.members.get(change.id, frozenset())


def _packed(plan: Plan) -> bytes:
    """The plan's document, compressed; an empty one where a file's name is no text that JSON can hold."""
    packer = zlib.compressobj(1)
    try:
        pieces = to_pieces(plan, public=False)
    except TypeError:
        pieces = []
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def _prune(database: sqlite3.Connection, server: str) -> None:
    database.execute(
        "delete from run where server = ? and id not in"
        " (select id from run where server = ? order by id desc limit ?)",
        (server, server, KEEP),
    )
    for table in ("operation", "source"):
        database.execute(f"delete from {table} where run not in (select id from run)")
