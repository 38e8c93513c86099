"""How much one plan may take away, overwrite or change before somebody has to agree to it by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

FLOOR = 50
"""Up to so many, a share says little; also the smallest library that something can have "all" of."""


class Budget(StrEnum):
    """What is counted. Every removal and every overwriting is also a change; so is what is made anew."""

    REMOVALS = "removals"
    OVERWRITES = "overwrites"
    CHANGES = "changes"


class Counted(StrEnum):
    """Of what: photos' own values, tags on photos, photos in albums, albums themselves, users in albums."""

    VALUES = "values"
    TAGS = "tags"
    MEMBERSHIPS = "memberships"
    ALBUMS = "albums"
    SHARES = "shares"


class Guard(StrEnum):
    """What stops a plan whatever its numbers are, unless it is allowed by name."""

    EMPTY_ALBUM = "empty-album"
    """An album loses all of its photos and gets none."""
    EMPTY_ALBUMS = "empty-albums"
    """So do most of the albums whose photos are managed."""
    WHOLE_LIBRARY = "whole-library"
    """An album or tag that had a part of the library gets (almost) all of it."""
    MISSING_PHOTOS = "missing-photos"
    """Most of the photos that the files name are not there."""
    MISSING_FILES = "missing-files"
    """Most of the files that were applied last are not there any more."""


OF_ONE = frozenset({Guard.EMPTY_ALBUM, Guard.WHOLE_LIBRARY})
"""The guards that are about one album or tag, which is named: `empty-album=Italy`."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be: a `count`, and a `share` of the whole in percent; None where there is none."""

    count: int | None = None
    share: float | None = None

    def __str__(self) -> str:
        parts = [] if self.count is None else [str(self.count)]
        parts += [] if self.share is None else [f"{self.share:g}%"]
        return ",".join(parts) or "none"


NO_LIMIT = Limit()

Limits = Mapping[Counted, Limit]


def everywhere(limit: Limit) -> dict[Counted, Limit]:
    """The same limit for everything that is counted."""
    return dict.fromkeys(Counted, limit)


DEFAULTS: Mapping[Budget, Limit] = {
    Budget.REMOVALS: Limit(200, 50),
    Budget.OVERWRITES: Limit(share=30),
    Budget.CHANGES: NO_LIMIT,
}
"""What holds where nothing is written; what only adds is not limited, so that a first run is no disaster."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One thing that a guard lets pass: `empty-album=NAME` (`*` stands for any text), or a guard alone."""

    guard: Guard
    name: str = ""

    def covers(self, guard: Guard, name: str) -> bool:
        """Whether it is about this guard and this album or tag."""
        return self.guard is guard and (self.name == name or fnmatchcase(name, self.name))

    def __str__(self) -> str:
        return f"{self.guard.value}={self.name}" if self.name else self.guard.value


@dataclass(frozen=True, slots=True)
class Safety:
    """The limits of a plan, and what its guards let pass. A share only counts above `floor`."""

    limits: Mapping[Budget, Limits] = field(
        default_factory=lambda: {budget: everywhere(limit) for budget, limit in DEFAULTS.items()}
    )
    floor: int = FLOOR
    allow: tuple[Allowed, ...] = ()

    def limit(self, budget: Budget, counted: Counted) -> Limit:
        """The limit of one budget for one thing that is counted."""
        return self.limits[budget].get(counted, NO_LIMIT)

    def allows(self, guard: Guard, name: str = "") -> bool:
        """Whether somebody has said that this may be."""
        return any(item.covers(guard, name) for item in self.allow)
