"""What of a rule a structured filter (Immich 3.2) can pick out: slices as in `slices`, fewer and narrower.

Alternatives of one kind become one slice (any of these tags, two to four stars), what must not be is asked
for where the server leaves out no more by it than the rule, and texts are looked for at their ends where
patterns say so. As there, a slice is never narrower than the rule.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.live.searching.slices import (
    ADDED,
    EVERYTHING,
    MOST_SLICES,
    READERS,
    ROUNDED,
    SAFE,
    TAKEN,
    Clause,
    Slice,
    Slices,
    both,
    certain_part,
    folder_pieces,
    moved,
    pieces_of,
)
from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
    AddedBetween,
    FavoriteIs,
    Has,
    HasTag,
    InAlbum,
    InAnyAlbum,
    InFolder,
    Part,
    RatingWithin,
    TextField,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.selectors import All, AnyOf, Named, Not, Selector
from reconciler.model.text import folded
from reconciler.model.values import AssetType, Visibility
from reconciler.model.yearly import AddedOn, TakenOn

TAGS, ALBUMS, PEOPLE = "tagIds", "albumIds", "personIds"
IN_ALBUMS = "hasAlbums"
UNTAGGED: Final = ("hasTags", "eq", False)
"""A condition by which it is known that what comes carries no tag."""
BELOW = "/*"
"""After a tag's path: with all tags below it."""

MOST_STARS: Final = 5
NOTHING: Slices = ()


def structured_slices_of(selector: Selector) -> Slices:
    """Slices that together hold every photo that the selector matches."""
    found = joined(_slices_of(selector))
    return EVERYTHING if any(one.whole for one in found) or len(found) > MOST_SLICES else found


def joined(slices: Iterable[Slice]) -> Slices:
    """Slices that differ only in which tags, which albums or which people they ask for made one."""
    found = tuple(dict.fromkeys(slices))
    for field in (TAGS, ALBUMS, PEOPLE):
        groups: dict[Slice, set[str]] = defaultdict(set)
        for one in found:
            rest, values = without_choice(one, field)
            groups[rest].update(values)
        found = tuple(with_choice(rest, field, frozenset(values)) for rest, values in groups.items())
    return found


def without_choice(one: Slice, field: str) -> tuple[Slice, frozenset[str]]:
    """A slice without its only choice among tags, albums or people, and what that was among."""
    choices = [clause for clause in one.clauses if clause.field == field and clause.operator == "any"]
    if len(choices) != 1:
        return one, frozenset()
    rest = one.clauses - {choices[0]} | {Clause(field, "chosen", frozenset())}
    return replace(one, clauses=rest), choices[0].values


def with_choice(rest: Slice, field: str, values: frozenset[str]) -> Slice:
    """A slice with such a choice again, among these."""
    if not values:
        return rest
    clauses = rest.clauses - {Clause(field, "chosen", frozenset())} | {Clause(field, "any", values)}
    return replace(rest, clauses=clauses)


def _slices_of(selector: Selector) -> Slices:
    reader = _READERS.get(type(selector))
    return reader(selector) if reader else EVERYTHING


def _said(field: str, operator: str, *values: Any, weak: bool = False) -> Slice:
    return Slice(clauses=frozenset({Clause(field, operator, frozenset(values), weak)}))


# Selectors that join others


def _all(selector: All) -> Slices:
    found: Slices = EVERYTHING
    for part in selector.parts:
        further = joined(_slices_of(part))
        crossed = [whole for one in found for other in further if (whole := both(one, other))]
        found = tuple(dict.fromkeys(crossed)) if len(crossed) <= MOST_SLICES else found
    return found


def _any(selector: AnyOf) -> Slices:
    return joined(one for part in selector.parts for one in _slices_of(part))


def _not(selector: Not) -> Slices:
    match selector.part:
        case Not(part):
            return _slices_of(part)
        case Named(_, part):
            return _slices_of(Not(part))
        case AnyOf(parts):
            return _slices_of(All(tuple(Not(part) for part in parts)))
        case All(parts):
            return _slices_of(AnyOf(tuple(Not(part) for part in parts)))
        case condition:
            reader = _OPPOSITES.get(type(condition))
            return reader(condition) if reader else EVERYTHING


# Conditions


def _types(types: frozenset[AssetType]) -> Slices:
    """A kind of file that this program doesn't know counts as another one."""
    others = sorted(kind.value.upper() for kind in frozenset(AssetType) - types)
    if AssetType.OTHER in types:
        return (_said("type", "notIn", *others),) if others else EVERYTHING
    if len(types) == 1:
        return (Slice(type=next(iter(types))),)
    return (_said("type", "in", *(kind.value.upper() for kind in types)),) if types else NOTHING


def _visibilities(values: frozenset[Visibility]) -> Slices:
    """A visibility that this program doesn't know counts as hidden."""
    others = sorted(one.value for one in frozenset(Visibility) - values)
    if Visibility.HIDDEN in values:
        return (_said("visibility", "notIn", *others),) if others else EVERYTHING
    if len(values) == 1:
        return (Slice(visibility=next(iter(values))),)
    return (_said("visibility", "in", *(one.value for one in values)),) if values else NOTHING


def _ratings(selector: RatingWithin) -> Slices:
    return (*_stars(selector.low, selector.high), *(_unrated() if selector.unrated else NOTHING))


def _other_ratings(selector: RatingWithin) -> Slices:
    if selector.low > selector.high:
        rated = _stars(1, MOST_STARS)
    else:
        rated = (*_stars(1, selector.low - 1), *_stars(selector.high + 1, MOST_STARS))
    return rated if selector.unrated else (*rated, *_unrated())


def _stars(low: int, high: int) -> Slices:
    """The server may keep half a star, which counts as the whole one below."""
    if low > high:
        return NOTHING
    above = _said("rating", "gte", max(1, low))
    below = Slice() if high >= MOST_STARS else _said("rating", "lt", high + 1)
    found = both(above, below)
    return (found,) if found else NOTHING


def _unrated() -> Slices:
    return (_said("rating", "eq", None, weak=True), _said("rating", "lt", 1, weak=True))


_TEXTS: Final[Mapping[Part, tuple[str, ...]]] = {
    Part.PLACE: ("city", "state", "country"),
    Part.CAMERA: ("make", "model"),
    Part.LENS: ("lensModel",),
}


def _has(part: Part, wanted: bool) -> Slices:
    """Whoever has a face that is nobody's has people for the server, so `lacks: people` can't be asked."""
    match part:
        case Part.RATING:
            return _stars(1, MOST_STARS) if wanted else _unrated()
        case Part.TAGS:
            return (_said("hasTags", "eq", wanted),)
        case Part.PEOPLE if wanted:
            return (_said("hasPeople", "eq", True),)
        case Part.DESCRIPTION if wanted:
            return (_said("description", "ne", ""),)
        case Part.PLACE | Part.CAMERA | Part.LENS if wanted:
            return tuple(_said(field, "ne", "", weak=True) for field in _TEXTS[part])
        case Part.PLACE | Part.CAMERA | Part.LENS:
            found: Slices = EVERYTHING
            for field in _TEXTS[part]:
                blank = (_said(field, "eq", None), _said(field, "eq", ""))
                found = tuple(whole for one in found for other in blank if (whole := both(one, other)))
            return found
        case _:
            return EVERYTHING


def _person(selector: PersonIs, operator: str) -> Slices:
    return (_said(PEOPLE, operator, selector.who, weak=operator == "none"),) if selector.one else EVERYTHING


def _only(selector: OnlyPeople) -> Slices:
    """One of them is on it."""
    return joined(part for one in selector.these for part in _person(one, "any"))


def _no_tag(selector: HasTag) -> Slices:
    path = selector.path + BELOW if selector.branch else selector.path
    return (_said(TAGS, "none", path, weak=True),)


def _library(selector: LibraryIs, wanted: bool) -> Slices:
    if selector.which is None:
        return (_said("libraryId", "eq" if wanted else "ne", None, weak=wanted),)
    return (Slice(library=selector.which),) if wanted else EVERYTHING


def _outside(selector: AddedBetween) -> Slices:
    """Before it began, and from its end on."""
    before = Slice(added=(None, moved(selector.start, ROUNDED)))
    after = Slice(added=(moved(selector.end, -ROUNDED), None))
    ends = ((selector.start, before), (selector.end, after))
    return tuple(one for bound, one in ends if bound is not None)


# Parts of texts


def _certain(piece: str) -> bool:
    return SAFE.fullmatch(unicodedata.normalize("NFC", piece)) is not None


def _texts(selector: TextIs) -> Slices:
    match selector.field:
        case TextField.PATH:
            return tuple(_pattern("originalPath", one) for one in selector.matcher.patterns)
        case TextField.FILE:
            return tuple(_pattern("originalFileName", one) for one in selector.matcher.patterns)
        case _:
            return READERS[TextIs](selector)


def _pattern(field: str, pattern: str) -> Slice:
    """A text that fits begins and ends with what stands before the first and behind the last wildcard."""
    pieces = pieces_of(pattern)
    return _between(field, pieces, starts=True, ends="[" not in pattern)


def _between(field: str, pieces: list[str], *, starts: bool, ends: bool) -> Slice:
    """Pieces between wildcards: the first and the last at the ends of a text, the longest other anywhere."""
    found, others = {}, pieces
    if starts and _certain(pieces[0]):
        found["startsWith"], others = pieces[0], others[1:]
    if ends and _certain(pieces[-1]):
        found["endsWith"], others = pieces[-1], others[:-1]
    if part := certain_part(others):
        found["like"] = part
    return Slice(clauses=frozenset(Clause(field, how, frozenset({text})) for how, text in found.items()))


def _folders(selector: InFolder) -> Slices:
    return tuple(
        _between("originalPath", folder_pieces(folder), starts=folder.startswith("/"), ends=False)
        for folder in selector.folders
    )


_READERS: Mapping[type, Callable[[Any], Slices]] = {
    **READERS,
    All: _all,
    AnyOf: _any,
    Not: _not,
    Named: lambda selector: _slices_of(selector.part),
    HasTag: lambda selector: (_said(TAGS, "any", selector.path),),
    InAlbum: lambda selector: (_said(ALBUMS, "any", folded(selector.name)),),
    InAnyAlbum: lambda _: (_said(IN_ALBUMS, "eq", True, weak=True),),
    PersonIs: lambda selector: _person(selector, "any"),
    OnlyPeople: _only,
    LibraryIs: lambda selector: _library(selector, True),
    InFolder: _folders,
    TextIs: _texts,
    TypeIs: lambda selector: _types(selector.types),
    RatingWithin: _ratings,
    Has: lambda selector: _has(selector.part, selector.wanted),
    VisibilityIs: lambda selector: _visibilities(selector.values),
    TakenOn: lambda selector: (_said(TAKEN, "yearly", selector.days),),
    AddedOn: lambda selector: (_said(ADDED, "yearly", selector.days),),
}

_OPPOSITES: Mapping[type, Callable[[Any], Slices]] = {
    FavoriteIs: lambda selector: (Slice(favorite=not selector.favorite),),
    TypeIs: lambda selector: _types(frozenset(AssetType) - selector.types),
    VisibilityIs: lambda selector: _visibilities(frozenset(Visibility) - selector.values),
    RatingWithin: _other_ratings,
    Has: lambda selector: _has(selector.part, not selector.wanted),
    HasTag: _no_tag,
    PersonIs: lambda selector: _person(selector, "none"),
    InAlbum: lambda selector: (_said(ALBUMS, "none", folded(selector.name), weak=True),),
    InAnyAlbum: lambda _: (_said(IN_ALBUMS, "eq", False),),
    LibraryIs: lambda selector: _library(selector, False),
    Stacked: lambda selector: READERS[Stacked](Stacked(not selector.stacked)),
    AddedBetween: _outside,
}
"""What a condition's opposite can be asked by; one that isn't here leaves nothing out."""
