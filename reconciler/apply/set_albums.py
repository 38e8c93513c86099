"""Which albums belong to which groups of album sets: found after writing, and written down for later runs."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.apply.protocols import Progress
from reconciler.apply.state.database import State, StateUnusable
from reconciler.diff.changes import Action, Changes
from reconciler.model.album_sets import SetMember
from reconciler.model.live import Live


def albums_of_sets(changes: Changes, live: Live) -> dict[SetMember, str]:
    """The ids of the albums that these changes made, or changed, for sets; `live` is read after writing."""
    named = {album.name: album.id for album in live.albums}
    return {
        change.made_by: album_id
        for change in changes.albums
        if change.made_by and change.action is not Action.DELETE
        if (album_id := change.id or named.get(change.name))
    }


def remember(state: State, user: str, albums: Mapping[SetMember, str], progress: Progress) -> None:
    """Writes them down; where that fails, it is said, and the next pattern makes albums anew."""
    try:
        state.remember_albums(user, albums)
    except StateUnusable as error:
        progress.say(f"which albums belong to which album set can't be remembered: {error}")
