"""The rules that can touch an asset, and which of them match it in one state or another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from reconciler.model.asset import READ, Asset, AssetState
from reconciler.model.desired import AlbumEntry, AssetEntry, Membership
from reconciler.model.fields import fields_of
from reconciler.model.origin import Origin
from reconciler.model.owners import reaches_others
from reconciler.model.selectors import Selector, combined, conditions_of
from reconciler.model.values import Field, Visibility


@dataclass(frozen=True, slots=True)
class AlbumRule:
    """An album whose members are managed, and the ids of the photos that it names."""

    entry: AlbumEntry
    named: frozenset[str]

    @property
    def reaches_others(self) -> bool:
        """Whether its rule may take in photos of other people."""
        return reaches_others(self.entry.owners)


@dataclass(frozen=True, slots=True)
class Changed:
    """What has changed on an asset: fields, its tags or not, its albums or not."""

    fields: frozenset[Field] = frozenset()
    tags: bool = False
    albums: bool = False

    def is_seen_by(self, selector: Selector | None) -> bool:
        """Whether a selector looks at any of it."""
        return selector is not None and any(map(self._is_seen, conditions_of(selector)))

    def _is_seen(self, condition: Selector) -> bool:
        needs, fields = condition.needs(), fields_of(condition)
        if (self.tags and needs.any_tags) or (self.albums and needs.any_albums):
            return True
        if fields is None:  # what looks at neither tags nor albums may look at any field
            return bool(self.fields) and not needs.any_tags and not needs.any_albums
        return not self.fields.isdisjoint(fields)


NOTHING_CHANGED: frozenset[Field] = frozenset()


@dataclass(frozen=True, slots=True)
class Seeing:
    """Some of the rules: those that look at something in particular."""

    entries: tuple[AssetEntry, ...]
    albums: tuple[AlbumRule, ...]
    origins: frozenset[Origin] = field(init=False)
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", frozenset(entry.origin for entry in self.entries))
        object.__setattr__(self, "names", frozenset(rule.entry.name for rule in self.albums))


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
    _seen: dict[Changed, Seeing] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        naming: dict[str, set[str]] = defaultdict(set)
        for rule in self.albums:
            for asset_id in rule.named:
                naming[asset_id].add(rule.entry.name)
        ruled = tuple(rule for rule in self.albums if rule.entry.rule is not None)
        selectors = [entry.rule for entry in self.general if entry.rule]
        selectors += [part for rule in ruled for part in (rule.entry.rule, rule.entry.exclude) if part]
        look_at_albums = combined(selectors).any_albums
        object.__setattr__(self, "managed", {rule.entry.name: rule for rule in self.albums})
        object.__setattr__(self, "named_in", {key: frozenset(names) for key, names in naming.items()})
        object.__setattr__(self, "ruled", ruled)
        object.__setattr__(self, "only_names", not self.general and not ruled)
        object.__setattr__(self, "look_at_albums", look_at_albums)

    def seeing(self, changed: Changed) -> Seeing:
        """The rules that look at anything of this."""
        if changed not in self._seen:
            self._seen[changed] = Seeing(
                tuple(entry for entry in self.general if changed.is_seen_by(entry.rule)),
                tuple(
                    rule
                    for rule in self.ruled
                    if changed.is_seen_by(rule.entry.rule) or changed.is_seen_by(rule.entry.exclude)
                ),
            )
        return self._seen[changed]


@dataclass(frozen=True, slots=True)
class Hits:
    """What matches an asset in some state: rules for photos, by origin, and albums that want it, by name."""

    entries: tuple[AssetEntry, ...] = ()
    albums: frozenset[str] = frozenset()


NOWHERE: frozenset[str] = frozenset()
NO_HITS = Hits()


def hits_of(state: AssetState, rules: Rules) -> Hits:
    """Asks every rule about one asset."""
    visible = state.asset.visibility is not Visibility.HIDDEN
    return Hits(
        tuple(entry for entry in rules.general if _matches(entry, state, visible)),
        frozenset(rule.entry.name for rule in rules.ruled if wants(rule.entry, state, visible))
        | rules.grouped.get(state.asset.id, NOWHERE),
    )


def hits_after(hits: Hits, before: AssetState, state: AssetState, rules: Rules) -> Hits:
    """What matches an asset in another state; only rules that look at what has changed are asked again."""
    fields = NOTHING_CHANGED if state.asset is before.asset else _differing(before.asset, state.asset)
    if Field.VISIBILITY in fields:  # most rules leave hidden photos out
        return hits_of(state, rules)
    again = rules.seeing(Changed(fields, state.tags != before.tags, state.albums != before.albums))
    if not again.entries and not again.albums:
        return hits
    visible = state.asset.visibility is not Visibility.HIDDEN
    entries = [entry for entry in hits.entries if entry.origin not in again.origins]
    entries += (entry for entry in again.entries if _matches(entry, state, visible))
    wanting = (rule.entry.name for rule in again.albums if wants(rule.entry, state, visible))
    return Hits(
        tuple(sorted(entries, key=attrgetter("origin"))),
        (hits.albums - again.names).union(wanting, rules.grouped.get(state.asset.id, NOWHERE)),
    )


def _differing(before: Asset, after: Asset) -> frozenset[Field]:
    return frozenset(name for name, value in READ.items() if value(before) != value(after))


def _matches(entry: AssetEntry, state: AssetState, visible: bool) -> bool:
    assert entry.rule is not None
    return state.own and (visible or entry.rule.needs().hidden) and entry.rule.matches(state)


def wants(entry: AlbumEntry, state: AssetState, visible: bool) -> bool:
    """Whether an album's rule matches an asset that isn't excluded."""
    if entry.rule is None or not (visible or entry.rule.needs().hidden):
        return False
    if not state.own and not reaches_others(entry.owners):
        return False
    if not entry.rule.matches(state):
        return False
    return entry.exclude is None or not entry.exclude.matches(state)


def memberships(state: AssetState, wanting: frozenset[str], rules: Rules, *, hidden: bool) -> frozenset[str]:
    """The albums an asset should be in: those that name it or whose rule wants it, and what stays."""
    albums = state.albums
    if not rules.managed and not rules.deleted_albums:
        return albums
    named = rules.named_in.get(state.asset.id)
    wanted = wanting if named is None else wanting | named
    if wanted == albums and albums.isdisjoint(rules.deleted_albums):
        return albums
    left = [name for name in albums if name not in wanted and _loses(name, rules, state, hidden)]
    return (albums | wanted).difference(left) if left or not wanted <= albums else albums


def _loses(name: str, rules: Rules, state: AssetState, hidden: bool) -> bool:
    """Whether an album loses an asset that it doesn't want: one of somebody whom it isn't about stays."""
    if name in rules.deleted_albums:
        return True
    rule = rules.managed.get(name)
    if rule is None or rule.entry.membership is not Membership.EXACT:
        return False
    return rule.entry.takes(state) and (not hidden or _asks_for_hidden(rule.entry))


def _asks_for_hidden(entry: AlbumEntry) -> bool:
    return entry.hidden or (entry.rule is not None and entry.rule.needs().hidden)
