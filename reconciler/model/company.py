"""Conditions on what an asset has beside its own fields: people, a stack, an external library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.model.asset import AssetState, Person
from reconciler.model.origin import Origin
from reconciler.model.selectors import Needs, OneByOne
from reconciler.model.text import TextMatcher, folded, is_pattern

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_id(text: str) -> bool:
    """Whether a text is one of the server's ids."""
    return _ID.fullmatch(text.lower()) is not None


def called(who: str) -> str:
    """What a rule calls somebody, in the form in which it is looked up: an id, or a name folded."""
    return who.lower() if is_id(who) else folded(who)


@dataclass(frozen=True, slots=True)
class PersonIs(OneByOne):
    """Somebody of this name (in any case of letters, wildcards allowed) or with this id is on it."""

    who: str
    origin: Origin | None = field(default=None, compare=False)
    _id: str | None = field(init=False, compare=False, repr=False)
    _matcher: TextMatcher = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_id", self.who.lower() if is_id(self.who) else None)
        object.__setattr__(self, "_matcher", TextMatcher.of([self.who]))

    @property
    def one(self) -> bool:
        """Whether it means one person, not everybody whose name fits a pattern."""
        return self._id is not None or not is_pattern(self.who)

    def means(self, person: Person) -> bool:
        """Whether this is the person, or one of them."""
        return person.id == self._id if self._id else self._matcher.matches(person.name)

    def matches(self, state: AssetState) -> bool:
        return any(self.means(person) for person in state.beside.people)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        groups = {state.beside.people for state in states}
        fitting = {group for group in groups if any(self.means(person) for person in group)}
        return [state for state in states if state.beside.people in fitting]

    def needs(self) -> Needs:
        return Needs(people=frozenset({self.who})) if self.one else Needs(everyone=True)


@dataclass(frozen=True, slots=True)
class OnlyPeople(OneByOne):
    """Somebody is on it, and nobody but these; faces without a name count as somebody else."""

    these: tuple[PersonIs, ...]

    def matches(self, state: AssetState) -> bool:
        return self._holds(state.beside.people)

    def _holds(self, people: frozenset[Person]) -> bool:
        return bool(people) and all(any(one.means(person) for one in self.these) for person in people)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        fitting = {group for group in {state.beside.people for state in states} if self._holds(group)}
        return [state for state in states if state.beside.people in fitting]

    def needs(self) -> Needs:
        return Needs(people=frozenset(one.who for one in self.these if one.one), everyone=True)


@dataclass(frozen=True, slots=True)
class Stacked(OneByOne):
    """Belongs to a stack, or not."""

    stacked: bool
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def matches(self, state: AssetState) -> bool:
        return state.beside.stacked is self.stacked

    def needs(self) -> Needs:
        return Needs(stacks=True)


@dataclass(frozen=True, slots=True)
class LibraryIs(OneByOne):
    """Lies in the external library with this name or id; None: in none, as it was uploaded."""

    which: str | None
    origin: Origin | None = field(default=None, compare=False)
    _id: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_id", self.which.lower() if self.which and is_id(self.which) else None)

    @property
    def by_name(self) -> bool:
        """Whether the library's name must be known."""
        return self.which is not None and self._id is None

    def matches(self, state: AssetState) -> bool:
        if self.which is None:
            return state.asset.library_id is None
        if self._id:
            return state.asset.library_id == self._id
        name = state.beside.library
        return name is not None and folded(name) == folded(self.which)

    def needs(self) -> Needs:
        return Needs(libraries=self.by_name)
