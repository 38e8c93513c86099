"""A reading plan: what is asked of the server, why, at what cost, and what would have cost more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.live.cost import NOTHING, Cost, total
from reconciler.model.origin import Origin

LINES = 3
"""How many lines a read names as its reason."""


class What(StrEnum):
    """The kinds of reads."""

    SIZE = "size"
    QUEUES = "queues"
    TAGS = "tags"
    ALBUMS = "albums"
    VALUES = "values"
    MAP = "map"
    SCAN = "scan"
    SEARCH = "search"
    CHECK = "check"
    PHOTOS = "photos"
    NAMES = "names"
    MEMBERS = "members"
    LEAVING = "leaving"
    TAGGED = "tagged"
    PEOPLE = "people"
    STACKS = "stacks"
    LIBRARIES = "libraries"
    USERS = "users"
    OWNERS = "owners"
    COVERS = "covers"


@dataclass(frozen=True, slots=True)
class Read:
    """One question or several of a kind. `about` is for people; `cost` is what it was expected to cost.

    `fewest` is how many requests any way of asking this would take. `because` are the first of the lines that
    ask for it, `others` how many more there are.
    """

    what: What
    about: str
    cost: Cost
    because: tuple[Origin, ...] = ()
    others: int = 0
    fewest: int = 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """Another way to read the same, why it wasn't taken, and what it would have cost, where that is known."""

    way: str
    why: str
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Everything that is read for a plan, in the order in which it is decided."""

    reads: tuple[Read, ...] = ()
    rejected: tuple[Rejected, ...] = ()

    @property
    def cost(self) -> Cost:
        """What all reads together were expected to cost."""
        return total(read.cost for read in self.reads)

    @property
    def fewest(self) -> int:
        """The fewest requests that answer the same, for somebody who knows beforehand how to ask."""
        return sum(read.fewest for read in self.reads)


def read(
    what: What,
    about: str,
    cost: Cost = NOTHING,
    because: Iterable[Origin] = (),
    *,
    fewest: int | None = None,
) -> Read:
    """A read with the first lines that ask for it; `fewest` is what it is expected to take, unless given."""
    lines = sorted(set(because))
    least = cost.requests if fewest is None else fewest
    return Read(what, about, cost, tuple(lines[:LINES]), len(lines[LINES:]), least)
