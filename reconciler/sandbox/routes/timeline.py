"""The timeline by months, map markers and folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.clock import iso_plain, iso_z, month_of, parse_instant
from reconciler.sandbox.errors import bad_request, no_access
from reconciler.sandbox.search import CARRIES_TAG, VISIBILITIES, Query
from reconciler.sandbox.store import albums, partners
from reconciler.sandbox.store.database import GIVEN

ROUTES = Routes()

HOUR = 3_600_000
MONTHS = 12
_FILTERS: v.Schema = {
    "albumId": v.uuid4(),
    "tagId": v.uuid4(),
    "personId": v.uuid4(),
    "isFavorite": v.flag(),
    "isTrashed": v.flag(),
    "visibility": v.one_of(*VISIBILITIES),
    "order": v.one_of("asc", "desc"),
    "userId": v.uuid4(),
    "withCoordinates": v.flag(),
    "withPartners": v.flag(),
    "withStacked": v.flag(),
}

_MARKERS: v.Schema = {
    **{name: v.flag() for name in ("isArchived", "isFavorite", "withPartners", "withSharedAlbums")},
    **{name: v.instant() for name in ("fileCreatedAfter", "fileCreatedBefore")},
}


@ROUTES.add("GET", "/timeline/buckets", "asset.read")
def time_buckets(call: Call) -> Any:
    """Get time buckets."""
    asked = call.query(_FILTERS)
    query = _query(call, asked)
    moments = call.db.values(f"SELECT local_date_time FROM asset WHERE {query.where}", query.params)
    counts: dict[str, int] = {}
    for moment in moments:
        bucket = month_of(moment)
        counts[bucket] = counts.get(bucket, 0) + 1
    names = sorted(counts, reverse=asked.get("order") != "asc")
    return [{"timeBucket": name, "count": counts[name]} for name in names]


@ROUTES.add("GET", "/timeline/bucket", "asset.read")
def time_bucket(call: Call) -> Any:
    """Get time bucket."""
    asked = call.query({**_FILTERS, "timeBucket": v.text().needed()})
    query = _query(call, asked)
    start, end = _month(asked["timeBucket"], call)
    query.add("local_date_time >= ? AND local_date_time < ?", start, end)
    order = "ASC" if asked.get("order") == "asc" else "DESC"
    rows = call.db.rows(
        f"{views.ASSET_WITH_EXIF_SELECT} WHERE {query.where} ORDER BY file_created_at {order}", query.params
    )
    return _columns(call, [dict(row) for row in rows], bool(asked.get("withCoordinates")))


@ROUTES.add("GET", "/map/markers", "map.read")
def map_markers(call: Call) -> Any:
    """Retrieve map markers."""
    asked = call.query(_MARKERS)
    query = Query()
    query.add("deleted_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL")
    if not asked.get("isArchived"):
        query.add("visibility = 'timeline'")
    elif call.version.since(3, 0):
        query.add("(visibility = 'timeline' OR visibility = 'archive' AND owner_id = ?)", call.user_id)
    else:
        query.add("visibility IN ('timeline', 'archive')")
    if "isFavorite" in asked:
        query.add("is_favorite = ?", int(asked["isFavorite"]))
    for name, bound in (("fileCreatedAfter", ">="), ("fileCreatedBefore", "<=")):
        if name in asked:
            query.add(f"file_created_at {bound} ?", asked[name])
    owners = [call.user_id]
    if asked.get("withPartners"):
        owners += partners.all_of(call.db, call.user_id)
    if asked.get("withSharedAlbums"):
        query.add(
            f"(owner_id IN {GIVEN} OR asset.id IN ({albums.MEMBERS_SEEN}))",
            json.dumps(owners),
            call.user_id,
            call.user_id,
        )
    else:
        query.add_owners(owners)
    rows = call.db.rows(
        f"{views.ASSET_WITH_EXIF_SELECT} WHERE {query.where} ORDER BY file_created_at DESC", query.params
    )
    return [marker(row) for row in rows]


@ROUTES.add("GET", "/view/folder/unique-paths", "folder.read")
def unique_paths(call: Call) -> Any:
    """Retrieve unique paths."""
    paths = call.db.values(
        "SELECT original_path FROM asset "
        "WHERE owner_id = ? AND deleted_at IS NULL AND visibility = 'timeline'",
        (call.user_id,),
    )
    return sorted({str(PurePosixPath(path).parent) for path in paths})


def marker(row: views.Fields) -> dict[str, Any]:
    return {
        "id": row["id"],
        "lat": row["latitude"],
        "lon": row["longitude"],
        "city": row["city"],
        "state": row["state"],
        "country": row["country"],
    }


def _query(call: Call, asked: Mapping[str, Any]) -> Query:
    call.refuse_locked(asked.get("visibility"))
    query = Query()
    if "albumId" in asked:
        album = (asked["albumId"], call.user_id)
        if call.db.value("SELECT 1 FROM album WHERE id = ? AND owner_id = ?", album) is None:
            raise no_access("album.read")
        query.add("asset.id IN (SELECT asset_id FROM album_asset WHERE album_id = ?)", asked["albumId"])
    if "albumId" not in asked or "userId" in asked:
        query.add_owners(_owners(call, asked))
    if "tagId" in asked:
        query.add(CARRIES_TAG, asked["tagId"])
    if "visibility" in asked:
        query.add("visibility = ?", asked["visibility"])
    else:
        query.add("visibility IN ('timeline', 'archive')")
    if "isFavorite" in asked:
        query.add("is_favorite = ?", int(asked["isFavorite"]))
    query.add("deleted_at IS NOT NULL" if asked.get("isTrashed") else "deleted_at IS NULL")
    return query


def _owners(call: Call, asked: Mapping[str, Any]) -> list[str]:
    """Whose timeline: the caller's, or a partner's; with `withPartners` those in the timeline too."""
    user = asked.get("userId", call.user_id)
    shown = "SELECT 1 FROM partner WHERE shared_by = ? AND shared_with = ?"
    if user != call.user_id and call.db.value(shown, (user, call.user_id)) is None:
        raise no_access("timeline.read")
    if user != call.user_id and asked.get("visibility") == "archive":
        raise no_access("archive.read")
    if not asked.get("withPartners"):
        return [user]
    if (
        asked.get("visibility") in (None, "archive", "locked")
        or "isFavorite" in asked
        or asked.get("isTrashed")
    ):
        raise bad_request(
            "withPartners is only supported for non-archived, non-trashed, non-favorited, non-locked assets"
        )
    return sorted({user, *partners.in_timeline_of(call.db, call.user_id)})


def _month(text: str, call: Call) -> tuple[int, int]:
    """First instant of the month and of the next one."""
    found = parse_instant(text)
    start = parse_instant(text[:7]) if found else None
    if start is None:
        raise v.custom_problem("Invalid time bucket format", call.version, path=("timeBucket",))
    year, month = int(text[:4]), int(text[5:7])
    following = f"{year + month // MONTHS:04d}-{month % MONTHS + 1:02d}"
    end = parse_instant(following)
    return start[0], (end or start)[0]


def _columns(call: Call, rows: list[dict[str, Any]], coordinates: bool) -> dict[str, list[Any]]:
    """One list per field, as the timeline has it."""
    columns: dict[str, list[Any]] = {
        "id": [row["id"] for row in rows],
        "visibility": [row["visibility"] for row in rows],
        "isFavorite": [row["owner_id"] == call.user_id and bool(row["is_favorite"]) for row in rows],
        "isImage": [row["type"] == "IMAGE" for row in rows],
        "isTrashed": [row["deleted_at"] is not None for row in rows],
        "livePhotoVideoId": [row["live_photo_video_id"] for row in rows],
        "fileCreatedAt": [iso_plain(row["file_created_at"]) for row in rows],
        "localOffsetHours": [(row["local_date_time"] - row["file_created_at"]) / HOUR for row in rows],
        "ownerId": [row["owner_id"] for row in rows],
        "projectionType": [row["projection_type"] for row in rows],
        "ratio": [_ratio(row) for row in rows],
        "status": [row["status"] for row in rows],
        "thumbhash": [row["thumbhash"] for row in rows],
        "city": [row["city"] for row in rows],
        "country": [row["country"] for row in rows],
        "duration": [None for _ in rows],
    }
    if not call.version.device_fields:
        columns["createdAt"] = [iso_z(row["created_at"]) for row in rows]
    if coordinates:
        columns |= {name: [row[name] for row in rows] for name in ("latitude", "longitude")}
    return columns


def _ratio(row: Mapping[str, Any]) -> float:
    width, height = row["width"], row["height"]
    return round(float(width) / height, 3) if width and height else 1.0
