"""Lengths of time and hours of the day, in files and in options alike."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from reconciler.config.faults import nearest
from reconciler.model.desired import Hours

DURATION_FORM = "write a number with its unit, such as 90s, 45m or 2h"
HOURS_FORM = 'write them as from-to by a clock of 24 hours, such as "01:00-06:00"'
DAY = 24 * 60
"""Minutes of a day."""

_HOUR = 3600.0
_WEEK = 168 * _HOUR
BOUNDS = {
    "timeout": (1.0, _HOUR),
    "connect_timeout": (1.0, 600.0),
    "backoff": (1.0, _HOUR),
    "deadline": (1.0, 24 * _HOUR),
    "max_duration": (1.0, _WEEK),
    "running_timeout": (0.0, 24 * _HOUR),
    "settle_timeout": (0.0, _WEEK),
}
"""The shortest and the longest time of each setting, in seconds."""

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([smh])", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_HOURS = re.compile(r"(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})", re.ASCII)


class BadTime(ValueError):
    """A text that is no such time; the message says why and what to write."""


def read_duration(text: str, least: float, most: float) -> float:
    """Seconds of a text such as `45m`. Raises BadTime, also outside of `least` and `most`."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise BadTime(DURATION_FORM)
    seconds = float(found[1]) * _UNITS[found[2]]
    if not least <= seconds <= most:
        raise BadTime(f"write a time from {duration_text(least)} to {duration_text(most)}")
    return seconds


def duration_text(seconds: float) -> str:
    """Seconds as they are written in files, in the largest unit that leaves a whole number."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"


def read_hours(text: str) -> Hours:
    """Hours of the day from `01:00-06:00`; they may cross midnight. Raises BadTime."""
    found = _HOURS.fullmatch(text)
    if not found:
        raise BadTime(HOURS_FORM)
    start, end = _minutes(found[1], found[2]), _minutes(found[3], found[4])
    if start == DAY:
        raise BadTime("hours that begin at midnight begin at 00:00")
    if start == end:
        raise BadTime("these hours end when they begin; leave `hours` out to write at any time")
    if start == 0 and end == DAY:
        raise BadTime("this is the whole day; leave `hours` out to write at any time")
    return Hours(start, end)


def _minutes(hour: str, minute: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > DAY:
        raise BadTime(f"there is no time {hour}:{minute}; a day goes from 00:00 to 24:00")
    return minutes


def read_zone(name: str) -> ZoneInfo:
    """The time zone of this name. Raises BadTime with the one that is probably meant."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        asked = nearest(name, _zone_names(name), cutoff=0.6)
        raise BadTime(
            f"there is no time zone {name[:60]!r}{asked or '; write one such as Europe/Rome'}"
        ) from None


def _zone_names(name: str) -> list[str]:
    """Names that may be meant, in the writing of the one that was given."""
    known = available_timezones()
    by_lower = {zone.lower(): zone for zone in known}
    return [by_lower[name.lower()], *known] if name.lower() in by_lower else sorted(known)
