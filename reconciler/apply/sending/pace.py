"""How many requests are under way at once: fewer when the server is slow or refuses, more as it recovers."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from reconciler.apply.protocols import Progress
from reconciler.immich.tally import Sent

TROUBLE = frozenset({408, 429, 502, 503, 504})
"""Answers of a server, or of a proxy before it, that has too much to do. No answer at all counts as one."""
GOOD = 5
"""So many good answers in a row allow one more request at once."""
SLOW = 3.0
"""An answer that takes so many times the median of its like is slow."""
NOISE = 0.25
"""Seconds; a smaller difference from the median says nothing."""
ENOUGH = 5
"""So many answers of a kind are needed before one of them can be called slow."""
REMEMBERED = 101


@dataclass(slots=True)
class Rate:
    """Decides how many requests may be under way: halved by trouble, one more after `GOOD` good answers.

    What was sent before the last halving doesn't halve again: it met the crowd of then. Times are seconds of
    any steady clock.
    """

    most: int
    allowed: int = field(init=False)
    _good: int = 0
    _halved: float = float("-inf")
    _seen: dict[Hashable, deque[float]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=REMEMBERED))
    )

    def __post_init__(self) -> None:
        self.allowed = self.most

    def answered(self, kind: Hashable, started: float, seconds: float, *, trouble: bool) -> None:
        """An answer, or a failure for want of one. Only answers to requests of one `kind` are compared."""
        ended = started + seconds
        slow = not trouble and self._slow(kind, seconds)
        if not trouble:
            self._seen[kind].append(seconds)
        if not trouble and not slow:
            self._good += 1
            if self._good >= GOOD and self.allowed < self.most:
                self._good = 0
                self.allowed += 1
            return
        self._good = 0
        if started >= self._halved:
            self.allowed = max(1, self.allowed // 2)
            self._halved = ended

    def _slow(self, kind: Hashable, seconds: float) -> bool:
        seen = self._seen[kind]
        if len(seen) < ENOUGH:
            return False
        usual = median(seen)
        return seconds > SLOW * usual and seconds - usual > NOISE


class Pace:
    """Lets so many operations at once through as the server can take; safe to use from several threads.

    Called with every request that was sent. Waits that the server asks for are the transport's; an operation
    in such a wait counts as under way.
    """

    def __init__(self, most: int, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = Rate(most)
        self._progress = progress
        self._clock = clock
        self._under_way = 0
        self._slowed = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a place, and holds it."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self._rate.allowed)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def __call__(self, sent: Sent) -> None:
        """A request was answered, or failed."""
        trouble = sent.status is None or sent.status in TROUBLE
        # A large batch takes longer than a small one: only bodies of about the same size are compared.
        kind = (sent.method, sent.template, sent.size.bit_length() // 2)
        with self._changed:
            self._rate.answered(kind, self._clock() - sent.seconds, sent.seconds, trouble=trouble)
            self._changed.notify_all()
            words = self._news()
        if words:
            self._progress.say(words)

    def _news(self) -> str:
        """What is worth a line: that it has begun to go slower, and that it is at full speed again."""
        allowed, most = self._rate.allowed, self._rate.most
        if allowed < most and not self._slowed:
            self._slowed = True
            return f"the server is slow or refuses requests: at most {allowed} at once instead of {most}"
        if allowed == most and self._slowed:
            self._slowed = False
            return f"the server has recovered: up to {most} requests at once again"
        return ""
