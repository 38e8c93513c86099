"""Many photos as columns of JSON, and back: a value for each photo, in one order.

A column that is the same for all photos has one value; one with few different values lists them and says
which each photo has. So 100,000 photos are a few megabytes once compressed, and are read in a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from reconciler.model.asset import Asset
from reconciler.model.values import AssetType, Coordinates, Taken, Visibility

Json = Any

_FIELDS = tuple(field.name for field in fields(Asset))
_WRITTEN_OTHERWISE = frozenset(
    {"owner_id", "path", "type", "visibility", "file_created_at", "added", "updated", "taken", "location"}
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FEW = 4
"""A column is written by its different values where each is there that often on average."""

_USUAL: Mapping[str, Json] = {
    "trashed": False,
    "read": True,
    "checksum": "",
    "description": "",
    "favorite": False,
}
"""What a column that is left out stands for; None for all others."""


def to_columns(assets: Sequence[Asset], *, checksums: bool) -> dict[str, Json]:
    """The photos as columns, best in the order in which they were taken.

    When a photo was last changed is left out, since no plan looks at it.
    """
    created = [_micros(asset.file_created_at) for asset in assets]
    places = [asset.location for asset in assets]
    found: dict[str, list[Json]] = {
        name: [getattr(asset, name) for asset in assets]
        for name in _FIELDS
        if name not in _WRITTEN_OTHERWISE and (checksums or name != "checksum")
    }
    found |= {
        "folder": [asset.folder for asset in assets],
        "path": [None if asset.path == _joined(asset) else asset.path for asset in assets],
        "type": [asset.type.value for asset in assets],
        "visibility": [asset.visibility.value for asset in assets],
        "created": [moment - before for before, moment in pairwise([0, *created])],
        "added": [_micros(asset.added) - moment for asset, moment in zip(assets, created, strict=True)],
        "taken": [
            None if asset.taken is None else _micros(asset.taken.instant) - moment
            for asset, moment in zip(assets, created, strict=True)
        ],
        "offset": [None if asset.taken is None else asset.taken.offset for asset in assets],
        "latitude": [None if one is None else one.latitude for one in places],
        "longitude": [None if one is None else one.longitude for one in places],
    }
    return {"count": len(assets), **{name: _packed(values) for name, values in sorted(found.items())}}


def from_columns(data: Mapping[str, Json], owner: str) -> list[Asset]:
    """The photos that `to_columns` wrote.

    Raises KeyError, TypeError, ValueError, IndexError or OverflowError for anything else.
    """
    count = data["count"]

    def column(name: str) -> Sequence[Json]:
        return _unpacked(data[name], count) if name in data else [_USUAL.get(name)] * count

    created = list(accumulate(column("created")))
    moments = list(map(_moment, created))
    added = [_moment(moment + later) for moment, later in zip(created, column("added"), strict=True)]
    types = {kind.value: kind for kind in AssetType}
    shown = {kind.value: kind for kind in Visibility}
    made: dict[str, Sequence[Json]] = {
        "owner_id": [owner] * count,
        "path": [
            path if path is not None else f"{folder}/{file}" if folder else file
            for path, folder, file in zip(column("path"), column("folder"), column("file_name"), strict=True)
        ],
        "type": [types[name] for name in column("type")],
        "visibility": [shown[name] for name in column("visibility")],
        "file_created_at": moments,
        "added": added,
        "updated": added,
        "taken": [
            None if ahead is None else Taken(moment + ahead * _MICROSECOND if ahead else moment, offset)
            for ahead, offset, moment in zip(column("taken"), column("offset"), moments, strict=True)
        ],
        "location": [
            None if latitude is None else Coordinates(latitude, longitude)
            for latitude, longitude in zip(column("latitude"), column("longitude"), strict=True)
        ],
    }
    columns = [made[name] if name in made else column(name) for name in _FIELDS]
    return [Asset(*row) for row in zip(*columns, strict=True)]


def _joined(asset: Asset) -> str:
    return f"{asset.folder}/{asset.file_name}" if asset.folder else asset.file_name


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _packed(values: list[Json]) -> Json:
    """A column in the shortest of its three forms."""
    different = list(dict.fromkeys(values))
    if len(different) <= 1:
        return {"all": different[0] if different else None}
    if len(different) * _FEW > len(values):
        return values
    number = {value: index for index, value in enumerate(different)}
    return {"values": different, "of": [number[value] for value in values]}


def _unpacked(column: Json, count: int) -> Sequence[Json]:
    if isinstance(column, list):
        return column
    if "all" in column:
        return [column["all"]] * count
    values = column["values"]
    return [values[index] for index in column["of"]]


# -- sets of photos ----------------------------------------------------------------------------------------


def numbered(ids: Iterable[str], numbers: Mapping[str, int]) -> list[Json]:
    """Photos by their numbers in the columns, those that are not in them by their ids."""
    found: list[Json] = sorted(numbers[one] for one in ids if one in numbers)
    return found + sorted(one for one in ids if one not in numbers)


def unnumbered(items: Iterable[Json], ids: Sequence[str]) -> frozenset[str]:
    """The ids that `numbered` wrote."""
    return frozenset(ids[item] if isinstance(item, int) else item for item in items)


def by_photo(of: Mapping[str, Iterable[Json]], ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """For each photo the keys (tags, persons) that list it."""
    found: dict[str, list[str]] = {}
    for key, items in of.items():
        for item in items:
            found.setdefault(ids[item] if isinstance(item, int) else item, []).append(key)
    return {photo: frozenset(keys) for photo, keys in found.items()}
