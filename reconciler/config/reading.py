"""What the readers of the language share: texts, tags, dates out of nodes, with their problems told.

A reader returns None where it has reported an error. The schema has been checked before, so kinds are sure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from reconciler.config.report import Scope
from reconciler.config.text.nodes import ListNode, MapNode, Node, Scalar
from reconciler.model.desired import Setting
from reconciler.model.values import Coordinates, normal_tag

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clock:
    """The zone for dates without an offset; `broken` where defaults.timezone itself is in error.

    `now` is the moment of the run, by which `last 30 days` is counted.
    """

    zone: ZoneInfo | None = None
    broken: bool = False
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def today(self) -> date:
        """The day of the run by this clock; UTC without a zone."""
        return self.now.astimezone(self.zone or UTC).date()

    @property
    def name(self) -> str:
        """How messages name it."""
        return self.zone.key if self.zone else "UTC"


@dataclass(frozen=True, slots=True)
class Got(Generic[T]):
    """A value that was read, as None may be one."""

    value: T


def mapping(node: Node) -> MapNode:
    """The node as the mapping that the schema made sure of."""
    assert isinstance(node, MapNode)
    return node


def items(node: Node) -> ListNode:
    """The node as the list that the schema made sure of."""
    assert isinstance(node, ListNode)
    return node


def scalar(node: Node) -> Scalar:
    """The node as the scalar that the schema made sure of."""
    assert isinstance(node, Scalar)
    return node


def scalars(node: Node) -> tuple[Scalar, ...]:
    """One scalar, or a list of them."""
    return (node,) if isinstance(node, Scalar) else tuple(scalar(item) for item in items(node))


def mappings(node: Node) -> tuple[MapNode, ...]:
    """One mapping, or a list of them."""
    return (node,) if isinstance(node, MapNode) else tuple(mapping(item) for item in items(node))


def number(node: Node) -> float:
    """The number that the schema made sure of."""
    value = scalar(node).value
    assert isinstance(value, int | float)
    return float(value)


def point(node: MapNode) -> Coordinates:
    """The point that a mapping names by its latitude and longitude."""
    return Coordinates(number(node["latitude"]), number(node["longitude"]))


def says_true(node: MapNode, key: str) -> bool:
    """Whether a key is there and true."""
    return key in node and scalar(node[key]).value is True


def texts(node: Node) -> tuple[str, ...]:
    """One text, or a list of them, as written."""
    return tuple(part.text for part in scalars(node))


def setting(scope: Scope, node: Node, value: T) -> Setting[T]:
    """A value with the place that asks for it."""
    return Setting(value, scope.origin(node))


def text_setting(scope: Scope, node: MapNode, key: str) -> Setting[str] | None:
    """The text that stands under a key, as written; None where it is left out."""
    return setting(scope, node[key], scalar(node[key]).text) if key in node else None


def true_setting(scope: Scope, node: MapNode, key: str) -> Setting[bool] | None:
    """Whether a key says true; None where it is left out."""
    return setting(scope, node[key], says_true(node, key)) if key in node else None


def tag_path(scope: Scope, node: Scalar) -> str | None:
    """A tag's full path; a path with empty parts gets a warning."""
    path = normal_tag(node.text)
    if not path:
        scope.error(node, "a tag needs a name")
        return None
    if "*" in path.split("/"):
        scope.error(node, "* for other tags only works in `match`; name each tag")
        return None
    if path != node.text:
        scope.warn(node, f"a tag has no empty parts: {node.text!r} is read as {path!r}")
    return path


def tag_paths(scope: Scope, nodes: Iterable[Scalar]) -> frozenset[str]:
    """Full paths of several tags, those left out that are none."""
    return frozenset(path for node in nodes if (path := tag_path(scope, node)) is not None)


def is_unwritten(scope: Scope, node: Node) -> bool:
    """Whether no value is there at all, which is refused: to take one away, somebody has to write that."""
    if not isinstance(node, Scalar) or node.value is not None or node.text:
        return False
    scope.error(
        node,
        "no value stands here (an unquoted # begins a comment); write one, in quotes if it begins with #, or "
        "null to take away what is there",
    )
    return True
