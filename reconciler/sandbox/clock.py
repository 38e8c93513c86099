"""Instants as whole milliseconds since 1970 (UTC), and the text forms the API uses for them."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)
MILLISECOND = timedelta(milliseconds=1)
MINUTES_PER_HOUR = 60

_FIXED_ZONE = re.compile(r"(?:UTC|GMT)(?:([+-])(\d{1,2})(?::?(\d\d))?)?", re.IGNORECASE)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?$")
_INSTANT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?)?"
    r"\s?(Z|z|[+-]\d\d(?::?\d\d)?)?"
)


class Clock:
    """The current instant; never the same twice, so that a later change is seen as later."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1_000_000)
            return self._last


def to_millis(moment: datetime) -> int:
    """A moment with a zone, in milliseconds."""
    return (moment - EPOCH) // MILLISECOND


def from_millis(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)


def iso_z(millis: int | None) -> str | None:
    """`2021-03-14T09:15:30.000Z`, the form of dates at the top level of answers."""
    if millis is None:
        return None
    return f"{from_millis(millis).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def iso_offset(millis: int | None) -> str | None:
    """`2021-03-14T09:15:30.25+00:00`, the form of the database that exifInfo shows (FACTS 3.3)."""
    if millis is None:
        return None
    return f"{iso_plain(millis)}+00:00"


def iso_plain(millis: int) -> str:
    """`2021-03-14T09:15:30.25`, with only as many decimals as needed."""
    moment = from_millis(millis).replace(tzinfo=None)
    text = moment.isoformat(timespec="milliseconds")
    return text.rstrip("0").rstrip(".") if "." in text else text


def month_of(millis: int) -> str:
    """`2021-03-01`, the name of a timeline bucket."""
    return f"{from_millis(millis):%Y-%m}-01"


def parse_instant(text: str) -> tuple[int, str | None] | None:
    """An ISO 8601 text as (milliseconds, its offset as written or None); None when it is none.

    A text without an offset is read as UTC, as the server's database does (FINDINGS 12).
    """
    match = _INSTANT.fullmatch(text.strip())
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    shift = offset_minutes(offset) if offset else 0
    if shift is None:
        return None
    millis = to_millis(moment) + int(((fraction or "0") + "00")[:3]) - shift * 60_000
    return millis, offset


def offset_minutes(offset: str) -> int | None:
    """`+01:00`, `+0100`, `+01` or `Z` in minutes; None when it is no offset."""
    if offset in ("Z", "z"):
        return 0
    match = _OFFSET.fullmatch(offset)
    if not match:
        return None
    minutes = int(match[2]) * MINUTES_PER_HOUR + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes


def fixed_zone_name(minutes: int, *, zero: str = "UTC") -> str:
    """`UTC+1`, `UTC-3:30`; `zero` is the name of no offset (`UTC` at once, `UTC+0` from a sidecar)."""
    if minutes == 0:
        return zero
    hours, rest = divmod(abs(minutes), MINUTES_PER_HOUR)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo | None:
    """A zone by IANA name or fixed form (`UTC+5`); None when there is no such zone."""
    if match := _FIXED_ZONE.fullmatch(name):
        sign, hours, minutes = match.groups()
        shift = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return timezone(-shift if sign == "-" else shift)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local_millis(instant: int, zone_name: str | None) -> int:
    """What a clock in the zone shows at the instant, written as if it were UTC."""
    place = zone(zone_name) if zone_name else None
    if place is None:
        return instant
    local = from_millis(instant).astimezone(place).replace(tzinfo=None)
    return (local - NAIVE_EPOCH) // MILLISECOND


def instant_of(local: datetime, place: tzinfo | None) -> int:
    """The instant at which a clock in the zone (UTC without one) shows the local time."""
    return to_millis(local.replace(tzinfo=place or UTC))
