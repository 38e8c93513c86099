"""What each line of the files does: for annotations, and for a reader who asks why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.diff.changes import Action, AlbumChange, TagChange
from reconciler.model.origin import Origin
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.render import summary, words
from reconciler.render.cells import plain
from reconciler.render.grouping import LineOfPhotos, photo_lines


@dataclass(frozen=True, slots=True)
class LineOfPlan:
    """One line of a file with what it asks for, each a text on one line.

    `weight` is how many things it changes; `removes` tells that something is deleted, cleared or taken away.
    """

    file: str
    line: int
    texts: tuple[str, ...]
    weight: int
    removes: bool

    @property
    def place(self) -> str:
        """`file:line`."""
        return plain(f"{self.file}:{self.line}")


def telling(
    lines: Sequence[LineOfPlan], number: int
) -> tuple[tuple[LineOfPlan, ...], tuple[LineOfPlan, ...]]:
    """So many of the lines, those that remove something before those that change most; and the others.

    Both in the order of the files.
    """
    ranked = sorted(lines, key=lambda line: (not line.removes, -line.weight))
    chosen = {(line.file, line.line) for line in ranked[:number]}
    first = tuple(line for line in lines if (line.file, line.line) in chosen)
    return first, tuple(line for line in lines if (line.file, line.line) not in chosen)


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    weight: int = 1
    removes: bool = False


def plan_lines(plan: Plan) -> tuple[LineOfPlan, ...]:
    """Every line that asks for a change, in the order of the files."""
    changes = plan.changes
    found: dict[tuple[str, int], list[_Part]] = defaultdict(list)
    for tag in changes.tags:
        found[tag.origin.file, tag.origin.line].append(_Part(_tag(tag)))
    for line, photos in photo_lines(changes.assets).items():
        found[line] += map(_photos, photos)
    for album in changes.albums:
        for origin, part in _album(album, plan.labels):
            found[origin.file, origin.line].append(part)
    return tuple(
        LineOfPlan(
            *line,
            tuple(part.text for part in parts),
            sum(part.weight for part in parts),
            any(part.removes for part in parts),
        )
        for line, parts in sorted(found.items())
    )


def lines_of(plans: Iterable[Plan]) -> tuple[LineOfPlan, ...]:
    """The lines of several plans in the order of the files, each with its account's name, if it has one."""
    found = [
        replace(line, texts=(f"{plain(plan.account)}: {line.texts[0]}", *line.texts[1:]))
        if plan.account
        else line
        for plan in plans
        for line in plan_lines(plan)
    ]
    return tuple(sorted(found, key=lambda line: (line.file, line.line)))


def _tag(change: TagChange) -> str:
    text = f"{'+' if change.action is Action.CREATE else '~'} tag {words.name(change.path)}"
    return f"{text}, colour → {plain(change.after or 'none')}" if change.color else text


def _photos(part: LineOfPhotos) -> _Part:
    what = [f"+ tag {words.name(path)}" for path in part.added]
    what += [f"- tag {words.name(path)}" for path in part.removed]
    what += [f"{field.value} → {words.photo_value(value, field)}" for field, value in part.targets]
    clears = any(value in (None, "") for _, value in part.targets)
    text = f"{counted(len(part.ids), 'photo')}: {', '.join(what)}"
    return _Part(text, len(part.ids), bool(part.removed) or clears)


def _album(change: AlbumChange, labels: Mapping[str, str]) -> Iterator[tuple[Origin, _Part]]:
    name = f"album {words.quoted(change.name)}"
    match change.action:
        case Action.CREATE:
            size = change.size_after
            yield change.origin, _Part(f"+ {name} with {counted(size, 'photo')}", max(1, size))
            yield from _shares(change, name)
            return
        case Action.DELETE:
            text = f"- {name}, deleted; {summary.stays(change)}"
            yield change.origin, _Part(text, max(1, change.size_before), removes=True)
            return
        case Action.UPDATE:
            pass
    moves = [f"{sign} {counted(len(ids), 'photo')}" for sign, ids in _members(change) if ids]
    if moves:
        number = len(change.added) + len(change.removed)
        yield change.origin, _Part(f"~ {name}: {', '.join(moves)}", number, bool(change.removed))
    for item in change.fields:
        value = words.album_value(item.after, item.field, labels)
        yield item.origin, _Part(f"~ {name}: {item.field.value} → {value}")
    yield from _shares(change, name)


def _shares(change: AlbumChange, name: str) -> Iterator[tuple[Origin, _Part]]:
    for item in change.shares:
        sign, text = words.share(item)
        yield item.origin, _Part(f"~ {name}: share {sign} {text}", removes=item.after is None)


def _members(change: AlbumChange) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("+", change.added), ("-", change.removed))
