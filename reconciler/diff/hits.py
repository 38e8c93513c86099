"""Asks every rule about the whole library at once, and tells which assets need a closer look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.diff.converge import Outcome
from reconciler.diff.index import Index
from reconciler.diff.rules import NO_HITS, NOWHERE, AlbumRule, Hits, Rules, memberships
from reconciler.model.asset import NOTHING_BESIDE, READ, Asset, AssetState
from reconciler.model.desired import AssetEntry
from reconciler.model.origin import Origin
from reconciler.model.selectors import Selector
from reconciler.model.values import Visibility, same


@dataclass(slots=True)
class Sieve:
    """What matches each asset in its live state; assets that nothing concerns are not in it."""

    states: Mapping[str, AssetState]
    rules: Rules
    entries: dict[str, list[AssetEntry]] = field(default_factory=lambda: defaultdict(list))
    albums: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    concerned: set[str] = field(default_factory=set)
    moving: dict[str, frozenset[str]] = field(default_factory=dict)
    """The albums that an asset will be in, where they change, as far as its live state decides."""
    matched: set[Origin] = field(default_factory=set)
    """The entries and albums whose rules match anything."""

    def outcome(self, asset_id: str) -> Outcome | None:
        """What becomes of an asset of which nothing changes but its albums; None where that isn't sure."""
        if self.rules.look_at_albums or asset_id in self.entries or asset_id in self.rules.named:
            return None
        outcome = Outcome.unchanged(self.states[asset_id])
        outcome.albums = self.moving[asset_id]
        return outcome

    def as_named(self) -> set[str]:
        """Assets of which only one entry, one that names them, asks anything, and all of that is so."""
        found = set()
        for asset_id, named in self.rules.named.items():
            state = self.states.get(asset_id)
            if state is None or len(named) > 1 or asset_id in self.entries or asset_id in self.moving:
                continue
            (entry,) = named
            if entry.tags is None and _is_so(state.asset, entry):
                found.add(asset_id)
        return found

    def hits(self, asset_id: str) -> Hits:
        """The rules and albums that match an asset."""
        grouped = self.rules.grouped.get(asset_id)
        if asset_id not in self.entries and asset_id not in self.albums:
            return NO_HITS if grouped is None else Hits(albums=grouped)
        return Hits(tuple(self.entries.get(asset_id, ())), self.wanting(asset_id))

    def wanting(self, asset_id: str) -> frozenset[str]:
        """The names of the albums that want an asset."""
        grouped = self.rules.grouped.get(asset_id, NOWHERE)
        found = self.albums.get(asset_id)
        return grouped if found is None else grouped | found


def _is_so(asset: Asset, entry: AssetEntry) -> bool:
    for name, wish in entry.values.items():
        value = READ[name](asset)
        if value != wish.value and not same(name, value, wish.value):
            return False
    return True


def sift(states: Mapping[str, AssetState], rules: Rules) -> Sieve:
    """Asks the rules about all assets. One is concerned if an entry touches it or its albums may change."""
    sieve = Sieve(states, rules)
    library = _Library(*own_and_others(states.values()))
    for entry in rules.general:
        assert entry.rule is not None
        found = library.asked_by(entry.rule).select(entry.rule)
        if found:
            sieve.matched.add(entry.origin)
        for state in found:
            sieve.entries[state.asset.id].append(entry)
    for rule in rules.ruled:
        wanted = _wanted(rule, library)
        if wanted:
            sieve.matched.add(rule.entry.origin)
        for asset_id in wanted:
            sieve.albums[asset_id].add(rule.entry.name)
    sieve.concerned = rules.named.keys() | sieve.entries.keys()
    sieve.moving = dict(_moving(sieve))
    sieve.concerned |= sieve.moving.keys()
    return sieve


def own_and_others(states: Iterable[AssetState]) -> tuple[list[AssetState], list[AssetState]]:
    """The account's own photos, and those of other people."""
    every = list(states)
    others = [state for state in every if state.beside is not NOTHING_BESIDE and not state.own]
    return ([state for state in every if state.own] if others else every), others


@dataclass(slots=True)
class _Library:
    """The photos that rules are asked about: the account's own, for some those of others, too."""

    own: list[AssetState]
    others: list[AssetState]
    _indexes: dict[tuple[bool, bool], Index] = field(default_factory=dict)

    def asked_by(self, rule: Selector, *, reaches_others: bool = False) -> Index:
        """Those that a rule is asked about; hidden ones only where it asks for them."""
        kind = reaches_others and bool(self.others), rule.needs().hidden
        if kind not in self._indexes:
            others, hidden = kind
            every = self.own + self.others if others else self.own
            shown = (state for state in every if state.asset.visibility is not Visibility.HIDDEN)
            self._indexes[kind] = Index(every if hidden else list(shown))
        return self._indexes[kind]


def _wanted(rule: AlbumRule, library: _Library) -> set[str]:
    entry = rule.entry
    if entry.rule is None:
        return set()
    found = library.asked_by(entry.rule, reaches_others=rule.reaches_others).select(entry.rule)
    left_out = {state.asset.id for state in entry.exclude.select(found)} if entry.exclude else set()
    return {state.asset.id for state in found} - left_out


def _moving(sieve: Sieve) -> Iterable[tuple[str, frozenset[str]]]:
    """Assets whose albums change even if nothing else of them does, with the albums they will be in."""
    rules = sieve.rules
    if not rules.albums and not rules.deleted_albums:
        return
    grouped, only_groups = rules.grouped, not sieve.albums
    for asset_id, state in sieve.states.items():
        wanting = grouped.get(asset_id, NOWHERE) if only_groups else sieve.wanting(asset_id)
        if wanting == state.albums and asset_id not in rules.named_in and not rules.deleted_albums:
            continue
        hidden = state.asset.visibility is Visibility.HIDDEN
        albums = memberships(state, wanting, rules, hidden=hidden)
        if albums is not state.albums and albums != state.albums:
            yield asset_id, albums
