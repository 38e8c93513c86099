"""Albums and their members."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.access import require_album
from reconciler.sandbox.api import Answer, Call, Routes, bulk_results
from reconciler.sandbox.clock import iso_offset, iso_z
from reconciler.sandbox.errors import bad_request
from reconciler.sandbox.routes.timeline import marker
from reconciler.sandbox.store import albums, assets, partners
from reconciler.sandbox.store.database import GIVEN, Row

ROUTES = Routes()

DAY = 86_400_000
_ORDER = v.one_of("asc", "desc")
_DESCRIPTION = v.text().or_null(old=False)
_IDS: v.Schema = {"ids": v.listed(v.uuid4()).needed()}
_SHARED = "EXISTS (SELECT 1 FROM album_user WHERE album_id = album.id)"
_WITH_ME = "id IN (SELECT album_id FROM album_user WHERE user_id = ?)"
_WITH_ME_AS_EDITOR = "id IN (SELECT album_id FROM album_user WHERE user_id = ? AND role = 'editor')"
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
    conditions, params = _listed(call, asked)
    for name, sql in (
        ("assetId", "id IN (SELECT album_id FROM album_asset WHERE asset_id = ?)"),
        ("id", "id = ?"),
        ("name", "name = ?"),
    ):
        if name in asked:
            conditions.append(sql)
            params.append(asked[name])
    rows = call.db.rows(
        f"SELECT * FROM album WHERE {' AND '.join(conditions)} ORDER BY created_at DESC", params
    )
    return _in_list(call, rows)


def _listed(call: Call, asked: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """Which albums are asked for: 2.x has `shared` and shows own ones without it, 3.x all (FACTS 1)."""
    me = call.user_id
    if call.version.owner_fields and "shared" not in asked:
        return ["owner_id = ?"], [me]
    if "shared" in asked:
        seen = f"((owner_id = ? AND {_SHARED}) OR {_WITH_ME})"
        return ([seen], [me, me]) if asked["shared"] else ([f"owner_id = ? AND NOT {_SHARED}"], [me])
    conditions, params = [f"(owner_id = ? OR {_WITH_ME})"], [me, me]
    if "isOwned" in asked:
        conditions.append(f"owner_id {'=' if asked['isOwned'] else '<>'} ?")
        params.append(me)
    if "isShared" in asked:
        conditions.append(_SHARED if asked["isShared"] else f"NOT {_SHARED}")
    return conditions, params


@ROUTES.add("GET", "/albums/statistics", "album.statistics")
def album_statistics(call: Call) -> Any:
    """Get album statistics."""
    me = call.user_id

    def count(where: str, *params: str) -> int:
        found: int = call.db.value(f"SELECT count(*) FROM album WHERE {where}", params)
        return found

    return {
        "owned": count("owner_id = ?", me),
        "shared": count(f"(owner_id = ? AND {_SHARED}) OR {_WITH_ME}", me, me),
        "notShared": count(f"owner_id = ? AND NOT {_SHARED}", me),
    }


@ROUTES.add("POST", "/albums", "album.create", status=201)
def create_album(call: Call) -> Any:
    """Create album."""
    user = v.nested({"userId": v.uuid4().needed(), "role": v.one_of("editor", "viewer").needed()})
    asked = call.body(
        {
            "albumName": v.text().needed(),
            "description": _DESCRIPTION,
            "assetIds": v.listed(v.uuid4()),
            "albumUsers": v.listed(user),
        }
    )
    shared = [(one["userId"], one["role"]) for one in asked.get("albumUsers", [])]
    for user_id, _ in shared:
        if call.db.value("SELECT 1 FROM user WHERE id = ?", (user_id,)) is None:
            raise bad_request("User not found" if call.version.owner_fields else "Invalid user")
        if user_id == call.user_id and call.version.owner_fields:
            raise bad_request("Cannot share album with owner")
    mine = partners.shareable(call.db, call.user_id, asked.get("assetIds", []))
    members = [asset_id for asset_id in dict.fromkeys(asked.get("assetIds", [])) if asset_id in mine]
    with call.write() as db:
        album_id = albums.insert(db, call.user_id, asked["albumName"], asked.get("description") or "", "desc")
        if members:
            albums.add_members(db, album_id, members)
        for user_id, role in shared:
            if albums.role_in(db, album_id, user_id) is None:
                albums.add_user(db, album_id, user_id, role)
    return changed_album(call, album_id)


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
    return shown | _contributors(call, album_id)


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
    return changed_album(call, album_id)


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
            f"SELECT id FROM album WHERE (owner_id = ? OR {_WITH_ME_AS_EDITOR}) AND id IN {GIVEN}",
            (call.user_id, call.user_id, json.dumps(asked["albumIds"])),
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
        members = set(db.values(f"{_MEMBERS} AND id IN {GIVEN}", (album_id, json.dumps(ids))))
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
    role = _require(call, album_id, "albumAsset.delete")
    with call.write() as db:
        members = albums.members_among(db, album_id, ids)
        # an editor takes out only what is theirs (FINDINGS 31)
        allowed = members if role == "owner" else members & assets.owned(db, call.user_id, ids)
        albums.remove_members(db, album_id, sorted(allowed))
    results: list[tuple[str, str | None]] = []
    for asset_id in ids:
        error = "not_found" if asset_id not in members else None if asset_id in allowed else "no_permission"
        results.append((asset_id, error))
        members -= {asset_id} & allowed
    return bulk_results(results)


@ROUTES.add("GET", "/albums/<id>/map-markers", "album.read", since=(3, 0))
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


def _require(call: Call, album_id: str, permission: str) -> str:
    return require_album(call.db, call.version, call.user_id, album_id, permission)


def _contributors(call: Call, album_id: str) -> dict[str, Any]:
    """How many photos each has put in; told of a shared album only."""
    if not albums.users_of(call.db, [album_id]):
        return {}
    rows = call.db.rows(
        "SELECT owner_id, count(*) AS members FROM album_asset JOIN asset ON id = asset_id "
        "WHERE album_id = ? AND deleted_at IS NULL GROUP BY owner_id ORDER BY members DESC",
        (album_id,),
    )
    counts = [{"userId": row["owner_id"], "assetCount": row["members"]} for row in rows]
    return {"contributorCounts": counts}


def _row(call: Call, album_id: str) -> Row:
    return call.db.rows("SELECT * FROM album WHERE id = ?", (album_id,))[0]


def _repair_covers(call: Call) -> None:
    """Reading albums repairs covers: a read that writes (FACTS 3.3)."""
    if albums.wrong_covers(call.db):
        with call.write() as db:
            albums.repair_thumbnails(db)


def _in_list(call: Call, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Albums as GET shows them: dates are days."""
    ids = [row["id"] for row in rows]
    sums, users = albums.summaries(call.db, ids), albums.users_of(call.db, ids)
    shown = []
    for row in rows:
        album = _plain(call, row, users.get(row["id"], []))
        if found := sums.get(row["id"]):
            album |= {
                "startDate": iso_z(found["start"] // DAY * DAY),
                "endDate": iso_z(found["end"] // DAY * DAY),
                "assetCount": found["members"],
                "lastModifiedAssetTimestamp": iso_z(found["changed"]),
            }
        shown.append(album)
    return shown


def changed_album(call: Call, album_id: str) -> Any:
    """An album as POST and PATCH show it: dates with time, no lastModifiedAssetTimestamp (FINDINGS 39)."""
    row = _row(call, album_id)
    album = _plain(call, row, albums.users_of(call.db, [album_id]).get(album_id, []))
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


def _plain(call: Call, row: Row, shared: Sequence[Row]) -> dict[str, Any]:
    users = [{"user": views.user(user), "role": user["role"]} for user in shared]
    owner = views.user(dict(call.db.rows("SELECT * FROM user WHERE id = ?", (row["owner_id"],))[0]))
    album = {
        "id": row["id"],
        "albumName": row["name"],
        "description": row["description"],
        "albumThumbnailAssetId": row["thumbnail_id"],
        "createdAt": iso_z(row["created_at"]),
        "updatedAt": iso_z(row["updated_at"]),
        "albumUsers": users,
        "shared": bool(users),
        "hasSharedLink": _has_link(call, row["id"]),
        "assetCount": 0,
        "isActivityEnabled": bool(row["is_activity_enabled"]),
        "order": row["sort_order"],
    }
    if call.version.owner_fields:
        return album | {"ownerId": row["owner_id"], "owner": owner}
    users.sort(key=lambda user: user["user"]["id"] != call.user_id)  # the caller comes first
    return album | {"albumUsers": [{"user": owner, "role": "owner"}, *users]}


def _has_link(call: Call, album_id: str) -> bool:
    return call.db.value("SELECT 1 FROM shared_link WHERE album_id = ? LIMIT 1", (album_id,)) is not None


def _as_members(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Assets inside a 2.x album have the dates of the database: `…+00:00` instead of `….000Z`."""
    dates = ("createdAt", "updatedAt", "fileCreatedAt", "fileModifiedAt", "localDateTime")
    return [asset | {name: _database_form(asset[name]) for name in dates} for asset in shown]


def _database_form(date: str) -> str:
    return f"{date.removesuffix('Z').rstrip('0').rstrip('.')}+00:00"
