"""Assets: reading, editing, trashing, and the jobs one can ask for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.sandbox import edits, views
from reconciler.sandbox import validation as v
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.clock import iso_z
from reconciler.sandbox.errors import no_access
from reconciler.sandbox.routes.people import people_of
from reconciler.sandbox.search import VISIBILITIES
from reconciler.sandbox.store import albums, assets, partners, tags
from reconciler.sandbox.store.database import GIVEN, Writer

ROUTES = Routes()

_IDS: v.Schema = {"ids": v.listed(v.uuid4()).needed()}
_JOBS = {
    "refresh-faces": None,
    "refresh-metadata": "AssetExtractMetadata",
    "regenerate-thumbnail": "AssetGenerateThumbnails",
    "transcode-video": None,
}


@ROUTES.add("GET", "/assets/statistics", "asset.statistics")
def statistics(call: Call) -> Any:
    """Get asset statistics."""
    asked = call.query({"isFavorite": v.flag(), "isTrashed": v.flag(), "visibility": v.one_of(*VISIBILITIES)})
    call.refuse_locked(asked.get("visibility"))
    conditions, params = ["owner_id = ?"], [call.user_id]
    if "visibility" in asked:
        conditions.append("visibility = ?")
        params.append(asked["visibility"])
    else:
        conditions.append("visibility IN ('timeline', 'archive')")
    if "isFavorite" in asked:
        conditions.append(f"is_favorite = {int(asked['isFavorite'])}")
    conditions.append("deleted_at IS NOT NULL" if asked.get("isTrashed") else "deleted_at IS NULL")
    counts = {
        row["type"]: row["n"]
        for row in call.db.rows(
            f"SELECT type, count(*) AS n FROM asset WHERE {' AND '.join(conditions)} GROUP BY type", params
        )
    }
    images, videos = counts.get("IMAGE", 0), counts.get("VIDEO", 0)
    return {"images": images, "videos": videos, "total": images + videos}


@ROUTES.add("GET", "/assets/<id>", "asset.read")
def get_asset(call: Call) -> Any:
    """Get asset."""
    asset_id = call.id()
    require_readable(call, [asset_id], "asset.read")
    row = dict(call.db.rows(f"{views.ASSET_WITH_EXIF_SELECT} WHERE asset.id = ?", (asset_id,))[0])
    owner = call.db.row("SELECT * FROM user WHERE id = ?", (row["owner_id"],))
    shown = views.asset(row, call.version, call.user_id, with_exif=True)
    shown |= {
        "owner": views.user(dict(owner or {})),
        "tags": [views.tag(tag) for tag in tags.of_asset(call.db, asset_id)],
        "people": people_of(call, asset_id) if row["owner_id"] == call.user_id else [],
        "stack": _stack(call, row["stack_id"]),
    }
    return shown | _unassigned_faces(call)


@ROUTES.add("PUT", "/assets/<id>", "asset.update")
def update_asset(call: Call) -> Any:
    """Update asset."""
    asset_id = call.id()
    edit = edits.read_edit(edits.SINGLE, call.json(), call.version)
    require(call, [asset_id], "asset.update")
    flags, exif = edits.asset_changes(edit), edits.exif_changes(edit)
    with call.write() as db:
        assets.change_flags(db, [asset_id], flags)
        assets.change_exif(db, [asset_id], exif)
        if exif:
            db.enqueue("SidecarWrite", {"id": asset_id})
        _leave_albums(db, [asset_id], edit.get("visibility"))
        # the answer shows the row before any job of this edit has run
        row = dict(db.rows(f"{views.ASSET_WITH_EXIF_SELECT} WHERE asset.id = ?", (asset_id,))[0])
    shown = views.asset(row, call.version, call.user_id, with_exif=True)
    return shown | {"people": people_of(call, asset_id)} | _unassigned_faces(call)


@ROUTES.add("PUT", "/assets", "asset.update", status=204)
def update_assets(call: Call) -> Any:
    """Update assets."""
    edit = edits.read_edit(edits.BULK, call.json(), call.version)
    ids = edit["ids"]
    require(call, ids, "asset.update")
    if not ids:
        return
    with call.write() as db:
        assets.change_exif(db, ids, edits.exif_changes(edit))
        if "dateTimeOriginal" not in edit and ("dateTimeRelative" in edit or "timeZone" in edit):
            assets.shift_dates(db, ids, edit.get("dateTimeRelative", 0), edit.get("timeZone"))
    call.may_die_early()
    with call.write() as db:
        assets.change_flags(db, ids, edits.asset_changes(edit))
        _leave_albums(db, ids, edit.get("visibility"))
    call.may_die()
    with call.write() as db:
        for asset_id in ids:  # every id of every call, also twice, also for a favourite alone (FINDINGS 19)
            db.enqueue("SidecarWrite", {"id": asset_id})


@ROUTES.add("DELETE", "/assets", "asset.delete", status=204)
def delete_assets(call: Call) -> Any:
    """Delete assets."""
    asked = call.body({**_IDS, "force": v.flag()})
    require(call, asked["ids"], "asset.delete")
    if not asked["ids"]:
        return
    with call.write() as db:
        status = "deleted" if asked.get("force") else "trashed"
        assets.change_flags(db, asked["ids"], {"status": status, "deleted_at": db.now()})
        if asked.get("force"):
            db.enqueue("AssetEmptyTrash", {})


@ROUTES.add("POST", "/assets/jobs", "job.create", status=204)
def run_asset_jobs(call: Call) -> Any:
    """Run an asset job."""
    asked = call.body({"assetIds": v.listed(v.uuid4()).needed(), "name": v.one_of(*_JOBS).needed()})
    require(call, asked["assetIds"], "asset.update")
    if job := _JOBS[asked["name"]]:
        with call.write() as db:
            for asset_id in asked["assetIds"]:
                db.enqueue(job, {"id": asset_id})


@ROUTES.add("POST", "/trash/restore/assets", "asset.delete")
def restore_assets(call: Call) -> Any:
    """Restore assets."""
    ids = call.body(_IDS)["ids"]
    require(call, ids, "asset.delete")
    with call.write() as db:
        if ids:
            assets.change_flags(db, ids, {"status": "active", "deleted_at": None})
    return {"count": len(ids)}


@ROUTES.add("POST", "/trash/restore", "asset.delete")
def restore_trash(call: Call) -> Any:
    """Restore trash."""
    with call.write() as db:
        ids = _in_trash(db, call.user_id)
        assets.change_flags(db, ids, {"status": "active", "deleted_at": None})
    return {"count": len(ids)}


@ROUTES.add("POST", "/trash/empty", "asset.delete")
def empty_trash(call: Call) -> Any:
    """Empty trash."""
    with call.write() as db:
        ids = _in_trash(db, call.user_id)
        assets.change_flags(db, ids, {"status": "deleted"})
        if ids:
            db.enqueue("AssetEmptyTrash", {})
    return {"count": len(ids)}


@ROUTES.add("GET", "/assets/<id>/metadata", "asset.read")
def get_metadata(call: Call) -> Any:
    """Get asset metadata."""
    asset_id = call.id()
    require(call, [asset_id], "asset.read")
    return _metadata(call, asset_id)


@ROUTES.add("PUT", "/assets/<id>/metadata", "asset.update")
def put_metadata(call: Call) -> Any:
    """Update asset metadata."""
    asset_id = call.id()
    item = v.nested({"key": v.text(filled_in_old=True).needed(), "value": v.nested({}).needed()})
    asked = call.body({"items": v.listed(item).needed()})
    require(call, [asset_id], "asset.update")
    given = call.json()["items"]
    with call.write() as db:
        for index, entry in enumerate(asked["items"]):
            db.run(
                "INSERT OR REPLACE INTO asset_metadata (asset_id, key, value, updated_at) "
                "VALUES (?, ?, ?, ?)",
                (asset_id, entry["key"], json.dumps(given[index]["value"]), db.now()),
            )
    return [
        row for row in _metadata(call, asset_id) if row["key"] in {entry["key"] for entry in asked["items"]}
    ]


def require(call: Call, ids: Sequence[str], permission: str) -> None:
    """All of the ids must be the caller's; one that is not fails the whole call (FACTS 2)."""
    wanted = {asset_id.lower() for asset_id in ids}
    if wanted - assets.owned(call.db, call.user_id, wanted, locked_too=call.who.has_pin):
        raise no_access(permission)


def require_readable(call: Call, ids: Sequence[str], permission: str) -> None:
    """All of the ids must be the caller's, in an album that they see, or a partner's (FACTS 2)."""
    wanted = {asset_id.lower() for asset_id in ids}
    rest = wanted - assets.owned(call.db, call.user_id, wanted, locked_too=call.who.has_pin)
    rest -= albums.seen_in(call.db, call.user_id, rest)
    if rest - partners.shared(call.db, call.user_id, rest):
        raise no_access(permission)


def _leave_albums(db: Writer, ids: Sequence[str], visibility: str | None) -> None:
    """The locked folder takes assets out of all albums at once (FINDINGS 33)."""
    if visibility == "locked":
        db.run(f"DELETE FROM album_asset WHERE asset_id IN {GIVEN}", (json.dumps(list(ids)),))
        albums.repair_thumbnails(db)


def _in_trash(db: Writer, user_id: str) -> list[str]:
    return db.values("SELECT id FROM asset WHERE owner_id = ? AND status = 'trashed'", (user_id,))


def _metadata(call: Call, asset_id: str) -> list[dict[str, Any]]:
    rows = call.db.rows("SELECT * FROM asset_metadata WHERE asset_id = ? ORDER BY key", (asset_id,))
    return [
        {"key": r["key"], "value": json.loads(r["value"]), "updatedAt": iso_z(r["updated_at"])} for r in rows
    ]


def _stack(call: Call, stack_id: str | None) -> dict[str, Any] | None:
    row = call.db.row("SELECT * FROM stack WHERE id = ?", (stack_id,)) if stack_id else None
    if row is None:
        return None
    count = call.db.value("SELECT count(*) FROM asset WHERE stack_id = ? AND deleted_at IS NULL", (stack_id,))
    return {"id": row["id"], "primaryAssetId": row["primary_asset_id"], "assetCount": count}


def _unassigned_faces(call: Call) -> dict[str, Any]:
    return {"unassignedFaces": []} if call.version.device_fields else {}
