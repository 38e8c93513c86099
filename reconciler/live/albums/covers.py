"""Covers that are photos of other people: looked for in the album where none of one's own is meant."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.live.albums.members import Albums
from reconciler.live.cost import list_cost
from reconciler.live.errand import Errand
from reconciler.live.plan import What, read
from reconciler.live.searching.names import called, unfound
from reconciler.live.searching.photos import Photos
from reconciler.model.desired import Desired, PhotoName
from reconciler.model.live import Album


def read_other_covers(errand: Errand, desired: Desired, albums: Albums, photos: Photos) -> None:
    """Adds to the photos of other people those that the files name as covers."""
    for album, name in _elsewhere(desired, albums, photos):
        text = f"the cover of {album.name!r} among the photos of other people in it"
        number = errand.will(read(What.COVERS, text, list_cost(), [name.origin]))
        with errand.during(number):
            found = errand.source.in_album(
                album.id, checksum=name.checksum, path=name.path, file_name=name.file
            )
        errand.came(number, len(found))
        photos.others.update((asset.id, asset) for asset in found if asset.owner_id != errand.owner)


def _elsewhere(desired: Desired, albums: Albums, photos: Photos) -> Iterator[tuple[Album, PhotoName]]:
    """Covers that none of the account's own photos is, with the albums in which somebody else's may be."""
    named = [(entry, entry.cover) for entry in desired.albums if entry.cover and not entry.absent]
    lost = set(unfound([cover for _, cover in named], photos.assets)) if named else set()
    for entry, cover in named:
        if cover not in lost or cover.id:
            continue
        for album in albums.meaning(entry):
            strangers = albums.members.get(album.id, frozenset()) - photos.assets.keys()
            known = [photos.others[one] for one in strangers & photos.others.keys()]
            if len(known) < len(strangers) and not any(called(asset, cover) for asset in known):
                yield album, cover
