"""The plans of several accounts as text, each below a heading, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from reconciler.plan.digest import short
from reconciler.plan.plan import Plan
from reconciler.plan.several import Course, Part, digest_of_all
from reconciler.render import summary
from reconciler.render.cells import cells, plain
from reconciler.render.documents import encodable, report_document
from reconciler.render.page import Page
from reconciler.render.terminal import plan_text
from reconciler.render.terminal_report import verdict

VERSION = 1
KIND = "immich-reports"
Json = Any

_STYLES = {
    Course.DONE: "green",
    Course.PARTLY: "yellow",
    Course.FAILED: "bold red",
    Course.STOPPED: "bold red",
    Course.NOT_STARTED: "bold",
}


def account_heading(plan: Plan, *, width: int, color: bool) -> str:
    """The lines above what is about one account."""
    page = Page(width, color)
    title = f"Account {plain(plan.account)}"
    page.text(title, style="bold")
    page.text("=" * min(cells(title), width), style="bold")
    return page.render()


def plans_text(plans: Sequence[Plan], *, width: int, color: bool, full: bool = False) -> str:
    """The plans for people, one after the other, and at the end what all of them come to."""
    parts = [
        f"{account_heading(plan, width=width, color=color)}\n"
        f"{plan_text(plan, width=width, color=color, full=full)}\n"
        for plan in plans
    ]
    return "".join(parts) + _all_of_them(plans, width, color)


def _all_of_them(plans: Sequence[Plan], width: int, color: bool) -> str:
    page = Page(width, color)
    page.text("All accounts", style="bold")
    page.text("============", style="bold")
    page.blank()
    column = max(cells(plain(plan.account)) for plan in plans)
    for plan in plans:
        page.text(
            f"{_name(plan, column)}  {summary.sizes(plan) or 'nothing to do'}", hang=column + 4, indent=2
        )
    if digest := digest_of_all(plans):
        page.text(f"Digest of all: {short(digest)}", style="dim")
    stopped = [plain(plan.account) for plan in plans if plan.problems or plan.violations]
    if stopped:
        text = f"Not to be applied as it is, because of {', '.join(stopped)}: no account is written to."
        page.text(text, style="bold red")
    return page.render()


def _name(plan: Plan, column: int) -> str:
    name = plain(plan.account)
    return name + " " * (column - cells(name))


def parts_text(parts: Sequence[Part], *, width: int, color: bool) -> str:
    """What became of each account's plan, a line each."""
    page = Page(width, color)
    page.text("All accounts", style="bold")
    page.text("============", style="bold")
    page.blank()
    column = max(cells(plain(part.plan.account)) for part in parts)
    for part in parts:
        text = f"{_name(part.plan, column)}  {_told(part)}"
        page.text(text, indent=2, hang=column + 4, style=_STYLES.get(part.course, ""))
    return page.render()


def _told(part: Part) -> str:
    why = part.error or (verdict(part.report) if part.report and part.course is Course.PARTLY else "")
    return f"{part.course.value}: {plain(why)}" if why else part.course.value


def parts_bytes(parts: Sequence[Part]) -> bytes:
    """What became of each account's plan, as one document (schemas/reports.schema.json)."""
    document = {
        "kind": KIND,
        "version": VERSION,
        "plan": digest_of_all([part.plan for part in parts]),
        "accounts": [_part(part) for part in parts],
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    try:
        return orjson.dumps(document, option=options)
    except TypeError:
        return orjson.dumps(encodable(document), option=options)


def _part(part: Part) -> dict[str, Json]:
    return {
        "account": part.plan.account,
        "course": part.course.value,
        "error": part.error,
        "report": report_document(part.report, part.plan) if part.report else None,
    }
