"""What `immich-apply` does, step by step: plan, ask, apply, tell, and plan again to prove it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from reconciler.apply.account import together
from reconciler.apply.exclusion import only_run
from reconciler.apply.preflight import lacking, likely_for, methods_for
from reconciler.apply.protocols import Interruption, Limits, Progress
from reconciler.apply.run import Tools, apply_plan
from reconciler.apply.state import State
from reconciler.apply.window import restore
from reconciler.cli.common import stop
from reconciler.cli.connect import Ask, Calls, Connection, connect
from reconciler.cli.exits import Exit
from reconciler.cli.planning import load_files, plan_for, reads, show, state_in
from reconciler.cli.progress import progress
from reconciler.immich.writer import Writer
from reconciler.model.desired import Desired
from reconciler.plan import Plan
from reconciler.plan.document import from_bytes
from reconciler.plan.report import Outcome, Report

PASSES = 3
"""How often a run plans anew where the server's own work (the name of a place) lets more rules match."""

_EXITS = {
    Outcome.DONE: Exit.DONE,
    Outcome.NOTHING: Exit.DONE,
    Outcome.PARTIAL: Exit.PARTIAL,
    Outcome.UNSETTLED: Exit.PARTIAL,
    Outcome.STALE: Exit.STALE,
    Outcome.INTERRUPTED: Exit.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class View:
    """How plan and account are shown."""

    form: str
    color: bool
    columns: int
    full: bool

    def plan(self, plan: Plan, *, needed: bool = True) -> None:
        """The plan, on stdout; beside a JSON account, on stderr where somebody needs to see it."""
        if self.form == "text" or needed:
            err = self.form != "text"
            show(plan, "text", color=self.color and not err, columns=self.columns, full=self.full, err=err)

    def text(self, report: Report) -> None:
        """The account as text, on stdout."""
        from reconciler.render.terminal_report import report_text

        text = report_text(report, width=self.columns, color=self.color)
        click.echo(f"\n{text}\n", nl=False, color=self.color)

    def json(self, report: Report, plan: Plan) -> None:
        """The account as the one JSON document on stdout."""
        from reconciler.render.documents import report_bytes

        sys.stdout.buffer.write(report_bytes(report, plan))
        sys.stdout.flush()


@dataclass(slots=True)
class Account:
    """What the passes of one run have done: as text after each, as JSON once for all of them."""

    view: View
    reports: list[Report] = field(default_factory=list)
    first: Plan | None = None

    def add(self, report: Report, plan: Plan) -> None:
        """One pass is over."""
        self.first = self.first or plan
        self.reports.append(report)
        if self.view.form == "text" and plan.changes:
            self.view.text(report)

    def break_off(self, why: str) -> None:
        """Something is left that this run doesn't do."""
        click.echo(f"error: {why}", err=True)
        last = self.reports[-1]
        self.reports[-1] = replace(last, outcome=Outcome.PARTIAL, error=last.error or why)

    def close(self) -> None:
        """Tells programs how it went, also where a later pass has failed."""
        if self.view.form == "json" and self.first:
            self.view.json(together(self.reports), self.first)


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the command."""

    view: View
    yes: bool
    allow_missing: bool
    retry_undone: bool
    settle_timeout: float
    state_dir: Path | None
    quiet: bool

    def apply_files(self, paths: Sequence[str], ask: Ask) -> Exit:
        """Plans from files and applies; then plans again until nothing is left to do."""
        desired = load_files(paths)
        state = state_in(self.state_dir)
        calls = Calls(reads(desired), tuple(likely_for(desired)))
        with (
            connect(desired, ask, calls) as connection,
            only_run(state, connection.server, _now()),
            progress(self.quiet) as watching,
            closing(Account(self.view)) as account,
        ):
            tools = self._tools(connection, desired, state, watching)
            self._restore(tools)
            return self._until_stable(desired, connection, tools, account)

    def _until_stable(self, desired: Desired, connection: Connection, tools: Tools, account: Account) -> Exit:
        for turn in range(PASSES + 1):
            retry = self.retry_undone and turn == 0
            plan = plan_for(desired, connection, tools.state, tools.progress, retry_undone=retry)
            self._show(plan)
            if (refused := self._refused(plan, account)) is not None:
                return refused
            if turn and not plan.changes:
                return Exit.DONE
            if turn == PASSES:
                account.break_off(f"after {PASSES} passes the server still lets more rules match (above)")
                return Exit.PARTIAL
            outcome = self._apply(plan, tools, connection, account, saved=False).outcome
            if not plan.changes or _EXITS[outcome] is not Exit.DONE:
                break
        return _EXITS[outcome]

    def apply_saved(self, path: Path, ask: Ask) -> Exit:
        """Applies a plan file. Where the files it was made from are still there, they say how to connect."""
        plan = from_bytes(path.read_bytes())
        there = [file for file in plan.files if Path(file).is_file()]
        desired = load_files(there) if there else Desired()
        state = state_in(self.state_dir)
        with (
            connect(desired, ask, Calls(tuple(methods_for(plan.operations)))) as connection,
            only_run(state, connection.server, _now()),
            progress(self.quiet) as watching,
            closing(Account(self.view)) as account,
        ):
            if not plan.identity.same_server(connection.identity):
                stop(
                    f"this plan was made for {plan.identity.user_name} at {plan.identity.url}, and this is "
                    f"{connection.identity.user_name} at {connection.identity.url}: plan again",
                    Exit.STALE,
                )
            tools = self._tools(connection, desired, state, watching)
            self._restore(tools)
            self._show(plan)
            if (refused := self._refused(plan, account)) is not None:
                return refused
            return _EXITS[self._apply(plan, tools, connection, account, saved=True).outcome]

    def _tools(self, connection: Connection, desired: Desired, state: State, watching: Progress) -> Tools:
        admin = connection.admin
        return Tools(
            reader=connection.reader,
            writer=Writer(connection.reader.transport, connection.dialect),
            admin=(admin, Writer(admin.transport, connection.dialect)) if admin else None,
            state=state,
            progress=watching,
            interruption=Interruption(),
            limits=Limits(settle=self.settle_timeout),
            connections=desired.http.connections,
            now=lambda: datetime.now(UTC),
            server=connection.server,
            pause=desired.window.pause,
            guard=lambda: connection.guard(state.path),
        )

    def _restore(self, tools: Tools) -> None:
        """Gives back first what an earlier run has left paused."""
        leases = tools.state.leases(tools.server)
        if not leases:
            return
        names = ", ".join(lease.queue for lease in leases)
        window = tools.window()
        if window is None:
            tools.progress.say(
                f"warning: an earlier run has left these queues paused: {names}. An administrator's key is "
                "needed to resume them: set IMMICH_ADMIN_API_KEY"
            )
            return
        given_back = restore(window)
        tools.progress.say(f"an earlier run had left queues paused; resumed: {', '.join(given_back)}")

    def _show(self, plan: Plan) -> None:
        refused = bool(plan.problems) or (bool(plan.missing) and not self.allow_missing)
        self.view.plan(plan, needed=refused or (bool(plan.changes) and not self.yes))

    def _refused(self, plan: Plan, account: Account) -> Exit | None:
        """Why a plan isn't applied, as an exit code; None where it may be."""
        more = "nothing more" if account.reports else "nothing"
        if plan.problems:
            why = f"{more} was written, since the files contradict something (above)"
        elif plan.missing and not self.allow_missing:
            why = (
                f"{more} was written, since named photos are missing (above); "
                "--allow-missing goes on without them"
            )
        else:
            return None
        if account.reports:
            account.break_off(why)
            return Exit.PARTIAL
        click.echo(f"error: {why}", err=True)
        return Exit.INVALID if plan.problems else Exit.ERROR

    def _apply(
        self, plan: Plan, tools: Tools, connection: Connection, account: Account, *, saved: bool
    ) -> Report:
        if plan.changes:
            if text := lacking(plan, connection.dialect, connection.key):
                stop(text)
            self._confirm()
        with _signals(tools):
            report = apply_plan(plan, tools, saved=saved)
        account.add(report, plan)
        return report

    def _confirm(self) -> None:
        if self.yes:
            return
        if not sys.stdin.isatty():
            stop("nobody is there to ask: give --yes to apply without asking", Exit.INVALID)
        if not click.confirm("Apply this plan?", err=True):
            stop("nothing was written")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def _signals(tools: Tools) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask the run to stop between two requests; a second one ends waits for the server."""

    def asked(_number: int, _frame: FrameType | None) -> None:
        if tools.interruption.requested:
            tools.reader.transport.stop_retrying()
            return
        tools.interruption.request()
        tools.progress.say("stopping: the request under way ends, then the queues are given back")

    former = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
