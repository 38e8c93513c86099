"""The requests that a plan sends: one operation is one request to the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.diff.changes import AlbumField
from reconciler.model.quick import quick
from reconciler.model.values import Field, FieldValue, value_text
from reconciler.model.words import counted

UPDATE_BATCH = 10_000
"""Photos in one PUT /assets; the time per photo is flat from 1,000 on (PERFORMANCE 2.5)."""
ALBUM_BATCH = 20_000
"""Photos in one membership call; over 32,767 fails before 3.0 (FACTS 4)."""
ALBUM_PAIRS = 30_000
"""Most (album, photo) pairs in one call for several albums: what the server inserts in one go (FACTS 4)."""
TAG_BATCH = 1_000
"""Photos in one tag call, about 2.5 s of work for the server (PERFORMANCE 2.5)."""
TAG_PAIRS = 32_766
"""Most (tag, photo) pairs in one call (PERFORMANCE 2.5)."""


@dataclass(frozen=True, slots=True)
class TagRef:
    """A tag; `id` is None where this plan makes it."""

    path: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class AlbumRef:
    """An album; `id` is None where this plan makes it."""

    name: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class UserRef:
    """A user of the server, how messages call them, and the role they get; None where they lose access."""

    id: str
    label: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTags:
    """PUT /tags: makes all tags that are missing, parents included."""

    paths: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"make {counted(len(self.paths), 'tag')}"


@dataclass(frozen=True, slots=True)
class ColorTag:
    """PUT /tags/{id}: a tag's colour."""

    tag: TagRef
    color: str | None

    @property
    def text(self) -> str:
        return f"colour tag {self.tag.path!r}"


@dataclass(frozen=True, slots=True)
class CreateAlbum:
    """POST /albums with its first members and its users."""

    name: str
    description: str
    asset_ids: tuple[str, ...]
    users: tuple[UserRef, ...] = ()
    """Whom it is shared with from the beginning."""

    @property
    def text(self) -> str:
        shared = f", shared with {_short(_labels(self.users))}" if self.users else ""
        return f"make album {self.name!r} with {counted(len(self.asset_ids), 'photo')}{shared}"


@dataclass(frozen=True, slots=True)
class UpdateAlbum:
    """PATCH /albums/{id}: everything of an album but its members."""

    album: AlbumRef
    values: Mapping[AlbumField, str | bool | None]

    @property
    def text(self) -> str:
        return f"change {', '.join(name.value for name in self.values)} of album {self.album.name!r}"


@dataclass(frozen=True, slots=True)
class DeleteAlbum:
    """DELETE /albums/{id}."""

    album: AlbumRef

    @property
    def text(self) -> str:
        return f"delete album {self.album.name!r}"


@dataclass(frozen=True, slots=True)
class AddMembers:
    """PUT /albums/{id}/assets."""

    album: AlbumRef
    asset_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"put {counted(len(self.asset_ids), 'photo')} into album {self.album.name!r}"


@dataclass(frozen=True, slots=True)
class AddToAlbums:
    """PUT /albums/assets: every photo into every album. What was added is only known from reading it back."""

    albums: tuple[AlbumRef, ...]
    asset_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        names = ", ".join(repr(album.name) for album in self.albums)
        photos = counted(len(self.asset_ids), "photo")
        return f"put {photos} into each of {counted(len(self.albums), 'album')}: {_short(names)}"


@dataclass(frozen=True, slots=True)
class RemoveMembers:
    """DELETE /albums/{id}/assets."""

    album: AlbumRef
    asset_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"take {counted(len(self.asset_ids), 'photo')} out of album {self.album.name!r}"


@dataclass(frozen=True, slots=True)
class ShareAlbum:
    """PUT /albums/{id}/users: all users who get access."""

    album: AlbumRef
    users: tuple[UserRef, ...]

    @property
    def text(self) -> str:
        return f"share album {self.album.name!r} with {_short(_labels(self.users))}"


@dataclass(frozen=True, slots=True)
class SetRole:
    """PUT /albums/{id}/user/{userId}: another role for a user of an album."""

    album: AlbumRef
    user: UserRef

    @property
    def text(self) -> str:
        return f"make {self.user.label} {self.user.role} of album {self.album.name!r}"


@dataclass(frozen=True, slots=True)
class UnshareAlbum:
    """DELETE /albums/{id}/user/{userId}: takes access away from a user; photos they have put in stay."""

    album: AlbumRef
    user: UserRef

    @property
    def text(self) -> str:
        return f"stop sharing album {self.album.name!r} with {self.user.label}"


@quick(frozen=True, slots=True)
class UpdateAssets:
    """PUT /assets: the same values for many photos. Queues a sidecar write for every one of them."""

    values: Mapping[Field, FieldValue]
    asset_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        what = ", ".join(f"{name.value} {value_text(value)}" for name, value in self.values.items())
        return f"set {_short(what)} on {counted(len(self.asset_ids), 'photo')}"


@quick(frozen=True, slots=True)
class UpdateAsset:
    """PUT /assets/{id} with a favourite or a visibility alone, which queues nothing (FINDINGS 19)."""

    values: Mapping[Field, FieldValue]
    asset_id: str

    @property
    def text(self) -> str:
        what = ", ".join(f"{name.value} {value_text(value)}" for name, value in self.values.items())
        return f"set {what} on 1 photo"


@dataclass(frozen=True, slots=True)
class TagAssets:
    """PUT /tags/assets: the same tags for many photos, one sidecar write each."""

    tags: tuple[TagRef, ...]
    asset_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        names = ", ".join(tag.path for tag in self.tags)
        return f"tag {counted(len(self.asset_ids), 'photo')} {_short(names)}"


@dataclass(frozen=True, slots=True)
class UntagAssets:
    """DELETE /tags/{id}/assets, one sidecar write each."""

    tag: TagRef
    asset_ids: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"take tag {self.tag.path!r} off {counted(len(self.asset_ids), 'photo')}"


ShareOperation = ShareAlbum | SetRole | UnshareAlbum
"""What changes who sees an album that is there."""

SidecarOperation = UpdateAssets | TagAssets | UntagAssets
"""What queues a sidecar write, and so must touch a photo only once in a round."""

Operation = (
    CreateTags
    | ColorTag
    | CreateAlbum
    | UpdateAlbum
    | DeleteAlbum
    | AddMembers
    | AddToAlbums
    | RemoveMembers
    | ShareOperation
    | UpdateAsset
    | SidecarOperation
)

Lane = tuple[Operation, ...]
"""Operations that must follow one another; lanes are independent of each other."""


def writes_sidecars(operation: Operation) -> bool:
    """Whether the operation queues sidecar writes."""
    return isinstance(operation, UpdateAssets | TagAssets | UntagAssets)


def sidecar_photos(operations: Iterable[Operation]) -> frozenset[str]:
    """The photos whose sidecars these operations write."""
    return frozenset(
        asset for operation in operations if writes_sidecars(operation) for asset in asset_ids(operation)
    )


def asset_ids(operation: Operation) -> tuple[str, ...]:
    """The photos that an operation names, in order."""
    match operation:
        case UpdateAsset():
            return (operation.asset_id,)
        case CreateAlbum() | AddMembers() | AddToAlbums() | RemoveMembers():
            return operation.asset_ids
        case UpdateAssets() | TagAssets() | UntagAssets():
            return operation.asset_ids
        case _:
            return ()


def users(operation: Operation) -> tuple[UserRef, ...]:
    """The users that an operation names, in order."""
    match operation:
        case CreateAlbum() | ShareAlbum():
            return operation.users
        case SetRole() | UnshareAlbum():
            return (operation.user,)
        case _:
            return ()


def _labels(users: tuple[UserRef, ...]) -> str:
    return ", ".join(user.label for user in users)


def _short(text: str, limit: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
