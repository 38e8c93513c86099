"""What PUT /assets and PUT /assets/{id} take, and what they change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox.clock import (
    fixed_zone_name,
    from_millis,
    instant_of,
    offset_minutes,
    parse_instant,
    zone,
)
from reconciler.sandbox.errors import Failed
from reconciler.sandbox.search import VISIBILITIES
from reconciler.sandbox.validation import Context, Field
from reconciler.sandbox.versions import Version

_NAMED_ZONE = re.compile(r"(.+\d) ([A-Za-z]+/[A-Za-z_/]+)")


def _date_text() -> Field:
    """3.x takes any text here and fails later; 2.x wants ISO 8601 (FINDINGS 13)."""

    def check(at: Context, value: Any) -> str:
        if at.version.old_error_form and (not isinstance(value, str) or parse_instant(value) is None):
            raise at.fail("must be a valid ISO 8601 date string", message="")
        if not isinstance(value, str):
            raise at.wrong_type(value, "string")
        return value

    return Field(check)


def _rating() -> Field:
    whole = v.whole(-1, 5)

    def check(at: Context, value: Any) -> int | None:
        rating: int = whole.check(at, value)
        if rating == 0 and not at.version.zero_rating_accepted:
            raise at.fail(
                code="custom",
                message="Rating must be -1 (rejected), 1–5 (starred), or null (unrated); 0 is not valid",
            )
        return rating or None

    return Field(check).or_null()


def _time_zone() -> Field:
    """2.x takes IANA names only; 3.x any text (FINDINGS 17)."""

    def check(at: Context, value: Any) -> str:
        if not isinstance(value, str):
            raise at.wrong_type(value, "string", "must be a valid IANA time-zone")
        if at.version.old_error_form and (re.match(r"(?i)(utc|gmt)[+-]", value) or zone(value) is None):
            raise at.fail("must be a valid IANA time-zone", message="")
        return value

    return Field(check)


_COMMON: v.Schema = {
    "isFavorite": v.flag(),
    "visibility": v.one_of(*VISIBILITIES),
    "dateTimeOriginal": _date_text(),
    "latitude": v.degrees("latitude", 90),
    "longitude": v.degrees("longitude", 180),
    "rating": _rating(),
    "description": v.text(),
}
SINGLE: v.Schema = {**_COMMON, "livePhotoVideoId": v.uuid4().or_null()}
BULK: v.Schema = {
    "ids": v.listed(v.uuid4()).needed(),
    **_COMMON,
    "duplicateId": v.text().or_null(),
    "dateTimeRelative": v.whole(),
    "timeZone": _time_zone(),
}


def read_edit(schema: v.Schema, given: Any, version: Version) -> dict[str, Any]:
    """The checked body of an edit; raises ApiError 400."""
    fields: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    pair = [name for name in ("latitude", "longitude") if name in fields]
    if pair and version.old_error_form:
        schema = {
            **schema,
            "latitude": schema["latitude"].needed(),
            "longitude": schema["longitude"].needed(),
        }
    edit = v.read_fields(schema, fields, version)
    if len(pair) == 1:
        raise v.custom_problem("Latitude and longitude must be provided together", version)
    _check_dates(edit, version)
    return edit


def _check_dates(edit: Mapping[str, Any], version: Version) -> None:
    if "dateTimeOriginal" not in edit:
        return
    alone = ("dateTimeRelative",) if version.zone_with_date else ("dateTimeRelative", "timeZone")
    for name in alone:
        if name in edit:
            old = f"{name} cannot exist alongside any of the following properties: dateTimeOriginal"
            raise v.custom_problem(f"{name} cannot exist alongside dateTimeOriginal", version, old)


def asset_changes(edit: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of asset."""
    names = {
        "isFavorite": "is_favorite",
        "visibility": "visibility",
        "duplicateId": "duplicate_id",
        "livePhotoVideoId": "live_photo_video_id",
    }
    return {column: edit[name] for name, column in names.items() if name in edit}


def exif_changes(edit: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of exif, which get locked. A date that cannot be read is a server error (FINDINGS 13)."""
    changes = {
        name: edit[name] for name in ("description", "rating", "latitude", "longitude") if name in edit
    }
    if "dateTimeOriginal" in edit:
        changes |= _date_changes(edit["dateTimeOriginal"])
        if "timeZone" in edit:
            changes["time_zone"] = edit["timeZone"]
    return changes


def _date_changes(text: str) -> dict[str, Any]:
    if found := parse_instant(text):
        instant, offset = found
        minutes = offset_minutes(offset) if offset else None
        fixed = {} if minutes is None else {"time_zone": fixed_zone_name(minutes)}
        return {"date_time_original": instant, **fixed}
    named = _NAMED_ZONE.fullmatch(text)
    local, place = (parse_instant(named[1]), zone(named[2])) if named else (None, None)
    if local is None or place is None:
        raise Failed(f"not a date: {text!r}")
    return {"date_time_original": instant_of(from_millis(local[0]).replace(tzinfo=None), place)}
