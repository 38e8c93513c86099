"""What a plan says of an earlier run that did not come to its end."""

from __future__ import annotations

import click

from reconciler.apply.runs import Run, Runs
from reconciler.cli.common import local_time
from reconciler.cli.output import heard
from reconciler.plan import Plan
from reconciler.plan.report import Outcome


def ended_early(runs: Runs, server: str, user: str) -> Run | None:
    """The last run of an account, where it died or was stopped after it had begun to write."""
    last = next(iter(runs.all(server=server, user=user)), None)
    if last and last.touched and (last.unfinished or last.outcome == Outcome.INTERRUPTED.value):
        return last
    return None


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
