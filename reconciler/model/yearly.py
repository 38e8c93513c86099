"""Conditions on days that come every year: birthdays, Christmas, the summer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from reconciler.model.asset import AssetState
from reconciler.model.selectors import Plain


@dataclass(frozen=True, slots=True)
class YearDays:
    """Days of every year, from `first` to `last` (month, day), both included; may go over new year.

    The 29th of February comes in leap years only.
    """

    first: tuple[int, int]
    last: tuple[int, int]

    def has(self, day: date | datetime) -> bool:
        """Whether a day is one of them."""
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last

    def __str__(self) -> str:
        first, last = (f"{month:02}-{day:02}" for month, day in (self.first, self.last))
        return first if first == last else f"{first}..{last}"


@dataclass(frozen=True, slots=True)
class TakenOn(Plain):
    """Taken on these days of any year, by the clock of the place."""

    days: YearDays

    def matches(self, state: AssetState) -> bool:
        return state.asset.taken is not None and self.days.has(state.asset.taken.clock)


@dataclass(frozen=True, slots=True)
class AddedOn(Plain):
    """Came to the server on these days of any year, by the clock of a zone (None: UTC)."""

    days: YearDays
    zone: ZoneInfo | None = None

    def matches(self, state: AssetState) -> bool:
        return self.days.has(state.asset.added.astimezone(self.zone or UTC))
