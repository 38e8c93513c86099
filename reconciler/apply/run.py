"""One apply from beginning to end: window, check, rounds, settle, proof."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from reconciler.apply.check import Checked, OnDrift, check, touched_by
from reconciler.apply.queues.choice import UnknownQueue
from reconciler.apply.queues.jobs import ServerJobs
from reconciler.apply.queues.window import QueuesBusy, Window
from reconciler.apply.sending.narrow import NOTHING_MOVED, Moved, moved_since
from reconciler.apply.sending.send import Sender
from reconciler.apply.set_albums import albums_of_sets, remember
from reconciler.apply.stale import read_again, stale
from reconciler.apply.state.database import StateUnusable
from reconciler.apply.stopped import not_begun, out_of_time
from reconciler.apply.tools import Tools
from reconciler.apply.verify import Verdict, verify
from reconciler.apply.written import Sent, covered, filled, written
from reconciler.immich.errors import ServerError
from reconciler.live.touched import read_touched
from reconciler.plan import Plan
from reconciler.plan.operations import CreateTags, Operation, asset_ids, sidecar_photos, writes_sidecars
from reconciler.plan.report import Fate, OperationReport, Outcome, Report
from reconciler.plan.schedule import Round, Stage, schedule
from reconciler.plan.standing import Standing, standings

FRESH = timedelta(hours=1)
"""How long after its upload a photo may still be waiting to be read by the server."""


def apply_plan(
    plan: Plan, tools: Tools, *, saved: bool, fits: bool = False, on_drift: OnDrift | None = None
) -> Report:
    """Carries out a plan and proves what became of it.

    With OnDrift.STOP (the default for a plan from a file, `saved`) anything that has moved since makes the
    plan stale and nothing is written; with SKIP (the default otherwise) what has moved is left alone and the
    rest is done. A saved plan that was applied already is stale either way. A saved plan is looked at before
    queues are paused, unless it is known that it `fits`, and every plan once they are. Raises ServerError,
    QueuesBusy, NotNow or StateUnusable only before anything was written; the queues are given back however it
    ends.
    """
    if not plan.changes and not plan.migrates:
        return Report(Outcome.UNSETTLED if plan.undone else Outcome.NOTHING)
    if tools.opening:
        tools.opening.begin()
    if tools.interruption.requested:
        return not_begun(plan, tools.interruption)
    strict = (on_drift or (OnDrift.STOP if saved else OnDrift.SKIP)) is OnDrift.STOP
    if saved and not fits and (unfit := stale(plan, read_again(plan, tools.reader), on_drift)):
        return unfit
    tools.journal.begin(plan)
    try:
        report = _Run(plan, tools, strict).run()
    except (ServerError, QueuesBusy, StateUnusable, UnknownQueue) as error:
        with suppress(StateUnusable):  # what went wrong first is what is told
            tools.journal.broke(str(error))
        raise
    report = replace(report, run=tools.journal.run)
    try:
        tools.journal.end(report)
    except StateUnusable as error:
        tools.progress.say(f"the run's report can't be kept: {error}")
    return report


@dataclass(slots=True)
class _Run:
    """The state of one run; used once."""

    plan: Plan
    tools: Tools
    strict: bool
    """Whether nothing is written where anything has moved."""
    jobs: ServerJobs = field(init=False)
    sent: list[Sent] = field(default_factory=list)
    left_out: list[Sent] = field(default_factory=list)
    """What is not sent because edits of the same photos wait in a queue that somebody keeps paused."""
    left: list[Operation] = field(default_factory=list)
    """What is still to be sent."""
    paths: dict[str, str] = field(default_factory=dict)
    """Where the files of photos were before."""
    checked: Checked | None = None
    drifted: list[Standing] = field(default_factory=list)
    """What has moved and was left alone."""
    moved_files: int = 0
    """How many of the photos' files lie elsewhere now."""
    error: str = ""

    def __post_init__(self) -> None:
        window = self.tools.window() if self.plan.needs_window else None
        self.jobs = ServerJobs(self.plan, self.tools, window)

    @property
    def window(self) -> Window | None:
        return self.jobs.window

    def run(self) -> Report:
        if self.window:
            self.window.photos = sidecar_photos(item for part in self.plan.rounds for item in part.operations)
            self.tools.interruption.urgently(self.jobs.give_back)
        failure: Exception | None = None
        with ExitStack() as heard:
            try:
                if self.window:
                    for transport in self.tools.transports:
                        heard.enter_context(transport.watched(self.window.hear))
                    self.window.open()
                if not self.tools.interruption.requested:
                    self._write(self._check())
            except (ServerError, QueuesBusy) as error:
                failure = error
            finally:
                self.jobs.close(self.sent)
        if failure and not self.sent:
            raise self._with_troubles(failure)
        if self.plan.migrates and not failure:
            self.jobs.migrate(failed=bool(self.error))
        self.error = str(failure) if failure else self.error
        if self.left_out and self.window and self.window.held_back and not self.error:
            self.error = self.window.held_back.words
        self.sent += self.left_out
        self.sent += [
            Sent(item, OperationReport(item.text, len(asset_ids(item)), Fate.NOT_SENT, self.error))
            for item in self.left
        ]
        return self._account()

    def _with_troubles(self, error: Exception) -> Exception:
        """Where nothing was written there is no report: the error says which queues are left paused."""
        if self.window and self.window.troubles:
            return QueuesBusy("; ".join([str(error), *self.window.troubles.values()]))
        return error

    def _check(self) -> tuple[Round, ...]:
        """What is still to be written, by what the server has now; nothing, where any of it may not be."""
        self.tools.progress.stage("checking that nothing has moved")
        live = read_again(self.plan, self.tools.reader)
        checked = check(self.plan.changes, standings(self.plan.changes, live, self.plan.labels), live.albums)
        self.checked, self.drifted = checked, list(checked.drifted)
        self.jobs.see(live)
        self.paths = {asset.id: asset.path for asset in live.assets.values()}
        if self.window and self.window.backlog:
            since = self.tools.now() - FRESH
            self.window.staged = any(asset.added > since for asset in live.assets.values())
        if self.strict and checked.drifted:
            return ()
        live = replace(live, assets={})  # by far the largest part, and no longer needed
        rounds = schedule(checked.changes, live.tags, self.plan.features)
        if rounds == self.plan.rounds:
            rounds = self.plan.rounds  # equal ones needn't be there twice
        rounds = self._safe(rounds)
        self.tools.journal.checked(replace(self.plan, changes=checked.changes, rounds=rounds), live)
        return rounds

    def _write(self, rounds: tuple[Round, ...]) -> None:
        assert self.checked is not None
        sender = self._sender()
        self.left = [operation for part in rounds for operation in part.operations]
        total = len(self.left)
        for number, part in enumerate(rounds, start=1):
            if number > 1:
                self.jobs.settle_between()
            of = f" (round {number} of {len(rounds)})" if len(rounds) > 1 else ""
            before, began = len(self.sent), self.tools.now()
            for stage in part.stages:
                rested = stage.moves_files and self.jobs.let_files_rest()
                fresh = not self.sent and not rested
                moved = NOTHING_MOVED if fresh or sender.stopped else self._moved_since(stage)
                if self.error:
                    return
                last = ", what moves files" if stage.moves_files else ""
                if not (sender.stopped or self.tools.interruption.requested):
                    self.tools.progress.stage(f"writing{last}{of}", total)
                sent = sender.send(stage, moved)
                self.sent += sent
                self.left = self.left[len(sent) :]
            here = self.sent[before:]
            self.jobs.end_round(sender, here, self.checked.changes, began, last=not self.left)
            self.tools.made(sender.made)
            sender.made.clear()
            self.error = sender.stopped

    def _safe(self, rounds: tuple[Round, ...]) -> tuple[Round, ...]:
        """What may be written while somebody keeps edits waiting. Raises QueuesBusy where that is nothing."""
        if self.window is None or self.window.held_back is None:
            return rounds
        kept, self.left_out = self.window.held_back.safe(rounds)
        if self.left_out and all(isinstance(item, CreateTags) for part in kept for item in part.operations):
            raise QueuesBusy(f"nothing was written: {self.window.held_back.words}")
        return kept

    def _moved_since(self, stage: Stage) -> Moved:
        """What others have moved since the plan was made, of that which this stage is about to write."""
        if self.tools.interruption.requested:
            return NOTHING_MOVED
        assert self.checked is not None
        operations = tuple(stage.operations)
        part = covered(self.checked.changes, operations)
        self.tools.progress.stage("checking that nothing has moved")
        live = read_touched(
            self.tools.reader, touched_by(part), identity=self.plan.identity, features=self.plan.features
        )
        self.jobs.see(live)
        moved = moved_since(self.checked.changes, operations, live, self.plan.labels)
        self.drifted += moved.drifted
        if moved.drifted and self.strict:
            self.error = "the rest was not written: something has changed on the server meanwhile"
        return moved

    def _sender(self) -> Sender:
        tools = self.tools
        return Sender(
            tools.reader,
            tools.writer,
            self.plan.identity.user_id,
            self.plan.labels,
            tools.progress,
            tools.interruption,
            tools.connections,
            look_after=self.window.look_after if self.window else _nothing,
            journal=tools.journal,
        )

    def _account(self) -> Report:
        window = self.jobs.report()
        if self.checked is None:
            begun = not_begun(self.plan, self.tools.interruption)
            return replace(begun, window=window, requests=self.tools.requests())
        if self.strict and self.drifted and not self.sent:
            return Report(Outcome.STALE, drifted=tuple(self.drifted), window=window)
        verdict = self._read_back()
        complete = all(item.report.fate is Fate.WRITTEN for item in self.sent)
        outcome = Outcome.DONE
        asked = self.tools.interruption.requested
        if asked and self.tools.interruption.reason and not complete:
            self.error = self.error or out_of_time(self.tools.interruption, self.sent)
        if asked and not self.tools.interruption.reason and (not complete or self.jobs.waiting):
            outcome = Outcome.INTERRUPTED
        elif not complete or self.drifted or self.error:
            outcome = Outcome.PARTIAL
        elif verdict is None or verdict.reverted or self.jobs.waiting or self.plan.undone:
            outcome = Outcome.UNSETTLED
        return Report(
            outcome=outcome,
            operations=tuple(item.report for item in self.sent),
            drifted=tuple(self.drifted),
            settled=verdict.settled if verdict else 0,
            fields=verdict.fields if verdict else (),
            reverted=verdict.reverted if verdict else (),
            waiting=self.jobs.waiting,
            moved_files=self.moved_files,
            window=window,
            error=self.error,
            requests=self.tools.requests(),
        )

    def _read_back(self) -> Verdict | None:
        """What has lasted of what was written; None where the server can't be asked."""
        assert self.checked is not None
        if not self.tools.wait and any(writes_sidecars(item.operation) for item in self.sent):
            self.jobs.waiting = self.jobs.waiting or "nobody waited for the server's jobs"
            return None
        changes = written(self.checked.changes, self.sent)
        self.tools.progress.stage("reading back")
        try:
            live = read_touched(
                self.tools.reader,
                replace(touched_by(changes), filled=filled(self.sent)),
                identity=self.plan.identity,
                features=self.plan.features,
            )
        except ServerError as error:
            self.jobs.waiting = self.jobs.waiting or f"nothing could be read back ({error})"
            return None
        self.moved_files = sum(
            asset.path != self.paths.get(asset.id, asset.path) for asset in live.assets.values()
        )
        today = self.tools.now().date().isoformat()
        disturbed = bool(self.window and self.window.disturbed)
        verdict = verify(changes, standings(changes, live, self.plan.labels), live, today, disturbed)
        complete = all(item.report.fate is Fate.WRITTEN for item in self.sent)
        if complete and not self.jobs.waiting:
            self._remember(verdict)
        remember(
            self.tools.state, self.plan.identity.user_id, albums_of_sets(changes, live), self.tools.progress
        )
        return verdict

    def _remember(self, verdict: Verdict) -> None:
        try:
            self.tools.state.remember(self.plan.identity.user_id, verdict.undone, verdict.kept)
        except StateUnusable as error:
            self.tools.progress.say(f"what the server has undone can't be remembered: {error}")


def _nothing(_at_once: bool) -> None:
    """Nothing to look after: no queue is held."""
