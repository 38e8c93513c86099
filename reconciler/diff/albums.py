"""Albums: which live album an entry means, and what changes on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.diff.changes import Action, AlbumChange, AlbumField, AlbumFieldChange, Note
from reconciler.diff.others import notes_on_others
from reconciler.diff.sharing import Sharing
from reconciler.model.asset import told_apart
from reconciler.model.desired import AlbumEntry, PhotoName
from reconciler.model.live import Album, Live
from reconciler.model.origin import Origin, Problem
from reconciler.model.text import folded
from reconciler.model.values import normal_description


@dataclass(frozen=True, slots=True)
class Matched:
    """The live album of each entry, by the entry's name; entries without one are made (or already gone)."""

    live: Mapping[str, Album] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    unclear: frozenset[str] = frozenset()
    """The names of the entries that have problems."""
    names: frozenset[str] = frozenset()
    """Those of all entries."""

    def called(self, live: Live) -> dict[str, str]:
        """What every album is called in the states of assets, by id: as the entry that means it calls it.

        Others of that name, of the account or of somebody else, are told apart from it.
        """
        meant = {album.id: name for name, album in self.live.items()}
        there = {**{album.id: album.name for album in live.albums}, **live.other_albums}
        others = {
            album_id: told_apart(name, album_id) if name in self.names else name
            for album_id, name in there.items()
        }
        return others | meant


def match_albums(entries: Iterable[AlbumEntry], albums: Iterable[Album]) -> Matched:
    """Finds each entry's album: by id where given, else by name, else by the name it had before."""
    entries = tuple(entries)
    named_by_id = {entry.id for entry in entries if entry.id and entry.made_by}
    by_id: dict[str, Album] = {}
    by_name: dict[str, list[Album]] = defaultdict(list)
    for album in albums:
        by_id[album.id] = album
        if album.id not in named_by_id:
            by_name[album.name].append(album)
    found: dict[str, Album] = {}
    problems: dict[str, list[Problem]] = defaultdict(list)
    for entry in entries:
        if (meant := _album_of(entry, by_id, by_name, problems[entry.name])) is not None:
            found[entry.name] = meant
    for name, problem in _meant_twice(found, entries):
        problems[name].append(problem)
    told = tuple(problem for of_one in problems.values() for problem in of_one)
    unclear = frozenset(name for name, of_one in problems.items() if of_one)
    return Matched(found, told, unclear, frozenset(entry.name for entry in entries))


def claimed_ids(entries: Iterable[AlbumEntry], albums: Iterable[Album]) -> set[str]:
    """The ids of all albums that these entries may mean."""
    entries = tuple(entries)
    ids = {entry.id for entry in entries if entry.id}
    names = {entry.name for entry in entries if not entry.id}
    names |= {entry.renamed_from.value for entry in entries if entry.renamed_from}
    return {album.id for album in albums if album.id in ids or album.name in names}


def _album_of(
    entry: AlbumEntry,
    by_id: Mapping[str, Album],
    by_name: Mapping[str, list[Album]],
    problems: list[Problem],
) -> Album | None:
    if entry.id:
        if entry.id not in by_id and not entry.absent:
            text = f"this account has no album with the id {entry.id}: take the `id` out to go by the name"
            problems.append(Problem(text, entry.origin))
        return by_id.get(entry.id)
    current = _only(entry.name, entry.origin, by_name, problems)
    if entry.renamed_from is None:
        return current
    former = _only(entry.renamed_from.value, entry.renamed_from.origin, by_name, problems)
    if current and former:
        text = (
            f"albums {entry.name!r} and {entry.renamed_from.value!r} are both there, so nothing can be "
            "renamed: delete or rename one of them, or take `renamed_from` out"
        )
        problems.append(Problem(text, entry.renamed_from.origin))
    return current or former


def _only(
    name: str, origin: Origin, by_name: Mapping[str, list[Album]], problems: list[Problem]
) -> Album | None:
    found = sorted(by_name.get(name, ()), key=lambda album: album.id)
    if len(found) > 1:
        listed = ", ".join(f"{album.id} ({album.asset_count} photos)" for album in found)
        text = f"{len(found)} albums are called {name!r}: add the `id` of the one that is meant: {listed}"
        problems.append(Problem(text, origin))
        return None
    return found[0] if found else None


def _meant_twice(found: Mapping[str, Album], entries: Iterable[AlbumEntry]) -> list[tuple[str, Problem]]:
    origins = {entry.name: entry.origin for entry in entries}
    first: dict[str, str] = {}
    problems = []
    for name, album in sorted(found.items()):
        if album.id in first:
            other = first[album.id]
            text = f"{name!r} and {other!r} ({origins[other]}) mean the same album on the server"
            problems.append((name, Problem(text, origins[name])))
        first.setdefault(album.id, name)
    return problems


@dataclass(frozen=True, slots=True)
class MemberSets:
    """Who is in an album now and who should be, of the photos that rules were asked about."""

    now: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()


@dataclass(slots=True)
class AlbumDiff:
    """Collects the changes of all albums."""

    live: Live
    ids: Mapping[PhotoName, str]
    sharing: Sharing = field(default_factory=Sharing)
    changes: list[AlbumChange] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    by_letters: Mapping[str, str] = field(init=False)
    """The names of the live albums, by what they are in any case of letters."""

    def __post_init__(self) -> None:
        self.by_letters = {folded(album.name): album.name for album in reversed(self.live.albums)}

    def compare(self, entry: AlbumEntry, album: Album | None, members: MemberSets) -> None:
        """Adds what changes on one album, if anything."""
        if album is None and (other := self.by_letters.get(folded(entry.name))):
            then = "nothing is deleted" if entry.absent else "a new one is made"
            text = f"no album is called {entry.name!r}, so {then}; there is {other!r}, in other letters"
            self.notes.append(Note(text, entry.origin))
        if entry.absent:
            if album:
                self.changes.append(self._deleted(entry, album))
            return
        added = tuple(sorted(members.wanted - members.now)) if entry.manages_members else ()
        removed = tuple(sorted(members.now - members.wanted)) if entry.manages_members else ()
        fields = self._fields(entry, album, members)
        shares = self.sharing.changes(entry.share, album)
        before = len(self.live.members.get(album.id, ())) if album else 0
        after = before + len(added) - len(removed)
        if album is None:
            change = AlbumChange(Action.CREATE, entry.name, entry.origin, None, fields, added, (), 0, after)
            self.changes.append(replace(change, made_by=entry.made_by, shares=shares))
        elif fields or added or removed or shares:
            change = AlbumChange(
                Action.UPDATE, entry.name, entry.origin, album.id, fields, added, removed, before, after
            )
            self.changes.append(replace(change, made_by=entry.made_by, shares=shares))
        self.notes += notes_on_others(entry, album, self.live, added, removed)

    def _deleted(self, entry: AlbumEntry, album: Album) -> AlbumChange:
        """An album that a set doesn't need any more is deleted only as it was seen."""
        members = self.live.members.get(album.id, frozenset()) if entry.made_by else frozenset()
        return AlbumChange(
            Action.DELETE,
            entry.name,
            entry.origin,
            album.id,
            removed=tuple(sorted(members)),
            size_before=album.asset_count,
            made_by=entry.made_by,
        )

    def _fields(
        self, entry: AlbumEntry, album: Album | None, members: MemberSets
    ) -> tuple[AlbumFieldChange, ...]:
        found: list[AlbumFieldChange] = []

        def compare(name: AlbumField, before: str | bool | None, after: str | bool, origin: Origin) -> None:
            if before != after:
                found.append(AlbumFieldChange(name, before, after, origin))

        if album and album.name != entry.name:
            renamed = entry.renamed_from.origin if entry.renamed_from else entry.origin
            compare(AlbumField.NAME, album.name, entry.name, renamed)
        if entry.description:
            before = album.description if album else ""
            wanted = normal_description(entry.description.value)
            compare(AlbumField.DESCRIPTION, normal_description(before), wanted, entry.description.origin)
        if entry.order:
            compare(AlbumField.ORDER, album.order if album else None, entry.order.value, entry.order.origin)
        if entry.activity:
            compare(
                AlbumField.ACTIVITY,
                album.activity if album else True,
                entry.activity.value,
                entry.activity.origin,
            )
        if entry.cover and (cover := self._cover(entry, entry.cover, album, members)):
            compare(AlbumField.COVER, album.cover if album else None, cover, entry.cover.origin)
        return tuple(found)

    def _cover(
        self, entry: AlbumEntry, name: PhotoName, album: Album | None, members: MemberSets
    ) -> str | None:
        """The cover's asset id, or None where it can't be the cover."""
        cover = self.ids.get(name)
        if cover is None:
            return None
        inside = members.wanted if entry.manages_members else frozenset()
        if album:
            strangers = self.live.members.get(album.id, frozenset())
            inside = inside | (strangers - members.now if entry.manages_members else strangers)
        if cover in inside:
            return cover
        photo = self.live.asset(cover)
        label = photo.label if photo else cover
        text = (
            f"the cover {label} is not among the photos of {entry.name!r}, and Immich takes a member only: "
            "add it under `assets`, or choose another"
        )
        self.problems.append(Problem(text, name.origin))
        return None
