"""A plan as Markdown for a comment in a pull request.

Whatever the files or the server hold (names, captions, messages) stands in code spans and nowhere else: in
them nothing is markup, nobody is mentioned and no issue is linked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.diff.changes import Action, AlbumChange, AssetChange, Note, TagChange, Undone
from reconciler.model.origin import Origin, Problem
from reconciler.model.values import Field, FieldValue
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.plan.several import digest_of_all
from reconciler.render import album_sets, summary, words
from reconciler.render.cells import clip, plain
from reconciler.render.drifted import TITLE, WAYS_OUT, DriftLine, drift_lines, drift_summary
from reconciler.render.grouping import PhotoGroup, photo_groups, tag_groups, undone_groups
from reconciler.render.words import listed

T = TypeVar("T")

MARKER = "<!-- immich-plan -->"
"""The first line: by it an earlier comment is found and updated."""
MOST = 65_536
"""Bytes; GitHub takes no longer comment (it counts characters, of which there are never more)."""
NEARLY = MOST - 2_000
"""Bytes that details may fill, so that what stands below them still fits."""
LONGEST = 300
"""Letters of one value."""
SHOWN = 20
"""Problems that are told."""
PLUS, MINUS = "\\+", "−"
"""A bare + or - at the start of an item would begin a list."""

_SIGNS = {"+": PLUS, "-": MINUS, "~": "~"}
_TICKS = re.compile(r"`+")


def plan_markdown(plan: Plan, *, whole: str = "") -> str:
    """The comment, at most 65,536 bytes of UTF-8; `whole` says where the whole plan is, where not all fits.

    The same plan gives the same text.
    """
    page = _Page()
    page.put(MARKER, f"### Immich plan: {summary.sizes(plan) or 'no changes'}")
    return _filled(page, plan, whole)


def plans_markdown(plans: Sequence[Plan], *, whole: str = "") -> str:
    """One comment for the plans of several accounts, each below its heading; what fits is shared evenly."""
    head = _Page()
    changed = sum(bool(plan.changes) for plan in plans)
    title = f"{changed} of {len(plans)} accounts change" if changed else "no changes"
    head.put(MARKER, f"### Immich plan: {title}")
    if digest := digest_of_all(plans):
        head.put(f"Digest of all: {code(digest)}")
    room = (NEARLY - head.size) // len(plans)
    texts = [head.text]
    for plan in plans:
        page = _Page(room=room)
        page.put(f"#### Account {code(plan.account)}: {summary.sizes(plan) or 'no changes'}")
        texts.append(_filled(page, plan, whole))
    return "\n".join(texts)


def _filled(page: _Page, plan: Plan, whole: str) -> str:
    who = plan.identity
    page.put(f"For {code(who.user_name)} on {code(who.url)} (Immich {code(who.version)}).")
    if told := summary.narrowed(plan, code):
        page.put(f"**{told[0]}** {' '.join(told[1:])}".rstrip())
    _overview(page, plan)
    _problems(page, "Problems", plan.problems, "Nothing is applied before this is mended.")
    _problems(page, "Missing", plan.missing, "The rest is applied only with `--allow-missing`.")
    _violations(page, plan)
    drift = drift_lines(plan)
    if drifted := drift_summary(plan):
        page.put(f"**{drifted}.** {WAYS_OUT}")
    changes, undone = plan.changes, plan.undone
    alone, sets = album_sets.by_set(changes.albums)
    albums: list[AlbumChange | album_sets.SetGroup] = [*alone, *sets]
    left_out = (
        page.fold("Tags", len(changes.tags), tag_groups(changes.tags), _tags)
        + page.fold("Albums", len(changes.albums), albums, lambda item: _albums(item, plan))
        + page.fold(TITLE, len(drift), drift, _drift)
        + page.fold("Tried before and undone by the server", len(undone), undone_groups(undone), _undone)
        + page.fold("Notes", len(plan.notes), plan.notes, _note)
        + page.fold(
            "Photos", len(changes.assets), photo_groups(changes.assets), lambda group: _photos(group, plan)
        )
    )
    if left_out:
        where = f" The whole plan: {whole}." if whole else " `immich-plan --full` shows the whole plan."
        page.put(f"**Left out here: {left_out:,} of the lists' entries.**{where}")
    return page.text


def code(text: str) -> str:
    """The text as a code span, whatever it holds: one line, no control characters, never markup."""
    shown = plain(text)
    if not shown.strip():
        return "` `" if shown else "*none*"
    longest = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _code(text: str) -> str:
    return code(clip(plain(text), LONGEST))


@dataclass(slots=True)
class _Page:
    """Collects paragraphs and keeps count of their size."""

    parts: list[str] = field(default_factory=list)
    size: int = 0
    room: int = NEARLY
    """Bytes that details may fill."""

    def put(self, *paragraphs: str) -> None:
        """Paragraphs that are there in any case."""
        for paragraph in paragraphs:
            self.parts.append(paragraph)
            self.size += _bytes(paragraph) + 2

    def fold(self, title: str, number: int, items: Sequence[T], told: Callable[[T], str]) -> int:
        """A part that is folded away: each item as it is told, as far as they fit; returns how many don't."""
        if not items:
            return 0
        head = f"<details><summary>{title} ({number:,})</summary>"
        room = self.room - self.size - _bytes(head) - len("\n</details>\n\n\n\n")
        fitting: list[str] = []
        for block in map(told, items):
            room -= _bytes(block) + 1
            if room < 0:
                break
            fitting.append(block)
        if fitting:
            self.put(head, "\n".join(fitting), "</details>")
        return len(items) - len(fitting)

    @property
    def text(self) -> str:
        """The whole, ended with a line break."""
        return "\n\n".join(self.parts) + "\n"


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _overview(page: _Page, plan: Plan) -> None:
    changes = plan.changes
    if not changes:
        page.put(summary.nothing(plan))
        return
    rows = [
        ("Tags", [change.action for change in changes.tags]),
        ("Photos", [Action.UPDATE] * len(changes.assets)),
        ("Albums", [change.action for change in changes.albums]),
    ]
    table = ["| | new | changed | deleted |", "|---|--:|--:|--:|"]
    for label, actions in rows:
        if actions:
            kinds = (Action.CREATE, Action.UPDATE, Action.DELETE)
            numbers = [f"{actions.count(kind):,}" if kind in actions else "" for kind in kinds]
            table.append(f"| {label} | {' | '.join(numbers)} |")
    page.put("\n".join(table))
    if gone := summary.removals(plan, code, code):
        page.put(f"**Removes**: {gone.removeprefix('Removes: ')}")
    digest = f"Digest: {code(plan.digest)}" if plan.digest else ""
    lines = [" · ".join(summary.costs(plan)), summary.rounds(plan), *summary.order(plan), digest]
    page.put("<br>\n".join(line for line in lines if line))


# -- what changes ----------------------------------------------------------------------------------------


def _at(*origins: Origin | None) -> str:
    """Where the files ask for it, behind the rest."""
    found = words.places(origin for origin in origins if origin)
    return f" — {_code(found)}" if found else ""


def _tags(group: Sequence[TagChange]) -> str:
    return f"- {_tag(group)}{_at(*(change.origin for change in group))}"


def _tag(group: Sequence[TagChange]) -> str:
    first = group[0]
    if len(group) > 1:
        named = ", ".join(listed([_code(change.path) for change in group]))
        return f"new: {counted(len(group), 'tag')}: {named}"
    color = ""
    if first.color:
        before = "" if first.action is Action.CREATE else f"{_code(first.before or 'none')} → "
        color = f", colour {before}{_code(first.after or 'none')}"
    return f"{'new' if first.action is Action.CREATE else 'changed'}: tag {_code(first.path)}{color}"


def _photos(group: PhotoGroup, plan: Plan) -> str:
    return _photo(group.photos[0], plan) if len(group.photos) == 1 else _group(group, plan)


def _label(photo: str, plan: Plan) -> str:
    return _code(plan.labels.get(photo, photo))


def _photo(change: AssetChange, plan: Plan) -> str:
    lines = [f"- {_label(change.id, plan)}"]
    for item in change.fields:
        before, after = _value(item.before, item.field), _value(item.after, item.field)
        lines.append(f"  - {item.field.value}: {before} → {after}{_at(item.origin)}")
    for sign, moves in ((PLUS, change.tags_added), (MINUS, change.tags_removed)):
        lines += [f"  - {sign} tag {_code(move.path)}{_at(move.origin)}" for move in moves]
    return "\n".join(lines)


def _value(value: FieldValue, name: Field) -> str:
    return _code(words.photo_value(value, name))


def _group(group: PhotoGroup, plan: Plan) -> str:
    what = [f"{PLUS} tag {_code(move.path)}" for move in group.added]
    what += [f"{MINUS} tag {_code(move.path)}" for move in group.removed]
    what += [f"{target.field.value} → {_value(target.after, target.field)}" for target in group.targets]
    photos = counted(len(group.photos), "photo")
    lines = [f"- **{photos}**: {', '.join(listed(what, limit=10))}{_at(*group.causes)}"]
    for target in group.targets:
        befores = [
            f"{_value(value, target.field)} ({counted(number, 'photo')})"
            for value, number in group.befores(target.field)
        ]
        lines.append(f"  - {target.field.value} was {', '.join(listed(befores))}")
    lines.append(f"  - {', '.join(listed([_label(photo, plan) for photo in group.ids]))}")
    return "\n".join(lines)


def _albums(item: AlbumChange | album_sets.SetGroup, plan: Plan) -> str:
    return "\n".join(_album(item, plan) if isinstance(item, AlbumChange) else _album_set(item))


def _album_set(group: album_sets.SetGroup) -> Iterator[str]:
    yield f"- album set {_code(group.title)}: {group.numbers}{_at(group.origin)}"
    for change in group.albums[: album_sets.SHOWN]:
        word = {Action.CREATE: "new", Action.UPDATE: "changed", Action.DELETE: "**deleted**"}[change.action]
        yield f"  - {word}: {_code(change.name)}: {album_sets.brief(change, _code).replace('+', PLUS)}"
    if (more := len(group.albums) - album_sets.SHOWN) > 0:
        yield f"  - and {counted(more, 'more album')}"


def _album(change: AlbumChange, plan: Plan) -> Iterator[str]:
    word = {Action.CREATE: "new", Action.UPDATE: "changed", Action.DELETE: "**deleted**"}[change.action]
    stays = f" ({summary.stays(change)})" if change.action is Action.DELETE else ""
    yield f"- {word}: album {_code(change.name)}{stays}{_at(change.origin)}"
    if change.action is Action.DELETE:
        return
    for item in change.fields:
        before, after = (
            _code(words.album_value(value, item.field, plan.labels)) for value in (item.before, item.after)
        )
        was = "" if change.action is Action.CREATE else f"{before} → "
        at = _at(item.origin) if item.origin != change.origin else ""
        yield f"  - {item.field.value}: {was}{after}{at}"
    for sign, ids in ((PLUS, change.added), (MINUS, change.removed)):
        if ids:
            names = sorted(_label(photo, plan) for photo in ids)
            yield f"  - {sign} {counted(len(ids), 'photo')}: {', '.join(listed(names))}"
    if change.added or change.removed:
        yield f"  - {change.size_before:,} → {counted(change.size_after, 'photo')}"
    elif change.action is Action.CREATE:
        yield "  - no photos"
    for share in change.shares:
        sign, text = words.share(share)
        at = _at(share.origin) if share.origin != change.origin else ""
        yield f"  - share: {_SIGNS[sign]} {_code(text)}{at}"


# -- what stands beside them -----------------------------------------------------------------------------


def _problems(page: _Page, title: str, problems: Sequence[Problem], consequence: str) -> None:
    if not problems:
        return
    lines = [f"**{title} ({len(problems):,})**: {consequence}", ""]
    lines += (
        f"- {code(clip(plain(problem.words), 3 * LONGEST))}{_at(problem.origin)}"
        for problem in problems[:SHOWN]
    )
    if len(problems) > SHOWN:
        lines.append(f"- and {len(problems) - SHOWN:,} more")
    page.put("\n".join(lines))


def _violations(page: _Page, plan: Plan) -> None:
    found = plan.violations
    if not found:
        return
    lines = [f"**{summary.STOPPED} ({len(found):,})**: {_stopped(plan)}", ""]
    lines += [
        f"- {code(clip(plain(violation.message), 3 * LONGEST))}{_at(violation.origin)}"
        for violation in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        lines.append(f"- and {len(found) - SHOWN:,} more")
    page.put("\n".join(lines))


def _stopped(plan: Plan) -> str:
    text, colon, options = summary.stopped(plan).partition(": ")
    return f"{text}: {code(options)}" if colon else text


def _undone(group: Sequence[Undone]) -> str:
    tried = group[0].attempt
    who = _code(group[0].label) if len(group) == 1 else counted(len(group), "photo")
    what = words.asked(tried.aspect, tried.wanted)
    now = words.found(tried.aspect, tried.came_back)
    why = f" {_code(tried.reason)}" if tried.reason else ""
    at = _at(group[0].origin)
    return f"- {who}: {_code(what)}, tried on {code(tried.at[:10])}: {_code(now)}.{why}{at}"


def _drift(line: DriftLine) -> str:
    names = [_code(label) for label in line.photos[: words.SAMPLE]]
    if len(line.photos) > words.SAMPLE:
        names.append(f"and {len(line.photos) - words.SAMPLE:,} more")
    which = f" ({', '.join(names)})" if names else ""
    return f"- {code(clip(line.text, 3 * LONGEST))}{which}{_at(line.origin)}"


def _note(note: Note) -> str:
    names = [_code(label) for label in note.sample]
    if note.count > len(names) and names:
        names.append(f"and {note.count - len(names):,} more")
    which = f" ({', '.join(names)})" if names else ""
    return f"- {code(clip(plain(note.text), 3 * LONGEST))}{which}{_at(note.origin)}"
