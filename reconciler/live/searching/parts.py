"""Slices → what is asked of this server: searches with its own filters, and single photos. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, TypeVar

from reconciler.immich.keyset import OPEN, Range
from reconciler.immich.search import Selection
from reconciler.live.cost import detail_cost, search_cost
from reconciler.live.searching.clauses import structured_slices_of
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.nothing_twice import Wide, inside, merged
from reconciler.live.searching.slices import MOST_SLICES, Slice, slices_of, without_dates
from reconciler.model.desired import Desired
from reconciler.model.origin import Origin
from reconciler.model.owners import owners_of, reaches_others
from reconciler.model.selectors import All, Selector
from reconciler.model.text import folded
from reconciler.model.values import Visibility

WORDS = {"lens": "lensModel"}
"""How the server's filters call the texts, where it is another word."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A slice of the library and the lines whose rules ask for it."""

    slice: Slice
    because: tuple[Origin, ...]


K = TypeVar("K")
Reasons = dict[K, set[Origin]]
"""What is asked for, each with the lines that ask for it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a library that rules need, each with the lines that ask for it."""

    selections: Mapping[Selection, frozenset[Origin]] = field(default_factory=dict)
    ids: Mapping[str, frozenset[Origin]] = field(default_factory=dict)
    checksums: Mapping[str, frozenset[Origin]] = field(default_factory=dict)
    on_map: Mapping[str, frozenset[Origin]] = field(default_factory=dict)
    """Photos by id, of which the map tells where they are."""
    whole: frozenset[Origin] = frozenset()
    """The lines whose rules need the whole library; nothing else counts then."""


def asked_of(desired: Desired, *, structured: bool = False) -> tuple[Asked, ...]:
    """The slices that the rules of a desired state need, in the order of the files.

    `structured`: those that a structured filter can pick out.
    """
    rules: list[tuple[Origin, Selector]] = []
    rules += [(entry.origin, entry.rule) for entry in desired.assets if entry.rule]
    rules += [(album.origin, album.rule) for album in desired.albums if album.rule and not album.absent]
    rules += [(album_set.origin, album_set.rule or All(())) for album_set in desired.album_sets]
    found: dict[Slice, list[Origin]] = defaultdict(list)
    for origin, rule in rules:
        reaches = reaches_others(owners_of(rule))
        for one in (structured_slices_of if structured else slices_of)(rule):
            # files are looked up among the account's own only
            found[replace(one, checksums=None) if reaches else one].append(origin)
    return tuple(Asked(one, tuple(dict.fromkeys(origins))) for one, origins in found.items())


def undated(asked: Asked) -> Asked:
    """The same slice without what is asked of dates."""
    (one,) = without_dates([asked.slice])
    return replace(asked, slice=one)


def parts_of(asked: Iterable[Asked], facts: Facts) -> Parts:
    """What to ask the server for, nothing twice: a search within another one is left out."""
    selections: Reasons[Selection] = defaultdict(set)
    ids: Reasons[str] = defaultdict(set)
    checksums: Reasons[str] = defaultdict(set)
    asked, on_map = told_by_map(asked, facts)
    for one in asked:
        wanted = known_photos(one.slice, facts)
        if wanted is not None:
            for asset_id in wanted:
                ids[asset_id].update(one.because)
        elif one.slice.checksums is not None:
            for checksum in one.slice.checksums:
                checksums[checksum].update(one.because)
        else:
            for selection in selections_of(one.slice, facts):
                selections[selection].update(one.because)
    joined = _joined(selections)
    whole = Selection(hidden=facts.hidden)
    asks_all = frozenset(selections.get(whole, ())) or joined.get(whole, frozenset())
    return Parts(joined, frozen(ids), frozen(checksums), frozen(on_map), asks_all)


def told_by_map(asked: Iterable[Asked], facts: Facts) -> tuple[list[Asked], Reasons[str]]:
    """What is asked without coordinates, and the photos that the map tells in place of some of it.

    It shows no hidden photos, so these are asked for beside it.
    """
    rest: list[Asked] = []
    on_map: Reasons[str] = defaultdict(set)
    for one in asked:
        plain = one.slice.anywhere
        photos = facts.on_map.get(one.slice) if one.slice.where else None
        if photos is None:
            rest.append(replace(one, slice=plain) if one.slice.where else one)
            continue
        for asset_id in photos:
            on_map[asset_id].update(one.because)
        if facts.hidden and plain.visibility is None:
            rest.append(replace(one, slice=replace(plain, visibility=Visibility.HIDDEN)))
    return rest, on_map


def frozen(reasons: Reasons[str]) -> dict[str, frozenset[Origin]]:
    """The same in a fixed order."""
    return {key: frozenset(why) for key, why in sorted(reasons.items())}


def known_photos(part: Slice, facts: Facts) -> frozenset[str] | None:
    """The ids of the photos of a slice, where they are known and asking for them is cheapest.

    A search in an album shows the account's own photos in it, and its partners', in every version (FINDINGS
    33), which is all that rules may mean.
    """
    if part.ids is not None:
        return part.ids
    if facts.stacked is not None and part.stacked and replace(part, stacked=False).whole:
        return facts.stacked
    known = [_members(name, facts) for name in part.albums]
    if not known:
        return None
    fewest = min(known, key=len)
    alone = detail_cost(len(fewest)).seconds
    searched = search_cost(len(fewest), facts.library, facts.passes).seconds
    return fewest if alone <= searched else None


def _members(name: str, facts: Facts) -> frozenset[str]:
    albums = facts.albums.get(name, ())
    return frozenset[str]().union(*(facts.members.get(album, frozenset()) for album in albums))


def selections_of(part: Slice, facts: Facts) -> list[Selection]:
    """The searches that together show a slice; none where nothing can be in it."""
    whole = Selection(
        filters=tuple(sorted(_plain_filters(part).items())),
        taken=part.taken if facts.settled else OPEN,
        added=part.added,
        visibility=part.visibility,
        hidden=facts.hidden,
    )
    found = [whole]
    for name, ways in (
        ("tagIds", [tag_ids(path, facts) for path in sorted(part.tags)]),
        ("albumIds", [facts.albums.get(album, ()) for album in sorted(part.albums)]),
        ("personIds", _called(part.people, facts.people)),
    ):
        combined = [frozenset(way) for way in product(*ways)] if ways else []
        if ways and len(combined) * len(found) <= MOST_SLICES:
            found = [_with(one, name, tuple(sorted(way))) for one in found for way in combined]
    for ids in _called([part.library] if part.library else [], facts.libraries):
        found = [_with(one, "libraryId", library) for one in found for library in ids]
    return [one for selection in found for one in _with_words(selection, part, facts)]


def _plain_filters(part: Slice) -> dict[str, Any]:
    filters = {
        "originalPath": part.path or None,
        "originalFileName": part.file or None,
        "description": part.caption or None,
        "type": part.type and part.type.value.upper(),
        "isFavorite": part.favorite,
        "rating": part.rating,
    }
    return {name: value for name, value in filters.items() if value is not None}


def tag_ids(path: str, facts: Facts) -> tuple[str, ...]:
    """The tags to search for: this one, which finds those below too, or the topmost below it."""
    if path in facts.tags:
        return (facts.tags[path].id,)
    below = sorted(other for other in facts.tags if other.startswith(path + "/"))
    top = [one for one in below if not any(one.startswith(other + "/") for other in below)]
    return tuple(facts.tags[one].id for one in top)


def _called(names: Collection[str], known: Mapping[str, tuple[str, ...]] | None) -> list[tuple[str, ...]]:
    """The ids of each that is called so; nothing where that wasn't asked."""
    return [] if known is None else [known.get(folded(name), ()) for name in sorted(names)]


def _with(selection: Selection, name: str, value: Any) -> Selection:
    return replace(selection, filters=tuple(sorted([*selection.filters, (name, value)])))


def _with_words(selection: Selection, part: Slice, facts: Facts) -> list[Selection]:
    """The same with the words that the server compares letter by letter.

    It tells which ones there are for photos of the timeline only, so all others are asked for without them.
    """
    if facts.values is None or not part.words or part.visibility not in (None, Visibility.TIMELINE):
        return [selection]
    ways: list[list[tuple[str, str]]] = []
    for field_, matcher in sorted(part.words, key=repr):
        fitting = sorted(value for value in facts.values[field_] if matcher.matches(value))
        ways.append([(WORDS.get(field_, field_.value), value) for value in fitting])
    combined = [set(way) for way in product(*ways)]
    if len(combined) > MOST_SLICES:
        return [selection]
    found = []
    for way in combined:
        if len(dict(way)) == len(way):
            filters = tuple(sorted([*selection.filters, *way]))
            found.append(replace(selection, filters=filters, visibility=Visibility.TIMELINE))
    others = [Visibility.ARCHIVE, *([Visibility.HIDDEN] if facts.hidden else [])]
    if part.visibility is None:
        found += [replace(selection, visibility=other) for other in others]
    return found


# Nothing twice


def _joined(selections: Reasons[Selection]) -> dict[Selection, frozenset[Origin]]:
    """Searches whose times overlap made one, and those within another left out."""
    groups: dict[Selection, list[tuple[Range, set[Origin]]]] = defaultdict(list)
    for selection, why in selections.items():
        groups[replace(selection, taken=OPEN)].append((selection.taken, why))
    found: dict[Selection, set[Origin]] = {}
    for selection, spans in groups.items():
        for span, why in merged(spans):
            found[replace(selection, taken=span)] = why
    kept: dict[Selection, set[Origin]] = {}
    wide: Wide[Selection] = Wide(_said, _within)
    for selection in sorted(found, key=lambda one: (_narrowness(one), repr(one))):
        kept.setdefault(wide.first_around(selection), set()).update(found[selection])
    return {selection: frozenset(why) for selection, why in kept.items()}


def _said(selection: Selection) -> frozenset[Any]:
    return frozenset(
        (name, one)
        for name, value in selection.filters
        for one in (value if isinstance(value, tuple) else (value,))
    )


def _within(one: Selection, other: Selection) -> bool:
    """Whether a search shows nothing that the other doesn't show."""
    mine = dict(one.filters)
    for name, value in other.filters:
        if isinstance(value, tuple):
            if not set(value) <= set(mine.get(name, ())):
                return False
        elif mine.get(name) != value:
            return False
    spans = inside(one.taken, other.taken) and inside(one.added, other.added)
    return spans and other.visibility in (None, one.visibility) and other.hidden >= one.hidden


def _narrowness(selection: Selection) -> int:
    bounds = (selection.taken != OPEN, selection.added != OPEN, selection.visibility is not None)
    return len(selection.filters) + sum(bounds)
