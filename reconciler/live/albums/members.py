"""Which albums' members must be known, and reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.immich.answers import AlbumList
from reconciler.live.albums.sets import may_be_of_sets
from reconciler.live.cost import members_cost
from reconciler.live.errand import Errand
from reconciler.live.kept.members import KeptMembers
from reconciler.live.plan import Rejected, What, read
from reconciler.live.reading import Reading
from reconciler.live.searching.choosing import Choice
from reconciler.live.searching.clauses import ALBUMS
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.structured import left_out_of
from reconciler.live.searching.wording import listed
from reconciler.model.asset import Asset, Person
from reconciler.model.desired import AlbumEntry, Desired, Membership
from reconciler.model.live import Album
from reconciler.model.origin import Origin
from reconciler.model.text import folded
from reconciler.model.words import counted


@dataclass(slots=True)
class Albums:
    """The albums whose members matter, and the members once they are read."""

    errand: Errand
    reading: Reading
    desired: Desired
    listed: AlbumList = field(default_factory=lambda: AlbumList((), ()))
    """All albums there are, once the list is read."""
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    """Ids of albums of which only the members that show are known, which is all that rules ask for."""
    kept: KeptMembers | None = field(init=False)
    _meant: Meant = field(init=False)
    _shown_will_do: set[str] = field(default_factory=set)
    """Ids of albums of which the members that show are all that is asked for, whatever is known."""
    _made: list[str] = field(default_factory=list)
    """Ids of albums that a set may have made."""
    _whole: bool = False
    """Whether members that don't show are asked for too."""

    def __post_init__(self) -> None:
        kept = self.errand.around.kept
        self.kept = KeptMembers(kept) if kept else None
        self._meant = Meant(self.desired)

    @property
    def names(self) -> dict[str, str]:
        """The names of the account's own albums, by id."""
        return {album.id: album.name for album in self.listed.own}

    @property
    def others(self) -> dict[str, str]:
        """The names of other people's albums that rules ask for, by id."""
        return {album.id: album.name for album in self.listed.others if self._asked_for(album)}

    def that_matter(self) -> list[Album]:
        """The albums that entries manage or rules ask for."""
        own = [album for album in self.listed.own if self._meant.matters(album, self.reading)]
        return own + [album for album in self.listed.others if self._asked_for(album)]

    def told_by(self, choice: Choice) -> frozenset[str]:
        """Ids of albums whose members all searches leave out (3.2+), so that nothing they bring is in one.

        Who is in them need not be read, as long as no photos come from elsewhere.
        """
        around, searches = self.errand.around, choice.searches
        if choice.whole or around.whole or around.complete or not all(one.branches for one in searches):
            return frozenset()
        left_out = [left_out_of(branch, ALBUMS) for one in searches for branch in one.branches]
        return frozenset.intersection(*left_out) if left_out else frozenset()

    def read_unless(self, spared: list[Album], told: bool) -> None:
        """Reads the members of albums, unless searches have told that nothing they brought is in them."""
        if told and spared:
            way = f"who is in {counted(len(spared), 'album')}"
            cost = members_cost(album.asset_count for album in spared)
            why = "the search leaves out what is in them"
            self.errand.rejected.append(Rejected(way, why, cost))
        else:
            self.read(spared)

    def of_sets(
        self, assets: Collection[Asset], tags: Iterable[str], people: Iterable[Person]
    ) -> list[Album]:
        """The albums that album sets may make or have made; the photos decide which groups there are."""
        if not self.desired.album_sets:
            return []
        may_be = may_be_of_sets(self.desired, assets, tags, people, self.errand.around.known)
        found = [album for album in self.listed.own if may_be(album)]
        self._made += [album.id for album in found]
        return found

    def read(self, albums: Iterable[Album]) -> None:
        """Reads the members of these albums."""
        if job := self.job(albums):
            job()

    def read_all(self, albums: Iterable[Album]) -> None:
        """Reads the members of these albums, those that don't show too."""
        wanted = list(albums)
        self._shown_will_do.difference_update(album.id for album in wanted)
        for album_id in self.shown.intersection(album.id for album in wanted):
            del self.members[album_id]
        self._whole = True
        self.read(wanted)

    def job(self, albums: Iterable[Album]) -> Callable[[], None] | None:
        """A job that reads the members of these albums, as far as they aren't there yet."""
        wanted = {album.id: album for album in albums if album.id not in self.members}
        if not wanted:
            return None
        text = f"who is in {listed([repr(album.name) for album in wanted.values()])}"
        cost = members_cost(album.asset_count for album in wanted.values())
        number = self.errand.will(read(What.MEMBERS, text, cost, self._because(wanted.values())))

        def job() -> None:
            told, stop = self.errand.tell("albums"), self.errand.stop
            with self.errand.during(number):
                shown = frozenset(key for key, album in wanted.items() if self._only_asked_for(album))
                same = self._as_kept(wanted.values(), shown)
                self.shown |= shown & same.keys()
                self._shown_will_do |= shown
                rest = [album_id for album_id in wanted if album_id not in same]
                read = self.errand.source.members_of(rest, on_progress=told, stop=stop) if rest else {}
            if self.kept:
                self.errand.around.meter.say(number, f"{len(same):,} as kept, {len(rest):,} read")
            found = {album_id: (same if album_id in same else read)[album_id] for album_id in wanted}
            self.members |= found
            self.errand.came(number, sum(len(one) for one in found.values()))

        return job

    def _as_kept(self, albums: Iterable[Album], shown: Collection[str]) -> dict[str, frozenset[str]]:
        return self.kept.of(albums, self.listed.states, shown) if self.kept else {}

    def keep(self, everything: Mapping[str, Asset] | None) -> None:
        """Keeps who is in the albums that were read, where all photos are known, hidden ones too."""
        if self.kept and everything is not None and self.members:
            every = (*self.listed.own, *self.listed.others)
            whole = {key: found for key, found in self.members.items() if key not in self.shown}
            self.kept.keep(whole, every, self.listed.states, everything)

    def all_kept(self) -> bool:
        """Whether all members that were read are kept, so that the list tells of each change."""
        read = [album for album in (*self.listed.own, *self.listed.others) if album.id in self.members]
        states, shown = self.listed.states, self._shown_will_do
        return self.kept is not None and len(self.kept.told_by(read, states, shown)) == len(read)

    def in_facts(self, facts: Facts) -> Facts:
        """The facts with the albums that rules name, and who is in them."""
        by_name: dict[str, list[str]] = defaultdict(list)
        for album in (*self.listed.own, *self.listed.others):
            for name in self._meant.names_of(album) & self.reading.needs.albums:
                by_name[name].append(album.id)
        found = {name: tuple(sorted(ids)) for name, ids in by_name.items()}
        return replace(facts, albums=found, members=self.members, left_alone=self._left_alone())

    def _left_alone(self) -> frozenset[str]:
        """The ids of albums that no entry and no set may mean, so that a plan changes nothing in them."""
        if self.desired.album_sets:
            return frozenset()
        listed = (*self.listed.own, *self.listed.others)
        return frozenset(album.id for album in listed if not self._meant.by(album))

    def to_identify(self) -> dict[str, frozenset[str]]:
        """The members, by album id, of the albums that photos may have to leave."""
        found = {}
        for album in self.listed.own:
            entries = self._meant.there(album)
            exact = any(one.manages_members and one.membership is Membership.EXACT for one in entries)
            if exact or album.id in self._made:
                found[album.id] = self.members.get(album.id, frozenset())
        return found

    def meaning(self, entry: AlbumEntry) -> list[Album]:
        """The account's own albums that an entry may mean."""
        former = entry.renamed_from.value if entry.renamed_from else None
        return [
            album for album in self.listed.own if album.name in (entry.name, former) or album.id == entry.id
        ]

    def _only_asked_for(self, album: Album) -> bool:
        """Whether nothing but rules that leave hidden photos out ask who is in an album."""
        around = self.errand.around
        if self._whole or self.reading.needs.hidden or around.whole or around.complete:
            return False
        return not self._meant.by(album)

    def _because(self, albums: Iterable[Album]) -> list[Origin]:
        return [entry.origin for album in albums for entry in self._meant.there(album)]

    def _asked_for(self, album: Album) -> bool:
        return self._meant.asked_for(album, self.reading)


class Meant:
    """Which entries may mean an album. Each is looked up, as there may be a thousand of both."""

    def __init__(self, desired: Desired) -> None:
        self._entries = desired.albums
        self._by: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, entry in enumerate(self._entries):
            keys = {("name", entry.name)}
            if entry.renamed_from:
                keys.add(("name", entry.renamed_from.value))
            if entry.id:
                keys.add(("id", entry.id))
            for key in keys:
                self._by[key].append(place)

    def by(self, album: Album) -> list[AlbumEntry]:
        """The entries that may mean this album, in the order of the files."""
        places = {*self._by.get(("name", album.name), ()), *self._by.get(("id", album.id), ())}
        return [self._entries[place] for place in sorted(places)]

    def there(self, album: Album) -> list[AlbumEntry]:
        """Those of them that want it to be there."""
        return [entry for entry in self.by(album) if not entry.absent]

    def matters(self, album: Album, reading: Reading) -> bool:
        """Whether a plan needs an album's members, because entries manage it or rules ask for it."""
        managed = any(entry.manages_members or entry.cover is not None for entry in self.there(album))
        return managed or self.asked_for(album, reading)

    def asked_for(self, album: Album, reading: Reading) -> bool:
        """Whether rules ask who is in an album."""
        return reading.needs.all_albums or bool(self.names_of(album) & reading.needs.albums)

    def names_of(self, album: Album) -> frozenset[str]:
        """What a rule may call the album, folded: its name, and the one that an entry gives it."""
        return frozenset({folded(album.name), *(folded(entry.name) for entry in self.there(album))})
