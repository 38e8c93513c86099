"""How the server stands towards a plan: at the before-values, at the after-values, or somewhere else.

Asked three times with the same answer: before a saved plan is taken up, in the window before anything is
written, and after everything has settled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AlbumField,
    AlbumFieldChange,
    AssetChange,
    Changes,
    TagChange,
)
from reconciler.diff.converge import differs
from reconciler.model.live import Album, Live
from reconciler.model.origin import Origin
from reconciler.model.values import (
    Coordinates,
    Field,
    FieldValue,
    normal_color,
    normal_description,
    value_text,
)


class State(StrEnum):
    """Where one aspect of the plan stands."""

    BEFORE = "before"
    AFTER = "after"
    OTHER = "other"
    GONE = "gone"


class Kind(StrEnum):
    """What an aspect belongs to."""

    PHOTO = "photo"
    TAG = "tag"
    ALBUM = "album"
    MEMBER = "member"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Standing:
    """One aspect of a plan against the server.

    `id` is the photo's id (for albums and tags their name); `aspect` a field's name, `tag+PATH`, `tag-PATH`,
    `member+`, `member-` or `share`; the three values are in text form. A share's `id` is the album's name and
    the user's id with a slash between, its values are roles.
    """

    kind: Kind
    id: str
    name: str
    aspect: str
    before: str
    after: str
    found: str
    state: State
    origin: Origin | None = None
    """The line that asked for it."""


def standings(changes: Changes, live: Live, labels: Mapping[str, str]) -> Iterator[Standing]:
    """Every aspect of the changes, in the order of the plan. `live` must hold what the changes touch."""
    names = labels
    for tag in changes.tags:
        yield _tag(tag, live)
    for asset in changes.assets:
        yield from _asset(asset, live, names.get(asset.id, asset.id))
    albums = _albums_by_id_and_name(live.albums)
    for album in changes.albums:
        yield from _album(album, albums, live, names)


def _standing(before: object, after: object, found: object) -> State:
    if found == after:
        return State.AFTER
    return State.BEFORE if found == before else State.OTHER


def _tag(change: TagChange, live: Live) -> Standing:
    tag = live.tags.get(change.path)
    if change.action is Action.CREATE:
        wanted = change.after if change.color else None
        there = tag is not None and (not change.color or normal_color(tag.color) == wanted)
        state = State.AFTER if there else State.BEFORE
        found = "missing" if tag is None else value_text(normal_color(tag.color))
        after = value_text(wanted) if change.color else "there"
        return Standing(
            Kind.TAG, change.path, change.path, "tag", "missing", after, found, state, change.origin
        )
    color = normal_color(tag.color) if tag else None
    state = State.GONE if tag is None else _standing(change.before, change.after, color)
    texts = (value_text(change.before), value_text(change.after), value_text(color))
    return Standing(Kind.TAG, change.path, change.path, "color", *texts, state, change.origin)


def _asset(change: AssetChange, live: Live, name: str) -> Iterator[Standing]:
    asset = live.assets.get(change.id)
    place_managed = any(
        item.field is Field.LOCATION and isinstance(item.after, Coordinates) for item in change.fields
    )
    for item in change.fields:
        texts = (value_text(item.before), value_text(item.after))
        if asset is None:
            what = (*texts, "gone", State.GONE, item.origin)
        else:
            value = asset.value(item.field)
            state = _field_state(item.field, item.before, item.after, value, place_managed)
            what = (*texts, value_text(value), state, item.origin)
        yield Standing(Kind.PHOTO, change.id, name, item.field.value, *what)
    tags = live.tags_of.get(change.id, frozenset())
    for moves, sign, before, after in (
        (change.tags_added, "+", "off", "on"),
        (change.tags_removed, "-", "on", "off"),
    ):
        for move in moves:
            found_text = "on" if move.path in tags else "off"
            state = State.GONE if asset is None else _standing(before, after, found_text)
            aspect = f"tag{sign}{move.path}"
            what = (before, after, found_text, state, move.origin)
            yield Standing(Kind.PHOTO, change.id, name, aspect, *what)


def _field_state(
    field: Field, before: FieldValue, after: FieldValue, found: FieldValue, place_managed: bool
) -> State:
    if not differs(field, found, after, place_managed):
        return State.AFTER
    return State.OTHER if differs(field, found, before, False) else State.BEFORE


def _albums_by_id_and_name(albums: Iterable[Album]) -> dict[str, list[Album]]:
    found: dict[str, list[Album]] = {}
    for album in albums:
        found.setdefault(album.id, []).append(album)
        found.setdefault(f"name:{album.name}", []).append(album)
    return found


def _album(
    change: AlbumChange, albums: dict[str, list[Album]], live: Live, names: Mapping[str, str]
) -> Iterator[Standing]:
    found = albums.get(change.id or f"name:{change.name}", [])
    album = found[0] if found else None
    if change.action is Action.DELETE:
        if album and change.removed and live.members.get(album.id, frozenset()) != {*change.removed}:
            yield _whole(change, "there", "gone", "there with other photos", State.OTHER)
            return
        state = State.BEFORE if album else State.AFTER
        yield _whole(change, "there", "gone", "there" if album else "gone", state)
        return
    if change.action is Action.CREATE:
        yield _whole(
            change,
            "missing",
            "there",
            "there" if album else "missing",
            State.AFTER if album else State.BEFORE,
        )
        if album is None:
            return
    elif album is None:
        yield _whole(change, "there", "there", "gone", State.GONE)
        return
    members = live.members.get(album.id, frozenset())
    for item in change.fields:
        now = _album_value(album, item.field)
        state = _standing(item.before, item.after, now)
        if state is State.OTHER and (
            change.action is Action.CREATE or _chosen_by_server(item, change, members)
        ):
            state = State.BEFORE
        texts = (value_text(item.before), value_text(item.after), value_text(now))
        yield Standing(Kind.ALBUM, change.name, change.name, item.field.value, *texts, state, item.origin)
    for ids, aspect, before, after in (
        (change.added, "member+", "out", "in"),
        (change.removed, "member-", "in", "out"),
    ):
        for asset_id in ids:
            text = "in" if asset_id in members else "out"
            name = f"{names.get(asset_id, asset_id)} in {change.name}"
            state = _standing(before, after, text)
            what = (before, after, text, state, change.origin)
            yield Standing(Kind.MEMBER, f"{change.name}/{asset_id}", name, aspect, *what)
    yield from _shares(change, album)


def _shares(change: AlbumChange, album: Album) -> Iterator[Standing]:
    for item in change.shares:
        now = album.role_of(item.user.id)
        state = _standing(item.before, item.after, now)
        if state is State.OTHER and change.action is Action.CREATE:
            state = State.BEFORE
        texts = (value_text(item.before), value_text(item.after), value_text(now))
        who, name = f"{change.name}/{item.user.id}", f"{item.user.label} in {change.name}"
        yield Standing(Kind.SHARE, who, name, "share", *texts, state, item.origin)


def _chosen_by_server(item: AlbumFieldChange, change: AlbumChange, members: frozenset[str]) -> bool:
    """Whether a cover that nobody asked for may be there because the former one, if any, has left the album.

    That happens where a run dies between the members and the cover.
    """
    moves = bool(change.added or change.removed)
    return item.field is AlbumField.COVER and moves and item.before not in members


def _whole(change: AlbumChange, before: str, after: str, found: str, state: State) -> Standing:
    return Standing(Kind.ALBUM, change.name, change.name, "album", before, after, found, state, change.origin)


def _album_value(album: Album, name: AlbumField) -> str | bool | None:
    match name:
        case AlbumField.NAME:
            return album.name
        case AlbumField.DESCRIPTION:
            return normal_description(album.description)
        case AlbumField.ORDER:
            return album.order
        case AlbumField.ACTIVITY:
            return album.activity
        case AlbumField.COVER:
            return album.cover
