"""Selectors: questions about one asset, put together with all, any and not from conditions.

Each is a pure function of an `AssetState`, so a rule can be asked again about the state a plan would leave.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.asset import AssetState


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be read before a selector can be asked, beyond the assets themselves."""

    tags: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    """Tags that are wanted with everything below them."""
    all_tags: bool = False
    albums: frozenset[str] = frozenset()
    """Album names, folded."""
    all_albums: bool = False
    hidden: bool = False
    people: frozenset[str] = frozenset()
    """Names or ids of persons whose photos must be known."""
    everyone: bool = False
    """Whether all persons on each asset must be known."""
    stacks: bool = False
    libraries: bool = False
    """Whether the names of external libraries must be known."""
    users: bool = False
    """Whether everybody on the server must be known."""
    owners: frozenset[str] = frozenset()
    """Whose photos are asked for beside the account's own: names, addresses, ids, or `any`."""

    @property
    def any_tags(self) -> bool:
        """Whether tags must be known."""
        return bool(self.tags or self.branches or self.all_tags)

    @property
    def any_albums(self) -> bool:
        """Whether memberships must be known."""
        return bool(self.albums or self.all_albums)

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.tags | other.tags,
            self.branches | other.branches,
            self.all_tags or other.all_tags,
            self.albums | other.albums,
            self.all_albums or other.all_albums,
            self.hidden or other.hidden,
            self.people | other.people,
            self.everyone or other.everyone,
            self.stacks or other.stacks,
            self.libraries or other.libraries,
            self.users or other.users,
            self.owners | other.owners,
        )


NOTHING = Needs()


class Selector(Protocol):
    """A question about one asset."""

    def matches(self, state: AssetState) -> bool:
        """Whether the asset, in this state, is meant."""
        ...

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        """The assets that are meant, in the same order: the same answer for a whole library, sooner."""
        ...

    def needs(self) -> Needs:
        """What must have been read to answer."""
        ...


class OneByOne(ABC):
    """A condition that is asked about each asset in turn."""

    __slots__ = ()

    @abstractmethod
    def matches(self, state: AssetState) -> bool:
        """Whether the asset, in this state, is meant."""

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        matches = self.matches
        return [state for state in states if matches(state)]


class Plain(OneByOne):
    """A condition that looks at the asset's own fields only."""

    __slots__ = ()

    def needs(self) -> Needs:
        return NOTHING


def combined(selectors: Iterable[Selector]) -> Needs:
    """What all of these need together."""
    total = NOTHING
    for selector in selectors:
        total |= selector.needs()
    return total


@dataclass(frozen=True, slots=True)
class All:
    """Every part must match; none at all matches everything."""

    parts: tuple[Selector, ...]

    def matches(self, state: AssetState) -> bool:
        return all(part.matches(state) for part in self.parts)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        found = list(states)
        for part in self.parts:
            found = part.select(found)
        return found

    def needs(self) -> Needs:
        return combined(self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part must match."""

    parts: tuple[Selector, ...]

    def matches(self, state: AssetState) -> bool:
        return any(part.matches(state) for part in self.parts)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        found = {state.asset.id for part in self.parts for state in part.select(states)}
        return [state for state in states if state.asset.id in found]

    def needs(self) -> Needs:
        return combined(self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not match."""

    part: Selector

    def matches(self, state: AssetState) -> bool:
        return not self.part.matches(state)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        found = {state.asset.id for state in self.part.select(states)}
        return [state for state in states if state.asset.id not in found]

    def needs(self) -> Needs:
        return self.part.needs()


@dataclass(frozen=True, slots=True)
class Named:
    """A selector that the files define once under a name."""

    name: str
    part: Selector

    def matches(self, state: AssetState) -> bool:
        return self.part.matches(state)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        return self.part.select(states)

    def needs(self) -> Needs:
        return self.part.needs()


def conditions_of(selector: Selector) -> Iterator[Selector]:
    """Every condition that a selector is made of."""
    match selector:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions_of(part)
        case Not(part) | Named(_, part):
            yield from conditions_of(part)
        case _:
            yield selector
