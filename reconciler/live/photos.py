"""Reads the photos that rules and names ask for: the whole library, or its parts, whichever costs less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.immich.answers import AssetDetail
from reconciler.immich.scan import Begun
from reconciler.immich.search import PeopleOf, Selection
from reconciler.live.choosing import (
    Choice,
    checks_files,
    left_to_read,
    lookup_reads,
    lookups_of,
    scan_read,
    search_reads,
    worth_a_look,
)
from reconciler.live.cost import (
    PAGE,
    Cost,
    count_cost,
    detail_cost,
    kept_cost,
    list_cost,
    scan_cost,
    search_cost,
    total,
)
from reconciler.live.errand import Errand
from reconciler.live.kept import Kept
from reconciler.live.names import called, unfound
from reconciler.live.parts import Asked, Facts, Parts, parts_of, undated
from reconciler.live.plan import Rejected, What, read
from reconciler.live.reading import FEW
from reconciler.model.asset import Asset
from reconciler.model.desired import PhotoName
from reconciler.model.origin import Origin
from reconciler.model.values import Visibility

LARGE = 4 * PAGE
"""A search for more photos than this uses all connections by itself."""
KEPT, SCAN = "bringing up to date what is kept", "the scan"
"""What the whole library takes."""


@dataclass(slots=True)
class Photos:
    """Reads photos, none twice; `assets` are the owner's own, outside the trash.

    `others` are those of other people that rules ask for, or that are named by their ids.
    """

    errand: Errand
    assets: dict[str, Asset] = field(default_factory=dict)
    details: dict[str, AssetDetail] = field(default_factory=dict)
    others: dict[str, Asset] = field(default_factory=dict)
    people: PeopleOf | None = None
    """Takes in who is on each photo, where everybody must be known; the whole library is read then."""
    scanned: bool = False
    everything: Mapping[str, Asset] | None = None
    """All photos, hidden ones too, where they were read to be kept."""
    unseen: list[int] = field(default_factory=list)
    """Photos that each search should have brought and did not: the server has not read them yet."""
    _aside: dict[str, Asset] = field(default_factory=dict)
    """Hidden photos that came along and that no rule asks for; a name may."""
    _looked: tuple[bool | None, ...] = ()
    """What the queues have shown, once they were looked at."""
    _begun: dict[Selection, Begun[Asset]] = field(default_factory=dict)
    _counts: dict[Selection, int] = field(default_factory=dict)
    _numbers: dict[Selection, int] = field(default_factory=dict)

    # Deciding

    def choose(self, asked: tuple[Asked, ...], names: tuple[PhotoName, ...], facts: Facts) -> Choice:
        """The cheapest way to read what rules and names ask for."""
        if not asked:
            return self._choose_for_names(names, facts)
        if self.people is not None or self.errand.around.whole:
            reason = (
                "who is on the photos comes with all of them" if self.people is not None else "all are wanted"
            )
            self._reject("searches", reason)
            everybody = frozenset(line for one in asked for line in one.because)
            return Choice(True, Parts(whole=everybody), lookups_of(names, Parts()), facts, 0.0)
        best: Choice | None = None
        lines: frozenset[Origin] = frozenset()
        whole, what = self._whole(asked, facts)
        if what is KEPT and facts.told_apart:
            self._reject("searches", "whoever carries a tag beside one below it is kept with all photos")
            everybody = frozenset(line for one in asked for line in one.because)
            return Choice(True, Parts(whole=everybody), lookups_of(names, Parts()), facts, whole.seconds)
        for known in self._ever_closer(asked, facts):
            parts = parts_of(asked, known)
            lines = parts.whole
            found = lookups_of(names, parts)
            if parts.whole and what is KEPT and not any(one.slice.whole for one in asked):
                self._reject("searches", f"{what} costs less than to ask for the words they need")
                break
            if parts.whole:
                continue
            reads = lookup_reads(found, known, self.errand.around.may_check)
            if not worth_a_look(parts, reads, known, whole):
                lines = frozenset().union(*parts.selections.values(), *parts.ids.values())
                self._reject(f"{len(parts.selections):,} searches", f"{what} costs less")
                break
            self._look(parts, known)
            rest = left_to_read(parts, self._counts, known) + total(one.cost for one in reads).seconds
            rest += self._looks(parts, known)
            if best is None or rest < best.seconds:
                best = Choice(False, parts, found, known, rest)
            if not any(self._begun[one].more for one in parts.selections):
                break
        if best is not None and best.seconds <= whole.seconds:
            self.errand.rejected.append(Rejected("scan of the whole library", "costs more", whole))
            self._in_vain(self._numbers.keys() - best.parts.selections.keys())
            return best
        if best is not None:
            self._reject(f"{len(best.parts.selections):,} searches", f"would bring more than {what} costs")
            lines = frozenset().union(*best.parts.selections.values())
        elif lines and not self.errand.rejected:
            self._reject("searches", "no filter of the server covers the rule")
        self._in_vain(self._numbers)
        return Choice(True, Parts(whole=lines), lookups_of(names, Parts()), facts, whole.seconds)

    def _whole(self, asked: tuple[Asked, ...], facts: Facts) -> tuple[Cost, str]:
        """What the whole library costs, and what that is: a scan, or what is kept brought up to date."""
        kept = self._kept(facts.library)
        at_hand = kept is not None and kept.at_hand()
        if at_hand and self._may_be_in_parts(asked, facts) and self._queues(facts):
            return kept_cost(facts.library), KEPT
        return scan_cost(facts.library, facts.passes), SCAN

    def _looks(self, parts: Parts, facts: Facts) -> float:
        """Seconds of looks at single photos that later readings are spared if the whole library is kept."""
        if not facts.told_apart or self._kept(facts.library) is None or not self._queues(facts):
            return 0.0
        rows = sum(self._counts.get(one, self._begun[one].rows) for one in parts.selections)
        return detail_cost(rows).seconds

    def _choose_for_names(self, names: tuple[PhotoName, ...], facts: Facts) -> Choice:
        found = lookups_of(names, Parts())
        reads = lookup_reads(found, facts, self.errand.around.may_check)
        alone = total(one.cost for one in reads)
        whole = scan_cost(facts.library, facts.passes)
        if len(names) > FEW and whole.seconds < alone.seconds:
            self.errand.rejected.append(Rejected(f"{len(names):,} photos one by one", "costs more", alone))
            because = frozenset(name.origin for name in names)
            return Choice(True, Parts(whole=because), found, facts, whole.seconds)
        if len(names) > FEW:
            self.errand.rejected.append(Rejected("scan of the whole library", "costs more", whole))
        return Choice(False, Parts(), found, facts, alone.seconds)

    def _in_vain(self, looked: Iterable[Selection]) -> None:
        """Looks that only showed that another way is better: their first pages are all that was read."""
        for selection in looked:
            number = self._numbers[selection]
            rows = self._begun[selection].rows
            cost = search_cost(rows, 0, 1)
            self.errand.reads[number] = replace(self.errand.reads[number], cost=cost, fewest=0)

    def _reject(self, way: str, why: str) -> None:
        self.errand.rejected.append(Rejected(way, why))

    def _ever_closer(self, asked: tuple[Asked, ...], facts: Facts) -> Iterator[Facts]:
        """What is known, and then more that has to be asked for: are dates settled, which words are there."""
        dated = [one for one in asked if one.slice.taken != (None, None)]
        if dated and self._may_be_in_parts(asked, facts):
            facts = replace(facts, settled=self._settled(facts))
        yield facts
        fields = sorted({word.value for one in asked for word, _ in one.slice.words})
        plain = asked if facts.settled else tuple(undated(one) for one in asked)
        if fields and not any(one.slice.whole for one in plain):
            cost = count_cost(facts.library, len(fields))
            because = (line for one in asked if one.slice.words for line in one.because)
            number = self.errand.will(
                read(What.VALUES, "which there are: " + ", ".join(fields), cost, because, fewest=0)
            )
            with self.errand.during(number):
                found = self.errand.each(self.errand.source.values_in_use, fields)
            self.errand.came(number, sum(len(values) for values in found))
            yield replace(facts, values=dict(zip(fields, found, strict=True)))

    def _may_be_in_parts(self, asked: tuple[Asked, ...], facts: Facts) -> bool:
        """Whether it could pay to know that dates are settled."""
        whole = any(one.slice.whole for one in asked)
        return not whole and scan_cost(facts.library, facts.passes).seconds > list_cost().seconds * 2

    def _settled(self, facts: Facts) -> bool:
        """Whether photos are filed by the dates they show; told where it isn't so."""
        settled = self._queues(facts)
        if not settled:
            reason = (
                "only an administrator's key shows whether edits of dates still wait in the queues"
                if settled is None
                else "edits wait in the queues, and until then the server files photos by their former dates"
            )
            self._reject("search by `taken`", reason)
        return bool(settled)

    def _queues(self, facts: Facts) -> bool | None:
        """Whether no edit waits in the queues, asked once; None where no key shows them."""
        if facts.settled:
            return True
        if not self._looked:
            number = self.errand.will(read(What.QUEUES, "edits that wait", list_cost(), fewest=0))
            with self.errand.during(number):
                self._looked = (self.errand.around.settled(),)
            if self._looked[0] is None:
                self.errand.reads.pop()
        return self._looked[0]

    def _look(self, parts: Parts, facts: Facts) -> None:
        """The first pages, and how many more there are."""
        fresh = [one for one in parts.selections if one not in self._begun]
        new = Parts({one: parts.selections[one] for one in fresh})
        number = len(self.errand.reads)
        self.errand.reads += search_reads(new, {}, facts)

        def look(place: int) -> Begun[Asset]:
            with self.errand.during(number + place):
                begun = self.errand.source.begin(fresh[place], stop=self.errand.stop)
                if begun.more or not facts.settled:
                    self._counts[fresh[place]] = self.errand.source.size_of(fresh[place])
            self.errand.came(number + place, begun.rows)
            return begun

        self._begun |= zip(fresh, self.errand.each(look, list(range(len(fresh)))), strict=True)
        self._numbers |= {one: number + place for place, one in enumerate(fresh)}
        rows = {one: self._counts.get(one, self._begun[one].rows) for one in fresh}
        self.errand.reads[number:] = search_reads(new, rows, facts)

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
            looking = self._lookups(choice, names)
            self.errand.at_once(lambda: self._search(searches), *looking, *beside)

    def _read_all(self, number: int, size: int) -> None:
        """The whole library: what is kept of it, brought up to date, or a scan."""
        kept, hidden = self._kept(size), self.errand.hidden
        if kept is None:
            self._scan(number, Selection(hidden=hidden))
            return
        told, stop = self.errand.tell("photos"), self.errand.stop
        with self.errand.during(number):
            found, how = kept.library(self.errand.source, self.errand.owner, on_progress=told, stop=stop)
        self.errand.around.meter.say(number, how)
        self.everything = found
        shows_hidden = hidden or self.errand.source.dialect.search_shows_all
        self._take(
            asset for asset in found.values() if shows_hidden or asset.visibility is not Visibility.HIDDEN
        )
        self.errand.came(number, len(found))

    def _kept(self, size: int) -> Kept | None:
        """What is kept of a library, where it tells all that is asked for: not people, nor others' photos."""
        kept = self.errand.around.kept
        told = self.people is None and not self.errand.others
        return kept if kept is not None and told and size >= kept.smallest else None

    def _scan(self, number: int, selection: Selection) -> None:
        with self.errand.during(number):
            begun = self.errand.source.begin(selection, people=self.people, stop=self.errand.stop)
            self._finish(begun, None, None, self.errand.tell("photos"))
            self.errand.came(number, len(self.assets) + len(self._aside) + len(self.others))

    def _search(self, selections: list[Selection]) -> None:
        """Reads searches that were begun to their end: large ones one by one, small ones at once."""
        wide = [one for one in selections if self._counts.get(one, 0) > LARGE]
        narrow = [one for one in selections if one not in wide]
        connections = None if len(narrow) == 1 else 1
        for one in wide:
            self._rest(one, None)
        self.errand.each(lambda one: self._rest(one, connections), narrow)

    def _rest(self, selection: Selection, connections: int | None) -> None:
        begun, expected, seen = self._begun[selection], self._counts.get(selection), [0]
        number = self._numbers[selection]
        with self.errand.during(number):
            self._finish(begun, expected, connections, lambda done: seen.append(done))
        self.errand.came(number, seen[-1] - begun.rows)
        self.errand.tell("photos")(len(self.assets))
        if expected is not None:
            self.unseen.append(max(0, expected - seen[-1]))

    def _finish(
        self,
        begun: Begun[Asset],
        expected: int | None,
        connections: int | None,
        on_progress: Callable[[int], None],
    ) -> None:
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
        self._take(found.values())

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
            if unknown and search.seconds < detail_cost(len(unknown)).seconds:
                self._search_album(album, len(members), names[album], search)
                known |= members
            else:
                alone |= unknown
        if alone := alone - known:
            text = f"{len(alone):,} members that may have to leave"
            number = self.errand.will(read(What.LEAVING, text, detail_cost(len(alone))))
            self._by_id(number, sorted(alone), frozenset())

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
        """Jobs that find photos by what they are called."""
        found, may_check = choice.lookups, self.errand.around.may_check
        numbers = [self.errand.will(one) for one in lookup_reads(found, choice.facts, may_check)]
        named = frozenset(name.id for name in names if name.id)
        jobs: list[Callable[[], None]] = []
        if found.ids:
            number = numbers.pop(0)
            jobs.append(lambda: self._by_id(number, list(found.ids), named))
        if found.checksums and checks_files(len(found.checksums), choice.facts, may_check):
            check, then = numbers.pop(0), numbers.pop(0)
            jobs.append(lambda: self._checked(check, then, list(found.checksums)))
        elif found.checksums:
            by_checksum = numbers.pop(0)
            jobs.append(lambda: self._by_checksum(by_checksum, list(found.checksums)))
        if found.names:
            by_name = numbers.pop(0)
            jobs.append(lambda: self._by_name(by_name, found.names))
        return jobs

    def _by_id(self, number: int, ids: list[str], named: frozenset[str]) -> None:
        with self.errand.during(number):
            found = self.errand.source.assets(
                ids, on_progress=self.errand.tell("photos"), stop=self.errand.stop
            )
        self.errand.came(number, len(found))
        for asset_id, detail in found.items():
            self._take_detail(detail, asset_id in named)

    def _take_detail(self, detail: AssetDetail, named: bool) -> None:
        asset = detail.asset
        if asset.trashed:
            return
        if asset.owner_id != self.errand.owner:
            if named or (asset.owner_id in self.errand.others and asset.visibility is Visibility.TIMELINE):
                self.others[asset.id] = asset
            return
        self.details[asset.id] = detail
        if named:
            self.assets[asset.id] = asset
        else:
            self._take([asset])

    def _checked(self, number: int, then: int, checksums: list[str]) -> None:
        with self.errand.during(number):
            known = self.errand.source.known_files(checksums)
        self.errand.came(number, len(known))
        ids = sorted(set(known.values()))
        self._by_id(then, ids, frozenset(ids))

    def _by_checksum(self, number: int, checksums: list[str]) -> None:
        with self.errand.during(number):
            found = self.errand.each(lambda one: self.errand.source.find(checksum=one), checksums)
        self._came_by_name(number, found)

    def _by_name(self, number: int, names: tuple[PhotoName, ...]) -> None:
        def find(name: PhotoName) -> list[Asset]:
            if name.path:
                return self.errand.source.find(path=name.path)
            return self.errand.source.find(file_name=name.file)

        with self.errand.during(number):
            found = self.errand.each(find, list(names))
        self._came_by_name(number, found)

    def _came_by_name(self, number: int, found: list[list[Asset]]) -> None:
        """A hidden photo is meant only where none that shows is called the same."""
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
        for name in unfound(names, self.assets):
            for asset in self._aside.values():
                if called(asset, name):
                    self.assets[asset.id] = asset
        rest = lookups_of((name for name in unfound(names, self.assets) if name.id), Parts())
        if rest.ids:
            (number,) = (self.errand.will(one) for one in lookup_reads(rest, choice.facts, False))
            self._by_id(number, list(rest.ids), frozenset(rest.ids))
