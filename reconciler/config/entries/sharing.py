"""`share` of albums and album sets: who shall see them."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.config.reading import items, mapping, scalar
from reconciler.config.report import Scope
from reconciler.config.text.nodes import ListNode, MapNode, Node
from reconciler.model.sharing import Role, ShareItem, ShareWish
from reconciler.model.text import folded


def read_share(scope: Scope, node: Node) -> ShareWish | None:
    """What is asked: a list means exactly these; None after an error."""
    origin = scope.origin(node)
    if isinstance(node, ListNode):
        return ShareWish(origin, exact=_once(scope, _items(scope, node)))
    found = {key: _items(scope, items(value)) for key, value in mapping(node).items()}
    if "exact" in found:
        if len(found) > 1:
            message = (
                "`exact` says all there is to say; leave out `add` and `remove`, or write them without it"
            )
            scope.error(node, message)
            return None
        return ShareWish(origin, exact=_once(scope, found["exact"]))
    both = _once(scope, [*found.get("add", ()), *found.get("remove", ())])
    added = len(found.get("add", ()))
    return ShareWish(origin, add=both[:added], remove=both[added:])


def _items(scope: Scope, node: ListNode) -> list[tuple[Node, ShareItem]]:
    return [(item, found) for item in node if (found := _item(scope, item)) is not None]


def _item(scope: Scope, node: Node) -> ShareItem | None:
    """One user, by e-mail or name, with a role or without."""
    named, role = node, Role.VIEWER
    if isinstance(node, MapNode):
        if "user" not in node:
            return None
        named = node["user"]
        role = Role(scalar(node["role"]).text) if "role" in node else role
    who = scalar(named).text.strip()
    if not who:
        scope.error(named, "a user has an e-mail and a name; this is neither")
        return None
    return ShareItem(who, scope.origin(node), role)


def _once(scope: Scope, found: Iterable[tuple[Node, ShareItem]]) -> tuple[ShareItem, ...]:
    """Refuses somebody who is named twice."""
    first: dict[str, ShareItem] = {}
    for node, item in found:
        other = first.setdefault(folded(item.who), item)
        if other is not item:
            message = f"{item.who!r} is named at {other.origin} already; write each user once"
            scope.error(node, message)
    return tuple(item for _, item in found)
