"""Partners: who shows whom all their photos (FINDINGS 44)."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.errors import ApiError, bad_request, no_access
from reconciler.sandbox.store.database import Row

ROUTES = Routes()

_SHOWN = "SELECT user.*, in_timeline FROM partner JOIN user ON user.id"


@ROUTES.add("GET", "/partners", "partner.read")
def list_partners(call: Call) -> Any:
    """Retrieve partners."""
    asked = call.query({"direction": v.one_of("shared-by", "shared-with", filled_in_old=True).needed()})
    mine, other = "shared_by", "shared_with"
    if asked["direction"] == "shared-with":
        mine, other = other, mine
    rows = call.db.rows(
        f"{_SHOWN} = {other} WHERE {mine} = ? ORDER BY partner.created_at, user.id", (call.user_id,)
    )
    return [_partner(row) for row in rows]


@ROUTES.add("POST", "/partners", "partner.create", status=201)
def create_partner(call: Call) -> Any:
    """Create a partner."""
    with_whom = call.body({"sharedWithId": v.uuid4(filled_in_old=True).needed()})["sharedWithId"]
    if _exists(call, call.user_id, with_whom):
        raise bad_request("Partner already exists")
    if call.db.value("SELECT 1 FROM user WHERE id = ?", (with_whom,)) is None:
        if call.version.old_error_form:
            raise ApiError(500, "Failed to create partner")
        raise bad_request("Invalid user")
    with call.write() as db:
        db.run(
            "INSERT INTO partner (shared_by, shared_with, in_timeline, created_at) VALUES (?, ?, 0, ?)",
            (call.user_id, with_whom, db.now()),
        )
    return _partner(_row(call, call.user_id, with_whom, "shared_with"))


@ROUTES.add("PUT", "/partners/<id>", "partner.update")
def update_partner(call: Call) -> Any:
    """Update a partner: only whoever is shown the photos decides where to see them."""
    whose = call.id()
    wanted = call.body({"inTimeline": v.flag().needed()})["inTimeline"]
    if not _exists(call, whose, call.user_id):
        raise no_access("partner.update")
    with call.write() as db:
        db.run(
            "UPDATE partner SET in_timeline = ? WHERE shared_by = ? AND shared_with = ?",
            (wanted, whose, call.user_id),
        )
    return _partner(_row(call, whose, call.user_id, "shared_by"))


@ROUTES.add("DELETE", "/partners/<id>", "partner.delete", status=204)
def delete_partner(call: Call) -> None:
    """Remove a partner."""
    with_whom = call.id()
    if not _exists(call, call.user_id, with_whom):
        raise bad_request("Partner not found")
    with call.write() as db:
        db.run("DELETE FROM partner WHERE shared_by = ? AND shared_with = ?", (call.user_id, with_whom))


def _exists(call: Call, shared_by: str, shared_with: str) -> bool:
    key = (shared_by, shared_with)
    return call.db.value("SELECT 1 FROM partner WHERE shared_by = ? AND shared_with = ?", key) is not None


def _row(call: Call, shared_by: str, shared_with: str, shown: str) -> Row:
    key = (shared_by, shared_with)
    return call.db.rows(f"{_SHOWN} = {shown} WHERE shared_by = ? AND shared_with = ?", key)[0]


def _partner(row: Row) -> dict[str, Any]:
    return views.user(row) | {"inTimeline": bool(row["in_timeline"])}
