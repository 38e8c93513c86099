"""The plain fields of a search as SQL (FACTS 3.3, FINDINGS 50); the filter of 3.2 is in filters.py."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox.store.database import GIVEN, plain
from reconciler.sandbox.versions import Version

VISIBILITIES = ("archive", "timeline", "hidden", "locked")
DEFAULT_SIZE = 250
LARGEST_SIZE = 1000

_EXACT_TEXTS = ("city", "state", "country", "make", "model", "lensModel")
_RANGES = ("created", "updated", "taken", "trashed")

FILTERS: v.Schema = {
    "id": v.uuid4(),
    "libraryId": v.uuid4().or_null(),
    "type": v.one_of("IMAGE", "VIDEO", "AUDIO", "OTHER"),
    "visibility": v.one_of(*VISIBILITIES),
    **{
        name: v.flag()
        for name in ("isFavorite", "isOffline", "isMotion", "isEncoded", "isNotInAlbum", "withDeleted")
    },
    **{f"{name}{side}": v.instant() for name in _RANGES for side in ("After", "Before")},
    **{name: v.text().or_null() for name in _EXACT_TEXTS},
    "rating": v.whole(-1, 5, convert=True).or_null(),
    "albumIds": v.listed(v.uuid4()),
    "tagIds": v.listed(v.uuid4()).or_null(),
    "personIds": v.listed(v.uuid4()),
    "checksum": v.text(),
    "description": v.text(),
    "originalFileName": v.text(),
    "originalPath": v.text(),
    "deviceAssetId": v.text(),
    "deviceId": v.text(),
    "ocr": v.text(),
    **{name: v.text() for name in ("previewPath", "thumbnailPath", "encodedVideoPath")},
}
_NOT_COUNTED = {
    "id", "checksum", "originalFileName", "originalPath", "deviceAssetId", "withDeleted", "previewPath",
    "thumbnailPath", "encodedVideoPath",
}  # fmt: skip
STATISTICS: v.Schema = {name: field for name, field in FILTERS.items() if name not in _NOT_COUNTED}
SEARCH: v.Schema = {
    **FILTERS,
    "order": v.one_of("asc", "desc"),
    "page": v.whole(1, convert=True),
    "size": v.whole(1, LARGEST_SIZE, convert=True),
    "withExif": v.flag(),
    "withPeople": v.flag(),
    "withStacked": v.flag(),
}

CARRIES_TAG = (
    "asset.id IN (SELECT asset_id FROM tag_closure JOIN tag_asset ON tag_id = descendant WHERE ancestor = ?)"
)
"""The tag itself or one below it."""
CARRIES_ANY_TAG = (
    "asset.id IN (SELECT asset_id FROM tag_closure JOIN tag_asset ON tag_id = descendant "
    f"WHERE ancestor IN {GIVEN})"
)

_COLUMNS = {
    "id": "asset.id",
    "type": "type",
    "visibility": "visibility",
    "city": "city",
    "state": "state",
    "country": "country",
    "make": "make",
    "model": "model",
    "lensModel": "lens_model",
    "rating": "rating",
    "libraryId": "library_id",
    "deviceAssetId": "device_asset_id",
    "deviceId": "device_id",
}
_EXIF_FIELDS = {*_EXACT_TEXTS, "rating", "description"}
_FLAG_SQL = {
    "isFavorite": "is_favorite = {}",
    "isOffline": "is_offline = {}",
    "isMotion": "(live_photo_video_id IS NOT NULL) = {}",
    "isEncoded": "(type = 'VIDEO') = {}",
}
_RANGE_COLUMNS = {
    "created": "asset.created_at",
    "updated": "asset.updated_at",
    "taken": "file_created_at",
    "trashed": "deleted_at",
}
_TEXT_COLUMNS = {
    "originalFileName": "plain(original_file_name)",
    "originalPath": "plain(original_path)",
    "description": "plain(description)",
}


@dataclass(slots=True)
class Query:
    """Conditions on `asset` and, when `needs_exif`, `exif`; all must hold."""

    conditions: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)
    needs_exif: bool = False

    def add(self, sql: str, *params: Any) -> None:
        self.conditions.append(sql)
        self.params += params

    def add_owners(self, owners: Sequence[str]) -> None:
        """Only photos of these users."""
        if len(owners) == 1:
            self.add("owner_id = ?", owners[0])
        else:
            self.add(f"owner_id IN {GIVEN}", json.dumps(list(owners)))

    @property
    def where(self) -> str:
        return " AND ".join(self.conditions)


def query_for(
    filters: Mapping[str, Any], version: Version, owners: Sequence[str], *, counting: bool = False
) -> Query:
    """The query for checked filters; access to the albums named must be checked before.

    `owners` are those whose photos are in the caller's timeline (`partners.in_timeline_of`).
    """
    query = Query(needs_exif=bool(_EXIF_FIELDS & filters.keys()))
    _add_scope(query, filters, version, owners, counting)
    for name, column in _COLUMNS.items():
        if name not in filters or name == "visibility":
            continue
        empty_is_none = name in _EXACT_TEXTS and not version.since(3, 0)
        if filters[name] is None or (filters[name] == "" and empty_is_none):
            query.add(f"{column} IS NULL")
        else:
            query.add(f"{column} = ?", filters[name])
    for name, sql in _FLAG_SQL.items():
        if name in filters:
            query.add(sql.format(int(filters[name])))
    for name, column in _RANGE_COLUMNS.items():
        for side, comparison in (("After", ">="), ("Before", "<=")):
            if name + side in filters:
                query.add(f"{column} {comparison} ?", filters[name + side])
    for name, expression in _TEXT_COLUMNS.items():
        if wanted := plain(filters.get(name, "").strip()):
            # the server does not disarm the wildcards in what is looked for
            query.add(f"{expression} LIKE ? ESCAPE '\\'", f"%{wanted}%")
    if filters.get("ocr"):
        query.add("FALSE")  # no text is ever recognised here
    if "checksum" in filters:
        query.add("checksum = ?", normal_checksum(filters["checksum"]))
    if filters.get("withStacked") is False and version.since(2, 6):
        query.add("stack_id IS NULL")
    _add_sets(query, filters)
    return query


def normal_checksum(text: str) -> str:
    """A SHA-1 in hex or base64, as base64; a text that is neither finds nothing."""
    try:
        data = bytes.fromhex(text) if len(text) == 40 else base64.b64decode(text)
    except (ValueError, binascii.Error):
        return ""
    return base64.b64encode(data).decode()


def _add_scope(
    query: Query, filters: Mapping[str, Any], version: Version, owners: Sequence[str], counting: bool
) -> None:
    """Whose assets, which visibility, with or without the trash."""
    if filters.get("albumIds") and not version.searches_timeline_only and not counting:
        # from 3.0 on a search in albums covers all their owners; counting doesn't
        pass
    else:
        query.add_owners(owners)
    if "visibility" in filters:
        query.add("visibility = ?", filters["visibility"])
    else:
        query.add("visibility = 'timeline'" if version.searches_timeline_only else "visibility <> 'locked'")
    trash = ("isOffline", "trashedAfter", "trashedBefore")
    if not filters.get("withDeleted") and not any(filters.get(name) for name in trash):
        query.add("deleted_at IS NULL")


def _add_sets(query: Query, filters: Mapping[str, Any]) -> None:
    for album in filters.get("albumIds") or []:
        query.add("asset.id IN (SELECT asset_id FROM album_asset WHERE album_id = ?)", album)
    if filters.get("isNotInAlbum") and not filters.get("albumIds"):
        query.add("asset.id NOT IN (SELECT asset_id FROM album_asset)")
    for person in filters.get("personIds") or []:
        query.add("asset.id IN (SELECT asset_id FROM face WHERE person_id = ?)", person)
    for tag in filters.get("tagIds") or []:
        query.add(CARRIES_TAG, tag)
    if "tagIds" in filters and filters["tagIds"] is None:
        query.add("asset.id NOT IN (SELECT asset_id FROM tag_asset)")
