"""What a plan says of an earlier run that did not come to its end."""

from __future__ import annotations

import click

from reconciler.apply.state.journal import What
from reconciler.apply.state.runs import Run, Runs
from reconciler.apply.written import written
from reconciler.cli.telling.output import heard
from reconciler.cli.telling.terminal import local_time
from reconciler.diff.converged import after
from reconciler.model.applied import Applied
from reconciler.plan import Plan
from reconciler.plan.document import BadPlanFile
from reconciler.plan.report import Outcome


def ended_early(runs: Runs, server: str, user: str) -> Run | None:
    """The last run of an account, where it died or was stopped after it had begun to write."""
    last = next(iter(runs.all(server=server, user=user)), None)
    if last and last.touched and (last.unfinished or last.outcome == Outcome.INTERRUPTED.value):
        return last
    return None


def known_with(applied: Applied | None, run: Run | None, runs: Runs) -> Applied | None:
    """What is remembered, with what a run that ended early has written: that was nobody else's doing.

    Raises StateUnusable.
    """
    if applied is None or run is None or run.what is not What.APPLY:
        return applied
    try:
        past = runs.past(run)
    except BadPlanFile:  # another version of this program wrote it
        return applied
    return after(applied, written(past.changes, past.answered()))


def say_ended_early(run: Run | None, plan: Plan) -> None:
    """One line about a run that can be continued, with the way out."""
    if run is None or not (plan.changes or run.unfinished):
        return
    how = "died" if run.unfinished else "was stopped"
    way = (
        f"immich-apply --resume {run.id} continues it; this plan starts from what is there now"
        if plan.changes
        else f"immich-runs verify {run.id} tells what of it has lasted"
    )
    text = f"note: run {run.id} of {local_time(run.started)} {how} before its end: {way}"
    heard(lambda: click.echo(text, err=True), err=True)
