"""The live state of each asset as rules see it: with its tags, its albums, and what there is beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import TypeVar

from reconciler.model.asset import NOTHING_BESIDE, Asset, AssetState, Beside, Person
from reconciler.model.live import Live
from reconciler.model.values import Visibility

T = TypeVar("T")


def states_of(live: Live, called: Mapping[str, str] | None = None) -> dict[str, AssetState]:
    """Every asset by id; albums are `called` so, by id, or else by their names.

    Of other people's, those of owners whom rules may mean, and only what shows in the timeline.
    """
    albums_of = _album_names(live, called)
    mine = next((owner for owner in live.owners if owner.me), None)
    usual = Beside(owner=mine) if mine else NOTHING_BESIDE
    beside_of = _beside(live, usual)
    nothing: frozenset[str] = frozenset()
    ids = live.assets.keys()
    parts = (_each(live.tags_of, ids, nothing), _each(albums_of, ids, nothing), _each(beside_of, ids, usual))
    own = dict(zip(ids, map(AssetState, live.assets.values(), *parts), strict=True))
    shown = {owner.id: Beside(owner=owner) for owner in live.owners if owner.shown and not owner.me}
    others = {
        asset_id: AssetState(
            asset,
            nothing,
            albums_of.get(asset_id, nothing),
            _with_library(shown[asset.owner_id], asset, live),
        )
        for asset_id, asset in (live.others.items() if shown else ())
        if asset.owner_id in shown and asset.visibility is Visibility.TIMELINE
    }
    return own | others if others else own


def _each(found: Mapping[str, T], ids: Iterable[str], usual: T) -> Iterator[T]:
    """What was found for each id, in a loop without Python code of its own."""
    return map(found.get, ids, repeat(usual)) if found else repeat(usual)


def _with_library(beside: Beside, asset: Asset, live: Live) -> Beside:
    name = live.libraries.get(asset.library_id) if asset.library_id else None
    return replace(beside, library=name) if name else beside


def _album_names(live: Live, called: Mapping[str, str] | None) -> dict[str, frozenset[str]]:
    """The names of the albums of each asset."""
    names = called or {**{album.id: album.name for album in live.albums}, **live.other_albums}
    found: dict[str, frozenset[str]] = {}
    for album_id, members in live.members.items():
        if album_id in names:
            album = frozenset({names[album_id]})
            for member in members:
                first = found.get(member)
                found[member] = album if first is None else first | album
    return found


def _beside(live: Live, usual: Beside) -> dict[str, Beside]:
    """People, stack and library of the assets that have any; equal ones are one object."""
    if not (live.people_of or live.stacked or live.libraries):
        return {}
    nobody: frozenset[Person] = frozenset()
    shared: dict[Beside, Beside] = {}
    found: dict[str, Beside] = {}
    for asset_id, asset in live.assets.items():
        people = live.people_of.get(asset_id, nobody)
        library = live.libraries.get(asset.library_id) if asset.library_id else None
        if people or library or asset_id in live.stacked:
            made = Beside(people, asset_id in live.stacked, library, usual.owner)
            found[asset_id] = shared.setdefault(made, made)
    return found
