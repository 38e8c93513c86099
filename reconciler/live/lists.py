"""What is asked before anything else: lists and sizes, by which it is decided how to read the rest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.immich.answers import AlbumList
from reconciler.immich.search import Selection
from reconciler.live.cost import count_cost, list_cost
from reconciler.live.errand import Errand
from reconciler.live.plan import Read, What, read
from reconciler.live.reading import Reading
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.wording import listed
from reconciler.live.tags.memberships import themselves
from reconciler.model.asset import Owner
from reconciler.model.desired import AlbumEntry, AlbumSet, AssetEntry, Desired
from reconciler.model.live import Tag
from reconciler.model.origin import Origin
from reconciler.model.owners import OwnerIs, takes
from reconciler.model.sharing import User
from reconciler.model.values import Visibility


@dataclass(slots=True)
class Lists:
    """Asks for the lists that a reading needs, and keeps what they say."""

    errand: Errand
    reading: Reading
    desired: Desired
    library: int = 0
    tags: Mapping[str, Tag] = field(default_factory=dict)
    albums: AlbumList = field(default_factory=lambda: AlbumList((), ()))
    users: tuple[User, ...] = ()
    owners: tuple[Owner, ...] = ()
    shown: int | None = None
    """How many photos searches show, other people's too, where rules ask for these."""

    @property
    def told(self) -> tuple[Hashable, ...]:
        """All that the lists say, in the order in which they say it."""
        return self.library, tuple(self.tags.values()), self.albums, self.users

    def ask(self) -> Facts:
        """How large the library is, its tags, its albums, and who is there, as far as they matter."""
        jobs = []
        if self.reading.asks_size:
            jobs.append(self._job(read(What.SIZE, "how many photos", count_cost(0), fewest=0), self._size))
        if self.reading.read_tags:
            jobs.append(self._job(read(What.TAGS, "the list of tags", list_cost()), self._tags))
        dialect = self.errand.source.dialect
        if self.reading.albums:
            cost = list_cost(len(dialect.album_queries))
            jobs.append(self._job(read(What.ALBUMS, "the list of albums", cost), self._albums))
        if self.reading.users:
            jobs.append(self._job(read(What.USERS, "who is on the server", list_cost()), self._users))
        if self.reading.needs.owners:
            text = f"whose photos are shown: {listed(sorted(self.reading.needs.owners))}"
            jobs.append(self._job(read(What.OWNERS, text, list_cost(), self._naming_owners()), self._owners))
            about = "how many photos, other people's too"
            jobs.append(self._job(read(What.SIZE, about, count_cost(0), fewest=0), self._with_others))
        if jobs:
            self.errand.at_once(*jobs)
        self._who_else()
        return Facts(
            library=self.library if self.shown is None else max(self.shown, self.library),
            passes=len(dialect.passes(hidden=self.errand.hidden)),
            hidden=self.errand.hidden,
            structured=dialect.structured_filter,
            by_ids=dialect.structured_filter and not self.reading.read_tags,
            tags=self.tags,
            told_apart=bool(themselves(self.reading, self.tags)),
        )

    def _naming_owners(self) -> Iterator[Origin]:
        """The lines whose rules ask for somebody's photos by name."""
        lists: tuple[Iterable[AssetEntry | AlbumEntry | AlbumSet], ...]
        lists = (self.desired.assets, self.desired.albums, self.desired.album_sets)
        for entry in (entry for entries in lists for entry in entries):
            if entry.rule and entry.rule.needs().owners:
                yield entry.origin

    def _job(self, planned: Read, question: Callable[[], int]) -> Callable[[], None]:
        number = self.errand.will(planned)

        def job() -> None:
            with self.errand.during(number):
                self.errand.came(number, question())

        return job

    def _size(self) -> int:
        self.library = self.errand.source.library_size(hidden=False)
        return 0

    def _with_others(self) -> int:
        self.shown = self.errand.source.size_of(Selection(visibility=Visibility.TIMELINE))
        return 0

    def _owners(self) -> int:
        self.owners = tuple(self.errand.source.owners())
        wanted = frozenset(map(OwnerIs, self.reading.needs.owners))
        self.errand.others = frozenset(
            owner.id for owner in self.owners if owner.shown and not owner.me and takes(wanted, owner)
        )
        return len(self.owners)

    def _who_else(self) -> None:
        """Everybody the server tells of, where somebody is named who is no partner: to say what is wrong."""
        named = [OwnerIs(who) for who in sorted(self.reading.needs.owners)]
        lost = [one for one in named if one.named and not any(map(one.means, self.owners))]
        if not lost:
            return
        if not self.reading.users:
            text = f"who is {listed([one.who for one in lost])}"
            self._job(read(What.OWNERS, text, list_cost(), fewest=0), self._users)()
        known = {owner.id for owner in self.owners}
        found = [user for user in self.users if user.id not in known]
        self.owners += tuple(Owner(user.id, user.name, user.email, shown=False) for user in found)

    def _tags(self) -> int:
        self.tags = {tag.path: tag for tag in self.errand.source.tags()}
        return len(self.tags)

    def _albums(self) -> int:
        self.albums = self.errand.source.albums()
        self.errand.tell("albums")(len(self.albums.own))
        return len(self.albums.own)

    def _users(self) -> int:
        self.users = tuple(self.errand.source.users())
        return len(self.users)
