"""Partners: users who show somebody all their photos."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.sandbox.store.assets import owned
from reconciler.sandbox.store.database import GIVEN, Reader


def in_timeline_of(db: Reader, user_id: str) -> list[str]:
    """Whose photos a user's search shows: the user's, and those of partners who are let into the timeline."""
    shown = db.values(
        "SELECT shared_by FROM partner WHERE shared_with = ? AND in_timeline AND shared_by <> ?",
        (user_id, user_id),
    )
    return [user_id, *sorted(shown)]


def all_of(db: Reader, user_id: str) -> list[str]:
    """Who shares photos with a user, in their timeline or not."""
    query = "SELECT shared_by FROM partner WHERE shared_with = ? AND shared_by <> ?"
    return sorted(db.values(query, (user_id, user_id)))


def shared(db: Reader, user_id: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that a partner shares with the user: what is archived or locked is not among them."""
    return set(
        db.values(
            "SELECT id FROM asset JOIN partner ON shared_by = owner_id WHERE shared_with = ? "
            f"AND visibility IN ('timeline', 'hidden') AND deleted_at IS NULL AND id IN {GIVEN}",
            (user_id, json.dumps(list(ids))),
        )
    )


def shareable(db: Reader, user_id: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that the user may put into albums: their own and their partners'."""
    wanted = set(ids)
    return owned(db, user_id, wanted) | shared(db, user_id, wanted)
