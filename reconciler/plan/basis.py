"""What the numbers of a plan are measured against: how large the library is, its albums and its tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.diff.albums import claimed_ids
from reconciler.diff.changes import Changes, Comparison
from reconciler.diff.others import taken_ids
from reconciler.model.desired import Desired, Membership
from reconciler.model.live import Live
from reconciler.model.origin import Origin
from reconciler.model.owners import ONLY_ME, Owners, reaches_others
from reconciler.model.values import Visibility


@dataclass(frozen=True, slots=True)
class Basis:
    """How large everything is before a plan is applied, as far as its budgets need to know.

    `library` is the number of the account's photos that show (in the timeline or the archive); None where the
    files only name single photos, so that the library wasn't read. `albums` is the number of the account's
    albums, `shared` that of their users, counted for each album. `members` holds, by id, how many photos each
    album has that changes, without those that stay in it whatever its rule says; `tagged` by path how many
    photos have each tag that comes or goes, where the library was read. `filled` albums have photos and lose
    those that the files don't ask for; the files name `named` photos one by one, of which `missing` are not
    there. Of `former_files` files that were applied last, `gone_files` are no longer there. What is protected
    is there with the line that says so: photos by id, tags by path, albums by name.
    """

    library: int | None = None
    albums: int = 0
    members: Mapping[str, int] = field(default_factory=dict)
    tagged: Mapping[str, int] = field(default_factory=dict)
    shared: int = 0
    filled: int = 0
    named: int = 0
    missing: int = 0
    former_files: int = 0
    gone_files: tuple[str, ...] = ()
    photos_protected: Mapping[str, Origin] = field(default_factory=dict)
    tags_protected: Mapping[str, Origin] = field(default_factory=dict)
    albums_protected: Mapping[str, Origin] = field(default_factory=dict)
    with_others: Mapping[str, int] = field(default_factory=dict)
    """Of how many photos albums are chosen that take in those of other people, by name."""


def basis_of(desired: Desired, live: Live, comparison: Comparison, former: Former | None = None) -> Basis:
    """The basis of what differs. Pure."""
    changes = comparison.changes
    former = former or Former()
    whole = bool(desired.rules or desired.album_sets)
    loose = _loose(desired, live)
    owners = _owners(desired)
    named = {name.origin for name in desired.names}
    return Basis(
        library=_library(live) if whole else None,
        albums=len(live.albums),
        members={
            change.id: len(live.members[change.id])
            if change.name in loose
            else len(taken_ids(live.members[change.id], live, owners.get(change.origin, ONLY_ME)))
            for change in changes.albums
            if change.id and change.id in live.members
        },
        tagged=_tagged(changes, live) if whole else {},
        shared=sum(len(album.shares) for album in live.albums),
        filled=_filled(desired, live, comparison),
        named=len(named),
        missing=sum(problem.origin in named for problem in comparison.missing),
        former_files=former.files,
        gone_files=former.gone,
        photos_protected=_touched(changes, comparison.protected),
        tags_protected={entry.path: entry.origin for entry in desired.tags if entry.protect},
        albums_protected=_albums_protected(desired, changes),
        with_others={
            change.name: live.with_others or len(live.assets) + len(live.others)
            for change in changes.albums
            if reaches_others(owners.get(change.origin, ONLY_ME))
        },
    )


@dataclass(frozen=True, slots=True)
class Former:
    """Of how many files the last run was made, and which of them are gone."""

    files: int = 0
    gone: tuple[str, ...] = ()


def _library(live: Live) -> int:
    if live.library is not None:
        return live.library
    return sum(asset.visibility is not Visibility.HIDDEN for asset in live.assets.values())


def _loose(desired: Desired, live: Live) -> frozenset[str]:
    """The albums that nobody leaves, whose members weren't read: rules asked for parts of the library."""
    if live.library is None:
        return frozenset()
    return frozenset(entry.name for entry in desired.albums if entry.membership is not Membership.EXACT)


def _owners(desired: Desired) -> dict[Origin, Owners]:
    """Whose photos each album and each set of albums is about, by its line."""
    found = {entry.origin: entry.owners for entry in desired.albums}
    return found | {album_set.origin: album_set.owners for album_set in desired.album_sets}


def _tagged(changes: Changes, live: Live) -> dict[str, int]:
    moves = {move.path for change in changes.assets for move in (*change.tags_added, *change.tags_removed)}
    found = Counter(path for paths in live.tags_of.values() for path in paths & moves)
    return {path: max(found[path], live.tagged.get(path, 0)) for path in sorted(moves)}


def _filled(desired: Desired, live: Live, comparison: Comparison) -> int:
    """How many albums have photos that they could lose, those of album sets included."""
    managed = [
        entry
        for entry in desired.albums
        if entry.manages_members and entry.membership is Membership.EXACT and not entry.absent
    ]
    ids = claimed_ids(managed, live.albums)
    ids |= {album.id for album in comparison.set_albums}
    ids |= {change.id for change in comparison.changes.albums if change.made_by and change.id}
    return sum(1 for album in ids if any(map(live.asset, live.members.get(album, ()))))


def _albums_protected(desired: Desired, changes: Changes) -> dict[str, Origin]:
    """Albums that are protected by themselves, and those that change of sets that are."""
    by_hand = {entry.name: entry.origin for entry in desired.albums if entry.protect}
    sets = {album_set.origin for album_set in desired.album_sets if album_set.protect}
    made = {
        change.name: change.origin for change in changes.albums if change.made_by and change.origin in sets
    }
    return by_hand | made


def _touched(changes: Changes, protected: Mapping[str, Origin]) -> dict[str, Origin]:
    """Those of the protected photos that the changes are about."""
    ids = {change.id for change in changes.assets}
    ids = ids.union(*(change.removed for change in changes.albums))
    return {asset: protected[asset] for asset in sorted(ids & protected.keys())}
