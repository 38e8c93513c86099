"""One apply from beginning to end: window, check, rounds, settle, proof."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from reconciler.apply.check import Checked, OnDrift, check, touched_by
from reconciler.apply.choice import UnknownQueue
from reconciler.apply.earlier import photos_of
from reconciler.apply.mend import have_read_again, missing, not_read_since
from reconciler.apply.migration import migrate
from reconciler.apply.narrow import NOTHING_MOVED, Moved, moved_since
from reconciler.apply.send import Sender
from reconciler.apply.set_albums import albums_of_sets, remember
from reconciler.apply.settling import wait_for_photos
from reconciler.apply.stale import read_again, stale
from reconciler.apply.state import StateUnusable
from reconciler.apply.stopped import not_begun, out_of_time
from reconciler.apply.tools import Tools
from reconciler.apply.verify import Verdict, verify
from reconciler.apply.window import QueuesBusy, Window
from reconciler.apply.written import Sent, covered, filled, written
from reconciler.immich.errors import ServerError
from reconciler.live.touched import read_touched
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.plan.operations import CreateTags, Operation, UpdateAssets, asset_ids, writes_sidecars
from reconciler.plan.report import Fate, OperationReport, Outcome, Report, WindowReport
from reconciler.plan.schedule import Round, Stage, schedule
from reconciler.plan.standing import Standing, standings

FRESH = timedelta(hours=1)
"""How long after its upload a photo may still be waiting to be read by the server."""
HELD = "its jobs would race with the edits"
NOT_NEEDED = "no queue is paused: nothing in this plan touches photo metadata"
NO_KEY = (
    "the queues run on: no administrator's key is there to pause them. Each photo is written at most once "
    "at a time, and read back"
)


def apply_plan(plan: Plan, tools: Tools, *, saved: bool, on_drift: OnDrift | None = None) -> Report:
    """Carries out a plan and proves what became of it.

    With OnDrift.STOP (the default for a plan from a file, `saved`) anything that has moved since makes the
    plan stale and nothing is written; with SKIP (the default otherwise) what has moved is left alone and the
    rest is done. A saved plan that was applied already is stale either way. Raises ServerError, QueuesBusy,
    NotNow or StateUnusable only before anything was written; the queues are given back however it ends.
    """
    if not plan.changes and not plan.migrates:
        return Report(Outcome.UNSETTLED if plan.undone else Outcome.NOTHING)
    if tools.opening:
        tools.opening.begin()
    if tools.interruption.requested:
        return not_begun(plan, tools.interruption)
    strict = (on_drift or (OnDrift.STOP if saved else OnDrift.SKIP)) is OnDrift.STOP
    if saved and (unfit := stale(plan, read_again(plan, tools.reader), on_drift)):
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
        tools.progress.say(f"the run's account can't be kept: {error}")
    return report


@dataclass(slots=True)
class _Run:
    """The state of one run; used once."""

    plan: Plan
    tools: Tools
    strict: bool
    """Whether nothing is written where anything has moved."""
    window: Window | None = None
    sent: list[Sent] = field(default_factory=list)
    left_out: list[Sent] = field(default_factory=list)
    """What is not sent because edits of the same photos wait in a queue that somebody keeps paused."""
    left: list[Operation] = field(default_factory=list)
    """What is still to be sent."""
    seen: dict[str, datetime] = field(default_factory=dict)
    """`updatedAt` of photos, as last seen."""
    paths: dict[str, str] = field(default_factory=dict)
    """Where the files of photos were before."""
    checked: Checked | None = None
    drifted: list[Standing] = field(default_factory=list)
    """What has moved and was left alone."""
    moved_files: int = 0
    """How many of the photos' files lie elsewhere now."""
    waiting: str = ""
    error: str = ""

    def run(self) -> Report:
        self.window = self.tools.window() if self.plan.needs_window else None
        if self.window:
            self.window.photos = photos_of(item for part in self.plan.rounds for item in part.operations)
            self.tools.interruption.urgently(self._give_back)
        failure: Exception | None = None
        with ExitStack() as heard:
            try:
                if self.window:
                    for transport in self.tools.transports:
                        heard.enter_context(transport.watched(self.window.hear))
                    self.window.open()
                if not self.tools.interruption.requested:
                    self._check_and_write()
            except (ServerError, QueuesBusy) as error:
                failure = error
            finally:
                self._close()
        if failure and not self.sent:
            raise self._with_troubles(failure)
        if self.plan.migrates and not failure:
            self._migrate()
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
        """Where nothing was written there is no account: the error says which queues are left paused."""
        if self.window and self.window.troubles:
            return QueuesBusy("; ".join([str(error), *self.window.troubles.values()]))
        return error

    def _check_and_write(self) -> None:
        self.tools.progress.stage("checking that nothing has moved")
        live = read_again(self.plan, self.tools.reader)
        checked = check(self.plan.changes, standings(self.plan.changes, live, self.plan.labels), live.albums)
        self.checked, self.drifted = checked, list(checked.drifted)
        self.seen = {asset.id: asset.updated for asset in live.assets.values()}
        self.paths = {asset.id: asset.path for asset in live.assets.values()}
        if self.window and self.window.backlog:
            since = self.tools.now() - FRESH
            self.window.staged = any(asset.added > since for asset in live.assets.values())
        if self.strict and checked.drifted:
            return
        rounds = self._safe(schedule(checked.changes, live.tags, self.plan.features))
        self.tools.journal.checked(replace(self.plan, changes=checked.changes, rounds=rounds), live)
        sender = self._sender()
        self.left = [operation for part in rounds for operation in part.operations]
        total = len(self.left)
        for number, part in enumerate(rounds, start=1):
            if number > 1:
                self._settle_between()
            of = f" (round {number} of {len(rounds)})" if len(rounds) > 1 else ""
            before, began = len(self.sent), self.tools.now()
            for stage in part.stages:
                rested = stage.moves_files and self._let_files_rest()
                fresh = not self.sent and not rested
                moved = NOTHING_MOVED if fresh or sender.stopped else self._moved_since(stage)
                if self.error:
                    return
                last = ", what moves files" if stage.moves_files else ""
                self.tools.progress.stage(f"writing{last}{of}", total)
                sent = sender.send(stage, moved)
                self.sent += sent
                self.left = self.left[len(sent) :]
            self._end_round(sender, self.sent[before:], began)
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

    def _let_files_rest(self) -> bool:
        """Before files are made to move: lets those rest that move already; whether it had to."""
        if self.window is None or self.tools.interruption.requested or self.window.files_at_rest():
            return False
        self._settle_between()
        return True

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
        self.seen |= {asset.id: asset.updated for asset in live.assets.values()}
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

    def _settle_between(self) -> None:
        """Lets the jobs of one round run to their end before the next writes the same photos (FINDINGS 1)."""
        if self.tools.interruption.requested:
            return
        waiting = self.window.close() if self.window else self.waiting
        if waiting and not self.tools.interruption.requested:
            raise QueuesBusy(f"the rest was not written: {waiting}")
        if self.window and not self.tools.interruption.requested:
            self.window.open()

    def _end_round(self, sender: Sender, sent: list[Sent], began: datetime) -> None:
        """Waits for the photos where no queue can be watched, and for what broke off to be done in full."""
        cut = photos_of(item.operation for item in sender.cut)
        seen = {photo: self.seen[photo] for photo in cut if photo in self.seen}
        waits, asked = self.tools.wait or bool(self.left), self.tools.interruption
        if self.window is None and waits:
            self._wait_without_window(sent, cut)
        while sender.cut and waits and not (sender.stopped or self.waiting or asked.requested):
            self._mend(sender, seen, began)
            seen = {}

    def _mend(self, sender: Sender, seen: dict[str, datetime], began: datetime) -> None:
        """Has writes that broke off done in full, should the server have died over them (see `mend`)."""
        cut, tools, owner = tuple(sender.cut), self.tools, self.plan.identity.user_id
        assert self.checked is not None
        if not self._settled(frozenset()):
            return
        if unread := not_read_since(cut, seen, began, tools.reader, owner):
            tools.progress.stage("having the server read again what broke off", len(unread))
            have_read_again(tools.writer, unread)
            if not self._settled(unread):
                return
        sender.cut.clear()
        if again := list(missing(cut, self.checked.changes, self.plan, tools.reader)):
            if self.window:
                self.window.open()
            for item, operation in again:
                sender.again(item, operation)
            if self.window is None:
                self._settled(photos_of(operation for _, operation in again))
        for item in cut:
            sender.mended(item)

    def _settled(self, photos: frozenset[str]) -> bool:
        """Whether the jobs of these photos came to their end, or all where the queues can be watched."""
        if self.window:
            self.waiting = self.window.close()
        else:
            self._wait_for({photo: self.seen[photo] for photo in photos if photo in self.seen})
        return not self.waiting and not self.tools.interruption.requested

    def _wait_without_window(self, sent: list[Sent], unsure: frozenset[str]) -> None:
        through_files = [item for item in sent if writes_sidecars(item.operation)]
        before = {
            asset: self.seen[asset] for item in through_files for asset in item.taken if asset in self.seen
        }
        flags = {Field.FAVORITE, Field.VISIBILITY}
        twice = {
            asset
            for item in through_files
            if isinstance(item.operation, UpdateAssets) and flags & item.operation.values.keys()
            for asset in item.taken
        }
        self._wait_for(before, frozenset(twice), unsure)

    def _wait_for(
        self,
        before: dict[str, datetime],
        twice: frozenset[str] = frozenset(),
        unsure: frozenset[str] = frozenset(),
    ) -> None:
        self.waiting = wait_for_photos(
            self.tools.reader,
            self.plan.identity.user_id,
            before,
            twice=twice,
            unsure=unsure,
            progress=self.tools.progress,
            interruption=self.tools.interruption,
            limits=self.tools.limits,
        )
        self.seen |= before

    def _close(self) -> None:
        """Gives the queues back, whatever has happened before."""
        if self.window is None:
            return
        try:
            if self.tools.wait and any(writes_sidecars(item.operation) for item in self.sent):
                self.waiting = self.window.close() or self.waiting
            else:
                self._give_back()
        except ServerError as error:
            self.waiting = f"the server's jobs can't be watched any more ({error})"
            self._give_back()
        finally:
            self.window.guard.done()

    def _migrate(self) -> None:
        """Has the server file its photos by the albums that they are in now."""
        tools = self.tools
        if tools.admin is None or tools.interruption.requested or self.error or self.waiting:
            self.waiting = self.waiting or "the server's storage migration was not started"
            return
        self.waiting = migrate(tools.admin, tools.progress, tools.interruption, tools.limits, wait=tools.wait)

    def _give_back(self) -> None:
        assert self.window is not None
        for name in [item for item in self.window.chosen if item in self.window.held]:
            self.window.give_back(name)

    def _account(self) -> Report:
        window = self._window_report()
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
        if asked and not self.tools.interruption.reason and (not complete or self.waiting):
            outcome = Outcome.INTERRUPTED
        elif not complete or self.drifted or self.error:
            outcome = Outcome.PARTIAL
        elif verdict is None or verdict.reverted or self.waiting or self.plan.undone:
            outcome = Outcome.UNSETTLED
        return Report(
            outcome=outcome,
            operations=tuple(item.report for item in self.sent),
            drifted=tuple(self.drifted),
            settled=verdict.settled if verdict else 0,
            fields=verdict.fields if verdict else (),
            reverted=verdict.reverted if verdict else (),
            waiting=self.waiting,
            moved_files=self.moved_files,
            window=window,
            error=self.error,
            requests=self.tools.requests(),
        )

    def _read_back(self) -> Verdict | None:
        """What has lasted of what was written; None where the server can't be asked."""
        assert self.checked is not None
        if not self.tools.wait and any(writes_sidecars(item.operation) for item in self.sent):
            self.waiting = self.waiting or "nobody waited for the server's jobs"
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
            self.waiting = self.waiting or f"nothing could be read back ({error})"
            return None
        self.moved_files = sum(
            asset.path != self.paths.get(asset.id, asset.path) for asset in live.assets.values()
        )
        today = self.tools.now().date().isoformat()
        disturbed = bool(self.window and self.window.disturbed)
        verdict = verify(changes, standings(changes, live, self.plan.labels), live, today, disturbed)
        complete = all(item.report.fate is Fate.WRITTEN for item in self.sent)
        if complete and not self.waiting:
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

    def _window_report(self) -> WindowReport:
        if self.window:
            return self.window.report(HELD)
        return WindowReport(why=NO_KEY if self.plan.needs_window else NOT_NEEDED)


def _nothing(_at_once: bool) -> None:
    """Nothing to look after: no queue is held."""
