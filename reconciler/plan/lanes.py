"""Changes of albums → lanes: what is sent for one album, in an order that shows nobody too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as Names

from reconciler.diff.changes import Action, AlbumChange, AlbumField, ShareChange
from reconciler.model.live import Features
from reconciler.plan.memberships import Additions, cut
from reconciler.plan.operations import (
    ALBUM_BATCH,
    AddMembers,
    AddToAlbums,
    AlbumRef,
    CreateAlbum,
    DeleteAlbum,
    Lane,
    Operation,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    UnshareAlbum,
    UpdateAlbum,
    UserRef,
)


def album_lanes(changes: Sequence[AlbumChange], come: Additions, features: Features) -> Iterator[Lane]:
    """The lanes of all albums. What is sent for several albums at once has one of its own.

    Unless some of those change who sees them: then their lanes and it are one.
    """
    together = {album.name for operation in come.joint for album in operation.albums}
    parts: dict[str, tuple[Lane, Lane]] = {}
    for change in changes:
        added = come.rest.get(change.name, () if change.name in together else change.added)
        parts[change.name] = _parts(change, added, features)
    guarded = {change.name for change in changes if change.action is not Action.DELETE and change.shares}
    tied = list(_tied(come.joint, guarded))
    in_one = {name for _, names in tied for name in names}
    for name, (before, after) in parts.items():
        if name not in in_one and (before or after):
            yield (*before, *after)
    for joint, names in tied:
        theirs = [parts[name] for name in parts if name in names] if names else []
        befores = [operation for before, _ in theirs for operation in before]
        yield (*befores, *joint, *(operation for _, after in theirs for operation in after))


def _tied(joint: Iterable[AddToAlbums], guarded: Names[str]) -> Iterator[tuple[Lane, Names[str]]]:
    """Calls for several albums, those together that have an album in common whose access changes."""
    groups: list[tuple[Lane, Names[str]]] = []
    for operation in joint:
        lane: Lane = (operation,)
        names: Names[str] = guarded & {album.name for album in operation.albums}
        if not names:
            groups.append((lane, names))
            continue
        apart = []
        for others, theirs in groups:
            if names.isdisjoint(theirs):
                apart.append((others, theirs))
            else:
                lane, names = (*others, *lane), names | theirs
        groups = [*apart, (lane, names)]
    yield from groups


def _parts(change: AlbumChange, added: tuple[str, ...], features: Features) -> tuple[Lane, Lane]:
    """What is sent for one album before photos come into it, and the rest.

    `added` are the photos that come by a call for this album alone. Whoever loses access does so first, and
    whoever gets it sees only what the album shall hold.
    """
    album = AlbumRef(change.name, change.id)
    if change.action is Action.DELETE:
        return (DeleteAlbum(album),), ()
    before = tuple(UnshareAlbum(album, UserRef(item.user.id, item.user.label)) for item in change.unshared)
    return before, tuple(_rest(change, album, added, features))


def _rest(
    change: AlbumChange, album: AlbumRef, added: tuple[str, ...], features: Features
) -> Iterator[Operation]:
    values = {item.field: item.after for item in change.fields}
    coming = tuple(map(_user, change.newly_shared))
    if change.action is Action.CREATE:
        description = values.pop(AlbumField.DESCRIPTION, "")
        yield CreateAlbum(change.name, str(description or ""), added[:ALBUM_BATCH], coming)
        added, coming = added[ALBUM_BATCH:], ()
        if values.get(AlbumField.ORDER) == features.new_album_order:
            values.pop(AlbumField.ORDER, None)
    for batch in cut(added, ALBUM_BATCH):
        yield AddMembers(album, batch)
    for batch in cut(change.removed, ALBUM_BATCH):
        yield RemoveMembers(album, batch)
    if values:
        yield UpdateAlbum(album, values)
    if coming:
        yield ShareAlbum(album, coming)
    for item in change.other_roles:
        yield SetRole(album, _user(item))


def _user(item: ShareChange) -> UserRef:
    return UserRef(item.user.id, item.user.label, item.after)
