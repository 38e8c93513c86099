"""Selectors: questions about one asset, put together with all, any and not from conditions.

Each is a pure function of an `AssetState`, so a rule can be asked again about the state a plan would leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.tags | other.tags,
            self.branches | other.branches,
            self.all_tags or other.all_tags,
            self.albums | other.albums,
            self.all_albums or other.all_albums,
            self.hidden or other.hidden,
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
