"""The top key `selectors`: rules that are defined once and used by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from reconciler.config.faults import nearest
from reconciler.config.reading import scalars
from reconciler.config.report import Report, Scope
from reconciler.config.rules.circles import circles
from reconciler.config.rules.selecting import read_match
from reconciler.config.rules.where import Selecting, joined
from reconciler.config.text.nodes import ListNode, MapNode, Node, Scalar
from reconciler.model.origin import Origin, Problem
from reconciler.model.selectors import All, Named, Selector

KEY = "selector"
DEEPEST = 32
"""Through so many others one selector may be made of another."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule with a name, and the place of the name. `node` is None where all of it was refused."""

    name: str
    origin: Origin
    scope: Scope
    node: Node | None


@dataclass(slots=True)
class Definitions:
    """The named rules of all files."""

    report: Report
    _found: dict[str, Definition] = field(default_factory=dict)
    _endless: set[str] = field(default_factory=set)
    _depth: int = 0
    _read: dict[tuple[str, str | None], Selector | None] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        """Takes in a rule; the same name twice is an error."""
        first = self._found.setdefault(definition.name, definition)
        if first is not definition:
            message = (
                f"the selector {definition.name!r} is already defined at {first.origin}; keep one of them"
            )
            self.report.add(Problem(message, definition.origin, f"selectors.{definition.name}"))

    def check(self, where: Selecting) -> dict[str, Selector]:
        """Reads every rule, used or not, and tells what is wrong with it; those that are fine, by name."""
        self._find_circles()
        read = {name: self._selector(name, where) for name in self._found}
        return {name: selector for name, selector in read.items() if selector is not None}

    def use(self, where: Selecting, node: Node) -> Selector | None:
        """The rules that `selector:` names, all of which must hold; None after an error."""
        found: list[Selector | None] = []
        for part in scalars(node):
            if part.text in self._found:
                found.append(self._selector(part.text, where))
                continue
            there = nearest(part.text, self._found, 0.6)
            known = f"; there are {', '.join(sorted(self._found)[:20])}" if self._found else ""
            message = f"no selector {part.text[:60]!r} is defined under `selectors`{there or known}"
            where.scope.error(part, message)
            found.append(None)
        return joined(All, found)

    def _selector(self, name: str, where: Selecting) -> Selector | None:
        key = (name, where.album)
        if key not in self._read:
            definition = self._found[name]
            inner: Selector | None = None
            if self._depth == DEEPEST:
                message = (
                    f"selectors are made of each other through more than {DEEPEST} steps; write it shorter"
                )
                self.report.add(Problem(message, definition.origin, f"selectors.{name}"))
            elif definition.node is not None and name not in self._endless:
                self._depth += 1
                inner = read_match(replace(where, scope=definition.scope), definition.node)
                self._depth -= 1
            self._read[key] = None if inner is None else Named(name, inner)
        return self._read[key]

    def _find_circles(self) -> None:
        """Tells each circle of rules that are made of each other, once, with all its lines."""
        asked = {name: list(_names_in(one.node)) for name, one in self._found.items()}
        for names in circles(asked):
            self._endless.update(names)
            ring = [self._found[name] for name in [*names, names[0]]]
            words = " → ".join(f"{one.name!r} ({one.origin})" for one in ring)
            message = f"a selector can't be made of itself: {words}; take one of the steps out"
            self.report.add(Problem(message, ring[0].origin, f"selectors.{ring[0].name}"))


def _names_in(node: Node | None) -> Iterator[str]:
    """Every name that a rule uses."""
    if isinstance(node, ListNode):
        for item in node:
            yield from _names_in(item)
    elif isinstance(node, MapNode):
        for key, value in node.items():
            if key == KEY:
                parts = [value] if isinstance(value, Scalar) else list(value)
                yield from (part.text for part in parts if isinstance(part, Scalar))
            elif key in ("any", "all", "not"):
                yield from _names_in(value)
