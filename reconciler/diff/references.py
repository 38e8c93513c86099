"""Persons, libraries and owners that rules name: each must be there, and a person or owner must be one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.model.asset import Owner, Person
from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs
from reconciler.model.live import Live
from reconciler.model.origin import Origin, Problem
from reconciler.model.owners import OwnerIs
from reconciler.model.selectors import Selector, conditions_of
from reconciler.model.text import folded

LISTED = 8
"""How many names a message lists."""


@dataclass(frozen=True, slots=True)
class References:
    """Names that nobody bears, and names that several do."""

    missing: tuple[Problem, ...] = ()
    ambiguous: tuple[Problem, ...] = ()


def check_references(rules: Iterable[Selector], live: Live) -> References:
    """Looks up every person, library and owner that these rules name."""
    persons: dict[tuple[str, Origin | None], PersonIs] = {}
    libraries: dict[tuple[str, Origin | None], LibraryIs] = {}
    owners: dict[tuple[str, Origin | None], OwnerIs] = {}
    for rule in rules:
        for condition in conditions_of(rule):
            match condition:
                case PersonIs(who) if condition.one:
                    persons[who, condition.origin] = condition
                case OnlyPeople(these):
                    persons |= {(one.who, one.origin): one for one in these if one.one}
                case LibraryIs(str(name)) if condition.by_name:
                    libraries[name, condition.origin] = condition
                case OwnerIs(who) if condition.named:
                    owners[who, condition.origin] = condition
    missing = [problem for one in persons.values() if (problem := _unknown_person(one, live.people))]
    missing += [problem for one in libraries.values() if (problem := _unknown_library(one, live))]
    missing += [problem for owner in owners.values() if (problem := _unknown_owner(owner, live.owners))]
    several = [problem for one in persons.values() if (problem := _several(one, live.people))]
    several += [problem for owner in owners.values() if (problem := _several_owners(owner, live.owners))]
    return References(_in_order(missing), _in_order(several))


def _unknown_person(one: PersonIs, people: Iterable[Person]) -> Problem | None:
    if any(one.means(person) for person in people):
        return None
    names = {person.name for person in people if person.name}
    return Problem(f"the server knows no person {one.who!r}{instead(one.who, names)}", one.origin)


def _unknown_library(one: LibraryIs, live: Live) -> Problem | None:
    names = set(live.libraries.values())
    wanted = folded(one.which or "")
    if any(folded(name) == wanted for name in names):
        return None
    return Problem(f"the server has no external library {one.which!r}{instead(wanted, names)}", one.origin)


def _unknown_owner(one: OwnerIs, owners: Iterable[Owner]) -> Problem | None:
    found = [owner for owner in owners if one.means(owner)]
    if any(owner.shown for owner in found):
        return None
    if found:
        text = (
            f"photos of {found[0].title} aren't shown to this account: they have to share them with you as "
            "their partner (Account settings > Partner sharing), and you to show them in your timeline, there"
        )
        return Problem(text, one.origin)
    names = {text for owner in owners for text in (owner.name, owner.email) if text and not owner.me}
    return Problem(f"the server knows no user {one.who!r}{instead(one.who, names)}", one.origin)


def _several_owners(one: OwnerIs, owners: Iterable[Owner]) -> Problem | None:
    found = [owner for owner in owners if owner.shown and one.means(owner)]
    if len(found) < 2:
        return None
    listed = ", ".join(owner.title for owner in found)
    text = f"{len(found)} users are called {one.who!r}: write the address of the one that is meant: {listed}"
    return Problem(text, one.origin)


def _several(one: PersonIs, people: Iterable[Person]) -> Problem | None:
    found = [person for person in people if one.means(person)]
    if len(found) < 2:
        return None
    listed = ", ".join(f"{person.name} ({person.id})" for person in found)
    text = f"{len(found)} persons are called {one.who!r}: write the id of the one that is meant: {listed}"
    return Problem(text + ", or merge them in Immich if they are the same", one.origin)


def instead(word: str, names: Collection[str]) -> str:
    """The name that was probably meant, or the names that there are; empty where there are none."""
    by_folded = {folded(name): name for name in sorted(names)}
    near = difflib.get_close_matches(folded(word), by_folded, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {by_folded[near[0]]!r}?"
    if not names:
        return ""
    shown = sorted(names)[:LISTED]
    return f"; there are {', '.join(shown)}{' and others' if len(names) > LISTED else ''}"


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    start = Origin("", 0)
    return tuple(sorted(problems, key=lambda problem: (problem.origin or start, problem.message)))
