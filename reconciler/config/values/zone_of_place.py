"""The zone the server takes from a place, once a photo got coordinates by the API (FINDINGS 10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.model.values import KEPT_OFFSETS, Coordinates, Taken, offset_text


@dataclass(frozen=True, slots=True)
class There:
    """The clock at a place: its zone, and its offset in minutes at the moment in question."""

    zone: str
    offset: int


def moved_to(taken: Taken, place: Coordinates) -> There | None:
    """The clock to which the place would move a date; None where it wouldn't.

    At sea the zones are only guessed, and near a border either side's is taken as good. Where the clock there
    had an offset that the server can't read back, any other clock will do.
    """
    clocks = []
    for zone in _zones(place):
        try:
            shift = taken.instant.astimezone(zone).utcoffset()
        except OverflowError:
            return None  # the calendar has no such day there
        if shift is None or shift.total_seconds() % 60:
            return None
        clocks.append(There(zone.key, int(shift.total_seconds() // 60)))
    clocks = [clock for clock in clocks if clock.offset in KEPT_OFFSETS]
    if not clocks or taken.offset in {clock.offset for clock in clocks}:
        return None
    return clocks[0]


def moved_message(taken: Taken, there: There, written_offset: bool) -> str:
    """What to write so that the date stays; without a written offset either clock may have been meant."""
    moment = Taken(taken.instant, there.offset)
    message = f"the server takes the time zone from the place, which is {there.zone}; write {moment}"
    if written_offset:
        return f"{message} (the same moment by the clock there)"
    clock = taken.local.isoformat(timespec="seconds")
    return (
        f"{message} for the same moment by the clock there, "
        f"or {clock}{offset_text(there.offset)} if {clock[11:16]} is what that clock showed"
    )


def _zones(place: Coordinates) -> Iterator[ZoneInfo]:
    import tzfpy

    for name in tzfpy.get_tzs(place.longitude, place.latitude):
        zone = _zone(name)
        if zone is not None:
            yield zone


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    if not name or name.startswith("Etc/"):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
