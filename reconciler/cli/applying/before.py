"""What is said, waited for and refused before a run writes anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from reconciler.apply.earlier.idle import held_up, wait_until_idle
from reconciler.apply.earlier.mend import mend_earlier
from reconciler.apply.earlier.unread import overlapping, wait_until_read
from reconciler.apply.queues.window import restore
from reconciler.apply.state.exclusion import Hold
from reconciler.apply.state.runs import Run, Runs, in_flight
from reconciler.apply.tools import Tools
from reconciler.cli.connecting.connect import Connection
from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.telling.output import warn
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.plan import Plan
from reconciler.plan.operations import sidecar_photos

CANNOT = (
    "without an administrator's key the queues can't be paused or watched: an edit that another program or "
    "the web page makes to one of these photos at the same moment can be lost, or ours with it"
)
UNGUARDED = ", and a job that reads one of them meanwhile can undo the edit"
WAY_OUT = "IMMICH_ADMIN_API_KEY or server.admin lets the queues be held still"


def refuse_without_window(plan: Plan, tools: Tools, connection: Connection) -> None:
    """Stops where jobs can undo edits, no key may pause them, and nobody has said that it may be so."""
    told = tools.opening is not None and tools.opening.settings.without_window
    if not _without_window(plan, connection) or connection.dialect.guards_edits or told:
        return
    stop(
        f"nothing was written: Immich {connection.dialect.version} does not keep its own jobs from undoing "
        "edits, as 2.4 and later do, and without an administrator's key its queues can't be paused. Set "
        "IMMICH_ADMIN_API_KEY or server.admin, or update Immich; --without-window "
        "(settings.window.without_window) writes all the same"
    )


def say_without_window(plan: Plan, tools: Tools, connection: Connection) -> None:
    """Says what can't be done without an administrator's key."""
    if not _without_window(plan, connection):
        return
    more = "" if connection.dialect.guards_edits else UNGUARDED
    tools.progress.say(f"note: {CANNOT}{more}. {WAY_OUT}")


def _without_window(plan: Plan, connection: Connection) -> bool:
    return plan.needs_window and connection.admin is None


# -- earlier runs ----------------------------------------------------------------------------------------


def after_earlier_runs(tools: Tools) -> None:
    """Sees to what earlier runs have left: paused queues are given back, their jobs run to their end, and
    edits that broke off are done in full.

    What the files say is compared with the server only then. Without an administrator's key only the photos
    of a plan show what still runs, and are looked at later. Stops where the jobs aren't done in time.
    """
    given_back = _give_back(tools)
    if tools.interruption.requested:
        return
    runs = Runs(tools.state)
    left = [run for run in runs.unsettled(tools.server) if sidecar_photos(runs.sent(run))]
    if tools.admin is None:
        _mend(runs, left, tools)
        return
    if (left or given_back) and not held_up(tools.admin[0]):
        why = _wait_for(runs, left, tools, tools.admin[0])
        if not why and _mend(runs, left, tools):
            why = _wait_for(runs, left, tools, tools.admin[0])
        if why and not tools.interruption.requested:
            _not_now(left, why)
        if not why:
            _seen_idle(runs, tools)


def _wait_for(runs: Runs, found: Sequence[Run], tools: Tools, admin: Reader) -> str:
    """Why it isn't known that the jobs of these runs, or all jobs where there is none, are done."""
    photos = frozenset[str]().union(*(sidecar_photos(runs.sent(run)) for run in found))
    return wait_until_idle(admin, tools.progress, tools.interruption, tools.limits, photos)


def _mend(runs: Runs, left: Sequence[Run], tools: Tools) -> bool:
    """Has photos read again to which an edit of this account broke off; whether there were any."""
    cut = [run for run in left if _broken_off(runs, run)]
    who = tools.reader.identity().user_id if cut else ""
    try:
        found = [mend_earlier(runs.past(run), tools) for run in cut if run.user == who]
    except ServerError as error:
        if error.kind is not Kind.FORBIDDEN:
            raise
        warn(f"what an earlier run was writing when it broke off may be half done: {error}")
        return False
    return any(found)


def _broken_off(runs: Runs, run: Run) -> bool:
    """Whether an edit of a run ended without an answer."""
    return bool(sidecar_photos(entry.operation for entry in in_flight(run, runs.entries(run))))


def _seen_idle(runs: Runs, tools: Tools) -> None:
    """Writes down that all jobs are done, unless another account's edits may be half done."""
    broken_off = [run for run in runs.unsettled(tools.server) if _broken_off(runs, run)]
    if not broken_off or {run.user for run in broken_off} == {tools.reader.identity().user_id}:
        runs.seen_idle(tools.server)


def _give_back(tools: Tools) -> bool:
    leases = tools.state.leases(tools.server)
    if not leases:
        return False
    names = ", ".join(lease.queue for lease in leases)
    window = tools.window()
    if window is None:
        warn(
            f"an earlier run has left these queues paused: {names}. An administrator's key is needed to "
            "resume them: set IMMICH_ADMIN_API_KEY or server.admin"
        )
        return False
    given_back = restore(window)
    if given_back:
        tools.progress.say(f"an earlier run had left queues paused; resumed: {', '.join(given_back)}")
    for text in window.noticed:
        tools.progress.say(f"an earlier run had left queues paused; {text}")
    for trouble in window.troubles.values():
        warn(trouble)
    return bool(given_back)


def let_earlier_settle(plan: Plan, tools: Tools, connection: Connection) -> bool:
    """Waits for the jobs of earlier runs that have written the same photos; whether there were any.

    Stops where they aren't done in time: two edits of one photo that wait side by side may destroy its
    sidecar (PERFORMANCE 1.2).
    """
    if tools.interruption.requested:
        return False
    runs, photos = Runs(tools.state), sidecar_photos(plan.operations)
    found = overlapping(runs, tools.server, photos)
    if not found:
        return False
    if tools.admin:
        # what waits in a queue that somebody keeps paused is left alone by the run, photo by photo
        held = held_up(tools.admin[0])
        why = _wait_for(runs, found, tools, tools.admin[0])
        if not why and not held:
            _seen_idle(runs, tools)
    else:
        found = tuple(run for run in found if run.user == connection.identity.user_id)
        why = _look_at_photos(runs, found, photos, tools)
    if why and not tools.interruption.requested:
        _not_now(found, why)
    return bool(found)


def _look_at_photos(runs: Runs, found: Sequence[Run], photos: frozenset[str], tools: Tools) -> str:
    now, watching, asked = tools.now(), tools.progress, tools.interruption
    for run in found:
        why = wait_until_read(runs.past(run), tools.reader, photos, now, watching, asked, tools.limits)
        if why:
            return f"{why}; an administrator's key would show its queues"
    return ""


def _not_now(runs: Sequence[Run], why: str) -> NoReturn:
    numbers = ", ".join(str(run.id) for run in reversed(runs))
    whose = f"run {numbers}" if len(runs) == 1 else f"runs {numbers}" if runs else "an earlier run"
    stop(
        f"nothing was written: the jobs of {whose} may not be done ({why}), and two edits of one photo that "
        "wait at the same time can destroy each other. Run again later, or with a longer --settle-timeout",
        Exit.PARTIAL,
    )


# -- waiting for the time ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aside:
    """Lets other runs have the server while this one only waits for its hours or for a quiet server."""

    hold: Hold

    @contextmanager
    def during(self, tools: Tools) -> Iterator[None]:
        """Lets go, and afterwards takes the server again and sees to what a run in between has left."""
        self.hold.let_go()
        yield
        if not tools.interruption.requested and self.hold.take_when_free(tools.progress, tools.interruption):
            after_earlier_runs(tools)
