"""Coming back to an earlier run: taking it back, continuing it, reading back what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from reconciler.apply.check import Checked, check, touched_by
from reconciler.apply.earlier.idle import held_up, jobs_left, wait_until_idle
from reconciler.apply.earlier.proofs import proofs
from reconciler.apply.earlier.settle import settle
from reconciler.apply.earlier.undo import touched_by_undo, undo_plan
from reconciler.apply.earlier.unread import count_unread, half_done, wait_until_read
from reconciler.apply.preflight import methods_for
from reconciler.apply.state.database import state_in
from reconciler.apply.state.exclusion import only_run
from reconciler.apply.state.journal import Stage, What
from reconciler.apply.state.runs import NoSuchRun, Past, Run, Runs
from reconciler.cli.applying.before import after_earlier_runs
from reconciler.cli.applying.clock import now
from reconciler.cli.applying.session import EXITS, Here, Session
from reconciler.cli.connecting.connect import Ask, Calls, Connection, connect, names_server, server_of
from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.planning.files import load_files
from reconciler.cli.planning.remembered import Remembered
from reconciler.cli.telling.progress import progress
from reconciler.cli.telling.reporting import Reporting
from reconciler.diff.converged import without
from reconciler.live.touched import Touched, read_touched
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.values import Field
from reconciler.model.words import counted
from reconciler.plan import Plan
from reconciler.plan.operations import sidecar_photos
from reconciler.plan.plan import refiled_by
from reconciler.plan.report import Outcome, Report
from reconciler.plan.schedule import schedule
from reconciler.plan.standing import standings

Fits = Callable[[Run], bool]


@dataclass(frozen=True, slots=True)
class Opened:
    """An earlier run, and a connection to its server with everything to go on."""

    past: Past
    here: Here
    runs: Runs

    def read(self, touched: Touched) -> Live:
        """How the server stands now."""
        changes = self.past.plan.changes
        fields = {item.field for change in changes.assets for item in change.fields}
        return read_touched(
            self.here.tools.reader,
            touched,
            identity=self.here.connection.identity,
            features=self.here.connection.features(Field.TAKEN in fields or any(refiled_by(changes))),
        )

    def jobs(self, *, wait: bool) -> str:
        """Why it isn't known that the run's jobs are done, having waited or not; empty where it is."""
        tools, admin = self.here.tools, self.here.connection.admin
        if admin is None:
            return self._unread(wait=wait)
        if not wait:
            left = jobs_left(admin)
            return f"{left:,} jobs are still waiting in the server's queues" if left else ""
        photos = sidecar_photos(self.runs.sent(self.past.run))
        return held_up(admin) or wait_until_idle(
            admin, tools.progress, tools.interruption, tools.limits, photos
        )

    def half_done(self) -> str:
        """Why what broke off may not last, though its jobs are over; empty where it will."""
        found = half_done(self.past, self.here.tools.reader).after
        if not found:
            return ""
        return (
            f"the server may have died before it wrote {counted(len(found), 'photo')} to the files: "
            "immich-apply has them read again"
        )

    def _unread(self, *, wait: bool) -> str:
        """The same where no queue can be watched: the photos show it."""
        past, tools, moment = self.past, self.here.tools, self.here.tools.now()
        photos = sidecar_photos(self.runs.sent(past.run))
        if wait:
            watching, asked = tools.progress, tools.interruption
            return wait_until_read(past, tools.reader, photos, moment, watching, asked, tools.limits)
        left = count_unread(past, tools.reader, photos, moment)
        return f"the server has not read {counted(left, 'photo')} again yet" if left else ""


@dataclass(frozen=True, slots=True)
class Return:
    """What the commands that come back to a run share. `files` say how to connect, if any are given."""

    session: Session
    ask: Ask
    files: tuple[str, ...] = ()

    def undo(self, number: int | None) -> Exit:
        """Shows what takes a run back, asks, and applies it."""
        with self._opened(number, What.UNDO) as opened:
            past, tools = opened.past, opened.here.tools
            after_earlier_runs(tools)
            live = opened.read(touched_by_undo(past))
            plan = undo_plan(past, live, tools.state.attempts(past.run.user))
            done = self._apply_rest(opened, plan, live, f"take back of run {past.run.id}")
            remembered = Remembered(tools.state, past.run.user)
            if known := remembered.read():  # what is taken back was nobody's doing on the server
                remembered.replace(without(known, plan.changes), now())
            return done

    def resume(self, number: int | None) -> Exit:
        """Says what became of what was in flight, and applies what is left of the run's plan."""
        with self._opened(number, What.RESUME) as opened:
            run, plan = opened.past.run, opened.past.plan
            if not run.resumable:
                self._nothing(
                    opened, f"Nothing to resume: run {run.id} ({outcome_words(run)}) went to its end."
                )
                return Exit.DONE
            after_earlier_runs(opened.here.tools)
            live = opened.read(touched_by(plan.changes))
            _proven(opened, live, keep=True)
            return self._apply_rest(opened, plan, live, f"do of run {run.id}", closes=True)

    def verify(self, number: int | None, *, wait: bool) -> Exit:
        """Reads back what a run wrote, and tells what of it has lasted."""
        with self._opened(number, What.APPLY) as opened:
            run, runs = opened.past.run, opened.runs
            waiting = opened.jobs(wait=wait) or opened.half_done()
            live = opened.read(touched_by(opened.past.changes))
            past = _proven(opened, live, keep=not waiting)
            wrote = (item.id for item in runs.all(server=run.server, user=run.user) if item.touched)
            newest = run.id == max(wrote, default=0)
            report = settle(past, live, opened.here.tools, waiting=waiting, newest=newest)
            if not waiting:
                runs.settle(run, report.outcome, report.settled, len(report.reverted))
            opened.here.reporting.add(report, past.plan)
            return EXITS[report.outcome]

    # -- how -------------------------------------------------------------------------------------------

    @contextmanager
    def _opened(self, number: int | None, what: What) -> Iterator[Opened]:
        state = state_in(self.session.state_dir)
        runs = Runs(state)
        given = self.session.asked.over(load_files(self.files)) if self.files else None
        run = self._chosen(runs, number, what, given)
        past = runs.past(run)
        desired = given or self._desired(past, runs)
        if past.plan.account in desired.server.accounts and not self.ask.account:
            desired = desired.of(past.plan.account)
        # a run made with --server alone is found again without saying it once more
        ask = self.ask if names_server(desired, self.ask) else replace(self.ask, server=run.server)
        with (
            connect(desired, ask, Calls(tuple(methods_for(past.plan.operations)))) as connection,
            only_run(state, connection.server, now) as hold,
            progress(self.session.quiet) as watching,
            closing(Reporting(self.session.view, watching)) as reporting,
        ):
            _same(run, past, connection)
            tools = self.session.tools(connection, desired, state, watching, hold, what, run.id)
            yield Opened(past, Here(desired, connection, tools, reporting), runs)

    def _chosen(self, runs: Runs, number: int | None, what: What, given: Desired | None) -> Run:
        """The run that is meant: the one named, or the last one that there is something to do about."""
        if number is not None:
            return runs.get(number)
        named = given or Desired()
        server = server_of(named, self.ask) if names_server(named, self.ask) else None
        found = runs.all(server=server)
        taken_back = {
            run.of
            for run in found
            if run.what is What.UNDO and run.outcome in (Outcome.DONE.value, Outcome.UNSETTLED.value)
        }
        fits: dict[What, Fits] = {
            What.UNDO: lambda run: run.touched and run.what is not What.UNDO and run.id not in taken_back,
            What.RESUME: lambda run: run.touched or run.unfinished,
            What.APPLY: lambda run: run.touched,
        }
        fitting = [run for run in found if fits[what](run)]
        if not fitting:
            where = f"on {server} in {runs.state.folder}" if server else f"in {runs.state.folder}"
            text = f"Nothing to {_VERBS[what]}: no run {where} has written anything"
            text += " that isn't taken back" if what is What.UNDO else ""
            click.echo(f"{text}.", err=self.session.view.form != "text")
            raise SystemExit(int(Exit.DONE))
        if len({(run.server, run.user) for run in fitting}) > 1:
            if self.ask.account:
                fitting = [run for run in fitting if runs.past(run).plan.account == self.ask.account]
            if len({(run.server, run.user) for run in fitting}) != 1:
                raise NoSuchRun("there are runs of several servers or accounts: name the run (immich-runs)")
        return fitting[0]

    def _desired(self, past: Past, runs: Runs) -> Desired:
        """The settings of the files that the run was made from, as far as they are still there."""
        named = [Path(past.run.folder) / file for file in runs.files(past.run)]
        there = [str(path) for path in named if path.is_file()]
        return self.session.asked.over(load_files(there) if there else Desired())

    def _apply_rest(self, opened: Opened, plan: Plan, live: Live, what: str, *, closes: bool = False) -> Exit:
        """Shows what of a plan is left, and applies it; the report tells what has moved as well.

        Where nothing is left, the run that is looked at counts as done, if that `closes` it.
        """
        found = tuple(standings(plan.changes, live, plan.labels))
        rest = check(plan.changes, found, live.albums)
        here = opened.here
        if rest.changes or (closes and plan.migrates):
            here.reporting.watching.rest()
            self.session.show(_left_of(plan, rest, live))
            report = self.session.apply(plan, here, saved=False)
            return EXITS[report.outcome]
        for note in plan.notes:
            click.echo(f"note: {note.text}", err=True)
        if rest.drifted:
            report = Report(Outcome.PARTIAL, drifted=rest.drifted)
            here.reporting.add(report, plan)
            return EXITS[report.outcome]
        if closes:
            opened.runs.settle(opened.past.run, Outcome.DONE, len(found), 0)
        self._nothing(opened, f"Nothing is left to {what}: the server is as it was meant to be.")
        return Exit.DONE

    def _nothing(self, opened: Opened, text: str) -> None:
        if self.session.view.form == "text":
            click.echo(text)
        else:
            opened.here.reporting.add(Report(Outcome.NOTHING), opened.past.plan)


_VERBS = {What.UNDO: "take back", What.RESUME: "resume", What.APPLY: "verify"}


def outcome_words(run: Run) -> str:
    """How a run ended, in a word or two."""
    return "died" if run.outcome is None else run.outcome


def _same(run: Run, past: Past, connection: Connection) -> None:
    """Stops where the connection is not to the server and the account of the run."""
    if not past.plan.identity.same_server(connection.identity):
        stop(
            f"run {run.id} was made by {run.user_name} on {run.server}, and this is "
            f"{connection.identity.user_name} on {connection.server}: say how to connect with --files, "
            "--server and --account",
            Exit.STALE,
        )


def _proven(opened: Opened, live: Live, *, keep: bool) -> Past:
    """Says what became of what was in flight; written down only once its jobs are over, for good."""
    past = opened.past
    found = proofs(past, live)
    for proof in found:
        if proof.entry.stage is Stage.SENT:
            opened.here.tools.progress.say(proof.text)
    stages = {proof.entry.number: proof.stage for proof in found}
    if keep and (found or past.run.unfinished):
        opened.runs.prove(past.run, stages, now())
    entries = (replace(entry, stage=stages.get(entry.number, entry.stage)) for entry in past.entries)
    return replace(past, entries=tuple(entries))


def _left_of(plan: Plan, rest: Checked, live: Live) -> Plan:
    """The part of a plan that is still to be done, for people to look at."""
    rounds = schedule(rest.changes, live.tags, plan.features)
    left = replace(plan, changes=rest.changes, rounds=rounds)
    if not rest.drifted:
        return left
    from reconciler.diff.changes import Note

    names = tuple(sorted({item.name for item in rest.drifted})[:3])
    text = "what has changed on the server since is left alone"
    return replace(left, notes=(*plan.notes, Note(text, None, len(rest.drifted), names)))
