"""Problems and changes as workflow commands, which GitHub shows on the lines of the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.origin import Origin, Problem, Severity
from reconciler.plan.plan import Plan
from reconciler.render.cells import clip, plain
from reconciler.render.lines import plan_lines
from reconciler.render.words import count, listed

NOTICES = 50
"""Lines with changes that are told; GitHub drops more without a word."""

_MESSAGE_LENGTH = 1000
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def github(problems: Iterable[Problem]) -> str:
    """One workflow command a line for each problem; empty where there is none."""
    return "".join(
        _command(_COMMANDS[problem.severity], _message(problem), _at(problem.origin)) for problem in problems
    )


def github_plan(plan: Plan) -> str:
    """Problems, missing photos and exceeded limits as errors, then what each line changes as notices.

    At most 50 notices; one more says how many lines were left out.
    """
    lines = plan_lines(plan)
    notices = [
        _command("notice", _together(line.texts), _where(line.file, line.line)) for line in lines[:NOTICES]
    ]
    left_out = len(lines) - NOTICES
    if left_out > 0:
        text = f"{count(left_out, 'more line')} with changes not shown here; the whole plan has them all"
        notices = [*notices, _command("notice", text, "")]
    beyond = [Problem(violation.message, violation.origin) for violation in plan.violations]
    return github((*plan.problems, *plan.missing, *beyond)) + "".join(notices)


def _message(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}" if problem.path else problem.message


def _command(command: str, message: str, where: str) -> str:
    return f"::{command}{where}::{_data(message)}\n"


def _at(origin: Origin | None) -> str:
    return _where(origin.file, origin.line, origin.column) if origin else ""


def _where(file: str, line: int, column: int | None = None) -> str:
    return f" file={_property(file)},line={line}" + (f",col={column}" if column else "")


def _data(text: str) -> str:
    """A message: real line breaks are kept, in the escaped form; other control characters are written out."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "%0A".join(plain(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return plain(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _together(texts: Sequence[str]) -> str:
    return clip("; ".join(listed(texts, limit=10)), _MESSAGE_LENGTH)
