"""Groupings: how an album set splits the photos of a library into groups, each of which becomes an album.

A group has a key, which stays the same from run to run, and what the placeholders of a name stand for. All of
it is a pure function of the photos.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Protocol

from reconciler.model.asset import Asset, AssetState, Person
from reconciler.model.company import PersonIs
from reconciler.model.selectors import NOTHING, Needs, combined
from reconciler.model.templates import Kind, Value
from reconciler.model.text import folded, folder_regex

DATES: Mapping[str, Kind] = {
    "year": Kind.YEAR,
    "month": Kind.MONTH,
    "day": Kind.DAY,
    "start": Kind.MOMENT,
    "end": Kind.MOMENT,
}
"""What every group has: its first and last photo's date; year, month and day are those of the first."""


@dataclass(frozen=True, slots=True)
class Group:
    """Photos that belong together, in the order in which they were given."""

    key: str
    values: Mapping[str, Value]
    states: Sequence[AssetState]

    def whole(self, asked: Collection[str]) -> Mapping[str, Value]:
        """What these placeholders stand for, and more where it is known."""
        if self.values.keys() >= set(asked):
            return self.values
        taken = [state.asset.taken.local for state in self.states if state.asset.taken]
        if not taken:
            return dict(self.values)
        start, end = min(taken), max(taken)
        dates: dict[str, Value] = {"year": start, "month": start, "day": start, "start": start, "end": end}
        return dates | dict(self.values)


class Grouping(Protocol):
    """One way to split a library. `text` is the same for the same way, and differs for another."""

    @property
    def text(self) -> str: ...

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        """What may stand in a name."""
        ...

    def groups(self, states: Sequence[AssetState]) -> dict[str, Group]:
        """The groups by key; a photo may be in several, or in none."""
        ...

    def values(self, key: str) -> Mapping[str, Value] | None:
        """What a key alone says of the placeholders, where it says all but the dates."""
        ...

    def needs(self) -> Needs:
        """What must have been read."""
        ...

    def successor(self, key: str, groups: Mapping[str, Group]) -> str | None:
        """The group that a group of an earlier run is now; None where it has no photos any more."""
        ...


class _ByKey(ABC):
    """A grouping in which each photo by itself decides where it belongs."""

    __slots__ = ()

    @abstractmethod
    def keys(self, state: AssetState) -> Iterable[str]:
        """The groups of one photo."""

    @abstractmethod
    def values(self, key: str) -> Mapping[str, Value] | None:
        """What a key says of the placeholders."""

    def needs(self) -> Needs:
        return NOTHING

    def groups(self, states: Sequence[AssetState]) -> dict[str, Group]:
        members: dict[str, list[AssetState]] = {}
        keys = self.keys
        for state in states:
            for key in keys(state):
                found = members.get(key)
                if found is None:
                    members[key] = [state]
                else:
                    found.append(state)
        return {key: Group(key, self.values(key) or {}, members[key]) for key in sorted(members)}

    def successor(self, key: str, groups: Mapping[str, Group]) -> str | None:
        return key if key in groups else None


class Period(StrEnum):
    """A part of the calendar."""

    YEAR = "year"
    MONTH = "month"


@cache
def _year(year: int) -> str:
    return f"{year:04}"


@cache
def _month(year: int, month: int) -> str:
    return f"{year:04}-{month:02}"


@dataclass(frozen=True, slots=True)
class ByDate(_ByKey):
    """By year or month, by the clock of the place. Keys are `2024`, `2024-06`."""

    period: Period

    @property
    def text(self) -> str:
        return self.period.value

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        wanted = ("year", "start", "end") if self.period is Period.YEAR else ("year", "month", "start", "end")
        return {name: DATES[name] for name in wanted}

    def keys(self, state: AssetState) -> Iterable[str]:
        taken = state.asset.taken
        if taken is None:
            return ()
        clock = taken.clock
        return (_year(clock.year) if self.period is Period.YEAR else _month(clock.year, clock.month),)

    def groups(self, states: Sequence[AssetState]) -> dict[str, Group]:
        yearly = self.period is Period.YEAR
        members: dict[tuple[int, int], list[AssetState]] = defaultdict(list)
        for state in states:
            taken = state.asset.taken
            if taken is not None:
                clock = taken.clock
                members[clock.year, 0 if yearly else clock.month].append(state)
        keys = {when: _year(when[0]) if yearly else _month(*when) for when in sorted(members)}
        return {key: Group(key, self.values(key) or {}, members[when]) for when, key in keys.items()}

    def values(self, key: str) -> Mapping[str, Value] | None:
        year, _, month = key.partition("-")
        return {name: datetime(int(year), int(month or 1), 1) for name in ("year", "month")}


@dataclass(frozen=True, slots=True)
class ByFolder(_ByKey):
    """By folder, at most `levels` below the root (None: each folder by itself). Keys are paths of folders."""

    root: str
    levels: int | None = 1
    _regex: re.Pattern[str] = field(init=False, compare=False, repr=False)
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_regex", folder_regex(self.root))

    @property
    def text(self) -> str:
        return f"folder {folded(self.root).rstrip('/')} levels {self.levels or 'all'}"

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        texts = dict.fromkeys(["folder", "parent", *map(str, range(1, 10))], Kind.TEXT)
        return {**texts, "path": Kind.PATH, "below": Kind.PATH, **DATES}

    def keys(self, state: AssetState) -> Iterable[str]:
        folder = state.asset.folder
        found = self._known.get(folder)
        if found is None:
            found = self._known[folder] = self._group_of(folder)
        return found

    def _group_of(self, folder: str) -> tuple[str, ...]:
        below = self._below(folder)
        if not below:
            return ()
        depth = len(below) if self.levels is None else min(self.levels, len(below))
        left = len(below) - depth
        return (folder.rsplit("/", left)[0] if left else folder,)

    def _below(self, folder: str) -> list[str]:
        """The names of the folders below the root; none in the root itself and elsewhere."""
        names = [name for name in folder.split("/") if name]
        start = "/" if folder.startswith("/") else ""
        for depth in range(1, len(names) + 1):
            if self._regex.fullmatch(folded(start + "/".join(names[:depth])) + "/"):
                return names[depth:]
        return []

    def values(self, key: str) -> Mapping[str, Value] | None:
        below, names = self._below(key), key.split("/")
        numbered: dict[str, Value] = {str(place): name for place, name in enumerate(below[:9], start=1)}
        missing: dict[str, Value] = {str(place): None for place in range(len(below) + 1, 10)}
        parent = names[-2] if len(names) > 1 else ""
        return {
            "folder": names[-1],
            "parent": parent,
            "path": key,
            "below": "/".join(below),
            **numbered,
            **missing,
        }


class Place(StrEnum):
    """A part of a place's name."""

    COUNTRY = "country"
    CITY = "city"


BETWEEN = " / "
"""Stands between the parts of a key."""


@dataclass(frozen=True, slots=True)
class ByPlace(_ByKey):
    """By country, or by city; two cities of one name in different states are two."""

    part: Place

    @property
    def text(self) -> str:
        return self.part.value

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        names = ("country",) if self.part is Place.COUNTRY else ("city", "state", "country")
        return {**dict.fromkeys(names, Kind.TEXT), **DATES}

    def keys(self, state: AssetState) -> Iterable[str]:
        asset = state.asset
        if self.part is Place.COUNTRY:
            return (asset.country,) if asset.country else ()
        return (BETWEEN.join((asset.country or "", asset.state or "", asset.city)),) if asset.city else ()

    def values(self, key: str) -> Mapping[str, Value] | None:
        if self.part is Place.COUNTRY:
            return {"country": key}
        country, state, city = key.split(BETWEEN, 2)
        return {"country": country, "state": state, "city": city}


@dataclass(frozen=True, slots=True)
class ByCamera(_ByKey):
    """By make and model of the camera."""

    @property
    def text(self) -> str:
        return "camera"

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        return {**dict.fromkeys(("camera", "make", "model"), Kind.TEXT), **DATES}

    def keys(self, state: AssetState) -> Iterable[str]:
        make, model = state.asset.make or "", state.asset.model or ""
        return (BETWEEN.join((make, model)),) if make or model else ()

    def values(self, key: str) -> Mapping[str, Value] | None:
        make, _, model = key.partition(BETWEEN)
        named = folded(model).startswith(folded(make))
        return {"make": make, "model": model, "camera": model if named else f"{make} {model}".strip()}


@dataclass(frozen=True, slots=True)
class ByPerson(_ByKey):
    """By person; with `these` only they. Persons of one name are one group, those without a name in none."""

    these: tuple[PersonIs, ...] = ()

    @property
    def text(self) -> str:
        return "person"

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        return {"person": Kind.TEXT, **DATES}

    def keys(self, state: AssetState) -> Iterable[str]:
        people = state.beside.people
        return {person.name for person in people if self.takes(person)} if people else ()

    def takes(self, person: Person) -> bool:
        """Whether a person makes a group."""
        return person.name != "" and (not self.these or any(one.means(person) for one in self.these))

    def values(self, key: str) -> Mapping[str, Value] | None:
        return {"person": key}

    def needs(self) -> Needs:
        return combined(self.these) if self.these else Needs(everyone=True)


@dataclass(frozen=True, slots=True)
class ByTag(_ByKey):
    """By tag; with a root only tags below it. A photo is in the group of each tag that it carries itself."""

    root: str | None = None

    @property
    def text(self) -> str:
        return f"tag {self.root}" if self.root else "tag"

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        return {"tag": Kind.TEXT, "parent": Kind.TEXT, "path": Kind.PATH, "below": Kind.PATH, **DATES}

    def takes(self, tag: str) -> bool:
        """Whether a tag makes a group."""
        return self.root is None or tag.startswith(self.root + "/")

    def keys(self, state: AssetState) -> Iterable[str]:
        return state.tags if self.root is None else [tag for tag in state.tags if self.takes(tag)]

    def values(self, key: str) -> Mapping[str, Value] | None:
        names = key.split("/")
        parent = names[-2] if len(names) > 1 else ""
        below = key.removeprefix(f"{self.root}/") if self.root else key
        return {"tag": names[-1], "parent": parent, "path": key, "below": below}

    def needs(self) -> Needs:
        return Needs(branches=frozenset({self.root})) if self.root else Needs(all_tags=True)


def most_frequent(assets: Iterable[Asset], name: str) -> str | None:
    """The value that most of the assets have; of several the first by alphabet; None where none has any."""
    read: Callable[[Asset], str | None] = attrgetter(name)
    counts: dict[str, int] = {}
    for asset in assets:
        if found := read(asset):
            counts[found] = counts.get(found, 0) + 1
    return min(counts, key=lambda text: (-counts[text], text)) if counts else None
