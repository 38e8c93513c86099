"""A library in the order of what rules look at, so that a thousand of them needn't each look at all photos.

A rule is asked only about photos that may fit: those of its days, in its folders, with its tags. Which these
are, one of its conditions tells, the one that leaves fewest. The rule itself decides about them, so it comes
to the same as if it were asked about all. Each order is made when a rule first needs it.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, Final

from reconciler.model.asset import AssetState, album_name
from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
    AddedBetween,
    ChecksumIs,
    DescriptionContains,
    FavoriteIs,
    HasTag,
    IdIs,
    InAlbum,
    InFolder,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    TextField,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.places import InBox, Near
from reconciler.model.selectors import All, AnyOf, Named, Selector
from reconciler.model.text import folded, is_pattern
from reconciler.model.yearly import TakenOn

Places = Sequence[int]
"""Where photos stand in the library."""
Read = Callable[[AssetState], Any]

MOST: Final = 4
"""Finding a text by its letters is given up where more than one photo in so many has it."""
_WILD: Final = re.compile(r"\[!?\]?[^\]]*\]|[*?\[]")


def _day(state: AssetState) -> date | None:
    """The day of the year on which it was taken, by the clock of the place; in a leap year."""
    taken = state.asset.taken
    return date(2000, taken.local.month, taken.local.day) if taken else None


_ALIKE: Final[Mapping[type[Selector], Read]] = {
    FavoriteIs: attrgetter("asset.favorite"),
    LibraryIs: attrgetter("asset.library_id", "beside.library"),
    RatingWithin: attrgetter("asset.rating"),
    Stacked: attrgetter("beside.stacked"),
    TakenOn: _day,
    TypeIs: attrgetter("asset.type"),
    VisibilityIs: attrgetter("asset.visibility"),
}
"""What a condition looks at: it says the same of all photos that have the same there."""
_WORDS: Final[Mapping[TextField, Read]] = {one: attrgetter(f"asset.{one.value}") for one in TextField}
_NEARLY_EACH_ITS_OWN: Final = frozenset({TextField.FILE, TextField.PATH})
_FOLDER: Final = attrgetter("asset.folder")
_CAPTION: Final = attrgetter("asset.description")
_ADDED: Final = attrgetter("asset.added")
_ID: Final = attrgetter("asset.id")
_CHECKSUM: Final = attrgetter("asset.checksum")


def _taken(state: AssetState) -> datetime | None:
    taken = state.asset.taken
    return taken.instant if taken else None


def _latitude(state: AssetState) -> float | None:
    place = state.asset.location
    return place.latitude if place else None


@dataclass(slots=True)
class Index:
    """Photos that rules are asked about. What is found comes in their order."""

    states: Sequence[AssetState]
    _groups: dict[Read, Mapping[Hashable, Places]] = field(default_factory=dict)
    _orders: dict[Read, _Order] = field(default_factory=dict)
    _texts: dict[Read, _Texts] = field(default_factory=dict)
    _offsets: tuple[timedelta, timedelta] | None = None

    def select(self, selector: Selector) -> list[AssetState]:
        """The photos that a selector means."""
        found = self._may_fit(selector)
        if found is None or _count(found) * 2 > len(self.states):
            return selector.select(self.states)
        places = sorted(set(chain.from_iterable(found)))
        return selector.select([self.states[place] for place in places])

    def _may_fit(self, selector: Selector) -> list[Places] | None:
        """Where all photos stand that a selector means, some others among them; None where nothing tells."""
        match selector:
            case All(parts):
                known = [found for part in parts if (found := self._may_fit(part)) is not None]
                return min(known, key=_count, default=None)
            case AnyOf(parts):
                every = [self._may_fit(part) for part in parts]
                return None if None in every else [run for found in every for run in found or ()]
            case Named(_, part):
                return self._may_fit(part)
            case TextIs() | DescriptionContains():
                return self._by_text(selector)
            case TakenWithin() | TakenBetween() | AddedBetween():
                return self._by_time(selector)
            case Near() | InBox():
                low, high = selector.latitudes
                return [self._order(_latitude).between(low, high)]
            case IdIs(ids):
                return [self._order(_ID).between(one, one) for one in ids]
            case ChecksumIs(checksums):
                return [self._order(_CHECKSUM).between(one, one) for one in checksums]
            case _:
                return self._in_groups(selector)

    def _in_groups(self, selector: Selector) -> list[Places] | None:
        match selector:
            case HasTag(path, branch):
                below = path + "/"
                tags = self._each(_tags)
                return [run for tag, run in tags.items() if tag == path or (branch and tag.startswith(below))]
            case PersonIs():
                return [run for person, run in self._each(_people).items() if selector.means(person)]
            case OnlyPeople(these):
                return [run for one in these for run in self._in_groups(one) or ()]
            case InFolder(folders):
                return self._in_folders(selector, folders)
            case InAlbum(name):
                return [run] if (run := self._each(_albums).get(folded(name))) else []
        read = _ALIKE.get(type(selector))
        return None if read is None else self._alike(read, selector)

    def _alike(self, read: Read, selector: Selector) -> list[Places]:
        """The groups of photos that have the same there, of which the selector means the first."""
        if read not in self._groups:
            self._groups[read] = self._grouped(lambda state: (read(state),))
        groups = self._groups[read]
        return [run for run in groups.values() if selector.matches(self.states[run[0]])]

    def _in_folders(self, selector: InFolder, patterns: Iterable[str]) -> list[Places]:
        """Photos in each folder that fits; a server that files them by their ids has thousands of folders."""
        if _FOLDER not in self._groups:
            self._groups[_FOLDER] = self._grouped(lambda state: (_FOLDER(state),))
            names = (folded(str(folder)) + "/" for folder in self._groups[_FOLDER])
            self._texts[_FOLDER] = _Texts(list(names))
        runs = list(self._groups[_FOLDER].values())
        fitting: set[int] = set()
        for pattern in patterns:
            some = self._texts[_FOLDER].beginning(_as_text(pattern))
            fitting.update(range(len(runs)) if some is None else chain.from_iterable(some))
        return [runs[one] for one in sorted(fitting) if selector.matches(self.states[runs[one][0]])]

    def _each(self, read: Read) -> Mapping[Any, Places]:
        """The photos that have something among other things, by each of these."""
        if read not in self._groups:
            self._groups[read] = self._grouped(read)
        return self._groups[read]

    def _grouped(self, each: Callable[[AssetState], Iterable[Hashable]]) -> Mapping[Hashable, Places]:
        groups: dict[Hashable, array[int]] = defaultdict(lambda: array("I"))
        for place, state in enumerate(self.states):
            for value in each(state):
                groups[value].append(place)
        return dict(groups)

    def _by_text(self, selector: TextIs | DescriptionContains) -> list[Places] | None:
        if isinstance(selector, DescriptionContains):
            return self._text(_CAPTION).holding(folded(selector.text))
        read = _WORDS[selector.field]
        if selector.field not in _NEARLY_EACH_ITS_OWN:
            return self._alike(read, selector)
        found: list[Places] = []
        for pattern in selector.matcher.patterns:
            some = self._text(read).fitting(folded(pattern))
            if some is None:
                return None
            found += some
        return found

    def _by_time(self, selector: TakenWithin | TakenBetween | AddedBetween) -> list[Places]:
        start, end = selector.start, selector.end
        if isinstance(selector, AddedBetween):
            return [self._order(_ADDED).between(start, end)]
        if isinstance(selector, TakenWithin):  # by clocks that go differently
            least, most = self._clocks()
            start, end = start and _instant(start, most), end and _instant(end, least)
        return [self._order(_taken).between(start, end)]

    def _clocks(self) -> tuple[timedelta, timedelta]:
        """By how much the clocks of the places were behind and ahead of UTC at most."""
        if self._offsets is None:
            offsets = {state.asset.taken.offset or 0 for state in self.states if state.asset.taken} | {0}
            self._offsets = timedelta(minutes=min(offsets)), timedelta(minutes=max(offsets))
        return self._offsets

    def _order(self, read: Read) -> _Order:
        if read not in self._orders:
            self._orders[read] = _Order.of(map(read, self.states))
        return self._orders[read]

    def _text(self, read: Read) -> _Texts:
        if read not in self._texts:
            self._texts[read] = _Texts([folded(read(state)) for state in self.states])
        return self._texts[read]


_tags: Read = attrgetter("tags")
_people: Read = attrgetter("beside.people")


def _albums(state: AssetState) -> set[str]:
    return {folded(album_name(called)) for called in state.albums}


def _as_text(pattern: str) -> str:
    """A pattern for folders as one for how their paths begin, with a slash after them."""
    parts = [part for part in folded(pattern).split("/") if part]
    text = "".join("*" if part == "**" else f"{part}/" for part in parts)
    return f"/{text}" if pattern.startswith("/") else f"*{text}"


def _instant(local: datetime, offset: timedelta) -> datetime | None:
    try:
        return local.replace(tzinfo=UTC) - offset
    except OverflowError:
        return None


def _count(found: list[Places]) -> int:
    return sum(map(len, found))


@dataclass(frozen=True, slots=True)
class _Order:
    """Values from the least to the greatest, and where each stands; None is left out."""

    values: list[Any]
    places: Places

    @classmethod
    def of(cls, values: Iterable[Any]) -> _Order:
        every = list(values)
        places = [place for place, value in enumerate(every) if value is not None]
        places.sort(key=every.__getitem__)
        return cls([every[place] for place in places], array("I", places))

    def between(self, low: Any, high: Any) -> Places:
        """Where those stand from one to another, both included; None leaves a side open."""
        start = 0 if low is None else bisect_left(self.values, low)
        end = None if high is None else bisect_right(self.values, high)
        return self.places[start:end]

    def beginning(self, text: str) -> Places:
        """Where the texts stand that begin with another one."""
        end = bisect_right(self.values, text, key=lambda value: value[: len(text)])
        return self.places[bisect_left(self.values, text) : end]


@dataclass(slots=True)
class _Texts:
    """Texts that are nearly all different, folded; found by how they begin, or by what they hold."""

    texts: list[str]
    _sorted: _Order | None = None
    _joined: tuple[str, list[int]] | None = None

    def fitting(self, pattern: str) -> list[Places] | None:
        """Where those stand that may fit a word or a pattern; None where most may."""
        if not is_pattern(pattern):
            return [self._in_order().between(pattern, pattern)]
        return self.beginning(pattern)

    def beginning(self, pattern: str) -> list[Places] | None:
        """Where those stand that may begin with what fits a pattern; None where most may."""
        first, *others = _WILD.split(pattern)
        run = self._in_order().beginning(first)
        if len(run) * MOST <= len(self.texts):
            return [run]
        longest = max(others, key=len, default="")
        return self.holding(longest) if longest else None

    def _in_order(self) -> _Order:
        if self._sorted is None:
            self._sorted = _Order.of(self.texts)
        return self._sorted

    def holding(self, piece: str) -> list[Places] | None:
        """Where those stand that hold a piece; None where most do."""
        if self._joined is None:
            lengths = (len(text) + 1 for text in self.texts)
            self._joined = "\n".join(self.texts), list(accumulate(lengths, initial=0))
        every, starts = self._joined
        found = array("I")
        at = every.find(piece)
        while at >= 0:
            place = bisect_right(starts, at) - 1
            found.append(place)
            if len(found) * MOST > len(self.texts):
                return None
            at = every.find(piece, starts[place + 1])
        return [found]
