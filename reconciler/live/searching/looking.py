"""Chooses how photos are read: the whole library, or parts of it, whose first pages tell their size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from reconciler.immich.errors import ServerError
from reconciler.immich.scan import Begun
from reconciler.immich.search import Selection
from reconciler.live.cost import (
    NOTHING,
    Cost,
    count_cost,
    detail_cost,
    kept_cost,
    list_cost,
    map_cost,
    scan_cost,
    search_cost,
    total,
)
from reconciler.live.errand import Errand
from reconciler.live.kept.outlay import keep_outlay, outlay
from reconciler.live.kept.photos import Kept
from reconciler.live.people.company import Company
from reconciler.live.plan import Rejected, What, read
from reconciler.live.reading import FEW
from reconciler.live.searching.choosing import (
    Choice,
    Lookups,
    left_to_read,
    lookup_reads,
    lookups_of,
    search_reads,
    worth_a_look,
)
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.map import DEARER, Located, Map, worth_asking
from reconciler.live.searching.parts import Asked, Parts, parts_of, undated
from reconciler.live.searching.structured import structured_parts_of
from reconciler.model.asset import Asset
from reconciler.model.desired import PhotoName
from reconciler.model.origin import Origin
from reconciler.model.words import counted

KEPT, SCAN = "bringing up to date what is kept", "the scan"
"""What the whole library takes."""
THE_MAP = "where photos were taken"


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the whole library costs, and `what` it takes: a scan, or bringing up to date what is kept."""

    cost: Cost
    what: str

    @property
    def seconds(self) -> float:
        """Those of the server."""
        return self.cost.seconds


@dataclass(slots=True)
class Looking:
    """Finds the cheapest way to read photos. Searches that were looked at are `begun`, to be read on."""

    errand: Errand
    company: Company
    """Who is on photos may come with those that are searched for, or have all photos read."""
    begun: dict[Selection, Begun[Asset]] = field(default_factory=dict)
    counts: dict[Selection, int] = field(default_factory=dict)
    """How many photos there are, where it was asked."""
    numbers: dict[Selection, int] = field(default_factory=dict)
    """The numbers of their reads in the plan."""
    best: Choice | None = None
    """The cheapest way so far."""
    map: Map = field(default_factory=lambda: Map([]))
    """Where photos were taken, once it was asked."""

    def kept(self, size: int) -> Kept | None:
        """What is kept of a library, where it tells of all photos that are asked for: not of others'."""
        kept = self.errand.around.kept
        return kept if kept and not self.errand.others and size >= kept.smallest else None

    def choose(self, asked: tuple[Asked, ...], names: tuple[PhotoName, ...], facts: Facts) -> Choice:
        """The cheapest way to read what rules and names ask for."""
        if not asked:
            return self._choose_for_names(names, facts)
        all_lines = frozenset(line for one in asked for line in one.because)
        with_people = self.company.scanned is not None
        if with_people or self.errand.around.whole:
            reason = "who is on the photos comes with all of them" if with_people else "all are wanted"
            self._reject("searches", reason)
            return Choice.everything(all_lines, names, facts)
        asked = self._with_the_map(asked, facts)
        whole = self._whole(asked, facts)
        if whole.what is KEPT and facts.told_apart:
            self._reject("searches", "whoever carries a tag beside one below it is kept with all photos")
            return Choice.everything(all_lines, names, facts)
        lines = self._weigh_parts(asked, names, facts, whole)
        return self._decided(names, facts, whole, lines)

    def _weigh_parts(
        self, asked: tuple[Asked, ...], names: tuple[PhotoName, ...], facts: Facts, whole: _Whole
    ) -> frozenset[Origin]:
        """Finds the `best` way in parts, if any; the lines that would need the whole library otherwise."""
        self.best = None
        lines: frozenset[Origin] = frozenset()
        for known in self._ever_closer(asked, facts, whole):
            parts = (structured_parts_of if known.structured else parts_of)(asked, known)
            lines = parts.whole
            found = self._located(lookups_of(names, parts), parts, known)
            if parts.whole and whole.what is KEPT and not any(one.slice.whole for one in asked):
                self._reject("searches", f"{KEPT} costs less than to ask for the words they need")
                break
            if parts.whole:
                continue
            reads = lookup_reads(found, known, self.errand.around.may_check)
            located = found.located.cost(known).seconds * DEARER
            if not worth_a_look(parts, reads, known, whole.seconds - located):
                lines = _lines(parts)
                self._reject(_way(parts, found), f"{whole.what} costs less")
                if any(one.slice.where for one in asked):
                    continue  # the map may tell more
                break
            self._look(parts, known)
            rest = left_to_read(parts, self.counts, known) + reads.cost.seconds
            rest += located + self._looks(parts, found.located, known)
            if self.best is None or rest < self.best.seconds:
                self.best = Choice(False, parts, found, known, rest)
            if not found.located.wanted and not any(self.begun[one].more for one in parts.selections):
                break
        return lines

    def _decided(
        self, names: tuple[PhotoName, ...], facts: Facts, whole: _Whole, lines: frozenset[Origin]
    ) -> Choice:
        """The best way that was found, or the whole library, which these lines need."""
        best = self.best
        if best is not None and best.seconds <= whole.seconds and not self._keeps(best, facts, whole):
            self.errand.rejected.append(Rejected("scan of the whole library", "costs more", whole.cost))
            self._in_vain(self.numbers.keys() - best.parts.selections.keys())
            return best
        if best is not None:
            better = (
                f"would bring more than {whole.what} costs"
                if best.seconds > whole.seconds
                else "readings in parts have cost as much by now as all photos, which are kept from here on"
            )
            self._reject(_way(best.parts, best.lookups), better)
            lines = _lines(best.parts)
        elif lines and not self.errand.rejected:
            self._reject("searches", "no filter of the server covers the rule, or too many searches would")
        self._in_vain(self.numbers)
        return Choice.everything(lines, names, facts)

    def _keeps(self, best: Choice, facts: Facts, whole: _Whole) -> bool:
        """Whether all is read to be kept, since readings in parts have cost as much by now."""
        kept = self.kept(facts.library)
        if whole.what is KEPT or kept is None or not self.errand.around.sees_queues:
            return False
        more = self._in_parts(best, facts).seconds - kept_cost(facts.library).seconds
        if more <= 0:
            return False
        spent = outlay(kept) + more
        enough = spent >= whole.seconds and bool(self._queues(facts))
        keep_outlay(kept, 0.0 if enough else spent)
        return enough

    def _in_parts(self, best: Choice, facts: Facts) -> Cost:
        """What a reading in parts costs, with what was looked at to choose it."""
        reads = [self.errand.reads[self.numbers[one]] for one in best.parts.selections]
        reads += lookup_reads(best.lookups, facts, self.errand.around.may_check).all
        on_map = map_cost(facts.library) if self.map.markers else NOTHING
        return total(one.cost for one in reads) + best.lookups.located.cost(facts) + on_map

    def _whole(self, asked: tuple[Asked, ...], facts: Facts) -> _Whole:
        kept = self.kept(facts.library)
        at_hand = kept is not None and kept.at_hand()
        if at_hand and self._may_be_in_parts(asked, facts) and self._queues(facts):
            return _Whole(kept_cost(facts.library), KEPT)
        return _Whole(scan_cost(facts.library, facts.passes), SCAN)

    def _looks(self, parts: Parts, located: Located, facts: Facts) -> float:
        """Seconds of looks at single photos that later readings are spared if the whole library is kept."""
        if not facts.told_apart or self.kept(facts.library) is None or not self._queues(facts):
            return 0.0
        rows = sum(self.counts.get(one, self.begun[one].rows) for one in parts.selections)
        rows += sum(len(one.wanted) for one in located.searches)
        return detail_cost(rows).seconds

    def _choose_for_names(self, names: tuple[PhotoName, ...], facts: Facts) -> Choice:
        found = lookups_of(names, Parts())
        alone = lookup_reads(found, facts, self.errand.around.may_check).cost
        whole = scan_cost(facts.library, facts.passes)
        if len(names) > FEW and whole.seconds < alone.seconds:
            self.errand.rejected.append(Rejected(f"{len(names):,} photos one by one", "costs more", alone))
            return Choice.everything(frozenset(name.origin for name in names), names, facts)
        if len(names) > FEW:
            self.errand.rejected.append(Rejected("scan of the whole library", "costs more", whole))
        return Choice(False, Parts(), found, facts)

    def _in_vain(self, looked: Iterable[Selection]) -> None:
        """Looks that only showed that another way is better: their first pages are all that was read."""
        for selection in looked:
            number = self.numbers[selection]
            rows = self.begun[selection].rows
            cost = search_cost(rows, 0, 1)
            self.errand.reads[number] = replace(self.errand.reads[number], cost=cost, fewest=0)

    def _reject(self, way: str, why: str) -> None:
        self.errand.rejected.append(Rejected(way, why))

    def _ever_closer(self, asked: tuple[Asked, ...], facts: Facts, whole: _Whole) -> Iterator[Facts]:
        """What is known, and then more that has to be asked for.

        Are dates settled, which words are there, where were photos taken.
        """
        dated = any(one.slice.dated for one in asked)
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
            facts = replace(facts, values=dict(zip(fields, found, strict=True)))
            yield facts
        yield from self._on_the_map(asked, facts, whole)

    # The map

    def _with_the_map(self, asked: tuple[Asked, ...], facts: Facts) -> tuple[Asked, ...]:
        """What is asked, without what only the map would tell where that isn't to be asked."""
        if not any(one.slice.where for one in asked):
            return asked
        around, kept, reason = self.errand.around, self.kept(facts.library), ""
        if any(one.slice.whole for one in asked):
            reason = "all photos are read in any case"
        elif self.errand.others:
            reason = "it doesn't tell whose photos are on it"
        elif kept is not None and around.sees_queues and kept.at_hand():
            reason = f"{KEPT} costs less"
        elif not worth_asking(facts.library, scan_cost(facts.library, facts.passes).seconds):
            reason = f"{SCAN} costs less"
        elif not around.may_map:
            reason = "the key lacks map.read"
        if not reason:
            return asked
        self.errand.rejected.append(Rejected(THE_MAP, reason, map_cost(facts.library)))
        return tuple(replace(one, slice=one.slice.anywhere) for one in asked)

    def _on_the_map(self, asked: tuple[Asked, ...], facts: Facts, whole: _Whole) -> Iterator[Facts]:
        """What the map tells, where that may save something: first for what else would take all photos."""
        least = min(whole.seconds, self.best.seconds if self.best else whole.seconds)
        placed = [one for one in asked if one.slice.where]
        if not placed or not worth_asking(facts.library, least) or not self._ask_for_the_map(placed, facts):
            return
        photos = {one.slice: self.map.photos(one.slice.where) for one in placed}
        parts = structured_parts_of if facts.structured else parts_of
        plain = {one.slice: parts([replace(one, slice=one.slice.anywhere)], facts) for one in placed}
        needed = {one: photos[one] for one, found in plain.items() if found.whole}
        if needed:
            yield replace(facts, on_map=needed)
        dear = {one: photos[one] for one, found in plain.items() if self._dearer(found, photos[one], facts)}
        if len(dear) > len(needed):
            yield replace(facts, on_map=dear)

    def _ask_for_the_map(self, placed: list[Asked], facts: Facts) -> bool:
        """Asks where photos were taken; whether the server has told."""
        because = (line for one in placed for line in one.because)
        number = self.errand.will(read(What.MAP, THE_MAP, map_cost(facts.library), because, fewest=0))
        try:
            with self.errand.during(number):
                self.map = Map(self.errand.source.markers())
        except ServerError as error:
            self._reject(THE_MAP, f"the server doesn't tell ({error})")
            return False
        self.errand.came(number, len(self.map.markers))
        return True

    def _dearer(self, plain: Parts, photos: frozenset[str], facts: Facts) -> bool:
        """Whether to search without coordinates costs more than to read what the map tells."""
        if plain.whole or not plain.selections.keys() <= self.begun.keys():
            return True
        seconds = self.map.reading(photos, facts).cost(facts).seconds
        return bool(plain.selections) and left_to_read(plain, self.counts, facts) > seconds

    def _located(self, lookups: Lookups, parts: Parts, facts: Facts) -> Lookups:
        """The same with how to read what the map has told, but for photos that are asked for by id anyway."""
        photos = parts.on_map.keys() - lookups.ids.keys()
        if not photos:
            return lookups
        return replace(lookups, located=self.map.reading(photos, facts), because=parts.on_map)

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
        return True if facts.settled else self.errand.settled()

    def _look(self, parts: Parts, facts: Facts) -> None:
        """The first pages, and how many more there are."""
        fresh = [one for one in parts.selections if one not in self.begun]
        new = Parts({one: parts.selections[one] for one in fresh})
        # where edits wait, photos may not have been read yet; to ask that is less than to count each search
        settled = facts.settled or facts.structured or (len(fresh) > 1 and bool(self.errand.settled()))
        number = len(self.errand.reads)
        self.errand.reads += search_reads(new, {}, facts)

        def look(place: int) -> Begun[Asset]:
            people = self.company.everyone.asked(fresh[place])
            with self.errand.during(number + place):
                begun = self.errand.source.begin(fresh[place], people=people, stop=self.errand.stop)
                if begun.more or not (settled or not fresh[place].countable):
                    self.counts[fresh[place]] = self.errand.source.size_of(fresh[place])
            self.errand.came(number + place, begun.rows)
            return begun

        self.begun |= zip(fresh, self.errand.each(look, list(range(len(fresh)))), strict=True)
        self.numbers |= {one: number + place for place, one in enumerate(fresh)}
        rows = {one: self.counts.get(one, self.begun[one].rows) for one in fresh}
        self.errand.reads[number:] = search_reads(new, rows, facts)
        for place, one in enumerate(fresh, start=number):
            if self.company.everyone.asked(one) is not None:
                planned = self.errand.reads[place]
                self.errand.reads[place] = replace(planned, about=f"{planned.about}, and who is on them")


def _way(parts: Parts, lookups: Lookups) -> str:
    """A way to read, in short."""
    searches = len(parts.selections) + len(lookups.located.searches)
    if searches or not lookups.located.wanted:
        return counted(searches, "search", "es")
    return f"{counted(len(lookups.located.wanted), 'photo')} by id"


def _lines(parts: Parts) -> frozenset[Origin]:
    """The lines that ask for any of these."""
    reasons = (parts.selections, parts.ids, parts.on_map)
    return frozenset[Origin]().union(*(why for some in reasons for why in some.values()))
