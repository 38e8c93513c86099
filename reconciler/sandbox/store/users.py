"""Users, their API keys and their sessions."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Sequence
from typing import Any

from reconciler.sandbox.store.database import Writer

COLORS = ("primary", "pink", "red", "yellow", "blue", "green", "purple", "orange", "gray", "amber")
_ROUNDS = 1000  # a sandbox keeps no real passwords; it only must not show them


def insert(db: Writer, *, email: str, name: str, password: str, is_admin: bool, **columns: Any) -> str:
    """A new user; the first admin's files lie in the folder `admin`, as on the real server."""
    user_id, now = str(uuid.uuid4()), db.now()
    values = {
        "id": user_id,
        "email": email.lower(),
        "name": name,
        "password": hashed(password),
        "is_admin": is_admin,
        "storage_label": "admin" if is_admin else None,
        "color": COLORS[sum(email.lower().encode()) % len(COLORS)],
        "should_change_password": True,
        "quota": None,
        "created_at": now,
        "updated_at": now,
        **columns,
    }
    db.run(
        f"INSERT INTO user ({', '.join(values)}) VALUES ({', '.join(f':{name}' for name in values)})", values
    )
    return user_id


def insert_key(db: Writer, user_id: str, name: str, permissions: Sequence[str], secret: str) -> str:
    key_id, now = str(uuid.uuid4()), db.now()
    db.run(
        "INSERT INTO api_key (id, user_id, name, secret_hash, permissions, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key_id, user_id, name, digest(secret), json.dumps(list(permissions)), now, now),
    )
    return key_id


def new_secret() -> str:
    return secrets.token_urlsafe(48)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def hashed(password: str) -> str:
    salt = secrets.token_hex(8)
    return f"{salt}:{_derived(password, salt)}"


def matches(password: str, stored: str) -> bool:
    salt, _, derived = stored.partition(":")
    return secrets.compare_digest(_derived(password, salt), derived)


def _derived(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS).hex()
