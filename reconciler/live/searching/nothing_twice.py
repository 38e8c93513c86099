"""What leaves out searches within others, and makes one of those whose times overlap. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations
from operator import itemgetter
from typing import Any, Generic, TypeVar

from reconciler.immich.keyset import Range
from reconciler.model.origin import Origin

W = TypeVar("W")
MOST_SAID = 10
"""Up to so many conditions, wider ones are looked up by each part of these: 2 to that power at most."""


class Wide(Generic[W]):
    """Keeps those of several searches, or of the branches of one, that are in no other. Wide ones come first.

    `said` are the conditions of one. A wider one has a part of them, or none, and is looked up by that, as
    there may be thousands of others. `within` tells whether it really is.
    """

    def __init__(self, said: Callable[[W], frozenset[Any]], within: Callable[[W, W], bool]) -> None:
        self._said, self._within = said, within
        self._by_said: dict[frozenset[Any], list[tuple[int, W]]] = defaultdict(list)
        self._count = 0

    def first_around(self, one: W) -> W:
        """The first of those kept that this one is within; itself, which is kept then, if there is none."""
        said = self._said(one)
        places = [(place, other) for some in self._among(said) for place, other in some]
        for _, other in sorted(places, key=itemgetter(0)):
            if self._within(one, other):
                return other
        self._by_said[said].append((self._count, one))
        self._count += 1
        return one

    def _among(self, said: frozenset[Any]) -> Iterable[list[tuple[int, W]]]:
        if len(said) > MOST_SAID:
            return self._by_said.values()
        parts = (frozenset(part) for size in range(len(said) + 1) for part in combinations(said, size))
        return (self._by_said[part] for part in parts if part in self._by_said)


def merged(spans: list[tuple[Range, set[Origin]]]) -> list[tuple[Range, set[Origin]]]:
    """Spans of time, each with the lines that ask for it; those that overlap or meet made one."""
    found: list[tuple[Range, set[Origin]]] = []
    for span, why in sorted(spans, key=lambda item: (item[0][0] is not None, item[0][0] or 0)):
        last = found[-1][0] if found else None
        if last and (last[1] is None or span[0] is None or span[0] <= last[1]):
            end = None if last[1] is None or span[1] is None else max(last[1], span[1])
            found[-1] = ((last[0], end), found[-1][1] | why)
        else:
            found.append((span, set(why)))
    return found


def inside(one: Range, other: Range) -> bool:
    """Whether a span of time lies within another."""
    starts = other[0] is None or (one[0] is not None and one[0] >= other[0])
    return starts and (other[1] is None or (one[1] is not None and one[1] <= other[1]))
