"""Signing up and in, users, and API keys."""

from __future__ import annotations

import json
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox import views
from reconciler.sandbox.api import ALL, ANY_KEY, ANYBODY, Answer, Call, Routes
from reconciler.sandbox.errors import bad_request, unauthorized
from reconciler.sandbox.permissions import permissions_of
from reconciler.sandbox.store import users
from reconciler.sandbox.store.database import Row

ROUTES = Routes()

_TEXT = v.text(filled=True).needed()


@ROUTES.add("POST", "/auth/admin-sign-up", ANYBODY, status=201)
def sign_up_admin(call: Call) -> Any:
    """Register admin."""
    asked = call.body({"email": _TEXT, "password": _TEXT, "name": _TEXT})
    with call.write() as db:
        if db.value("SELECT 1 FROM user WHERE is_admin LIMIT 1"):
            raise bad_request("The server already has an admin")
        user_id = users.insert(
            db, email=asked["email"], name=asked["name"], password=asked["password"], is_admin=True
        )
    return _in_full(call, user_id)


@ROUTES.add("POST", "/auth/login", ANYBODY, status=201)
def login(call: Call) -> Any:
    """Login."""
    asked = call.body({"email": _TEXT, "password": _TEXT})
    row = call.db.row("SELECT * FROM user WHERE email = ?", (asked["email"].lower(),))
    if row is None or not users.matches(asked["password"], row["password"]):
        raise unauthorized("Incorrect email or password")
    token = users.new_secret()
    with call.write() as db:
        db.run(
            "INSERT INTO session (token_hash, user_id, unlocked) VALUES (?, ?, 0)",
            (users.digest(token), row["id"]),
        )
    return {
        "accessToken": token,
        "userId": row["id"],
        "userEmail": row["email"],
        "name": row["name"],
        "isAdmin": bool(row["is_admin"]),
        "profileImagePath": "",
        "shouldChangePassword": bool(row["should_change_password"]),
        "isOnboarded": False,
    }


@ROUTES.add("POST", "/auth/logout", ALL)
def logout(call: Call) -> Any:
    """Logout."""
    with call.write() as db:
        db.run("DELETE FROM session WHERE token_hash = ?", (call.who.token_hash,))
    return {"successful": True, "redirectUri": "/auth/login?autoLaunch=0"}


@ROUTES.add("POST", "/auth/validateToken", ANY_KEY)
def validate_token(_call: Call) -> Any:
    """Validate access token."""
    return {"authStatus": True}


@ROUTES.add("GET", "/auth/status", ALL)
def auth_status(call: Call) -> Any:
    """Retrieve auth status."""
    pin = call.db.value("SELECT pin FROM user WHERE id = ?", (call.user_id,))
    return {"pinCode": pin is not None, "password": True, "isElevated": call.who.has_pin}


@ROUTES.add("POST", "/auth/pin-code", ALL, status=204)
def set_pin(call: Call) -> Any:
    """Setup pin code."""
    pin = call.body({"pinCode": _TEXT})["pinCode"]
    if call.db.value("SELECT pin FROM user WHERE id = ?", (call.user_id,)):
        raise bad_request("User already has a PIN code")
    with call.write() as db:
        db.run("UPDATE user SET pin = ? WHERE id = ?", (users.hashed(pin), call.user_id))


@ROUTES.add("POST", "/auth/session/unlock", ALL, status=204)
def unlock_session(call: Call) -> Any:
    """Unlock auth session."""
    pin = call.body({"pinCode": _TEXT})["pinCode"]
    stored = call.db.value("SELECT pin FROM user WHERE id = ?", (call.user_id,))
    if call.who.token_hash is None:
        raise bad_request("This endpoint can only be used with a session token")
    if stored is None or not users.matches(pin, stored):
        raise bad_request("Wrong PIN code")
    with call.write() as db:
        db.run("UPDATE session SET unlocked = 1 WHERE token_hash = ?", (call.who.token_hash,))


# -- users -------------------------------------------------------------------------------


@ROUTES.add("GET", "/users/me", "user.read")
def get_me(call: Call) -> Any:
    """Get current user."""
    return _in_full(call, call.user_id)


@ROUTES.add("GET", "/users/me/preferences", "userPreference.read")
def get_preferences(call: Call) -> Any:
    """Get my preferences."""
    since_3 = not call.version.old_error_form
    people = {"enabled": True, "sidebarWeb": False} | ({"minimumFaces": 3} if since_3 else {})
    preferences = {
        "albums": {"defaultAssetOrder": "desc"},
        "folders": {"enabled": False, "sidebarWeb": False},
        "memories": {"enabled": True, "duration": 5},
        "people": people,
        "sharedLinks": {"enabled": True, "sidebarWeb": False},
        "ratings": {"enabled": False},
        "tags": {"enabled": False, "sidebarWeb": False},
        "emailNotifications": {"enabled": True, "albumInvite": True, "albumUpdate": True},
        "download": {"archiveSize": 4 * 1024**3, "includeEmbeddedVideos": False},
        "purchase": {"showSupportBadge": True, "hideBuyButtonUntil": "2022-02-12T00:00:00.000Z"},
        "cast": {"gCastEnabled": False},
    }
    return preferences | ({"recentlyAdded": {"sidebarWeb": False}} if since_3 else {})


@ROUTES.add("GET", "/users", "user.read")
def list_users(call: Call) -> Any:
    """Get all users."""
    rows = _all_users(call)
    if not (call.who.is_admin or call.library.config["server"]["publicUsers"]):
        rows = [row for row in rows if row["id"] == call.user_id]
    return [views.user(row) for row in rows]


@ROUTES.add("GET", "/users/<id>", "user.read")
def get_user(call: Call) -> Any:
    """Retrieve a user."""
    row = call.db.row("SELECT * FROM user WHERE id = ?", (call.id(),))
    if row is None:
        raise bad_request("User not found")
    return views.user(row)


@ROUTES.add("GET", "/admin/users", "adminUser.read", admin=True)
def search_users(call: Call) -> Any:
    """Search users."""
    return [_in_full(call, row["id"]) for row in _all_users(call)]


@ROUTES.add("POST", "/admin/users", "adminUser.create", admin=True, status=201)
def create_user(call: Call) -> Any:
    """Create a user."""
    asked = call.body(
        {
            "email": _TEXT,
            "password": _TEXT,
            "name": _TEXT,
            "storageLabel": v.text().or_null(),
            "shouldChangePassword": v.flag(),
            "quotaSizeInBytes": v.whole(0).or_null(),
            "isAdmin": v.flag(),
        }
    )
    with call.write() as db:
        if db.value("SELECT 1 FROM user WHERE email = ?", (asked["email"].lower(),)):
            raise bad_request("User exists")
        user_id = users.insert(
            db,
            email=asked["email"],
            name=asked["name"],
            password=asked["password"],
            is_admin=asked.get("isAdmin", False),
            storage_label=asked.get("storageLabel"),
            should_change_password=asked.get("shouldChangePassword", True),
            quota=asked.get("quotaSizeInBytes"),
        )
    return _in_full(call, user_id)


@ROUTES.add("GET", "/admin/users/<id>", "adminUser.read", admin=True)
def get_user_as_admin(call: Call) -> Any:
    """Retrieve a user."""
    return _in_full(call, call.id())


def _all_users(call: Call) -> list[Row]:
    return call.db.rows("SELECT * FROM user ORDER BY created_at")


def _in_full(call: Call, user_id: str) -> dict[str, Any]:
    row = call.db.row("SELECT * FROM user WHERE id = ?", (user_id,))
    if row is None:
        raise bad_request("User not found")
    usage = call.db.value(
        "SELECT coalesce(sum(file_size), 0) FROM exif JOIN asset ON asset_id = id WHERE owner_id = ?",
        (user_id,),
    )
    return views.user_in_full(row, usage)


# -- API keys ----------------------------------------------------------------------------


@ROUTES.add("GET", "/api-keys", "apiKey.read")
def list_keys(call: Call) -> Any:
    """List all API keys."""
    rows = call.db.rows("SELECT * FROM api_key WHERE user_id = ? ORDER BY created_at DESC", (call.user_id,))
    return [views.api_key(row) for row in rows]


@ROUTES.add("POST", "/api-keys", "apiKey.create", status=201)
def create_key(call: Call) -> Any:
    """Create an API key."""
    asked = call.body({"name": v.text(), "permissions": _permissions(call).needed()})
    _check_grant(call, asked["permissions"])
    secret = users.new_secret()
    with call.write() as db:
        key_id = users.insert_key(
            db, call.user_id, asked.get("name", "API Key"), asked["permissions"], secret
        )
    return _told_once(call, key_id, secret)


def _told_once(call: Call, key_id: str, secret: str) -> dict[str, Any]:
    """The only answer that has the secret; since 3.2 the key's fields stand beside it too."""
    key = views.api_key(_key(call, key_id))
    return {"secret": secret, "apiKey": key} | (key if call.version.since(3, 2) else {})


@ROUTES.add("GET", "/api-keys/me", ANY_KEY)
def get_my_key(call: Call) -> Any:
    """Retrieve the current API key."""
    if call.who.key_id is None:
        raise bad_request("Not authenticated with an API Key")
    return views.api_key(_key(call, call.who.key_id))


@ROUTES.add("GET", "/api-keys/<id>", "apiKey.read")
def get_key(call: Call) -> Any:
    """Retrieve an API key."""
    return views.api_key(_key(call, call.id()))


@ROUTES.add("PUT", "/api-keys/<id>", "apiKey.update")
def update_key(call: Call) -> Any:
    """Update an API key."""
    key_id = call.id()
    asked = call.body({"name": v.text(), "permissions": _permissions(call)})
    row = _key(call, key_id)
    _check_grant(call, asked.get("permissions", []))
    with call.write() as db:
        db.run(
            "UPDATE api_key SET name = ?, permissions = ?, updated_at = ? WHERE id = ?",
            (
                asked.get("name", row["name"]),
                json.dumps(asked.get("permissions", json.loads(row["permissions"]))),
                db.now(),
                key_id,
            ),
        )
    return views.api_key(_key(call, key_id))


@ROUTES.add("POST", "/api-keys/<id>/rotate", "apiKey.rotate", status=201, since=(3, 2))
def rotate_key(call: Call) -> Any:
    """Rotate an API key."""
    key_id, secret = call.id(), users.new_secret()
    if not all(call.who.may(permission) for permission in json.loads(_key(call, key_id)["permissions"])):
        raise bad_request("Cannot rotate an API Key with permissions you do not have")
    with call.write() as db:
        changes = (users.digest(secret), db.now(), key_id)
        db.run("UPDATE api_key SET secret_hash = ?, updated_at = ? WHERE id = ?", changes)
    return _told_once(call, key_id, secret)


@ROUTES.add("DELETE", "/api-keys/<id>", "apiKey.delete", status=204)
def delete_key(call: Call) -> Answer:
    """Delete an API key."""
    key_id = _key(call, call.id())["id"]
    with call.write() as db:
        db.run("DELETE FROM api_key WHERE id = ?", (key_id,))
    return Answer()


def _permissions(call: Call) -> v.Field:
    return v.listed(v.one_of(*permissions_of(call.version)), minimum=1)


def _check_grant(call: Call, permissions: list[str]) -> None:
    """A key cannot make a stronger one."""
    if not all(call.who.may(permission) for permission in permissions):
        raise bad_request("Cannot grant permissions you do not have")


def _key(call: Call, key_id: str) -> Row:
    row = call.db.row("SELECT * FROM api_key WHERE id = ? AND user_id = ?", (key_id, call.user_id))
    if row is None:
        raise bad_request("API Key not found")
    return row
