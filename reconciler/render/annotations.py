"""Problems and changes as workflow commands, which GitHub shows on the lines of the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.origin import Origin, Problem, Severity
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.render.cells import clip, plain
from reconciler.render.lines import lines_of, telling
from reconciler.render.words import listed, place

SHOWN = 10
"""Annotations of a kind (error, warning, notice) that GitHub shows of one step; the rest it drops."""
FOLDED = 50
"""Lines of the last one, which tells of those that have none of their own."""

_MESSAGE_LENGTH = 1000
_LINE_LENGTH = 200


def github(problems: Iterable[Problem]) -> str:
    """A workflow command a line for each problem, at most ten of a kind; empty where there is none.

    Of more, the first nine have their own and the tenth tells of the rest.
    """
    found = list(problems)
    errors = [item for item in found if item.severity is Severity.ERROR]
    warnings = [item for item in found if item.severity is Severity.WARNING]
    return _problems("error", errors) + _problems("warning", warnings)


def github_plan(*plans: Plan) -> str:
    """Problems, missing photos and exceeded limits as errors, then what each line changes as notices.

    At most ten of a kind. Of more lines, those are marked that remove something, then those that change most;
    the last notice tells of the others. Of several accounts each text names its own.
    """
    lines = lines_of(plans)
    shown, rest = telling(lines, SHOWN if len(lines) <= SHOWN else SHOWN - 1)
    notices = [_command("notice", _together(line.texts), _where(line.file, line.line)) for line in shown]
    if rest:
        others = [f"{line.place}: {'; '.join(line.texts)}" for line in rest]
        notices.append(_command("notice", _folded("more line", "with changes", others), ""))
    errors = [problem for plan in plans for problem in _errors(plan)]
    return _problems("error", errors) + "".join(notices)


def _errors(plan: Plan) -> Iterator[Problem]:
    yield from plan.problems
    yield from plan.missing
    for violation in plan.violations:
        whose = f"{plan.account}: " if plan.account else ""
        yield Problem(f"{whose}{violation.message}", violation.origin)


def _problems(command: str, problems: Sequence[Problem]) -> str:
    shown = problems if len(problems) <= SHOWN else problems[: SHOWN - 1]
    commands = [_command(command, problem.words, _at(problem.origin)) for problem in shown]
    if rest := problems[len(shown) :]:
        others = [": ".join(filter(None, (place(item.origin), item.words))) for item in rest]
        commands.append(_command(command, _folded(f"more {command}", "", others), ""))
    return "".join(commands)


def _folded(noun: str, what: str, lines: Sequence[str]) -> str:
    head = f"{counted(len(lines), noun)} {what}".rstrip() + ":"
    told = [clip(plain(line), _LINE_LENGTH) for line in lines[:FOLDED]]
    if len(lines) > FOLDED:
        told.append(f"and {len(lines) - FOLDED:,} more")
    return "\n".join([head, *told])


def _command(command: str, message: str, where: str) -> str:
    return f"::{command}{where}::{_data(message)}\n"


def _at(origin: Origin | None) -> str:
    return _where(origin.file, origin.line, origin.column) if origin else ""


def _where(file: str, line: int, column: int | None = None) -> str:
    return f" file={_property(file.removeprefix('./'))},line={line}" + (f",col={column}" if column else "")


def _data(text: str) -> str:
    """A message: real line breaks are kept, in the escaped form; other control characters are written out."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "%0A".join(plain(line).replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return plain(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def _together(texts: Sequence[str]) -> str:
    return clip("; ".join(listed(texts, limit=10)), _MESSAGE_LENGTH)
