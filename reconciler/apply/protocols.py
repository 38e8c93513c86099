"""What the apply room needs from outside: someone to tell, a clock, and a way to be asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Progress(Protocol):
    """Hears how far a run has come. Everything shown goes to stderr."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A new stage begins; `total` is how much of it there is, where known."""
        ...

    def advance(self, done: int) -> None:
        """So much of the stage is done."""
        ...

    def say(self, text: str) -> None:
        """Something worth a line of its own."""
        ...


class Silent:
    """Progress for nobody."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Ignored."""

    def advance(self, done: int) -> None:
        """Ignored."""

    def say(self, text: str) -> None:
        """Ignored."""


@dataclass(slots=True)
class Interruption:
    """A request to stop, which is heeded between two operations and ends every wait."""

    _event: threading.Event = field(default_factory=threading.Event)

    def request(self) -> None:
        """Asks to stop."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether the run should stop at the next good moment."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleeps, but no longer than until somebody asks to stop; tells whether somebody did."""
        return self._event.wait(seconds)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for the server, in seconds.

    `running` for jobs that run when the queues are paused, `settle` for the jobs of one round, `poll_first`
    and `poll_most` between two looks; `idle_looks` in a row without a job count as idle (FINDINGS 22).
    Where no queue can be watched, photos that don't move for `quiet` seconds count as read again.
    """

    running: float = 600.0
    settle: float = 3600.0
    poll_first: float = 0.2
    poll_most: float = 3.0
    idle_looks: int = 3
    quiet: float = 15.0


@dataclass(slots=True)
class Patience:
    """Waits between looks, a little longer each time, until a deadline or until asked to stop."""

    limits: Limits
    interruption: Interruption
    limit: float
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _pause: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()
        self._pause = self.limits.poll_first

    def again(self) -> bool:
        """Waits and says whether to look again; False when the time is up or somebody asked to stop."""
        if self.clock() - self._started > self.limit or self.interruption.wait(self._pause):
            return False
        self._pause = min(self._pause * 1.4, self.limits.poll_most)
        return True

    def hurry(self) -> None:
        """Something happened: look often again."""
        self._pause = self.limits.poll_first
