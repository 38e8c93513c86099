"""(desired, live) → everything that differs, with the line that is the cause of each difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.diff.albums import AlbumDiff, Matched, MemberSets, match_albums
from reconciler.diff.changes import (
    Action,
    AssetChange,
    Changes,
    Comparison,
    FieldChange,
    Note,
    TagChange,
    TagMove,
    Undone,
)
from reconciler.diff.converge import AlbumRule, Outcome, Rules, converge
from reconciler.diff.hits import sift
from reconciler.diff.names import Resolution, resolve
from reconciler.diff.notes import SAMPLE, notes_for
from reconciler.diff.wishes import Conflict
from reconciler.model.asset import Asset, AssetState
from reconciler.model.attempts import NO_ATTEMPTS, Attempts
from reconciler.model.desired import AssetEntry, Desired
from reconciler.model.live import Live
from reconciler.model.origin import Origin, Problem
from reconciler.model.values import Field, normal_color


def compare(desired: Desired, live: Live, attempts: Attempts = NO_ATTEMPTS) -> Comparison:
    """Compares what the files ask for with what the server has.

    The outcome is the same for the same input, whatever the order of assets in `live`.
    """
    names = resolve(desired.names, live.assets.values())
    matched = match_albums(desired.albums, live.albums)
    rules = _rules(desired, names)
    outcomes, told = _converge_all(live, rules, matched, attempts)
    assets = tuple(
        change
        for asset, outcome in outcomes.changed
        if (change := _asset_change(asset, outcome, live.tags_of.get(asset.id, frozenset())))
    )
    albums = _albums(desired, live, names, matched, outcomes)
    tags = _tags(desired, live, assets)
    changes = Changes(
        tags, _by_label(assets, live), tuple(sorted(albums.changes, key=lambda item: item.name))
    )
    return Comparison(
        changes=changes,
        problems=(*names.ambiguous, *matched.problems, *albums.problems, *told.problems()),
        missing=names.missing,
        notes=(*notes_for(changes, live), *told.notes(), *albums.notes),
        undone=tuple(told.undone),
        labels=_labels(changes, live),
    )


def _rules(desired: Desired, names: Resolution) -> Rules:
    named: dict[str, list[AssetEntry]] = defaultdict(list)
    for entry in desired.assets:
        if entry.name and entry.name in names.ids:
            named[names.ids[entry.name]].append(entry)
    albums = tuple(
        AlbumRule(entry, frozenset(names.ids[name] for name in entry.photos or () if name in names.ids))
        for entry in desired.albums
        if entry.manages_members and not entry.absent
    )
    return Rules(
        named={asset: tuple(entries) for asset, entries in named.items()},
        general=tuple(entry for entry in desired.assets if entry.rule),
        albums=albums,
        deleted_albums=frozenset(entry.name for entry in desired.albums if entry.absent),
    )


@dataclass(slots=True)
class Outcomes:
    """What becomes of the assets that anything concerns; all others stay in their live state."""

    states: Mapping[str, AssetState]
    changed: list[tuple[Asset, Outcome]] = field(default_factory=list)

    def members(self, album: str, now: frozenset[str]) -> frozenset[str]:
        """Who should be in an album that has these members now."""
        wanted = set(now)
        for asset, outcome in self.changed:
            if album in outcome.state.albums:
                wanted.add(asset.id)
            else:
                wanted.discard(asset.id)
        return frozenset(wanted)


@dataclass(slots=True)
class _Told:
    """Conflicts, loops and undone wishes of all assets, each told once with a count."""

    undone: list[Undone] = field(default_factory=list)
    conflicts: dict[Conflict, list[str]] = field(default_factory=lambda: defaultdict(list))
    loops: dict[tuple[Origin, ...], list[str]] = field(default_factory=lambda: defaultdict(list))
    zones: list[tuple[Origin, Asset]] = field(default_factory=list)

    def take(self, asset: Asset, outcome: Outcome) -> None:
        if outcome.zone_ruled and asset.taken:
            self.zones.append((outcome.zone_ruled, asset))
        for conflict in outcome.conflicts:
            self.conflicts[conflict].append(asset.label)
        if outcome.looping:
            self.loops[outcome.looping].append(asset.label)
        for aspect in sorted(outcome.undone):
            attempt, origin = outcome.undone[aspect]
            self.undone.append(Undone(attempt, asset.label, origin))

    def notes(self) -> Iterable[Note]:
        by_line: dict[Origin, list[Asset]] = defaultdict(list)
        for origin, asset in self.zones:
            by_line[origin].append(asset)
        for origin, assets in sorted(by_line.items()):
            labels = sorted(asset.label for asset in assets)
            text = (
                f"the place decides the zone ({assets[0].zone}), so the offset written here doesn't show; "
                f"write {assets[0].taken} to say the same"
            )
            yield Note(text, origin, len(assets), tuple(labels[:SAMPLE]))

    def problems(self) -> Iterable[Problem]:
        for conflict, labels in sorted(self.conflicts.items()):
            text = f"disagrees with {conflict.other} about {conflict.about} of {_some(labels)}"
            yield Problem(
                text + ": narrow one of the two, or name the photo in an entry of its own", conflict.one
            )
        for origins, labels in sorted(self.loops.items()):
            others = ", ".join(str(origin) for origin in origins[1:])
            with_others = f"this and {others} set" if others else "this sets"
            text = f"{with_others} each other off without end on {_some(labels)}"
            yield Problem(text + ": make the rules exclude each other", origins[0])


def _some(labels: list[str]) -> str:
    first = sorted(labels)[0]
    return first if len(labels) == 1 else f"{first} and {len(labels) - 1} more"


def _converge_all(live: Live, rules: Rules, matched: Matched, attempts: Attempts) -> tuple[Outcomes, _Told]:
    """Every asset that an entry or album concerns, in order of id, with what becomes of it."""
    albums_of = _album_names(live, matched)
    no_tags: frozenset[str] = frozenset()
    states = {
        asset_id: AssetState(asset, live.tags_of.get(asset_id, no_tags), albums_of.get(asset_id, no_tags))
        for asset_id, asset in live.assets.items()
    }
    sieve = sift(states, rules)
    told = _Told()
    outcomes = Outcomes(states)
    for asset_id in sorted(sieve.concerned):
        start = states[asset_id]
        outcome = converge(start, sieve.hits(asset_id), rules, attempts)
        told.take(start.asset, outcome)
        outcomes.changed.append((start.asset, outcome))
    return outcomes, told


def _album_names(live: Live, matched: Matched) -> dict[str, frozenset[str]]:
    """The names of the albums of each asset, a managed album under its desired name."""
    desired_name = {album.id: name for name, album in matched.live.items()}
    names = {album.id: desired_name.get(album.id, album.name) for album in live.albums}
    names |= live.other_albums
    found: dict[str, set[str]] = defaultdict(set)
    for album_id, members in live.members.items():
        if album_id in names:
            for member in members:
                found[member].add(names[album_id])
    return {member: frozenset(albums) for member, albums in found.items()}


def _asset_change(asset: Asset, outcome: Outcome, tags: frozenset[str]) -> AssetChange | None:
    after = outcome.state
    if after.asset is asset and after.tags == tags:
        return None
    fields = tuple(
        FieldChange(name, asset.value(name), after.asset.value(name), outcome.fields[name])
        for name in Field
        if name in outcome.fields and asset.value(name) != after.asset.value(name)
    )
    added = tuple(TagMove(path, outcome.tags[path]) for path in sorted(after.tags - tags))
    removed = tuple(TagMove(path, outcome.tags[path]) for path in sorted(tags - after.tags))
    return AssetChange(asset.id, fields, added, removed) if fields or added or removed else None


def _albums(
    desired: Desired, live: Live, names: Resolution, matched: Matched, outcomes: Outcomes
) -> AlbumDiff:
    diff = AlbumDiff(live, names.ids)
    unclear = {problem.origin for problem in matched.problems}
    for entry in desired.albums:
        if entry.origin in unclear:
            continue
        album = matched.live.get(entry.name)
        now = live.members.get(album.id, frozenset()) & live.assets.keys() if album else frozenset()
        diff.compare(entry, album, MemberSets(frozenset(now), outcomes.members(entry.name, frozenset(now))))
    return diff


def _tags(desired: Desired, live: Live, assets: tuple[AssetChange, ...]) -> tuple[TagChange, ...]:
    changes: dict[str, TagChange] = {}
    for entry in desired.tags:
        tag = live.tags.get(entry.path)
        wanted = normal_color(entry.color.value) if entry.color else None
        if tag is None:
            changes[entry.path] = TagChange(
                Action.CREATE, entry.path, entry.origin, color=bool(wanted), after=wanted
            )
        elif entry.color and normal_color(tag.color) != wanted:
            changes[entry.path] = TagChange(
                Action.UPDATE,
                entry.path,
                entry.color.origin,
                tag.id,
                color=True,
                before=normal_color(tag.color),
                after=wanted,
            )
    for change in assets:
        for move in change.tags_added:
            if move.path not in live.tags and move.path not in changes:
                changes[move.path] = TagChange(Action.CREATE, move.path, move.origin)
    return tuple(changes[path] for path in sorted(changes))


def _by_label(assets: tuple[AssetChange, ...], live: Live) -> tuple[AssetChange, ...]:
    return tuple(sorted(assets, key=lambda change: (live.assets[change.id].label, change.id)))


def _labels(changes: Changes, live: Live) -> dict[str, str]:
    """A label for each photo that is mentioned, by id, in order of id."""
    mentioned = {change.id for change in changes.assets}
    for album in changes.albums:
        mentioned |= {*album.added, *album.removed}
        for item in album.fields:
            mentioned |= {value for value in (item.before, item.after) if isinstance(value, str)}
    return {asset: live.assets[asset].label for asset in sorted(mentioned) if asset in live.assets}
