"""The live state: what the server has, as far as a plan needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.asset import Asset, Owner, Person
from reconciler.model.sharing import Share, User


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server and whose account a live state comes from.

    A user's id is made by the server and unique to it, so it tells servers apart as well.
    """

    user_id: str
    user_name: str
    version: str
    url: str

    def same_server(self, other: Identity) -> bool:
        """Whether a plan made for the one may be applied to the other."""
        return self.user_id == other.user_id


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; `path` is its full path (`Trips/Italy`), `color` is `#rrggbb` in lower case or None."""

    id: str
    path: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Album:
    """An album of the account's own; `order` is asc or desc, `cover` an asset id.

    `shares` are the users it is shared with by e-mail, the owner left out.
    """

    id: str
    name: str
    description: str = ""
    order: str | None = None
    activity: bool = True
    cover: str | None = None
    asset_count: int = 0
    shares: tuple[Share, ...] = ()

    def role_of(self, user_id: str) -> str | None:
        """What a user may do in it; None where it isn't shared with them."""
        return next((share.role for share in self.shares if share.user.id == user_id), None)


@dataclass(frozen=True, slots=True)
class Features:
    """What a server does or doesn't do, as far as a plan speaks of it."""

    clears_embedded_description: bool = True
    keeps_last_tag_off: bool = True
    storage_template: bool | None = None
    """Whether files are filed by a template; None where the key may not read the server's configuration."""
    template_uses_album: bool = False
    """Whether the template files photos by the name of their album."""
    can_hold_window: bool = True
    """Whether an admin's key is there to pause the queues."""
    new_album_order: str | None = None
    """The order that the server gives a new album of this account, by its preferences; None where unknown."""


@dataclass(frozen=True, slots=True)
class Live:
    """The live state of one account.

    `assets` are the account's own, not in the trash, of the visibilities that were asked for. `tags_of`
    holds, for each asset, its own tags among `tags_read`. Of an asset with a tag below one of them nobody may
    have looked whether it carries that too, if it decides nothing.
    `members` holds the asset ids of each album that was read, other people's and hidden ones included;
    `albums` has the account's own albums, `other_albums` the names of those of other people.
    """

    identity: Identity
    features: Features = field(default_factory=Features)
    assets: Mapping[str, Asset] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)
    tags_read: frozenset[str] = frozenset()
    tags_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    albums: tuple[Album, ...] = ()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    other_albums: Mapping[str, str] = field(default_factory=dict)
    unread: int = 0
    """Assets that the server has not read yet, left out of rules."""
    library: int | None = None
    """How many photos the account shows, where rules asked for a part of them; None where all were read."""
    tagged: Mapping[str, int] = field(default_factory=dict)
    """How many photos carry a tag that rules give or take, or one below it, where not all was read."""
    people: tuple[Person, ...] = ()
    """The persons that are known, by id: those that were asked for, and others whose photos weren't read."""
    people_of: Mapping[str, frozenset[Person]] = field(default_factory=dict)
    """Who is on each asset, as far as it was asked; assets without anybody are left out."""
    stacked: frozenset[str] = frozenset()
    """Ids of the assets that are in a stack."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """The names of the external libraries by id."""
    users: tuple[User, ...] = ()
    """Everybody on the server, where the files name somebody to share with."""
    others: Mapping[str, Asset] = field(default_factory=dict)
    """Photos of other people by id: those that rules ask for, and covers. Nothing of them is ever written."""
    owners: tuple[Owner, ...] = ()
    """Whose photos rules may mean, where they name somebody; people who show none only to be told about."""

    with_others: int | None = None
    """How many photos searches show, those of other people too, where rules ask for these."""

    def asset(self, asset_id: str) -> Asset | None:
        """A photo that was read, whoever owns it."""
        return self.assets.get(asset_id) or self.others.get(asset_id)


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Small pictures of some assets, by id; `note` says why some are missing, empty where none is."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    note: str = ""


NO_THUMBNAILS = Thumbnails()
