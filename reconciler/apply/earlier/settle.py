"""The report of an earlier run: what it wrote is read again and judged as at the end of an apply."""

from __future__ import annotations

from reconciler.apply.state.runs import Past
from reconciler.apply.tools import Tools
from reconciler.apply.verify import verify
from reconciler.apply.written import written
from reconciler.model.live import Live
from reconciler.plan.report import Fate, Outcome, Report
from reconciler.plan.standing import standings


def settle(past: Past, live: Live, tools: Tools, *, waiting: str, newest: bool) -> Report:
    """The report of a run as it stands now. `live` must hold what its changes touch.

    What the server has undone is remembered as after an apply, but only by the `newest` run: what an older
    one wrote may be gone because a later one wanted it so. Raises StateUnusable.
    """
    reports = tuple(entry.sent(unknown=Fate.NOT_SENT).report for entry in past.entries)
    changes = written(past.changes, past.answered())
    verdict = verify(
        changes, standings(changes, live, past.plan.labels), live, tools.now().date().isoformat()
    )
    complete = all(report.fate is Fate.WRITTEN for report in reports)
    if newest and complete and not waiting:
        tools.state.remember(past.run.user, verdict.undone, verdict.kept)
    outcome = Outcome.DONE
    if not complete:
        outcome = Outcome.PARTIAL
    elif verdict.reverted or waiting:
        outcome = Outcome.UNSETTLED
    return Report(
        outcome,
        reports,
        settled=verdict.settled,
        fields=verdict.fields,
        reverted=verdict.reverted,
        waiting=waiting,
        run=str(past.run.id),
    )
