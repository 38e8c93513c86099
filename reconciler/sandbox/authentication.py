"""Who asks: a session token before an API key (FACTS 2)."""

from __future__ import annotations

import json

from flask import Request

from reconciler.sandbox.api import Caller
from reconciler.sandbox.errors import unauthorized
from reconciler.sandbox.store.database import Reader
from reconciler.sandbox.store.users import digest


def caller_of(db: Reader, request: Request) -> Caller:
    """Raises ApiError 401 when there is neither a valid session nor a valid key."""
    if token := _session_token(request):
        return _by_session(db, token)
    if key := request.headers.get("x-api-key") or request.args.get("apiKey"):
        return _by_key(db, key)
    raise unauthorized("Authentication required")


def _session_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (
        request.headers.get("x-immich-user-token")
        or request.headers.get("x-immich-session-token")
        or request.args.get("sessionKey")
        or (token if scheme.lower() == "bearer" else None)
        or request.cookies.get("immich_access_token")
    )


def _by_session(db: Reader, token: str) -> Caller:
    token_hash = digest(token)
    row = db.row(
        "SELECT user.id, is_admin, unlocked FROM session JOIN user ON user.id = user_id WHERE token_hash = ?",
        (token_hash,),
    )
    if row is None:
        raise unauthorized("Invalid user token")
    return Caller(
        row["id"],
        bool(row["is_admin"]),
        frozenset(["all"]),
        token_hash=token_hash,
        has_pin=bool(row["unlocked"]),
    )


def _by_key(db: Reader, key: str) -> Caller:
    row = db.row(
        "SELECT user.id, is_admin, api_key.id AS key_id, permissions "
        "FROM api_key JOIN user ON user.id = user_id WHERE secret_hash = ?",
        (digest(key),),
    )
    if row is None:
        raise unauthorized("Invalid API key")
    return Caller(
        row["id"], bool(row["is_admin"]), frozenset(json.loads(row["permissions"])), key_id=row["key_id"]
    )
