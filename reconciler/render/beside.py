"""What a plan says beside its changes, as text for a terminal: problems, what stops it, drift and notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.diff.changes import Note, Undone
from reconciler.model.origin import Problem
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.render import summary, words
from reconciler.render.cells import clip, plain
from reconciler.render.drifted import TITLE, WAYS_OUT, drift_lines
from reconciler.render.grouping import undone_groups
from reconciler.render.page import Page, Span
from reconciler.render.words import listed

LINES = 20
"""Problems, notes and the like that are shown before the rest is only counted."""


def beside(page: Page, plan: Plan) -> None:
    """Everything but the changes and the summary."""
    _problems(page, "Problems", plan.problems, "Nothing is applied before this is mended.")
    _problems(page, "Missing", plan.missing, "The rest is applied only with --allow-missing.")
    _violations(page, plan)
    _drift(page, plan)
    _undone(page, plan.undone)
    _notes(page, plan.notes)


def heading(page: Page, text: str, wanted: bool = True) -> None:
    """A line above a part, where there is one."""
    if wanted:
        page.blank()
        page.flow([], [Span(text, "bold")], hang=0)


def name_list(page: Page, lead: Sequence[Span], names: Sequence[str], hang: int) -> None:
    """Names after one another."""
    page.flow(lead, [Span(text, "dim") for text in listed(names, full=page.full)], hang=hang)


def _problems(page: Page, title: str, problems: Sequence[Problem], consequence: str) -> None:
    if not problems:
        return
    heading(page, f"{title} ({len(problems):,})")
    for problem in problems if page.full else problems[:LINES]:
        page.flow(
            [Span("  "), Span("!", "bold red"), Span(" ")],
            [Span(word) for word in plain(problem.words).split(" ")],
            hang=4,
            joiner=" ",
            tail=words.place(problem.origin),
            whole=True,
        )
    _more(page, len(problems))
    page.text(consequence, indent=2, style="bold red")


def _violations(page: Page, plan: Plan) -> None:
    found = plan.violations
    if not found:
        return
    heading(page, f"{summary.STOPPED} ({len(found):,})")
    for violation in found if page.full else found[:LINES]:
        page.flow(
            [Span("  "), Span("!", "bold red"), Span(" ")],
            [Span(word) for word in plain(violation.message).split(" ")],
            hang=4,
            joiner=" ",
            tail=words.place(violation.origin),
            whole=True,
        )
    _more(page, len(found))
    page.text(plain(summary.stopped(plan)), indent=2, style="bold red")


def _more(page: Page, number: int) -> None:
    if number > LINES and not page.full:
        page.text(f"and {number - LINES:,} more (--full shows them)", indent=2)


def _drift(page: Page, plan: Plan) -> None:
    lines = drift_lines(plan)
    if not lines:
        return
    heading(page, TITLE)
    for line in lines if page.full else lines[:LINES]:
        text = line.text if page.full else clip(line.text, page.width * 3)
        page.text(text, indent=2, hang=4, tail=words.place(line.origin))
        if line.photos:
            name_list(page, [Span(" " * 6)], list(line.photos), 6)
    _more(page, len(lines))
    page.text(WAYS_OUT.replace("`", ""), indent=2)


def _undone(page: Page, undone: Sequence[Undone]) -> None:
    groups = undone_groups(undone)
    if not groups:
        return
    heading(page, "Tried before and undone by the server")
    for group in groups if page.full else groups[:LINES]:
        tried = group[0].attempt
        who = words.name(group[0].label) if len(group) == 1 else counted(len(group), "photo")
        what = words.asked(tried.aspect, tried.wanted)
        now = words.found(tried.aspect, tried.came_back)
        text = f"{who}: {what}, tried on {plain(tried.at[:10])}, but {now}"
        if not page.full:
            text = clip(text, page.width * 3)
        page.text(text, indent=2, hang=4, tail=words.place(group[0].origin))
        if len(group) > 1:
            name_list(page, [Span(" " * 6)], [words.name(item.label) for item in group], 6)
        if tried.reason:
            page.text(plain(tried.reason), indent=6)
    _more(page, len(groups))
    page.text(
        "They are not tried again by themselves: mend the cause and use --retry-undone, write another value, "
        "or take the line out.",
        indent=2,
    )


def _notes(page: Page, notes: Iterable[Note]) -> None:
    found = list(notes)
    if not found:
        return
    heading(page, "Notes")
    for note in found if page.full else found[:LINES]:
        page.text(plain(note.text), indent=2, hang=4, tail=words.place(note.origin))
        if note.sample:
            names = [words.name(label) for label in note.sample]
            if note.count > len(names):
                names.append(f"and {note.count - len(names):,} more")
            lead = Span(" " * 6 + f"{counted(note.count, 'photo')}: ")
            page.flow([lead], [Span(text, "dim") for text in names], hang=8)
    _more(page, len(found))
