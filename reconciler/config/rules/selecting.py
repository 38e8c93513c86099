"""Blocks of keys → selectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.config.reading import items, mapping, mappings
from reconciler.config.rules.conditions import CONDITIONS
from reconciler.config.rules.where import Reader, Selecting, joined
from reconciler.config.text.nodes import MapNode, Node
from reconciler.model.selectors import All, AnyOf, Not, Selector


def read_match(where: Selecting, node: Node) -> Selector | None:
    """A block of keys, or a list of them of which one must hold; None after an error."""
    return joined(AnyOf, [_read_block(where, part) for part in mappings(node)])


def _read_block(where: Selecting, node: MapNode) -> Selector | None:
    return joined(All, [_READERS[key](where, value) for key, value in node.items()])


def _several(kind: type[All] | type[AnyOf]) -> Callable[[Selecting, Node], Selector | None]:
    def read(where: Selecting, node: Node) -> Selector | None:
        return joined(kind, [_read_block(where, mapping(item)) for item in items(node)])

    return read


def _not(where: Selecting, node: Node) -> Selector | None:
    inner = read_match(where, node)
    return None if inner is None else Not(inner)


def _selector(where: Selecting, node: Node) -> Selector | None:
    return where.named(where, node)


_READERS: Mapping[str, Reader] = {
    **CONDITIONS,
    "selector": _selector,
    "any": _several(AnyOf),
    "all": _several(All),
    "not": _not,
}
