"""Which photos a page shows as pictures: some of each list, and never more than the budget. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TypeVar

T = TypeVar("T")

SHOWN = 10
"""Pictures of one list."""


def spread(items: Sequence[T], number: int = SHOWN) -> list[T]:
    """So many of them, evenly over the whole list, the first and the last among them."""
    if len(items) <= number:
        return list(items)
    last = len(items) - 1
    return [items[round(index * last / (number - 1))] for index in range(number)]


def taking_turns(lists: Iterable[Sequence[str]]) -> list[str]:
    """One of each list, then the next of each, and so on; each item once."""
    turns = zip_longest(*lists)
    return list(dict.fromkeys(item for turn in turns for item in turn if item is not None))
