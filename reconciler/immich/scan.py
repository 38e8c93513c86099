"""Reading a whole library: several searches, cut into windows of time, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event, Lock
from typing import Generic

from reconciler.immich.answers import P, Page
from reconciler.immich.keyset import Query, Window, cut, later, parts, shares, walk
from reconciler.immich.pool import Stopped, bounded

Months = Sequence[tuple[datetime, int]]


class Found(Generic[P]):
    """What has been found so far, each once. Safe to use from several threads.

    `wanted` decides what is kept; `on_progress` is called with how many were seen, by one thread at a time.
    """

    def __init__(self, wanted: Callable[[P], bool], on_progress: Callable[[int], None] | None = None) -> None:
        self._wanted = wanted
        self._on_progress = on_progress
        self._lock = Lock()
        self._seen: set[str] = set()
        self._kept: dict[str, P] = {}

    def add(self, items: Iterable[P]) -> None:
        """Takes in a page."""
        with self._lock:
            for item in items:
                if item.id not in self._seen:
                    self._seen.add(item.id)
                    if self._wanted(item):
                        self._kept[item.id] = item
            if self._on_progress:
                self._on_progress(len(self._seen))

    @property
    def kept(self) -> dict[str, P]:
        """By id, in the order of the ids: the same whichever thread was faster."""
        with self._lock:
            return {asset_id: self._kept[asset_id] for asset_id in sorted(self._kept)}


@dataclass(frozen=True, slots=True)
class Begun(Generic[P]):
    """Searches of which the first pages were read: where to go on from there."""

    queries: tuple[Query[P], ...]
    span: Window
    firsts: tuple[Page[P], ...]

    @property
    def more(self) -> bool:
        """Whether there is more than the first pages."""
        return any(page.more and page.items for page in self.firsts)

    @property
    def rows(self) -> int:
        """How many photos came with the first pages."""
        return sum(len(page.items) for page in self.firsts)


def begin(queries: Sequence[Query[P]], span: Window, *, connections: int, stop: Event) -> Begun[P]:
    """Reads the first page of each query."""
    firsts = bounded(lambda query: query.ask(span), queries, workers=connections, stop=stop)
    return Begun(tuple(queries), span, tuple(firsts))


def finish(
    begun: Begun[P],
    found: Found[P],
    *,
    months: Callable[[], Months],
    connections: int,
    expected: int | None = None,
    stop: Event,
) -> None:
    """Reads every query that was begun to its end into `found`.

    `months` is asked once, and only where there is something to share out among threads. `expected` is about
    how many photos there are in all, where that is known; else the months tell. Raises Stopped where `stop`
    is set before the end: what came so far is not all.
    """
    jobs: list[tuple[Query[P], Window]] = []
    calendar: Months | None = None
    for place, (query, page) in enumerate(zip(begun.queries, begun.firsts, strict=True)):
        found.add(page.items)
        if not page.more or not page.items:
            continue
        rest = replace(begun.span, until=later(page.items[-1].file_created_at))
        most = connections if place == 0 else min(2, connections)
        if expected is not None:
            most = parts(expected - begun.rows, most)
        if most == 1:
            jobs.append((query, rest))
            continue
        if calendar is None:
            calendar = months()
        shared = most if expected is not None else shares(calendar, rest, most)
        jobs += [(query, window) for window in cut(calendar, rest, shared)]

    def drain(job: tuple[Query[P], Window]) -> None:
        for items in walk(*job):
            if stop.is_set():
                raise Stopped
            found.add(items)

    bounded(drain, jobs, workers=connections, stop=stop)
