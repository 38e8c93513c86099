"""Which way of reading costs the server least: pure decisions from what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.search import Selection
from reconciler.immich.selections import CHECKED, TOGETHER
from reconciler.live.cost import (
    FILTERED,
    NAMED,
    PAGE,
    REQUEST,
    ROW,
    STAKE,
    Cost,
    check_cost,
    count_cost,
    detail_cost,
    kept_cost,
    list_cost,
    scan_cost,
    search_cost,
    total,
)
from reconciler.live.plan import Read, What, read
from reconciler.live.searching.facts import Facts, ids_cost
from reconciler.live.searching.map import Located
from reconciler.live.searching.parts import Parts
from reconciler.live.searching.wording import described, listed
from reconciler.model.desired import PhotoName
from reconciler.model.origin import Origin
from reconciler.model.words import counted


@dataclass(frozen=True, slots=True)
class Lookups:
    """Photos that are asked for by what they are called."""

    ids: Mapping[str, frozenset[Origin]]
    checksums: Mapping[str, frozenset[Origin]]
    names: tuple[PhotoName, ...] = ()
    """By path or file name."""
    located: Located = field(default_factory=Located)
    """Photos that the map has told."""
    because: Mapping[str, frozenset[Origin]] = field(default_factory=dict)
    """The lines that ask for these."""


@dataclass(frozen=True, slots=True)
class LookupReads:
    """The reads that find photos by what they are called; None where none is called so."""

    by_id: Read | None = None
    check: Read | None = None
    """Which of the files with these checksums are there,"""
    checked: Read | None = None
    """and then the photos that these are, by their ids."""
    by_checksum: Read | None = None
    by_name: Read | None = None

    @property
    def all(self) -> tuple[Read, ...]:
        """Those there are, in the order in which they are planned."""
        found = (self.by_id, self.check, self.checked, self.by_checksum, self.by_name)
        return tuple(one for one in found if one)

    @property
    def cost(self) -> Cost:
        """What all of them together are expected to cost."""
        return total(one.cost for one in self.all)


@dataclass(frozen=True, slots=True)
class Choice:
    """The way to read that was chosen: the whole library, or its parts.

    `seconds` of the server is what parts still cost that were looked at.
    """

    whole: bool
    parts: Parts
    lookups: Lookups
    facts: Facts
    seconds: float = 0.0

    @classmethod
    def everything(cls, lines: frozenset[Origin], names: Iterable[PhotoName], facts: Facts) -> Choice:
        """The whole library, which these lines need, and what names ask for."""
        return cls(True, Parts(whole=lines), lookups_of(names, Parts()), facts)

    @property
    def searches(self) -> tuple[Selection, ...]:
        """All searches for photos."""
        return (*self.parts.selections, *(one.selection for one in self.lookups.located.searches))


def lookups_of(names: Iterable[PhotoName], parts: Parts) -> Lookups:
    """What names and rules ask for one by one."""
    ids = {key: set(why) for key, why in parts.ids.items()}
    checksums = {key: set(why) for key, why in parts.checksums.items()}
    others = []
    for name in names:
        if name.id:
            ids.setdefault(name.id, set()).add(name.origin)
        elif name.checksum:
            checksums.setdefault(name.checksum, set()).add(name.origin)
        else:
            others.append(name)
    return Lookups(
        {key: frozenset(why) for key, why in ids.items()},
        {key: frozenset(why) for key, why in checksums.items()},
        tuple(others),
    )


def _checking_pays(checksums: int, facts: Facts) -> bool:
    """Whether it costs less to ask first which files are there, and then for the photos by their ids."""
    checked = check_cost(checksums, CHECKED) + detail_cost(checksums)
    return checked.seconds < _found_cost(checksums, facts).seconds


def _found_cost(checksums: int, facts: Facts) -> Cost:
    """Files by checksum, which the server has an index for: a search each and for each visibility.

    A structured filter takes a page of them in one.
    """
    requests = -(-checksums // TOGETHER["checksum"]) if facts.structured else checksums * facts.passes
    return Cost(requests, checksums, requests * REQUEST + checksums * ROW)


def _names_cost(names: Iterable[PhotoName], facts: Facts) -> Cost:
    """Photos by path or file name: a search each and for each visibility, or several in one."""
    paths, files = 0, 0
    for name in names:
        paths, files = (paths + 1, files) if name.path else (paths, files + 1)
    if not facts.structured:
        each = search_cost(1, facts.library, facts.passes)
        count = paths + files
        return Cost(each.requests * count, count, each.seconds * count)
    requests = -(-paths // TOGETHER["originalPath"]) - (-files // TOGETHER["originalFileName"])
    seconds = requests * REQUEST + (paths + files) * ROW + files * facts.library * NAMED
    return Cost(requests, paths + files, seconds)


def lookup_reads(lookups: Lookups, facts: Facts, may_check: bool) -> LookupReads:
    """The reads that find photos by what they are called."""
    by_id = ids_read(lookups, facts) if lookups.ids else None
    check = checked = by_checksum = by_name = None
    if count := len(lookups.checksums):
        why = list(_lines(lookups.checksums))
        text = f"{counted(count, 'photo')} by checksum"
        if may_check and _checking_pays(count, facts):
            check = read(What.CHECK, text, check_cost(count, CHECKED), why)
            checked = read(What.PHOTOS, text, detail_cost(count), why)
        else:
            by_checksum = read(What.NAMES, text, _found_cost(count, facts), why)
    if count := len(lookups.names):
        text = f"{counted(count, 'photo')} by file name or path"
        why = [name.origin for name in lookups.names]
        by_name = read(What.NAMES, text, _names_cost(lookups.names, facts), why)
    return LookupReads(by_id, check, checked, by_checksum, by_name)


def ids_read(lookups: Lookups, facts: Facts) -> Read:
    """The read of photos by their ids."""
    count = len(lookups.ids)
    return read(What.PHOTOS, counted(count, "photo"), ids_cost(count, facts), _lines(lookups.ids))


def located_reads(lookups: Lookups, facts: Facts) -> list[Read]:
    """The reads that bring photos of which the map has told where they are."""
    found = []
    for one in lookups.located.searches:
        about = f"{described(one.selection, facts)}: {counted(len(one.wanted), 'photo')} of {one.rows:,}"
        cost = search_cost(one.rows, facts.library, 1 if facts.structured else facts.passes)
        found.append(read(What.SEARCH, about, cost, _lines(lookups.because, one.wanted)))
    if alone := lookups.located.alone:
        found.append(found_on_map(alone, facts, _lines(lookups.because, alone)))
    return found


def found_on_map(photos: Collection[str], facts: Facts, because: Iterable[Origin] = ()) -> Read:
    """The read of photos by their ids, which the map has told."""
    about = f"{counted(len(photos), 'photo')} found on the map"
    return read(What.PHOTOS, about, ids_cost(len(photos), facts), because)


def _lines(reasons: Mapping[str, frozenset[Origin]], ids: Iterable[str] | None = None) -> Iterable[Origin]:
    return (origin for key in (reasons if ids is None else ids) for origin in reasons[key])


def scan_read(facts: Facts, why: Iterable[Origin]) -> Read:
    """The scan of the whole library."""
    cost = scan_cost(facts.library, facts.passes)
    fewest = max(facts.passes, -(-facts.library // PAGE))
    return read(What.SCAN, "the whole library", cost, why, fewest=fewest)


def unchanged_read(facts: Facts) -> Read:
    """The look at what has changed in the whole library since it was kept."""
    return read(What.SCAN, "whether any photo has changed", kept_cost(facts.library))


def search_reads(parts: Parts, counts: Mapping[Selection, int], facts: Facts) -> list[Read]:
    """The searches that together bring what rules need; an unknown count is taken for a page."""
    found = []
    for selection, why in parts.selections.items():
        passes = 1 if selection.visibility else facts.passes
        cost = search_cost(counts.get(selection, PAGE), facts.library, passes)
        found.append(read(What.SEARCH, described(selection, facts), cost, why))
    return found


def worth_a_look(parts: Parts, lookups: LookupReads, facts: Facts, seconds: float) -> bool:
    """Whether the first pages of searches cost little beside what they may save."""
    searches = sum(1 if one.visibility else facts.passes for one in parts.selections)
    least = searches * (REQUEST + facts.library * FILTERED) + lookups.cost.seconds
    return least * STAKE <= seconds or (not searches and least <= seconds)


def left_to_read(parts: Parts, counts: Mapping[Selection, int], facts: Facts) -> float:
    """Seconds that searches still cost once their first pages are there."""
    seconds = 0.0
    for selection in parts.selections:
        passes = 1 if selection.visibility else facts.passes
        if (rest := counts.get(selection, 0) - PAGE * passes) > 0:
            seconds += search_cost(rest, facts.library).seconds
    return seconds


# Tags


def tags_one_by_one(
    photos: int, searched: int, facts: Facts, counts: Callable[[], Collection[int]] | None = None
) -> bool:
    """Whether tags are read with the photos, a request each, and not by a search for each tag.

    `counts` tells how many photos have each tag; it is asked only where that decides. Where the size of the
    library isn't known, a tag is taken for a page.
    """
    alone = detail_cost(photos).seconds
    if alone <= searched * (REQUEST + facts.library * FILTERED):
        return True
    if not facts.library:
        return alone <= searched * search_cost(PAGE, 0).seconds
    most = searched * search_cost(facts.library, facts.library, facts.passes).seconds
    if counts is None or alone + count_cost(facts.library, searched).seconds >= most:
        return False
    return alone <= sum(search_cost(count, facts.library, facts.passes).seconds for count in counts())


def tag_read(photos: int, searched: Collection[str], *, one_by_one: bool) -> Read:
    """The read of which photos carry which tags."""
    if one_by_one:
        return read(What.TAGGED, f"the tags of {counted(photos, 'photo')}", detail_cost(photos))
    return read(What.TAGGED, f"who carries {listed(sorted(searched))}", list_cost(len(searched)))


def told_apart_read(photos: int, paths: list[str]) -> Read:
    """The look at photos that are found by tags and by tags below them, and may carry both."""
    which = f"{counted(photos, 'photo')} that may carry {listed(paths)} beside a tag below"
    text = f"the tags of {which}: no search tells, and a rule depends on it"
    return read(What.TAGGED, text, detail_cost(photos))
