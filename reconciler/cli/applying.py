"""What `immich-apply` does, step by step: plan, ask, apply, tell, and plan again to prove it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import click

from reconciler.apply.exclusion import only_run
from reconciler.apply.preflight import lacking
from reconciler.apply.protocols import Interruption, Limits, Progress
from reconciler.apply.run import Tools, apply_plan
from reconciler.apply.state import State
from reconciler.apply.window import restore
from reconciler.cli.common import stop
from reconciler.cli.connect import Ask, Connection, connect
from reconciler.cli.exits import Exit
from reconciler.cli.planning import load_files, plan_for, show, state_in
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

    def plan(self, plan: Plan) -> None:
        """The plan, on stdout; as JSON only the account is printed, which holds the plan's digest."""
        if self.form == "text":
            show(plan, "text", color=self.color, columns=self.columns, full=self.full)

    def report(self, report: Report, plan: Plan) -> None:
        """The account, on stdout."""
        if self.form == "json":
            from reconciler.render.documents import report_bytes

            sys.stdout.buffer.write(report_bytes(report, plan))
            sys.stdout.flush()
        else:
            from reconciler.render.terminal_report import report_text

            text = report_text(report, width=self.columns, color=self.color)
            click.echo(f"\n{text}\n", nl=False, color=self.color)


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
        with (
            connect(desired, ask) as connection,
            only_run(state, connection.server, _now()),
            progress(self.quiet) as watching,
        ):
            tools = self._tools(connection, desired, state, watching)
            self._restore(tools)
            worst = Exit.DONE
            for turn in range(PASSES):
                plan = plan_for(
                    desired, connection, state, watching, retry_undone=self.retry_undone and turn == 0
                )
                if turn and not plan.changes:
                    self._proven(plan)
                    return worst
                self.view.plan(plan)
                if turn == 0 and (refused := self._refused(plan)) is not None:
                    return refused
                report = self._apply(plan, tools, connection, saved=False)
                worst = _EXITS[report.outcome]
                if not plan.changes or worst is not Exit.DONE:
                    return worst
            return Exit.PARTIAL

    def apply_saved(self, path: Path, ask: Ask) -> Exit:
        """Applies a plan file. Where the files it was made from are still there, they say how to connect."""
        plan = from_bytes(path.read_bytes())
        there = [file for file in plan.files if Path(file).is_file()]
        desired = load_files(there) if there else Desired()
        state = state_in(self.state_dir)
        with (
            connect(desired, ask) as connection,
            only_run(state, connection.server, _now()),
            progress(self.quiet) as watching,
        ):
            if not plan.identity.same_server(connection.identity):
                stop(
                    f"this plan was made for {plan.identity.user_name} at {plan.identity.url}, and this is "
                    f"{connection.identity.user_name} at {connection.identity.url}: plan again",
                    Exit.STALE,
                )
            tools = self._tools(connection, desired, state, watching)
            self._restore(tools)
            self.view.plan(plan)
            if (refused := self._refused(plan)) is not None:
                return refused
            return _EXITS[self._apply(plan, tools, connection, saved=True).outcome]

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

    def _refused(self, plan: Plan) -> Exit | None:
        """Why a plan isn't applied, as an exit code; None where it may be."""
        if plan.problems:
            click.echo("error: nothing was written, since the files contradict something (above)", err=True)
            return Exit.INVALID
        if plan.missing and not self.allow_missing:
            click.echo(
                "error: nothing was written, since named photos are missing (above); "
                "--allow-missing goes on without them",
                err=True,
            )
            return Exit.ERROR
        return None

    def _apply(self, plan: Plan, tools: Tools, connection: Connection, *, saved: bool) -> Report:
        if plan.changes:
            if text := lacking(plan, connection.dialect, connection.granted, connection.key_name):
                stop(text)
            self._confirm()
        with _signals(tools):
            report = apply_plan(plan, tools, saved=saved)
        if plan.changes or self.view.form == "json":
            self.view.report(report, plan)
        return report

    def _confirm(self) -> None:
        if self.yes:
            return
        if not sys.stdin.isatty():
            stop("nobody is there to ask: give --yes to apply without asking", Exit.INVALID)
        if not click.confirm("Apply this plan?", err=True):
            stop("nothing was written")

    def _proven(self, plan: Plan) -> None:
        if self.view.form == "text":
            self.view.plan(plan)


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
