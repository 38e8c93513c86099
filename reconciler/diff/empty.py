"""Rules that match no photo: no mistake, since photos may come, but often a name that is spelt otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.diff.changes import Note
from reconciler.diff.references import instead
from reconciler.diff.whole import Whole
from reconciler.model.asset import album_name
from reconciler.model.conditions import HasTag, InAlbum
from reconciler.model.live import Live
from reconciler.model.origin import Origin
from reconciler.model.selectors import All, AnyOf, Named, Selector, conditions_of
from reconciler.model.text import folded

SHOWN = 5
"""Rules that are told one by one; of the others only how many there are."""


def notes_on_empty(whole: Whole, live: Live, missing: Iterable[Origin | None]) -> tuple[Note, ...]:
    """The rules of entries and albums that match nothing, neither now nor once the files are applied.

    Those that name somebody or something at one of the places in `missing` are told there already.
    """
    told = frozenset(missing)
    empty = [
        (rule, origin)
        for rule, origin in _rules(whole)
        if not any(getattr(condition, "origin", None) in told for condition in conditions_of(rule) if told)
    ]
    if not empty:
        return ()
    known = _Known.of(whole, live)
    notes = [
        Note(f"no photo matches this rule{known.reason(rule)}", origin) for rule, origin in empty[:SHOWN]
    ]
    more = len(empty) - SHOWN
    if more > 0:
        text = f"{more} more {'rule matches' if more == 1 else 'rules match'} no photo"
        notes.append(Note(text, empty[SHOWN][1]))
    return tuple(notes)


def unknown_name(rule: Selector, live: Live) -> str:
    """Which tag or album that a rule asks for is not on the server; empty where all of them are."""
    known = _Known(frozenset(live.tags), _albums(live))
    return known.reason(rule).removeprefix(": ")


def _rules(whole: Whole) -> list[tuple[Selector, Origin]]:
    matched = whole.sieve.matched | whole.outcomes.matched
    found = [
        (entry.rule, entry.origin)
        for entry in whole.sieve.rules.general
        if entry.rule is not None and entry.origin not in matched
    ]
    found += [
        (rule.entry.rule, rule.entry.origin)
        for rule in whole.sieve.rules.ruled
        if rule.entry.rule is not None
        and rule.entry.origin not in matched
        and not whole.outcomes.inside.get(rule.entry.name)
    ]
    return sorted(found, key=lambda item: item[1])


@dataclass(frozen=True, slots=True)
class _Known:
    """The tags and albums that are there, or that the files make."""

    tags: frozenset[str]
    albums: frozenset[str]

    @classmethod
    def of(cls, whole: Whole, live: Live) -> _Known:
        wishes = [entry.tags for entry in whole.desired.assets if entry.tags]
        given = {path for wish in wishes for path in wish.add | (wish.exact or frozenset())}
        made = {entry.name for entry in whole.desired.albums}
        return cls(
            frozenset(live.tags) | given | {entry.path for entry in whole.desired.tags},
            _albums(live) | {album_name(name) for name in made},
        )

    def reason(self, rule: Selector) -> str:
        """The first name in a rule that nothing bears."""
        for condition in _asked_for(rule):
            match condition:
                case HasTag(path) if not self._is_tag(path):
                    return f": there is no tag {path!r}{instead(path, self.tags)}"
                case InAlbum(name) if folded(name) not in map(folded, self.albums):
                    return f": there is no album {name!r}{instead(name, self.albums)}"
        return ""

    def _is_tag(self, path: str) -> bool:
        return path in self.tags or any(tag.startswith(path + "/") for tag in self.tags)


def _albums(live: Live) -> frozenset[str]:
    """The names of the account's albums, and of those that other people share with it."""
    return frozenset(album.name for album in live.albums) | frozenset(live.other_albums.values())


def _asked_for(rule: Selector) -> Iterator[Selector]:
    """The conditions that a photo has to meet, without those that it must not."""
    match rule:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _asked_for(part)
        case Named(_, part):
            yield from _asked_for(part)
        case _:
            yield rule
