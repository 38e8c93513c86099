"""What each read of a plan really took, counted while it runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from time import perf_counter

from reconciler.immich.tally import Sent

AHEAD = -1
"""Stands for a read that has no number yet."""

_CURRENT: ContextVar[int | None] = ContextVar("read", default=None)


@dataclass(frozen=True, slots=True)
class Took:
    """Requests sent, rows that came, and seconds from beginning to end; `how` where there is more to say."""

    requests: int = 0
    rows: int = 0
    seconds: float = 0.0
    how: str = ""


class Meter:
    """Counts by the number of the read in its plan. Safe to use from several threads.

    `note` is told of every request of the connection; those outside a read count for none.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: Counter[int] = Counter()
        self._rows: Counter[int] = Counter()
        self._seconds: defaultdict[int, float] = defaultdict(float)
        self._how: dict[int, str] = {}

    @contextmanager
    def during(self, number: int) -> Iterator[None]:
        """Counts what this thread, and those it starts, ask meanwhile for this read."""
        before = _CURRENT.set(number)
        started = perf_counter()
        try:
            yield
        finally:
            _CURRENT.reset(before)
            with self._lock:
                self._seconds[number] += perf_counter() - started

    def note(self, sent: Sent) -> None:  # noqa: ARG002 (one of the observers)
        """Takes in one request."""
        number = _CURRENT.get()
        if number is not None:
            with self._lock:
                self._requests[number] += 1

    def hand_over(self, number: int) -> None:
        """Counts for this read what was asked `AHEAD`."""
        with self._lock:
            self._requests[number] += self._requests.pop(AHEAD, 0)
            self._seconds[number] += self._seconds.pop(AHEAD, 0.0)

    def came(self, number: int, rows: int) -> None:
        """Rows that a read has brought."""
        with self._lock:
            self._rows[number] += rows

    def say(self, number: int, how: str) -> None:
        """How a read was come by, in words."""
        with self._lock:
            self._how[number] = how

    def took(self, number: int) -> Took:
        """All of one read."""
        with self._lock:
            how = self._how.get(number, "")
            return Took(self._requests[number], self._rows[number], self._seconds[number], how)
