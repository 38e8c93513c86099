"""Photos of other people in albums: whom an album decides on, who stays, and what is told of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from reconciler.diff.changes import Note
from reconciler.diff.notes import SAMPLE
from reconciler.model.desired import AlbumEntry, Membership
from reconciler.model.live import Album, Live
from reconciler.model.owners import Owners, reaches_others, takes
from reconciler.model.values import Visibility
from reconciler.model.words import counted


def taken_ids(members: frozenset[str], live: Live, owners: Owners) -> frozenset[str]:
    """Those members that an album about these owners decides on; whoever else is in it stays."""
    mine = next((owner for owner in live.owners if owner.me), None)
    own = members & live.assets.keys() if takes(owners, mine) else frozenset[str]()
    if not live.others or not reaches_others(owners):
        return own
    whose = {one.id for one in live.owners if one.shown and not one.me and takes(owners, one)}
    shown = (asset for member in members if (asset := live.others.get(member)))
    return own.union(
        asset.id for asset in shown if asset.owner_id in whose and asset.visibility is Visibility.TIMELINE
    )


def stranger_ids(members: frozenset[str], live: Live, owners: Owners) -> frozenset[str]:
    """The members that stay whatever the files ask: somebody else's, and hidden ones that weren't read."""
    read = [asset for member in members if (asset := live.asset(member))]
    videos = {asset.motion_id for asset in read if asset.motion_id}
    return members - taken_ids(members, live, owners) - videos


def notes_on_others(
    entry: AlbumEntry, album: Album | None, live: Live, added: Sequence[str], removed: Sequence[str]
) -> Iterator[Note]:
    """Whose photos come and go, and how many stay in an album that others leave.

    Where nobody comes or goes there is nothing to tell.
    """
    yield from _moving(entry, live, added, "come into")
    yield from _moving(entry, live, removed, "leave")
    if album and entry.membership is Membership.EXACT and (added or removed):
        yield from _staying(entry, album, live)


def _moving(entry: AlbumEntry, live: Live, photos: Iterable[str], how: str) -> Iterator[Note]:
    whose: dict[str, list[str]] = defaultdict(list)
    for photo in photos:
        if asset := live.others.get(photo):
            whose[asset.owner_id].append(asset.label)
    for owner in live.owners:
        if labels := sorted(whose.get(owner.id, ())):
            of = f"of the photos that {how} album {entry.name!r}, {len(labels):,}"
            text = f"{of} {'belongs' if len(labels) == 1 else 'belong'} to {owner.title}"
            yield Note(text, entry.origin, len(labels), tuple(labels[:SAMPLE]))


def _staying(entry: AlbumEntry, album: Album, live: Live) -> Iterator[Note]:
    inside = live.members.get(album.id, frozenset())
    strangers = stranger_ids(inside, live, entry.owners)
    own = strangers & live.assets.keys()
    others = len(strangers) - len(own)
    # the server counts those that show, whoever owns them; the rest are hidden (FINDINGS 33)
    shown = sum(
        live.assets[member].visibility is not Visibility.HIDDEN for member in inside & live.assets.keys()
    )
    taken = sum(member in live.others for member in taken_ids(inside, live, entry.owners))
    people = min(others, album.asset_count - shown - taken)
    told = (
        ((people, "photo", "of other people"), (others - people, "hidden photo", ""))
        if people >= 0
        else ((others, "photo", "of other people, or hidden,"),)
    )
    for number, what, whose in ((len(own), "photo", "of your own"), *told):
        if number > 0:
            yield Note(_stays(number, what, whose, entry.name), entry.origin, number)


def _stays(number: int, what: str, whose: str, album: str) -> str:
    one = number == 1
    who = " ".join(part for part in (counted(number, what), whose) if part)
    return f"{who} {'is' if one else 'are'} in album {album!r} and {'stays' if one else 'stay'}"
