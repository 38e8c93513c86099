"""What of a rule the server can pick out by itself: slices that together hold all that the rule matches now.

The server's filters mean something else than the language: it compares cameras and places letter by letter,
looks for parts of texts without accents, and files photos by an instant where the language asks for the clock
of the place. So a slice is always wider than the rule, never narrower, and whatever it brings is asked the
rule itself. A condition that no filter covers for certain is left out, which is safe too.

Only what matches in the live state has to be read: a photo that no rule matches and no entry names is changed
by nothing, and so comes to match nothing either.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.immich.keyset import OPEN, Range
from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
    AddedBetween,
    ChecksumIs,
    DescriptionContains,
    FavoriteIs,
    Has,
    HasTag,
    IdIs,
    InAlbum,
    InFolder,
    Part,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    TextField,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.places import InBox, Near, Where
from reconciler.model.selectors import All, AnyOf, Named, Not, Selector
from reconciler.model.text import TextMatcher, folded
from reconciler.model.values import AssetType, Visibility

MOST_SLICES = 64
"""Rules that fall into more are read as if the condition that divides them weren't there."""

TAKEN, ADDED = "takenAt", "createdAt"
"""How a structured filter calls the days on which photos were taken, and came to the server."""
ANY_OFFSET = timedelta(hours=24)
"""Clocks differ from Greenwich by 14 hours at most, but a date may be written with up to 23:59."""
ROUNDED = timedelta(seconds=1)
"""The server keeps microseconds and shows milliseconds."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What a structured filter (3.2+) can say of one field: the field and the operator in the server's words.

    Tags, albums and people are `values` by what rules call them. A `weak` one leaves little out, so that no
    search is made for it alone.
    """

    field: str
    operator: str
    values: frozenset[Any]
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the library: the photos that fit all that is said here; without anything, all of it."""

    ids: frozenset[str] | None = None
    checksums: frozenset[str] | None = None
    tags: frozenset[str] = frozenset()
    """Paths of tags; each is carried, or one below it."""
    albums: frozenset[str] = frozenset()
    """Names of albums, folded; it is in each of them."""
    people: frozenset[str] = frozenset()
    """Names or ids of persons; each is on it."""
    library: str | None = None
    """The name or id of the external library that it lies in."""
    stacked: bool = False
    words: frozenset[tuple[TextField, TextMatcher]] = frozenset()
    """Texts that the server only compares letter by letter."""
    path: str = ""
    file: str = ""
    caption: str = ""
    """Parts of its path, of its file's name and of its caption."""
    type: AssetType | None = None
    favorite: bool | None = None
    rating: int | None = None
    visibility: Visibility | None = None
    taken: Range = OPEN
    added: Range = OPEN
    clauses: frozenset[Clause] = frozenset()
    """What only a structured filter can say."""
    where: frozenset[Where] = frozenset()
    """Conditions on coordinates, which no filter knows, but the map does."""

    @property
    def anywhere(self) -> Slice:
        """The same without what is asked of coordinates."""
        return replace(self, where=frozenset()) if self.where else self

    @property
    def whole(self) -> bool:
        """Whether it leaves nothing out, or too little to search for it."""
        strong = frozenset(clause for clause in self.clauses if not clause.weak)
        return replace(self, clauses=strong) == WHOLE

    @property
    def dated(self) -> bool:
        """Whether it asks when photos were taken."""
        return self.taken != OPEN or any(clause.field == TAKEN for clause in self.clauses)

    def named(self, field: str) -> frozenset[str]:
        """What rules call the tags, albums or people that clauses ask for, by the server's word for them."""
        return frozenset().union(*(clause.values for clause in self.clauses if clause.field == field))


WHOLE = Slice()
Slices = tuple[Slice, ...]
EVERYTHING: Slices = (WHOLE,)


def slices_of(selector: Selector) -> Slices:
    """Slices that together hold every photo that the selector matches."""
    reader = READERS.get(type(selector))
    found = reader(selector) if reader else EVERYTHING
    return EVERYTHING if WHOLE in found or len(found) > MOST_SLICES else tuple(dict.fromkeys(found))


def both(one: Slice, other: Slice) -> Slice | None:
    """What is in both slices, or a little more; None where nothing can be."""
    ids, checksums = _common(one.ids, other.ids), _common(one.checksums, other.checksums)
    taken, added = overlap(one.taken, other.taken), overlap(one.added, other.added)
    if ids == frozenset() or checksums == frozenset() or taken is None or added is None:
        return None
    values: dict[str, Any] = {}
    for name in ("type", "favorite", "rating", "visibility"):
        first, second = getattr(one, name), getattr(other, name)
        if first is not None and second is not None and first != second:
            return None
        values[name] = second if first is None else first
    return Slice(
        ids=ids,
        checksums=checksums,
        tags=one.tags | other.tags,
        albums=one.albums | other.albums,
        people=one.people | other.people,
        library=one.library or other.library,
        stacked=one.stacked or other.stacked,
        words=one.words | other.words,
        path=max(one.path, other.path, key=len),
        file=max(one.file, other.file, key=len),
        caption=max(one.caption, other.caption, key=len),
        taken=taken,
        added=added,
        clauses=one.clauses | other.clauses,
        where=one.where | other.where,
        **values,
    )


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def overlap(one: Range, other: Range) -> Range | None:
    """The time that is in both spans; None where there is none."""
    starts = [start for start in (one[0], other[0]) if start is not None]
    ends = [end for end in (one[1], other[1]) if end is not None]
    start, end = max(starts, default=None), min(ends, default=None)
    return None if start is not None and end is not None and start > end else (start, end)


# Selectors that join others


def _all(selector: All) -> Slices:
    found: Slices = EVERYTHING
    for part in selector.parts:
        further = slices_of(part)
        joined = [whole for one in found for other in further if (whole := both(one, other))]
        found = tuple(dict.fromkeys(joined)) if len(joined) <= MOST_SLICES else found
    return found


def _any(selector: AnyOf) -> Slices:
    return tuple(one for part in selector.parts for one in slices_of(part))


def _not(selector: Not) -> Slices:
    match selector.part:
        case Not(part):
            return slices_of(part)
        case Named(_, part):
            return slices_of(Not(part))
        case FavoriteIs(favorite):
            return (Slice(favorite=not favorite),)
        case AnyOf(parts):
            return slices_of(All(tuple(Not(part) for part in parts)))
        case All(parts):
            return slices_of(AnyOf(tuple(Not(part) for part in parts)))
        case _:
            return EVERYTHING


# Conditions


SAFE = re.compile(r"[A-Za-z0-9 /_.,()@+=-]+")
"""Letters that stay what they are when case is folded, accents are taken off, or a pattern is looked for."""
_WILD = re.compile(r"[*?]")


def certain_part(pieces: Iterable[str]) -> str:
    """The longest part of these texts that the server finds wherever the language does; "" without one.

    Plain ASCII only: beyond it, case depends on the database, and accents may be composed or not.
    """
    parts = [part for piece in pieces for part in SAFE.findall(unicodedata.normalize("NFC", piece))]
    longest: str = max(parts, key=len, default="")
    return longest if len(longest) > 1 else ""


def pieces_of(pattern: str) -> list[str]:
    """The texts between the wildcards of a pattern for a file or path."""
    return _WILD.split(pattern.partition("[")[0])


def folder_pieces(pattern: str) -> list[str]:
    """The texts between the wildcards of a pattern for a folder, as `folder_regex` reads it."""
    pieces = ["/" if pattern.startswith("/") else ""]
    for part in (part for part in pattern.split("/") if part):
        if part == "**":
            pieces.append("")
            continue
        first, *rest = _WILD.split(part)
        pieces[-1] += first
        pieces += rest
        pieces[-1] += "/"
    return pieces


def _folders(selector: InFolder) -> Slices:
    return tuple(Slice(path=certain_part(folder_pieces(folder))) for folder in selector.folders)


def _text(selector: TextIs) -> Slices:
    patterns = selector.matcher.patterns
    match selector.field:
        case TextField.PATH:
            return tuple(Slice(path=certain_part(pieces_of(pattern))) for pattern in patterns)
        case TextField.FILE:
            return tuple(Slice(file=certain_part(pieces_of(pattern))) for pattern in patterns)
        case _ if selector.matcher.matches(""):
            return EVERYTHING
        case _:
            return (Slice(words=frozenset({(selector.field, selector.matcher)})),)


def _caption(selector: DescriptionContains) -> Slices:
    return (Slice(caption=certain_part([selector.text])),)


def _where(selector: Where) -> Slices:
    return (Slice(where=frozenset({selector})),)


def _person(selector: PersonIs) -> Slices:
    return (Slice(people=frozenset({selector.who})),) if selector.one else EVERYTHING


def _only(selector: OnlyPeople) -> Slices:
    """One of them is on it."""
    return tuple(part for one in selector.these for part in _person(one))


def _library(selector: LibraryIs) -> Slices:
    """What lies in none can't be asked for: the server takes that for any."""
    return EVERYTHING if selector.which is None else (Slice(library=selector.which),)


def _stacked(selector: Stacked) -> Slices:
    return (Slice(stacked=True),) if selector.stacked else EVERYTHING


def _types(selector: TypeIs) -> Slices:
    """A kind of file that this program doesn't know counts as another one, which no filter can say."""
    if AssetType.OTHER in selector.types:
        return EVERYTHING
    return tuple(Slice(type=kind) for kind in sorted(selector.types))


def _ratings(selector: RatingWithin) -> Slices:
    if selector.unrated:
        return EVERYTHING
    return tuple(Slice(rating=stars) for stars in range(selector.low, selector.high + 1))


def _has(selector: Has) -> Slices:
    return _ratings(RatingWithin()) if selector.part is Part.RATING and selector.wanted else EVERYTHING


def _visibilities(selector: VisibilityIs) -> Slices:
    """A visibility that this program doesn't know counts as hidden, which no filter can say."""
    if Visibility.HIDDEN in selector.values:
        return EVERYTHING
    return tuple(Slice(visibility=value) for value in sorted(selector.values))


def _wider(start: datetime | None, end: datetime | None, by: timedelta) -> Slices:
    """Taken within a time, and so much before and after it."""
    return (Slice(taken=_range_of(start, end, by)),)


def _range_of(start: datetime | None, end: datetime | None, by: timedelta) -> Range:
    """A span of time in UTC that is longer at both ends."""
    return (moved(start, -by), moved(end, by))


def moved(moment: datetime | None, by: timedelta) -> datetime | None:
    """The moment in UTC, moved; None where the calendar ends."""
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC) + by
    except OverflowError:
        return None


READERS: Mapping[type, Callable[[Any], Slices]] = {
    All: _all,
    AnyOf: _any,
    Not: _not,
    Named: lambda selector: slices_of(selector.part),
    IdIs: lambda selector: (Slice(ids=selector.ids),),
    ChecksumIs: lambda selector: (Slice(checksums=selector.checksums),),
    HasTag: lambda selector: (Slice(tags=frozenset({selector.path})),),
    InAlbum: lambda selector: (Slice(albums=frozenset({folded(selector.name)})),),
    PersonIs: _person,
    OnlyPeople: _only,
    LibraryIs: _library,
    Stacked: _stacked,
    Near: _where,
    InBox: _where,
    InFolder: _folders,
    TextIs: _text,
    DescriptionContains: _caption,
    TypeIs: _types,
    FavoriteIs: lambda selector: (Slice(favorite=selector.favorite),),
    RatingWithin: _ratings,
    Has: _has,
    VisibilityIs: _visibilities,
    TakenWithin: lambda selector: _wider(selector.start, selector.end, ANY_OFFSET),
    TakenBetween: lambda selector: _wider(selector.start, selector.end, ROUNDED),
    AddedBetween: lambda selector: (Slice(added=_range_of(selector.start, selector.end, ROUNDED)),),
}
"""A selector that isn't here is read with the whole library."""


def without_dates(slices: Sequence[Slice]) -> Slices:
    """The same without what is asked of dates."""
    return tuple(dict.fromkeys(_without_dates(one) for one in slices))


def _without_dates(one: Slice) -> Slice:
    clauses = frozenset(clause for clause in one.clauses if clause.field != TAKEN)
    return replace(one, taken=OPEN, clauses=clauses)
