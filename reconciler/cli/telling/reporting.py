"""What the passes of a run have done, told as they go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import click

from reconciler.cli.telling.output import heard
from reconciler.cli.telling.progress import Unheard
from reconciler.cli.telling.view import View
from reconciler.plan import Plan
from reconciler.plan.report import Outcome, Report, together


@dataclass(slots=True)
class Reporting:
    """Tells what the passes of one run have done: as text after each, as JSON once for all of them."""

    view: View
    watching: Unheard
    reports: list[Report] = field(default_factory=list)
    first: Plan | None = None

    def add(self, report: Report, plan: Plan) -> None:
        """One pass is over."""
        self.first = self.first or plan
        self.reports.append(report)
        self.watching.rest()
        if self.view.form == "text" and plan.changes:
            self.view.text(report)

    def break_off(self, why: str) -> None:
        """Something is left that this run doesn't do."""
        heard(lambda: click.echo(f"error: {why}", err=True), err=True)
        last = self.reports[-1]
        self.reports[-1] = replace(last, outcome=Outcome.PARTIAL, error=last.error or why)

    def close(self) -> None:
        """Tells programs how it went, also where a later pass has failed."""
        if self.view.form == "json" and self.first:
            self.view.json(together(self.reports), self.first)
