"""What one asset becomes when the files are applied to it again and again until nothing changes any more.

A rule may match because of what another rule writes (an album of a tag that the same files give). So the
wishes are asked anew of the state they lead to, until it is stable; then a second plan is empty by
construction. Every selector looks at one asset only, so each asset converges on its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.diff.wishes import Conflict, field_wishes, tags_wish, wanted_tags
from reconciler.model.asset import AssetState
from reconciler.model.attempts import Attempt, Attempts
from reconciler.model.desired import AlbumEntry, AssetEntry, Membership
from reconciler.model.origin import Origin
from reconciler.model.selectors import combined
from reconciler.model.values import (
    Coordinates,
    Field,
    FieldValue,
    Taken,
    Visibility,
    same,
    same_instant,
    value_text,
)

ROUNDS_LIMIT = 50
"""Longer chains of rules that set each other off are taken for a loop."""


@dataclass(frozen=True, slots=True)
class AlbumRule:
    """An album whose members are managed, and the ids of the photos that it names."""

    entry: AlbumEntry
    named: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that can touch an asset: entries by asset id, rules, and albums."""

    named: Mapping[str, tuple[AssetEntry, ...]]
    general: tuple[AssetEntry, ...]
    albums: tuple[AlbumRule, ...]
    deleted_albums: frozenset[str] = frozenset()
    grouped: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The names of the albums that sets want an asset in, by asset id; it depends on other assets too."""
    managed: Mapping[str, AlbumRule] = field(init=False)
    named_in: Mapping[str, frozenset[str]] = field(init=False)
    """The albums that name an asset, by asset id."""
    ruled: tuple[AlbumRule, ...] = field(init=False)
    look_at_albums: bool = field(init=False)
    """Whether any rule asks which albums an asset is in."""
    only_names: bool = field(init=False)
    """Whether no rule looks at an asset at all, so that one step is all the way."""

    def __post_init__(self) -> None:
        naming: dict[str, set[str]] = defaultdict(set)
        for rule in self.albums:
            for asset_id in rule.named:
                naming[asset_id].add(rule.entry.name)
        ruled = tuple(rule for rule in self.albums if rule.entry.rule is not None)
        selectors = [entry.rule for entry in self.general if entry.rule]
        selectors += [part for rule in ruled for part in (rule.entry.rule, rule.entry.exclude) if part]
        needs = combined(selectors)
        object.__setattr__(self, "managed", {rule.entry.name: rule for rule in self.albums})
        object.__setattr__(self, "named_in", {key: frozenset(names) for key, names in naming.items()})
        object.__setattr__(self, "ruled", ruled)
        object.__setattr__(self, "only_names", not self.general and not ruled)
        object.__setattr__(self, "look_at_albums", bool(needs.albums or needs.all_albums))


@dataclass(slots=True)
class Outcome:
    """Where an asset ends up and which line is the cause of each difference."""

    state: AssetState
    fields: dict[Field, Origin] = field(default_factory=dict)
    tags: dict[str, Origin] = field(default_factory=dict)
    undone: dict[str, tuple[Attempt, Origin]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    looping: tuple[Origin, ...] = ()
    trail: set[Origin] = field(default_factory=set)
    """Every line that has set something on the way."""
    zone_ruled: Origin | None = None
    """The line of a date whose offset the place overrides; the instant is as wished."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What matches an asset in its live state: rules for photos, and albums that want it, by name."""

    entries: tuple[AssetEntry, ...] = ()
    albums: frozenset[str] = frozenset()


NOWHERE: frozenset[str] = frozenset()
NO_HITS = Hits()


def hits_of(state: AssetState, rules: Rules) -> Hits:
    """Asks every rule about one asset."""
    if rules.only_names:
        grouped = rules.grouped.get(state.asset.id)
        return NO_HITS if grouped is None else Hits(albums=grouped)
    visible = state.asset.visibility is not Visibility.HIDDEN
    return Hits(
        tuple(entry for entry in rules.general if _matches(entry, state, visible)),
        frozenset(rule.entry.name for rule in rules.ruled if wants(rule.entry, state, visible))
        | rules.grouped.get(state.asset.id, NOWHERE),
    )


def converge(start: AssetState, hits: Hits, rules: Rules, attempts: Attempts) -> Outcome:
    """Applies the rules to an asset until its state is stable; `hits` is what matches it at the start.

    A conflict, or a loop of rules that undo each other, leaves the asset as it was and is told.
    """
    outcome = Outcome(start)
    seen = [start]
    for turn in range(ROUNDS_LIMIT):
        entries = hits.entries if turn == 0 else hits_of(outcome.state, rules).entries
        after = _advance(outcome, entries, hits if turn == 0 else None, rules, attempts)
        if outcome.conflicts:
            outcome.state = start
            return outcome
        if after is outcome.state or after == outcome.state:
            return outcome
        if rules.only_names or (not rules.look_at_albums and _only_albums_differ(after, outcome.state)):
            outcome.state = after
            return outcome
        if after in seen:
            break
        seen.append(after)
        outcome.state = after
    outcome.looping = tuple(sorted(outcome.trail))
    if not outcome.looping:
        outcome.looping = tuple(sorted({rule.entry.origin for rule in rules.albums}))
    outcome.state = start
    return outcome


def _advance(
    outcome: Outcome,
    matching: tuple[AssetEntry, ...],
    hits: Hits | None,
    rules: Rules,
    attempts: Attempts,
) -> AssetState:
    """One step: what the matching entries and then the albums make of the asset."""
    state = outcome.state
    named = rules.named.get(state.asset.id, ())
    asset, tags = state.asset, state.tags
    if named or matching:
        asset = asset.with_values(_changed_fields(outcome, state, named, matching, attempts))
        tags = _changed_tags(outcome, state, named, matching, attempts)
    if asset is not state.asset or tags != state.tags:
        state = AssetState(asset, tags, state.albums, state.beside)
        hits = None
    wanting = (hits or hits_of(state, rules)).albums
    albums = memberships(state.asset.id, state.albums, wanting, rules, hidden=_hidden(state))
    if albums == state.albums:
        return state
    return AssetState(state.asset, state.tags, albums, state.beside)


def _only_albums_differ(one: AssetState, other: AssetState) -> bool:
    return one.asset is other.asset and one.tags == other.tags


def _hidden(state: AssetState) -> bool:
    return state.asset.visibility is Visibility.HIDDEN


def _matches(entry: AssetEntry, state: AssetState, visible: bool) -> bool:
    assert entry.rule is not None
    return (visible or entry.rule.needs().hidden) and entry.rule.matches(state)


def _changed_fields(
    outcome: Outcome,
    state: AssetState,
    named: tuple[AssetEntry, ...],
    matching: tuple[AssetEntry, ...],
    attempts: Attempts,
) -> dict[Field, FieldValue]:
    wishes = field_wishes(named, matching, outcome.conflicts)
    place = wishes.get(Field.LOCATION)
    place_managed = place is not None and isinstance(place.value, Coordinates)
    changed: dict[Field, FieldValue] = {}
    for name, wish in wishes.items():
        live = state.asset.value(name)
        if live == wish.value:
            if name is Field.TAKEN:
                outcome.zone_ruled = None
            continue
        if not differs(name, live, wish.value, place_managed):
            if name is Field.TAKEN and place_managed and state.asset.zone_from_place:
                outcome.zone_ruled = None if same(name, live, wish.value) else wish.origin
            continue
        attempt = attempts.get((state.asset.id, name.value))
        if attempt and _as_before(attempt, wish.value, live):
            outcome.undone[name.value] = (attempt, wish.origin)
            continue
        changed[name] = wish.value
        outcome.fields[name] = wish.origin
        outcome.trail.add(wish.origin)
    return changed


def differs(name: Field, live: FieldValue, wanted: FieldValue, place_managed: bool) -> bool:
    """Whether a wish asks for another value. A place that the files set decides the zone (FINDINGS 10)."""
    if place_managed and name is Field.TAKEN and isinstance(live, Taken) and isinstance(wanted, Taken):
        return not same_instant(live, wanted)
    return not same(name, live, wanted)


def _as_before(attempt: Attempt, wanted: FieldValue, live: FieldValue) -> bool:
    return attempt.wanted == value_text(wanted) and attempt.came_back == value_text(live)


def _changed_tags(
    outcome: Outcome,
    state: AssetState,
    named: tuple[AssetEntry, ...],
    matching: tuple[AssetEntry, ...],
    attempts: Attempts,
) -> frozenset[str]:
    wish = tags_wish(named, matching, outcome.conflicts)
    if wish is None:
        return state.tags
    wanted = wanted_tags(wish, state.tags)
    for sign, paths in (("+", wanted - state.tags), ("-", state.tags - wanted)):
        for path in paths:
            origin = wish.origin_of(path)
            attempt = attempts.get((state.asset.id, f"tag{sign}{path}"))
            if attempt:
                outcome.undone[attempt.aspect] = (attempt, origin)
                wanted = wanted - {path} if sign == "+" else wanted | {path}
            else:
                outcome.tags[path] = origin
                outcome.trail.add(origin)
    return wanted


def memberships(
    asset_id: str, albums: frozenset[str], wanting: frozenset[str], rules: Rules, *, hidden: bool
) -> frozenset[str]:
    """The albums an asset should be in: those that name it or whose rule wants it, and what stays."""
    named = rules.named_in.get(asset_id)
    wanted = wanting if named is None else wanting | named
    if wanted == albums and albums.isdisjoint(rules.deleted_albums):
        return albums
    left = [name for name in albums if name not in wanted and _loses(name, rules, hidden)]
    return (albums | wanted).difference(left) if left or not wanted <= albums else albums


def _loses(name: str, rules: Rules, hidden: bool) -> bool:
    """Whether an album loses an asset that it doesn't want."""
    if name in rules.deleted_albums:
        return True
    rule = rules.managed.get(name)
    if rule is None or rule.entry.membership is not Membership.EXACT:
        return False
    return not hidden or _asks_for_hidden(rule.entry)


def _asks_for_hidden(entry: AlbumEntry) -> bool:
    return entry.hidden or (entry.rule is not None and entry.rule.needs().hidden)


def wants(entry: AlbumEntry, state: AssetState, visible: bool) -> bool:
    """Whether an album's rule matches an asset that isn't excluded."""
    if entry.rule is None or not (visible or entry.rule.needs().hidden):
        return False
    if not entry.rule.matches(state):
        return False
    return entry.exclude is None or not entry.exclude.matches(state)
