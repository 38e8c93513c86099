"""What was read of a piece of a large file, as bytes and back.

The bytes are a pickle that may name nothing but the plain classes of `model` and the nodes of a document, so
reading it can make such values and do nothing else.
"""

from __future__ import annotations

import copyreg
import dataclasses
import importlib
import io
import pickle
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from operator import attrgetter
from typing import Any

from reconciler.config.text.nodes import ListNode, MapNode, Scalar
from reconciler.model.desired import AssetEntry, Setting
from reconciler.model.origin import Origin


@dataclasses.dataclass(frozen=True, slots=True)
class ReadPiece:
    """What the items of a piece came to; `count` is how many they are.

    `entries` are those that need nothing from elsewhere and have no fault, by their place among the items.
    `rest` are the others, as nodes, which stand at `places`.
    """

    count: int
    places: tuple[int, ...]
    rest: ListNode
    entries: Mapping[int, AssetEntry]


class NotAPiece(Exception):
    """These bytes are nothing that this program has kept."""


def to_bytes(piece: ReadPiece) -> bytes:
    """The piece as bytes."""
    stream = io.BytesIO()
    _Pickler(stream, 5).dump((piece.count, piece.places, piece.rest, piece.entries))
    return stream.getvalue()


def from_bytes(data: bytes) -> ReadPiece:
    """The piece that `to_bytes` made bytes of. Raises NotAPiece for anything else."""
    try:
        return ReadPiece(*_Unpickler(io.BytesIO(data)).load())
    except (pickle.UnpicklingError, EOFError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise NotAPiece from error


def _setting(value: Any, file: str, line: int, column: int) -> Setting[Any]:
    return Setting(value, Origin(file, line, column))


_SETTING = attrgetter("value", "origin.file", "origin.line", "origin.column")


def _apart(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """How a value is taken apart: into its class and the fields that it is made from."""
    names = [part.name for part in dataclasses.fields(kind) if part.init]
    get = attrgetter(*names)
    if len(names) == 1:
        return lambda value: (kind, (get(value),))
    return lambda value: (kind, get(value))


class _Apart(dict[type, Callable[[Any], Any]]):
    """How to take values apart, worked out for each class when it is first met."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        if not (dataclasses.is_dataclass(kind) and kind.__module__.startswith("reconciler.model.")):
            raise KeyError(kind)
        self[kind] = _apart(kind)
        return self[kind]


class _Pickler(pickle.Pickler):
    dispatch_table: Any = _Apart(
        {
            **copyreg.dispatch_table,
            Setting: lambda value: (_setting, _SETTING(value)),
            Scalar: lambda node: (Scalar, (node.text, node.value, node.line, node.column)),
            ListNode: lambda node: (ListNode, (node.line, node.column), None, iter(node)),
            MapNode: lambda node: (
                MapNode,
                (node.line, node.column),
                (None, {"places": node.places, "damaged": node.damaged}),
                None,
                iter(node.items()),
            ),
        }
    )


_OTHERS: Mapping[tuple[str, str], Any] = {
    (each.__module__, each.__qualname__): each
    for each in (_setting, Scalar, ListNode, MapNode, datetime, timedelta, timezone)
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """The few classes that entries of the language consist of."""
        if (module, name) in _OTHERS:
            return _OTHERS[module, name]
        if not module.startswith("reconciler.model.") or "." in name:
            raise pickle.UnpicklingError(f"{module}.{name} has no business here")
        found = getattr(importlib.import_module(module), name)
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"{module}.{name} is no class of its module")
        if not (dataclasses.is_dataclass(found) or issubclass(found, Enum)):
            raise pickle.UnpicklingError(f"{module}.{name} is no plain value")
        return found
