"""Slices → the searches of a structured filter (Immich 3.2), each of several branches. Pure.

Branches that only compare fields go into one search. Those that ask for tags, albums or people, or for parts
of texts, stay by themselves: the database finds them by an index only where no `or` joins them to others
(measured with 100,000 photos: 20 tags joined so take it 2.3 s, any of 20 in one branch 0.1 s).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from reconciler.immich.filters import Branch
from reconciler.immich.keyset import OPEN, Range
from reconciler.immich.search import Selection
from reconciler.live.searching.branches import branches_of
from reconciler.live.searching.clauses import ALBUMS, IN_ALBUMS, PEOPLE, TAGS, with_choice, without_choice
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.nothing_twice import Wide, inside, merged
from reconciler.live.searching.parts import Asked, Parts, Reasons, frozen, known_photos, told_by_map
from reconciler.live.searching.slices import Clause, Slice
from reconciler.model.origin import Origin

MOST_BRANCHES = 100
"""In one search."""

_INDEXED: Final = frozenset({TAGS, ALBUMS, PEOPLE, "hasTags", "hasPeople", IN_ALBUMS})
_PARTS_OF_TEXTS: Final = frozenset({"like", "startsWith", "endsWith"})
_WIDER_BY_MORE: Final = frozenset({"any", "in", "gte", "lt"})
_MORE_IDS: Final = frozenset({"all", "none", "notIn"})
_TOGETHER = -1
"""The group of the branches that only compare fields."""

Grouped = dict[Branch, tuple[int, set[Origin]]]
"""Each branch with the group that it is searched for in, and the lines that ask for it."""


def structured_parts_of(asked: Iterable[Asked], facts: Facts) -> Parts:
    """What to ask a server for that takes a structured filter, nothing twice."""
    ids: Reasons[str] = defaultdict(set)
    checksums: Reasons[str] = defaultdict(set)
    rest: Reasons[Slice] = defaultdict(set)
    asked, on_map = told_by_map(asked, facts)
    for one in asked:
        photos = known_photos(one.slice, facts)
        for asset_id in photos or ():
            ids[asset_id].update(one.because)
        if photos is None and one.slice.checksums is not None:
            for checksum in one.slice.checksums:
                checksums[checksum].update(one.because)
        elif photos is None:
            rest[one.slice].update(one.because)
    found: Grouped = {}
    whole: set[Origin] = set()
    for number, (part, why) in enumerate(_joined(rest).items()):
        branches = branches_of(part, facts)
        if branches is None:
            whole |= why
            continue
        group = _TOGETHER if all(map(_compares, branches)) else number
        for branch in branches:
            found.setdefault(branch, (group, set()))[1].update(why)
    selections = _selections(_nothing_twice(found), facts.hidden)
    return Parts(selections, frozen(ids), frozen(checksums), frozen(on_map), frozenset(whole))


def _joined(slices: Reasons[Slice]) -> Reasons[Slice]:
    """Slices of several rules that differ only in which tags, albums or people they choose made one."""
    found = slices
    for name in (TAGS, ALBUMS, PEOPLE):
        groups: dict[Slice, tuple[set[str], set[Origin]]] = {}
        for one, why in found.items():
            rest, values = without_choice(one, name)
            chosen, lines = groups.setdefault(rest, (set(), set()))
            chosen |= values
            lines |= why
        found = {with_choice(rest, name, frozenset(them)): why for rest, (them, why) in groups.items()}
    return {one: why for joined, why in found.items() for one in _each_person(joined)}


def _each_person(one: Slice) -> Iterator[Slice]:
    """All photos of several people are asked for person by person, which also tells who is on which."""
    whose = one.named(PEOPLE)
    if one == Slice(clauses=frozenset({Clause(PEOPLE, "any", whose)})):
        for who in sorted(whose):
            yield Slice(clauses=frozenset({Clause(PEOPLE, "any", frozenset({who}))}))
    else:
        yield one


def _compares(branch: Branch) -> bool:
    """Whether a branch only compares fields."""
    return not any(name in _INDEXED or how in _PARTS_OF_TEXTS for name, how, _ in branch.conditions)


# Nothing twice


def _nothing_twice(found: Grouped) -> Grouped:
    """Branches whose times overlap made one, and those within another left out."""
    groups: dict[tuple[Branch, int], list[tuple[Range, set[Origin]]]] = defaultdict(list)
    for branch, (group, why) in found.items():
        groups[replace(branch, taken=OPEN), group].append((branch.taken, why))
    wide = [
        (replace(branch, taken=span), group, why)
        for (branch, group), spans in groups.items()
        for span, why in merged(spans)
    ]
    kept: Grouped = {}
    around: Wide[Branch] = Wide(_said, _within)
    for branch, group, why in sorted(wide, key=lambda one: (*_narrowness(one[0]), repr(one[0]))):
        kept.setdefault(around.first_around(branch), (group, set()))[1].update(why)
    return kept


def _said(branch: Branch) -> frozenset[Any]:
    """What a wider branch says no more of: `_implied` takes it from one that says the same, or more ids."""
    return frozenset(
        (name, how, one)
        for name, how, value in branch.conditions
        if how not in _WIDER_BY_MORE
        for one in (value if how in _MORE_IDS else (value,))
    )


def _narrowness(branch: Branch) -> tuple[int, float]:
    """A branch comes before all that are within it."""
    count = len(branch.conditions) + (branch.taken != OPEN) + (branch.added != OPEN)
    return count, sum(_strictness(how, value) for _, how, value in branch.conditions)


def _strictness(how: str, value: Any) -> float:
    """More for what less fits, among values of one operator."""
    match how:
        case "any" | "in":
            return -len(value)
        case "all" | "none" | "notIn":
            return len(value)
        case "lt":
            return -float(value)
        case "gte":
            return float(value)
        case _:
            return 0


def _within(one: Branch, other: Branch) -> bool:
    """Whether a branch shows nothing that the other doesn't show."""
    if not inside(one.taken, other.taken) or not inside(one.added, other.added):
        return False
    mine = {(name, how): value for name, how, value in one.conditions}
    return all(_implied(mine, name, how, value) for name, how, value in other.conditions)


def _implied(mine: Mapping[tuple[str, str], Any], name: str, how: str, value: Any) -> bool:
    """Whether what fits all these conditions fits this one."""
    if how == "any" and not frozenset(value).isdisjoint(mine.get((name, "all"), ())):
        return True
    if (name, how) not in mine:
        return False
    same = mine[name, how]
    match how:
        case "any" | "in":
            return set(same) <= set(value)
        case "all" | "none" | "notIn":
            return set(same) >= set(value)
        case "gte":
            return bool(same >= value)
        case "lt":
            return bool(same <= value)
        case _:
            return bool(same == value)


def _selections(branches: Grouped, hidden: bool) -> dict[Selection, frozenset[Origin]]:
    groups: dict[tuple[int, int], list[Branch]] = defaultdict(list)
    many: Counter[int] = Counter()
    for branch, (group, _) in branches.items():
        groups[group, many[group] // MOST_BRANCHES].append(branch)
        many[group] += 1
    found: dict[Selection, frozenset[Origin]] = {}
    for some in groups.values():
        why = frozenset[Origin]().union(*(branches[branch][1] for branch in some))
        found[selection_of(some, hidden)] = why
    return dict(sorted(found.items(), key=lambda item: repr(item[0])))


def selection_of(branches: Sequence[Branch], hidden: bool) -> Selection:
    """The search for what fits one of these; it is asked within the times that they have in common."""
    taken, added = _hull(one.taken for one in branches), _hull(one.added for one in branches)
    plain = (
        Branch(
            one.conditions,
            OPEN if one.taken == taken else one.taken,
            OPEN if one.added == added else one.added,
        )
        for one in branches
    )
    return Selection(
        taken=taken, added=added, hidden=hidden, branches=tuple(sorted(dict.fromkeys(plain), key=repr))
    )


def left_out_of(branch: Branch, field: str) -> frozenset[str]:
    """The ids that nothing has which a branch shows."""
    said = {(name, how): value for name, how, value in branch.conditions}
    return frozenset(said.get((field, "none"), ()))


def _hull(spans: Iterable[Range]) -> Range:
    starts, ends = zip(*spans, strict=True)
    known_starts = [start for start in starts if start is not None]
    known_ends = [end for end in ends if end is not None]
    return (
        min(known_starts) if len(known_starts) == len(starts) else None,
        max(known_ends) if len(known_ends) == len(ends) else None,
    )
