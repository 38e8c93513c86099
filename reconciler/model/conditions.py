"""Conditions: the smallest selectors, one question about one asset each."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

from reconciler.model.asset import AssetState, album_name
from reconciler.model.origin import Origin
from reconciler.model.selectors import Needs, OneByOne, Plain
from reconciler.model.text import TextMatcher, composed, folded, folder_regex, search_regex
from reconciler.model.values import AssetType, Visibility

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IdIs(Plain):
    """By the server's own ids."""

    ids: frozenset[str]

    def matches(self, state: AssetState) -> bool:
        return state.asset.id in self.ids


@dataclass(frozen=True, slots=True)
class ChecksumIs(Plain):
    """By SHA-1 of the file, in base64."""

    checksums: frozenset[str]

    def matches(self, state: AssetState) -> bool:
        return state.asset.checksum in self.checksums


class TextField(StrEnum):
    """The texts of an asset that can be matched as a whole."""

    PATH = "path"
    FILE = "file_name"
    CITY = "city"
    STATE = "state"
    COUNTRY = "country"
    MAKE = "make"
    MODEL = "model"
    LENS = "lens"


@dataclass(frozen=True, slots=True)
class TextIs(Plain):
    """A text of the asset is one of several words or fits a pattern."""

    field: TextField
    matcher: TextMatcher

    def matches(self, state: AssetState) -> bool:
        return self.matcher.matches(getattr(state.asset, self.field.value))

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        read = attrgetter(self.field.value)
        texts = [read(state.asset) for state in states]
        fitting = {text for text in set(texts) if self.matcher.matches(text)}
        return [state for state, text in zip(states, texts, strict=True) if text in fitting]


@dataclass(frozen=True, slots=True)
class TextFits(Plain):
    """Something in a text of the asset fits this regular expression, in any case of letters."""

    field: TextField
    pattern: str
    _regex: re.Pattern[str] = dataclasses.field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_regex", search_regex(self.pattern))

    def matches(self, state: AssetState) -> bool:
        return self._fits(getattr(state.asset, self.field.value))

    def _fits(self, text: str | None) -> bool:
        return text is not None and self._regex.search(composed(text)) is not None

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        read = attrgetter(self.field.value)
        return [state for state in states if self._fits(read(state.asset))]


@dataclass(frozen=True, slots=True)
class InFolder(Plain):
    """The file lies in one of the folders or below."""

    folders: tuple[str, ...]
    _regexes: tuple[re.Pattern[str], ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_regexes", tuple(folder_regex(folder) for folder in self.folders))

    def matches(self, state: AssetState) -> bool:
        return self._holds(state.asset.folder)

    def _holds(self, folder: str) -> bool:
        path = folded(folder) + "/"
        return any(regex.match(path) for regex in self._regexes)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        folders = [state.asset.folder for state in states]
        fitting = {folder for folder in set(folders) if self._holds(folder)}
        return [state for state, folder in zip(states, folders, strict=True) if folder in fitting]


@dataclass(frozen=True, slots=True)
class TypeIs(Plain):
    """By kind of file."""

    types: frozenset[AssetType]

    def matches(self, state: AssetState) -> bool:
        return state.asset.type in self.types


@dataclass(frozen=True, slots=True)
class TakenWithin(Plain):
    """Taken from `start` up to, not including, `end`, by the clock of the place: what the photo itself says.

    The two are without a zone; None leaves that side open.
    """

    start: datetime | None
    end: datetime | None

    def matches(self, state: AssetState) -> bool:
        return state.asset.taken is not None and _within(state.asset.taken.local, self.start, self.end)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        bounds: dict[int | None, tuple[datetime, datetime]] = {}
        found = []
        for state in states:
            taken = state.asset.taken
            if taken is None:
                continue
            offset = taken.offset
            if offset not in bounds:
                bounds[offset] = _instants(self.start, self.end, offset or 0)
            start, end = bounds[offset]
            if start <= taken.instant < end:
                found.append(state)
        return found


@dataclass(frozen=True, slots=True)
class TakenBetween(Plain):
    """Taken from one instant up to, not including, another."""

    start: datetime | None
    end: datetime | None

    def matches(self, state: AssetState) -> bool:
        return state.asset.taken is not None and _within(state.asset.taken.instant, self.start, self.end)


@dataclass(frozen=True, slots=True)
class AddedBetween(Plain):
    """Came to the server from one instant up to, not including, another."""

    start: datetime | None
    end: datetime | None

    def matches(self, state: AssetState) -> bool:
        return _within(state.asset.added, self.start, self.end)


def _instants(start: datetime | None, end: datetime | None, offset: int) -> tuple[datetime, datetime]:
    """The instants at which clocks with an offset show these two times; far away where a side is open."""
    shift = timedelta(minutes=offset)
    return (
        _EARLIEST if start is None else _instant(start, shift),
        _LATEST if end is None else _instant(end, shift),
    )


def _instant(local: datetime, shift: timedelta) -> datetime:
    try:
        return local.replace(tzinfo=UTC) - shift
    except OverflowError:
        return _EARLIEST if shift > timedelta() else _LATEST


def _within(moment: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or moment >= start) and (end is None or moment < end)


@dataclass(frozen=True, slots=True)
class HasTag(OneByOne):
    """Carries this tag itself; with `branch`, this tag or one below it."""

    path: str
    branch: bool = False
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def matches(self, state: AssetState) -> bool:
        if self.path in state.tags:
            return True
        below = self.path + "/"
        return self.branch and any(tag.startswith(below) for tag in state.tags)

    def needs(self) -> Needs:
        wanted = frozenset({self.path})
        return Needs(branches=wanted) if self.branch else Needs(tags=wanted)


@lru_cache(maxsize=65536)
def _folded_name(called: str) -> str:
    return folded(album_name(called))


@dataclass(frozen=True, slots=True)
class InAlbum(OneByOne):
    """Is in an album of this name, in any case of letters."""

    name: str

    def matches(self, state: AssetState) -> bool:
        wanted = folded(self.name)
        return any(_folded_name(called) == wanted for called in state.albums)

    def needs(self) -> Needs:
        return Needs(albums=frozenset({folded(self.name)}))


@dataclass(frozen=True, slots=True)
class InAnyAlbum(OneByOne):
    """Is in an album at all, the album that asks left out."""

    besides: str | None = None

    def matches(self, state: AssetState) -> bool:
        return any(name != self.besides for name in state.albums)

    def needs(self) -> Needs:
        return Needs(all_albums=True)


@dataclass(frozen=True, slots=True)
class FavoriteIs(Plain):
    """By the heart."""

    favorite: bool
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def matches(self, state: AssetState) -> bool:
        return state.asset.favorite is self.favorite


@dataclass(frozen=True, slots=True)
class RatingWithin(Plain):
    """Rated from `low` to `high`, both included; unrated only with `unrated`."""

    low: int = 1
    high: int = 5
    unrated: bool = False

    def matches(self, state: AssetState) -> bool:
        rating = state.asset.rating
        return self.unrated if rating is None else self.low <= rating <= self.high


@dataclass(frozen=True, slots=True)
class VisibilityIs(OneByOne):
    """By where it shows."""

    values: frozenset[Visibility]

    def matches(self, state: AssetState) -> bool:
        return state.asset.visibility in self.values

    def needs(self) -> Needs:
        return Needs(hidden=Visibility.HIDDEN in self.values)


@dataclass(frozen=True, slots=True)
class DescriptionContains(Plain):
    """The caption holds this text, in any case of letters."""

    text: str

    def matches(self, state: AssetState) -> bool:
        return folded(self.text) in folded(state.asset.description)


@dataclass(frozen=True, slots=True)
class DescriptionFits(Plain):
    """The caption holds something that fits this regular expression, in any case of letters."""

    pattern: str
    _regex: re.Pattern[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_regex", search_regex(self.pattern))

    def matches(self, state: AssetState) -> bool:
        return self._regex.search(composed(state.asset.description)) is not None


class Part(StrEnum):
    """What a photo can have or lack."""

    DATE = "date"
    DESCRIPTION = "description"
    LOCATION = "location"
    PLACE = "place"
    RATING = "rating"
    CAMERA = "camera"
    LENS = "lens"
    TAGS = "tags"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Has(OneByOne):
    """Has something there, or with `wanted` False lacks it."""

    part: Part
    wanted: bool = True
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def matches(self, state: AssetState) -> bool:
        return self._present(state) is self.wanted

    def _present(self, state: AssetState) -> bool:
        asset = state.asset
        match self.part:
            case Part.DATE:
                return asset.taken is not None
            case Part.DESCRIPTION:
                return asset.description != ""
            case Part.LOCATION:
                return asset.location is not None
            case Part.PLACE:
                return any((asset.city, asset.state, asset.country))
            case Part.RATING:
                return asset.rating is not None
            case Part.CAMERA:
                return any((asset.make, asset.model))
            case Part.LENS:
                return bool(asset.lens)
            case Part.TAGS:
                return bool(state.tags)
            case Part.PEOPLE:
                return bool(state.beside.people)

    def needs(self) -> Needs:
        return Needs(all_tags=self.part is Part.TAGS, everyone=self.part is Part.PEOPLE)
