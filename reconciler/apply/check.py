"""Before-values, checked again: what has moved since the plan was made is left alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.diff.changes import Action, AlbumChange, AssetChange, Changes
from reconciler.live.touched import Touched
from reconciler.model.live import Album
from reconciler.plan.standing import Kind, Standing, State


def touched_by(changes: Changes) -> Touched:
    """What must be read to know how the server stands towards these changes."""
    tag_moves = {
        move.path for change in changes.assets for move in (*change.tags_added, *change.tags_removed)
    }
    kept = [album for album in changes.albums if album.id]
    return Touched(
        assets=frozenset(change.id for change in changes.assets),
        tagged=frozenset(change.id for change in changes.assets if change.tags_added or change.tags_removed),
        tags=frozenset(tag_moves),
        tag_list=bool(changes.tags),
        albums=frozenset(album.id for album in kept if album.id),
        new_albums=frozenset(album.name for album in changes.albums if not album.id),
        membered=frozenset(
            album.id or album.name
            for album in changes.albums
            if album.added or album.removed or album.action is Action.DELETE
        ),
    )


class OnDrift(StrEnum):
    """What a run does where something has moved since its plan was made."""

    SKIP = "skip"
    """Leaves that alone and does the rest."""
    STOP = "stop"
    """Writes nothing."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a plan is still to be written, what is there already, and what has moved."""

    changes: Changes
    drifted: tuple[Standing, ...] = ()
    there: int = 0


def check(changes: Changes, standings: Iterable[Standing], albums: Iterable[Album]) -> Checked:
    """Keeps of the changes what still stands at its before-value. `albums` are those of the server now.

    An album that was to be made and is there by now (somebody made it, or an earlier run did) is filled
    instead: made again, there would be two.
    """
    by_aspect: dict[tuple[Kind, str, str], State] = {}
    drifted = []
    there = 0
    for standing in standings:
        by_aspect[standing.kind, standing.id, standing.aspect] = standing.state
        there += standing.state is State.AFTER
        if standing.state in (State.OTHER, State.GONE):
            drifted.append(standing)
    there_now = _There(
        by_aspect,
        {album.name: album for album in albums},
        frozenset(item.id for item in drifted if item.kind is Kind.PHOTO and item.state is State.GONE),
    )
    kept = Changes(
        tuple(
            change
            for change in changes.tags
            if by_aspect.get((Kind.TAG, change.path, "tag" if change.action is Action.CREATE else "color"))
            is State.BEFORE
        ),
        tuple(kept for change in changes.assets if (kept := _asset(change, by_aspect))),
        tuple(album for change in changes.albums if (album := _album(change, there_now))),
    )
    return Checked(kept, tuple(drifted), there)


_States = Mapping[tuple[Kind, str, str], State]


@dataclass(frozen=True, slots=True)
class _There:
    """How the aspects stand, the albums that are there by name, and the photos that are gone."""

    states: _States
    albums: Mapping[str, Album]
    gone: frozenset[str]


def _asset(change: AssetChange, states: _States) -> AssetChange | None:
    def pending(aspect: str) -> bool:
        return states.get((Kind.PHOTO, change.id, aspect)) is State.BEFORE

    kept = replace(
        change,
        fields=tuple(item for item in change.fields if pending(item.field.value)),
        tags_added=tuple(move for move in change.tags_added if pending(f"tag+{move.path}")),
        tags_removed=tuple(move for move in change.tags_removed if pending(f"tag-{move.path}")),
    )
    if kept == change:
        return change
    return kept if kept.fields or kept.tags_added or kept.tags_removed else None


def _album(change: AlbumChange, there: _There) -> AlbumChange | None:
    def state(kind: Kind, identity: str, aspect: str) -> State | None:
        return there.states.get((kind, identity, aspect))

    whole = state(Kind.ALBUM, change.name, "album")
    if change.action is Action.DELETE:
        return change if whole is State.BEFORE else None
    if change.action is Action.CREATE and whole is State.BEFORE:
        return replace(change, added=tuple(asset for asset in change.added if asset not in there.gone))
    if whole in (State.GONE, State.OTHER):
        return None

    def members(ids: tuple[str, ...], aspect: str) -> tuple[str, ...]:
        return tuple(
            asset
            for asset in ids
            if asset not in there.gone
            and state(Kind.MEMBER, f"{change.name}/{asset}", aspect) is State.BEFORE
        )

    made = change.action is Action.CREATE
    live = there.albums.get(change.name) if made else None
    kept = replace(
        change,
        action=Action.UPDATE,
        id=live.id if live else change.id,
        fields=tuple(
            item for item in change.fields if state(Kind.ALBUM, change.name, item.field.value) is State.BEFORE
        ),
        added=members(change.added, "member+"),
        removed=members(change.removed, "member-"),
        shares=tuple(
            replace(item, before=live.role_of(item.user.id)) if live else item
            for item in change.shares
            if state(Kind.SHARE, f"{change.name}/{item.user.id}", "share") is State.BEFORE
        ),
    )
    return kept if kept.any else None
