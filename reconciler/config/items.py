"""The items of the long lists, each held against the schema first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.config import faults
from reconciler.config.report import Report, Scope
from reconciler.config.schema import language
from reconciler.config.text.nodes import ListNode, MapNode, Node, without


def sound_items(
    report: Report, file: str, key: str, found: Node | None, places: Sequence[int] | None = None
) -> Iterator[tuple[int, Scope, MapNode]]:
    """The items of a list with what is at fault in them left out, and the place of each.

    `places` are told where the node holds only some of the list.
    """
    if not isinstance(found, ListNode):
        return
    schema = language().item_schema(key)
    for index, node in zip(range(len(found)) if places is None else places, found, strict=True):
        scope = Scope(report, file, node, (key, index))
        refused = faults.check(scope, schema)
        sound = without(node, refused) if refused else node
        if isinstance(sound, MapNode):
            yield index, scope, sound
