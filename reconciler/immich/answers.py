"""What the reader and the writer hand back where the model has no word for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from reconciler.model.asset import Asset
from reconciler.model.live import Album
from reconciler.model.values import Coordinates


@dataclass(frozen=True, slots=True)
class Me:
    """The user whose key it is."""

    id: str
    name: str
    email: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """An API key's name and what it may do; `all` stands for everything."""

    name: str
    permissions: frozenset[str]


_NAMES_ALBUM = re.compile(r"\{\{[^}]*\balbum")
"""`{{album}}`, `{{album-startDate-y}}`, `{{#if album}}`."""


@dataclass(frozen=True, slots=True)
class StorageTemplate:
    """Whether the server sorts files into folders by a template, and by which."""

    enabled: bool
    template: str

    @property
    def uses_album(self) -> bool:
        """Whether an album's name is part of a file's path."""
        return self.enabled and _NAMES_ALBUM.search(self.template) is not None


@dataclass(frozen=True, slots=True)
class AssetDetail:
    """An asset with all its tags, as full paths: the only read that has them (FACTS 3.1)."""

    asset: Asset
    tags: frozenset[str]


class Marker(NamedTuple):
    """Where a photo was taken, as the map shows it: coordinates, and the names of country, state and city."""

    id: str
    place: Coordinates
    names: tuple[str | None, str | None, str | None]


class Placed(Protocol):
    """What a search sorts and is divided by."""

    @property
    def id(self) -> str: ...
    @property
    def file_created_at(self) -> datetime: ...
    @property
    def added(self) -> datetime: ...


P = TypeVar("P", bound=Placed)


@dataclass(frozen=True, slots=True)
class Mark:
    """An asset of which only its place in a search is wanted."""

    id: str
    file_created_at: datetime
    added: datetime


@dataclass(frozen=True, slots=True)
class Page(Generic[P]):
    """One page of a search, newest first; `more` where it isn't the last.

    `cursor` asks a structured search for the next one (3.2+).
    """

    items: tuple[P, ...]
    more: bool
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class AlbumList:
    """The account's own albums, and those that others share with it.

    `states` changes for an album, by id, whenever somebody comes into it or shows there again, or fewer are
    shown; an album is missing where the server doesn't tell.
    """

    own: tuple[Album, ...]
    others: tuple[Album, ...]
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """An album that was just made, with these members.

    As long as nobody else comes into it or leaves, its entry in `AlbumList.states` begins with `state`; empty
    where the server doesn't tell.
    """

    id: str
    state: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """A job queue. Jobs that wait in a paused queue count as `paused_jobs`, not `waiting` (FINDINGS 21)."""

    name: str
    paused: bool
    active: int
    waiting: int
    delayed: int
    paused_jobs: int
    failed: int

    @property
    def pending(self) -> int:
        """Jobs that are not done yet, wherever the server counts them."""
        return self.active + self.waiting + self.delayed + self.paused_jobs


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a queue: the asset it is for, None where it is for no single one, and when it was queued.

    `queued` is in seconds since 1970 by the server's clock.
    """

    asset: str | None
    queued: float


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one id of a batch; `error` is the server's word where it did not work."""

    id: str
    ok: bool
    error: str | None = None
