"""Reads the photos that rules and names ask for: the whole library, or its parts, whichever costs less."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from reconciler.immich.answers import AssetDetail
from reconciler.immich.filters import SOMEBODY, may_be_id
from reconciler.immich.scan import Begun
from reconciler.immich.search import PeopleOf, Selection
from reconciler.live.cost import PAGE, Cost, people_cost, search_cost
from reconciler.live.errand import Errand
from reconciler.live.people.company import Company
from reconciler.live.plan import What, read
from reconciler.live.searching.choosing import (
    Choice,
    found_on_map,
    ids_read,
    located_reads,
    lookup_reads,
    lookups_of,
    scan_read,
)
from reconciler.live.searching.clauses import UNTAGGED
from reconciler.live.searching.facts import Facts, ids_cost
from reconciler.live.searching.looking import Looking
from reconciler.live.searching.lookups import by_checksum, by_name
from reconciler.live.searching.map import InPlace, Located
from reconciler.live.searching.names import Names, unfound
from reconciler.live.searching.parts import Parts
from reconciler.model.asset import Asset
from reconciler.model.desired import PhotoName
from reconciler.model.values import Visibility

N = TypeVar("N")
S = TypeVar("S")

LARGE = 4 * PAGE
"""A search for more photos than this uses all connections by itself."""


@dataclass(slots=True)
class Photos:
    """Reads photos, none twice; `assets` are the owner's own, outside the trash.

    `others` are those of other people that rules ask for, or that are named by their ids.
    """

    errand: Errand
    company: Company
    assets: dict[str, Asset] = field(default_factory=dict)
    details: dict[str, AssetDetail] = field(default_factory=dict)
    others: dict[str, Asset] = field(default_factory=dict)
    scanned: bool = False
    everything: Mapping[str, Asset] | None = None
    """All photos, hidden ones too, where they were read to be kept."""
    found: dict[Selection, frozenset[str]] = field(default_factory=dict)
    """The photos that each search has brought."""
    unseen: list[int] = field(default_factory=list)
    """Photos that each search should have brought and did not, or without metadata: not yet read."""
    _aside: dict[str, Asset] = field(default_factory=dict)
    """Hidden photos that came along and that no rule asks for; a name may."""
    looking: Looking = field(init=False)

    def __post_init__(self) -> None:
        self.looking = Looking(self.errand, self.company)

    @property
    def people(self) -> PeopleOf | None:
        """Takes in who is on each photo, where everybody must be known; the whole library is read then."""
        return self.company.scanned

    @property
    def come_from_searches(self) -> bool:
        """Whether searches have brought every photo that is known."""
        found = frozenset[str]().union(*self.found.values())
        return not self.scanned and self.assets.keys() | self.others.keys() <= found

    # Reading

    def read(self, choice: Choice, names: tuple[PhotoName, ...], beside: list[Callable[[], None]]) -> None:
        """Reads what was chosen, with other jobs beside it."""
        if choice.whole:
            number = self.errand.will(scan_read(choice.facts, choice.parts.whole))
            self.errand.loudest = "photos"
            self.errand.at_once(lambda: self._read_all(number, choice.facts.library), *beside)
            self.errand.loudest = ""
            self.scanned = True
            self._find_the_rest(names, choice)
        else:
            searches = list(choice.parts.selections)
            lookups = self._lookups(choice, names)
            if (people := self.people) is not None:
                number = self._plan_people(choice.facts.library)
                beside = [*beside, lambda: self._who_is_on(number, people)]
            self.errand.at_once(lambda: self._search(searches), *lookups, *beside)

    def _read_all(self, number: int, size: int) -> None:
        """The whole library: what is kept of it, brought up to date, or a scan."""
        kept, hidden = self.looking.kept(size), self.errand.hidden
        if kept is None:
            self._scan(number, Selection(hidden=hidden))
            return
        told, stop = self.errand.tell("photos"), self.errand.stop
        self.errand.around.meter.hand_over(number)
        with self.errand.during(number):
            found, how = kept.library(
                self.errand.source, self.errand.owner, people=self.people, on_progress=told, stop=stop
            )
        self.errand.around.meter.say(number, how)
        self.everything = found
        shows_hidden = hidden or self.errand.source.dialect.search_shows_all
        self._take(
            asset for asset in found.values() if shows_hidden or asset.visibility is not Visibility.HIDDEN
        )
        self.errand.came(number, len(found))
        if self.people is not None and not kept.read_anew:
            self._who_is_on(self._plan_people(size), self.people)
        elif self.people is not None and not shows_hidden:
            for asset in found.values():
                if asset.visibility is Visibility.HIDDEN:
                    self.people.pop(asset.id, None)

    def _plan_people(self, size: int) -> int:
        return self.errand.will(read(What.PEOPLE, "who is on each photo", people_cost(size), fewest=0))

    def _who_is_on(self, number: int, people: PeopleOf) -> None:
        """Who is on all photos, where the photos themselves are known: nothing tells when that changes."""
        source, told, stop = self.errand.source, self.errand.tell("people"), self.errand.stop
        everybody = Selection(hidden=self.errand.hidden)
        if source.dialect.structured_filter:
            everybody = Selection(hidden=True, branches=(SOMEBODY,))
        with self.errand.during(number):
            begun = source.begin_people(everybody, people, stop=stop)
            source.finish_people(begun, on_progress=told, stop=stop)
        self.errand.came(number, len(people))

    def _scan(self, number: int, selection: Selection) -> None:
        with self.errand.during(number):
            begun = self.errand.source.begin(selection, people=self.people, stop=self.errand.stop)
            self._finish(begun, None, None, self.errand.tell("photos"))
            self.errand.came(number, len(self.assets) + len(self._aside) + len(self.others))

    def _search(self, selections: list[Selection]) -> None:
        """Reads searches that were begun to their end."""
        self._each(selections, lambda one: self.looking.counts.get(one, 0), self._rest)

    def _each(
        self, searches: list[S], rows: Callable[[S], int], read: Callable[[S, int | None], None]
    ) -> None:
        """Reads large searches one by one on all connections, then small ones at once on one each."""
        for one in searches:
            if rows(one) > LARGE:
                read(one, None)
        narrow = [one for one in searches if rows(one) <= LARGE]
        connections = None if len(narrow) == 1 else 1
        self.errand.each(lambda one: read(one, connections), narrow)

    def _rest(self, selection: Selection, connections: int | None) -> None:
        begun, expected, seen = self.looking.begun[selection], self.looking.counts.get(selection), [0]
        number = self.looking.numbers[selection]
        with self.errand.during(number):
            brought = self._finish(begun, expected, connections, seen.append)
        self.found[selection] = frozenset(brought)
        if selection.branches and all(UNTAGGED in one.conditions for one in selection.branches):
            self.details |= {key: AssetDetail(asset, frozenset()) for key, asset in brought.items()}
        self.errand.came(number, seen[-1] - begun.rows)
        self.errand.tell("photos")(len(self.assets))
        if expected is not None and selection.countable:
            self.unseen.append(max(0, expected - seen[-1]))

    def _finish(
        self,
        begun: Begun[Asset],
        expected: int | None,
        connections: int | None,
        on_progress: Callable[[int], None],
        only: Collection[str] | None = None,
    ) -> dict[str, Asset]:
        """Reads what was begun to its end and takes in the photos, or `only` some of them."""
        found = self.errand.source.finish(
            begun,
            owner_id=self.errand.owner,
            hidden=True,
            others=self.errand.others,
            expected=expected,
            connections=connections,
            on_progress=on_progress,
            stop=self.errand.stop,
        )
        read = [asset for asset in found.values() if asset.read]
        self.unseen.append(len(found) - len(read))
        self._take(read if only is None else (asset for asset in read if asset.id in only))
        return found

    def _take(self, assets: Iterable[Asset]) -> None:
        for asset in assets:
            if asset.owner_id != self.errand.owner:
                self.others[asset.id] = asset
                continue
            shown = self.errand.hidden or asset.visibility is not Visibility.HIDDEN
            (self.assets if shown else self._aside)[asset.id] = asset

    # Members

    def read_members(
        self, albums: Mapping[str, frozenset[str]], names: Mapping[str, str], facts: Facts
    ) -> None:
        """Reads the members of albums, by id, that may have to leave, as far as they aren't there yet.

        What shows that one is hidden or somebody else's is left out. `names` are the albums' names.
        """
        if self.scanned:
            return
        known = self.assets.keys() | self._aside.keys() | self.details.keys() | self.others.keys()
        seen = (*self.assets.values(), *self.others.values())
        known |= {asset.motion_id for asset in seen if asset.motion_id}
        alone: set[str] = set()
        for album, members in sorted(albums.items()):
            unknown = members - known - alone
            search = search_cost(len(members), facts.library, facts.passes)
            if unknown and search.seconds < ids_cost(len(unknown), facts).seconds:
                self._search_album(album, len(members), names[album], search)
                known |= members
            else:
                alone |= unknown
        if alone := alone - known:
            text = f"{len(alone):,} members that may have to leave"
            number = self.errand.will(read(What.LEAVING, text, ids_cost(len(alone), facts)))
            self._by_id(number, sorted(alone), frozenset(), together=facts.by_ids)

    def _search_album(self, album: str, size: int, name: str, cost: Cost) -> None:
        number = self.errand.will(read(What.LEAVING, f"members of {name!r}, who may have to leave", cost))
        selection = Selection((("albumIds", (album,)),), hidden=self.errand.hidden)
        before = len(self.assets)
        with self.errand.during(number):
            begun = self.errand.source.begin(selection, stop=self.errand.stop)
            self._finish(begun, size, None, self.errand.tell("photos"))
        self.errand.came(number, len(self.assets) - before)

    # Names

    def _lookups(self, choice: Choice, names: tuple[PhotoName, ...]) -> list[Callable[[], None]]:
        """Jobs that find photos by what they are called, and those that the map has told."""
        found, facts, will = choice.lookups, choice.facts, self.errand.will
        reads = lookup_reads(found, facts, self.errand.around.may_check)
        named = frozenset(name.id for name in names if name.id)
        jobs: list[Callable[[], None]] = []
        if reads.by_id:
            ids = list(found.ids)
            jobs.append(partial(self._by_id, will(reads.by_id), ids, named, together=facts.by_ids))
        if reads.check and reads.checked:
            jobs.append(partial(self._checked, will(reads.check), will(reads.checked), list(found.checksums)))
        if reads.by_checksum:
            jobs.append(partial(self._called, will(reads.by_checksum), by_checksum, found.checksums))
        if reads.by_name:
            jobs.append(partial(self._called, will(reads.by_name), by_name, found.names))
        if found.located.wanted:
            numbers = [will(one) for one in located_reads(found, facts)]
            jobs.append(partial(self._by_place, numbers, found.located, facts))
        return jobs

    def _by_place(self, numbers: list[int], located: Located, facts: Facts) -> None:
        """Photos of which the map has told where they are, by searches for the places and by their ids."""
        searches = list(zip(located.searches, numbers, strict=False))

        def search(one: tuple[InPlace, int], connections: int | None) -> None:
            place, number = one
            seen = [0]
            with self.errand.during(number):
                begun = self.errand.source.begin(place.selection, stop=self.errand.stop)
                brought = self._finish(begun, place.rows, connections, seen.append, only=place.wanted)
            self.found[place.selection] = frozenset(brought)
            self.errand.came(number, seen[-1])
            self.errand.tell("photos")(len(self.assets))

        self._each(searches, lambda one: one[0].rows, search)
        # a place may have got another name since, or the photo been archived, locked or deleted
        brought = frozenset[str]().union(*(self.found[one.selection] for one in located.searches))
        missing = located.wanted - brought
        if missing:
            planned = numbers[len(searches) :]
            number = planned[0] if planned else self.errand.will(found_on_map(missing, facts))
            self._by_id(number, sorted(missing), frozenset(), together=facts.by_ids)

    def _by_id(self, number: int, ids: list[str], named: frozenset[str], *, together: bool = False) -> None:
        """Photos by their ids, with their tags; several `together` without, but for what no search shows."""
        source = self.errand.source
        with self.errand.during(number):
            asked = [one for one in ids if may_be_id(one)] if together else []
            known = {asset.id: asset for asset in source.called("id", asked)} if asked else {}
            rest = [one for one in ids if one not in known]
            told, stop = self.errand.tell("photos"), self.errand.stop
            found = source.assets(rest, on_progress=told, stop=stop) if rest else {}
        self.errand.came(number, len(known) + len(found))
        for asset in known.values():
            self._take_one(asset, asset.id in named)
        for asset_id, detail in found.items():
            if self._take_one(detail.asset, asset_id in named):
                self.details[detail.asset.id] = detail

    def _take_one(self, asset: Asset, named: bool) -> bool:
        """Takes in a photo that was asked for by its id; whether it is the account's own."""
        if asset.trashed:
            return False
        if asset.owner_id != self.errand.owner:
            if named or (asset.owner_id in self.errand.others and asset.visibility is Visibility.TIMELINE):
                self.others[asset.id] = asset
            return False
        if named:
            self.assets[asset.id] = asset
        else:
            self._take([asset])
        return True

    def _checked(self, number: int, then: int, checksums: list[str]) -> None:
        with self.errand.during(number):
            known = self.errand.source.known_files(checksums)
        self.errand.came(number, len(known))
        ids = sorted(set(known.values()))
        self._by_id(then, ids, frozenset(ids))

    def _called(
        self, number: int, look: Callable[[Errand, Collection[N]], list[list[Asset]]], names: Collection[N]
    ) -> None:
        """Photos by names; a hidden one is meant only where none that shows is called the same."""
        with self.errand.during(number):
            found = look(self.errand, names)
        for assets in found:
            shown = [one for one in assets if one.visibility is not Visibility.HIDDEN]
            for asset in assets if self.errand.hidden or not shown else shown:
                self.assets[asset.id] = asset
        self.errand.came(number, sum(len(assets) for assets in found))
        self.errand.tell("photos")(len(self.assets))

    def _find_the_rest(self, names: tuple[PhotoName, ...], choice: Choice) -> None:
        """Finds names that a scan has not shown: hidden photos, and what only its id finds."""
        dialect = self.errand.source.dialect
        if not dialect.search_shows_all and not self.errand.hidden and unfound(names, self.assets):
            cost = search_cost(PAGE, choice.facts.library)
            hidden = read(What.SCAN, "hidden photos", cost, (name.origin for name in names))
            number = self.errand.will(hidden)
            self._scan(number, Selection(visibility=Visibility.HIDDEN))
        wanted = Names(unfound(names, self.assets))
        self.assets |= {key: asset for key, asset in self._aside.items() if wanted.mean(asset)}
        rest = lookups_of((name for name in unfound(names, self.assets) if name.id), Parts())
        if rest.ids:
            number = self.errand.will(ids_read(rest, choice.facts))
            self._by_id(number, list(rest.ids), frozenset(rest.ids), together=choice.facts.by_ids)
