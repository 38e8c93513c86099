"""Entries of `assets`: which photos, and the values they shall have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.config.reading import (
    Got,
    is_unwritten,
    items,
    mapping,
    says_true,
    scalar,
    scalars,
    setting,
    tag_path,
    tag_paths,
)
from reconciler.config.report import Scope
from reconciler.config.rules.naming import is_name, read_name
from reconciler.config.rules.owners import read_own_rule
from reconciler.config.rules.where import Selecting
from reconciler.config.schema import language
from reconciler.config.text.nodes import MapNode, Node, Scalar
from reconciler.config.values.dates import BadDate, read_moment, read_taken
from reconciler.config.values.round_trip import caption_fault, date_fault, tag_fault
from reconciler.config.values.zone_of_place import moved_message, moved_to
from reconciler.model.desired import AssetEntry, PhotoName, Setting, TagsWish
from reconciler.model.selectors import Selector
from reconciler.model.values import (
    Coordinates,
    Field,
    FieldValue,
    Taken,
    Visibility,
    decimal,
    normal_description,
    normal_rating,
)

DECIMALS = Decimal("0.000001")


def read_entry(scope: Scope, node: MapNode, where: Selecting) -> AssetEntry | None:
    """One entry; None after an error, and where the schema refused its `match`.

    `where` has what all entries share.
    """
    where = replace(where, scope=scope)
    values: dict[Field, Setting[FieldValue]] = {}
    for key, value in node.items():
        reader = _VALUES.get(key)
        if reader is None or (key in _CAN_BE_NULL and is_unwritten(scope, value)):
            continue
        if (got := reader(where, value)) is not None:
            values[Field(key)] = setting(scope, value, got.value)
    _check_zone(scope, node, values)
    tags = read_tags(scope, node["tags"]) if "tags" in node else None
    account = where.accounts.read(scope, node)
    _check_wish(scope, node)
    if "match" not in node:
        return None
    name, rule = _read_whom(where, node["match"])
    if name is None and rule is None:
        return None
    protect = says_true(node, "protect")
    return AssetEntry(scope.origin(node), values, tags, name, rule, protect, account)


def _check_wish(scope: Scope, node: MapNode) -> None:
    """Refuses an entry that only says which photos, and whose."""
    if len(node) == 2 and "account" in node and "match" in node and not node.damaged:
        messages = language().item_schema("assets")["x-messages"]
        scope.error(node, str(messages["minProperties"]))


def _read_whom(where: Selecting, node: Node) -> tuple[PhotoName | None, Selector | None]:
    if is_name(node):
        return read_name(where, mapping(node)), None
    return None, read_own_rule(where, node)


def _description(where: Selecting, node: Node) -> Got[FieldValue] | None:
    text = text_or_nothing(node)
    if fault := caption_fault(text):
        where.scope.error(node, fault)
        return None
    return Got(text)


def text_or_nothing(node: Node) -> str:
    """A text as written, trimmed; null is the empty text."""
    part = scalar(node)
    return "" if part.value is None else normal_description(part.text)


def _taken(where: Selecting, node: Node) -> Got[FieldValue] | None:
    part = scalar(node)
    if part.value is None:
        where.scope.error(
            node, "a date can't be taken away, the server keeps it; write a date, or leave `taken` out"
        )
        return None
    try:
        if where.clock.broken and not _has_offset(part.text):
            return None
        taken = read_taken(part.text, where.clock.zone)
    except BadDate as error:
        where.scope.error(node, str(error))
        return None
    if fault := date_fault(taken):
        where.scope.error(node, fault)
        return None
    return Got(taken)


def _has_offset(text: str) -> bool:
    moment = read_moment(text)
    return moment.offset is not None or not moment.timed


def _location(where: Selecting, node: Node) -> Got[FieldValue] | None:
    if isinstance(node, Scalar):
        return Got(None)
    parts = mapping(node)
    if parts.damaged:
        return None
    latitude, longitude = (_degrees(where.scope, scalar(parts[key])) for key in ("latitude", "longitude"))
    if latitude is None or longitude is None:
        return None
    if latitude == 0 and longitude == 0:
        message = "0/0 is how the server forgets a place; write `location: null` to take the place away"
        where.scope.error(node, message)
        return None
    return Got(Coordinates(latitude, longitude))


def _degrees(scope: Scope, node: Scalar) -> float | None:
    value, text = node.value, node.text
    assert isinstance(value, int | float)
    fraction = text.partition(".")[2]
    if len(fraction) <= 6 and fraction.isdigit():
        return float(value)
    exact = Decimal(value) if isinstance(value, int) else Decimal(text)
    rounded = exact.quantize(DECIMALS)
    if rounded != exact:
        scope.error(
            node,
            f"{text[:40]} has more than the six decimals the server keeps; write {decimal(float(rounded))}",
        )
        return None
    return float(value)


def _rating(where: Selecting, node: Node) -> Got[FieldValue]:  # noqa: ARG001
    value = scalar(node).value
    return Got(None if value is None else normal_rating(float(value)))


def _visibility(where: Selecting, node: Node) -> Got[FieldValue]:  # noqa: ARG001
    return Got(Visibility(scalar(node).text))


def _favorite(where: Selecting, node: Node) -> Got[FieldValue]:  # noqa: ARG001
    return Got(scalar(node).value is True)


_VALUES: Mapping[str, Callable[[Selecting, Node], Got[FieldValue] | None]] = {
    "description": _description,
    "taken": _taken,
    "location": _location,
    "rating": _rating,
    "visibility": _visibility,
    "favorite": _favorite,
}

_CAN_BE_NULL = frozenset({"description", "location", "rating"})


def _check_zone(scope: Scope, node: MapNode, values: Mapping[Field, Setting[FieldValue]]) -> None:
    """Refuses a clock that the entry's own place would move (FINDINGS 10)."""
    taken, place = values.get(Field.TAKEN), values.get(Field.LOCATION)
    if taken is None or place is None:
        return
    if isinstance(taken.value, Taken) and isinstance(place.value, Coordinates):
        there = moved_to(taken.value, place.value)
        if there is not None:
            written = read_moment(scalar(node["taken"]).text).offset is not None
            scope.error(node["taken"], moved_message(taken.value, there, written))


def read_tags(scope: Scope, node: Node) -> TagsWish | None:
    """What is asked of tags: a list adds; None after an error."""
    origin = scope.origin(node)
    if not isinstance(node, MapNode):
        return TagsWish(origin, add=_kept_tags(scope, scalars(node)))
    found = {
        key: (tag_paths if key == "remove" else _kept_tags)(scope, scalars(items(value)))
        for key, value in node.items()
    }
    if "exact" in found:
        if len(found) > 1:
            scope.error(
                node,
                "`exact` says all there is to say; leave out `add` and `remove`, or write them without it",
            )
            return None
        return TagsWish(origin, exact=found["exact"])
    add, remove = found.get("add", frozenset()), found.get("remove", frozenset())
    if both := sorted(add & remove):
        scope.error(node["remove"], f"{', '.join(map(repr, both))} can't be added and removed at once")
        return None
    return TagsWish(origin, add=add, remove=remove)


def _kept_tags(scope: Scope, nodes: Iterable[Scalar]) -> frozenset[str]:
    """Full paths of tags that photos shall have, without those that they can't keep."""
    found = set()
    for node in nodes:
        path = tag_path(scope, node)
        if path is None:
            continue
        if fault := tag_fault(path):
            scope.error(node, fault)
        else:
            found.add(path)
    return frozenset(found)
