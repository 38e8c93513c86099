"""Stacks, shared links, external libraries: as much as the areas above touch."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.clock import iso_z
from reconciler.sandbox.errors import bad_request, no_access
from reconciler.sandbox.store import assets
from reconciler.sandbox.store.albums import SHOWN
from reconciler.sandbox.store.database import GIVEN, Row

ROUTES = Routes()


# -- stacks ------------------------------------------------------------------------------


@ROUTES.add("GET", "/stacks", "stack.read")
def list_stacks(call: Call) -> Any:
    """Retrieve stacks."""
    asked = call.query({"primaryAssetId": v.uuid4()})
    rows = call.db.rows("SELECT * FROM stack WHERE owner_id = ? ORDER BY created_at", (call.user_id,))
    wanted = asked.get("primaryAssetId")
    return [_stack(call, row) for row in rows if wanted in (None, row["primary_asset_id"])]


@ROUTES.add("POST", "/stacks", "stack.create", status=201)
def create_stack(call: Call) -> Any:
    """Create a stack."""
    ids = call.body({"assetIds": v.listed(v.uuid4(), minimum=2).needed()})["assetIds"]
    if set(ids) - assets.owned(call.db, call.user_id, ids):
        raise no_access("asset.update")
    stack_id = str(uuid.uuid4())
    with call.write() as db:
        # a primary brings its whole stack along, and that stack is gone (FINDINGS 41)
        swallowed = db.values(f"SELECT id FROM stack WHERE primary_asset_id IN {GIVEN}", (json.dumps(ids),))
        ids += db.values(f"SELECT id FROM asset WHERE stack_id IN {GIVEN}", (json.dumps(swallowed),))
        db.run(f"DELETE FROM stack WHERE id IN {GIVEN}", (json.dumps(swallowed),))
        db.run(
            "INSERT INTO stack (id, owner_id, primary_asset_id, created_at) VALUES (?, ?, ?, ?)",
            (stack_id, call.user_id, ids[0], db.now()),
        )
        assets.change_flags(db, ids, {"stack_id": stack_id})
    return _stack(call, _stack_row(call, stack_id, "stack.read"))


@ROUTES.add("GET", "/stacks/<id>", "stack.read")
def get_stack(call: Call) -> Any:
    """Retrieve a stack."""
    return _stack(call, _stack_row(call, call.id(), "stack.read"))


@ROUTES.add("DELETE", "/stacks/<id>", "stack.delete", status=204)
def delete_stack(call: Call) -> None:
    """Delete a stack."""
    _delete_stacks(call, [_stack_row(call, call.id(), "stack.delete")["id"]])


@ROUTES.add("DELETE", "/stacks", "stack.delete", status=204)
def delete_stacks(call: Call) -> None:
    """Delete stacks."""
    ids = call.body({"ids": v.listed(v.uuid4()).needed()})["ids"]
    _delete_stacks(call, [_stack_row(call, stack_id, "stack.delete")["id"] for stack_id in ids])


def _delete_stacks(call: Call, ids: list[str]) -> None:
    with call.write() as db:
        members = db.values(f"SELECT id FROM asset WHERE stack_id IN {GIVEN}", (json.dumps(ids),))
        assets.change_flags(db, members, {"stack_id": None})
        db.run(f"DELETE FROM stack WHERE id IN {GIVEN}", (json.dumps(ids),))


def _stack_row(call: Call, stack_id: str, permission: str) -> Row:
    row = call.db.row("SELECT * FROM stack WHERE id = ? AND owner_id = ?", (stack_id, call.user_id))
    if row is None:
        raise no_access(permission)
    return row


def _stack(call: Call, row: Row) -> dict[str, Any]:
    ids = call.db.values(
        f"SELECT id FROM asset WHERE stack_id = ? AND {SHOWN}",
        (row["id"],),
    )
    members = views.assets(call.db, ids, call.version, call.user_id, with_exif=True)
    members.sort(key=lambda shown: shown["id"] != row["primary_asset_id"])
    return {"id": row["id"], "primaryAssetId": row["primary_asset_id"], "assets": members}


# -- shared links ------------------------------------------------------------------------


@ROUTES.add("GET", "/shared-links", "sharedLink.read")
def list_shared_links(call: Call) -> Any:
    """Retrieve all shared links."""
    rows = call.db.rows(
        "SELECT * FROM shared_link WHERE user_id = ? ORDER BY created_at DESC", (call.user_id,)
    )
    return [_link(call, row) for row in rows]


@ROUTES.add("POST", "/shared-links", "sharedLink.create", status=201)
def create_shared_link(call: Call) -> Any:
    """Create a shared link."""
    asked = call.body(
        {
            "type": v.one_of("ALBUM", "INDIVIDUAL").needed(),
            "assetIds": v.listed(v.uuid4()),
            "albumId": v.uuid4(),
            "description": v.text().or_null(),
            "password": v.text().or_null(),
            "slug": v.text().or_null(),
            "expiresAt": v.instant().or_null(),
            "allowUpload": v.flag(),
            "allowDownload": v.flag(),
            "showMetadata": v.flag(),
        }
    )
    ids = asked.pop("assetIds", [])
    album_id = asked.pop("albumId", None)
    if set(ids) - assets.owned(call.db, call.user_id, ids):
        raise no_access("asset.share")
    if album_id and not call.db.value(
        "SELECT 1 FROM album WHERE id = ? AND owner_id = ?", (album_id, call.user_id)
    ):
        raise no_access("album.share")
    link_id = str(uuid.uuid4())
    content = json.dumps({**asked, "key": secrets.token_urlsafe(50)})
    with call.write() as db:
        db.run(
            "INSERT INTO shared_link (id, user_id, type, album_id, content, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (link_id, call.user_id, asked["type"], album_id, content, db.now()),
        )
        db.run_many(
            "INSERT INTO shared_link_asset (link_id, asset_id) VALUES (?, ?)",
            ((link_id, asset_id) for asset_id in dict.fromkeys(ids)),
        )
    return _link(call, _link_row(call, link_id))


@ROUTES.add("GET", "/shared-links/<id>", "sharedLink.read")
def get_shared_link(call: Call) -> Any:
    """Retrieve a shared link."""
    return _link(call, _link_row(call, call.id()))


@ROUTES.add("DELETE", "/shared-links/<id>", "sharedLink.delete", status=204)
def delete_shared_link(call: Call) -> None:
    """Delete a shared link."""
    link_id = _link_row(call, call.id())["id"]
    with call.write() as db:
        db.run("DELETE FROM shared_link WHERE id = ?", (link_id,))


def _link_row(call: Call, link_id: str) -> Row:
    row = call.db.row("SELECT * FROM shared_link WHERE id = ? AND user_id = ?", (link_id, call.user_id))
    if row is None:
        raise bad_request("Shared link not found")
    return row


def _link(call: Call, row: Row) -> dict[str, Any]:
    content = json.loads(row["content"])
    ids = call.db.values("SELECT asset_id FROM shared_link_asset WHERE link_id = ?", (row["id"],))
    shown_metadata = content.get("showMetadata", True)
    return {
        "id": row["id"],
        "userId": row["user_id"],
        "type": row["type"],
        "key": content["key"],
        "createdAt": iso_z(row["created_at"]),
        "expiresAt": iso_z(content.get("expiresAt")),
        "description": content.get("description"),
        "password": content.get("password"),
        "slug": content.get("slug"),
        "allowUpload": content.get("allowUpload", True),
        "allowDownload": content.get("allowDownload", True) and shown_metadata,
        "showMetadata": shown_metadata,
        "assets": views.assets(call.db, ids, call.version, call.user_id, with_exif=True),
    }


# -- external libraries --------------------------------------------------------------------


@ROUTES.add("GET", "/libraries", "library.read", admin=True)
def list_libraries(call: Call) -> Any:
    """Retrieve libraries."""
    return [_library(row) for row in call.db.rows("SELECT * FROM library ORDER BY created_at, id")]


@ROUTES.add("GET", "/libraries/<id>", "library.read", admin=True)
def get_library(call: Call) -> Any:
    """Retrieve a library."""
    row = call.db.row("SELECT * FROM library WHERE id = ?", (call.id(),))
    if row is None:
        raise bad_request("Library not found")
    return _library(row)


def _library(row: Row) -> dict[str, Any]:
    """A library; `assetCount` is 0 here, whatever it holds (FACTS 6)."""
    return {
        "id": row["id"],
        "ownerId": row["owner_id"],
        "name": row["name"],
        "createdAt": iso_z(row["created_at"]),
        "updatedAt": iso_z(row["updated_at"]),
        "refreshedAt": None,
        "assetCount": 0,
        "importPaths": json.loads(row["import_paths"]),
        "exclusionPatterns": [],
    }
