"""Reading a whole library: several searches, cut into windows of time, on several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event, Lock
from typing import Generic

from reconciler.immich.answers import P
from reconciler.immich.keyset import Query, Window, cut, later, shares, walk
from reconciler.immich.pool import bounded

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
            return dict(sorted(self._kept.items()))


def collect(
    queries: Sequence[Query[P]],
    span: Window,
    found: Found[P],
    *,
    months: Callable[[], Months],
    connections: int,
) -> None:
    """Reads every query to its end into `found`.

    One that fits on a page costs one request. `months` is asked once, and only where one doesn't.
    """
    stop = Event()
    firsts = bounded(lambda query: query.ask(span), queries, workers=connections, stop=stop)
    jobs: list[tuple[Query[P], Window]] = []
    calendar: Months | None = None
    for place, (query, page) in enumerate(zip(queries, firsts, strict=True)):
        found.add(page.items)
        if not page.more or not page.items:
            continue
        if calendar is None:
            calendar = months()
        rest = replace(span, until=later(page.items[-1].file_created_at))
        most = connections if place == 0 else min(2, connections)
        jobs += [(query, window) for window in cut(calendar, rest, shares(calendar, rest, most))]

    def drain(job: tuple[Query[P], Window]) -> None:
        for items in walk(*job):
            found.add(items)
            if stop.is_set():
                return

    bounded(drain, jobs, workers=connections, stop=stop)
