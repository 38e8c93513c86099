"""Reads when: dates and ranges, days of every year, and what is counted back from the day of the run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from reconciler.config.values.dates import MONTH_DAYS, BadDate, Span, read_span
from reconciler.model.yearly import YearDays

_BACK = re.compile(r"last +(\d{1,5}) +(day|week|month|year)s?", re.ASCII | re.IGNORECASE)
_CURRENT = re.compile(r"today|this +(month|year)", re.ASCII | re.IGNORECASE)
_LOOSE = re.compile(r"(last|past|this|yesterday|ago)\b.*", re.ASCII | re.IGNORECASE)
_DAY_OF_YEAR = re.compile(r"(?:--)?(\d{2})-(\d{2})", re.ASCII)
_MONTH_OF_YEAR = re.compile(r"--(\d{2})", re.ASCII)
_RELATIVE_FORMS = "write it like last 30 days, last 6 months, this year or today"


@dataclass(frozen=True, slots=True)
class Counted:
    """A range that depends on the day of the run: both ends belong to it."""

    first: date
    last: date

    @property
    def span(self) -> Span:
        """From the start of the first day to the end of the last."""
        start = datetime(self.first.year, self.first.month, self.first.day)
        end = datetime(self.last.year, self.last.month, self.last.day) + timedelta(days=1)
        return Span(start, end)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


Period = Span | YearDays | Counted


def read_period(text: str, today: Callable[[], date]) -> Period:
    """What a text means; `today` is only asked where it matters. Raises BadDate."""
    plain = " ".join(text.split())
    if back := _BACK.fullmatch(plain):
        return _back(int(back[1]), back[2].lower(), today())
    if current := _CURRENT.fullmatch(plain):
        return _current(current[1], today())
    if _LOOSE.fullmatch(plain):
        raise BadDate(f"{text[:60]!r} is no period; {_RELATIVE_FORMS}")
    first, dots, last = (part.strip() for part in plain.partition(".."))
    yearly = [_of_every_year(part) for part in (first, last if dots else first)]
    if yearly[0] and yearly[1]:
        return YearDays(yearly[0][0], yearly[1][1])
    if yearly[0] or yearly[1]:
        raise BadDate(
            "days of every year need two ends without a year, such as 12-24..12-26; "
            "with a year, write it at both ends"
        )
    return read_span(text)


def _back(number: int, unit: str, today: date) -> Counted:
    if number == 0:
        raise BadDate(f"this would be no day at all; {_RELATIVE_FORMS}")
    try:
        if unit in ("day", "week"):
            before = today - timedelta(days=number * (7 if unit == "week" else 1))
        else:
            before = _months_before(today, number * (12 if unit == "year" else 1))
        return Counted(before + timedelta(days=1), today)
    except (OverflowError, ValueError):
        raise BadDate("this begins before the year 1") from None


def _months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last day where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(years, month + 1, last)
        except ValueError:
            continue
    return date(years, month + 1, min(day.day, 28))


def _current(unit: str | None, today: date) -> Counted:
    match (unit or "day").lower():
        case "month":
            following = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
            return Counted(today.replace(day=1), following - timedelta(days=1))
        case "year":
            return Counted(today.replace(month=1, day=1), today.replace(month=12, day=31))
        case _:
            return Counted(today, today)


def _of_every_year(text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The first and last day of `12-24`, `--12-24` or the month `--12`; None for anything else."""
    if month := _MONTH_OF_YEAR.fullmatch(text):
        number = int(month[1])
        _check(number, 1, text)
        return (number, 1), (number, MONTH_DAYS[number - 1])
    if day := _DAY_OF_YEAR.fullmatch(text):
        found = int(day[1]), int(day[2])
        _check(*found, text)
        return found, found
    return None


def _check(month: int, day: int, text: str) -> None:
    if not 1 <= month <= 12:
        raise BadDate(f"there is no month {month:02}; write month and day, such as 12-24 for Christmas Eve")
    if not 1 <= day <= MONTH_DAYS[month - 1]:
        raise BadDate(f"there is no day {text}; that month has {MONTH_DAYS[month - 1]} days at most")
