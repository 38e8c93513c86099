"""Who is behind a change: the files, somebody on the server, or both since the files were last applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.diff.changes import Action, AlbumChange, AssetChange, Changes, TagChange
from reconciler.model.applied import Applied, AppliedAlbum
from reconciler.model.origin import Origin
from reconciler.model.values import FieldValue, same, value_text

NO_ACCESS = "no access"
"""Stands for the role of somebody whom an album isn't shared with."""


class Cause(StrEnum):
    """Who has changed something since it was last as the files said."""

    SERVER = "server"
    """Somebody on the server; the files still ask for what was there."""
    BOTH = "both"
    """The files ask for something else than before, and the server has something else too."""


class Kind(StrEnum):
    """What a drift is about."""

    PHOTO = "photo"
    ALBUM = "album"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that somebody has changed on the server. What the plan undoes; texts are for people.

    `aspect` is a field's name, `tag+PATH` (the plan puts it back) or `tag-PATH` (takes it off again), for
    albums `member+ID` and `member-ID` likewise, `share:E-MAIL`, or `album` where the whole album is gone.
    """

    kind: Kind
    id: str
    name: str
    aspect: str
    cause: Cause
    origin: Origin
    applied: str
    found: str
    wanted: str


def aspects(changes: Changes) -> Iterator[tuple[object, ...]]:
    """Everything that changes, one by one and without the lines that ask for it."""
    for tag in changes.tags:
        yield Kind.TAG, tag.path, tag.action, tag.color, tag.after
    for asset in changes.assets:
        yield from ((Kind.PHOTO, asset.id, item.field, str(item.after)) for item in asset.fields)
        yield from ((Kind.PHOTO, asset.id, "+", move.path) for move in asset.tags_added)
        yield from ((Kind.PHOTO, asset.id, "-", move.path) for move in asset.tags_removed)
    for album in changes.albums:
        yield Kind.ALBUM, album.name, album.action
        yield from ((Kind.ALBUM, album.name, item.field, item.after) for item in album.fields)
        yield from ((Kind.ALBUM, album.name, "+", asset) for asset in album.added)
        yield from ((Kind.ALBUM, album.name, "-", asset) for asset in album.removed)
        yield from ((Kind.ALBUM, album.name, item.user.id, item.after) for item in album.shares)


def drift_of(changes: Changes, applied: Applied, labels: Mapping[str, str]) -> tuple[Drift, ...]:
    """What of these changes is against somebody's doing on the server, in the order of the plan."""
    found: list[Drift] = []
    for tag in changes.tags:
        found += _tag(tag, applied)
    for asset in changes.assets:
        found += _asset(asset, applied, labels.get(asset.id, asset.id))
    by_name = {album.name: album for album in applied.albums.values()}
    for change in changes.albums:
        found += _album(change, applied.albums.get(change.id or "") or by_name.get(change.name), labels)
    return tuple(found)


def _tag(change: TagChange, applied: Applied) -> Iterator[Drift]:
    if not change.color or change.path not in applied.colors:
        return
    before = applied.colors[change.path]
    if before != change.before:
        cause = Cause.SERVER if before == change.after else Cause.BOTH
        texts = (_text(before), _text(change.before), _text(change.after))
        yield Drift(Kind.TAG, change.path, change.path, "color", cause, change.origin, *texts)


def _asset(change: AssetChange, applied: Applied, label: str) -> Iterator[Drift]:
    for item in change.fields:
        known = applied.fields.get(item.field, {})
        if change.id not in known:
            continue
        before = known[change.id]
        if not same(item.field, before, item.before):
            cause = Cause.SERVER if same(item.field, before, item.after) else Cause.BOTH
            texts = (_text(before), _text(item.before), _text(item.after))
            yield Drift(Kind.PHOTO, change.id, label, item.field.value, cause, item.origin, *texts)
    tags = applied.tags.get(change.id)
    if tags is None:
        return
    for move in change.tags_added:
        if tags.knows(move.path):
            texts = ("yes", "no", "yes")
            yield Drift(Kind.PHOTO, change.id, label, f"tag+{move.path}", Cause.SERVER, move.origin, *texts)
    for move in change.tags_removed:
        if tags.knows(move.path) is False:
            texts = ("no", "yes", "no")
            yield Drift(Kind.PHOTO, change.id, label, f"tag-{move.path}", Cause.SERVER, move.origin, *texts)


def _album(change: AlbumChange, known: AppliedAlbum | None, labels: Mapping[str, str]) -> Iterator[Drift]:
    if known is None or change.action is Action.DELETE:
        return
    key = change.id or change.name

    def drift(aspect: str, cause: Cause, origin: Origin, *texts: str) -> Drift:
        return Drift(Kind.ALBUM, key, change.name, aspect, cause, origin, *texts)

    if change.action is Action.CREATE:
        if known.name == change.name:
            yield drift("album", Cause.SERVER, change.origin, "there", "gone", "there")
        return
    for item in change.fields:
        name = item.field.value
        if name in known.fields and known.fields[name] != item.before:
            before = known.fields[name]
            cause = Cause.SERVER if before == item.after else Cause.BOTH
            shown = (_named(value, labels) for value in (before, item.before, item.after))
            yield drift(name, cause, item.origin, *shown)
    for share in change.shares:
        if known.share is None or not known.share.knows(share.user.id):
            continue
        role = known.share.roles.get(share.user.id)
        if role != share.before:
            cause = Cause.SERVER if role == share.after else Cause.BOTH
            shown = (_access(value) for value in (role, share.before, share.after))
            yield drift(f"share:{share.user.label}", cause, share.origin, *shown)
    members = known.members
    if members is None:
        return
    for asset in change.added:
        if asset in members:
            yield drift(f"member+{asset}", Cause.SERVER, change.origin, "in", "out", "in")
    for asset in change.removed:
        if known.exact and asset not in members:
            yield drift(f"member-{asset}", Cause.SERVER, change.origin, "out", "in", "out")


def _access(role: str | None) -> str:
    return role or NO_ACCESS


def _named(value: str | bool | None, labels: Mapping[str, str]) -> str:
    """A value of an album; a cover by the photo's name."""
    return labels.get(value, _text(value)) if isinstance(value, str) else _text(value)


def _text(value: FieldValue) -> str:
    return f'"{value}"' if type(value) is str else value_text(value)
