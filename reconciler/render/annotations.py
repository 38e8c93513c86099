"""Problems and changes as workflow commands, which GitHub shows on the lines of the files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.diff.changes import Action, AlbumChange, TagChange
from reconciler.model.origin import Origin, Problem, Severity
from reconciler.plan.plan import Plan
from reconciler.render import summary, words
from reconciler.render.cells import clip, plain
from reconciler.render.grouping import LineOfPhotos, photo_lines
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
    """Problems and missing photos as errors, then what each line of the files changes as notices.

    At most 50 notices; one more says how many lines were left out.
    """
    lines = _lines(plan)
    notices = [_command("notice", _together(texts), _where(*line)) for line, texts in lines[:NOTICES]]
    left_out = len(lines) - NOTICES
    if left_out > 0:
        text = f"{count(left_out, 'more line')} with changes not shown here; the whole plan has them all"
        notices = [*notices, _command("notice", text, "")]
    return github((*plan.problems, *plan.missing)) + "".join(notices)


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


def _lines(plan: Plan) -> list[tuple[tuple[str, int], list[str]]]:
    """What each line (file, number) asks for, in the order of the files."""
    changes = plan.changes
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for tag in changes.tags:
        found[tag.origin.file, tag.origin.line].append(_tag(tag))
    for line, parts in photo_lines(changes.assets).items():
        found[line] += map(_photos, parts)
    for album in changes.albums:
        for origin, text in _album(album, plan.labels):
            found[origin.file, origin.line].append(text)
    return sorted(found.items())


def _together(texts: list[str]) -> str:
    return clip("; ".join(listed(texts, limit=10)), _MESSAGE_LENGTH)


def _tag(change: TagChange) -> str:
    text = f"{'+' if change.action is Action.CREATE else '~'} tag {words.name(change.path)}"
    return f"{text}, colour → {plain(change.after or 'none')}" if change.color else text


def _photos(part: LineOfPhotos) -> str:
    what = [f"+ tag {words.name(path)}" for path in part.added]
    what += [f"- tag {words.name(path)}" for path in part.removed]
    what += [f"{field.value} → {words.photo_value(value, field)}" for field, value in part.targets]
    return f"{count(len(part.ids), 'photo')}: {', '.join(what)}"


def _album(change: AlbumChange, labels: Mapping[str, str]) -> Iterator[tuple[Origin, str]]:
    name = f"album {words.quoted(change.name)}"
    match change.action:
        case Action.CREATE:
            yield change.origin, f"+ {name} with {count(change.size_after, 'photo')}"
            return
        case Action.DELETE:
            yield change.origin, f"- {name}, deleted; {summary.stays(change)}"
            return
        case Action.UPDATE:
            pass
    moves = [f"{sign} {count(len(ids), 'photo')}" for sign, ids in _members(change) if ids]
    if moves:
        yield change.origin, f"~ {name}: {', '.join(moves)}"
    for item in change.fields:
        value = words.album_value(item.after, item.field, labels)
        yield item.origin, f"~ {name}: {item.field.value} → {value}"


def _members(change: AlbumChange) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("+", change.added), ("-", change.removed))
