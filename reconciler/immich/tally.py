"""How many requests were sent: counted for the report, shown to whoever watches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that was sent.

    `template` is the path with placeholders, `status` None where no answer came, `attempt` counts
    from 1, `retry_in` is the wait in seconds before the next try, None where there is none, `size` the
    bytes of its body.
    """

    method: str
    template: str
    status: int | None
    seconds: float
    attempt: int
    retry_in: float | None = None
    problem: str = ""
    size: int = 0


class RequestObserver(Protocol):
    """Is told of every request; called from the threads that send them."""

    def __call__(self, sent: Sent, /) -> None: ...


class Tally:
    """Counts requests by method and path template. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._retries = 0

    def note(self, sent: Sent) -> None:
        """Counts one request; a second try of the same counts again."""
        with self._lock:
            self._counts[sent.method, sent.template] += 1
            self._retries += sent.attempt > 1

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """(method, path template) to how many were sent."""
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        """All requests sent."""
        with self._lock:
            return self._counts.total()

    @property
    def retries(self) -> int:
        """How many of them were a second or later try."""
        with self._lock:
            return self._retries
