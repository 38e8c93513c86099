"""(desired, live) → everything that differs, with the line that is the cause of each difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from reconciler.diff.albums import AlbumDiff, Matched, MemberSets, match_albums
from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AssetChange,
    Changes,
    Comparison,
    FieldChange,
    Note,
    SetAlbum,
    TagChange,
    TagMove,
    Undone,
)
from reconciler.diff.converge import AlbumRule, Outcome, Rules, converge
from reconciler.diff.hits import sift
from reconciler.diff.names import Resolution, resolve
from reconciler.diff.notes import SAMPLE, notes_for
from reconciler.diff.references import check_references
from reconciler.diff.sets import Expansion, expand
from reconciler.diff.states import states_of
from reconciler.diff.target import Target, is_meant, narrow
from reconciler.diff.wishes import Conflict
from reconciler.model.albumsets import NOTHING_KNOWN, KnownAlbums
from reconciler.model.asset import Asset, AssetState
from reconciler.model.attempts import NO_ATTEMPTS, Attempts
from reconciler.model.desired import AssetEntry, Desired
from reconciler.model.live import Live
from reconciler.model.memory import no_collection
from reconciler.model.origin import Origin, Problem
from reconciler.model.selectors import combined
from reconciler.model.values import Field, normal_color

SET_TURNS = 10
"""How often the albums of sets are worked out anew before it is called a loop."""

FIELDS = tuple(Field)
NO_MOVES: tuple[TagMove, ...] = ()


def compare(
    desired: Desired,
    live: Live,
    attempts: Attempts = NO_ATTEMPTS,
    known: KnownAlbums = NOTHING_KNOWN,
    targets: Sequence[Target] = (),
) -> Comparison:
    """Compares what the files ask for with what the server has; with `targets`, only that part is kept.

    `known` are the albums that earlier runs have made for album sets. The outcome is the same for the same
    input, whatever the order of assets in `live`. Problems and missing photos are told in any case.
    """
    with no_collection():
        return _compare(desired, live, attempts, known, targets)


def _compare(
    desired: Desired, live: Live, attempts: Attempts, known: KnownAlbums, targets: Sequence[Target]
) -> Comparison:
    names = resolve(desired.names, live.assets.values())
    whole = whole_of(desired, live, names, attempts, known)
    desired, matched, outcomes, told = whole.desired, whole.matched, whole.outcomes, whole.told
    assets = tuple(
        change
        for asset, outcome in outcomes.changed
        if (change := _asset_change(asset, outcome, live.tags_of.get(asset.id, frozenset())))
    )
    albums = _albums(desired, live, names, matched, outcomes)
    tags = _tags(desired, live, assets)
    references = check_references(desired.rules, live)
    labels = _labels(assets, albums.changes, live)
    changes = Changes(
        tags, _by_label(assets, labels), tuple(sorted(albums.changes, key=lambda item: item.name))
    )
    narrowing = None
    undone, album_notes = tuple(told.undone), tuple(albums.notes)
    if targets:
        all_albums = changes.albums
        changes, narrowing = narrow(changes, labels, targets)
        labels = _labels(changes.assets, changes.albums, live)
        left_out = {album.origin for album in all_albums} - {album.origin for album in changes.albums}
        album_notes = tuple(note for note in album_notes if note.origin not in left_out)
        undone = tuple(item for item in undone if is_meant(item, targets))
    return Comparison(
        changes=changes,
        problems=(
            *names.ambiguous,
            *whole.sets.problems,
            *matched.problems,
            *albums.problems,
            *references.ambiguous,
            *told.problems(),
        ),
        missing=(*names.missing, *references.missing),
        notes=(
            *_evaluated(desired),
            *notes_for(changes, live),
            *told.notes(),
            *whole.sets.notes,
            *album_notes,
        ),
        undone=undone,
        labels=labels,
        set_albums=_set_albums(desired, matched),
        narrowing=narrowing,
        protected=whole.outcomes.protected,
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """The desired state with the albums of its sets, and what becomes of the assets under it."""

    desired: Desired
    sets: Expansion
    matched: Matched
    outcomes: Outcomes
    told: _Told


def whole_of(
    desired: Desired, live: Live, names: Resolution, attempts: Attempts, known: KnownAlbums
) -> Whole:
    """Works out the albums of sets from the photos as they will be, so that the next plan is empty.

    What else the files ask for may move a photo from group to group (a date, a tag), and the albums of sets
    may let other rules match. So it is asked anew of what comes out, until the sets stay as they are.
    """
    matched = match_albums(desired.albums, live.albums)
    states, renamed = _states(live, matched), matched.renamed
    sets = expand(desired, live, states, known)
    for _ in range(SET_TURNS):
        whole = replace(desired, albums=(*desired.albums, *sets.entries))
        matched = match_albums(whole.albums, live.albums)
        if matched.renamed != renamed:
            states, renamed = _states(live, matched), matched.renamed
        outcomes, told = _converge_all(states, rules_of(whole, names, sets), attempts)
        found = Whole(whole, sets, matched, outcomes, told)
        if not desired.album_sets or not _may_regroup(desired, outcomes):
            return found
        again = expand(desired, live, outcomes.after(), known, sets)
        if again.entries == sets.entries and again.wanted == sets.wanted:
            return found
        sets = again
    text = "this set and what else the files ask for set each other off without end: narrow its `match`"
    problems = tuple(Problem(text, album_set.origin) for album_set in desired.album_sets)
    return replace(found, sets=replace(sets, problems=(*sets.problems, *problems)))


def _may_regroup(desired: Desired, outcomes: Outcomes) -> bool:
    """Whether what changes on the photos could change the groups."""
    needs = combined(rule for album_set in desired.album_sets for rule in album_set.rules)
    if needs.albums or needs.all_albums:
        return bool(outcomes.changed)
    return any(
        outcome.state.asset is not asset or outcome.state.tags != outcomes.states[asset.id].tags
        for asset, outcome in outcomes.changed
    )


def _set_albums(desired: Desired, matched: Matched) -> tuple[SetAlbum, ...]:
    """The live albums of sets, as far as they stay."""
    return tuple(
        SetAlbum(entry.made_by, matched.live[entry.name].id)
        for entry in desired.albums
        if entry.made_by and not entry.absent and entry.name in matched.live
    )


def _evaluated(desired: Desired) -> Iterable[Note]:
    """What the files leave to the day of the run, and what it came to."""
    return (Note(item.value, item.origin) for item in desired.evaluated)


def rules_of(desired: Desired, names: Resolution, sets: Expansion) -> Rules:
    """What can touch an asset, of a desired state with the albums of its sets."""
    named: dict[str, tuple[AssetEntry, ...]] = {}
    entries = sorted(desired.assets, key=attrgetter("origin"))  # which two of three disagree is told alike
    for entry in entries:
        if entry.name and (asset_id := names.ids.get(entry.name)):
            named[asset_id] = (*named[asset_id], entry) if asset_id in named else (entry,)
    albums = tuple(
        AlbumRule(entry, frozenset(names.ids[name] for name in entry.photos or () if name in names.ids))
        for entry in desired.albums
        if entry.manages_members and not entry.absent
    )
    return Rules(
        named=named,
        general=tuple(entry for entry in entries if entry.rule),
        albums=albums,
        deleted_albums=frozenset(entry.name for entry in desired.albums if entry.absent),
        grouped=sets.wanted,
    )


@dataclass(slots=True)
class Outcomes:
    """What becomes of the assets that anything concerns; all others stay in their live state."""

    states: Mapping[str, AssetState]
    changed: list[tuple[Asset, Outcome]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    """Those of `changed`."""
    inside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Which of them will be in an album, by its name."""
    protected: dict[str, Origin] = field(default_factory=dict)
    """The assets that an entry protects, with its line."""

    def add(self, start: AssetState, outcome: Outcome) -> None:
        """What becomes of one asset."""
        self.changed.append((start.asset, outcome))
        self.ids.add(start.asset.id)
        for name in outcome.state.albums:
            self.inside[name].add(start.asset.id)

    def members(self, album: str, now: frozenset[str]) -> frozenset[str]:
        """Who should be in an album that has these members now."""
        return (now - self.ids).union(self.inside.get(album, ()))

    def after(self) -> dict[str, AssetState]:
        """All assets as they will be."""
        return {**self.states, **{asset.id: outcome.state for asset, outcome in self.changed}}


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


def _converge_all(
    states: Mapping[str, AssetState], rules: Rules, attempts: Attempts
) -> tuple[Outcomes, _Told]:
    """Every asset that an entry or album concerns, in order of id, with what becomes of it."""
    sieve = sift(states, rules)
    told = _Told()
    outcomes = Outcomes(states)
    for asset_id in sorted(sieve.concerned - sieve.as_named()):
        start = states[asset_id]
        outcome = sieve.outcome(asset_id)
        if outcome is None:
            hits = sieve.hits(asset_id)
            outcome = converge(start, hits, rules, attempts)
            for entry in (*rules.named.get(asset_id, ()), *hits.entries):
                if entry.protect:
                    outcomes.protected.setdefault(asset_id, entry.origin)
            told.take(start.asset, outcome)
        outcomes.add(start, outcome)
    return outcomes, told


def _states(live: Live, matched: Matched) -> dict[str, AssetState]:
    """Every asset as it is, its managed albums under their desired names."""
    return states_of(live, matched.renamed)


def _asset_change(asset: Asset, outcome: Outcome, tags: frozenset[str]) -> AssetChange | None:
    after = outcome.state
    if after.asset is asset and after.tags == tags:
        return None
    found = []
    for name in FIELDS:
        if name in outcome.fields:
            before, now = asset.value(name), after.asset.value(name)
            if before != now:
                found.append(FieldChange(name, before, now, outcome.fields[name]))
    fields = tuple(found)
    added = removed = NO_MOVES
    if after.tags != tags:
        added = tuple(TagMove(path, outcome.tags[path]) for path in sorted(after.tags - tags))
        removed = tuple(TagMove(path, outcome.tags[path]) for path in sorted(tags - after.tags))
    return AssetChange(asset.id, fields, added, removed) if fields or added or removed else None


def _albums(
    desired: Desired, live: Live, names: Resolution, matched: Matched, outcomes: Outcomes
) -> AlbumDiff:
    diff = AlbumDiff(live, names.ids)
    for entry in desired.albums:
        if entry.name in matched.unclear:
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


def _by_label(assets: tuple[AssetChange, ...], labels: Mapping[str, str]) -> tuple[AssetChange, ...]:
    return tuple(sorted(assets, key=lambda change: (labels[change.id], change.id)))


def _labels(assets: Iterable[AssetChange], albums: Iterable[AlbumChange], live: Live) -> dict[str, str]:
    """A label for each photo that is mentioned, by id, in order of id."""
    mentioned = {change.id for change in assets}
    for album in albums:
        mentioned |= {*album.added, *album.removed}
        for item in album.fields:
            mentioned |= {value for value in (item.before, item.after) if isinstance(value, str)}
    return {asset: live.assets[asset].label for asset in sorted(mentioned) if asset in live.assets}
