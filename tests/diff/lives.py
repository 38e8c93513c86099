"""Small live states without a server, and what changes make of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

from reconciler.diff.changes import Action, AlbumField, Changes, ShareChange
from reconciler.model.asset import Asset
from reconciler.model.live import Album, Identity, Live, Tag
from reconciler.model.sharing import Share, User
from reconciler.model.values import AssetType, Field, Taken

ADA = "00000000-0000-4000-8000-000000000900"
BEN, CLEO, BOTH = (
    User(f"00000000-0000-4000-8000-00000000090{number}", f"{word}@example.org", name)
    for number, (word, name) in enumerate((("ben", "Ben"), ("cleo", "Cleo Ünal"), ("other.ben", "Ben")), 1)
)
USERS = (User(ADA, "ada@example.org", "Ada"), BEN, CLEO, BOTH)
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def asset(number: int, **fields: Any) -> Asset:
    """Photo number so-and-so: IMG_0001.jpg has id 1 and so on."""
    name = f"IMG_{number:04d}.jpg"
    made = Asset(
        id=f"a{number}",
        owner_id=ADA,
        checksum=b64encode(sha1(name.encode()).digest()).decode(),
        file_name=name,
        path=f"/data/{name}",
        type=AssetType.IMAGE,
        file_created_at=NOON,
        added=NOON,
        updated=NOON,
        taken=Taken(NOON, 120),
    )
    return replace(made, **fields)


def live(assets: Iterable[Asset], **parts: Any) -> Live:
    """A live state in which every tag of every photo was read."""
    found = {item.id: item for item in assets}
    usual = {"tags_read": frozenset(parts.get("tags", {}))}
    return Live(
        Identity(ADA, "Ada", "3.1.0", "https://photos.example.org/api"), assets=found, **{**usual, **parts}
    )


def after(state: Live, changes: Changes) -> Live:
    """The live state once all of these changes have been made and have lasted."""
    assets, tags = dict(state.assets), dict(state.tags)
    tags_of = {key: set(value) for key, value in state.tags_of.items()}
    for tag in changes.tags:
        old = tags.get(tag.path, Tag(f"t-{tag.path}", tag.path))
        tags[tag.path] = replace(old, color=tag.after) if tag.color else old
    for change in changes.assets:
        assets[change.id] = assets[change.id].with_values(change.values)
        mine = tags_of.setdefault(change.id, set())
        mine |= {move.path for move in change.tags_added}
        mine -= {move.path for move in change.tags_removed}
    albums = {album.id: album for album in state.albums}
    members = {key: set(value) for key, value in state.members.items()}
    for album in changes.albums:
        key = album.id or f"album-{album.name}"
        if album.action is Action.DELETE:
            del albums[key]
            continue
        values = {item.field: item.after for item in album.fields}
        albums[key] = edited(albums.get(key, Album(key, album.name, order="desc")), values)
        mine = members.setdefault(key, set())
        mine |= {*album.added}
        mine -= {*album.removed}
        albums[key] = reshared(albums[key], album.shares)
    return replace(
        state,
        assets=assets,
        tags=tags,
        tags_read=frozenset(tags),
        tags_of={key: frozenset(value) for key, value in tags_of.items()},
        albums=tuple(sorted(albums.values(), key=lambda item: (item.name, item.id))),
        members={key: frozenset(value) for key, value in members.items()},
    )


def reshared(album: Album, changes: Iterable[ShareChange]) -> Album:
    """An album that is shared with others."""
    shares = {share.user.id: share for share in album.shares}
    for change in changes:
        assert album.role_of(change.user.id) == change.before
        shares.pop(change.user.id, None)
        if change.after:
            shares[change.user.id] = Share(change.user, change.after)
    return replace(album, shares=tuple(sorted(shares.values(), key=lambda share: share.user.email)))


def edited(album: Album, values: dict[AlbumField, Any]) -> Album:
    """An album with other values."""
    return replace(album, **{name.value: value for name, value in values.items()})


__all__ = ["ADA", "BEN", "BOTH", "CLEO", "USERS", "Field", "after", "asset", "edited", "live"]
