"""YAML text → nodes, strictly: no tags, no doubled keys, no alias bombs, no depth that could break anything.

libyaml's parser is used where PyYAML has it, else the one in Python; both give the same events. The nodes
are built here, without recursion, so that every part keeps its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NoReturn

import yaml

from reconciler.config.report import Report
from reconciler.config.text.nodes import (
    NUMBER_STARTS,
    WORDS,
    ListNode,
    MapNode,
    Node,
    NotANumber,
    Scalar,
    Value,
    path_text,
    plain_value,
)
from reconciler.config.text.syntax import explain
from reconciler.model.origin import Origin, Problem

DEEPEST = 64
"""Levels of nesting. The language itself needs about ten."""

MOST_NODES = 4_000_000
MOST_KEYS = 1000
"""Keys of one mapping. Only `server.accounts` has as many as a user likes."""

MOST_ALIASED = 250_000
"""Nodes that aliases may stand for, all together."""

MOST_FAULTS = 20
"""After so many doubled keys and the like the rest of a file isn't read."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TOO_MANY_KEYS = f"one block has more than {MOST_KEYS:,} keys; the items of a list begin with `- `"
_ESCAPED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Unreadable(Exception):
    """The file can't be read further; the report already says why."""


def parse(text: str, file: str, report: Report) -> MapNode | None:
    """The mapping that a file consists of; None for an empty file, and where it can't be used."""
    builder = _Builder(file, report)
    try:
        return builder.document(text)
    except yaml.YAMLError as error:
        place, message = explain(error, text)
        report.add(Problem(message, Origin(file, *place)))
    except Unreadable:
        pass
    return None


@dataclass(slots=True)
class _Open:
    """A list or mapping that isn't finished, and the key in it that waits for its value."""

    node: ListNode | MapNode
    step: str | int | None
    """The key or number under which it stands; None at the top."""
    key: str | None = None
    mark: Any = None
    skip: bool = False
    """Whether the value that comes belongs to a key that was refused."""
    anchor: str | None = None
    before: int = 0
    """How many nodes there were before it."""
    height: int = 1


@dataclass(slots=True)
class _Anchored:
    """What an anchor stands for; while it is unfinished, `node` is None."""

    node: Node | None
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Builder:
    """Puts nodes together from the parser's events, with a stack of its own."""

    file: str
    report: Report
    stack: list[_Open] = field(default_factory=list)
    root: MapNode | None = None
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    nodes: int = 0
    aliased: int = 0
    faults: int = 0
    documents: int = 0

    def document(self, text: str) -> MapNode | None:
        """The top mapping. Raises YAMLError and Unreadable."""
        loader: Any = LOADER(text)
        following, frame, scalar_event = loader.get_event, None, yaml.ScalarEvent
        try:
            while (event := following()) is not None:
                if type(event) is not scalar_event:
                    self._structure(event)
                    frame = self.stack[-1] if self.stack else None
                elif frame is not None and frame.key is None and type(frame.node) is MapNode:
                    self._key(frame, frame.node, event)
                else:
                    self._scalar(event)
        finally:
            loader.dispose()
        return self.root

    def _key(self, frame: _Open, node: MapNode, event: Any) -> None:
        frame.key = text = event.value
        frame.mark = mark = event.start_mark
        if event.tag is not None or event.anchor is not None:
            self._marked(event, Scalar(text, text, mark.line + 1, mark.column + 1))
        if event.style == '"' and (bad := _ESCAPED.search(text)):
            self._fault(mark, _escaped(bad.group()))
        if len(node) >= MOST_KEYS:
            self._give_up(Scalar("", None, mark.line + 1, mark.column + 1), _TOO_MANY_KEYS)
        if text in node or text == "<<":
            self._refused_key(frame, node, text)

    def _scalar(self, event: Any) -> None:
        mark, text = event.start_mark, event.value
        value: Value = text
        if event.implicit[0]:
            if text in WORDS or text[0] in NUMBER_STARTS:
                value = self._plain(text, mark)
        elif event.style == '"' and (bad := _ESCAPED.search(text)):
            self._fault(mark, _escaped(bad.group()))
        node = Scalar(text, value, mark.line + 1, mark.column + 1)
        if event.tag is not None or event.anchor is not None:
            self._marked(event, node)
        self._put(node)

    def _plain(self, text: str, mark: yaml.Mark) -> Value:
        try:
            return plain_value(text)
        except NotANumber:
            self._fault(mark, f"{text} is no number that can be used here; if it is a name, put it in quotes")
            return text

    def _marked(self, event: Any, node: Scalar) -> None:
        if event.tag is not None:
            self._tagged(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(node)

    def _structure(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._begin(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._end()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._next_document(event)

    def _refused_key(self, frame: _Open, node: MapNode, name: str) -> None:
        frame.skip = True
        if name in node:
            first = Origin(self.file, *node.place(name))
            self._fault(frame.mark, f"the key {name[:60]!r} is written twice; the first is at {first}")
        else:
            self._fault(frame.mark, "merge keys (<<) can't be used here; write the keys out")

    def _put(self, node: Node) -> None:
        """A finished or opened node goes to where it belongs."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._give_up(
                node, f"more than {MOST_NODES:,} values; split the file into several, which are merged"
            )
        if not self.stack:
            self._set_root(node)
            return
        frame = self.stack[-1]
        parent = frame.node
        if type(parent) is ListNode:
            parent.append(node)
            return
        assert type(parent) is MapNode and frame.key is not None
        if not frame.skip:
            mark = frame.mark
            parent[intern(frame.key)] = node
            parent.places += (mark.line + 1, mark.column + 1)
        frame.key, frame.skip = None, False

    def _set_root(self, node: Node) -> None:
        if isinstance(node, MapNode):
            self.root = node
        elif isinstance(node, ListNode) or node.value is not None:
            what = "a list" if isinstance(node, ListNode) else "text"
            self._give_up(node, f"a file begins with keys such as `albums:` or `assets:`; here is {what}")

    def _begin(self, event: Any) -> None:
        if event.tag is not None:
            self._tagged(event)
        mark = event.start_mark
        kind = MapNode if type(event) is yaml.MappingStartEvent else ListNode
        node = kind(mark.line + 1, mark.column + 1)
        if len(self.stack) >= DEEPEST:
            self._give_up(node, f"this is nested more than {DEEPEST} levels deep")
        self._no_key(node)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(None)
        opened = _Open(node, self._step(), anchor=event.anchor, before=self.nodes)
        self._put(node)
        self.stack.append(opened)

    def _end(self) -> None:
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchored(frame.node, self.nodes - frame.before, frame.height)
        if self.stack and frame.height >= self.stack[-1].height:
            self.stack[-1].height = frame.height + 1

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        here = Scalar("", None, mark.line + 1, mark.column + 1)
        self._no_key(here)
        known = self.anchors.get(event.anchor)
        if known is None:
            self._give_up(
                here, "a text that begins with * must be in quotes (without them it points to an &anchor)"
            )
        if known.node is None:
            self._give_up(here, "this points to the very block it stands in")
        self.aliased += known.size
        self.nodes += known.size - 1
        if self.aliased > MOST_ALIASED:
            self._give_up(
                here, f"the aliases (*) stand for more than {MOST_ALIASED:,} values; write less by reference"
            )
        if len(self.stack) + known.height > DEEPEST:
            self._give_up(
                here, f"with what this alias stands for it is nested more than {DEEPEST} levels deep"
            )
        self._put(known.node)
        if self.stack and known.height >= self.stack[-1].height:
            self.stack[-1].height = known.height + 1

    def _no_key(self, node: Node) -> None:
        """Refuses a list, mapping or alias where a key must stand."""
        if not self.stack:
            return
        frame = self.stack[-1]
        if frame.key is None and type(frame.node) is MapNode:
            self._give_up(node, "a key must be a word; put a text with brackets or braces in quotes")

    def _next_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            here = Scalar("", None, event.start_mark.line + 1, event.start_mark.column + 1)
            self._give_up(here, "a second document begins here (---); put it into a file of its own")

    def _tagged(self, event: Any) -> None:
        self._fault(
            event.start_mark, "a text that begins with ! must be in quotes (YAML tags can't be used here)"
        )

    def _fault(self, mark: yaml.Mark, message: str) -> None:
        """Something is wrong that doesn't hinder reading on."""
        origin = Origin(self.file, mark.line + 1, mark.column + 1)
        self.faults += 1
        last = self.faults >= MOST_FAULTS
        more = "; the rest of the file isn't read, as so much is wrong" if last else ""
        self.report.spoil(Problem(message + more, origin, path_text(self._steps())))
        if last:
            raise Unreadable

    def _give_up(self, node: Node, message: str) -> NoReturn:
        self.report.add(Problem(message, Origin(self.file, node.line, node.column), path_text(self._steps())))
        raise Unreadable

    def _steps(self) -> tuple[str | int, ...]:
        """The way to what is being read."""
        steps = [*(frame.step for frame in self.stack), self._step()]
        return tuple(step for step in steps if step is not None)

    def _step(self) -> str | int | None:
        """The key or number of what comes next."""
        if not self.stack:
            return None
        frame = self.stack[-1]
        if type(frame.node) is ListNode:
            return len(frame.node)
        return frame.key


def _escaped(letter: str) -> str:
    return (
        f"this text holds an invisible character (U+{ord(letter):04X}), as a backslash in double quotes "
        "begins an escape; use single quotes, or write \\\\ for one backslash"
    )
