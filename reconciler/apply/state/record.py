"""Operations, and what became of them, as JSON for the journal, and back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from reconciler.diff.changes import AlbumField
from reconciler.model.codec import value_from_json, value_to_json
from reconciler.model.live import Album
from reconciler.model.sharing import Share, User
from reconciler.model.values import Field, FieldValue
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    AlbumRef,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Operation,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    TagAssets,
    TagRef,
    UnshareAlbum,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
    UserRef,
)
from reconciler.plan.report import ItemFailure

Json = Any


def kind_of(operation: Operation) -> str:
    """The name of its kind: `UpdateAssets`."""
    return type(operation).__name__


def operation_bytes(operation: Operation) -> bytes:
    """All of an operation but its kind, as JSON."""
    return orjson.dumps(_operation(operation))


def _operation(operation: Operation) -> dict[str, Json]:
    match operation:
        case CreateTags():
            return {"paths": operation.paths}
        case ColorTag():
            return {"tag": _tag(operation.tag), "color": operation.color}
        case CreateAlbum():
            return {
                "name": operation.name,
                "description": operation.description,
                "photos": operation.asset_ids,
                "users": [_user(user) for user in operation.users],
            }
        case UpdateAlbum():
            values = {name.value: value for name, value in operation.values.items()}
            return {"album": _album(operation.album), "values": values}
        case DeleteAlbum():
            return {"album": _album(operation.album)}
        case AddMembers() | RemoveMembers():
            return {"album": _album(operation.album), "photos": operation.asset_ids}
        case AddToAlbums():
            return {"albums": [_album(album) for album in operation.albums], "photos": operation.asset_ids}
        case ShareAlbum():
            return {"album": _album(operation.album), "users": [_user(user) for user in operation.users]}
        case SetRole() | UnshareAlbum():
            return {"album": _album(operation.album), "user": _user(operation.user)}
        case UpdateAssets():
            return {"values": _values(operation.values), "photos": operation.asset_ids}
        case UpdateAsset():
            return {"values": _values(operation.values), "photos": (operation.asset_id,)}
        case TagAssets():
            return {"tags": [_tag(tag) for tag in operation.tags], "photos": operation.asset_ids}
        case UntagAssets():
            return {"tag": _tag(operation.tag), "photos": operation.asset_ids}


def operation_from(kind: str, body: bytes) -> Operation:
    """The operation that was written down. Raises ValueError, KeyError or TypeError on anything else."""
    data = orjson.loads(body)
    if kind not in _READERS:
        raise ValueError(f"an operation of the unknown kind {kind!r}")
    return _READERS[kind](data)


def _photos(data: Mapping[str, Json]) -> tuple[str, ...]:
    return tuple(data["photos"])


_READERS: dict[str, Callable[[Mapping[str, Json]], Operation]] = {
    "CreateTags": lambda data: CreateTags(tuple(data["paths"])),
    "ColorTag": lambda data: ColorTag(TagRef(*data["tag"]), data["color"]),
    "CreateAlbum": lambda data: CreateAlbum(
        data["name"], data["description"], _photos(data), _read_users(data)
    ),
    "UpdateAlbum": lambda data: UpdateAlbum(
        AlbumRef(*data["album"]), {AlbumField(name): value for name, value in data["values"].items()}
    ),
    "DeleteAlbum": lambda data: DeleteAlbum(AlbumRef(*data["album"])),
    "AddMembers": lambda data: AddMembers(AlbumRef(*data["album"]), _photos(data)),
    "AddToAlbums": lambda data: AddToAlbums(
        tuple(AlbumRef(*album) for album in data["albums"]), _photos(data)
    ),
    "RemoveMembers": lambda data: RemoveMembers(AlbumRef(*data["album"]), _photos(data)),
    "ShareAlbum": lambda data: ShareAlbum(AlbumRef(*data["album"]), _read_users(data)),
    "SetRole": lambda data: SetRole(AlbumRef(*data["album"]), UserRef(*data["user"])),
    "UnshareAlbum": lambda data: UnshareAlbum(AlbumRef(*data["album"]), UserRef(*data["user"])),
    "UpdateAssets": lambda data: UpdateAssets(_read_values(data["values"]), _photos(data)),
    "UpdateAsset": lambda data: UpdateAsset(_read_values(data["values"]), _photos(data)[0]),
    "TagAssets": lambda data: TagAssets(tuple(TagRef(*tag) for tag in data["tags"]), _photos(data)),
    "UntagAssets": lambda data: UntagAssets(TagRef(*data["tag"]), _photos(data)),
}


def _tag(tag: TagRef) -> tuple[str, str | None]:
    return tag.path, tag.id


def _album(album: AlbumRef) -> tuple[str, str | None]:
    return album.name, album.id


def _user(user: UserRef) -> tuple[str, str, str | None]:
    return user.id, user.label, user.role


def _read_users(data: Mapping[str, Json]) -> tuple[UserRef, ...]:
    return tuple(UserRef(*user) for user in data.get("users", ()))


def _values(values: Mapping[Field, FieldValue]) -> dict[str, Json]:
    return {name.value: value_to_json(value) for name, value in values.items()}


def _read_values(data: Mapping[str, Json]) -> dict[Field, FieldValue]:
    return {(name := Field(text)): value_from_json(name, value) for text, value in data.items()}


# -- what became of it ---------------------------------------------------------------------------------


def failures_text(failures: Iterable[ItemFailure]) -> str:
    """The photos and users that were not taken, as JSON."""
    return orjson.dumps([[item.id, item.name, item.reason, item.noun] for item in failures]).decode()


def failures_from(text: str) -> tuple[ItemFailure, ...]:
    """What `failures_text` wrote."""
    return tuple(ItemFailure(*item) for item in orjson.loads(text))


# -- albums that are deleted ---------------------------------------------------------------------------


def albums_bytes(albums: Iterable[tuple[Album, frozenset[str]]]) -> bytes:
    """Albums with their members, as JSON."""
    return orjson.dumps(
        [
            {
                "id": album.id,
                "name": album.name,
                "description": album.description,
                "order": album.order,
                "activity": album.activity,
                "cover": album.cover,
                "members": sorted(members),
                "shares": [_share(share) for share in album.shares],
            }
            for album, members in albums
        ]
    )


def _share(share: Share) -> tuple[str, str, str, str]:
    return share.user.id, share.user.email, share.user.name, share.role


def albums_from(data: bytes | None) -> dict[str, tuple[Album, frozenset[str]]]:
    """What `albums_bytes` wrote, by the id that the album had."""
    found = {}
    for item in orjson.loads(data or b"[]"):
        members = frozenset(item.pop("members"))
        shares = tuple(Share(User(*user), role) for *user, role in item.pop("shares", ()))
        found[item["id"]] = (Album(**item, asset_count=len(members), shares=shares), members)
    return found
