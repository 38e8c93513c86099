"""Albums and their members."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.api import Answer, Call, Routes, bulk_results
from reconciler.sandbox.clock import iso_offset, iso_z
from reconciler.sandbox.errors import bad_request, no_access
from reconciler.sandbox.routes.timeline import marker
from reconciler.sandbox.store import albums, assets, partners
from reconciler.sandbox.store.database import Row

ROUTES = Routes()

DAY = 86_400_000
_ORDER = v.one_of("asc", "desc")
_DESCRIPTION = v.text().or_null(old=False)
_IDS: v.Schema = {"ids": v.listed(v.uuid4()).needed()}
_MEMBERS = "SELECT asset_id FROM album_asset JOIN asset ON id = asset_id WHERE album_id = ?"


@ROUTES.add("GET", "/albums", "album.read")
def list_albums(call: Call) -> Any:
    """List all albums."""
    asked = call.query(
        {"assetId": v.uuid4(), "shared": v.flag()}
        if call.version.owner_fields
        else {
            "assetId": v.uuid4(),
            "id": v.uuid4(),
            "name": v.text(),
            "isOwned": v.flag(),
            "isShared": v.flag(),
        }
    )
    _repair_covers(call)
    conditions, params = ["owner_id = ?"], [call.user_id]
    for name, sql in (
        ("assetId", "id IN (SELECT album_id FROM album_asset WHERE asset_id = ?)"),
        ("id", "id = ?"),
        ("name", "name = ?"),
    ):
        if name in asked:
            conditions.append(sql)
            params.append(asked[name])
    # nothing is shared here, so «shared with somebody» and «not mine» are empty
    if asked.get("shared") or asked.get("isShared") or asked.get("isOwned") is False:
        return []
    rows = call.db.rows(
        f"SELECT * FROM album WHERE {' AND '.join(conditions)} ORDER BY created_at DESC", params
    )
    return _in_list(call, rows)


@ROUTES.add("GET", "/albums/statistics", "album.statistics")
def album_statistics(call: Call) -> Any:
    """Get album statistics."""
    owned = call.db.value("SELECT count(*) FROM album WHERE owner_id = ?", (call.user_id,))
    return {"owned": owned, "shared": 0, "notShared": owned}


@ROUTES.add("POST", "/albums", "album.create", status=201)
def create_album(call: Call) -> Any:
    """Create album."""
    asked = call.body(
        {"albumName": v.text().needed(), "description": _DESCRIPTION, "assetIds": v.listed(v.uuid4())}
    )
    mine = partners.shareable(call.db, call.user_id, asked.get("assetIds", []))
    members = [asset_id for asset_id in dict.fromkeys(asked.get("assetIds", [])) if asset_id in mine]
    with call.write() as db:
        album_id = albums.insert(db, call.user_id, asked["albumName"], asked.get("description") or "", "desc")
        if members:
            albums.add_members(db, album_id, members)
    return _changed(call, album_id)


@ROUTES.add("GET", "/albums/<id>", "album.read")
def get_album(call: Call) -> Any:
    """Get album."""
    album_id = call.id()
    asked = call.query({"withoutAssets": v.flag()})
    _require(call, album_id, "album.read")
    _repair_covers(call)
    shown = _in_list(call, [_row(call, album_id)])[0]
    if call.version.owner_fields:
        ids = (
            []
            if asked.get("withoutAssets")
            else call.db.values(f"{_MEMBERS} AND {albums.SHOWN}", (album_id,))
        )
        shown["assets"] = _as_members(views.assets(call.db, ids, call.version, call.user_id, with_exif=True))
    return shown


@ROUTES.add("PATCH", "/albums/<id>", "album.update")
def update_album(call: Call) -> Any:
    """Update album."""
    album_id = call.id()
    asked = call.body(
        {
            "albumName": v.text(),
            "description": _DESCRIPTION,
            "albumThumbnailAssetId": v.uuid4(),
            "isActivityEnabled": v.flag(),
            "order": _ORDER,
        }
    )
    _require(call, album_id, "album.update")
    cover = asked.get("albumThumbnailAssetId")
    if cover and call.db.value(f"{_MEMBERS} AND asset_id = ?", (album_id, cover)) is None:
        raise bad_request("Invalid album thumbnail")
    names = {
        "albumName": "name",
        "albumThumbnailAssetId": "thumbnail_id",
        "isActivityEnabled": "is_activity_enabled",
        "order": "sort_order",
    }
    changes = {column: asked[name] for name, column in names.items() if name in asked}
    if "description" in asked:
        changes["description"] = asked["description"] or ""
    with call.write() as db:
        albums.change(db, album_id, changes)
    return _changed(call, album_id)


@ROUTES.add("DELETE", "/albums/<id>", "album.delete", status=204)
def delete_album(call: Call) -> Any:
    """Delete album."""
    album_id = call.id()
    _require(call, album_id, "album.delete")
    with call.write() as db:
        db.run("DELETE FROM album WHERE id = ?", (album_id,))


@ROUTES.add("PUT", "/albums/assets", "albumAsset.create")
def add_assets_to_albums(call: Call) -> Any:
    """Add assets to albums."""
    asked = call.body({"albumIds": v.listed(v.uuid4()).needed(), "assetIds": v.listed(v.uuid4()).needed()})
    mine = set(
        call.db.values(
            f"SELECT id FROM album WHERE owner_id = ? AND id {assets.IN_IDS}",
            (call.user_id, json.dumps(asked["albumIds"])),
        )
    )
    allowed = partners.shareable(call.db, call.user_id, asked["assetIds"])
    wanted = [asset_id for asset_id in dict.fromkeys(asked["assetIds"]) if asset_id in allowed]
    if not mine or not wanted:
        return {"success": False, "error": "no_permission"}
    with call.write() as db:
        added = [
            albums.add_members(db, album_id, wanted) for album_id in asked["albumIds"] if album_id in mine
        ]
    return {"success": True} if any(added) else {"success": False, "error": "duplicate"}


@ROUTES.add("PUT", "/albums/<id>/assets", "albumAsset.create")
def add_assets_to_album(call: Call) -> Any:
    """Add assets to an album."""
    album_id = call.id()
    ids = call.body(_IDS)["ids"]
    if call.db.value("SELECT 1 FROM album WHERE id = ?", (album_id,)) is None:
        raise bad_request("Album not found")
    _require(call, album_id, "albumAsset.create")
    allowed = partners.shareable(call.db, call.user_id, ids)
    with call.write() as db:
        members = set(db.values(f"{_MEMBERS} AND id {assets.IN_IDS}", (album_id, json.dumps(ids))))
        results: list[tuple[str, str | None]] = []
        for asset_id in ids:
            error = "duplicate" if asset_id in members else None if asset_id in allowed else "no_permission"
            results.append((asset_id, error))
            members |= {asset_id} if error is None else set()
        albums.add_members(db, album_id, [asset_id for asset_id, error in results if error is None])
    return bulk_results(results)


@ROUTES.add("DELETE", "/albums/<id>/assets", "albumAsset.delete")
def remove_assets_from_album(call: Call) -> Any:
    """Remove assets from an album."""
    album_id = call.id()
    ids = call.body(_IDS)["ids"]
    _require(call, album_id, "albumAsset.delete")
    with call.write() as db:
        members = albums.remove_members(db, album_id, ids)
    results: list[tuple[str, str | None]] = []
    for asset_id in ids:
        results.append((asset_id, None if asset_id in members else "not_found"))
        members.discard(asset_id)
    return bulk_results(results)


@ROUTES.add("GET", "/albums/<id>/map-markers", "map.read", major=3)
def album_map_markers(call: Call) -> Any:
    """Get album map markers."""
    album_id = call.id()
    _require(call, album_id, "album.read")
    rows = call.db.rows(
        f"{views.ASSET_WITH_EXIF_SELECT} JOIN album_asset ON album_asset.asset_id = asset.id "
        f"WHERE album_id = ? AND latitude IS NOT NULL AND {albums.SHOWN}",
        (album_id,),
    )
    return [marker(row) for row in rows]


def _require(call: Call, album_id: str, permission: str) -> None:
    if call.db.value("SELECT 1 FROM album WHERE id = ? AND owner_id = ?", (album_id, call.user_id)) is None:
        raise no_access(permission)


def _row(call: Call, album_id: str) -> Row:
    return call.db.rows("SELECT * FROM album WHERE id = ?", (album_id,))[0]


def _repair_covers(call: Call) -> None:
    """Reading albums repairs covers: a read that writes (FACTS 3.3)."""
    if albums.wrong_covers(call.db):
        with call.write() as db:
            albums.repair_thumbnails(db)


def _in_list(call: Call, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Albums as GET shows them: dates are days."""
    sums = albums.summaries(call.db, [row["id"] for row in rows])
    shown = []
    for row in rows:
        album = _plain(call, row)
        if found := sums.get(row["id"]):
            album |= {
                "startDate": iso_z(found["start"] // DAY * DAY),
                "endDate": iso_z(found["end"] // DAY * DAY),
                "assetCount": found["members"],
                "lastModifiedAssetTimestamp": iso_z(found["changed"]),
            }
        shown.append(album)
    return shown


def _changed(call: Call, album_id: str) -> Any:
    """An album as POST and PATCH show it: dates with time, no lastModifiedAssetTimestamp (FINDINGS 39)."""
    row = _row(call, album_id)
    album = _plain(call, row)
    ids = call.db.values(f"{_MEMBERS} AND {albums.SHOWN}", (album_id,))
    if found := albums.summaries(call.db, [album_id]).get(album_id):
        album |= {
            "startDate": iso_offset(found["start"]),
            "endDate": iso_offset(found["end"]),
            "assetCount": found["members"],
        }
    if call.version.owner_fields:
        album["assets"] = _as_members(views.assets(call.db, ids, call.version, call.user_id, with_exif=True))
    return Answer(album)


def _plain(call: Call, row: Row) -> dict[str, Any]:
    owner = views.user(dict(call.db.rows("SELECT * FROM user WHERE id = ?", (row["owner_id"],))[0]))
    album = {
        "id": row["id"],
        "albumName": row["name"],
        "description": row["description"],
        "albumThumbnailAssetId": row["thumbnail_id"],
        "createdAt": iso_z(row["created_at"]),
        "updatedAt": iso_z(row["updated_at"]),
        "albumUsers": [],
        "shared": False,
        "hasSharedLink": _has_link(call, row["id"]),
        "assetCount": 0,
        "isActivityEnabled": bool(row["is_activity_enabled"]),
        "order": row["sort_order"],
    }
    if call.version.owner_fields:
        return album | {"ownerId": row["owner_id"], "owner": owner}
    return album | {"albumUsers": [{"user": owner, "role": "owner"}]}


def _has_link(call: Call, album_id: str) -> bool:
    return call.db.value("SELECT 1 FROM shared_link WHERE album_id = ? LIMIT 1", (album_id,)) is not None


def _as_members(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Assets inside a 2.x album have the dates of the database: `…+00:00` instead of `….000Z`."""
    dates = ("createdAt", "updatedAt", "fileCreatedAt", "fileModifiedAt", "localDateTime")
    return [asset | {name: _database_form(asset[name]) for name in dates} for asset in shown]


def _database_form(date: str) -> str:
    return f"{date.removesuffix('Z').rstrip('0').rstrip('.')}+00:00"
