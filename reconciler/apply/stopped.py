"""The reports of runs that were stopped: by a person, or by the clock. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.apply.protocols import Interruption
from reconciler.apply.written import Sent
from reconciler.plan import Plan
from reconciler.plan.operations import asset_ids
from reconciler.plan.report import Fate, OperationReport, Outcome, Report


def not_begun(plan: Plan, interruption: Interruption) -> Report:
    """The report of a run that was stopped before it wrote anything: everything is left to the next."""
    if not interruption.reason:
        return Report(Outcome.INTERRUPTED)
    left = [
        Sent(item, OperationReport(item.text, len(asset_ids(item)), Fate.NOT_SENT))
        for item in plan.operations
    ]
    return Report(
        Outcome.PARTIAL,
        operations=tuple(item.report for item in left),
        error=out_of_time(interruption, left),
    )


def out_of_time(interruption: Interruption, sent: Sequence[Sent]) -> str:
    """Why the clock has stopped a run, and how much is left."""
    left = sum(item.report.fate is Fate.NOT_SENT for item in sent)
    requests = f"{left:,} of {len(sent):,} requests" if left != 1 else f"1 of {len(sent):,} requests"
    verb = "is" if left == 1 else "are"
    return f"{interruption.words} {requests} {verb} left to the next run"
