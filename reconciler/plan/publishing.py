"""Names of files as others may see them: nothing of the machine on which a plan was made. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

from reconciler.diff.changes import Note
from reconciler.model.origin import Origin, Problem
from reconciler.plan.violation import Violation

T = TypeVar("T")


def public_names(files: Sequence[str]) -> dict[str, str]:
    """For files outside of the current folder, names without the way there; the others keep theirs.

    Such files are named from the folder that they have in common.
    """
    taken = {name for name in files if not _is_outside(name)}
    absolute = sorted(name for name in set(files) - taken if not name.startswith("../"))
    names: dict[str, str] = {}
    for outside in (absolute, sorted(set(files) - taken - set(absolute))):
        common = posixpath.commonpath([posixpath.dirname(name) for name in outside]) if outside else ""
        for name in outside:
            made = name.removeprefix(common).lstrip("/")
            while made in taken:
                made = f"_{made}"
            taken.add(made)
            names[name] = made
    return names


_OUTSIDE = re.compile(r"/|\.\./|[A-Za-z]:")


def _is_outside(name: str) -> bool:
    return _OUTSIDE.match(name) is not None


def renamed(item: T, names: Mapping[str, str]) -> T:
    """The same with other names of files: in every place, and in the sentences of problems and the like."""
    made: Any = _renamed(item, names) if names else item
    return made  # type: ignore[no-any-return]


def _renamed(item: Any, names: Mapping[str, str]) -> Any:
    kind = type(item)
    if kind in _PLAIN:
        return item
    if kind is Origin:
        found = names.get(item.file)
        return item if found is None else Origin(found, item.line, item.column)
    if isinstance(item, tuple):
        return tuple(_renamed(part, names) for part in item)
    if isinstance(item, Mapping):
        return {key: _renamed(part, names) for key, part in item.items()}
    if is_dataclass(kind):
        texts = issubclass(kind, Problem | Note | Violation)
        changed: dict[str, Any] = {}
        for name in _field_names(kind):
            value = getattr(item, name)
            found = _in_text(value, names) if texts and name != "option" else _renamed(value, names)
            if found is not value:
                changed[name] = found
        return replace(item, **changed) if changed else item
    return item


_PLAIN = frozenset({str, int, float, bool, type(None)})


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _in_text(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, public in names.items():
            value = value.replace(name, public)
        return value
    if isinstance(value, tuple):
        return tuple(_in_text(part, names) for part in value)
    return _renamed(value, names)
