"""What the server reads from a photo and its sidecar, and what it writes into the sidecar. Pure.

The photo's own (embedded) values, the sidecar and the database row are three layers: extraction
computes the row from the first two, a sidecar write carries edited fields of the row to the second.
How values change on that way is recorded in the project's findings 7 to 17.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from reconciler.sandbox import geo
from reconciler.sandbox.clock import (
    fixed_zone_name,
    from_millis,
    instant_of,
    local_millis,
    offset_minutes,
    zone,
)
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.versions import Version

# columns that an edit by API locks until they are in the sidecar, as bits of exif.locked
LOCKS = {
    "description": 1,
    "date_time_original": 2,
    "latitude": 4,
    "longitude": 8,
    "rating": 16,
    "time_zone": 32,
    "tags": 64,
}
COORDINATE_DECIMALS = 6
HIGHEST_RATING = 5

Sidecar = Mapping[str, Any]
"""The fields of Embedded that the file has; `tags` may be there and empty."""


@dataclass(frozen=True, slots=True)
class FileTimes:
    """Milliseconds: what the asset's row said before, and the file's own time."""

    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one extraction found: columns of the exif row and of the asset."""

    exif: dict[str, Any]
    file_created_at: int
    local_date_time: int


def sidecar_fields(content: Embedded) -> dict[str, Any]:
    """A sidecar file as fields, without those it lacks."""
    found = {field.name: getattr(content, field.name) for field in fields(Embedded)}
    return {name: _plain(value) for name, value in found.items() if value is not None and value != ()}


def read_files(embedded: Embedded, sidecar: Sidecar | None, times: FileTimes, version: Version) -> Reading:
    """The row as the two files give it: what the sidecar has comes before what the photo has."""
    beside: Sidecar = sidecar or {}
    instant, local, time_zone = _dates(embedded, beside, times)
    latitude, longitude = _coordinates(embedded, beside)
    place = geo.place_at(latitude, longitude) if latitude is not None and longitude is not None else None
    exif: dict[str, Any] = {
        "description": str(_first(beside.get("description"), embedded.description) or "").strip(),
        "date_time_original": instant,
        "time_zone": time_zone,
        "latitude": latitude,
        "longitude": longitude,
        "city": place.city if place else None,
        "state": place.state if place else None,
        "country": place.country if place else None,
        "rating": _rating(_first(beside.get("rating"), embedded.rating), version),
        "tags": list(_first(beside.get("tags"), embedded.tags)),
        "make": _first(beside.get("make"), embedded.make),
        "model": _first(beside.get("model"), embedded.model),
        "lens_model": _first(beside.get("lens"), embedded.lens),
        "f_number": _first(beside.get("f_number"), embedded.f_number),
        "focal_length": _first(beside.get("focal_length"), embedded.focal_length),
        "iso": _first(beside.get("iso"), embedded.iso),
        "exposure_time": _first(beside.get("exposure_time"), embedded.exposure_time),
        "width": embedded.width,
        "height": embedded.height,
        "orientation": _first(beside.get("orientation"), embedded.orientation),
        "modify_date": times.modified,
        "projection_type": None,
    }
    return Reading(exif, file_created_at=instant, local_date_time=local)


def write_fields(row: Mapping[str, Any], locked: int, version: Version) -> dict[str, Any] | None:
    """What a sidecar write puts into the file: the locked fields of the row; None for nothing to write.

    A value of None takes the field out of the file. `row` has the columns of exif, `tags` as a list.
    """
    if not locked or (locked == LOCKS["tags"] and not row["tags"] and not version.keeps_empty_values):
        return None
    written: dict[str, Any] = {}
    if locked & LOCKS["description"]:
        text = str(row["description"])
        written["description"] = text if text or version.keeps_empty_values else None
    if locked & LOCKS["date_time_original"]:
        written |= _written_date(
            row["date_time_original"], row["time_zone"] if locked & LOCKS["time_zone"] else None
        )
    if locked & LOCKS["latitude"] and row["latitude"] is not None:
        written |= {"latitude": row["latitude"], "longitude": row["longitude"]}
    if locked & LOCKS["rating"]:
        written["rating"] = row["rating"] or 0
    if locked & LOCKS["tags"] and (row["tags"] or version.keeps_empty_values):
        written["tags"] = list(row["tags"])
    return written


def merged(sidecar: Sidecar | None, written: Mapping[str, Any]) -> dict[str, Any]:
    """The sidecar after a write into it."""
    return {name: value for name, value in {**(sidecar or {}), **written}.items() if value is not None}


def _written_date(instant: int | None, zone_name: str | None) -> dict[str, Any]:
    """The date with its offset; a zone that does not exist writes nothing (FINDINGS 17)."""
    if instant is None:
        return {}
    place = zone(zone_name or "UTC")
    if place is None:
        return {}
    moment = from_millis(instant).astimezone(place)
    shift = moment.utcoffset()
    minutes = round(shift.total_seconds() / 60) if shift else 0
    sign, hours, rest = "-" if minutes < 0 else "+", *divmod(abs(minutes), 60)
    return {
        "taken": moment.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        "offset": f"{sign}{hours:02d}:{rest:02d}",
    }


def _dates(embedded: Embedded, sidecar: Sidecar, times: FileTimes) -> tuple[int, int, str | None]:
    """Instant, local time (both in milliseconds) and zone name."""
    own_zone = _zone(embedded.offset if embedded.taken else None, _own_place(embedded), prefer_place=False)
    beside_zone = _zone(
        sidecar.get("offset") if "taken" in sidecar else None, _beside_place(sidecar), prefer_place=True
    )
    zone_name = beside_zone or own_zone
    if "taken" in sidecar:
        local, local_zone = (
            sidecar["taken"],
            _zone(sidecar.get("offset"), None, prefer_place=False) or beside_zone,
        )
    else:
        local, local_zone = embedded.taken, own_zone
    if local is None:
        # neither file knows: the earliest of what the upload said and the file system says (FINDINGS 14)
        earliest = min(times.created, times.modified)
        return earliest, earliest, zone_name
    instant = instant_of(datetime.fromisoformat(local), zone(local_zone) if local_zone else None)
    return instant, local_millis(instant, zone_name), zone_name


def _zone(offset: str | None, place: tuple[float, float] | None, *, prefer_place: bool) -> str | None:
    """The zone one file gives: a photo's offset comes before its place, a sidecar's after it."""
    minutes = offset_minutes(offset) if offset else None
    fixed = fixed_zone_name(minutes, zero="UTC+0" if prefer_place else "UTC") if minutes is not None else None
    of_place = geo.zone_at(*place) if place else None
    return (of_place or fixed) if prefer_place else (fixed or of_place)


def _own_place(embedded: Embedded) -> tuple[float, float] | None:
    if embedded.latitude is None or embedded.longitude is None:
        return None
    return embedded.latitude, embedded.longitude


def _beside_place(sidecar: Sidecar) -> tuple[float, float] | None:
    """The sidecar's coordinates; 0/0 are none (FINDINGS 8)."""
    latitude, longitude = sidecar.get("latitude"), sidecar.get("longitude")
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return latitude, longitude


def _coordinates(embedded: Embedded, sidecar: Sidecar) -> tuple[float | None, float | None]:
    place = _beside_place(sidecar) or _own_place(embedded)
    if place is None:
        return None, None
    latitude, longitude = (round(value, COORDINATE_DECIMALS) for value in place)
    return (None, None) if latitude == 0 and longitude == 0 else (latitude, longitude)


def _rating(value: int | None, version: Version) -> int | None:
    if not value or not version.lowest_rating_read <= value <= HIGHEST_RATING:
        return None
    return value


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
