"""Albums: rows, members, covers and the dates computed from the members."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.sandbox.store.database import GIVEN, Reader, Row, Writer

SHOWN = "deleted_at IS NULL AND visibility IN ('timeline', 'archive')"
"""Members that count and lend an album their dates; hidden and trashed ones don't (FINDINGS 33)."""


def insert(db: Writer, owner_id: str, name: str, description: str, order: str) -> str:
    album_id, now = str(uuid.uuid4()), db.now()
    db.run(
        "INSERT INTO album (id, owner_id, name, description, sort_order, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (album_id, owner_id, name, description, order, now, now),
    )
    return album_id


def change(db: Writer, album_id: str, changes: dict[str, Any]) -> None:
    """Moves updatedAt even when nothing is to change (FINDINGS 24)."""
    columns = "".join(f"{column} = :{column}, " for column in changes)
    db.run(
        f"UPDATE album SET {columns}updated_at = :now WHERE id = :id",
        {**changes, "now": db.now(), "id": album_id},
    )


def add_members(db: Writer, album_id: str, asset_ids: Iterable[str]) -> list[str]:
    """Those that were not in the album yet; a first member becomes the cover."""
    now = db.now()
    added = [
        asset_id
        for asset_id in asset_ids
        if db.run(
            "INSERT OR IGNORE INTO album_asset (album_id, asset_id, added_at) VALUES (?, ?, ?)",
            (album_id, asset_id, now),
        )
    ]
    if added:
        db.run(
            "UPDATE album SET thumbnail_id = coalesce(thumbnail_id, ?), updated_at = ? WHERE id = ?",
            (added[0], now, album_id),
        )
    return added


def role_in(db: Reader, album_id: str, user_id: str) -> str | None:
    """What a user is in an album: owner, editor, viewer, any text in 2.x (FINDINGS 38), or nothing."""
    role: str | None = db.value(
        "SELECT CASE WHEN owner_id = ? THEN 'owner' ELSE "
        "(SELECT role FROM album_user WHERE album_id = album.id AND user_id = ?) END FROM album WHERE id = ?",
        (user_id, user_id, album_id),
    )
    return role


def add_user(db: Writer, album_id: str, user_id: str, role: str) -> None:
    """Moves the album's updatedAt, unlike a change of a role or a removal (FINDINGS 24)."""
    db.run("INSERT INTO album_user (album_id, user_id, role) VALUES (?, ?, ?)", (album_id, user_id, role))
    db.run("UPDATE album SET updated_at = ? WHERE id = ?", (db.now(), album_id))


def users_of(db: Reader, album_ids: Sequence[str]) -> dict[str, list[Row]]:
    """The users of each album by role and name, its owner left out."""
    found: dict[str, list[Row]] = {}
    for row in db.rows(
        f"SELECT album_id, role, user.* FROM album_user JOIN user ON user.id = user_id "
        f"WHERE album_id IN {GIVEN} ORDER BY role, name",
        (json.dumps(list(album_ids)),),
    ):
        found.setdefault(row["album_id"], []).append(row)
    return found


def members_among(db: Reader, album_id: str, asset_ids: Sequence[str]) -> set[str]:
    """Those that are in the album."""
    packed = json.dumps(list(asset_ids))
    return set(
        db.values(
            f"SELECT asset_id FROM album_asset WHERE album_id = ? AND asset_id IN {GIVEN}", (album_id, packed)
        )
    )


def remove_members(db: Writer, album_id: str, asset_ids: Sequence[str]) -> set[str]:
    """Those that were in the album."""
    packed = json.dumps(list(asset_ids))
    members = members_among(db, album_id, asset_ids)
    db.run(f"DELETE FROM album_asset WHERE album_id = ? AND asset_id IN {GIVEN}", (album_id, packed))
    if members:
        repair_thumbnails(db)
    return members


MEMBERS_SEEN = (
    "SELECT asset_id FROM album_asset JOIN album ON album.id = album_asset.album_id WHERE album.owner_id = ? "
    "OR EXISTS (SELECT 1 FROM album_user WHERE album_user.album_id = album.id AND user_id = ?)"
)
"""The members of all albums that a user sees; takes the user's id twice."""


def seen_in(db: Reader, user_id: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are in an album of the user's or one shared with them, whoever owns them."""
    return set(
        db.values(
            "SELECT asset.id FROM album_asset JOIN album ON album.id = album_asset.album_id "
            "JOIN asset ON asset.id = asset_id "
            "LEFT JOIN album_user ON album_user.album_id = album.id AND user_id = ? "
            "WHERE (album.owner_id = ? OR role IN ('editor', 'viewer')) "
            f"AND asset.deleted_at IS NULL AND asset.id IN {GIVEN}",
            (user_id, user_id, json.dumps(list(ids))),
        )
    )


_WRONG_COVER = f"""
    (thumbnail_id IS NULL AND EXISTS (
       SELECT 1 FROM album_asset JOIN asset ON asset.id = asset_id WHERE album_id = album.id AND {SHOWN}))
    OR (thumbnail_id IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM album_asset JOIN asset ON asset.id = asset_id
       WHERE album_id = album.id AND asset_id = thumbnail_id AND deleted_at IS NULL))
"""

_NEWEST_MEMBER = f"""
    SELECT asset_id FROM album_asset JOIN asset ON asset.id = asset_id
    WHERE album_id = album.id AND {SHOWN} ORDER BY file_created_at DESC LIMIT 1
"""


def repair_thumbnails(db: Writer) -> None:
    """Replaces covers that are no members by the newest member; reads of albums do it too (FACTS 3.3)."""
    db.run(
        f"UPDATE album SET thumbnail_id = ({_NEWEST_MEMBER}), updated_at = ? WHERE {_WRONG_COVER}",
        (db.now(),),
    )


def wrong_covers(db: Reader) -> bool:
    return db.value(f"SELECT 1 FROM album WHERE {_WRONG_COVER} LIMIT 1") is not None


def summaries(db: Reader, album_ids: Sequence[str]) -> dict[str, Row]:
    """By album: number of shown members, first and last local date, last change of a member."""
    rows = db.rows(
        f"SELECT album_id, count(*) AS members, min(local_date_time) AS start, max(local_date_time) AS end, "
        f"max(updated_at) AS changed FROM album_asset JOIN asset ON asset.id = asset_id "
        f"WHERE album_id IN {GIVEN} AND {SHOWN} GROUP BY album_id",
        (json.dumps(list(album_ids)),),
    )
    return {row["album_id"]: row for row in rows}
