"""Album sets → the albums that they make: which groups there are, and which photos are in each. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.diff.albums import claimed_ids
from reconciler.diff.changes import Note
from reconciler.diff.hits import own_and_others
from reconciler.diff.others import stranger_ids
from reconciler.model.album_sets import KnownAlbums, SetMember
from reconciler.model.asset import AssetState
from reconciler.model.desired import AlbumEntry, AlbumSet, Desired, Setting
from reconciler.model.groupings import ByFolder, Group
from reconciler.model.live import Album, Live
from reconciler.model.origin import Problem
from reconciler.model.owners import reaches_others
from reconciler.model.templates import Template, Value
from reconciler.model.values import Visibility

SHOWN = 5
"""Albums that a note names."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """The albums of all sets, and by asset id the names of those that want the asset."""

    entries: tuple[AlbumEntry, ...] = ()
    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()


NOTHING = Expansion()


def expand(
    desired: Desired,
    live: Live,
    states: Mapping[str, AssetState],
    known: KnownAlbums,
    before: Expansion = NOTHING,
) -> Expansion:
    """The albums that the sets make of assets in these states; `before` is what the last look made of them.

    An album is known again by what earlier runs remember, else by its name. Albums of one name, in a set, in
    two, or in a set and written by hand, are problems, and are left out.
    """
    if not desired.album_sets:
        return NOTHING
    expander = _Expander(desired, live, known, before)
    every, others = own_and_others(states.values())
    visible = [state for state in every if state.asset.visibility is not Visibility.HIDDEN]
    for album_set in desired.album_sets:
        own = every if album_set.hidden else visible
        expander.take(album_set, own + others if reaches_others(album_set.owners) else own)
    return expander.result()


@dataclass(frozen=True, slots=True)
class _Made:
    """One album of a set, before it is known whether its name is free."""

    album_set: AlbumSet
    entry: AlbumEntry
    photos: Sequence[str] = ()
    gone: bool = False
    """Whether its group is gone: then it gives way to whoever else has the name."""


@dataclass(slots=True)
class _Expander:
    desired: Desired
    live: Live
    known: KnownAlbums
    before: Expansion
    made: list[_Made] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """What these albums are called."""
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """Ids of live albums that somebody means."""
    by_id: dict[str, Album] = field(init=False)
    by_name: dict[str, list[Album]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {album.id: album for album in self.live.albums}
        self.by_name = defaultdict(list)
        for album in self.live.albums:
            self.by_name[album.name].append(album)
        self.taken |= claimed_ids(self.desired.albums, self.live.albums)

    def add(self, made: _Made) -> None:
        """Adds one album."""
        self.made.append(made)
        self.names.add(made.entry.name)

    def take(self, album_set: AlbumSet, states: Sequence[AssetState]) -> None:
        """Adds the albums of one set."""
        others = frozenset(other.key for other in self.desired.album_sets if other is not album_set)
        remembered = {
            group: album_id
            for group, album_id in self.known.ids(album_set.key, others).items()
            if album_id in self.by_id and album_id not in self.taken
        }
        groups = album_set.grouping.groups(self._selected(album_set, states, remembered))
        ids, rest = _known_again(album_set, groups, remembered)
        self.taken.update(ids.values())
        made = _Making(album_set, self, len(groups))
        for key, group in groups.items():
            if album_set.takes(key, group.values):
                made.group(group, ids.get(key))
        for key in sorted(rest):
            if album_set.takes(key, album_set.grouping.values(key) or {}):
                made.gone(key, self.by_id[rest[key]])
        made.tell()

    def _selected(
        self, album_set: AlbumSet, states: Sequence[AssetState], remembered: Mapping[str, str]
    ) -> Sequence[AssetState]:
        """The photos that the set is about; its own albums don't count as albums they are in."""
        if not album_set.rules:
            return states
        needs = [rule.needs() for rule in album_set.rules]
        asked = states
        if any(need.albums or need.all_albums for need in needs):
            own = self._own_names(album_set, states, remembered)
            asked = [_outside(state, own) for state in states]
        found = album_set.rule.select(asked) if album_set.rule else list(asked)
        if album_set.exclude:
            left_out = {state.asset.id for state in album_set.exclude.select(found)}
            found = [state for state in found if state.asset.id not in left_out]
        return found

    def _own_names(
        self, album_set: AlbumSet, states: Sequence[AssetState], remembered: Mapping[str, str]
    ) -> frozenset[str]:
        all_groups = album_set.grouping.groups(states).values()
        names = {album_set.name.value.fill(group.whole(album_set.placeholders)) for group in all_groups}
        names |= {self.by_id[album_id].name for album_id in remembered.values()}
        for entry in self.before.entries:
            if entry.made_by and entry.origin == album_set.origin:
                names.add(entry.name)
        return frozenset(names)

    def result(self) -> Expansion:
        """What all sets together make."""
        kept = self._with_names_of_their_own()
        wanted: dict[str, frozenset[str]] = {}
        for made in kept:
            name = frozenset({made.entry.name})
            for asset_id in made.photos:
                first = wanted.get(asset_id)
                wanted[asset_id] = name if first is None else first | name
        return Expansion(tuple(made.entry for made in kept), wanted, tuple(self.problems), tuple(self.notes))

    def _with_names_of_their_own(self) -> list[_Made]:
        by_hand = {entry.name: entry for entry in self.desired.albums}
        named: dict[str, list[_Made]] = defaultdict(list)
        for made in sorted(self.made, key=lambda made: made.gone):
            if not (made.gone and (made.entry.name in named or made.entry.name in by_hand)):
                named[made.entry.name].append(made)
        for name, several in named.items():
            if name in by_hand:
                text = f"this set makes an album {name!r}, and so does {by_hand[name].origin}: " + _WAY_OUT
                self.problems.append(Problem(text, several[0].album_set.name.origin))
            elif len(several) > 1:
                self.problems.append(_same_name(name, several))
        return [several[0] for name, several in named.items() if len(several) == 1 and name not in by_hand]


_WAY_OUT = "give one of them another name, or take the group out with `except`"


def _same_name(name: str, several: Sequence[_Made]) -> Problem:
    first, other = several[0], several[1]
    keys = [repr(made.entry.made_by.group) for made in several if made.entry.made_by]
    if first.album_set is other.album_set:
        shown = " and ".join(keys) if len(keys) == 2 else f"{', '.join(keys[:SHOWN])} ({len(keys)} groups)"
        placeholders = ", ".join(f"{{{word}}}" for word in first.album_set.grouping.placeholders)
        text = f"{shown} would all be called {name!r}: tell them apart in the name; there are {placeholders}"
    else:
        text = (
            f"this set makes an album {name!r}, and so does the set at {other.album_set.origin}: " + _WAY_OUT
        )
    return Problem(text, first.album_set.name.origin)


def _outside(state: AssetState, own: frozenset[str]) -> AssetState:
    return (
        state
        if own.isdisjoint(state.albums)
        else AssetState(state.asset, state.tags, state.albums - own, state.beside)
    )


def _known_again(
    album_set: AlbumSet, groups: Mapping[str, Group], remembered: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The ids of remembered albums by the group that they are now, and the rest by their former group."""
    ids: dict[str, str] = {}
    rest: dict[str, str] = {}
    for former in sorted(remembered, key=lambda key: (key not in groups, key)):
        now = album_set.grouping.successor(former, groups)
        if now is None or now in ids:
            rest[former] = remembered[former]
        else:
            ids[now] = remembered[former]
    return ids, rest


@dataclass(slots=True)
class _Making:
    """The albums of one set."""

    album_set: AlbumSet
    expander: _Expander
    groups: int
    """How many groups there are, those that are not meant included."""
    albums: int = 0
    """How many groups have an album, or get one."""
    tiny: int = 0
    """How many get none, for they are too small."""
    small: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)

    def group(self, group: Group, album_id: str | None) -> None:
        """The album of one group, if it is large enough or its album is there already."""
        values = group.whole(self.album_set.placeholders)
        name = self.album_set.name.value.fill(values)
        if not name:
            text = (
                f"nothing is left of the name for the group {group.key!r}: add another placeholder, or leave "
                "the group out with `except`"
            )
            self.expander.problems.append(Problem(text, self.album_set.name.origin))
            return
        there = self.expander.by_id.get(album_id or "")
        if len(group.states) < self.album_set.min_photos:
            named = self.expander.by_name.get(name, [])
            there = there or (named[0] if len(named) == 1 else None)
            if there is None:
                self.tiny += 1
                return
            if album_id and self._delete(group.key, there):
                return
            self.small.append(there.name)
        entry = self._entry(name, group.key, album_id, values)
        self.albums += 1
        self.expander.add(_Made(self.album_set, entry, [state.asset.id for state in group.states]))

    def gone(self, key: str, album: Album) -> None:
        """A remembered album whose group has no photos any more."""
        if album.name in self.expander.names or self._delete(key, album):
            return
        self.empty.append(album.name)
        entry = self._entry(album.name, key, album.id, None)
        self.expander.add(_Made(self.album_set, entry, gone=True))

    def _delete(self, key: str, album: Album) -> bool:
        """Whether an album is deleted: only where the set asks for it, and nobody else's photos are in it."""
        if not self.album_set.prune:
            return False
        live = self.expander.live
        members = live.members.get(album.id, frozenset())
        if stranger_ids(members, live, self.album_set.owners):
            self.shared.append(album.name)
            return False
        entry = AlbumEntry(
            album.name, self.album_set.origin, album.id, absent=True, made_by=self._member(key)
        )
        self.expander.add(_Made(self.album_set, entry, gone=True))
        return True

    def _member(self, key: str) -> SetMember:
        return SetMember(self.album_set.name.value.text, self.album_set.key, key)

    def _entry(
        self, name: str, key: str, album_id: str | None, values: Mapping[str, Value] | None
    ) -> AlbumEntry:
        given = self.album_set
        return AlbumEntry(
            name=name,
            origin=given.origin,
            id=album_id,
            renamed_from=_former(given.renamed_from, name, values) if album_id is None else None,
            description=_filled(given.description, values),
            order=given.order,
            activity=given.activity,
            membership=given.membership,
            share=given.share,
            owners=given.owners,
            made_by=self._member(key),
            hidden=given.hidden,
        )

    def tell(self) -> None:
        """What a reader should know about albums that have fallen empty, and about a set that makes none."""
        if not (self.albums or self.empty or self.small or self.shared):
            self.expander.notes.append(Note(self._why_none(), self.album_set.origin))
        small = f"fewer than {self.album_set.min_photos} photos"
        stays = "" if self.album_set.prune else "; `prune: true` deletes such albums"
        for names, what, then in (
            (self.empty, "no photos any more", stays),
            (self.small, small, stays if self.album_set.min_photos > 1 else ""),
        ):
            if names:
                text = f"{_albums(names)} of this set {_have(names)} {what} and {_stay(names)}{then}"
                self.expander.notes.append(Note(text, self.album_set.origin))
        if self.shared:
            inside = "it" if len(self.shared) == 1 else "them"
            text = (
                f"{_albums(self.shared)} of this set {_stay(self.shared)}, as somebody else's or hidden "
                f"photos are in {inside}"
            )
            self.expander.notes.append(Note(text, self.album_set.origin))

    def _why_none(self) -> str:
        """Why the set makes no album at all."""
        if self.tiny:
            least = self.album_set.min_photos
            return f"no group of this set has {least} photos (`min_photos`), so it makes no album"
        if self.groups:
            return (
                f"`only` and `except` leave out every group of this set ({self.groups}), so it makes no album"
            )
        grouping = self.album_set.grouping
        if isinstance(grouping, ByFolder):
            return (
                f"no photo lies in a folder below {grouping.root!r}, so this set makes no album; folders are "
                "those of the server, which Immich shows among the details of a photo"
            )
        return "no photo belongs to a group of this set, so it makes no album"


def _former(
    pattern: Setting[Template] | None, name: str, values: Mapping[str, Value] | None
) -> Setting[str] | None:
    filled = _filled(pattern, values)
    return filled if filled and filled.value not in ("", name) else None


def _filled(text: Setting[Template] | None, values: Mapping[str, Value] | None) -> Setting[str] | None:
    if text is None or values is None:
        return None
    return Setting(text.value.fill(values), text.origin)


def _albums(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in sorted(names)[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"album {shown}" if len(names) == 1 else f"{len(names)} albums ({shown}{more})"


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _stay(names: Sequence[str]) -> str:
    return "stays" if len(names) == 1 else "stay"
