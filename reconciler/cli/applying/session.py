"""What `immich-apply` does, step by step: plan, ask, apply, tell, and plan again to prove it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from reconciler.apply.check import OnDrift
from reconciler.apply.preflight import lacking, likely_for, methods_for
from reconciler.apply.protocols import Interruption, Limits, Progress
from reconciler.apply.queues.opening import Opening
from reconciler.apply.run import apply_plan
from reconciler.apply.set_albums import remember
from reconciler.apply.stale import read_again, stale
from reconciler.apply.state.database import State, StateUnusable, state_in
from reconciler.apply.state.exclusion import Hold, only_run
from reconciler.apply.state.journal import RunJournal, What
from reconciler.apply.state.runs import Run, Runs
from reconciler.apply.tools import Tools
from reconciler.cli.applying.before import (
    Aside,
    after_earlier_runs,
    let_earlier_settle,
    refuse_without_window,
    say_without_window,
)
from reconciler.cli.applying.clock import clock, now
from reconciler.cli.applying.refusing import refusal, refuse_other
from reconciler.cli.applying.signals import signals
from reconciler.cli.connecting.accounts import parts_of, plans_meant
from reconciler.cli.connecting.connect import Ask, Calls, Connection, connect
from reconciler.cli.connecting.keeping import keep_made
from reconciler.cli.errors import leave, stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.safety import Bounds
from reconciler.cli.options.timing import Asked
from reconciler.cli.planning.files import load_files, read_plans
from reconciler.cli.planning.fresh import plan_for, reads
from reconciler.cli.planning.remembered import Remembered
from reconciler.cli.planning.unfinished import ended_early, known_with, say_ended_early
from reconciler.cli.telling.progress import progress
from reconciler.cli.telling.reporting import Reporting
from reconciler.cli.telling.view import View
from reconciler.diff.converged import after
from reconciler.diff.target import Target
from reconciler.immich.writer import Writer
from reconciler.model.applied import Applied
from reconciler.model.desired import Desired
from reconciler.plan import Plan
from reconciler.plan.digest import approved, short
from reconciler.plan.report import Outcome, Report

PASSES = 3
"""How often a run plans anew where the server's own work (the name of a place) lets more rules match."""

STILL_MORE = f"after {PASSES} passes the server still lets more rules match (above)"
NOT_APPROVED = "what the server's own work lets match now (above) was not approved"

EXITS: Mapping[Outcome, Exit] = {
    Outcome.DONE: Exit.DONE,
    Outcome.NOTHING: Exit.DONE,
    Outcome.PARTIAL: Exit.PARTIAL,
    Outcome.UNSETTLED: Exit.PARTIAL,
    Outcome.STALE: Exit.STALE,
    Outcome.INTERRUPTED: Exit.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Here:
    """One account: what is asked of it, its connection, what a run works with, and where it is told."""

    desired: Desired
    connection: Connection
    tools: Tools
    reporting: Reporting

    def ended_early(self) -> Run | None:
        """Its last run, where that did not come to its end."""
        return ended_early(Runs(self.tools.state), self.tools.server, self.connection.identity.user_id)


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command."""

    view: View
    yes: bool = False
    allow_missing: bool = False
    retry_undone: bool = False
    state_dir: Path | None = None
    quiet: bool = False
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
    accounts: Sequence[str] = ()
    """The accounts that are meant; all that the files ask something of where there are none."""
    warned: bool = False
    """Whether what can't be done without an administrator's key has been said."""

    def apply_files(self, paths: Sequence[str], ask: Ask) -> Exit:
        """Plans from files and applies; then plans again until nothing is left to do."""
        parts = parts_of(self.bounds.over_files(self.asked.over(load_files(paths))), self.accounts)
        if len(parts) > 1:
            from reconciler.cli.applying.several import Several

            return Several(self.for_several()).apply_files(parts, ask)
        desired = parts[0]
        state = state_in(self.state_dir)
        calls = Calls(reads(desired), tuple(likely_for(desired)))
        with (
            connect(desired, ask, calls) as connection,
            only_run(state, connection.server, now) as hold,
            progress(self.quiet) as watching,
            closing(Reporting(self.view, watching)) as reporting,
        ):
            tools = self.tools(connection, desired, state, watching, hold)
            after_earlier_runs(tools)
            return self._until_stable(Here(desired, connection, tools, reporting))

    def _until_stable(self, here: Here) -> Exit:
        for turn in range(PASSES + 1):
            retry = self.retry_undone and turn == 0
            plan = self.planned(here, retry=retry, first=turn == 0)
            refused = self._shown(plan, here)
            if refused is None and self.waited(plan, here):
                plan = self.planned(here, retry=retry)
                refused = self._shown(plan, here)
            if refused is not None:
                return refused
            if turn and not plan.changes:
                return Exit.DONE
            if turn == PASSES:
                here.reporting.break_off(STILL_MORE)
                return Exit.PARTIAL
            outcome = self.apply(plan, here, saved=False).outcome
            self.keep(here, plan, outcome)
            if EXITS[outcome] is not Exit.DONE or not plan.may_match_more:
                break
        return EXITS[outcome]

    def planned(self, here: Here, *, retry: bool, first: bool = False) -> Plan:
        """The plan for an account; what is as asked is kept.

        With the `first` one comes a word about the last run, where that did not come to its end.
        """
        tools, remembered = here.tools, self._remembered(here)
        early = here.ended_early()
        known = known_with(remembered.read(), early, Runs(tools.state))
        made = plan_for(
            here.desired,
            here.connection,
            tools.state,
            tools.progress,
            retry_undone=retry,
            targets=self.targets,
            applied=known,
            keep=lambda applied: self._remember(remembered, applied, tools, known),
        ).plan
        here.reporting.watching.rest()
        if first:
            say_ended_early(early, made)
        return made

    def keep(self, here: Here, plan: Plan, outcome: Outcome) -> None:
        """Remembers what a plan that was applied has brought about."""
        tools = here.tools
        if outcome in (Outcome.DONE, Outcome.NOTHING, Outcome.UNSETTLED):
            albums = {item.member: item.id for item in plan.set_albums}
            remember(tools.state, plan.identity.user_id, albums, tools.progress)
        if outcome is Outcome.DONE:
            self.keep_applied(here, plan)

    def keep_applied(self, here: Here, plan: Plan) -> None:
        """Remembers that what a plan was to change is as the files ask."""
        remembered = self._remembered(here)
        self._remember(remembered, after(_known(remembered), plan.changes), here.tools)

    def for_several(self) -> Session:
        """The same for several accounts."""
        return replace(self, view=replace(self.view, several=True))

    def agreed(self) -> Session:
        """The same, once somebody has agreed to what it does."""
        return replace(self, yes=True, warned=True)

    def _remembered(self, here: Here) -> Remembered:
        return Remembered(here.tools.state, here.connection.identity.user_id, self.applied)

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
        plans = plans_meant(read_plans(path), self.accounts)
        there = files or [file for file in plans[0].files if Path(file).is_file()]
        desired = self.asked.over(load_files(there) if there else Desired())
        plans = tuple(
            plan.judged(self.bounds.over(desired.safety if there else plan.safety)) for plan in plans
        )
        if len(plans) > 1:
            from reconciler.cli.applying.several import Several

            return Several(self.for_several()).apply_saved(plans, desired, ask)
        plan, state = plans[0], state_in(self.state_dir)
        if plan.account in desired.server.accounts and not ask.account:
            desired = desired.of(plan.account)
        with (
            connect(desired, ask, Calls(tuple(methods_for(plan.operations)))) as connection,
            only_run(state, connection.server, now) as hold,
            progress(self.quiet) as watching,
            closing(Reporting(self.view, watching)) as reporting,
        ):
            refuse_other(plan, connection)
            tools = self.tools(connection, desired, state, watching, hold)
            here = Here(desired, connection, tools, reporting)
            after_earlier_runs(tools)
            if plan.changes and (unfit := self.stale(plan, here)):
                reporting.add(unfit, plan)
                return EXITS[unfit.outcome]
            watching.rest()
            refused = self._shown(plan, here)
            if refused is not None:
                return refused
            outcome = self.apply(plan, here, saved=True, fits=True).outcome
            if outcome is Outcome.DONE:
                self.keep_applied(here, plan)
            return EXITS[outcome]

    def stale(self, plan: Plan, here: Here) -> Report | None:
        """Why a saved plan doesn't fit any more; None where it does, once earlier runs' jobs are done."""
        tools = here.tools
        tools.progress.stage("checking that the plan still fits")
        unfit = stale(plan, read_again(plan, tools.reader), self.on_drift)
        if unfit is None and let_earlier_settle(plan, tools, here.connection):
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
        beside: Tools | None = None,
    ) -> Tools:
        """What a run works with; its journal says that it is for `what`, `of` an earlier run.

        A run `beside` another one begins with it, and ends when that one is to end.
        """
        admin = connection.admin
        window, interruption = desired.window, beside.interruption if beside else Interruption()
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
            opening=beside.opening
            if beside
            else Opening(
                window, queues, watching, interruption, limits, clock, lambda: Aside(hold).during(made)
            ),
        )
        return made

    def show(self, plan: Plan) -> None:
        """The plan, where somebody needs to see it."""
        self.view.plans([plan], needed=self.must_be_seen(plan))

    def _shown(self, plan: Plan, here: Here) -> Exit | None:
        """Shows the plan; why it isn't applied, as an exit code, or None where it may be."""
        self.show(plan)
        return self._unapproved(plan, here.reporting) or self._refused(plan, here.reporting)

    def must_be_seen(self, plan: Plan) -> bool:
        """Whether somebody has to agree to a plan, or to mend something."""
        refused = refusal(plan, allow_missing=self.allow_missing) is not None
        return refused or (bool(plan.changes) and not self.yes)

    def _unapproved(self, plan: Plan, reporting: Reporting) -> Exit | None:
        """Why a plan isn't the one that was approved, as an exit code; None where it is, or any may be."""
        if not self.approval or (reporting.reports and not plan.changes):
            return None
        if reporting.reports:
            reporting.break_off(NOT_APPROVED)
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

    def _refused(self, plan: Plan, reporting: Reporting) -> Exit | None:
        """Why a plan isn't applied, as an exit code; None where it may be."""
        found = refusal(plan, allow_missing=self.allow_missing)
        if found is None:
            return None
        if reporting.reports:
            reporting.break_off(f"nothing more was written, {found.why}")
            return Exit.PARTIAL
        click.echo(f"error: nothing was written, {found.why}", err=True)
        return found.code

    def waited(self, plan: Plan, here: Here) -> bool:
        """Waits until the run may begin; whether so much may have moved meanwhile that it plans anew.

        A plan that somebody has to agree to is shown first, and carried out as it was shown.
        """
        if not plan.changes:
            return False
        self.allowed(plan, here)
        return self._begun(plan, here, begin=self.yes)

    def _begun(self, plan: Plan, here: Here, *, begin: bool = True) -> bool:
        """Waits for the time to `begin`, and for earlier runs; whether much may have moved meanwhile."""
        tools = here.tools
        runs = Runs(tools.state)
        before = runs.newest(tools.server)
        long = begin and tools.opening is not None and tools.opening.begin()
        others = runs.newest(tools.server) != before
        return let_earlier_settle(plan, tools, here.connection) or long or others

    def allowed(self, plan: Plan, here: Here) -> None:
        """Stops where the keys, or the lack of one, don't allow the plan to be applied."""
        connection = here.connection
        if text := lacking(plan, connection.dialect, connection.key, connection.admin_key):
            stop(text)
        refuse_without_window(plan, here.tools, connection)

    def apply(self, plan: Plan, here: Here, *, saved: bool, fits: bool = False) -> Report:
        """Asks, and carries the plan out. `fits` tells that a `saved` one was found to fit just now."""
        tools, reporting = here.tools, here.reporting
        if plan.changes:
            self.allowed(plan, here)
            if not reporting.reports and not self.warned:
                say_without_window(plan, tools, here.connection)
            reporting.watching.rest()
            fits = not self.confirm() and fits
        with signals(tools):
            if plan.changes:
                fits = not self._begun(plan, here) and fits
            report = apply_plan(plan, tools, saved=saved, fits=fits, on_drift=self.on_drift)
        reporting.add(report, plan)
        return report

    def confirm(self, what: str = "this plan", otherwise: str = "nothing was written") -> bool:
        """Asks whether to go on, where nobody has said so before; whether it asked. Stops without a yes."""
        if self.yes or self.approval:
            return False
        if not sys.stdin.isatty():
            stop("nobody is there to ask: give --yes to apply without asking", Exit.INVALID)
        if not click.confirm(f"Apply {what}?", err=True):
            leave(otherwise)
        return True


def _known(remembered: Remembered) -> Applied:
    return remembered.read() or Applied(remembered.user)
