"""Which photos lie where, as the map tells, and how to read these: by the names of places, or one by one.

No filter knows coordinates, but GET /map/markers gives those of all photos at once. It is safe to go by them:

- They come from the same row as what a photo itself shows, digit by digit. New coordinates show at once,
  before any job has run, and what is trashed or locked is missing in both (recorded from 2.5.6 and 3.1.0).
- Hidden photos are missing on the map only. They are searched for beside it where rules mean them.
- It doesn't tell whose photos are on it, so it isn't asked where rules mean other people's.
- The names of places follow the coordinates only with the jobs. So the photos to read are known by their
  ids, and names only tell how to come by many at once. What the searches don't bring is asked for by its id.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.answers import Marker
from reconciler.immich.filters import Branch
from reconciler.immich.search import Selection
from reconciler.live.cost import FILTERED, PAGE, REQUEST, ROW, STAKE, Cost, map_cost, search_cost, total
from reconciler.live.searching.facts import Facts, ids_cost
from reconciler.live.searching.structured import MOST_BRANCHES, selection_of
from reconciler.model.places import Where

WORTH = 0.25
"""Seconds of the server from which on something may be saved: a scan of 3,000 photos is a few requests."""
DEARER = 1.5
"""So much more than expected may searches for places cost beside a scan: they bring hidden photos and such
without coordinates too, and a page of them took a server 0.09 s where one of a scan took 0.05 s."""

_FIELDS = ("country", "state", "city")
Names = tuple[str | None, ...]
"""The names of a country, or of it and a state, or of these and a city."""


def worth_asking(photos: int, seconds: float) -> bool:
    """Whether it may pay to ask where so many photos are, if reading costs so much without."""
    return seconds >= WORTH and map_cost(photos).seconds * STAKE <= seconds


@dataclass(frozen=True, slots=True)
class InPlace:
    """A search for places: about how many photos it finds, and the wanted ones among them."""

    selection: Selection
    rows: int
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Located:
    """How photos are read that the map has told: by these searches, and the rest by their ids."""

    searches: tuple[InPlace, ...] = ()
    alone: frozenset[str] = frozenset()

    @property
    def wanted(self) -> frozenset[str]:
        """The ids of all that is to be read."""
        return self.alone.union(*(one.wanted for one in self.searches))

    def cost(self, facts: Facts) -> Cost:
        """What it takes."""
        passes = 1 if facts.structured else facts.passes
        searches = (search_cost(one.rows, facts.library, passes) for one in self.searches)
        return total([*searches, ids_cost(len(self.alone), facts)])


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to read some photos: seconds, the places to search for with how many are there, and the rest."""

    seconds: float = 0.0
    places: tuple[tuple[Names, int, tuple[str, ...]], ...] = ()
    alone: tuple[str, ...] = ()

    def __add__(self, other: _Way) -> _Way:
        return _Way(self.seconds + other.seconds, self.places + other.places, self.alone + other.alone)


@dataclass(slots=True)
class Map:
    """The photos of a library of which it is known where they were taken."""

    markers: list[Marker]
    _latitudes: list[float] = field(init=False)
    _names: dict[str, Names] = field(init=False)
    _rows: Counter[Names] = field(init=False)

    def __post_init__(self) -> None:
        self.markers = sorted(self.markers, key=lambda one: one.place.latitude)
        self._latitudes = [one.place.latitude for one in self.markers]
        self._names = {one.id: one.names for one in self.markers}
        self._rows = Counter()
        for names, count in Counter(self._names.values()).items():
            for depth in range(1, len(_FIELDS) + 1):
                self._rows[names[:depth]] += count

    def photos(self, where: Iterable[Where]) -> frozenset[str]:
        """The ids of the photos that fit all of these conditions."""
        found: frozenset[str] | None = None
        for condition in where:
            south, north = condition.latitudes
            first, end = bisect_left(self._latitudes, south), bisect_right(self._latitudes, north)
            fitting = frozenset(one.id for one in self.markers[first:end] if condition.holds(one.place))
            found = fitting if found is None else found & fitting
        return found or frozenset()

    def reading(self, photos: Collection[str], facts: Facts) -> Located:
        """The cheapest way to read photos by their ids, or with others of their city, state or country."""
        by_names: dict[Names, list[str]] = defaultdict(list)
        for asset_id in sorted(photos):
            by_names[self._names[asset_id]].append(asset_id)
        way = self._way((), dict(sorted(by_names.items(), key=repr)), facts)
        found = Located(tuple(_searches(way.places, facts)), frozenset(way.alone))
        alone = Located(alone=frozenset(photos))
        return alone if alone.cost(facts).seconds <= found.cost(facts).seconds else found

    def _way(self, place: Names, wanted: Mapping[Names, list[str]], facts: Facts) -> _Way:
        """How to come by photos of a place: all of it at once, or each smaller place by itself."""
        if len(place) == len(_FIELDS):
            ids = tuple(wanted[place])
            best = _Way(len(ids) * ids_cost(PAGE, facts).seconds / PAGE, alone=ids)
        else:
            within: dict[Names, dict[Names, list[str]]] = defaultdict(dict)
            for names, some in wanted.items():
                within[names[: len(place) + 1]][names] = some
            best = sum((self._way(one, some, facts) for one, some in within.items()), _Way())
        # an empty name is none to a server before 3.0, so nobody can search for it
        if place and "" not in place:
            rows = self._there(place, facts)
            seconds = _together(rows, facts)
            if seconds < best.seconds:
                ids = tuple(asset_id for some in wanted.values() for asset_id in some)
                best = _Way(seconds, ((place, rows, ids),))
        return best

    def _there(self, place: Names, facts: Facts) -> int:
        """How many photos a search for a place finds: without a name, all that aren't on the map too."""
        elsewhere = 0 if any(place) else max(0, facts.library - len(self.markers))
        return self._rows[place] + elsewhere


def _together(rows: int, facts: Facts) -> float:
    """Seconds of a search for a place; a structured one looks for several places at once."""
    if facts.structured:
        return rows * (ROW + (REQUEST + facts.library * FILTERED) / PAGE)
    return search_cost(rows, facts.library, facts.passes).seconds


def _searches(places: Collection[tuple[Names, int, tuple[str, ...]]], facts: Facts) -> Iterable[InPlace]:
    """The searches for places: one for each, or for many at once where the server takes alternatives."""
    if not facts.structured:
        for names, rows, ids in places:
            filters = tuple(sorted(zip(_FIELDS, names, strict=False), key=lambda one: one[0]))
            yield InPlace(Selection(filters), rows, frozenset(ids))
        return
    every = list(places)
    for start in range(0, len(every), MOST_BRANCHES):
        some = every[start : start + MOST_BRANCHES]
        branches = [
            Branch(tuple((name, "eq", value) for name, value in zip(_FIELDS, names, strict=False)))
            for names, _, _ in some
        ]
        wanted = frozenset(asset_id for _, _, ids in some for asset_id in ids)
        yield InPlace(selection_of(branches, False), sum(rows for _, rows, _ in some), wanted)
