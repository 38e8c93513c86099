"""A slice → branches of a structured filter (Immich 3.2), with the ids of this server. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, Final

from reconciler.immich.filters import Branch, Condition
from reconciler.immich.keyset import OPEN, Range
from reconciler.live.searching.clauses import ALBUMS, BELOW, IN_ALBUMS, PEOPLE, TAGS
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.parts import WORDS, tag_ids
from reconciler.live.searching.slices import ANY_OFFSET, TAKEN, Clause, Slice, overlap
from reconciler.model.text import folded
from reconciler.model.values import Visibility
from reconciler.model.yearly import YearDays

YEARS: Final = range(1980, 2041)
"""The years in which days that come every year are asked for one by one; all before and after come too."""

_IDS: Final = frozenset({TAGS, ALBUMS, PEOPLE})


@dataclass(slots=True)
class _Said:
    """What a branch says so far; `strong` once that leaves out much, `nothing` once nothing can fit."""

    taken: Range = OPEN
    added: Range = OPEN
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    strong: bool = False
    nothing: bool = False

    def say(self, name: str, how: str, value: Any, *, weak: bool = False) -> None:
        """One condition more. Of two that one filter can't say at once, one is left out, which is wider."""
        if (name, how) in self.values:
            value = self._both(how, self.values[name, how], value)
        self.values[name, how] = value
        self.strong = self.strong or not weak

    def during(self, name: str, span: Range) -> None:
        """Taken, or added, within a time too."""
        common = overlap(self.taken if name == TAKEN else self.added, span)
        if common is None:
            self.nothing = True
        elif name == TAKEN:
            self.taken = common
        else:
            self.added = common

    def _both(self, how: str, one: Any, other: Any) -> Any:
        match how:
            case "in":
                self.nothing = self.nothing or not one & other
                return one & other
            case "all" | "none" | "notIn":
                return one | other
            case "any":
                return min(one, other, key=lambda ids: (len(ids), sorted(ids)))
            case "gte":
                return max(one, other)
            case "lt":
                return min(one, other)
            case "eq":
                self.nothing = self.nothing or one != other
                return one
            case _:
                return max(one, other, key=lambda text: (len(text or ""), text))

    @property
    def branch(self) -> Branch:
        """All of it; all of one is any of one, by which branches that say the same are the same."""
        values = dict(self.values)
        for (name, how), value in self.values.items():
            if how == "all" and len(value) == 1 and (name, "any") not in values:
                values[name, "any"] = values.pop((name, how))
        conditions = (
            (name, how, tuple(sorted(value)) if isinstance(value, frozenset) else value)
            for (name, how), value in values.items()
        )
        return Branch(tuple(sorted(conditions, key=repr)), self.taken, self.added)


Alternative = tuple[tuple[str, str, Any], ...]
"""Conditions that are said together; a range of time is one with `during`."""


def branches_of(part: Slice, facts: Facts) -> tuple[Branch, ...] | None:
    """Branches that together show a slice; none where nothing can be in it, None where all may be."""
    base = _Said(taken=part.taken if facts.settled else OPEN, added=part.added)
    for name, how, value in _plain(part):
        base.say(name, how, value)
    for clause in sorted(
        part.clauses, key=lambda one: (one.field, one.operator, sorted(map(repr, one.values)))
    ):
        _say(base, clause, facts)
    found = []
    for way in product(*_choices(part, facts)):
        said = replace(base, values=dict(base.values))
        for name, how, value in (condition for alternative in way for condition in alternative):
            said.during(name, value) if how == "during" else said.say(name, how, value)
        if said.nothing:
            continue
        if not said.strong and said.taken == said.added == OPEN:
            return None
        found.append(said.branch)
    return tuple(dict.fromkeys(found))


def _plain(part: Slice) -> Iterator[Condition]:
    """What slices say without clauses, but for words, tags, albums and people."""
    if part.path:
        yield "originalPath", "like", part.path
    if part.file:
        yield "originalFileName", "like", part.file
    if part.caption:
        yield "description", "like", part.caption
    if part.type:
        yield "type", "eq", part.type.value.upper()
    if part.favorite is not None:
        yield "isFavorite", "eq", part.favorite
    if part.visibility:
        yield "visibility", "in", frozenset({part.visibility.value})


def _say(said: _Said, clause: Clause, facts: Facts) -> None:
    if clause.field in _IDS:
        _say_ids(said, clause, facts)
    elif clause.field == IN_ALBUMS and False in clause.values:
        if facts.left_alone:
            said.say(ALBUMS, "none", facts.left_alone)
    elif clause.operator in ("in", "notIn"):
        said.say(clause.field, clause.operator, clause.values, weak=clause.weak)
    elif clause.operator != "yearly":
        (value,) = clause.values
        said.say(clause.field, clause.operator, value, weak=clause.weak)


def _say_ids(said: _Said, clause: Clause, facts: Facts) -> None:
    if clause.operator == "none":
        if excluded := _ids_to_leave_out(clause.field, clause.values, facts):
            said.say(clause.field, "none", excluded, weak=True)
        return
    ids = _ids(clause.field, clause.values, facts)
    if ids is None:
        return
    said.nothing = said.nothing or not ids
    said.say(clause.field, "all" if len(ids) == 1 else "any", ids)


def _ids(name: str, values: Iterable[str], facts: Facts) -> frozenset[str] | None:
    """The ids of all that is called so; None where that wasn't asked."""
    match name:
        case "tagIds":
            found = [tag_ids(path, facts) for path in values]
        case "albumIds":
            found = [facts.albums.get(album, ()) for album in values]
        case _ if facts.people is None:
            return None
        case _:
            found = [facts.people.get(folded(who), ()) for who in values]
    return frozenset(one for some in found for one in some)


def _ids_to_leave_out(name: str, values: Iterable[str], facts: Facts) -> frozenset[str]:
    """The ids that photos must not have.

    A tag with others below it can't be left out, since these would go too; nor can an album that photos may
    leave by this plan.
    """
    if name == TAGS:
        exact = {path for path in values if not path.endswith(BELOW)}
        branches = [path.removesuffix(BELOW) for path in values if path.endswith(BELOW)]
        alone = {path for path in exact if not any(one.startswith(path + "/") for one in facts.tags)}
        below = _ids(name, branches, facts) or frozenset()
        return below | {facts.tags[path].id for path in alone & facts.tags.keys()}
    ids = _ids(name, values, facts) or frozenset()
    return ids & facts.left_alone if name == ALBUMS else ids


def _choices(part: Slice, facts: Facts) -> list[list[Alternative]]:
    """What a slice is divided by: each of these has several alternatives."""
    found: list[list[Alternative]] = []
    if part.library and facts.libraries is not None:
        ids = facts.libraries.get(folded(part.library), ())
        found.append([(("libraryId", "eq", one),) for one in ids])
    if part.words and facts.values is not None:
        found.append(list(_worded(part, facts, facts.values)))
    for clause in part.clauses:
        if clause.operator == "yearly" and (facts.settled or clause.field != TAKEN):
            found += [[((clause.field, "during", span),) for span in yearly(days)] for days in clause.values]
    return found


def _worded(part: Slice, facts: Facts, values: Mapping[str, frozenset[str]]) -> Iterator[Alternative]:
    """Photos of the timeline with the words that fit, and all others.

    The server tells which words there are for photos of the timeline only.
    """
    fields = sorted({name for name, _ in part.words})
    fitting: dict[str, frozenset[str]] = {}
    for name in fields:
        matchers = [matcher for other, matcher in part.words if other == name]
        fitting[WORDS.get(name, name.value)] = frozenset(
            value for value in values[name] if all(matcher.matches(value) for matcher in matchers)
        )
    timeline, archive = frozenset({Visibility.TIMELINE.value}), frozenset({Visibility.ARCHIVE.value})
    if all(fitting.values()):
        yield (("visibility", "in", timeline), *((name, "in", some) for name, some in fitting.items()))
    others: Condition = ("visibility", "notIn", timeline) if facts.hidden else ("visibility", "in", archive)
    yield (others, *((name, "ne", "") for name in fitting))


def yearly(days: YearDays) -> Iterator[Range]:
    """When days that come every year were, and a day around them, since clocks differ."""
    first, last = YEARS[0], YEARS[-1]
    yield (None, datetime(first, 1, 1, tzinfo=UTC) + ANY_OFFSET)
    for year in YEARS:
        ends_in = year + (days.first > days.last)
        start, end = _day(year, days.first), _day(ends_in, days.last) + timedelta(days=1)
        yield (start - ANY_OFFSET, end + ANY_OFFSET)
    yield (datetime(last + 1, 1, 1, tzinfo=UTC) - ANY_OFFSET, None)


def _day(year: int, day: tuple[int, int]) -> datetime:
    """The 29th of February is the 1st of March where there is none, which is a day later at most."""
    month, number = day
    found = date(year, 2, 28) + timedelta(days=1) if day == (2, 29) else date(year, month, number)
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
