"""Who sees an album beside its owner."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox.access import require_album
from reconciler.sandbox.api import Call, Routes
from reconciler.sandbox.errors import Failed, bad_request
from reconciler.sandbox.routes.albums import changed_album
from reconciler.sandbox.store import albums
from reconciler.sandbox.store.database import Reader, Writer

ROUTES = Routes()


@ROUTES.add("PUT", "/albums/<id>/users", "albumUser.create")
def add_users(call: Call) -> Any:
    """Share album with users."""
    album_id = call.id()
    # 2.x takes any text as a role (FINDINGS 38)
    role = v.text() if call.version.owner_fields else v.one_of("editor", "owner", "viewer")
    item = v.nested({"userId": v.uuid4().needed(), "role": role})
    asked = call.body({"albumUsers": v.listed(item, filled=True).needed()})["albumUsers"]
    require_album(call.db, call.version, call.user_id, album_id, "album.share")
    if not call.version.owner_fields:
        _check(call.db, asked)
    for one in asked:
        with call.write() as db:  # in 2.x each by itself: those before an unknown one stay
            _add(db, call, album_id, one["userId"], one.get("role", "editor"))
    return changed_album(call, album_id)


def _check(db: Reader, asked: list[dict[str, Any]]) -> None:
    if any(one.get("role") == "owner" for one in asked):
        raise bad_request("Cannot add another owner")
    if not all(is_user(db, one["userId"]) for one in asked):
        raise bad_request("Invalid user")


def _add(db: Writer, call: Call, album_id: str, user_id: str, role: str) -> None:
    before = albums.role_in(db, album_id, user_id)
    if call.version.owner_fields:
        if before == "owner":
            raise bad_request("Cannot be shared with owner")
        if before is not None:
            raise bad_request("User already added")
        if not is_user(db, user_id):
            raise bad_request("User not found")
    if before is None:
        albums.add_user(db, album_id, user_id, role)


def is_user(db: Reader, user_id: str) -> bool:
    """Whether there is such a user."""
    return db.value("SELECT 1 FROM user WHERE id = ?", (user_id,)) is not None


@ROUTES.add("PUT", "/albums/<id>/user/<user_id>", "albumUser.update", status=204)
def update_user(call: Call) -> Any:
    """Update album user."""
    album_id, user_id = call.id(), _user(call)
    roles = ("editor", "viewer") if call.version.owner_fields else ("editor", "owner", "viewer")
    role = call.body({"role": v.one_of(*roles).needed()})["role"]
    require_album(call.db, call.version, call.user_id, album_id, "album.share")
    if not call.version.owner_fields and albums.role_in(call.db, album_id, user_id) == "owner":
        raise bad_request("User is owner")
    if role == "owner":
        raise Failed("the real server's database refuses a second owner")
    with call.write() as db:
        db.run("UPDATE album_user SET role = ? WHERE album_id = ? AND user_id = ?", (role, album_id, user_id))


@ROUTES.add("DELETE", "/albums/<id>/user/<user_id>", "albumUser.delete", status=204)
def remove_user(call: Call) -> Any:
    """Remove user from album."""
    album_id, user_id = call.id(), _user(call)
    role = albums.role_in(call.db, album_id, user_id)
    if role == "owner":
        old = "Cannot remove album owner"
        raise bad_request(old if call.version.owner_fields else "Cannot remove the last album owner")
    if role is None:
        raise bad_request("Album not shared with user")
    if user_id != call.user_id:
        require_album(call.db, call.version, call.user_id, album_id, "album.share")
    with call.write() as db:
        db.run("DELETE FROM album_user WHERE album_id = ? AND user_id = ?", (album_id, user_id))


def _user(call: Call) -> str:
    """The user of the path; `me` is the caller."""
    return call.user_id if call.args["user_id"] == "me" else call.id("user_id")
