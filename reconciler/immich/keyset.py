"""Reading a search to its end without skipping or repeating, whatever its size.

Page numbers cost the server more with every page and, before Immich 3.1, skip photos that share an
instant (FACTS 3.3, PERFORMANCE 2.1). So the first page is asked again and again, each time up to the
instant of the last photo seen. The server keeps microseconds and shows milliseconds, and its bounds are
included. The next bound is therefore one millisecond later than the last photo shows, and what comes twice
is for the caller to drop by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic

from reconciler.immich.answers import P, Page

Range = tuple[datetime | None, datetime | None]
"""From and to, both included; None leaves a side open."""

OPEN: Final[Range] = (None, None)
PAGE_SIZE = 1000
MILLISECOND = timedelta(milliseconds=1)
SMALLEST_SHARE = 2 * PAGE_SIZE
"""A window with fewer photos than this isn't worth a thread of its own."""
SWEEPS = 8
"""How often a crowd is paged through before it is given up."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a page is asked of: taken, and added to the server, between two instants, both included.

    `cursor` is what the page before it said, where the server doesn't go by page numbers.
    """

    since: datetime | None = None
    until: datetime | None = None
    added_since: datetime | None = None
    added_until: datetime | None = None
    page: int = 1
    size: int = PAGE_SIZE
    order: str = "desc"
    cursor: str | None = None

    def bounds(self) -> dict[str, str]:
        """The instants, as a search or a count takes them."""
        bounds = {
            "takenAfter": self.since,
            "takenBefore": self.until,
            "createdAfter": self.added_since,
            "createdBefore": self.added_until,
        }
        return {name: stamp(bound) for name, bound in bounds.items() if bound is not None}

    def body(self) -> dict[str, Any]:
        """The instants and the page, as a search takes them."""
        return {**self.bounds(), "page": self.page, "size": self.size, "order": self.order}


@dataclass(frozen=True, slots=True)
class Query(Generic[P]):
    """A search that can be asked window by window.

    `stable`: the server keeps the order of photos that share an instant. `count` says how many there
    are; it is asked only in a crowd that nothing else can divide.
    """

    ask: Callable[[Window], Page[P]]
    count: Callable[[Window], int]
    stable: bool


class Uncountable(Exception):
    """More photos share one instant than this server lets a client tell apart."""

    def __init__(self, window: Window, seen: int, total: int) -> None:
        super().__init__(f"{seen} of {total} photos")
        self.window = window
        self.seen = seen
        self.total = total


def stamp(instant: datetime) -> str:
    """An instant as the server wants it, in milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def later(instant: datetime) -> datetime:
    """A millisecond later, as far as the calendar goes."""
    return _moved(instant, MILLISECOND)


def walk(query: Query[P], span: Window) -> Iterator[Sequence[P]]:
    """The pages of everything within `span`, newest first; a few items come twice."""
    window = span
    while True:
        page = query.ask(window)
        yield page.items
        if not page.more or not page.items:
            return
        last = page.items[-1].file_created_at
        following = later(last)
        if window.until is None or following < window.until:
            window = replace(window, until=following, page=1, cursor=None)
        elif query.stable:
            window = replace(window, page=window.page + 1, cursor=page.cursor)
        else:
            low = _moved(last, -MILLISECOND)
            since = low if span.since is None else max(low, span.since)
            yield from _crowd(query, replace(window, since=since))
            if span.since is not None and low < span.since:
                return
            window = replace(window, until=low)


def cut(months: Sequence[tuple[datetime, int]], span: Window, into: int) -> list[Window]:
    """`span` in up to `into` windows with about as many photos each, newest first.

    `months` are the starts of months, by local time, with how many photos each has: good enough to cut at,
    since neighbours share their bound and both ends stay as open as they are in `span`.
    """
    inside = [
        (start, size)
        for start, size in sorted(months, reverse=True)
        if (span.until is None or start < span.until) and (span.since is None or start > span.since)
    ]
    share = sum(size for _, size in inside) / max(into, 1)
    windows: list[Window] = []
    until, gathered = span.until, 0
    for start, size in inside[:-1]:
        gathered += size
        if len(windows) < into - 1 and gathered >= share * (len(windows) + 1):
            windows.append(replace(span, since=start, until=until))
            until = start
    return [*windows, replace(span, until=until)]


def shares(months: Sequence[tuple[datetime, int]], span: Window, most: int) -> int:
    """In how many windows to cut `span`, so that none holds much less than two pages."""
    left = sum(size for start, size in months if span.until is None or start < span.until)
    return parts(left, most)


def parts(photos: int, most: int) -> int:
    """In how many windows to read so many photos."""
    return max(1, min(most, photos // SMALLEST_SHARE))


def _crowd(query: Query[P], window: Window) -> Iterator[Sequence[P]]:
    """Everything in a window of an instant or two that holds more than a page, in no order to rely on.

    Divided by when the photos were added until each part fits on a page.
    """
    page = query.ask(window)
    yield page.items
    if not page.more or not page.items:
        return
    added = sorted(item.added for item in page.items)
    halves = _halves(window, added[len(added) // 2])
    if halves is None:
        yield from _sweep(query, window)
        return
    for half in halves:
        yield from _crowd(query, half)


def _halves(window: Window, middle: datetime) -> tuple[Window, Window] | None:
    """The window in two that share one instant, each truly smaller; None where it can't be divided."""
    for at in (later(middle), middle, _moved(middle, -MILLISECOND)):
        above = window.added_since is None or at > window.added_since
        below = window.added_until is None or at < window.added_until
        if above and below:
            return replace(window, added_until=at), replace(window, added_since=at)
    return None


def _sweep(query: Query[P], window: Window) -> Iterator[Sequence[P]]:
    """Pages through a crowd again and again, in other sizes and orders, until all of it has been seen.

    Raises Uncountable where that doesn't come about.
    """
    total = query.count(window)
    seen: set[str] = set()
    for sweep in range(SWEEPS):
        size = PAGE_SIZE - 61 * sweep
        order = "asc" if sweep % 2 else "desc"
        for number in range(1, total // size + 2):
            page = query.ask(replace(window, page=number, size=size, order=order))
            yield page.items
            seen.update(item.id for item in page.items)
            if len(seen) >= total:
                return
            if not page.more:
                break
    raise Uncountable(window, len(seen), total)


def _moved(instant: datetime, by: timedelta) -> datetime:
    try:
        return instant + by
    except OverflowError:
        return instant
