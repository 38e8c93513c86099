"""What differs: plain values that a plan is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.album_sets import SetMember
from reconciler.model.attempts import Attempt
from reconciler.model.origin import Origin, Problem
from reconciler.model.quick import quick
from reconciler.model.sharing import User
from reconciler.model.values import Field, FieldValue


@quick(frozen=True, slots=True)
class FieldChange:
    """One field of one photo, with the line that asked for it."""

    field: Field
    before: FieldValue
    after: FieldValue
    origin: Origin


@quick(frozen=True, slots=True, order=True)
class TagMove:
    """A tag that one photo gets or loses, with the line that asked for it."""

    path: str
    origin: Origin


@quick(frozen=True, slots=True)
class AssetChange:
    """Everything that changes on one photo."""

    id: str
    fields: tuple[FieldChange, ...] = ()
    tags_added: tuple[TagMove, ...] = ()
    tags_removed: tuple[TagMove, ...] = ()

    @property
    def values(self) -> dict[Field, FieldValue]:
        """The fields and what they become."""
        return {change.field: change.after for change in self.fields}


class Action(StrEnum):
    """What happens to a tag or an album as a whole."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class TagChange:
    """A tag that is made or gets another colour."""

    action: Action
    path: str
    origin: Origin
    id: str | None = None
    color: bool = False
    """Whether the colour changes."""
    before: str | None = None
    after: str | None = None


class AlbumField(StrEnum):
    """The fields of an album that can be managed, its members aside."""

    NAME = "name"
    DESCRIPTION = "description"
    ORDER = "order"
    ACTIVITY = "activity"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class AlbumFieldChange:
    """One field of an album; a cover is an asset id."""

    field: AlbumField
    before: str | bool | None
    after: str | bool | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class ShareChange:
    """A user who gets or loses access to an album, or another role in it; a role of None is no access."""

    user: User
    before: str | None
    after: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class AlbumChange:
    """Everything that changes on one album. `size` is the number of photos before and after, where known.

    Where an album is deleted, `removed` are the members it must have to be deleted at all; empty: any do.
    `made_by` tells the album set that asks for it.
    """

    action: Action
    name: str
    origin: Origin
    id: str | None = None
    fields: tuple[AlbumFieldChange, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    size_before: int = 0
    size_after: int = 0
    made_by: SetMember | None = None
    shares: tuple[ShareChange, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything changes on it, if it stays."""
        return bool(self.fields or self.added or self.removed or self.shares)

    @property
    def unshared(self) -> tuple[ShareChange, ...]:
        """Those who lose access."""
        return tuple(item for item in self.shares if item.after is None)

    @property
    def newly_shared(self) -> tuple[ShareChange, ...]:
        """Those who get access."""
        return tuple(item for item in self.shares if item.before is None)

    @property
    def other_roles(self) -> tuple[ShareChange, ...]:
        """Those who keep access and get another role."""
        return tuple(item for item in self.shares if item.before is not None and item.after is not None)


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes, in a fixed order: tags by path, photos and albums by name, then id."""

    tags: tuple[TagChange, ...] = ()
    assets: tuple[AssetChange, ...] = ()
    albums: tuple[AlbumChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tags or self.assets or self.albums)


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader should know before agreeing; `count` photos are concerned, `sample` names some."""

    text: str
    origin: Origin | None = None
    count: int = 0
    sample: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """A wish that was written before and undone by the server; it is shown, and not tried again by itself."""

    attempt: Attempt
    label: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class SetAlbum:
    """A live album, and the group of a set that it belongs to."""

    member: SetMember
    id: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a plan was narrowed to, and how many changes of each kind were left out for that.

    `needed` are tags that nobody named but a photo needs; `unmatched` are targets that fit no change.
    """

    targets: tuple[str, ...]
    tags: int = 0
    photos: int = 0
    albums: int = 0
    needed: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was left out."""
        return bool(self.tags or self.photos or self.albums)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome: what would change, and everything that stands in the way or should be known.

    `problems` are errors that keep a plan from being applied; `missing` are photos and others that were named
    and aren't there. `labels` names every photo that a change mentions. `set_albums` are the live albums of
    album sets. `narrowing` is there where only a part was asked for. `protected` are the photos that an entry
    protects, by id, with its line.
    """

    changes: Changes = field(default_factory=Changes)
    problems: tuple[Problem, ...] = ()
    missing: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    undone: tuple[Undone, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    set_albums: tuple[SetAlbum, ...] = ()
    narrowing: Narrowing | None = None
    protected: Mapping[str, Origin] = field(default_factory=dict)
