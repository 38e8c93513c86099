"""How plans and reports are shown: as text step by step, or as one JSON document at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from reconciler.cli.telling.output import heard
from reconciler.cli.telling.showing import show
from reconciler.plan import Plan
from reconciler.plan.report import Report
from reconciler.plan.several import Part


@dataclass(frozen=True, slots=True)
class View:
    """How plans and reports are shown."""

    form: str
    color: bool
    columns: int
    full: bool
    several: bool = False
    """Whether there are plans of several accounts, each below a heading."""

    def plans(self, plans: Sequence[Plan], *, needed: bool = True) -> None:
        """The plans, on stdout; beside a JSON report, on stderr where somebody needs to see them."""
        if self.form == "text" or needed:
            err = self.form != "text"
            color = self.color and not err
            heard(
                lambda: show(plans, "text", color=color, columns=self.columns, full=self.full, err=err),
                err=err,
            )

    def heading(self, plan: Plan) -> None:
        """What stands above the report of one of several plans."""
        if self.form == "text":
            from reconciler.render.several import account_heading

            text = account_heading(plan, width=self.columns, color=self.color)
            heard(lambda: click.echo(f"\n{text}", nl=False, color=self.color))

    def again(self, plan: Plan, *, needed: bool) -> None:
        """One of several plans, made anew after a pass."""
        if self.form == "text":
            self.heading(plan)
            click.echo()
        self.plans([plan], needed=needed)

    def parts(self, parts: Sequence[Part]) -> None:
        """What became of the plans of several accounts: as text, or as the one JSON document on stdout."""
        from reconciler.render.several import parts_bytes, parts_text

        if self.form == "json":
            document = parts_bytes(parts)
            heard(lambda: sys.stdout.buffer.write(document))
        else:
            text = parts_text(parts, width=self.columns, color=self.color)
            heard(lambda: click.echo(f"\n{text}", nl=False, color=self.color))

    def text(self, report: Report) -> None:
        """The report as text, on stdout."""
        from reconciler.render.terminal_report import report_text

        text = report_text(report, width=self.columns, color=self.color)
        end = "" if self.several else "\n"
        heard(lambda: click.echo(f"\n{text}{end}", nl=False, color=self.color))

    def json(self, report: Report, plan: Plan) -> None:
        """The report as the one JSON document on stdout."""
        from reconciler.render.documents import report_bytes

        document = report_bytes(report, plan)
        heard(lambda: sys.stdout.buffer.write(document))
