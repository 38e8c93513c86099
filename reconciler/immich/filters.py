"""The structured filter of Immich 3.2: what photos must fit, written down as the server takes it (FACTS 10).

It differs from the flat fields in more than its form. It shows the trash unless it is told not to; photos
that the server has not read yet come along, without metadata; and only `eq` null fits what has no value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.immich.keyset import OPEN, Range, Window, stamp
from reconciler.model.values import Visibility

Condition = tuple[str, str, Any]
"""A field, an operator, and a value: a text, a number, yes or no, None, or a tuple of texts."""

_LOCKED = "locked"
"""A search that could show the locked folder is refused (401), so it is always ruled out (FACTS 2)."""
_SHOWN = (Visibility.TIMELINE.value, Visibility.ARCHIVE.value)


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)


def may_be_id(text: str) -> bool:
    """Whether the server takes a text for an id; it refuses a filter with any other (400)."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a structured search: what fits all of this."""

    conditions: tuple[Condition, ...] = ()
    taken: Range = OPEN
    added: Range = OPEN


SOMEBODY = Branch((("hasPeople", "eq", True),))
"""Photos with a face that shows, whether it is somebody's or not: nobody is on any other."""


def filter_of(branches: Sequence[Branch], window: Window, *, hidden: bool) -> dict[str, Any]:
    """What fits one of these branches within a window; outside the trash, hidden photos only if wanted."""
    all_of = [frozenset(_conditions(branch)) for branch in branches]
    common = frozenset.intersection(*all_of)
    rests = [one - common for one in all_of]
    shown = () if any(field == "visibility" for field, _, _ in common) else (_shown(hidden),)
    within = Branch(taken=(window.since, window.until), added=(window.added_since, window.added_until))
    found = _written([*common, *shown, *_conditions(within), ("trashedAt", "eq", None)])
    if all(rests) and len(rests) > 1:
        found["or"] = [_written(rest) for rest in rests]
    return found


def _shown(hidden: bool) -> Condition:
    return ("visibility", "ne", _LOCKED) if hidden else ("visibility", "in", _SHOWN)


def _conditions(branch: Branch) -> list[Condition]:
    spans = [*_bounds("takenAt", branch.taken), *_bounds("createdAt", branch.added)]
    return [_without_locked(one) for one in branch.conditions] + spans


def _without_locked(condition: Condition) -> Condition:
    field, operator, value = condition
    return (field, operator, (*value, _LOCKED)) if (field, operator) == ("visibility", "notIn") else condition


def _bounds(field: str, span: Range) -> list[Condition]:
    ends = zip(("gte", "lte"), span, strict=True)
    return [(field, operator, stamp(bound)) for operator, bound in ends if bound is not None]


def _written(conditions: Iterable[Condition]) -> dict[str, Any]:
    """Conditions as JSON; of two that say the same of a field, the stricter."""
    found: dict[str, Any] = {}
    for field, operator, value in sorted(conditions, key=repr):
        said = found.setdefault(field, {})
        if operator in said:
            value = _stricter(operator, said[operator], value)
        said[operator] = list(value) if isinstance(value, tuple) else value
    return found


def _stricter(operator: str, one: Any, other: Any) -> Any:
    """Of two bounds in the server's own writing of an instant, which sorts as the instants do."""
    if operator not in ("gte", "lte"):
        raise ValueError(f"a filter says {operator} twice of one field")
    return max(one, other) if operator == "gte" else min(one, other)
