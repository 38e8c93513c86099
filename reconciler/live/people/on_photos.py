"""Who is on which photo: with the scan of the library, or one search for each person.

A scan that tells the people too takes the server half as long again; for a few persons it is cheaper to ask
for the photos of each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.search import PeopleOf
from reconciler.live.cost import PAGE
from reconciler.live.errand import Errand
from reconciler.live.reading import FEW_PEOPLE
from reconciler.live.source import Source
from reconciler.model.asset import Person
from reconciler.model.company import called, is_id
from reconciler.model.selectors import Needs
from reconciler.model.text import folded

PERSON_COST = 1
"""The photos of a person take the server as long as so many pages of a scan at most (13 to 52 ms)."""


@dataclass(frozen=True, slots=True)
class People:
    """The persons that are known, and who is on each asset."""

    known: tuple[Person, ...] = ()
    of: PeopleOf = field(default_factory=dict)


def with_the_scan(needs: Needs, library: int) -> bool:
    """Whether those whom rules name are best told by all photos of a library of this size, not one by one."""
    if len(needs.people) <= FEW_PEOPLE:
        return False
    return len(needs.people) * PERSON_COST > library // PAGE + 1


def people_scanned(source: Source, needs: Needs, of: PeopleOf) -> People:
    """What a scan has told; names that nobody on a photo bears are asked for by themselves."""
    seen = {person.id: person for people in of.values() for person in people}
    borne = _names(seen.values())
    for who in sorted(needs.people):
        if called(who) not in borne:
            found = _called(source, who)[:1]
            seen |= {person.id: person for person in found}
            borne |= _names(found)
    return People(_by_id(_with_others(source, needs, seen)), of)


def persons_called(errand: Errand, needs: Needs) -> dict[str, list[Person]]:
    """The persons that each of the names or ids means, by what they are called, folded."""
    names = {folded(who): who for who in sorted(needs.people)}
    found = errand.each(lambda who: _called(errand.source, who), list(names.values()))
    return dict(zip(names, found, strict=True))


def people_asked(
    source: Source,
    needs: Needs,
    persons: Iterable[list[Person]],
    photos: Mapping[str, frozenset[str]],
    everyone: PeopleOf,
) -> People:
    """Each of these persons on their photos, by id, and whoever else is known to be on some.

    Those that are given together have one name; of these, whoever has no photos doesn't count.
    """
    found = {person.id: person for people in everyone.values() for person in people}
    of: dict[str, set[Person]] = defaultdict(set, {key: set(people) for key, people in everyone.items()})
    for same in persons:
        shown = [person for person in same if photos[person.id]] or same[:1]
        found |= {person.id: person for person in shown}
        for person in shown:
            for asset_id in photos[person.id]:
                of[asset_id].add(person)
    known = _by_id(_with_others(source, needs, found))
    return People(known, {asset_id: frozenset(people) for asset_id, people in of.items()})


def _with_others(source: Source, needs: Needs, found: Mapping[str, Person]) -> Iterable[Person]:
    """Those that were found; where a name is nobody's, all others too, to say who may be meant."""
    if _names(found.values()).issuperset(map(called, needs.people)):
        return found.values()
    return ({person.id: person for person in source.people()} | dict(found)).values()


def _called(source: Source, who: str) -> list[Person]:
    if is_id(who):
        person = source.person(who.lower())
        return [person] if person else []
    return source.people_called(who)


def _names(people: Iterable[Person]) -> set[str]:
    """What rules may call these people: their ids, and their names folded."""
    return {name for person in people for name in (person.id, folded(person.name))}


def _by_id(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(sorted(people, key=lambda person: person.id))
