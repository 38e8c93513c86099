"""A plan as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AlbumField,
    AlbumFieldChange,
    AssetChange,
    ShareChange,
    TagChange,
)
from reconciler.diff.explain import changed_lines
from reconciler.model.values import Field
from reconciler.model.words import counted
from reconciler.plan.digest import short
from reconciler.plan.plan import Plan
from reconciler.render import summary, words
from reconciler.render.album_sets import SHOWN, SetGroup, brief, by_set
from reconciler.render.beside import beside, heading, name_list
from reconciler.render.cells import cells, clip, clip_middle, clip_pair, plain
from reconciler.render.drifted import drift_summary
from reconciler.render.grouping import PhotoGroup, photo_groups, tag_groups
from reconciler.render.page import Page, Span
from reconciler.render.words import listed

BLOCKS = 200
"""Groups of photos that are shown before the rest is only counted; `full` shows all."""
CAPTION_LINES = 6
"""Changed lines of one caption that are shown; `full` shows all."""
BEFORES = 3
"""Different values before a change that are told."""

_STYLES = {"+": "green", "~": "yellow", "-": "red"}
_MARKERS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}


def plan_text(plan: Plan, *, width: int, color: bool, full: bool = False) -> str:
    """The plan for people: no line wider than `width` cells (40 at least), every line ended.

    With `full` nothing is folded or cut. The same plan gives the same text. Without `color` there are no
    escape codes; what names and captions hold never reaches the terminal as a code.
    """
    page = Page(width, color, full)
    if plan.changes:
        _changes(page, plan)
    elif plan.narrowing:
        _narrowed(page, plan)
    beside(page, plan)
    page.blank()
    if plan.changes:
        _summary(page, plan)
    else:
        page.text(summary.nothing(plan), style="" if plan.problems else "bold")
    return page.render()


def _changes(page: Page, plan: Plan) -> None:
    who = plan.identity
    title = f"Changes for {words.name(who.user_name)} on {plain(who.url)} (Immich {plain(who.version)})"
    page.text(title, style="bold")
    _narrowed(page, plan)
    changes = plan.changes
    heading(page, "Tags", bool(changes.tags))
    for tags in tag_groups(changes.tags):
        _tags(page, tags)
    heading(page, "Photos", bool(changes.assets))
    _photos(page, plan)
    heading(page, "Albums", bool(changes.albums))
    alone, sets = by_set(changes.albums)
    for album in alone:
        _album(page, album, plan)
    for group in sets:
        _album_set(page, group, plan)


def _narrowed(page: Page, plan: Plan) -> None:
    for sentence in summary.narrowed(plan):
        page.text(sentence, hang=2, style="yellow")


def _lead(marker: str, rest: str) -> list[Span]:
    return [Span("  "), Span(marker, _STYLES[marker]), Span(f" {rest}")]


# -- tags ----------------------------------------------------------------------------------------------


def _tags(page: Page, group: tuple[TagChange, ...]) -> None:
    marker = _MARKERS[group[0].action]
    names = [words.name(change.path) for change in group]
    tail = words.place(group[0].origin)
    if len(group) > 1:
        shown = listed(names, full=page.full)
        page.flow(_lead(marker, f"{counted(len(group), 'tag')}: "), map(Span, shown), hang=6, tail=tail)
        return
    change = group[0]
    items = [f"tag {names[0]}"]
    if change.color:
        before = "" if change.action is Action.CREATE else f"{plain(change.before or 'none')} → "
        items.append(f"colour {before}{plain(change.after or 'none')}")
    page.flow(_lead(marker, ""), map(Span, items), hang=6, tail=tail)


# -- photos --------------------------------------------------------------------------------------------


def _photos(page: Page, plan: Plan) -> None:
    groups = photo_groups(plan.changes.assets)
    shown = groups if page.full else groups[:BLOCKS]
    for group in shown:
        if len(group.photos) == 1:
            _photo(page, group.photos[0], plan)
        else:
            _group(page, group, plan)
    if hidden := groups[len(shown) :]:
        _hidden(page, hidden)


def _hidden(page: Page, groups: Sequence[PhotoGroup]) -> None:
    """What the blocks that are not shown are about, so that nobody agrees to something unheard of."""
    photos = sum(len(group.photos) for group in groups)
    about = sorted({target.field.value for group in groups for target in group.targets})
    about += ["+ tags"] if any(group.added for group in groups) else []
    about += ["- tags"] if any(group.removed for group in groups) else []
    page.text(f"and {counted(photos, 'more photo')} with {', '.join(about)} (--full shows them)", indent=2)


def _label(photo: str, plan: Plan) -> str:
    return words.name(plan.labels.get(photo, photo))


def _photo(page: Page, change: AssetChange, plan: Plan) -> None:
    page.flow(_lead("~", ""), [Span(_label(change.id, plan))], hang=6)
    column = max((len(item.field.value) for item in change.fields), default=0)
    for item in change.fields:
        before, after = (words.photo_value(value, item.field) for value in (item.before, item.after))
        _change(page, item.field.value, column, (before, after), words.place(item.origin))
        if item.field is Field.DESCRIPTION and item.before and item.after:
            _lines_of(page, changed_lines(str(item.before), str(item.after)), 6 + column + 2)
    for sign, moves in (("+", change.tags_added), ("-", change.tags_removed)):
        for move in moves:
            _tag_line(page, sign, words.name(move.path), words.place(move.origin))


def _lines_of(page: Page, lines: Sequence[str], indent: int) -> None:
    """Which lines of a long caption come and go."""
    shown = lines if page.full else lines[:CAPTION_LINES]
    for line in shown:
        text = plain(line[1:])
        room = page.width - indent - 2
        lead = [Span(" " * indent), Span(f"{line[0]} ", _STYLES[line[0]])]
        page.flow(lead, [Span(text if page.full else clip(text, room))], hang=indent + 2)
    if more := len(lines) - len(shown):
        page.text(f"and {counted(more, 'more line')} (--full shows them)", indent=indent)


def _tag_line(page: Page, sign: str, tag: str, tail: str) -> None:
    lead = [Span(" " * 6), Span(sign, _STYLES[sign]), Span(" tag ")]
    page.flow(lead, [Span(tag)], hang=12, tail=tail)


def _change(page: Page, label: str, column: int, pair: tuple[str, str], tail: str = "") -> None:
    """`label  before → after`, on two lines where one is too short."""
    before, after = pair
    hang = 6 + column + 2
    lead = [Span(" " * 6 + label.ljust(column) + "  ")]
    room = page.width - hang
    whole = f"{before} → {after}"
    if cells(whole) <= room:
        items = [Span(whole)]
    elif page.full:
        items = [Span(word) for word in whole.split(" ")]
    else:
        before, after = clip_pair(before, after, room - 2)
        items = [Span(text) for text in (before, f"→ {after}") if text]
    page.flow(lead, items, hang=hang, joiner=" ", tail=tail)


def _group(page: Page, group: PhotoGroup, plan: Plan) -> None:
    causes = group.causes
    one_cause = len({(origin.file, origin.line) for origin in causes}) == 1
    lead = _lead("~", f"{counted(len(group.photos), 'photo')}: ")
    page.flow(lead, _headline(page, group), hang=6, tail=words.places(causes) if one_cause else "")
    column = max((len(target.field.value) for target in group.targets), default=0)
    for target in group.targets:
        tail = "" if one_cause else words.place(target.origin)
        after = words.photo_value(target.after, target.field)
        befores = [(words.photo_value(value, target.field), n) for value, n in group.befores(target.field)]
        _befores(page, (target.field.value, column), befores, after, tail)
    if not one_cause:
        for sign, moves in (("+", group.added), ("-", group.removed)):
            for move in moves:
                _tag_line(page, sign, words.name(move.path), words.place(move.origin))
    names = [_label(photo, plan) for photo in group.ids]
    name_list(page, [Span(" " * 6)], names, 6)


def _headline(page: Page, group: PhotoGroup) -> list[Span]:
    room = page.width - 8
    items = []
    for sign, moves in (("+", group.added), ("-", group.removed)):
        tags = [f"{sign} tag {words.name(move.path)}" for move in moves]
        items += [Span(text, _STYLES[sign]) for text in listed(tags, full=page.full, limit=10)]
    for target in group.targets:
        text = f"{target.field.value} → {words.photo_value(target.after, target.field)}"
        items.append(Span(text if page.full else clip(text, room)))
    return items


def _befores(
    page: Page, label: tuple[str, int], befores: Sequence[tuple[str, int]], after: str, tail: str
) -> None:
    """The values before, each with its number of photos: `none → 4 (120 photos), 2 → 4 (8 photos)`."""
    field, column = label
    if len(befores) == 1:
        _change(page, field, column, (befores[0][0], after), tail)
        return
    shown = list(befores) if page.full or len(befores) <= BEFORES + 1 else list(befores[:BEFORES])
    others = befores[len(shown) :]
    hang = 6 + column + 2
    room = page.width - hang
    texts = [f"{before} → {after} ({counted(number, 'photo')})" for before, number in shown]
    if any(cells(text) >= room for text in texts):
        texts = [f"was {_fitting(page, before, number, room)}" for before, number in shown]
    items = [Span(text) for text in texts]
    if others:
        number = sum(pair[1] for pair in others)
        items.append(Span(f"{len(others):,} other values ({counted(number, 'photo')})"))
    page.flow([Span(" " * 6 + field.ljust(column) + "  ")], items, hang=hang, tail=tail)


def _fitting(page: Page, before: str, number: int, room: int) -> str:
    end = f" ({counted(number, 'photo')})"
    return (before if page.full else clip_middle(before, room - len(end) - len("was ,"))) + end


# -- albums --------------------------------------------------------------------------------------------


def _album(page: Page, change: AlbumChange, plan: Plan) -> None:
    marker = _MARKERS[change.action]
    items = [words.quoted(change.name)]
    if change.action is Action.DELETE:
        items += f"is deleted; {summary.stays(change)}".split(" ")
    page.flow(_lead(marker, "album "), map(Span, items), hang=6, joiner=" ", tail=words.place(change.origin))
    if change.action is Action.DELETE:
        return
    members = bool(change.added or change.removed)
    empty = change.action is Action.CREATE and not members
    labels = [item.field.value for item in change.fields] + (["photos", "size"] if members else [])
    labels += (["photos"] if empty else []) + (["share"] if change.shares else [])
    column = max((len(label) for label in labels), default=0)
    for item in change.fields:
        _album_field(page, item, change, column, plan)
    for sign, ids in (("+", change.added), ("-", change.removed)):
        if ids:
            start = Span(" " * 6 + "photos".ljust(column) + "  ")
            lead = [start, Span(f"{sign} {len(ids):,}", _STYLES[sign]), Span(": ")]
            name_list(page, lead, sorted(_label(photo, plan) for photo in ids), 6 + column + 2)
    if empty:
        page.text("photos".ljust(column) + "  none", indent=6)
    if members:
        _change(page, "size", column, (f"{change.size_before:,}", f"{change.size_after:,}"))
    for share in change.shares:
        _share(page, share, change, column)


def _share(page: Page, share: ShareChange, change: AlbumChange, column: int) -> None:
    sign, text = words.share(share)
    lead = [Span(" " * 6 + "share".ljust(column) + "  "), Span(sign, _STYLES[sign]), Span(" ")]
    tail = words.place(share.origin) if share.origin != change.origin else ""
    page.flow(lead, map(Span, text.split(" ")), hang=6 + column + 4, joiner=" ", tail=tail)


def _album_set(page: Page, group: SetGroup, plan: Plan) -> None:
    """The albums of one set: the first few in a line each, or all of them as if each stood alone."""
    title = [Span("album set"), Span(words.quoted(group.title) + ":"), Span(group.numbers)]
    page.flow(_lead("~", ""), title, hang=6, joiner=" ", tail=words.place(group.origin))
    if page.full:
        for change in group.albums:
            _album(page, change, plan)
        return
    for change in group.albums[:SHOWN]:
        marker = _MARKERS[change.action]
        lead = [Span(" " * 6), Span(marker, _STYLES[marker]), Span(" ")]
        name = words.quoted(change.name)
        name += " is deleted;" if change.action is Action.DELETE else ":"
        items = [Span(name), Span(brief(change, words.quoted))]
        page.flow(lead, items, hang=8, joiner=" ")
    if (more := len(group.albums) - SHOWN) > 0:
        page.text(f"and {counted(more, 'more album')} (--full shows them)", indent=6)


def _album_field(page: Page, item: AlbumFieldChange, change: AlbumChange, column: int, plan: Plan) -> None:
    before, after = (words.album_value(value, item.field, plan.labels) for value in (item.before, item.after))
    tail = words.place(item.origin) if item.origin != change.origin else ""
    if change.action is Action.CREATE and item.field is not AlbumField.NAME:
        hang = 6 + column + 2
        lead = [Span(" " * 6 + item.field.value.ljust(column) + "  ")]
        text = after if page.full else clip(after, page.width - hang)
        words_of = text.split(" ") if page.full else [text]
        page.flow(lead, map(Span, words_of), hang=hang, joiner=" ", tail=tail)
        return
    _change(page, item.field.value, column, (before, after), tail)


def _summary(page: Page, plan: Plan) -> None:
    parts = [f"{summary.sizes(plan)}", *summary.costs(plan)]
    spans = [Span(part if index == 0 else f"· {part}") for index, part in enumerate(parts)]
    page.flow([Span("Plan: ", "bold")], spans, hang=6, joiner=" ", whole=True)
    if digest := plan.digest:
        page.text(f"Digest: {short(digest)}", style="dim")
    if why := summary.rounds(plan):
        page.text(why)
    for line in summary.order(plan):
        page.text(line, hang=2)
    if gone := summary.removals(plan):
        page.text(gone, style="red")
    if undone := drift_summary(plan):
        page.text(f"{undone}.", style="yellow")
    if plan.problems:
        mend = counted(len(plan.problems), "problem")
        page.text(f"Not to be applied yet: {mend} above.", style="bold red")
    elif plan.violations:
        page.text("Not to be applied as it is: more than allowed (above).", style="bold red")
