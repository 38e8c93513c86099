"""The accounts of several passes put together as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.plan.report import Report, Tally, WindowReport


def together(reports: Sequence[Report]) -> Report:
    """One account of passes that followed one another. Each but the last was done and had settled."""
    last = reports[-1]
    windows = [report.window for report in reports]
    return replace(
        last,
        operations=tuple(item for report in reports for item in report.operations),
        drifted=tuple(item for report in reports for item in report.drifted),
        settled=sum(report.settled for report in reports),
        fields=_added(reports),
        reverted=tuple(item for report in reports for item in report.reverted),
        window=WindowReport(
            held=_once(name for window in windows for name in window.held),
            theirs=_once(name for window in windows for name in window.theirs),
            why=next((window.why for window in windows if window.held), windows[-1].why),
            troubles=_once(text for window in windows for text in window.troubles),
            noticed=_once(text for window in windows for text in window.noticed),
        ),
        run=", ".join(_once(report.run for report in reports if report.run)),
    )


def _added(reports: Iterable[Report]) -> tuple[Tally, ...]:
    sums: dict[str, Tally] = {}
    for item in (tally for report in reports for tally in report.fields):
        so_far = sums.get(item.field, Tally(item.field, 0, 0))
        sums[item.field] = Tally(item.field, so_far.applied + item.applied, so_far.settled + item.settled)
    return tuple(sums.values())


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
