"""The live state of each asset as rules see it: with its tags, its albums, and what there is beside."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.asset import NOTHING_BESIDE, AssetState, Beside, Person
from reconciler.model.live import Live


def states_of(live: Live, renamed: Mapping[str, str]) -> dict[str, AssetState]:
    """Every asset by id; `renamed` has the names that the files give to albums, by album id."""
    albums_of = _album_names(live, renamed)
    beside_of = _beside(live)
    nothing: frozenset[str] = frozenset()
    return {
        asset_id: AssetState(
            asset,
            live.tags_of.get(asset_id, nothing),
            albums_of.get(asset_id, nothing),
            beside_of.get(asset_id, NOTHING_BESIDE),
        )
        for asset_id, asset in live.assets.items()
    }


def _album_names(live: Live, renamed: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The names of the albums of each asset."""
    names = {album.id: renamed.get(album.id, album.name) for album in live.albums}
    names |= live.other_albums
    found: dict[str, frozenset[str]] = {}
    for album_id, members in live.members.items():
        if album_id in names:
            album = frozenset({names[album_id]})
            for member in members:
                first = found.get(member)
                found[member] = album if first is None else first | album
    return found


def _beside(live: Live) -> dict[str, Beside]:
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
            made = Beside(people, asset_id in live.stacked, library)
            found[asset_id] = shared.setdefault(made, made)
    return found
