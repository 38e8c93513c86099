"""By what an album set, and an album of it, is known again from run to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SetKey:
    """What makes a set the same set in the next run, whatever its albums are called.

    `by` tells how it groups; `narrowed` which photos it is about, as written in the files.
    """

    by: str
    narrowed: str = ""


@dataclass(frozen=True, slots=True)
class SetMember:
    """Which set an album belongs to, and which of its groups it is: `title` is the pattern of its names."""

    title: str
    set: SetKey
    group: str


@dataclass(frozen=True, slots=True)
class KnownAlbums:
    """Which albums earlier runs have made or taken over for sets: by set, then by group, the album's id."""

    of: Mapping[SetKey, Mapping[str, str]] = field(default_factory=dict)

    def ids(self, key: SetKey, others: frozenset[SetKey]) -> Mapping[str, str]:
        """The albums of a set by group; `others` are the keys of all other sets there are now.

        A set that only narrows otherwise than before is known again, if there is no doubt which one it was.
        """
        if key in self.of:
            return self.of[key]
        if any(other.by == key.by and other not in self.of for other in others):
            return {}
        former = [known for known in self.of if known.by == key.by and known not in others]
        return self.of[former[0]] if len(former) == 1 else {}


NOTHING_KNOWN = KnownAlbums()
