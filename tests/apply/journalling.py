"""Journalled runs for the tests of journal, undo and resume, put together as the commands do it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.earlier.undo import touched_by_undo, undo_plan
from reconciler.apply.run import apply_plan
from reconciler.apply.state.journal import RunJournal, What
from reconciler.apply.state.runs import Past, Runs
from reconciler.live.touched import read_touched
from reconciler.plan import Plan
from reconciler.plan.report import Report
from tests.support.world import TODAY, World


def journal_of(place: World, what: What = What.APPLY, of: int | None = None) -> RunJournal:
    return RunJournal(place.state, "sandbox", lambda: TODAY.isoformat(), what, of)


def journalled(
    place: World, plan: Plan, what: What = What.APPLY, of: int | None = None, *, wait: bool = True
) -> Report:
    """Applies a plan with a journal."""
    tools = replace(place.tools(), journal=journal_of(place, what, of), wait=wait)
    return apply_plan(plan, tools, saved=False)


def past(place: World, run: str | int) -> Past:
    """All that the journal has about a run."""
    runs = Runs(place.state)
    return runs.past(runs.get(int(run)))


def undoing(place: World, run: str | int) -> Plan:
    """The plan that takes a run back."""
    found = past(place, run)
    live = read_touched(
        place.reader, touched_by_undo(found), identity=place.identity, features=place.features()
    )
    return undo_plan(found, live, place.state.attempts(found.run.user))


def undo(place: World, run: str | int) -> Report:
    return journalled(place, undoing(place, run), What.UNDO, int(run))
