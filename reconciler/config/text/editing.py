"""Changes to YAML text at places that are known, and nowhere else: comments, order and layout stay.

Each edit is worked out against the text as it was read; `edited` carries out several of them together.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from reconciler.config.text.nodes import WORDS, NotANumber, plain_value
from reconciler.config.text.parsing import LOADER
from reconciler.model.origin import Origin

_PLAIN = re.compile(r"[^\W\d_][\w ./()'+-]*")


class NotEditable(Exception):
    """The text isn't of a form that can be edited at this place; the message says why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text to stand in the place of what is between two positions."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after all edits; of two insertions at one place the first stands first. Raises NotEditable."""
    pieces: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < end:
            raise NotEditable("two changes of the file overlap")
        pieces += [text[end : edit.start], edit.text]
        end = edit.end
    return "".join([*pieces, text[end:]])


@dataclass(slots=True)
class Edits:
    """Edits of one text that don't overlap, in the order in which they were taken in."""

    taken: list[Edit] = field(default_factory=list)
    _spans: list[tuple[int, int]] = field(default_factory=list)
    """Where they are, in the order of the text."""

    def take(self, edit: Edit) -> None:
        """One more. Raises NotEditable where it overlaps one that was taken in."""
        at = bisect_right(self._spans, (edit.start, edit.end))
        overlaps = at > 0 and edit.start < self._spans[at - 1][1]
        if overlaps or (at < len(self._spans) and self._spans[at][0] < edit.end):
            raise NotEditable("two changes of the file overlap")
        self._spans.insert(at, (edit.start, edit.end))
        self.taken.append(edit)


def scalar_text(value: str) -> str:
    """A text as YAML: plain where it stays a text that way, else in double quotes on one line."""
    try:
        plain = value not in WORDS and plain_value(value) == value
    except (NotANumber, IndexError):
        plain = False
    if plain and _PLAIN.fullmatch(value) and value == value.strip():
        return value
    return (
        json.dumps(value, ensure_ascii=False)
        .replace("\u0085", "\\N")
        .replace("\u2028", "\\L")
        .replace("\u2029", "\\P")
    )


class Text:
    """A YAML text with the places of everything in it. Raises NotEditable where it isn't a mapping."""

    def __init__(self, text: str) -> None:
        self.text = text
        root = yaml.compose(text, Loader=LOADER)
        if not isinstance(root, yaml.MappingNode):
            raise NotEditable("the file has no keys")
        self.root = root
        self._by_place: dict[tuple[int, int], yaml.Node] = {}
        self._around: dict[int, tuple[yaml.Node, int]] = {}
        """In what each value of a mapping and each item of a list is, and at which place, by identity."""
        for node in (root, *_below(root)):
            if node is not root:
                self._by_place.setdefault(_place(node), node)
            values = [pair[1] for pair in node.value] if isinstance(node, yaml.MappingNode) else node.value
            for place, part in enumerate(values if isinstance(node, yaml.CollectionNode) else ()):
                self._around.setdefault(id(part), (node, place))

    def replaced(self, origin: Origin, value: str) -> Edit:
        """Another value, given as YAML in one line, for the one that stands at a place."""
        node = self._at(origin)
        self._plain_only(node)
        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.ScalarNode) and start == end:
            return Edit(start, end, value if self.text[start - 1 : start].isspace() else f" {value}")
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return Edit(start, end, value + ("\n" if self.text.endswith("\n", 0, end) else ""))
        return Edit(start, self._end(node), value)

    def texts(self, origin: Origin, key: str | None = None) -> tuple[str, ...]:
        """The texts of the list at a place, or of the list under this key of the mapping there."""
        node = self._list(origin, key)
        return tuple(item.value for item in node.value) if node is not None else ()

    def list_with(self, origin: Origin, key: str | None, texts: Sequence[str]) -> list[Edit]:
        """The list of texts at a place, or under a key of the mapping there, with just these texts."""
        node = self._list(origin, key)
        if node is None:
            raise NotEditable(f"there is no `{key}` to change")
        self._plain_only(node)
        if not texts:
            return [self._emptied(node)]
        if node.flow_style:
            whole = f"[{', '.join(scalar_text(text) for text in texts)}]"
            return [Edit(node.start_mark.index, self._end(node), whole)]
        there = {item.value for item in node.value}
        new = [f"- {scalar_text(text)}" for text in texts if text not in there]
        edits = [self._without(item) for item in node.value if item.value not in texts]
        return [*edits, self._after(node.value[-1], node.start_mark.column, new)] if new else edits

    def is_list(self, origin: Origin) -> bool:
        """Whether a list begins at a place."""
        return isinstance(self._at(origin), yaml.SequenceNode)

    def without_key(self, origin: Origin) -> Edit:
        """Takes the key away whose value stands at a place, with the value."""
        node, place = self._pair(self._at(origin))
        key, value = node.value[place]
        if len(node.value) == 1:
            raise NotEditable("it is the only key there")
        if node.flow_style:
            if place:
                return Edit(self._end(node.value[place - 1][1]), self._end(value), "")
            return Edit(key.start_mark.index, node.value[1][0].start_mark.index, "")
        start = self.text.rfind("\n", 0, key.start_mark.index) + 1
        if self.text[start : key.start_mark.index].strip():
            raise NotEditable("something else stands on the same line")
        end = self.text.find("\n", self._end(value))
        return Edit(start, len(self.text) if end < 0 else end + 1, "")

    def with_key(self, origin: Origin, key: str, value: str) -> Edit:
        """One more key for the mapping at a place, its value given as YAML in one line."""
        node = self._at(origin)
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise NotEditable("no keys stand there")
        self._plain_only(node)
        if node.flow_style:
            end = self._end(node.value[-1][1])
            return Edit(end, end, f", {key}: {value}")
        return self._after(node.value[-1][1], node.start_mark.column, [f"{key}: {value}"])

    def list_changed(
        self,
        origin: Origin,
        key: str,
        gone: Collection[Origin],
        new: Sequence[str],
        *,
        may_be_empty: bool = True,
    ) -> list[Edit]:
        """The list under a key of the mapping at a place, without some items and with new ones.

        `gone` are the places of items, `new` are YAML in one line each. A list is begun where there is none,
        and a single block in braces becomes the first item of one.
        """
        node = self._at(origin)
        value = self._value(node, key)
        if value is None:
            return [self._new_list(node, key, new)]
        self._plain_only(value)
        if isinstance(value, yaml.MappingNode):
            if not value.flow_style:
                raise NotEditable(f"`{key}` is one block and no list")
            start, end = value.start_mark.index, self._end(value)
            return [Edit(start, end, f"[{self.text[start:end]}, {', '.join(new)}]")]
        if not isinstance(value, yaml.SequenceNode):
            raise NotEditable(f"`{key}` is no list")
        places = {(at.line, at.column) for at in gone}
        left = [item for item in value.value if _place(item) not in places]
        if len(value.value) - len(left) != len(gone):
            raise NotEditable(f"some of it doesn't stand in the list `{key}`")
        if not (left or new) and not may_be_empty:
            raise NotEditable(f"`{key}` would be empty: take it out by hand")
        if not (left or new):
            return [self._emptied(value)]
        if value.flow_style:
            return [self._whole_list(value, left, new)]
        edits = [self._without(item) for item in value.value if _place(item) in places]
        if new:
            edits.append(self._after(value.value[-1], value.start_mark.column, [f"- {item}" for item in new]))
        return edits

    def _emptied(self, node: yaml.SequenceNode) -> Edit:
        """An empty list in its place, on the line of its key."""
        if node.flow_style:
            return Edit(node.start_mark.index, self._end(node), "[]")
        around, place = self._pair(node)
        colon = self.text.index(":", around.value[place][0].end_mark.index)
        return Edit(colon + 1, self._end(node), " []")

    def _pair(self, value: yaml.Node) -> tuple[yaml.MappingNode, int]:
        """The mapping in which a value stands behind a key, and which of its keys that is."""
        node, place = self._around.get(id(value), (self.root, -1))
        if place < 0 or not isinstance(node, yaml.MappingNode):
            raise NotEditable("no key stands there")
        return node, place

    def _whole_list(self, node: yaml.SequenceNode, left: Sequence[yaml.Node], new: Sequence[str]) -> Edit:
        """A list in brackets, written anew on one line."""
        start, end = node.start_mark.index, self._end(node)
        if left and "#" in self.text[start:end] and "\n" in self.text[start:end]:
            raise NotEditable("there are comments between the brackets")
        kept = [self.text[item.start_mark.index : self._end(item)] for item in left]
        return Edit(start, end, f"[{', '.join([*kept, *new])}]")

    def after_item(self, origin: Origin, lines: Sequence[str]) -> Edit:
        """A new item after the one at a place; `lines` are a block mapping's, without indentation."""
        item = self._at(origin)
        node = self._list_of(item)
        if node.flow_style:
            raise NotEditable("the list is written in brackets")
        return self._after(
            item, node.start_mark.column, [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
        )

    def _new_list(self, node: yaml.Node, key: str, items: Sequence[str]) -> Edit:
        assert isinstance(node, yaml.MappingNode)
        if node.flow_style:
            end = self._end(node.value[-1][1])
            return Edit(end, end, f", {key}: [{', '.join(items)}]")
        lines = [f"{key}:", *(f"  - {item}" for item in items)]
        return self._after(node.value[-1][1], node.start_mark.column, lines)

    # Where things are

    def _at(self, origin: Origin) -> yaml.Node:
        """The node that begins at a place; the outermost but for the file itself."""
        node = self._by_place.get((origin.line, origin.column))
        if node is None:
            raise NotEditable(f"nothing begins at {origin}: the file has changed")
        return node

    def _list(self, origin: Origin, key: str | None) -> yaml.SequenceNode | None:
        node: yaml.Node | None = self._at(origin)
        if key is not None and node is not None:
            node = self._value(node, key)
        if node is None:
            return None
        if not isinstance(node, yaml.SequenceNode) or not all(
            isinstance(item, yaml.ScalarNode) for item in node.value
        ):
            raise NotEditable("this is no list of texts")
        return node

    def _value(self, node: yaml.Node, key: str) -> yaml.Node | None:
        if not isinstance(node, yaml.MappingNode):
            raise NotEditable("no keys stand there")
        found: yaml.Node | None = next((value for name, value in node.value if name.value == key), None)
        return found

    def _list_of(self, item: yaml.Node) -> yaml.SequenceNode:
        node, _ = self._around.get(id(item), (self.root, -1))
        if not isinstance(node, yaml.SequenceNode):
            raise NotEditable("this is no item of a list")
        return node

    def _plain_only(self, node: yaml.Node) -> None:
        """Refuses what an alias also stands for: it would change in two places."""
        around = self.text[max(0, node.start_mark.index - 80) : node.start_mark.index].rpartition("\n")[2]
        if re.search(r"(^|\s)[&*][^\s,\]}]+\s*$", around):
            raise NotEditable("an anchor or alias stands there")

    def _end(self, node: yaml.Node) -> int:
        """Where a node's own text ends; a block's ends with its last value."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        return int(node.end_mark.index)

    def _after(self, node: yaml.Node, column: int, lines: Sequence[str]) -> Edit:
        """New lines below the last one of a node."""
        end = self._end(node)
        block = "".join(f"{' ' * column}{line}\n" for line in lines)
        if self.text.endswith("\n", 0, end):  # a text of several lines takes its last line break with it
            return Edit(end, end, block)
        at = self.text.find("\n", end)
        if at < 0:
            return Edit(len(self.text), len(self.text), "\n" + block)
        return Edit(at + 1, at + 1, block)

    def _without(self, item: yaml.Node) -> Edit:
        """Takes an item of a list of lines away, with its comment on the same line."""
        start = self.text.rfind("\n", 0, item.start_mark.index) + 1
        if self.text[start : item.start_mark.index].strip(" ") != "-":
            raise NotEditable("something else stands on the same line")
        end = self.text.find("\n", self._end(item))
        return Edit(start, len(self.text) if end < 0 else end + 1, "")


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    """Everything in a node, outer things first, in order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current is not node:
            yield current
        if isinstance(current, yaml.MappingNode):
            waiting += [part for pair in reversed(current.value) for part in (pair[1], pair[0])]
        elif isinstance(current, yaml.SequenceNode):
            waiting += list(reversed(current.value))
