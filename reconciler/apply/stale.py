"""Whether a saved plan still fits the server: what it touches is read again and compared."""

from __future__ import annotations

from reconciler.apply.check import OnDrift, check, touched_by
from reconciler.immich.reader import Reader
from reconciler.live.touched import read_touched
from reconciler.model.live import Live
from reconciler.plan import Plan
from reconciler.plan.report import Outcome, Report
from reconciler.plan.standing import standings


def read_again(plan: Plan, reader: Reader) -> Live:
    """What the plan touches, as it is now. Raises ServerError."""
    return read_touched(reader, touched_by(plan.changes), identity=plan.identity, features=plan.features)


def stale(plan: Plan, live: Live, on_drift: OnDrift | None) -> Report | None:
    """The report of a saved plan that no longer fits, or that was applied already; None where it fits.

    What has moved makes it stale unless it is to be skipped.
    """
    checked = check(plan.changes, standings(plan.changes, live, plan.labels), live.albums)
    if checked.drifted and (on_drift is not OnDrift.SKIP or not checked.changes):
        return Report(Outcome.STALE, drifted=checked.drifted)
    if not checked.changes:
        return Report(Outcome.STALE, settled=checked.there, error="applied already")
    return None
