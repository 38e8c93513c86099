"""A plan as cards for the page: what is shown of each change, without a word of markup. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from reconciler.diff.changes import Action, AlbumChange, AlbumField, AlbumFieldChange, ShareChange, TagChange
from reconciler.diff.explain import Part, changed_words
from reconciler.model.origin import Origin
from reconciler.model.values import Coordinates, Field, FieldValue, Taken
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.render import words
from reconciler.render.cells import plain
from reconciler.render.grouping import PhotoGroup, Target, photo_groups, tag_groups
from reconciler.render.pictures import (
    Map,
    Timeline,
    distance_text,
    place_text,
    span_text,
    timeline,
    world_map,
)
from reconciler.render.samples import spread

NAMES = 1_000
"""Names of one list that the page holds; the rest is counted."""
BEFORES = 8
"""Different values before a change that are told."""
SHARED = 240
"""Letters of a piece that stays while others change; more is left out in its middle."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is shown: its id, and how it is called."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Photos that come, go or change together: some as pictures, all by name."""

    sign: str
    """`+`, `−` or `~`."""
    title: str
    shown: tuple[Photo, ...]
    names: tuple[str, ...]
    more: int = 0
    """How many names are left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what it was, what it becomes, and the line that asks for it."""

    label: str
    at: str = ""
    before: str = ""
    after: str = ""
    sign: str = ""
    """`+` or `−` where something only comes or goes."""
    words: tuple[tuple[Part, str], ...] = ()
    """A text as pieces that stay, go and come, instead of before and after."""
    aside: str = ""
    befores: tuple[str, ...] = ()
    """Several values before, each with its number of photos."""
    timeline: Timeline | None = None
    map: Map | None = None
    colors: tuple[str, ...] = ()
    covers: tuple[Photo | None, Photo | None] | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One change as a reader sees it. `kind` is album, photo or tag; `aspects` is what it touches."""

    kind: str
    sign: str
    state: str
    title: str
    note: str = ""
    at: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    strips: tuple[Strip, ...] = ()
    photo: Photo | None = None
    aspects: tuple[str, ...] = ()
    removes: bool = False
    search: tuple[str, ...] = field(default=(), repr=False)
    """Texts by which it is found, beside those that are shown."""
    several: bool = False
    """Whether it is about more than one of its kind."""
    account: str = ""
    """Whose it is, on a page of several accounts."""

    @property
    def badge(self) -> str:
        """`new album`, `changed photos`."""
        return f"{self.state} {self.kind}{'s' * self.several}"

    @property
    def pictures(self) -> tuple[str, ...]:
        """The ids of the photos of which it shows a picture, the most telling first."""
        covers = [photo for row in self.rows for photo in row.covers or () if photo]
        first = [self.photo] if self.photo else []
        strips = sorted(self.strips, key=lambda strip: strip.sign != "−")
        rest = [photo for strip in strips for photo in strip.shown]
        return tuple(dict.fromkeys(photo.id for photo in (*first, *covers, *rest)))


def cards(plan: Plan, *, values: bool = True) -> Iterator[Card]:
    """Everything that changes, in the order of the page: albums, photos, tags; one after the other, as asked.

    Without `values` photos have no rows, for whoever only counts or wants to know which pictures are shown.
    """
    names = _Names(plan)
    yield from (_album(change, names) for change in plan.changes.albums)
    yield from (_photos(group, names, values) for group in photo_groups(plan.changes.assets))
    yield from (_tags(group) for group in tag_groups(plan.changes.tags))


@dataclass(frozen=True, slots=True)
class _Names:
    plan: Plan

    def photo(self, photo: str) -> Photo:
        return Photo(photo, plain(self.plan.labels.get(photo, photo)))

    def strip(self, sign: str, verb: str, ids: Sequence[str]) -> Strip:
        """Without a verb it has no title of its own."""
        photos = sorted(map(self.photo, ids), key=lambda photo: (photo.name, photo.id))
        title = (
            f"{counted(len(ids), 'photo')} {verb if len(ids) > 1 else _SINGULAR.get(verb, verb)}"
            if verb
            else ""
        )
        named = tuple(photo.name for photo in photos[:NAMES])
        return Strip(sign, title, tuple(spread(photos)), named, max(0, len(photos) - NAMES))

    def all(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({plain(self.plan.labels.get(photo, photo)) for photo in ids}))


_SINGULAR = {"come in": "comes in", "leave": "leaves", "stay in the library": "stays in the library"}
_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "−"}
_STATES = {Action.CREATE: "new", Action.UPDATE: "changed", Action.DELETE: "deleted"}


def _at(origins: Iterable[Origin]) -> tuple[str, ...]:
    found = sorted({(origin.file, origin.line) for origin in origins})
    return tuple(plain(f"{file}:{line}") for file, line in found)


# -- albums ----------------------------------------------------------------------------------------------


def _album(change: AlbumChange, names: _Names) -> Card:
    deleted = change.action is Action.DELETE
    rows = tuple(_album_row(item, change, names) for item in change.fields)
    rows += tuple(_share_row(item, change) for item in change.shares)
    strips = []
    if change.added:
        strips.append(names.strip("+", "come in", change.added))
    if change.removed and not deleted:
        strips.append(names.strip("−", "leave", change.removed))
    elif change.removed:
        strips.append(names.strip("~", "stay in the library", change.removed))
    if deleted:
        stay = f"Its {counted(change.size_before, 'photo')} stay in the library."
        note = stay if change.size_before else "It is empty."
    elif change.action is Action.UPDATE and strips:
        note = f"{change.size_before:,} → {counted(change.size_after, 'photo')}"
    else:
        created = change.action is Action.CREATE
        note = counted(change.size_after, "photo") if strips else "no photos" if created else ""
    if change.made_by:
        note = f"{note}{' · ' if note else ''}album set {words.quoted(change.made_by.title)}"
    return Card(
        "album",
        _SIGNS[change.action],
        _STATES[change.action],
        plain(change.name),
        note,
        _at([change.origin]),
        rows,
        tuple(strips),
        aspects=(
            *(item.field.value for item in change.fields),
            *(["members"] if strips else []),
            *(["share"] if change.shares else []),
        ),
        removes=deleted or bool(change.removed or change.unshared),
        search=(*names.all((*change.added, *change.removed)), *(row.at for row in rows)),
    )


def _album_row(item: AlbumFieldChange, change: AlbumChange, names: _Names) -> Row:
    at = words.place(item.origin) if item.origin != change.origin else ""
    label = item.field.value
    if item.field in (AlbumField.NAME, AlbumField.DESCRIPTION):
        return Row(label, at, words=_words(str(item.before or ""), str(item.after or "")))
    if item.field is AlbumField.COVER:
        pair = [names.photo(value) if isinstance(value, str) else None for value in (item.before, item.after)]
        return Row(label, at, covers=(pair[0], pair[1]))
    before, after = (words.album_value(value, item.field, {}) for value in (item.before, item.after))
    return Row(label, at, "" if change.action is Action.CREATE else before, after)


def _share_row(item: ShareChange, change: AlbumChange) -> Row:
    at = words.place(item.origin) if item.origin != change.origin else ""
    sign, text = words.share(item)
    return Row("share", at, after=text, sign={"-": "−", "~": ""}.get(sign, sign))


def _words(before: str, after: str) -> tuple[tuple[Part, str], ...]:
    parts = changed_words(_lines(before), _lines(after))
    return tuple((part, _shortened(text) if part is Part.SAME else text) for part, text in parts)


def _lines(text: str) -> str:
    """Made harmless as everywhere, but with its line breaks."""
    return "\n".join(plain(line) for line in text.replace("\r\n", "\n").split("\n"))


def _shortened(text: str) -> str:
    if len(text) <= SHARED:
        return text
    half = SHARED // 2
    return f"{text[:half].rstrip()} […] {text[-half:].lstrip()}"


# -- photos ----------------------------------------------------------------------------------------------


def _photos(group: PhotoGroup, names: _Names, values: bool) -> Card:
    causes = _at(group.causes)
    one_cause = len(causes) == 1
    single = names.photo(group.photos[0].id) if len(group.photos) == 1 else None
    return Card(
        "photo",
        "~",
        "changed",
        single.name if single else counted(len(group.photos), "photo"),
        at=causes if one_cause else (),
        rows=tuple(_photo_rows(group, _nowhere if one_cause else words.place)) if values else (),
        strips=() if single else (names.strip("~", "", group.ids),),
        photo=single,
        aspects=tuple(_aspects(group)),
        removes=bool(group.removed) or _clears(group),
        search=(single.id,) if single else names.all(group.ids),
        several=single is None,
    )


def _nowhere(_origin: Origin) -> str:
    """For rows whose place stands at the top of the card."""
    return ""


def _clears(group: PhotoGroup) -> bool:
    changes = (item for change in group.photos for item in change.fields)
    return any(item.after in (None, "") and item.before not in (None, "") for item in changes)


def _aspects(group: PhotoGroup) -> Iterator[str]:
    yield from (target.field.value for target in group.targets)
    if group.added or group.removed:
        yield "tags"


def _photo_rows(group: PhotoGroup, place: Callable[[Origin], str]) -> Iterator[Row]:
    for target in group.targets:
        yield _target_row(target, group.befores(target.field), place(target.origin))
    for sign, moves in (("+", group.added), ("−", group.removed)):
        for move in moves:
            yield Row("tag", place(move.origin), after=plain(move.path), sign=sign)


def _target_row(target: Target, befores: Sequence[tuple[FieldValue, int]], at: str) -> Row:
    row = _value_row(target.field, [value for value, _ in befores], target.after, at)
    if len(befores) == 1:
        return row
    texts = [
        f"{words.photo_value(value, target.field)} ({counted(number, 'photo')})"
        for value, number in befores[:BEFORES]
    ]
    if len(befores) > BEFORES:
        rest = sum(number for _, number in befores[BEFORES:])
        texts.append(f"{len(befores) - BEFORES:,} other values ({counted(rest, 'photo')})")
    after = words.photo_value(target.after, target.field)
    return replace(row, before="", after=after, words=(), aside="", befores=tuple(texts))


def _value_row(name: Field, befores: Sequence[FieldValue], after: FieldValue, at: str) -> Row:
    before = befores[0]
    if name is Field.DESCRIPTION:
        return Row(name.value, at, words=_words(str(before or ""), str(after or "")))
    texts = [words.photo_value(value, name) for value in (before, after)]
    if name is Field.TAKEN:
        old = [value.local for value in befores if isinstance(value, Taken)]
        new = [after.local] if isinstance(after, Taken) else []
        moved = span_text(old[0], new[0]) if len(befores) == 1 and old and new else ""
        return Row(name.value, at, texts[0], texts[1], aside=moved, timeline=timeline(old, new))
    if name is Field.LOCATION:
        places = [value for value in befores if isinstance(value, Coordinates)]
        there = [after] if isinstance(after, Coordinates) else []
        apart = distance_text(places[0], there[0]) if len(befores) == 1 and places and there else ""
        texts = [place_text(value) if isinstance(value, Coordinates) else "none" for value in (before, after)]
        return Row(
            name.value,
            at,
            texts[0],
            texts[1],
            aside=f"{apart} away" if apart else "",
            map=world_map(places, there),
        )
    if name is Field.RATING:
        texts = [_stars(value) for value in (before, after)]
    return Row(name.value, at, texts[0], texts[1])


def _stars(value: FieldValue) -> str:
    return f"{value} {'★' * value}" if isinstance(value, int) else "none"


# -- tags ------------------------------------------------------------------------------------------------


def _tags(group: tuple[TagChange, ...]) -> Card:
    first = group[0]
    paths = [plain(change.path) for change in group]
    rows: list[Row] = []
    if len(group) > 1:
        rows = [Row("tag", after=path, sign="+") for path in paths[:NAMES]]
    elif first.color:
        before = "" if first.action is Action.CREATE else plain(first.before or "none")
        colors = tuple(color for color in (first.before, first.after) if color)
        rows = [Row("colour", before=before, after=plain(first.after or "none"), colors=colors)]
    return Card(
        "tag",
        _SIGNS[first.action],
        _STATES[first.action],
        counted(len(group), "tag") if len(group) > 1 else paths[0],
        at=_at(change.origin for change in group),
        rows=tuple(rows),
        aspects=("colour",) if first.color else (),
        search=tuple(paths),
        several=len(group) > 1,
    )
