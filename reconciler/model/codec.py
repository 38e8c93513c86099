"""Values as JSON and back, the same in plan files, snapshots and reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from sys import intern
from typing import Any

from reconciler.model.origin import Origin
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, Visibility

Json = Any


def value_to_json(value: FieldValue) -> Json:
    """A field's value: a date as ISO text, a place as an object, the rest as it is."""
    match value:
        case Taken():
            return str(value)
        case Coordinates():
            return {"latitude": value.latitude, "longitude": value.longitude}
        case Visibility():
            return value.value
        case _:
            return value


def value_from_json(field: Field, data: Json) -> FieldValue:
    """The value that `value_to_json` wrote. Raises ValueError, TypeError or KeyError on anything else."""
    if data is None:
        return None
    match field:
        case Field.TAKEN:
            return taken_from_text(data)
        case Field.LOCATION:
            return Coordinates(float(data["latitude"]), float(data["longitude"]))
        case Field.VISIBILITY:
            return Visibility(data)
        case Field.RATING:
            return int(data)
        case Field.FAVORITE:
            return bool(data)
        case Field.DESCRIPTION:
            return str(data)


def taken_from_text(text: str) -> Taken:
    """The date that `str(Taken)` wrote, without an offset where none is known. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    shift = moment.utcoffset()
    if shift is None:
        return Taken(moment.replace(tzinfo=UTC))
    try:
        return Taken((moment - shift).replace(tzinfo=UTC), int(shift / timedelta(minutes=1)))
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from None


def origin_to_json(origin: Origin) -> str:
    """`file:line:column`."""
    return str(origin)


def origin_from_json(text: str) -> Origin:
    """The place that `origin_to_json` wrote. Raises ValueError on anything else."""
    file, line, column = text.rsplit(":", 2)
    return Origin(intern(file), int(line), int(column))
