"""When a run may write: in its hours, on a quiet server, and not for longer than it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reconciler.apply.protocols import Deadline, Interruption, Limits, Progress
from reconciler.config.values.times import DAY, duration_text
from reconciler.immich.answers import Queue
from reconciler.model.desired import Hours, Outside, WindowSettings, clock_text

IDLE_ON_PURPOSE = frozenset({"notifications"})
"""Queues whose jobs wait although the server is quiet: messages are held back to be sent together."""
LONGEST_NAP = 60.0
"""Seconds; the clock is looked at again after so many, as it may be set or the machine be suspended."""
SELDOM = 10.0
"""Seconds between two looks at a busy server."""
LONG = 60.0
"""Seconds after which a plan may have aged."""


class NotNow(Exception):
    """A run doesn't begin; nothing was written. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Span:
    """One night's hours, from `start` up to, not including, `end`, both in UTC."""

    start: datetime
    end: datetime


def span_at(hours: Hours, zone: ZoneInfo | None, now: datetime) -> Span | None:
    """The hours in which `now` lies; None outside. Without a zone they are meant by this machine's clock."""
    return next((span for span in _spans(hours, zone, now) if span.start <= now < span.end), None)


def next_span(hours: Hours, zone: ZoneInfo | None, now: datetime) -> Span:
    """The hours that begin next."""
    return next(span for span in _spans(hours, zone, now) if span.start > now)


def _spans(hours: Hours, zone: ZoneInfo | None, now: datetime) -> Iterator[Span]:
    """The hours of yesterday and of the next days, in order.

    Where clocks are put forward, times that don't exist are meant an hour later, and hours of which nothing
    is left don't occur; where they are put back, the first of two equal times is meant.
    """
    today = now.astimezone(zone).date()
    end = hours.end if hours.end > hours.start else hours.end + DAY
    for day in range(-1, 8):
        at = today + timedelta(days=day)
        span = Span(_moment(at, hours.start, zone), _moment(at, end, zone))
        if span.start < span.end:
            yield span


def _moment(day: date, minutes: int, zone: ZoneInfo | None) -> datetime:
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return (shown.replace(tzinfo=zone) if zone else shown.astimezone()).astimezone(UTC)


def backlog(queues: Mapping[str, Queue]) -> int:
    """Jobs that run or are going to run by themselves, in all queues; those held in paused queues are not."""
    return sum(
        queue.active + queue.waiting + queue.delayed
        for name, queue in queues.items()
        if name not in IDLE_ON_PURPOSE
    )


@dataclass(slots=True)
class Opening:
    """Waits for the moment at which a run may begin, and sets its end. Serves one run with all its passes."""

    settings: WindowSettings
    queues: Callable[[], Mapping[str, Queue]] | None
    """Reads the queues; None without a key that may."""
    progress: Progress
    interruption: Interruption
    limits: Limits
    now: Callable[[], datetime]
    aside: Callable[[], AbstractContextManager[object]] = nullcontext
    """Entered while it waits, so that other runs may go in between."""
    _begun: bool = False

    def begin(self) -> bool:
        """Waits, unless the run has begun already; tells whether it took so long that much may have moved.

        Where the time is up, or somebody asks to stop, before the run may begin, `interruption` says so.
        Raises NotNow where there is nothing to wait for, and ServerError.
        """
        if self._begun:
            return False
        if self.settings.quiet is not None and self.queues is None:
            raise NotNow(
                "nothing was written: only an administrator's key shows whether the server is quiet. Set "
                "IMMICH_ADMIN_API_KEY or server.admin, or do without --wait-for-quiet and "
                "settings.window.quiet"
            )
        came = self.now()
        with self.aside() if self._waits else nullcontext():
            self._wait_for_hours()
            if not self.interruption.requested:
                self._begun = True
                self.interruption.deadline = self._deadline()
                self._wait_for_quiet()
        return self.now() - came >= timedelta(seconds=LONG)

    @property
    def _waits(self) -> bool:
        hours = self.settings.hours
        outside = hours is not None and not span_at(hours, self._zone, self.now())
        return outside or self.settings.quiet is not None

    def _wait_for_hours(self) -> None:
        hours, zone = self.settings.hours, self._zone
        if hours is None or span_at(hours, zone, self.now()):
            return
        start = next_span(hours, zone, self.now()).start
        if self.settings.outside is Outside.EXIT:
            raise NotNow(
                f"nothing was written: it is {self._clock(self.now())}, and the hours for it are {hours} "
                f"({self._zone_name}). Run it then, or with --outside wait, or with --now to write at once"
            )
        self.progress.stage(f"waiting until {self._clock(start)} ({self._zone_name})")
        while (left := (start - self.now()).total_seconds()) > 0:
            if self.interruption.wait(min(left, LONGEST_NAP)):
                return

    def _deadline(self) -> Deadline | None:
        """The end of the hours or of the longest duration, whichever comes first."""
        ends = []
        now = self.now()
        if self.settings.hours and (span := span_at(self.settings.hours, self._zone, now)):
            text = f"its hours ended at {clock_text(self.settings.hours.end)} ({self._zone_name})"
            ends.append((span.end, text))
        if longest := self.settings.max_duration:
            text = f"its time of {duration_text(longest)} was over"
            ends.append((now + timedelta(seconds=longest), text))
        if not ends:
            return None
        at, reason = min(ends)
        return Deadline(at, reason, self.now)

    def _wait_for_quiet(self) -> None:
        """Until the backlog is small at several looks in a row."""
        quiet, queues = self.settings.quiet, self.queues
        if quiet is None or queues is None:
            return
        calm, most, pause = 0, 0, self.limits.poll_first
        while True:
            left = backlog(queues())
            most = max(most, left)
            calm = calm + 1 if left <= quiet else 0
            if calm >= self.limits.idle_looks:
                return
            if not calm:
                self.progress.stage(
                    f"waiting until at most {quiet:,} jobs are left in the server's queues", most
                )
                self.progress.advance(most - left)
            pause = self.limits.poll_most if calm else min(pause * 1.4, max(SELDOM, self.limits.poll_first))
            if self.interruption.wait(pause):
                if self.interruption.reason:
                    self.interruption.reason += f"; the server was not quiet before ({left:,} jobs)"
                return

    @property
    def _zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.settings.timezone) if self.settings.timezone else None

    @property
    def _zone_name(self) -> str:
        return self.settings.timezone or "this machine's time"

    def _clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%H:%M}"
