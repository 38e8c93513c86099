"""What one asset becomes when the files are applied to it again and again until nothing changes any more.

A rule may match because of what another rule writes (an album of a tag that the same files give). So the
wishes are asked anew of the state they lead to, until it is stable; then a second plan is empty by
construction. Every selector looks at one asset only, so each asset converges on its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from reconciler.diff.rules import Hits, Rules, hits_after, memberships
from reconciler.diff.wishes import Conflict, TagsTogether, field_wishes, tags_wish, wanted_tags
from reconciler.model.asset import READ, AssetState
from reconciler.model.attempts import Attempt, Attempts
from reconciler.model.desired import AssetEntry, Setting
from reconciler.model.origin import Origin
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

Values = Mapping[Field, Setting[FieldValue]]
Lines = Mapping[str, Origin]
Undoings = Mapping[str, tuple[Attempt, Origin]]

NO_VALUES: Values = {}
NO_LINES: Lines = {}
NO_UNDOINGS: Undoings = {}


@dataclass(slots=True)
class Outcome:
    """Where an asset ends up, and which line is the cause of each difference.

    `values` are the fields that are written; `tags` and `albums` are all that the asset will have.
    """

    start: AssetState
    tags: frozenset[str]
    albums: frozenset[str]
    values: Values
    lines: Lines
    """The lines of the tags that come or go, by their paths."""
    undone: Undoings
    """The attempts that were undone before, by aspect, and the lines that ask for them still."""
    conflicts: Sequence[Conflict] = ()
    looping: tuple[Origin, ...] = ()
    zone_ruled: Origin | None = None
    """The line of a date whose offset the place overrides; the instant is as wished."""
    later: Sequence[AssetEntry] = ()
    """The entries that match it once something of it has changed, where others do than at the start."""

    @classmethod
    def unchanged(cls, start: AssetState) -> Outcome:
        """The asset as it is."""
        return cls(start, start.tags, start.albums, NO_VALUES, NO_LINES, NO_UNDOINGS)

    @property
    def edited(self) -> bool:
        """Whether anything but the albums changes."""
        return bool(self.values) or self.tags != self.start.tags

    @property
    def state(self) -> AssetState:
        """The asset as it will be."""
        written = Edit(self.values, self.tags, self.lines).of(self.start)
        return written if self.albums == written.albums else replace(written, albums=self.albums)

    def take(self, edit: Edit, albums: frozenset[str]) -> None:
        """Adds a step."""
        self.values = {**self.values, **edit.values} if self.values else edit.values
        self.lines = {**self.lines, **edit.lines} if self.lines else edit.lines
        self.tags, self.albums = edit.tags, albums

    def give_up(self) -> None:
        """Leaves the asset as it is."""
        self.tags, self.albums = self.start.tags, self.start.albums
        self.values, self.lines = NO_VALUES, NO_LINES


class Edit(NamedTuple):
    """What one step writes to an asset: fields, and tags, of which all that it will have are here.

    `lines` are those of the tags that come or go.
    """

    values: Values
    tags: frozenset[str]
    lines: Lines

    def hides(self, state: AssetState) -> bool:
        """Whether the asset is hidden once this is written."""
        wish = self.values.get(Field.VISIBILITY)
        return (wish.value if wish else state.asset.visibility) is Visibility.HIDDEN

    def of(self, state: AssetState) -> AssetState:
        """The asset once this is written; the same object where nothing is."""
        if not self.values and self.tags == state.tags:
            return state
        written = {name: setting.value for name, setting in self.values.items()}
        return AssetState(state.asset.with_values(written), self.tags, state.albums, state.beside)


def converge(start: AssetState, hits: Hits, rules: Rules, attempts: Attempts) -> Outcome:
    """Applies the rules to an asset until its state is stable; `hits` is what matches it at the start.

    A conflict, or a loop of rules that undo each other, leaves the asset as it was and is told.
    """
    outcome = Outcome.unchanged(start)
    if rules.only_names:
        _converge_at_once(outcome, hits, rules, attempts)
        return outcome
    state, seen = start, [start]
    trail: set[Origin] = set()
    for _ in range(ROUNDS_LIMIT):
        edit = _edit(outcome, state, hits, rules, attempts)
        if outcome.conflicts:
            outcome.give_up()
            return outcome
        written = edit.of(state)
        hits = hits_after(hits, state, written, rules)
        albums = memberships(state, hits.albums, rules, hidden=edit.hides(state))
        after = written if albums == written.albums else replace(written, albums=albums)
        if after is state or after == state:
            return outcome
        outcome.take(edit, albums)
        if written is state and not rules.look_at_albums:
            return outcome
        trail.update((setting.origin for setting in edit.values.values()), edit.lines.values())
        if after in seen:
            break
        seen.append(after)
        hits = hits_after(hits, written, after, rules)
        outcome.later = hits.entries
        state = after
    outcome.looping = tuple(sorted(trail or {rule.entry.origin for rule in rules.albums}))
    outcome.give_up()
    return outcome


def _converge_at_once(outcome: Outcome, hits: Hits, rules: Rules, attempts: Attempts) -> None:
    """Where no rule looks at an asset, the first step is the last, and nobody needs the state after it."""
    start = outcome.start
    edit = _edit(outcome, start, hits, rules, attempts)
    if not outcome.conflicts:
        outcome.take(edit, memberships(start, hits.albums, rules, hidden=edit.hides(start)))


def _edit(outcome: Outcome, state: AssetState, hits: Hits, rules: Rules, attempts: Attempts) -> Edit:
    """What the matching entries ask for that isn't so; what is told of it goes into the outcome."""
    named = rules.named.get(state.asset.id, ())
    if not named and not hits.entries:
        return Edit(NO_VALUES, state.tags, NO_LINES)
    conflicts: list[Conflict] = []
    wishes = field_wishes(named, hits.entries, conflicts)
    tags = tags_wish(named, hits.entries, conflicts)
    outcome.conflicts = conflicts
    values = _changed_fields(outcome, state, wishes, attempts)
    if tags is None:
        return Edit(values, state.tags, NO_LINES)
    return Edit(values, *_changed_tags(outcome, state, tags, attempts))


def _changed_fields(outcome: Outcome, state: AssetState, wishes: Values, attempts: Attempts) -> Values:
    asset = state.asset
    place = wishes.get(Field.LOCATION)
    place_managed = place is not None and isinstance(place.value, Coordinates)
    changed: dict[Field, Setting[FieldValue]] = {}
    for name, wish in wishes.items():
        live = READ[name](asset)
        if live == wish.value:
            if name is Field.TAKEN:
                outcome.zone_ruled = None
            continue
        if not differs(name, live, wish.value, place_managed):
            if name is Field.TAKEN and place_managed and asset.zone_from_place:
                outcome.zone_ruled = None if same(name, live, wish.value) else wish.origin
            continue
        attempt = attempts.get((asset.id, name.value)) if attempts else None
        if attempt and _as_before(attempt, wish.value, live):
            outcome.undone = {**outcome.undone, name.value: (attempt, wish.origin)}
            continue
        changed[name] = wish
    return changed


def differs(name: Field, live: FieldValue, wanted: FieldValue, place_managed: bool) -> bool:
    """Whether a wish asks for another value. A place that the files set decides the zone (FINDINGS 10)."""
    if place_managed and name is Field.TAKEN and isinstance(live, Taken) and isinstance(wanted, Taken):
        return not same_instant(live, wanted)
    return not same(name, live, wanted)


def _as_before(attempt: Attempt, wanted: FieldValue, live: FieldValue) -> bool:
    return attempt.wanted == value_text(wanted) and attempt.came_back == value_text(live)


def _changed_tags(
    outcome: Outcome, state: AssetState, wish: TagsTogether, attempts: Attempts
) -> tuple[frozenset[str], Lines]:
    """The tags that the asset will have, and the lines of those that come or go."""
    wanted = wanted_tags(wish, state.tags)
    lines: dict[str, Origin] = {}
    for sign, paths in (("+", wanted - state.tags), ("-", state.tags - wanted)):
        for path in paths:
            origin = wish.origin_of(path)
            attempt = attempts.get((state.asset.id, f"tag{sign}{path}")) if attempts else None
            if attempt:
                outcome.undone = {**outcome.undone, attempt.aspect: (attempt, origin)}
                wanted = wanted - {path} if sign == "+" else wanted | {path}
            else:
                lines[path] = origin
    return wanted, lines
