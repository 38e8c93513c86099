"""Tags, and giving them to assets.

A tag call first inserts all pairs and then goes from asset to asset: it puts the asset's tags into the
exif row, locks them and queues the sidecar write. An extraction in between undoes the pair; this is the
race of PERFORMANCE 1.5, and the reason why the steps here are transactions of their own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.api import Call, Routes, bulk_results
from reconciler.sandbox.errors import Failed, bad_request, no_access
from reconciler.sandbox.store import assets, tags
from reconciler.sandbox.store.database import GIVEN, Row

ROUTES = Routes()

STEP = 20
"""Assets per transaction."""
_IDS: v.Schema = {"ids": v.listed(v.uuid4()).needed()}


@ROUTES.add("GET", "/tags", "tag.read")
def list_tags(call: Call) -> Any:
    """Retrieve tags."""
    rows = call.db.rows("SELECT * FROM tag WHERE user_id = ? ORDER BY value", (call.user_id,))
    return [views.tag(row) for row in rows]


@ROUTES.add("POST", "/tags", "tag.create", status=201)
def create_tag(call: Call) -> Any:
    """Create tag."""
    asked = call.body(
        {
            "name": v.text(filled_in_old=True).needed(),
            "parentId": v.uuid4().or_null(),
            "color": v.text(color=True).or_null(),
        }
    )
    parent = asked.get("parentId")
    value = f"{_tag(call, parent, 'tag.read')['value']}/{asked['name']}" if parent else asked["name"]
    with call.write() as db:
        if db.value("SELECT 1 FROM tag WHERE user_id = ? AND value = ?", (call.user_id, value)):
            raise bad_request("A tag with that name already exists")
        # without its place in the hierarchy: searches don't find it until a file is read again (FINDINGS 26)
        tag_id = tags.insert(db, call.user_id, value, parent, _color(asked.get("color")))
    return views.tag(_tag(call, tag_id, "tag.read"))


@ROUTES.add("PUT", "/tags", "tag.create")
def upsert_tags(call: Call) -> Any:
    """Upsert tags."""
    values = call.body({"tags": v.listed(v.text(filled_in_old=True)).needed()})["tags"]
    with call.write() as db:
        ids = [tags.upsert(db, call.user_id, value) for value in dict.fromkeys(values)]
    return [views.tag(_tag(call, tag_id, "tag.read")) for tag_id in ids if tag_id]


@ROUTES.add("PUT", "/tags/assets", "tag.asset")
def bulk_tag_assets(call: Call) -> Any:
    """Tag assets."""
    asked = call.body({"tagIds": v.listed(v.uuid4()).needed(), "assetIds": v.listed(v.uuid4()).needed()})
    mine = set(
        call.db.values(
            f"SELECT id FROM tag WHERE user_id = ? AND id IN {GIVEN}",
            (call.user_id, json.dumps(asked["tagIds"])),
        )
    )
    allowed = assets.owned(call.db, call.user_id, asked["assetIds"])
    pairs = [
        (tag_id, asset_id)
        for tag_id in dict.fromkeys(asked["tagIds"])
        if tag_id in mine
        for asset_id in dict.fromkeys(asked["assetIds"])
        if asset_id in allowed
    ]
    with call.write() as db:
        added = tags.add_pairs(db, pairs)
    _write_tags(call, dict.fromkeys(asset_id for _, asset_id in added))
    return {"count": len(added)}


@ROUTES.add("GET", "/tags/<id>", "tag.read")
def get_tag(call: Call) -> Any:
    """Retrieve tag."""
    return views.tag(_tag(call, call.id(), "tag.read"))


@ROUTES.add("PUT", "/tags/<id>", "tag.update")
def update_tag(call: Call) -> Any:
    """Update tag."""
    tag_id = call.id()
    asked = call.body({"color": v.text(color=True).or_null()})
    _tag(call, tag_id, "tag.update")
    if "color" not in asked:
        raise Failed("the real server's statement has nothing to set (FINDINGS 29)")
    with call.write() as db:
        db.run(
            "UPDATE tag SET color = ?, updated_at = ? WHERE id = ?",
            (_color(asked["color"]), db.now(), tag_id),
        )
    return views.tag(_tag(call, tag_id, "tag.update"))


@ROUTES.add("DELETE", "/tags/<id>", "tag.delete", status=204)
def delete_tag(call: Call) -> Any:
    """Delete tag."""
    tag_id = call.id()
    _tag(call, tag_id, "tag.delete")
    with call.write() as db:  # its descendants go with it; no file is written (FINDINGS 25)
        db.run("DELETE FROM tag WHERE id = ?", (tag_id,))


@ROUTES.add("PUT", "/tags/<id>/assets", "tag.asset")
def tag_assets(call: Call) -> Any:
    """Tag assets."""
    tag_id = call.id()
    ids = call.body(_IDS)["ids"]
    _tag(call, tag_id, "tag.asset")
    allowed = assets.owned(call.db, call.user_id, ids)
    results: list[tuple[str, str | None]] = []
    with call.write() as db:
        members = _members(call, tag_id, ids)
        for asset_id in ids:
            error = "duplicate" if asset_id in members else None if asset_id in allowed else "no_permission"
            results.append((asset_id, error))
            members |= {asset_id} if error is None else set()
        added = [asset_id for asset_id, error in results if error is None]
        tags.add_pairs(db, ((tag_id, asset_id) for asset_id in added))
    _write_tags(call, added)
    return bulk_results(results)


@ROUTES.add("DELETE", "/tags/<id>/assets", "tag.asset")
def untag_assets(call: Call) -> Any:
    """Untag assets."""
    tag_id = call.id()
    ids = call.body(_IDS)["ids"]
    _tag(call, tag_id, "tag.asset")
    members = _members(call, tag_id, ids)
    with call.write() as db:
        tags.remove_pairs(db, tag_id, ids)
    _write_tags(call, dict.fromkeys(asset_id for asset_id in ids if asset_id in members))
    results: list[tuple[str, str | None]] = []
    for asset_id in ids:
        results.append((asset_id, None if asset_id in members else "not_found"))
        members.discard(asset_id)
    return bulk_results(results)


def _write_tags(call: Call, asset_ids: Iterable[str]) -> None:
    left = list(asset_ids)
    left = left[: len(left) // 2] if call.dies else left
    seconds = call.library.pace.tag_milliseconds / 1000
    for start in range(0, len(left), STEP):
        part = left[start : start + STEP]
        time.sleep(seconds * len(part))
        with call.write() as db:
            for asset_id in part:
                assets.lock_tags(db, asset_id, tags.values_of(db, asset_id))
                db.enqueue("SidecarWrite", {"id": asset_id})
    call.may_die()


def _members(call: Call, tag_id: str, ids: list[str]) -> set[str]:
    return set(
        call.db.values(
            f"SELECT asset_id FROM tag_asset WHERE tag_id = ? AND asset_id IN {GIVEN}",
            (tag_id, json.dumps(ids)),
        )
    )


def _tag(call: Call, tag_id: str, permission: str) -> Row:
    row = call.db.row("SELECT * FROM tag WHERE id = ? AND user_id = ?", (tag_id, call.user_id))
    if row is None:
        raise no_access(permission)
    return row


def _color(color: str | None) -> str | None:
    return f"#{color}" if color and not color.startswith("#") else color
