"""How a plan and what became of it are shown: as text step by step, or as one JSON document at the end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace

import click

from reconciler.apply.account import together
from reconciler.cli.output import heard
from reconciler.cli.planning import show
from reconciler.cli.progress import Unheard
from reconciler.plan import Plan
from reconciler.plan.report import Outcome, Report


@dataclass(frozen=True, slots=True)
class View:
    """How plan and account are shown."""

    form: str
    color: bool
    columns: int
    full: bool

    def plan(self, plan: Plan, *, needed: bool = True) -> None:
        """The plan, on stdout; beside a JSON account, on stderr where somebody needs to see it."""
        if self.form == "text" or needed:
            err = self.form != "text"
            color = self.color and not err
            heard(
                lambda: show(plan, "text", color=color, columns=self.columns, full=self.full, err=err),
                err=err,
            )

    def text(self, report: Report) -> None:
        """The account as text, on stdout."""
        from reconciler.render.terminal_report import report_text

        text = report_text(report, width=self.columns, color=self.color)
        heard(lambda: click.echo(f"\n{text}\n", nl=False, color=self.color))

    def json(self, report: Report, plan: Plan) -> None:
        """The account as the one JSON document on stdout."""
        from reconciler.render.documents import report_bytes

        document = report_bytes(report, plan)
        heard(lambda: sys.stdout.buffer.write(document))


@dataclass(slots=True)
class Account:
    """What the passes of one run have done: as text after each, as JSON once for all of them."""

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
