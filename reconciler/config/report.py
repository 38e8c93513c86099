"""Collects what is wrong with the files, so that everything can be said at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.config.text.nodes import Node, Step, children, path_text
from reconciler.model.desired import Setting
from reconciler.model.origin import InvalidFiles, Origin, Problem, Severity

SHOWN = 100
"""How many errors are told at most; a broken file must not fill a screen for minutes."""

KEPT = 10 * SHOWN


class Report:
    """The problems of one load. Keeps so many that memory stays bounded, and counts the rest."""

    def __init__(self) -> None:
        self._errors: dict[Problem, None] = {}
        self._warnings: dict[Problem, None] = {}
        self._spoiled: set[Origin] = set()
        self._untold = 0
        self._remarks: dict[Setting[str], None] = {}

    def remark(self, remark: Setting[str]) -> None:
        """Keeps something that is no fault, but that a reader of the plan must know."""
        self._remarks[remark] = None

    def remarks(self) -> tuple[Setting[str], ...]:
        """The remarks, each once, in the order of the files."""
        return tuple(sorted(self._remarks, key=lambda remark: (remark.origin, remark.value)))

    def spoil(self, problem: Problem) -> None:
        """Keeps a problem after which nothing more can sensibly be said about its place."""
        self.add(problem)
        if problem.origin is not None:
            self._spoiled.add(problem.origin)

    def add(self, problem: Problem) -> None:
        """Keeps a problem; the same one is kept once, as an alias can lead to it several times."""
        kept = self._errors if problem.severity is Severity.ERROR else self._warnings
        if problem in kept or problem.origin in self._spoiled:
            return
        if len(kept) < KEPT:
            kept[problem] = None
        elif problem.severity is Severity.ERROR:
            self._untold += 1

    @property
    def told(self) -> int:
        """How much has been said so far."""
        return len(self._errors) + len(self._warnings) + len(self._remarks) + self._untold

    def warnings(self) -> tuple[Problem, ...]:
        """The warnings, in the order of the files."""
        return _sorted(self._warnings)[:SHOWN]

    def check(self) -> None:
        """Raises InvalidFiles when there is any error."""
        if not self._errors:
            return
        found = _sorted(self._errors)
        more = len(found) - SHOWN + self._untold
        if more > 0:
            found = (*found[:SHOWN], Problem(f"and {more:,} more errors; mend these first"))
        raise InvalidFiles(found)


def _sorted(problems: dict[Problem, None]) -> tuple[Problem, ...]:
    start = Origin("", 0)
    return tuple(sorted(problems, key=lambda problem: problem.origin or start))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, of which it only shows later that it is wrong; `path` as in a problem."""

    origin: Origin | None = None
    path: str = ""

    def problem(self, message: str) -> Problem:
        """What is wrong there."""
        return Problem(message, self.origin, self.path)


@dataclass(slots=True)
class Scope:
    """A part of a file that is read in one go: says where in it something stands, and takes its problems.

    `root` is the node that `steps` lead to. Paths are worked out only when there is something to say.
    """

    report: Report
    file: str
    root: Node
    steps: tuple[Step, ...] = ()
    _paths: dict[tuple[int, int], tuple[Step, ...]] | None = None

    def origin(self, node: Node) -> Origin:
        """Where a node stands."""
        return Origin(self.file, node.line, node.column)

    def place(self, node: Node) -> Place:
        """The same, with the path that leads there."""
        return Place(self.origin(node), path_text(self.path(node)))

    def error(self, node: Node, message: str) -> None:
        """Something is wrong with a node of this scope."""
        self.tell(self.origin(node), self.path(node), message)

    def warn(self, node: Node, message: str) -> None:
        """Something about a node is odd, but can be worked with."""
        problem = Problem(message, self.origin(node), path_text(self.path(node)))
        self.report.add(replace(problem, severity=Severity.WARNING))

    def tell(self, origin: Origin, steps: tuple[Step, ...], message: str) -> None:
        """Something is wrong at a place that is no node, such as a key."""
        self.report.add(Problem(message, origin, path_text(steps)))

    def path(self, node: Node) -> tuple[Step, ...]:
        """The steps from the top of the document to a node of this scope."""
        if self._paths is None:
            self._paths = _paths_of(self.root, self.steps)
        return self._paths.get((node.line, node.column), self.steps)


def _paths_of(root: Node, steps: tuple[Step, ...]) -> dict[tuple[int, int], tuple[Step, ...]]:
    """The way to every node, by its place in the file, which no two nodes share."""
    found: dict[tuple[int, int], tuple[Step, ...]] = {}
    waiting = [(root, steps)]
    while waiting:
        node, path = waiting.pop()
        place = node.line, node.column
        if place not in found:
            found[place] = path
            waiting += reversed([(child, (*path, step)) for step, child in children(node)])
    return found
