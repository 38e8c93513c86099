"""What `immich-apply` does, step by step: plan, ask, apply, tell, and plan again to prove it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import click

from reconciler.apply.check import OnDrift
from reconciler.apply.exclusion import Hold, only_run
from reconciler.apply.journal import RunJournal, What
from reconciler.apply.preflight import lacking, likely_for, methods_for
from reconciler.apply.protocols import Interruption, Limits, Progress
from reconciler.apply.run import apply_plan
from reconciler.apply.runs import Run, Runs
from reconciler.apply.set_albums import remember
from reconciler.apply.stale import read_again, stale
from reconciler.apply.state import State, StateUnusable
from reconciler.apply.tools import Tools
from reconciler.apply.when import Opening
from reconciler.cli.account import Account, View
from reconciler.cli.before import (
    Aside,
    after_earlier_runs,
    clock,
    let_earlier_settle,
    newest_run,
    now,
    refuse_without_window,
    say_without_window,
)
from reconciler.cli.common import stop
from reconciler.cli.connect import Ask, Calls, Connection, connect
from reconciler.cli.exits import Exit
from reconciler.cli.keeping import keep_made
from reconciler.cli.planning import load_files, plan_for, read_plan, reads, state_in
from reconciler.cli.progress import progress
from reconciler.cli.remembered import Remembered
from reconciler.cli.safety import Bounds
from reconciler.cli.timing import Asked
from reconciler.cli.unfinished import ended_early, say_ended_early
from reconciler.diff.converged import after
from reconciler.diff.target import Target
from reconciler.immich.writer import Writer
from reconciler.model.applied import Applied
from reconciler.model.desired import Desired
from reconciler.plan import Plan
from reconciler.plan.budgets import way_out
from reconciler.plan.digest import approved, short
from reconciler.plan.report import Outcome, Report

PASSES = 3
"""How often a run plans anew where the server's own work (the name of a place) lets more rules match."""

EXITS: Mapping[Outcome, Exit] = {
    Outcome.DONE: Exit.DONE,
    Outcome.NOTHING: Exit.DONE,
    Outcome.PARTIAL: Exit.PARTIAL,
    Outcome.UNSETTLED: Exit.PARTIAL,
    Outcome.STALE: Exit.STALE,
    Outcome.INTERRUPTED: Exit.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command."""

    view: View
    yes: bool
    allow_missing: bool
    retry_undone: bool
    state_dir: Path | None
    quiet: bool
    wait: bool = True
    asked: Asked = field(default_factory=Asked)
    bounds: Bounds = field(default_factory=Bounds)
    applied: Path | None = None
    """The file that remembers what was last as the files ask; None for the state folder."""
    approval: str = ""
    """The digits of the digest of the only plan that may be applied; empty where any may."""
    on_drift: OnDrift | None = None
    """What to do about what has moved; None for what suits the plan."""
    targets: Sequence[Target] = ()
    """The part that is meant; all of it where there are none."""

    def apply_files(self, paths: Sequence[str], ask: Ask) -> Exit:
        """Plans from files and applies; then plans again until nothing is left to do."""
        desired = self.bounds.over_files(self.asked.over(load_files(paths)))
        state = state_in(self.state_dir)
        calls = Calls(reads(desired), tuple(likely_for(desired)))
        with (
            connect(desired, ask, calls) as connection,
            only_run(state, connection.server, now) as hold,
            progress(self.quiet) as watching,
            closing(Account(self.view, watching)) as account,
        ):
            tools = self.tools(connection, desired, state, watching, hold)
            after_earlier_runs(tools)
            return self._until_stable(desired, connection, tools, account)

    def _until_stable(self, desired: Desired, connection: Connection, tools: Tools, account: Account) -> Exit:
        early = ended_early(Runs(tools.state), tools.server, connection.identity.user_id)
        remembered = Remembered(tools.state, connection.identity.user_id, self.applied)
        for turn in range(PASSES + 1):
            retry = self.retry_undone and turn == 0

            def planned(retry: bool = retry, early: Run | None = early if turn == 0 else None) -> Plan:
                known = remembered.read()
                made, _ = plan_for(
                    desired,
                    connection,
                    tools.state,
                    tools.progress,
                    retry_undone=retry,
                    targets=self.targets,
                    applied=known,
                    keep=lambda applied: self._remember(remembered, applied, tools, known),
                )
                account.watching.rest()
                say_ended_early(early, made)
                self.show(made)
                return made

            plan = planned()
            refused = self._unapproved(plan, account) or self._refused(plan, account)
            if refused is None and self._waited(plan, tools, connection):
                plan = planned(early=None)
                refused = self._unapproved(plan, account) or self._refused(plan, account)
            if refused is not None:
                return refused
            if turn and not plan.changes:
                return Exit.DONE
            if turn == PASSES:
                account.break_off(f"after {PASSES} passes the server still lets more rules match (above)")
                return Exit.PARTIAL
            outcome = self.apply(plan, tools, connection, account, saved=False).outcome
            if outcome in (Outcome.DONE, Outcome.NOTHING, Outcome.UNSETTLED):
                albums = {item.member: item.id for item in plan.set_albums}
                remember(tools.state, plan.identity.user_id, albums, tools.progress)
            if outcome is Outcome.DONE:
                self._remember(remembered, after(_known(remembered), plan.changes), tools)
            if EXITS[outcome] is not Exit.DONE or not _may_match_more(plan):
                break
        return EXITS[outcome]

    def _remember(
        self, remembered: Remembered, applied: Applied, tools: Tools, before: Applied | None = None
    ) -> None:
        """Keeps what is as the files ask; a run doesn't fail because that can't be kept."""
        try:
            remembered.keep(applied, now(), before)
        except (OSError, StateUnusable) as error:
            tools.progress.say(f"what is as the files ask can't be remembered: {error}")

    def apply_saved(self, path: str, files: Sequence[str], ask: Ask) -> Exit:
        """Applies a plan file. These files, or those that it was made from, say how to connect."""
        plan = read_plan(path)
        there = files or [file for file in plan.files if Path(file).is_file()]
        desired = self.asked.over(load_files(there) if there else Desired())
        plan = plan.judged(self.bounds.over(desired.safety if there else plan.safety))
        state = state_in(self.state_dir)
        with (
            connect(desired, ask, Calls(tuple(methods_for(plan.operations)))) as connection,
            only_run(state, connection.server, now) as hold,
            progress(self.quiet) as watching,
            closing(Account(self.view, watching)) as account,
        ):
            if not plan.identity.same_server(connection.identity):
                stop(
                    f"this plan was made for {plan.identity.user_name} at {plan.identity.url}, and this is "
                    f"{connection.identity.user_name} at {connection.identity.url}: plan again",
                    Exit.STALE,
                )
            tools = self.tools(connection, desired, state, watching, hold)
            after_earlier_runs(tools)
            if plan.changes and (unfit := self._stale(plan, tools, connection)):
                account.add(unfit, plan)
                return EXITS[unfit.outcome]
            watching.rest()
            self.show(plan)
            refused = self._unapproved(plan, account) or self._refused(plan, account)
            if refused is not None:
                return refused
            outcome = self.apply(plan, tools, connection, account, saved=True).outcome
            if outcome is Outcome.DONE:
                remembered = Remembered(state, connection.identity.user_id, self.applied)
                self._remember(remembered, after(_known(remembered), plan.changes), tools)
            return EXITS[outcome]

    def _stale(self, plan: Plan, tools: Tools, connection: Connection) -> Report | None:
        """Why a saved plan doesn't fit any more; None where it does, once earlier runs' jobs are done."""
        tools.progress.stage("checking that the plan still fits")
        unfit = stale(plan, read_again(plan, tools.reader), self.on_drift)
        if unfit is None and let_earlier_settle(plan, tools, connection):
            unfit = stale(plan, read_again(plan, tools.reader), self.on_drift)
        return unfit

    def tools(
        self,
        connection: Connection,
        desired: Desired,
        state: State,
        watching: Progress,
        hold: Hold,
        what: What = What.APPLY,
        of: int | None = None,
    ) -> Tools:
        """What a run works with; its journal says that it is for `what`, `of` an earlier run."""
        admin = connection.admin
        window, interruption = desired.window, Interruption()
        limits = Limits(running=window.running_timeout, settle=window.settle_timeout)
        queues = admin.queues if admin else None
        for reader in [connection.reader, *([admin] if admin else [])]:
            reader.transport.end_with(lambda: interruption.left)
        made = Tools(
            reader=connection.reader,
            writer=Writer(connection.reader.transport, connection.dialect),
            admin=(admin, Writer(admin.transport, connection.dialect)) if admin else None,
            state=state,
            progress=watching,
            interruption=interruption,
            limits=limits,
            connections=desired.http.connections,
            now=clock,
            server=connection.server,
            pause=desired.window.pause,
            guard=lambda: connection.guard(state.path),
            journal=RunJournal(state, connection.server, now, what, of),
            wait=self.wait,
            made=lambda albums: keep_made(connection, albums),
            opening=Opening(
                window, queues, watching, interruption, limits, clock, lambda: Aside(hold).during(made)
            ),
        )
        return made

    def show(self, plan: Plan) -> None:
        """The plan, where somebody needs to see it."""
        missing = bool(plan.missing) and not self.allow_missing
        refused = bool(plan.problems) or missing or bool(plan.violations)
        self.view.plan(plan, needed=refused or (bool(plan.changes) and not self.yes))

    def _unapproved(self, plan: Plan, account: Account) -> Exit | None:
        """Why a plan isn't the one that was approved, as an exit code; None where it is, or any may be."""
        if not self.approval or (account.reports and not plan.changes):
            return None
        if account.reports:
            account.break_off("what the server's own work lets match now (above) was not approved")
            return Exit.PARTIAL
        found = plan.digest
        if approved(found, self.approval):
            return None
        is_now = f"this plan has the digest {short(found)}" if plan.changes else "nothing is left to do"
        why = f"nothing was written: {self.approval} was approved, and {is_now}"
        if plan.changes:
            why += ". Since then files or server have changed: look at it and approve it anew"
        click.echo(f"error: {why}", err=True)
        return Exit.STALE

    def _refused(self, plan: Plan, account: Account) -> Exit | None:
        """Why a plan isn't applied, as an exit code; None where it may be."""
        more = "nothing more" if account.reports else "nothing"
        if plan.problems:
            why = f"{more} was written, since the files contradict something (above)"
        elif plan.missing and not self.allow_missing:
            why = (
                f"{more} was written, since some of what is named is missing (above); "
                "--allow-missing goes on without them"
            )
        elif plan.violations:
            why = f"{more} was written, since more would be taken away or changed than is allowed (above)"
            if options := way_out(plan.violations):
                why += f"; to allow all of it: {options}"
        else:
            return None
        if account.reports:
            account.break_off(why)
            return Exit.PARTIAL
        click.echo(f"error: {why}", err=True)
        if plan.problems:
            return Exit.INVALID
        return Exit.ERROR if plan.missing and not self.allow_missing else Exit.BUDGET

    def _waited(self, plan: Plan, tools: Tools, connection: Connection) -> bool:
        """Waits until the run may begin; whether so much may have moved meanwhile that it plans anew.

        A plan that somebody has to agree to is shown first, and carried out as it was shown.
        """
        if not plan.changes:
            return False
        self._allowed(plan, tools, connection)
        before = newest_run(tools)
        long = self.yes and tools.opening is not None and tools.opening.begin()
        others = newest_run(tools) != before
        return let_earlier_settle(plan, tools, connection) or long or others

    def _allowed(self, plan: Plan, tools: Tools, connection: Connection) -> None:
        """Stops where the keys, or the lack of one, don't allow the plan to be applied."""
        if text := lacking(plan, connection.dialect, connection.key, connection.admin_key):
            stop(text)
        refuse_without_window(plan, tools, connection)

    def apply(
        self, plan: Plan, tools: Tools, connection: Connection, account: Account, *, saved: bool
    ) -> Report:
        """Asks, and carries the plan out."""
        if plan.changes:
            self._allowed(plan, tools, connection)
            if not account.reports:
                say_without_window(plan, tools, connection)
            account.watching.rest()
            self._confirm()
        with _signals(tools):
            if plan.changes and tools.opening:
                tools.opening.begin()
                let_earlier_settle(plan, tools, connection)
            report = apply_plan(plan, tools, saved=saved, on_drift=self.on_drift)
        account.add(report, plan)
        return report

    def _confirm(self) -> None:
        if self.yes or self.approval:
            return
        if not sys.stdin.isatty():
            stop("nobody is there to ask: give --yes to apply without asking", Exit.INVALID)
        if not click.confirm("Apply this plan?", err=True):
            stop("nothing was written")


def _may_match_more(plan: Plan) -> bool:
    """Whether the server's own work after this plan may let rules match more.

    What touches no file (albums, hearts) was read back as planned, and the plan already knew what it would
    lead to.
    """
    return plan.needs_window or plan.migrates


def _known(remembered: Remembered) -> Applied:
    return remembered.read() or Applied(remembered.user)


@contextmanager
def _signals(tools: Tools) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal ask the run to stop between two requests.

    A second one gives the queues back at once, beside the request under way, and nothing is tried again.
    """

    def say(text: str) -> None:
        with suppress(RuntimeError):  # the signal came while something else was being said
            tools.progress.say(text)

    def asked(_number: int, _frame: FrameType | None) -> None:
        if not tools.interruption.requested:
            tools.interruption.request()
            say("stopping: the request under way ends, then the queues are given back")
            return
        for reader in [tools.reader, *([tools.admin[0]] if tools.admin else [])]:
            reader.transport.stop_retrying()
        tools.interruption.hurry()
        say("the queues are given back now; the request under way is waited for, but not tried again")

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup does
        numbers.append(signal.SIGHUP)
    former = {number: signal.signal(number, asked) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
