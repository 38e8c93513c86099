"""The desired state: what the files ask for. A field that isn't written isn't managed and isn't here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar

from reconciler.model.album_sets import SetKey, SetMember
from reconciler.model.asset import AssetState
from reconciler.model.groupings import ByPerson, Grouping
from reconciler.model.origin import Origin
from reconciler.model.owners import ONLY_ME, Owners, owners_of, takes
from reconciler.model.quick import quick
from reconciler.model.safety import Safety
from reconciler.model.selectors import Selector
from reconciler.model.sharing import ShareWish
from reconciler.model.templates import Template, Value
from reconciler.model.text import TextMatcher
from reconciler.model.values import Field, FieldValue

T = TypeVar("T")


@quick(frozen=True, slots=True)
class Setting(Generic[T]):
    """A value that was asked for, and the line that asked."""

    value: T
    origin: Origin


@dataclass(frozen=True, slots=True)
class Reference:
    """Text that may hold `${NAME}`, `${NAME:-fallback}` or `${file:PATH}`; resolved only when it is needed.

    `folder` is the folder of the file it stands in, from which relative paths are meant.
    """

    text: str
    origin: Origin
    folder: str = "."


@dataclass(frozen=True, slots=True)
class Account:
    """Someone on the server and where their API key is found."""

    name: str
    api_key: Reference


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is and who may talk to it; `admin` names the account whose key may pause queues."""

    url: Reference | None = None
    accounts: Mapping[str, Account] = field(default_factory=dict)
    admin: str | None = None


@dataclass(frozen=True, slots=True)
class Http:
    """How the client talks: `retries` of one request, `connections` at once; all times in seconds.

    `timeout` for an answer and `connect_timeout` for a connection; no wait between two tries is longer than
    `backoff`, unless the server asks for it, and `deadline` after its first try no request is tried again.
    """

    timeout: float = 60.0
    connect_timeout: float = 10.0
    retries: int = 10
    backoff: float = 30.0
    deadline: float = 300.0
    connections: int = 4


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of every day, as minutes after midnight; `end` may be before `start`, on the next day then."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{clock_text(self.start)}-{clock_text(self.end)}"


def clock_text(minutes: int) -> str:
    """Minutes after midnight as `HH:MM`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


class Outside(StrEnum):
    """What a run does outside its hours."""

    WAIT = "wait"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How and when the queues are held: `pause` is pipeline, heavy, none, or the names of the queues.

    Nothing is written outside `hours` (None: at any time) by the clock of `timezone` (an IANA name; None: of
    this machine). `quiet` is the largest backlog of jobs at which a run begins (None: any). All times are in
    seconds: `max_duration` of a run (None: no limit), `running_timeout` for jobs that run when the queues are
    paused, `settle_timeout` for the jobs that the edits cause. `migrate` has the server file its photos anew
    at the end, where its storage template goes by albums and memberships have changed. `without_window`
    allows writing where no queue can be held and the server doesn't guard edits either (before 2.4).
    """

    pause: str | tuple[str, ...] = "pipeline"
    hours: Hours | None = None
    timezone: str | None = None
    outside: Outside = Outside.EXIT
    max_duration: float | None = None
    quiet: int | None = None
    running_timeout: float = 600.0
    settle_timeout: float = 3600.0
    migrate: bool = False
    without_window: bool = False


@quick(frozen=True, slots=True)
class PhotoName:
    """The name of one photo: it must find exactly one. At least one of the parts is given.

    `taken` narrows a `file`. `text` is how messages name it.
    """

    selector: Selector
    text: str
    origin: Origin
    id: str | None = None
    checksum: str | None = None
    path: str | None = None
    file: str | None = None

    def __hash__(self) -> int:
        # names are looked up by the hundred thousand, and two that differ have different texts as a rule
        return hash(self.text)


@quick(frozen=True, slots=True)
class TagsWish:
    """What is asked of a photo's tags: full paths to add, to remove, or the exact set of all."""

    origin: Origin
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    exact: frozenset[str] | None = None

    @property
    def mentioned(self) -> frozenset[str]:
        """Every tag it names."""
        return self.add | self.remove | (self.exact or frozenset())


@quick(frozen=True, slots=True)
class AssetEntry:
    """Values for one photo (`name` is set) or for every photo that a rule matches (`rule` is set).

    With `protect` nothing that these photos have may be taken away or overwritten.
    """

    origin: Origin
    values: Mapping[Field, Setting[FieldValue]]
    tags: TagsWish | None = None
    name: PhotoName | None = None
    rule: Selector | None = None
    protect: bool = False
    account: str | None = None
    """Whose photos are meant; None where neither the entry nor its file says so. The same below."""


class Membership(StrEnum):
    """Whether photos that an album doesn't ask for leave it."""

    EXACT = "exact"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class AlbumEntry:
    """An album that is managed. Fields that are None aren't.

    `rule` and `photos` are both None where the members aren't managed; `photos` are always in, `exclude`
    takes photos out of what `rule` matches. `absent` asks for the album's deletion. The members of an album
    that a set makes are those of its group. With `protect` no photo may leave it, it is not deleted, its
    description stays, and nobody loses access to it.
    """

    name: str
    origin: Origin
    id: str | None = None
    renamed_from: Setting[str] | None = None
    absent: bool = False
    description: Setting[str] | None = None
    order: Setting[str] | None = None
    activity: Setting[bool] | None = None
    cover: PhotoName | None = None
    rule: Selector | None = None
    photos: tuple[PhotoName, ...] | None = None
    exclude: Selector | None = None
    membership: Membership = Membership.EXACT
    share: ShareWish | None = None
    owners: Owners = ONLY_ME
    """Whose photos leave it where they aren't asked for; those of anybody else stay."""
    made_by: SetMember | None = None
    hidden: bool = False
    """Whether the set that makes it asks for hidden photos."""
    protect: bool = False
    account: str | None = None

    @property
    def manages_members(self) -> bool:
        """Whether the files say which photos are in it."""
        return self.rule is not None or self.photos is not None or self.made_by is not None

    def takes(self, state: AssetState) -> bool:
        """Whether the photo belongs to somebody whose photos the album is about."""
        return takes(self.owners, state.beside.owner)


@dataclass(frozen=True, slots=True)
class AlbumSet:
    """An album for each group of photos. Fields that are None aren't managed.

    Of the photos that `rule` matches and `exclude` doesn't (all, where there is neither) each group with at
    least `min_photos` gets an album, if `only` fits its key or one of its names and `besides` fits none.
    `prune` deletes albums whose groups are gone. `protect` is for each of the albums.
    """

    origin: Origin
    grouping: Grouping
    key: SetKey
    name: Setting[Template]
    renamed_from: Setting[Template] | None = None
    description: Setting[Template] | None = None
    order: Setting[str] | None = None
    activity: Setting[bool] | None = None
    rule: Selector | None = None
    exclude: Selector | None = None
    only: TextMatcher | None = None
    besides: TextMatcher | None = None
    membership: Membership = Membership.EXACT
    min_photos: int = 1
    prune: bool = False
    share: ShareWish | None = None
    account: str | None = None
    protect: bool = False

    @property
    def rules(self) -> tuple[Selector, ...]:
        """Its selectors."""
        return tuple(part for part in (self.rule, self.exclude) if part)

    @property
    def placeholders(self) -> frozenset[str]:
        """Those of all its texts."""
        texts = [text.value for text in (self.name, self.renamed_from, self.description) if text]
        return frozenset(part.name for text in texts for part in text.placeholders)

    @property
    def owners(self) -> Owners:
        """Whose photos are grouped."""
        return owners_of(self.rule)

    @property
    def asked(self) -> tuple[Selector, ...]:
        """Everything by which it names photos, persons included."""
        persons = self.grouping.these if isinstance(self.grouping, ByPerson) else ()
        return (*self.rules, *persons)

    @property
    def hidden(self) -> bool:
        """Whether hidden photos are asked for."""
        return self.rule is not None and self.rule.needs().hidden

    def takes(self, key: str, values: Mapping[str, Value]) -> bool:
        """Whether a group is meant."""
        names = [key, *(value for value in values.values() if isinstance(value, str))]
        if self.only is not None and not any(map(self.only.matches, names)):
            return False
        return self.besides is None or not any(map(self.besides.matches, names))


@dataclass(frozen=True, slots=True)
class TagEntry:
    """A tag that must exist; `color` is `#rrggbb`, a Setting of None takes the colour away.

    With `protect` it may come off no photo, and its colour stays.
    """

    path: str
    origin: Origin
    color: Setting[str | None] | None = None
    protect: bool = False
    account: str | None = None


Entry = AssetEntry | AlbumEntry | AlbumSet | TagEntry
E = TypeVar("E", AssetEntry, AlbumEntry, AlbumSet, TagEntry)


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything the files ask for, in the order of the files."""

    tags: tuple[TagEntry, ...] = ()
    assets: tuple[AssetEntry, ...] = ()
    albums: tuple[AlbumEntry, ...] = ()
    album_sets: tuple[AlbumSet, ...] = ()
    server: Server = field(default_factory=Server)
    account: str | None = None
    http: Http = field(default_factory=Http)
    window: WindowSettings = field(default_factory=WindowSettings)
    safety: Safety = field(default_factory=Safety)
    files: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the content of each file, in hex, by its name."""
    evaluated: tuple[Setting[str], ...] = ()
    """What was written relative to the day of the run, and what it came to, as sentences for the plan."""
    selectors: Mapping[str, Selector] = field(default_factory=dict)
    """The rules that are defined under a name, used or not."""
    part_of: str = ""
    """The account whose part of the files this is; empty where it is all of them."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whose the entries are, in the order of `server.accounts`; none where no entry and no file says so.

        Then all of them are of the one account that is meant.
        """
        lists: tuple[Iterable[Entry], ...] = (self.tags, self.assets, self.albums, self.album_sets)
        found = {entry.account for entries in lists for entry in entries}
        if not found - {None}:
            return ()
        if None in found:
            found.add(self.usual)
        return tuple(name for name in self.server.accounts if name in found)

    @property
    def usual(self) -> str | None:
        """The account of entries that name none."""
        listed = self.server.accounts
        return self.account or (next(iter(listed)) if len(listed) == 1 else None)

    def of(self, account: str) -> Desired:
        """What is asked of one account."""

        def its(entries: tuple[E, ...]) -> tuple[E, ...]:
            return tuple(entry for entry in entries if (entry.account or self.usual) == account)

        return replace(
            self,
            tags=its(self.tags),
            assets=its(self.assets),
            albums=its(self.albums),
            album_sets=its(self.album_sets),
            account=account,
            part_of=account,
        )

    @property
    def names(self) -> tuple[PhotoName, ...]:
        """Every photo that is named one by one, in order."""
        found = [entry.name for entry in self.assets if entry.name]
        for album in self.albums:
            found += [*(album.photos or ()), *([album.cover] if album.cover else [])]
        return tuple(found)

    @property
    def shares(self) -> tuple[ShareWish, ...]:
        """Everything that is asked about who sees albums, in order."""
        wishes = [*(album.share for album in self.albums), *(made.share for made in self.album_sets)]
        return tuple(wish for wish in wishes if wish)

    @property
    def rules(self) -> tuple[Selector, ...]:
        """Every rule over the library, in order."""
        found = [entry.rule for entry in self.assets if entry.rule]
        for album in self.albums:
            found += [part for part in (album.rule, album.exclude) if part]
        for album_set in self.album_sets:
            found += album_set.asked
        return tuple(found)
