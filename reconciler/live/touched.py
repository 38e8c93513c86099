"""Reads again what a plan touches, and nothing else: before it writes, and after everything has settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.immich.reader import Reader
from reconciler.live.tags.memberships import tags_by_search
from reconciler.model.asset import Asset
from reconciler.model.live import Features, Identity, Live

FEW = 50
"""Up to this many photos are read one by one without asking how large the library is."""
LOOKUP_COST = 33
"""One GET of a photo takes the server as long as this many photos of a scan (PERFORMANCE 2.1, 2.5)."""
TOGETHER_COST = 9
"""One photo among several that a search finds by their ids (3.2+), likewise."""
SEARCH_COST = 1000
"""One search by tag, likewise."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a plan touches: photos by id (those in `tagged` with their tags), tags, albums by id and name.

    `tags` are the paths that photos get or lose; `albums` holds ids of live albums, `new_albums` names.
    """

    assets: frozenset[str] = frozenset()
    tagged: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    tag_list: bool = False
    albums: frozenset[str] = frozenset()
    new_albums: frozenset[str] = frozenset()
    membered: frozenset[str] = frozenset()
    """Ids and names of the albums whose members change."""
    filled: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The photos with which this run has just made albums, by name.

    An album that counts as many has them all, as none others were sent; where it doesn't, they are read.
    """


def read_touched(reader: Reader, touched: Touched, *, identity: Identity, features: Features) -> Live:
    """The live state of what is touched, by the cheapest means. Raises ServerError."""
    live_tags = {tag.path: tag for tag in reader.tags()} if touched.tags or touched.tag_list else {}
    assets, tags_of = _read_assets(reader, touched, identity)
    if touched.tagged and not tags_of:
        there = touched.tags & live_tags.keys()
        tags_of = tags_by_search(reader, there, live_tags, touched.tagged)
    albums = reader.albums().own if touched.albums or touched.new_albums else ()
    filled = {
        album.id: touched.filled[album.name]
        for album in albums
        if album.asset_count == len(touched.filled.get(album.name, ())) > 0
    }
    membered = [
        album.id for album in albums if {album.id, album.name} & touched.membered and album.id not in filled
    ]
    return Live(
        identity=identity,
        features=features,
        assets=assets,
        tags=live_tags,
        tags_read=touched.tags,
        tags_of=tags_of,
        albums=albums,
        members=reader.members_of(membered) | filled,
    )


def _read_assets(
    reader: Reader, touched: Touched, identity: Identity
) -> tuple[dict[str, Asset], dict[str, frozenset[str]]]:
    """The assets; their tags too where they were read one by one."""
    wanted = touched.assets | touched.tagged
    if not wanted:
        return {}, {}
    if len(wanted) <= FEW or _lookup_cost(reader, touched) <= _scan_cost(reader, touched):
        plain = sorted(wanted - touched.tagged) if reader.dialect.structured_filter else []
        together = {one.id: one for one in reader.called("id", plain)} if len(plain) > 1 else {}
        details = reader.assets(sorted(wanted - together.keys()))
        alive = {asset_id: detail for asset_id, detail in details.items() if not detail.asset.trashed}
        found = together | {asset_id: detail.asset for asset_id, detail in alive.items()}
        return (
            dict(sorted(found.items())),
            {asset_id: detail.tags for asset_id, detail in alive.items()},
        )
    scanned = reader.scan(owner_id=identity.user_id, hidden=True)
    return {asset_id: scanned[asset_id] for asset_id in wanted if asset_id in scanned}, {}


def _lookup_cost(reader: Reader, touched: Touched) -> int:
    """By their ids: one by one, or from 3.2 on several in one request where no tags are wanted."""
    plain = touched.assets - touched.tagged
    each = TOGETHER_COST if reader.dialect.structured_filter else LOOKUP_COST
    return len(plain) * each + len(touched.tagged) * LOOKUP_COST


def _scan_cost(reader: Reader, touched: Touched) -> int:
    return reader.count({}) + SEARCH_COST * len(touched.tags)
