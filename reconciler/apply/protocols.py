"""What the apply room needs from outside: someone to tell, a clock, and a way to be asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment, by the clock on the wall, at which a run has to stop, and why it has."""

    at: datetime
    reason: str
    """Follows `stopped, as`."""
    now: Callable[[], datetime]

    @property
    def left(self) -> float:
        """Seconds until then; 0 once it has passed."""
        return max(0.0, (self.at - self.now()).total_seconds())


@dataclass(slots=True)
class Interruption:
    """A request to stop, which is heeded between two operations and ends every wait.

    It comes from a person or, with a reason, from the clock.
    """

    deadline: Deadline | None = None
    reason: str = ""
    """Why the run has to stop, where no person asked for it."""
    _event: threading.Event = field(default_factory=threading.Event)
    _urgent: list[Callable[[], object]] = field(default_factory=list)

    def request(self, reason: str = "") -> None:
        """Asks to stop; who asks first is who has stopped it."""
        if not self._event.is_set():
            self.reason = reason
            self._event.set()

    @property
    def requested(self) -> bool:
        """Whether the run should stop at the next good moment."""
        if self.deadline and not self.deadline.left:
            self.request(self.deadline.reason)
        return self._event.is_set()

    @property
    def left(self) -> float | None:
        """Seconds until the clock stops the run; None where it has no end."""
        return self.deadline.left if self.deadline else None

    @property
    def words(self) -> str:
        """Who or what has stopped the run."""
        return f"stopped, as {self.reason}," if self.reason else "stopped on request"

    def wait(self, seconds: float) -> bool:
        """Sleeps, but no longer than until somebody asks to stop; tells whether somebody did."""
        self._event.wait(min(seconds, self.deadline.left) if self.deadline else seconds)
        return self.requested

    def urgently(self, act: Callable[[], object]) -> None:
        """What to do at once, whatever is under way, should somebody who has asked to stop ask again."""
        self._urgent.append(act)

    def hurry(self) -> None:
        """Somebody asks again. May be called by a signal handler: what is to be done is done beside it."""
        for act in self._urgent:
            threading.Thread(target=act, name="hurry", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for the server, in seconds.

    `running` for jobs that run when the queues are paused, `settle` for the jobs of one round, `poll_first`
    and `poll_most` between two looks; `idle_looks` in a row without a job count as idle (FINDINGS 22).
    After `others` it is asked whose jobs keep the queues from being idle. Where no queue can be watched,
    photos that don't move for `quiet` seconds count as read again.
    """

    running: float = 600.0
    settle: float = 3600.0
    poll_first: float = 0.2
    poll_most: float = 3.0
    idle_looks: int = 3
    others: float = 15.0
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

    @property
    def spent(self) -> float:
        """Seconds since the first look."""
        return self.clock() - self._started

    def again(self) -> bool:
        """Waits and says whether to look again; False when the time is up or somebody asked to stop."""
        if self.spent > self.limit or self.interruption.wait(self._pause):
            return False
        self._pause = min(self._pause * 1.4, self.limits.poll_most)
        return True

    def hurry(self) -> None:
        """Something happened: look often again."""
        self._pause = self.limits.poll_first
