"""Reads dates: spans of time for selectors, and the moment a photo was taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from reconciler.model.values import Taken, offset_text

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})"
    r"(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r" ?([Zz]|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?)?)?)?",
    re.ASCII,
)
_EXIF = re.compile(r"(\d{4}):(\d{2}):(\d{2})(.*)", re.ASCII | re.DOTALL)
_LARGEST_OFFSET = 14 * 60
_FORMS = "write it like 2024-06-12, 2024-06, 2024, 2024-06-12T20:41 or 2024-06-08..2024-06-15"
_TAKEN_FORM = "write it like 2024-06-12T20:41:00+02:00"
MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class BadDate(ValueError):
    """A text that is no date; the message says why and what to write."""


class Precision(IntEnum):
    """The last part of a date that was written."""

    YEAR = 0
    MONTH = 1
    DAY = 2
    MINUTE = 3
    SECOND = 4
    MILLISECOND = 5


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as far as it was written, by some clock; `offset` is minutes east of Greenwich if written."""

    start: datetime
    precision: Precision
    offset: int | None = None

    @property
    def timed(self) -> bool:
        """Whether it has a time of day."""
        return self.precision >= Precision.MINUTE

    @property
    def end(self) -> datetime | None:
        """The first moment that doesn't belong to it any more; None at the end of all time."""
        try:
            if self.precision is Precision.YEAR:
                return self.start.replace(year=self.start.year + 1)
            if self.precision is Precision.MONTH:
                return (self.start + timedelta(days=31)).replace(day=1)
            return self.start + _STEPS[self.precision]
        except (OverflowError, ValueError):
            return None


_STEPS = {
    Precision.DAY: timedelta(days=1),
    Precision.MINUTE: timedelta(minutes=1),
    Precision.SECOND: timedelta(seconds=1),
    Precision.MILLISECOND: timedelta(milliseconds=1),
}


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, not including, `end`; None leaves that side open.

    With a zone (UTC) where an offset was written, else without.
    """

    start: datetime | None
    end: datetime | None


def read_span(text: str) -> Span:
    """A date, or a range `a..b`, `a..`, `..b`; both ends belong to it, each as a whole. Raises BadDate."""
    first, dots, last = text.partition("..")
    if not dots:
        moment = read_moment(text)
        return Span(_placed(moment.start, moment), _placed(moment.end, moment))
    first, last = first.strip(), last.strip()
    if not first and not last:
        raise BadDate(f"two dots alone are no range; {_FORMS}")
    low = read_moment(first) if first else None
    high = read_moment(last) if last else None
    if low and high and (low.offset is None) != (high.offset is None):
        raise BadDate("one end of the range has an offset and the other has none; write both or neither")
    start = _placed(low.start, low) if low else None
    end = _placed(high.end, high) if high else None
    if start and end and start >= end:
        raise BadDate(f"the range ends before it begins; write {last}..{first}")
    return Span(start, end)


def _placed(moment: datetime | None, written: Moment) -> datetime | None:
    if moment is None or written.offset is None:
        return moment
    return _instant(moment, written.offset)


def _instant(local: datetime, offset: int) -> datetime:
    try:
        return (local - timedelta(minutes=offset)).replace(tzinfo=UTC)
    except OverflowError:
        raise BadDate("this is outside the years 1 to 9999") from None


def read_moment(text: str, forms: str = _FORMS) -> Moment:
    """One date, with or without a time of day. Raises BadDate, which ends with the forms it may have."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise BadDate(_not_a_date(text, forms))
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    _check_day(int(year), int(month or 1), int(day or 1))
    if hour is None:
        precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
        return Moment(datetime(int(year), int(month or 1), int(day or 1)), precision)
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        written = f"{hour:0>2}:{minute}:{second or '00'}"
        raise BadDate(f"there is no such time as {written}; a day goes from 00:00:00 to 23:59:59")
    microsecond = int((fraction + "000")[:3]) * 1000 if fraction else 0
    start = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), microsecond)
    precision = Precision.MILLISECOND if fraction else Precision.SECOND if second else Precision.MINUTE
    return Moment(start, precision, _read_offset(offset))


def _check_day(year: int, month: int, day: int) -> None:
    if year == 0:
        raise BadDate("there is no year 0000")
    if not 1 <= month <= 12:
        raise BadDate(
            f"there is no month {month}; write year, month and day in this order, such as 2024-06-12"
        )
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = 28 if month == 2 and not leap else MONTH_DAYS[month - 1]
    if not 1 <= day <= last:
        raise BadDate(f"there is no {year:04d}-{month:02d}-{day:02d}; that month has {last} days")


def _read_offset(text: str | None) -> int | None:
    if text is None:
        return None
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4] or 0), int(digits[4:6] or 0)
    size = hours * 60 + minutes
    if seconds or minutes > 59:
        raise BadDate(f"the offset {text} is no number of whole minutes; write it like +02:00")
    if size > _LARGEST_OFFSET:
        raise BadDate(f"the offset {text} is too large; it goes from -14:00 to +14:00")
    return -size if text[0] == "-" else size


def _not_a_date(text: str, forms: str) -> str:
    shown = repr(text if len(text) <= 60 else text[:57] + "...")
    if exif := _EXIF.fullmatch(text.strip()):
        year, month, day, rest = exif.groups()
        time = rest.replace(" ", "T", 1)[:30]
        return f"{shown} isn't how a date is written here; write {year}-{month}-{day}{time}"
    return f"{shown} is no date; {forms}"


def read_taken(text: str, zone: ZoneInfo | None) -> Taken:
    """The moment a photo was taken; without an offset it is meant in `zone`. Raises BadDate."""
    if ".." in text:
        raise BadDate("a range can't be set; write one date and time, such as 2024-06-12T20:41:00+02:00")
    moment = read_moment(text, _TAKEN_FORM)
    if not moment.timed:
        raise BadDate(_no_time(text.strip(), moment, zone))
    offset = moment.offset if moment.offset is not None else _offset_in(zone, moment.start)
    return Taken(_instant(moment.start, offset), offset)


def _no_time(text: str, moment: Moment, zone: ZoneInfo | None) -> str:
    noon = moment.start.replace(hour=12)
    shift = noon.replace(tzinfo=zone).utcoffset() if zone else None
    offset = offset_text(int(shift.total_seconds() // 60)) if shift is not None else "+00:00"
    example = f"{noon.isoformat()}{offset}"
    return f"{text} has no time of day, and the server would make one up; write for example {example}"


def _offset_in(zone: ZoneInfo | None, local: datetime) -> int:
    """The offset a clock in the zone had, in minutes; BadDate where it wasn't a single one."""
    shown = local.isoformat(timespec="seconds")
    if zone is None:
        raise BadDate(
            f"{shown} has no offset from Greenwich; write for example {shown}+02:00, "
            "or set defaults.timezone, such as Europe/Rome"
        )
    early, late = _minutes(zone, local, 0), _minutes(zone, local, 1)
    if early == late:
        return early
    first, second = f"{shown}{offset_text(early)}", f"{shown}{offset_text(late)}"
    if early > late:
        raise BadDate(
            f"this time came twice in {zone.key}, as the clocks went back; write {first} or {second}"
        )
    raise BadDate(
        f"there was no such time in {zone.key}, as the clocks went forward; write {first} "
        f"({_shown_in(zone, local, early)} there) or {second} ({_shown_in(zone, local, late)} there)"
    )


def _shown_in(zone: ZoneInfo, local: datetime, offset: int) -> str:
    return f"{_instant(local, offset).astimezone(zone):%H:%M}"


def _minutes(zone: ZoneInfo, local: datetime, fold: int) -> int:
    shift = local.replace(tzinfo=zone, fold=fold).utcoffset()
    seconds = int(shift.total_seconds()) if shift is not None else 0
    if seconds % 60:
        example = local.isoformat(timespec="seconds") + offset_text(round(seconds / 60))
        raise BadDate(
            f"clocks in {zone.key} were {seconds} seconds off Greenwich then, which isn't whole minutes; "
            f"write an offset, such as {example}"
        )
    return seconds // 60
