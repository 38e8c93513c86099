"""A photo or video as the server has it, and what is known about it beside its own fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from reconciler.model.quick import quick
from reconciler.model.values import (
    AssetType,
    Coordinates,
    Field,
    FieldValue,
    Taken,
    Visibility,
    is_named_zone,
)


@quick(frozen=True, slots=True)
class Asset:
    """One asset, its fields normalised.

    `checksum` is base64 SHA-1 of the file (of the path in external libraries); `file_created_at` is the
    instant the server sorts and filters by, which follows `taken` only after the jobs have run (FINDINGS 18).
    """

    id: str
    owner_id: str
    checksum: str
    file_name: str
    path: str
    type: AssetType
    file_created_at: datetime
    added: datetime
    updated: datetime
    description: str = ""
    taken: Taken | None = None
    zone: str | None = None
    location: Coordinates | None = None
    rating: int | None = None
    favorite: bool = False
    visibility: Visibility = Visibility.TIMELINE
    city: str | None = None
    state: str | None = None
    country: str | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    library_id: str | None = None
    motion_id: str | None = None
    """The hidden video of a live photo, which the server counts among the members of albums (FACTS 3.3)."""
    trashed: bool = False
    read: bool = True
    """False while the server has not read the file yet: it has no metadata row then."""
    width: int | None = None
    height: int | None = None
    """Pixels of the picture as it is shown, turned upright and cropped as it may be."""
    duration: int | None = None
    """Milliseconds of a video or of a moving picture; None for what stands still."""

    def value(self, field: Field) -> FieldValue:
        """The value of one of the fields that can be managed."""
        return READ[field](self)

    def with_values(self, values: Mapping[Field, FieldValue]) -> Asset:
        """The same asset after these fields have been written."""
        if not values:
            return self
        made = list(_ALL(self))
        for field, value in values.items():
            made[_PLACES[field]] = value
        return Asset(*made)

    @property
    def zone_from_place(self) -> bool:
        """Whether the place has decided the zone so far (FINDINGS 10 and 11)."""
        return self.location is not None and is_named_zone(self.zone)

    @property
    def folder(self) -> str:
        """The folder of the file, without a trailing slash."""
        return self.path.rpartition("/")[0]

    @property
    def label(self) -> str:
        """How a plan names it: the file, and the day where known."""
        return f"{self.file_name} ({self.taken.day})" if self.taken else self.file_name


_NAMES = tuple(part.name for part in fields(Asset))
_ALL: Callable[[Asset], tuple[Any, ...]] = attrgetter(*_NAMES)
_PLACES: Mapping[Field, int] = {field: _NAMES.index(field.value) for field in Field}
READ: Mapping[Field, Callable[[Asset], FieldValue]] = {field: attrgetter(field.value) for field in Field}
"""How to read each of the fields that can be managed, for loops over many assets."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a face on photos; `name` is empty where nobody has said who it is."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody whose photos may be meant; `me` is the account itself.

    `shown` tells whether searches of this account show the photos: somebody else's only where a partner
    shares them and the account has let them into its timeline (FACTS 3.3).
    """

    id: str
    name: str = ""
    email: str = ""
    me: bool = False
    shown: bool = True

    @property
    def title(self) -> str:
        """How messages name somebody."""
        return (
            f"{self.name} ({self.email})" if self.name and self.email else self.name or self.email or self.id
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known about an asset that nothing written by this program changes, as far as it was read.

    `library` is the name of its external library; `owner` is None for the account's own where no rule asks.
    """

    people: frozenset[Person] = frozenset()
    stacked: bool = False
    library: str | None = None
    owner: Owner | None = None


NOTHING_BESIDE = Beside()


_APART = "\0"
"""Behind the name of an album that is told apart; no name on the server holds it."""


def told_apart(name: str, album_id: str) -> str:
    """What an album is called in a state where another one of its name is meant."""
    return f"{name}{_APART}{album_id}"


def album_name(called: str) -> str:
    """The name of an album that may be told apart."""
    return called.partition(_APART)[0]


@quick(frozen=True, slots=True)
class AssetState:
    """An asset with its tags (full paths) and the names of the albums it is in, as far as they were read.

    An album that has the name of one in the files, and that they don't mean, is `told_apart`.
    """

    asset: Asset
    tags: frozenset[str] = frozenset()
    albums: frozenset[str] = frozenset()
    beside: Beside = NOTHING_BESIDE

    @property
    def own(self) -> bool:
        """Whether it is the account's own."""
        return self.beside.owner is None or self.beside.owner.me
