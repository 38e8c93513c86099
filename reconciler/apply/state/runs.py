"""Reading the journal: which runs there were, what each was to do, and what became of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.apply.state.database import State
from reconciler.apply.state.journal import Stage, What
from reconciler.apply.state.record import albums_from, failures_from, operation_from
from reconciler.apply.written import Sent
from reconciler.diff.changes import Changes
from reconciler.model.live import Album
from reconciler.plan import Plan
from reconciler.plan.document import BadPlanFile, from_bytes
from reconciler.plan.operations import Operation, asset_ids
from reconciler.plan.report import Fate, ItemFailure, OperationReport, Outcome

_COLUMNS = (
    "id, server, user, user_name, what, of, pid, version, folder, started, ended, outcome, error, settled, "
    "reverted"
)
_TOUCHED = (Stage.SENT, Stage.WRITTEN, Stage.PARTLY)


class NoSuchRun(Exception):
    """There is no such run in the journal, or none that fits; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the journal has it. `tally` counts its operations by stage; times are ISO texts in UTC.

    `server` is its address; `folder` is where the command was given, which its files are relative to;
    `of` is the run that it continued or took back. `ended` and `outcome` are None where it died.
    """

    id: int
    server: str
    user: str
    user_name: str
    what: What
    of: int | None
    pid: int
    version: str
    folder: str
    started: str
    ended: str | None
    outcome: str | None
    error: str
    settled: int
    reverted: int
    tally: Mapping[Stage, int] = field(default_factory=dict)

    @property
    def touched(self) -> bool:
        """Whether it has written anything, or may have."""
        return any(self.tally.get(stage) for stage in _TOUCHED) or (self.unfinished and bool(self.tally))

    @property
    def unfinished(self) -> bool:
        """Whether it died: killed, or the power went."""
        return self.ended is None

    @property
    def resumable(self) -> bool:
        """Whether something of its plan may be left to do."""
        ended_early = self.outcome in (Outcome.INTERRUPTED.value, Outcome.PARTIAL.value)
        return self.unfinished or ended_early


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the journal has it."""

    number: int
    round: int
    text: str
    photos: int
    stage: Stage
    error: str
    failures: tuple[ItemFailure, ...]
    at: str
    operation: Operation

    @property
    def unclear(self) -> bool:
        """Whether nothing is known of an answer; a power cut may have taken the word of one that was sent."""
        return self.stage in (Stage.SENT, Stage.PLANNED)

    @property
    def in_part(self) -> bool:
        """Whether it failed as a whole, but may have been cut into parts of which some were taken."""
        return self.stage is Stage.FAILED and self.photos > 1 and not self.failures

    def sent(self, *, unknown: Fate) -> Sent:
        """The operation with its fate; `unknown` is taken for one of which no answer is known."""
        fate = unknown if self.unclear or self.in_part else Fate(self.stage.value)
        report = OperationReport(self.text, len(asset_ids(self.operation)), fate, self.error, self.failures)
        return Sent(self.operation, report)


@dataclass(frozen=True, slots=True)
class Past:
    """What a run did: its plan, the part of it that was still to be written, its operations, and so on."""

    run: Run
    plan: Plan
    changes: Changes
    entries: tuple[Entry, ...] = ()
    deleted: Mapping[str, tuple[Album, frozenset[str]]] = field(default_factory=dict)
    """The albums that were to be deleted, with their members, by the id they had."""

    def taken(self) -> tuple[tuple[int, Sent], ...]:
        """Every operation that the server took, or may have taken, by number."""
        return tuple(
            (entry.number, entry.sent(unknown=Fate.WRITTEN)) for entry in sent_of(self.run, self.entries)
        )

    def answered(self) -> tuple[Sent, ...]:
        """The operations that the server has taken for certain."""
        return tuple(
            entry.sent(unknown=Fate.NOT_SENT)
            for entry in self.entries
            if entry.stage in (Stage.WRITTEN, Stage.PARTLY)
        )

    def in_flight(self) -> tuple[Entry, ...]:
        """The operations of which it isn't known whether the server took them."""
        return tuple(in_flight(self.run, self.entries))


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs in a state database."""

    state: State

    def all(self, *, server: str | None = None, user: str | None = None) -> tuple[Run, ...]:
        """The runs, newest first; of one server or account where asked for. Raises StateUnusable."""
        wanted = {"server": server, "user": user}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " and ".join(f"{name} = :{name}" for name in given) or "1"
        return self._read(where, given)

    def newest(self, server: str) -> int:
        """The number of the last run on a server; 0 where there was none. Raises StateUnusable."""
        if not self.state.path.exists():
            return 0
        with self.state.usable(), closing(self.state.connect()) as database:
            row = database.execute("select max(id) from run where server = ?", (server,)).fetchone()
        return row[0] or 0

    def get(self, number: int) -> Run:
        """One run. Raises NoSuchRun, StateUnusable."""
        found = self._read("id = :id", {"id": number})
        if not found:
            known = [run.id for run in self.all()]
            there = f"there are {known[-1]} to {known[0]}" if known else "there are none yet"
            raise NoSuchRun(f"there is no run {number} in {self.state.folder}: {there} (immich-runs)")
        return found[0]

    def past(self, run: Run) -> Past:
        """Everything about a run. Raises BadPlanFile where another version wrote what can't be read."""
        with self.state.usable(), closing(self.state.connect()) as database:
            plan, checked, albums = database.execute(
                "select plan, checked, albums from run where id = ?", (run.id,)
            ).fetchone()
        planned = _plan(plan, run)
        changes = _plan(checked, run).changes if checked else planned.changes
        return Past(run, planned, changes, self.entries(run), albums_from(albums))

    def entries(self, run: Run) -> tuple[Entry, ...]:
        """The operations of a run, in order. Raises StateUnusable."""
        with self.state.usable(), closing(self.state.connect()) as database:
            rows = database.execute(
                "select number, round, text, photos, state, error, failures, at, kind, body from operation"
                " where run = ? order by number",
                (run.id,),
            ).fetchall()
        return tuple(map(_entry, rows))

    def sent(self, run: Run) -> tuple[Operation, ...]:
        """The operations of a run that the server has taken, or may have. Raises StateUnusable."""
        return tuple(entry.operation for entry in sent_of(run, self.entries(run)))

    def gone_files(self, server: str, user: str) -> tuple[int, tuple[str, ...]]:
        """Of how many files the account's last apply was made, and those that are gone.

        Raises StateUnusable.
        """
        applied = (run for run in self.all(server=server, user=user) if run.what is What.APPLY)
        last = next(applied, None)
        if last is None:
            return 0, ()
        files = self.files(last)
        return len(files), tuple(file for file in files if not Path(last.folder, file).exists())

    def files(self, run: Run) -> tuple[str, ...]:
        """The files that a run was made from, as they were named in its folder. Raises StateUnusable."""
        with self.state.usable(), closing(self.state.connect()) as database:
            rows = database.execute("select file from source where run = ? order by file", (run.id,))
            return tuple(file for (file,) in rows)

    def unsettled(self, server: str) -> tuple[Run, ...]:
        """Runs on a server whose jobs may not be done: each was left, stopped or killed before they were.

        Newest first. Raises StateUnusable.
        """
        found = [run for run in self.all(server=server) if run.touched and run.outcome != Outcome.DONE.value]
        if not found:
            return ()
        with self.state.usable(), closing(self.state.connect()) as database:
            row = database.execute("select run from idle where server = ?", (server,)).fetchone()
        return tuple(run for run in found if row is None or run.id > row[0])

    def seen_idle(self, server: str) -> None:
        """Writes down that the jobs of all runs on a server are done. Raises StateUnusable."""
        if not self.state.path.exists():
            return
        with self.state.usable(), closing(self.state.connect()) as database:
            database.execute(
                "insert or replace into idle select server, max(id) from run where server = ?"
                " group by server",
                (server,),
            )

    def settle(self, run: Run, outcome: Outcome, settled: int, reverted: int) -> None:
        """Writes down what was found when a run was read back later."""
        with self.state.usable(), closing(self.state.connect()) as database:
            database.execute(
                "update run set outcome = ?, settled = ?, reverted = ? where id = ?",
                (outcome.value, settled, reverted, run.id),
            )

    def prove(self, run: Run, stages: Mapping[int, Stage], at: str) -> None:
        """Writes down what was found about operations without an answer, and that the run is over."""
        with self.state.usable(), closing(self.state.connect()) as database:
            database.execute("begin immediate")
            with database:
                database.executemany(
                    "update operation set state = ?, at = ? where run = ? and number = ?",
                    [(stage.value, at, run.id, number) for number, stage in stages.items()],
                )
                database.execute(
                    "update run set ended = ?, outcome = ? where id = ? and ended is null",
                    (at, Outcome.INTERRUPTED.value, run.id),
                )

    def _read(self, where: str, given: Mapping[str, str | int]) -> tuple[Run, ...]:
        if not self.state.path.exists():
            return ()
        with self.state.usable(), closing(self.state.connect()) as database:
            rows = database.execute(
                f"select {_COLUMNS} from run where {where} order by id desc", given
            ).fetchall()
            tallies: dict[int, dict[Stage, int]] = {}
            for run, stage, count in database.execute(
                "select run, state, count(*) from operation group by run, state"
            ):
                tallies.setdefault(run, {})[Stage(stage)] = count
        return tuple(_run(row, tallies.get(row[0], {})) for row in rows)


def sent_of(run: Run, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Those of a run's operations that the server has taken, or may have."""
    for entry in entries:
        if entry.stage in _TOUCHED or entry.in_part or (run.unfinished and entry.unclear):
            yield entry


def in_flight(run: Run, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Those of a run's operations of which it isn't known whether the server took them."""
    for entry in entries:
        if entry.stage is Stage.SENT or (run.unfinished and entry.unclear):
            yield entry


def _run(row: Sequence[Any], tally: Mapping[Stage, int]) -> Run:
    found = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Run(**{**found, "what": What(found["what"])}, tally=tally)


def _plan(data: bytes, run: Run) -> Plan:
    try:
        return from_bytes(zlib.decompress(data))
    except (BadPlanFile, zlib.error) as error:
        raise BadPlanFile(f"what run {run.id} was to do can't be read any more: {error}") from None


def _entry(row: tuple[int, int, str, int, str, str, str, str, str, bytes]) -> Entry:
    number, turn, text, photos, stage, error, failures, at, kind, body = row
    operation = operation_from(kind, body)
    return Entry(number, turn, text, photos, Stage(stage), error, failures_from(failures), at, operation)
