"""What becomes of all assets together, with the albums that sets make of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter

from reconciler.diff.albums import Matched, match_albums
from reconciler.diff.converge import Outcome, converge
from reconciler.diff.hits import Sieve, sift
from reconciler.diff.names import Resolution, names_of
from reconciler.diff.rules import AlbumRule, Rules
from reconciler.diff.sets import Expansion, expand
from reconciler.diff.states import states_of
from reconciler.diff.told import Told
from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums
from reconciler.model.asset import AssetState
from reconciler.model.attempts import NO_ATTEMPTS, Attempts
from reconciler.model.desired import AssetEntry, Desired
from reconciler.model.live import Live
from reconciler.model.origin import Origin, Problem
from reconciler.model.selectors import combined

SET_TURNS = 10
"""How often the albums of sets are worked out anew before it is called a loop."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The desired state with the albums of its sets, and what becomes of the assets under it."""

    desired: Desired
    names: Resolution
    sets: Expansion
    matched: Matched
    sieve: Sieve
    outcomes: Outcomes
    told: Told


def whole_of(
    desired: Desired, live: Live, attempts: Attempts = NO_ATTEMPTS, known: KnownAlbums = NOTHING_KNOWN
) -> Whole:
    """Works out the albums of sets from the photos as they will be, so that the next plan is empty.

    What else the files ask for may move a photo from group to group (a date, a tag), and the albums of sets
    may let other rules match. So it is asked anew of what comes out, until the sets stay as they are.
    """
    names = names_of(desired, live)
    matched = match_albums(desired.albums, live.albums)
    called = matched.called(live)
    states = states_of(live, called)
    sets = expand(desired, live, states, known)
    for _ in range(SET_TURNS):
        whole = replace(desired, albums=(*desired.albums, *sets.entries))
        matched = match_albums(whole.albums, live.albums)
        if (now := matched.called(live)) != called:
            states, called = states_of(live, now), now
        sieve = sift(states, _rules_of(whole, names, sets))
        found = Whole(whole, names, sets, matched, sieve, *_converge_all(sieve, attempts))
        outcomes = found.outcomes
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
    if needs.any_albums:
        return bool(outcomes.changed)
    return any(outcome.edited for outcome in outcomes.changed)


def _rules_of(desired: Desired, names: Resolution, sets: Expansion) -> Rules:
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
    managed: Collection[str]
    """The names of the albums whose members the files manage."""
    changed: list[Outcome] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    """Those of `changed`."""
    inside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Which of them will be in a managed album, by its name."""
    protected: dict[str, Origin] = field(default_factory=dict)
    """The assets that an entry protects, with its line."""
    matched: set[Origin] = field(default_factory=set)
    """The entries that match only what has changed."""

    def add(self, outcome: Outcome) -> None:
        """What becomes of one asset."""
        asset_id = outcome.start.asset.id
        self.changed.append(outcome)
        self.ids.add(asset_id)
        for name in outcome.albums:
            if name in self.managed:
                self.inside[name].add(asset_id)

    def members(self, album: str, now: frozenset[str]) -> frozenset[str]:
        """Who should be in a managed album that has these members now."""
        return (now - self.ids).union(self.inside.get(album, ()))

    def after(self) -> dict[str, AssetState]:
        """All assets as they will be."""
        return {**self.states, **{outcome.start.asset.id: outcome.state for outcome in self.changed}}


def _converge_all(sieve: Sieve, attempts: Attempts) -> tuple[Outcomes, Told]:
    """What becomes of every asset that an entry or album concerns, in the order in which they were read.

    Any order would do, but in this one they lie side by side in memory.
    """
    rules = sieve.rules
    outcomes, told = Outcomes(sieve.states, rules.managed.keys()), Told()
    concerned = sieve.concerned - sieve.as_named()
    for asset_id, start in sieve.states.items():
        if asset_id not in concerned:
            continue
        outcome = sieve.outcome(asset_id)
        if outcome is None:
            hits = sieve.hits(asset_id)
            outcome = converge(start, hits, rules, attempts)
            for entry in (*rules.named.get(asset_id, ()), *hits.entries):
                if entry.protect:
                    outcomes.protected.setdefault(asset_id, entry.origin)
            outcomes.matched.update(entry.origin for entry in outcome.later)
            told.take(outcome)
        outcomes.add(outcome)
    return outcomes, told
