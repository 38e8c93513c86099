"""Tags: paths, their hierarchy, and which assets have them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence

from reconciler.sandbox.store.database import GIVEN, Reader, Row, Writer


def upsert(db: Writer, user_id: str, value: str) -> str | None:
    """The id of the tag with this path, made with all its parents; None for a path without parts.

    Empty parts are dropped. Unlike POST /tags this writes the hierarchy that searches use (FINDINGS 26).
    """
    parts = [part for part in value.split("/") if part]
    parent: str | None = None
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        found = db.value("SELECT id FROM tag WHERE user_id = ? AND value = ?", (user_id, path))
        tag_id = str(found) if found else insert(db, user_id, path, parent, None)
        if parent and found:
            db.run(
                "UPDATE tag SET parent_id = ? WHERE id = ? AND parent_id IS NOT ?", (parent, tag_id, parent)
            )
        _close(db, tag_id, parent)
        parent = tag_id
    return parent


def insert(db: Writer, user_id: str, value: str, parent: str | None, color: str | None) -> str:
    tag_id, now = str(uuid.uuid4()), db.now()
    db.run(
        "INSERT INTO tag (id, user_id, value, parent_id, color, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (tag_id, user_id, value, parent, color, now, now),
    )
    return tag_id


def _close(db: Writer, tag_id: str, parent: str | None) -> None:
    db.run("INSERT OR IGNORE INTO tag_closure (ancestor, descendant) VALUES (?, ?)", (tag_id, tag_id))
    if parent:
        db.run(
            "INSERT OR IGNORE INTO tag_closure (ancestor, descendant) "
            "SELECT ancestor, ? FROM tag_closure WHERE descendant = ?",
            (tag_id, parent),
        )


def add_pairs(db: Writer, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Gives assets tags; the pairs (tag, asset) that are new."""
    added = []
    for tag_id, asset_id in pairs:
        if db.run("INSERT OR IGNORE INTO tag_asset (tag_id, asset_id) VALUES (?, ?)", (tag_id, asset_id)):
            added.append((tag_id, asset_id))
    return added


def remove_pairs(db: Writer, tag_id: str, asset_ids: Sequence[str]) -> None:
    db.run(f"DELETE FROM tag_asset WHERE tag_id = ? AND asset_id IN {GIVEN}", (tag_id, json.dumps(asset_ids)))


def replace(db: Writer, user_id: str, asset_id: str, values: Sequence[str]) -> None:
    """Makes the asset's tags those of the list, as an extraction does."""
    wanted = [tag_id for value in values if (tag_id := upsert(db, user_id, value))]
    db.run(
        f"DELETE FROM tag_asset WHERE asset_id = ? AND tag_id NOT IN {GIVEN}",
        (asset_id, json.dumps(wanted)),
    )
    add_pairs(db, ((tag_id, asset_id) for tag_id in wanted))


def values_of(db: Reader, asset_id: str) -> list[str]:
    """The paths of an asset's tags."""
    return db.values(
        "SELECT value FROM tag JOIN tag_asset ON tag_id = id WHERE asset_id = ? ORDER BY value", (asset_id,)
    )


def of_asset(db: Reader, asset_id: str) -> list[Row]:
    return db.rows(
        "SELECT tag.* FROM tag JOIN tag_asset ON tag_id = id WHERE asset_id = ? ORDER BY value", (asset_id,)
    )


def delete_unused(db: Writer) -> None:
    """Removes tags that neither have assets nor have descendants with assets (FINDINGS 30)."""
    db.run(
        "DELETE FROM tag WHERE id NOT IN "
        "(SELECT ancestor FROM tag_closure JOIN tag_asset ON tag_id = descendant)"
    )
