"""Carries out a reading: asks the server what a desired state needs to know, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.immich.answers import AlbumList
from reconciler.immich.search import Selection
from reconciler.live.albums.covers import read_other_covers
from reconciler.live.albums.members import Albums
from reconciler.live.cost import count_cost, list_cost
from reconciler.live.errand import Around, Errand, OnProgress, quiet
from reconciler.live.kept.unchanged import looked, mark_of, stands
from reconciler.live.people.company import Company
from reconciler.live.plan import Read, ReadingPlan, What, read
from reconciler.live.reading import Reading, reading_for
from reconciler.live.searching.choosing import Choice
from reconciler.live.searching.parts import Facts, asked_of
from reconciler.live.searching.photos import Photos
from reconciler.live.searching.wording import listed
from reconciler.live.source import Source
from reconciler.live.tags.memberships import themselves
from reconciler.live.tags.tagging import Tagging
from reconciler.model.asset import Owner
from reconciler.model.desired import Desired
from reconciler.model.live import Features, Identity, Live, Tag
from reconciler.model.memory import no_collection
from reconciler.model.origin import Origin
from reconciler.model.owners import OwnerIs, takes
from reconciler.model.sharing import User
from reconciler.model.values import Visibility

__all__ = ["Around", "OnProgress", "quiet", "read_live", "read_planned"]


def read_live(
    desired: Desired,
    source: Source,
    *,
    identity: Identity,
    features: Features,
    around: Around | None = None,
    on_progress: OnProgress = quiet,
) -> Live:
    """The live state that a plan for `desired` needs. Raises ServerError."""
    return read_planned(
        desired, source, identity=identity, features=features, around=around, on_progress=on_progress
    )[0]


def read_planned(
    desired: Desired,
    source: Source,
    *,
    identity: Identity,
    features: Features,
    around: Around | None = None,
    on_progress: OnProgress = quiet,
) -> tuple[Live, ReadingPlan]:
    """The live state that a plan for `desired` needs, and how it was read. Raises ServerError."""
    found = read_unless_same(
        desired,
        source,
        identity=identity,
        features=features,
        around=replace(around, than="") if around else Around(),
        on_progress=on_progress,
    )
    assert found.live is not None
    return found.live, found.plan


@dataclass(frozen=True, slots=True)
class WasRead:
    """What a reading has come to, and how it was done.

    `live` is None where the server stands as it did at the earlier reading (`Around.than`). `mark` names how
    it stands, for a later one; empty where nothing would tell.
    """

    live: Live | None
    plan: ReadingPlan
    mark: str


def read_unless_same(
    desired: Desired,
    source: Source,
    *,
    identity: Identity,
    features: Features,
    around: Around,
    on_progress: OnProgress = quiet,
) -> WasRead:
    """Like `read_planned`, but no further than to see that nothing has changed. Raises ServerError."""
    with no_collection():
        return _read(desired, source, identity, features, around, on_progress)


def _read(
    desired: Desired,
    source: Source,
    identity: Identity,
    features: Features,
    around: Around,
    on_progress: OnProgress,
) -> WasRead:
    reading = reading_for(desired)
    errand = Errand(source, identity.user_id, reading.needs.hidden, around, on_progress)
    asked = asked_of(desired, structured=source.dialect.structured_filter)
    lists = _Lists(errand, reading, _reaching(desired))
    wholly = not reading.needs.owners and any(one.slice.anywhere.whole for one in asked)
    if around.kept and wholly and not around.than:
        around.kept.look_ahead()
    facts = lists.ask()
    told = (identity, features, *lists.told)
    if around.than and stands(errand, facts, told):
        return WasRead(None, errand.plan, around.than)
    if around.kept and wholly:
        around.kept.look_ahead()
    albums = Albums(errand, reading, desired, lists.albums)
    company = Company(errand, reading.needs)
    if any(one.slice.albums for one in asked):
        albums.read(albums.that_matter())
        facts = albums.in_facts(facts)
    elif facts.structured:
        facts = albums.in_facts(facts)
    company.meet(desired, facts)
    facts = company.in_facts(facts, asked)
    if around.kept and company.scanned is not None and not reading.needs.owners:
        around.kept.look_ahead()
    photos = Photos(errand, company)
    choice = photos.looking.choose(asked, reading.names, facts)
    if not choice.whole:
        looked(errand, facts)
    company.begin(choice.parts.selections)
    tagging = Tagging(errand, reading, desired, facts)
    matter, spared = albums.that_matter(), albums.told_by(choice)
    beside = [company.job(choice.parts.selections), albums.job(one for one in matter if one.id not in spared)]
    if choice.whole:
        beside.append(tagging.job())
    photos.read(choice, reading.names, [job for job in beside if job])
    people = company.people(photos.found)
    grouped = (*photos.assets.values(), *photos.others.values())
    albums.read_all(albums.of_sets(grouped, facts.tags, people.known))
    photos.read_members(albums.to_identify(), albums.names, facts)
    read_other_covers(errand, desired, albums, photos)
    albums.read_unless([one for one in matter if one.id in spared], photos.come_from_searches)
    tags = tagging.memberships(photos.assets, photos.details, company.beside, photos.everything, photos.found)
    _keep(albums, photos)
    in_parts = reading.scan and not choice.whole
    live = Live(
        identity=identity,
        features=features,
        assets=photos.assets if choice.whole else dict(sorted(photos.assets.items())),
        tags=lists.tags,
        tags_read=tags.read,
        tags_of=tags.of,
        albums=lists.albums.own,
        members=albums.members,
        other_albums=albums.others,
        unread=_unread(photos, choice, reading, lists.library),
        library=lists.library if in_parts else None,
        tagged={**tags.at_most, **(tagging.totals(_given_by_rules(desired)) if in_parts else {})},
        people=people.known,
        people_of=people.of,
        stacked=company.stacked,
        libraries=company.libraries,
        users=lists.users,
        others=dict(sorted(photos.others.items())),
        owners=lists.owners,
        with_others=None if lists.shown is None else max(lists.shown, lists.library),
    )
    return WasRead(live, errand.plan, mark_of(errand, albums, photos, told))


def _reaching(desired: Desired) -> tuple[Origin, ...]:
    albums = [(album.origin, album.rule) for album in desired.albums]
    sets = [(album_set.origin, album_set.rule) for album_set in desired.album_sets]
    entries = [(entry.origin, entry.rule) for entry in desired.assets]
    return tuple(origin for origin, rule in (*entries, *albums, *sets) if rule and rule.needs().owners)


def _keep(albums: Albums, photos: Photos) -> None:
    """Keeps who is in albums, where all photos are known."""
    if albums.kept and photos.everything is not None and albums.members:
        every = (*albums.listed.own, *albums.listed.others)
        whole = {key: found for key, found in albums.members.items() if key not in albums.shown}
        albums.kept.keep(whole, every, albums.listed.states, photos.everything)


def _given_by_rules(desired: Desired) -> frozenset[str]:
    wishes = [entry.tags for entry in desired.assets if entry.rule and entry.tags]
    return frozenset[str]().union(*(wish.mentioned for wish in wishes))


def _unread(photos: Photos, choice: Choice, reading: Reading, library: int) -> int:
    """Files that the server has not read yet and so leaves out of what rules ask for."""
    if not reading.scan:
        return 0
    if not choice.whole:
        return sum(photos.unseen)
    seen = sum(asset.visibility is not Visibility.HIDDEN for asset in photos.assets.values())
    return max(0, library - seen)


@dataclass(slots=True)
class _Lists:
    """What is asked before anything else: by most of it is decided how to read the rest."""

    errand: Errand
    reading: Reading
    reaching: tuple[Origin, ...] = ()
    """The lines whose rules ask for somebody's photos by name."""
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
            jobs.append(self._job(read(What.OWNERS, text, list_cost(), self.reaching), self._owners))
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
