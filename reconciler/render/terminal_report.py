"""The report of one apply as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.words import counted
from reconciler.plan import PIPELINE
from reconciler.plan.report import Fate, OperationReport, Outcome, Report, Reverted, Tally, WindowReport
from reconciler.plan.standing import Kind, Standing
from reconciler.render import words
from reconciler.render.cells import plain
from reconciler.render.grouping import grouped
from reconciler.render.page import Page, Span
from reconciler.render.words import listed

LINES = 20
"""So many lines of a kind are shown, the rest is counted; the JSON report has them all."""

_FATES = {Fate.WRITTEN: "green", Fate.PARTLY: "yellow", Fate.FAILED: "red", Fate.NOT_SENT: "red"}


def report_text(report: Report, *, width: int, color: bool) -> str:
    """What became of a plan, in the order in which it happened, and a verdict as the last line."""
    page = Page(width, color)
    _written(page, report)
    _drifted(page, report.drifted)
    _settled(page, report)
    _reverted(page, report.reverted)
    _window(page, report.window)
    if report.requests:
        page.text(f"Requests sent: {sum(number for _, number in report.requests):,}.")
    if report.error and (report.outcome is not Outcome.STALE or report.drifted):
        page.text(plain(report.error), style="red")
    page.blank()
    good = report.outcome in (Outcome.DONE, Outcome.NOTHING) and not report.window.troubles
    page.text(verdict(report), style="bold green" if good else "bold red")
    _way_back(page, report)
    return page.render()


def _way_back(page: Page, report: Report) -> None:
    """How to take it back, where something was written that a journal knows."""
    if report.run and any(item.fate in (Fate.WRITTEN, Fate.PARTLY) for item in report.operations):
        page.text(f"immich-undo {report.run} takes this back.", style="dim")


# -- what was written ----------------------------------------------------------------------------------


def _written(page: Page, report: Report) -> None:
    operations = report.operations
    if not operations:
        return
    total = len(operations)
    if report.written == total:
        page.text(f"Written: {'all ' * (total > 1)}{counted(total, 'request')}.")
        return
    page.text(f"Written: {report.written:,} of {counted(total, 'request')}:")
    told = [item for item in operations if item.fate is not Fate.WRITTEN or total <= LINES]
    for item in told:
        _operation(page, item)


def _operation(page: Page, item: OperationReport) -> None:
    lead = [Span("  "), Span(item.fate.value.ljust(8), _FATES[item.fate]), Span("  ")]
    text = plain(item.text) + (f": {plain(item.error)}" if item.error else "")
    page.flow(lead, map(Span, text.split(" ")), hang=12, joiner=" ", whole=True)
    failed = grouped(((failure.reason, failure.noun), failure.name) for failure in item.failures)
    for (reason, noun), names in failed.items():
        found = [words.name(text) for text in names]
        why = f"not done for {counted(len(names), noun)}: {plain(reason) or 'no reason given'}"
        page.text(why, indent=12, hang=14)
        page.flow([Span(" " * 14)], map(Span, listed(found, limit=10)), hang=14)


# -- what was left alone, and what lasted ----------------------------------------------------------------


def _drifted(page: Page, drifted: Sequence[Standing]) -> None:
    if not drifted:
        return
    page.blank()
    page.text(f"Left alone, as it has changed on the server since the plan was made ({len(drifted):,}):")
    for item in drifted[:LINES]:
        text = words.unlike(item, before=item.before)
        page.text(text, indent=2, hang=4, tail=words.place(item.origin))
    _more(page, len(drifted))
    page.text("Plan again to see them as they are now.", indent=2)
    page.blank()


def _more(page: Page, number: int) -> None:
    if number > LINES:
        page.text(f"and {number - LINES:,} more (all are in the JSON report)", indent=2)


def _settled(page: Page, report: Report) -> None:
    if report.settled:
        read = f"{counted(report.settled, 'change')} read back as planned"
        read += _by_field(report.fields)
        page.text(f"So far {read}." if report.waiting else f"Settled: {read}.")
    if report.moved_files:
        lie = "lies" if report.moved_files == 1 else "lie"
        files = counted(report.moved_files, "file")
        page.text(f"Moved: {files} {lie} elsewhere now, as the storage template says.")
    if report.waiting:
        page.text(f"Not known yet whether all of it lasts: {plain(report.waiting)}", style="yellow")


def _by_field(fields: Sequence[Tally]) -> str:
    """How many of which fields, where there are several."""
    if len(fields) < 2:
        return ""
    parts = [
        f"{item.field} {item.settled:,}" + (f" of {item.applied:,}" if item.settled < item.applied else "")
        for item in fields
    ]
    return f" ({', '.join(parts)})"


_NOT_AGAIN = (
    "This is not tried again by itself: mend the cause and use --retry-undone, write another value, or take "
    "the line out."
)


def _reverted(page: Page, reverted: Sequence[Reverted]) -> None:
    undone = [item for item in reverted if not item.again]
    _came_back(page, "Undone by the server", undone, _NOT_AGAIN)
    other = [item for item in reverted if item.again]
    _came_back(page, "Not as it was written", other, "The next run tries these again.")


def _came_back(page: Page, title: str, items: Sequence[Reverted], after: str) -> None:
    """What did not last, those with the same reason together, which is told once."""
    if not items:
        return
    page.blank()
    page.text(f"{title} ({len(items):,}):", style="bold")
    by_reason = grouped((item.reason, item) for item in items).values()
    groups = [
        group for same in by_reason for group in grouped((_sameness(one), one) for one in same).values()
    ]
    for number, group in enumerate(groups[:LINES], start=1):
        _undone_together(page, group)
        following = groups[number][0].reason if number < min(LINES, len(groups)) else None
        if group[0].reason and group[0].reason != following:
            page.text(plain(group[0].reason), indent=6)
    _more(page, len(groups))
    page.text(after, indent=2)
    page.blank()


def _sameness(item: Reverted) -> tuple[str, ...]:
    standing = item.standing
    alone = standing.id if standing.kind is not Kind.PHOTO else ""
    return (standing.kind, standing.aspect, standing.after, standing.found, item.reason, alone)


def _undone_together(page: Page, group: Sequence[Reverted]) -> None:
    standing = group[0].standing
    several = len(group) > 1
    who = counted(len(group), "photo") if several else ""
    lines = sorted({item.standing.origin for item in group if item.standing.origin})
    page.text(words.unlike(standing, who=who), indent=2, hang=4, tail=words.places(lines))
    if several:
        names = [words.name(item.standing.name) for item in group]
        page.flow([Span(" " * 6)], [Span(text, "dim") for text in listed(names)], hang=6)


# -- the queues ----------------------------------------------------------------------------------------


def _window(page: Page, window: WindowReport) -> None:
    if window.held:
        back = "" if window.troubles else " and given back"
        page.text(f"Queues held still{back}: {', '.join(map(plain, _in_order(window.held)))}.", hang=2)
    elif window.why:
        why = plain(window.why)
        page.text(f"{why[:1].upper()}{why[1:]}.", hang=2)
    if window.theirs:
        theirs = ", ".join(map(plain, window.theirs))
        page.text(f"Paused by somebody else before, and left so: {theirs}.", hang=2)
    for event in window.noticed:
        page.text(f"Noticed: {plain(event)}.", hang=2)
    for trouble in window.troubles:
        lead = [Span("  "), Span("!", "bold red"), Span(" ")]
        spans = [Span(word) for word in plain(trouble).split(" ")]
        page.flow(lead, spans, hang=4, joiner=" ", whole=True)


def _in_order(queues: Sequence[str]) -> list[str]:
    """As a job wanders through them."""
    return sorted(queues, key=lambda queue: PIPELINE.index(queue) if queue in PIPELINE else len(PIPELINE))


# -- the verdict ---------------------------------------------------------------------------------------


def verdict(report: Report) -> str:
    """How the run ended, in one sentence or two."""
    text = _verdict(report)
    if report.window.troubles:
        queues = "A queue is" if len(report.window.troubles) == 1 else "Some queues are"
        text += f" {queues} still paused, see above."
    return text


def _verdict(report: Report) -> str:
    match report.outcome:
        case Outcome.DONE:
            return "Done: everything is written and has settled."
        case Outcome.NOTHING:
            return "Nothing to do: the server is as the files say."
        case Outcome.PARTIAL:
            return f"Done in part: {_in_part(report)}"
        case Outcome.UNSETTLED:
            return _unsettled(report)
        case Outcome.STALE if report.drifted:
            return "Nothing was written: the server has changed since the plan was made. Plan again."
        case Outcome.STALE:
            return "Nothing was written: this plan was applied already. Plan again to see what is left."
        case Outcome.INTERRUPTED if report.operations and report.written == len(report.operations):
            return (
                "Interrupted: everything is written, and the server is still at work on it. "
                "Plan again later to see that it has lasted."
            )
        case Outcome.INTERRUPTED if report.operations:
            return f"Interrupted: {_went_through(report)} Run it again to finish the rest."
        case Outcome.INTERRUPTED:
            return "Interrupted: nothing was written."


def _went_through(report: Report) -> str:
    return f"{report.written:,} of {counted(len(report.operations), 'request')} went through."


def _in_part(report: Report) -> str:
    if report.written < len(report.operations):
        return f"{_went_through(report)} Run it again to finish the rest."
    if report.drifted:
        return "what has changed on the server meanwhile was left alone. Plan again to see it."
    return "it stopped early, see above. Run it again to finish the rest."


def _unsettled(report: Report) -> str:
    if report.reverted:
        return f"Written, but {counted(len(report.reverted), 'change')} did not last: see above."
    if report.waiting:
        later = f"immich-runs verify {report.run.split(', ')[-1]}" if report.run else "Plan again later"
        return f"Written, but it is not known whether all of it has settled. {later} to see."
    start = "Written, and all of that has lasted" if report.operations else "Nothing was written"
    return f"{start}; what the server had undone before was not tried again."
