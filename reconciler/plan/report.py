"""What became of a plan: the report that `immich-apply` gives, in full and in one object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from reconciler.plan.standing import Standing


class Outcome(StrEnum):
    """How a run ended, as one word."""

    DONE = "done"
    """Everything was written and has settled."""
    NOTHING = "nothing"
    """There was nothing to do."""
    PARTIAL = "partial"
    """Something was not written; the next run finishes it."""
    UNSETTLED = "unsettled"
    """Everything was written, and something did not last or is not known to have lasted."""
    STALE = "stale"
    """The server has moved on since the plan was made; nothing was written."""
    INTERRUPTED = "interrupted"
    """Stopped on request between two operations."""


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """One photo or user of an operation that the server did not take."""

    id: str
    name: str
    reason: str
    noun: str = "photo"
    """What it is, a photo or a user."""


class Fate(StrEnum):
    """What became of one operation."""

    WRITTEN = "written"
    PARTLY = "partly"
    FAILED = "failed"
    NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class OperationReport:
    """One operation: what it does, for how many photos, and what became of it."""

    text: str
    photos: int
    fate: Fate
    error: str = ""
    failures: tuple[ItemFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Reverted:
    """A value that was accepted and is not there after the jobs have run, with the reason as far as known."""

    standing: Standing
    reason: str
    again: bool = False
    """The next run plans it again: it is not known that the server would undo it once more."""


@dataclass(frozen=True, slots=True)
class WindowReport:
    """What was done to the queues. `held` are those this run paused; `theirs` somebody else had paused.

    `why` says why queues were paused or why not; `troubles` are sentences on queues still paused,
    `noticed` on what others, or a restart, did to the queues meanwhile.
    """

    held: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    why: str = ""
    troubles: tuple[str, ...] = ()
    noticed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many values of one field the server took (`applied`), and how many of them it kept (`settled`)."""

    field: str
    """A field of photos, `tags`, `members` of albums, `albums`, or `tag list` for tags made and coloured."""
    applied: int
    settled: int


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one apply.

    `settled` counts aspects (fields, tags, members) that were read back as planned; `drifted` are those that
    were left alone because the server had moved since the plan was made; `waiting` says why it is not known
    whether all of it lasts, and is empty where it is known. `moved_files` counts the photos that lie
    elsewhere now, as the storage template files them. `requests` counts all requests by kind.
    """

    outcome: Outcome
    operations: tuple[OperationReport, ...] = ()
    drifted: tuple[Standing, ...] = ()
    settled: int = 0
    reverted: tuple[Reverted, ...] = ()
    waiting: str = ""
    window: WindowReport = field(default_factory=WindowReport)
    error: str = ""
    requests: tuple[tuple[str, int], ...] = ()
    run: str = ""
    """The run's number in the journal; empty where it isn't kept. Several passes have several: `12, 13`."""
    moved_files: int = 0
    fields: tuple[Tally, ...] = ()
    """What was read back, field by field; empty where nothing was."""

    @property
    def written(self) -> int:
        """Operations that the server took as a whole."""
        return sum(item.fate is Fate.WRITTEN for item in self.operations)


def together(reports: Sequence[Report]) -> Report:
    """One report of passes that followed one another. Each but the last was done and had settled."""
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
