"""The values of a photo's fields, each normalised once, and the rules by which two of them are the same.

The measurements behind the rules are FINDINGS 7 to 16 (docs/server.md).
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.model.quick import quick

COORDINATE_TOLERANCE = 1e-6
"""Degrees. The sidecar keeps six decimals (FINDINGS 7)."""

_HOURS = tuple(range(-11 * 60, 15 * 60, 60))
_PARTS = (-570, -510, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 585, 630, 765, 825)
KEPT_OFFSETS = frozenset((*_HOURS, *_PARTS))
"""Minutes east of Greenwich of the clocks that dates keep; all quarters of an hour were tried."""
_FIXED_ZONE = re.compile(r"UTC(?:([+-])(\d{1,2})(?::?(\d{2}))?)?")
_HEX_SHA1 = re.compile(r"[0-9a-fA-F]{40}")


class Field(StrEnum):
    """The fields of a photo that have one value each. Tags are a set and stand apart."""

    # Enum's own is written in Python, and a plan asks for millions
    __hash__ = str.__hash__

    DESCRIPTION = "description"
    TAKEN = "taken"
    LOCATION = "location"
    RATING = "rating"
    FAVORITE = "favorite"
    VISIBILITY = "visibility"


SIDECAR_FIELDS = frozenset({Field.DESCRIPTION, Field.TAKEN, Field.LOCATION, Field.RATING})
"""The fields that the server writes into the photo's sidecar file and reads back (FACTS 4)."""


class Visibility(StrEnum):
    """Where a photo shows. `locked` is left out on purpose: an API key can't take it back (FINDINGS 40)."""

    __hash__ = str.__hash__

    TIMELINE = "timeline"
    ARCHIVE = "archive"
    HIDDEN = "hidden"


class AssetType(StrEnum):
    """What kind of file an asset is, in the server's words but lower case."""

    __hash__ = str.__hash__

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    OTHER = "other"


@quick(frozen=True, slots=True)
class Coordinates:
    """A point on the earth in degrees, six decimals at most."""

    latitude: float
    longitude: float

    def __str__(self) -> str:
        return f"{decimal(self.latitude)}, {decimal(self.longitude)}"


@quick(frozen=True, slots=True)
class Taken:
    """When a photo was taken: the instant (UTC), and the offset of the clock that showed it.

    `offset` is in minutes east of Greenwich; None where the server knows no zone (FINDINGS 12).
    """

    instant: datetime
    offset: int | None = None

    @property
    def day(self) -> str:
        """The day that the clock showed, as `2024-06-12`."""
        return self.clock.date().isoformat()

    @property
    def clock(self) -> datetime:
        """What the clock showed, as if it were UTC: sooner to be had than `local`."""
        return self.instant + _shift(self.offset) if self.offset else self.instant

    @property
    def local(self) -> datetime:
        """What the clock showed, without a zone; UTC where no offset is known."""
        return self.clock.replace(tzinfo=None)

    def __str__(self) -> str:
        text = self.local.isoformat(timespec="milliseconds" if self.local.microsecond else "seconds")
        return text if self.offset is None else text + offset_text(self.offset)


@lru_cache(maxsize=4096)
def _shift(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


FieldValue = str | int | bool | None | Coordinates | Taken


def decimal(degrees: float) -> str:
    """A coordinate as plain digits: never `1e-07`, which Immich 2.5.6 refuses (FINDINGS 9)."""
    text = f"{degrees:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def offset_text(minutes: int) -> str:
    """Minutes east of Greenwich as `+02:00`."""
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{size // 60:02d}:{size % 60:02d}"


def zone_offset(zone: str | None, instant: datetime) -> int | None:
    """The offset, in minutes, that the server's `timeZone` text means at an instant.

    The server says `UTC+2`, `UTC-3:30`, `UTC`, or an IANA name (FINDINGS 10 to 12); anything else is None.
    """
    if not zone:
        return None
    known = _zone(zone)
    if known is None or isinstance(known, int):
        return known
    try:
        shift = known.utcoffset(instant.astimezone(known))
    except (ValueError, OverflowError):
        return None
    return None if shift is None else int(shift.total_seconds() // 60)


@lru_cache(maxsize=4096)
def _zone(text: str) -> int | ZoneInfo | None:
    """The minutes of a fixed offset, or the zone of a name; None for anything else."""
    if fixed := _FIXED_ZONE.fullmatch(text):
        sign, hours, minutes = fixed.groups()
        size = int(hours or 0) * 60 + int(minutes or 0)
        return -size if sign == "-" else size
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_named_zone(zone: str | None) -> bool:
    """True for an IANA name, which survives on the server only where a place decides it (FINDINGS 11)."""
    return bool(zone) and _FIXED_ZONE.fullmatch(zone or "") is None


def normal_description(text: str | None) -> str:
    """null, "" and missing are one value; the round trip through the sidecar trims (FINDINGS 16).

    A byte order mark counts as white space there.
    """
    return (text or "").strip().strip("\ufeff").strip()


def normal_rating(rating: float | None) -> int | None:
    """1 to 5, or None. The server's 0 and -1 mean unrated here (FINDINGS 15)."""
    return int(rating) if rating is not None and rating >= 1 else None


def normal_checksum(text: str) -> str:
    """A SHA-1 given as hex or base64, as the 28 base64 characters the server shows.

    Raises ValueError where it is neither.
    """
    if _HEX_SHA1.fullmatch(text):
        return base64.b64encode(bytes.fromhex(text)).decode()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 20:
        raise ValueError("not a SHA-1 checksum: write 40 hex digits, or 28 characters of base64")
    return base64.b64encode(raw).decode()


def normal_tag(path: str) -> str:
    """A tag's full path as the server keeps it: empty parts drop out, spaces and case stay (FINDINGS 27)."""
    return "/".join(part for part in path.split("/") if part)


def utc(text: str) -> datetime:
    """A server's timestamp as an aware datetime in UTC; one without a zone is read as UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def same(field: Field, one: FieldValue, other: FieldValue) -> bool:
    """Whether two normalised values of a field count as the same."""
    if one == other:
        return True
    if field is Field.LOCATION and isinstance(one, Coordinates) and isinstance(other, Coordinates):
        return same_place(one, other)
    if field is Field.TAKEN and isinstance(one, Taken) and isinstance(other, Taken):
        return same_taken(one, other)
    return False


def same_place(one: Coordinates, other: Coordinates) -> bool:
    """Within 1e-6 degrees, a hair more for what floats add; 180 east is 180 west."""
    reach = COORDINATE_TOLERANCE * 1.01
    apart = abs(one.longitude - other.longitude)
    return abs(one.latitude - other.latitude) <= reach and min(apart, 360 - apart) <= reach


def same_instant(one: Taken, other: Taken) -> bool:
    """The same moment to the millisecond, whatever the clock showed."""
    return abs(one.instant - other.instant) < timedelta(milliseconds=1)


def same_taken(one: Taken, other: Taken) -> bool:
    """The same instant, and the same offset. A date without a zone is shown by the clock of Greenwich.

    So no zone and an offset of zero are the same; the release of 2.5.6 turns the one into the other. Where
    the zone of a place gives an offset that no sidecar can keep, the instant alone counts.
    """
    first, second = one.offset or 0, other.offset or 0
    alike = first == second or not {first, second} <= KEPT_OFFSETS
    return alike and same_instant(one, other)


def normal_color(text: str | None) -> str | None:
    """A tag's colour as `#rrggbb[aa]`, lower case; the server keeps short forms as sent (FINDINGS 29)."""
    if not text:
        return None
    digits = text.removeprefix("#").lower()
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits}"


def value_text(value: FieldValue) -> str:
    """A value as one line of plain text: the same text means the same value."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
