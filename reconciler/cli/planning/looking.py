"""The plan of one account after the other, for `immich-plan`: with the server, or by a snapshot of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click

from reconciler.apply.state.database import State
from reconciler.apply.state.exclusion import another_run
from reconciler.apply.state.runs import Runs
from reconciler.cli.connecting.accounts import refuse_twins
from reconciler.cli.connecting.connect import Ask, Calls, Connection, Place, connect, open_place
from reconciler.cli.errors import stop
from reconciler.cli.options.pages import Pages
from reconciler.cli.planning.fresh import Seen, plan_for, reads
from reconciler.cli.planning.remembered import Remembered, unknown
from reconciler.cli.planning.unfinished import ended_early, known_with, say_ended_early
from reconciler.cli.telling.output import warn
from reconciler.cli.telling.progress import Unheard, progress
from reconciler.diff.target import Target
from reconciler.live.meter import Meter
from reconciler.live.plan import ReadingPlan
from reconciler.model.desired import Desired
from reconciler.model.live import NO_THUMBNAILS, Thumbnails
from reconciler.plan import Plan


@dataclass(frozen=True, slots=True)
class Looked:
    """The plan of one account, how the server was read for it, at what cost, and the pictures of its page.

    Not what was read: nothing else is needed of it, and it may be large.
    """

    plan: Plan
    reading: ReadingPlan | None
    meter: Meter
    thumbnails: Thumbnails = NO_THUMBNAILS


@dataclass(frozen=True, slots=True)
class Looking:
    """What the command line says about plans, whoever they are for."""

    state: State
    reload: Callable[[], Desired]
    """The same account's part of the files, once they have been written anew."""
    retry_undone: bool = False
    targets: Sequence[Target] = ()
    applied: Path | None = None
    detect_drift: bool = False
    accept: Sequence[Target] = ()

    def by_snapshot(self, parts: Sequence[Desired], path: str) -> tuple[Looked, ...]:
        """The plans as of when a snapshot was made."""
        from reconciler.cli.planning.offline import plan_offline, read_offline, say_age

        found: list[Looked] = []
        for part, snapshot in zip(parts, read_offline(path, parts), strict=True):
            plan, seen = plan_offline(
                part,
                snapshot,
                path,
                self.state,
                retry_undone=self.retry_undone,
                targets=self.targets,
                applied=self.applied,
            )
            if not found and snapshot.made:
                say_age(snapshot.made)
            found.append(Looked(self._taken_over(plan, part, seen), seen.reading, Meter()))
        return tuple(found)

    def at_server(
        self, parts: Sequence[Desired], ask: Ask, pages: Pages | None, *, quiet: bool
    ) -> tuple[Looked, ...]:
        """The plans of accounts of one server; with pictures where there are `pages` to be made."""
        with ExitStack() as stack:
            place = stack.enter_context(open_place(parts[0], ask))
            opened = [
                (part, stack.enter_context(connect(part, ask, Calls(reads(part)), place))) for part in parts
            ]
            refuse_twins((part.part_of, connection) for part, connection in opened)
            self._warn_of_leases(place)
            watching = stack.enter_context(progress(quiet))
            return tuple(self._one(part, connection, watching, pages) for part, connection in opened)

    def _one(
        self, desired: Desired, connection: Connection, watching: Unheard, pages: Pages | None
    ) -> Looked:
        state, user = self.state, connection.identity.user_id
        remembered = Remembered(state, user, self.applied).read()
        running = another_run(state, connection.server)
        early = None if running else ended_early(Runs(state), connection.server, user)
        made = plan_for(
            desired,
            connection,
            state,
            watching,
            retry_undone=self.retry_undone,
            targets=self.targets,
            applied=known_with(remembered, early, Runs(state)),
            may_be_last=not self.accept,
        )
        watching.rest()
        plan = self._taken_over(made.plan, desired, made.seen)
        thumbnails = pages.pictures(plan, connection, watching) if pages else NO_THUMBNAILS
        watching.rest()
        say_ended_early(early, plan)
        return Looked(plan, made.reading, made.meter, thumbnails)

    def _warn_of_leases(self, place: Place) -> None:
        leases = self.state.leases(place.server)
        if leases and not another_run(self.state, place.server):
            names = ", ".join(lease.queue for lease in leases)
            warn(f"an earlier run has left these queues paused: {names}. immich-apply resumes them")

    def _taken_over(self, plan: Plan, desired: Desired, seen: Seen | None) -> Plan:
        """The plan, once what somebody has changed on the server is taken over where that is asked for."""
        if self.detect_drift and plan.drift is None:
            stop(unknown(self.applied, plan.account))
        if not self.accept or seen is None:
            return plan
        from reconciler.cli.planning.accepting import accepted

        return accepted(plan, desired, seen, self.reload, self.accept, self.applied)


def together(looked: Sequence[Looked]) -> Thumbnails:
    """The pictures of all of them."""
    files = {photo: data for one in looked for photo, data in one.thumbnails.files.items()}
    notes = dict.fromkeys(one.thumbnails.note for one in looked if one.thumbnails.note)
    return Thumbnails(files, "; ".join(notes))


def tell_reading(looked: Sequence[Looked], *, err: bool) -> None:
    """What was read of the server for each plan, why, and at what cost."""
    from reconciler.render.reading import reading_text

    for one in looked:
        if one.reading:
            if len(looked) > 1:
                click.echo(f"Account {one.plan.account}:", err=err)
            click.echo(reading_text(one.reading, one.meter.took), nl=False, err=err)
