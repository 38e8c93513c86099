"""What a YAML file holds, every part with its place: texts and numbers, lists, mappings.

Scalars are read by YAML 1.2's core schema, so `no` is a word and `2024-06-12` a text. An alias is the very
node its anchor stands at, so a document may be a graph without cycles.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterator

Value = str | int | float | bool | None

WORDS: dict[str, Value] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,40})")
_BASED = re.compile(r"0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]{1,400}|(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{0,400})?)(?:[eE][-+]?[0-9]{1,9})?"
)
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


LONGEST_PATH = 120
"""Letters of a path that messages show."""


class NotANumber(ValueError):
    """`.inf` or `.nan`, which nothing in the language can use."""


class Scalar:
    """One text, number, truth value or null; `text` is how it was written, without quotes."""

    __slots__ = ("column", "line", "text", "value")

    def __init__(self, text: str, value: Value, line: int, column: int) -> None:
        self.text = text
        self.value = value
        self.line = line
        self.column = column


class ListNode(list["Node"]):
    """A list."""

    __slots__ = ("column", "line")

    def __init__(self, line: int, column: int) -> None:
        super().__init__()
        self.line = line
        self.column = column


class MapNode(dict[str, "Node"]):
    """A mapping. `places` holds the line and column of each key, one after the other, in order.

    `damaged` says that something in it was at fault and has been left out.
    """

    __slots__ = ("column", "damaged", "line", "places")

    def __init__(self, line: int, column: int) -> None:
        super().__init__()
        self.places: list[int] = []
        self.damaged = False
        self.line = line
        self.column = column

    def place(self, key: str) -> tuple[int, int]:
        """Line and column of a key that is there."""
        index = list(self).index(key)
        return self.places[2 * index], self.places[2 * index + 1]

    def copied(self) -> MapNode:
        """A mapping of the same nodes."""
        copy = MapNode(self.line, self.column)
        copy.update(self)
        copy.places = self.places
        return copy


Node = Scalar | ListNode | MapNode
Step = str | int


def plain_value(text: str) -> Value:
    """What an unquoted text means in YAML 1.2's core schema.

    Numbers with leading zeros, and those too large to be one, stay text. Raises NotANumber for `.inf` and
    `.nan`.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _ENDLESS.fullmatch(text):
        raise NotANumber(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def without(node: Node, paths: Collection[tuple[Step, ...]]) -> Node | None:
    """The node with what lies at these paths left out, and containers that are empty then; None if all is."""
    if () in paths or isinstance(node, Scalar):
        return None
    below: dict[Step, list[tuple[Step, ...]]] = defaultdict(list)
    for path in paths:
        below[path[0]].append(path[1:])
    kept = [(step, without(child, below[step]) if step in below else child) for step, child in children(node)]
    whole = [(step, child) for step, child in kept if child is not None]
    if not whole:
        return None
    if isinstance(node, ListNode):
        items = ListNode(node.line, node.column)
        items += (child for _, child in whole)
        return items
    rest = MapNode(node.line, node.column)
    rest.damaged = True
    for step, child in whole:
        rest[str(step)] = child
        rest.places += node.place(str(step))
    return rest


def children(node: Node) -> Iterator[tuple[Step, Node]]:
    """The parts of a node with the step that leads to each."""
    if isinstance(node, ListNode):
        yield from enumerate(node)
    elif isinstance(node, MapNode):
        yield from node.items()


def path_text(steps: tuple[Step, ...]) -> str:
    """A path as messages show it: `albums[2].cover.file`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{_key_text(step)}" if text else _key_text(step)
    return text if len(text) <= LONGEST_PATH else f"{text[: LONGEST_PATH - 3]}..."


def _key_text(key: str) -> str:
    shown = key if len(key) <= 60 else key[:57] + "..."
    return shown if shown.isprintable() and re.fullmatch(r"[^\s.\[\]:]+", shown) else repr(shown)
