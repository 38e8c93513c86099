"""Which asset a name means: exactly one, or it is reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from reconciler.model.asset import Asset, AssetState
from reconciler.model.conditions import ChecksumIs
from reconciler.model.desired import AlbumEntry, Desired, PhotoName
from reconciler.model.live import Live
from reconciler.model.origin import Problem
from reconciler.model.text import folded

SHOWN = 5
"""How many candidates a message lists."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The asset ids that names mean, by name, and the names that mean none or several."""

    ids: dict[PhotoName, str] = field(default_factory=dict)
    missing: tuple[Problem, ...] = ()
    ambiguous: tuple[Problem, ...] = ()


class _Index:
    """Finds candidates without looking at every asset for every name."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._all = tuple(assets)
        self._by: dict[str, dict[str, list[Asset]]] = {}

    def candidates(self, name: PhotoName) -> Sequence[Asset]:
        if name.id:
            return self._table("id", attrgetter("id")).get(name.id, ())
        if name.checksum:
            return self._table("checksum", attrgetter("checksum")).get(name.checksum, ())
        if name.path:
            return self._table("path", lambda asset: folded(asset.path)).get(folded(name.path), ())
        if name.file:
            return self._table("file", lambda asset: folded(asset.file_name)).get(folded(name.file), ())
        return self._all

    def _table(self, kind: str, key: Callable[[Asset], str]) -> dict[str, list[Asset]]:
        if kind not in self._by:
            table: dict[str, list[Asset]] = defaultdict(list)
            for asset in self._all:
                table[key(asset)].append(asset)
            self._by[kind] = dict(table)
        return self._by[kind]


def names_of(desired: Desired, live: Live) -> Resolution:
    """Finds every photo that the files name: the account's own, and covers also among other people's."""
    found = resolve(desired.names, live.assets.values())
    if not live.others:
        return found
    missing = {problem.origin: problem for problem in found.missing}
    for entry in desired.albums:
        if entry.cover and entry.cover.origin in missing:
            among = resolve([entry.cover], _others_in(entry, live))
            if among.missing:
                among = resolve([entry.cover], live.others.values())
            if among.ids or among.ambiguous:
                del missing[entry.cover.origin]
            found = Resolution(found.ids | among.ids, (), (*found.ambiguous, *among.ambiguous))
    return replace(found, missing=tuple(missing.values()))


def _others_in(entry: AlbumEntry, live: Live) -> list[Asset]:
    """Photos of other people in the albums that an entry may mean."""
    names = {entry.name, entry.renamed_from.value if entry.renamed_from else entry.name}
    albums = [album for album in live.albums if album.id == entry.id or album.name in names]
    inside = frozenset[str]().union(*(live.members.get(album.id, frozenset()) for album in albums))
    return [live.others[one] for one in sorted(inside & live.others.keys())]


def resolve(names: Iterable[PhotoName], assets: Iterable[Asset]) -> Resolution:
    """Finds the asset of each name. One written in another case counts only if none fits exactly."""
    index = _Index(assets)
    ids: dict[PhotoName, str] = {}
    missing: list[Problem] = []
    ambiguous: list[Problem] = []
    for name in dict.fromkeys(names):
        found = index.candidates(name)
        if not isinstance(name.selector, ChecksumIs):
            found = [asset for asset in found if name.selector.matches(AssetState(asset))]
        if len(found) > 1:
            found = _exact_first(name, found)
        if len(found) == 1:
            ids[name] = found[0].id
        elif found:
            ambiguous.append(_ambiguous(name, found))
        else:
            missing.append(_missing(name))
    return Resolution(ids, tuple(missing), tuple(ambiguous))


def _exact_first(name: PhotoName, found: Sequence[Asset]) -> Sequence[Asset]:
    exact = [
        asset
        for asset in found
        if (name.path is None or asset.path == name.path)
        and (name.file is None or asset.file_name == name.file)
    ]
    return exact or found


def _missing(name: PhotoName) -> Problem:
    hint = "look for it in the trash and in the locked folder, or take this entry out"
    if name.checksum and not name.file:
        hint += "; a file that was edited has another checksum, and one in an external library has none"
    return Problem(f"no photo on the server has {name.text}: {hint}", name.origin)


def _ambiguous(name: PhotoName, found: Sequence[Asset]) -> Problem:
    found = sorted(found, key=lambda asset: (asset.file_created_at, asset.id))
    listed = "; ".join(f"{asset.label}, id {asset.id}, at {asset.path}" for asset in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return Problem(
        f"{len(found)} photos have {name.text}, and one is meant: {listed}{more}. "
        "Add `taken`, or name it by checksum or id",
        name.origin,
    )
