"""What a snapshot holds, and whether that is enough to plan other files by it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.immich.answers import AlbumList
from reconciler.live.albums.members import Meant
from reconciler.live.albums.sets import may_be_of_sets
from reconciler.live.reading import Reading, reading_for
from reconciler.live.searching.names import unfound
from reconciler.live.tags.memberships import wanted_tags
from reconciler.model.album_sets import KnownAlbums
from reconciler.model.company import called, is_id
from reconciler.model.desired import Desired, PhotoName
from reconciler.model.live import Album, Live
from reconciler.model.owners import ANYBODY, OwnerIs
from reconciler.model.text import folded

Json = Any

NAMES = 5
"""How many of a kind a message names."""


@dataclass(frozen=True, slots=True)
class Covers:
    """What was asked for a snapshot: of that, what it doesn't hold isn't on the server either."""

    whole: bool = False
    """All photos that show; otherwise only those in `named`."""
    hidden: bool = False
    """Hidden photos too."""
    named: frozenset[str] = frozenset()
    """The photos that files named, by the texts of their names."""
    checksums: bool = False
    """The photos' checksums."""
    tags: bool = False
    """The list of tags."""
    albums: bool = False
    """The list of albums; of other people's only those in `others`, or `all_others`."""
    others: frozenset[str] = frozenset()
    """Names of albums, folded."""
    all_others: bool = False
    people: frozenset[str] = frozenset()
    """The persons whose photos are known, by id or folded name."""
    everyone: bool = False
    """The photos of all persons."""
    names: bool = True
    """The names of people."""
    stacks: bool = False
    libraries: bool = False
    """The names of external libraries."""
    shares: bool = False
    """Who albums are shared with."""
    users: bool = False
    """Everybody on the server."""
    owners: frozenset[str] = frozenset()
    """The other people whose photos are there, by id, folded name or address, or `any`."""


def covered_by(reading: Reading, *, whole: bool, checksums: bool, names: bool) -> Covers:
    """What a snapshot holds that was read like this."""
    needs = reading.needs
    return Covers(
        whole=whole,
        hidden=needs.hidden,
        named=frozenset(name.text for name in reading.names),
        checksums=checksums,
        tags=reading.read_tags,
        albums=reading.albums,
        others=needs.albums,
        all_others=needs.all_albums,
        people=frozenset(map(called, needs.people)),
        everyone=needs.everyone,
        names=names,
        stacks=needs.stacks,
        libraries=needs.libraries,
        shares=reading.shares or needs.users,
        users=reading.users,
        owners=frozenset(map(folded, needs.owners)),
    )


def asks_checksums(desired: Desired) -> bool:
    """Whether photos are named by their checksums."""
    return any(name.checksum for name in desired.names)


def lacking(desired: Desired, live: Live, covers: Covers, known: KnownAlbums) -> tuple[str, ...]:
    """What planning these files needs and a snapshot doesn't hold, in words; empty where it fits."""
    reading = reading_for(desired)
    return (
        *_photos(desired, reading, live, covers),
        *_tags(reading, live, covers),
        *_albums(desired, reading, live, covers, known),
        *_company(reading, covers),
    )


def _photos(desired: Desired, reading: Reading, live: Live, covers: Covers) -> Iterator[str]:
    if reading.scan and not covers.whole:
        yield "the whole library, which rules look at: it has only photos that files named"
    if reading.needs.hidden and not covers.hidden:
        yield "hidden photos, which a rule asks for"
    if asks_checksums(desired) and not covers.checksums:
        yield "checksums, by which photos are named"
    unasked = [name for name in reading.names if name.text not in covers.named]
    if not covers.whole and unasked:
        yield f"photos that are named: {_texts(unasked)}"
    elif not covers.hidden and (missing := unfound(unasked, live.assets)):
        yield f"hidden photos, so that nobody knows whether these are among them: {_texts(missing)}"


def _tags(reading: Reading, live: Live, covers: Covers) -> Iterator[str]:
    if not reading.read_tags:
        return
    if not covers.tags:
        yield "the list of tags"
    elif unread := sorted(wanted_tags(reading, live.tags) - live.tags_read):
        yield f"the photos of tags: {_some(unread)}"


def _albums(
    desired: Desired, reading: Reading, live: Live, covers: Covers, known: KnownAlbums
) -> Iterator[str]:
    if not reading.albums:
        return
    if not covers.albums:
        yield "the list of albums"
        return
    others = tuple(Album(album_id, name) for album_id, name in live.other_albums.items())
    listed = AlbumList(live.albums, others)
    meant = Meant(desired)
    needed = [album for album in (*listed.own, *listed.others) if meant.matters(album, reading)]
    if desired.album_sets:
        may_be = may_be_of_sets(desired, tuple(live.assets.values()), live.tags, live.people, known)
        needed += [album for album in listed.own if may_be(album)]
    unread = {album.name for album in needed if album.id not in live.members}
    if not covers.all_others:
        there = {folded(album.name) for album in live.albums}
        there |= {folded(entry.name) for entry in desired.albums}
        unread |= reading.needs.albums - there - covers.others
    if unread:
        yield f"the photos of albums: {_some(sorted(unread))}"


def _company(reading: Reading, covers: Covers) -> Iterator[str]:
    needs = reading.needs
    if needs.everyone and not covers.everyone:
        yield "who is on which photo"
    elif unread := sorted(
        who for who in needs.people if not covers.everyone and called(who) not in covers.people
    ):
        yield f"the photos of persons: {_some(sorted(unread))}"
    elif not covers.names and (named := sorted(who for who in needs.people if not is_id(who))):
        yield f"the names of people, by which rules ask for {_some(named)}: it was made --without-people"
    unread = sorted(who for who in needs.owners if not {folded(who), ANYBODY} & covers.owners)
    if unread:
        yield f"photos of other people: {_some(unread)}"
    elif not covers.names and (named := sorted(who for who in needs.owners if OwnerIs(who).named)):
        yield f"the names of users, by which rules ask for {_some(named)}: it was made --without-people"
    if needs.stacks and not covers.stacks:
        yield "stacks"
    if needs.libraries and not covers.libraries:
        yield "the names of external libraries"
    if (reading.shares and not covers.shares) or (reading.users and not covers.users):
        yield "who is on the server, and who sees which album"
    elif reading.users and not covers.names:
        yield "the names of the server's users: it was made --without-people"


def _texts(names: Iterable[PhotoName]) -> str:
    return _some([name.text for name in names])


def _some(names: list[str]) -> str:
    more = len(names) - NAMES
    return ", ".join([*names[:NAMES], *([f"and {more:,} more"] if more > 0 else [])])


def covers_json(covers: Covers) -> dict[str, Json]:
    """As JSON values."""
    return {
        "whole": covers.whole,
        "hidden": covers.hidden,
        "named": sorted(covers.named),
        "checksums": covers.checksums,
        "tags": covers.tags,
        "albums": covers.albums,
        "others": sorted(covers.others),
        "allOthers": covers.all_others,
        "people": sorted(covers.people),
        "everyone": covers.everyone,
        "names": covers.names,
        "stacks": covers.stacks,
        "libraries": covers.libraries,
        "shares": covers.shares,
        "users": covers.users,
        "owners": sorted(covers.owners),
    }


def read_covers(data: Mapping[str, Json]) -> Covers:
    """What `covers_json` wrote. Raises KeyError or TypeError on anything else."""
    rest: dict[str, Any] = {name: data[name] for name in _FLAGS}
    rest |= {name: frozenset(data[name]) for name in ("named", "others", "people")}
    return Covers(
        **rest,
        all_others=data["allOthers"],
        shares=data.get("shares", False),
        users=data.get("users", False),
        owners=frozenset(data.get("owners", ())),
    )


_FLAGS = ("whole", "hidden", "checksums", "tags", "albums", "everyone", "names", "stacks", "libraries")
