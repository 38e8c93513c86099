"""Where something was written, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.quick import quick


@quick(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file. Lines and columns count from 1; `file` is as the user named it, with `/`."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """file:line, for lines of a plan."""
        return f"{self.file}:{self.line}"


class Severity(StrEnum):
    """How bad a problem is: an error stops the run, a warning is only shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it stands and how to mend it.

    `path` is the place in the document, such as `albums[2].cover.file`; it is empty for a whole file.
    `origin` is missing where only the server's state shows the problem and no line asked for it.
    """

    message: str
    origin: Origin | None = None
    path: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.origin}: {self.words}" if self.origin else self.words

    @property
    def words(self) -> str:
        """What is wrong, with the place in the document before it, for where the file is told apart."""
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidFiles(Exception):
    """The files can't be used as they are; carries every problem found, not the first only."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
