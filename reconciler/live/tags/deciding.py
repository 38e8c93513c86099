"""Whether it matters that a photo carries a tag itself, where it is only known to carry one below it. Pure.

A search for a tag also finds what carries a tag below it, and only a look at the photo tells them apart
(FACTS 3.2). That look is saved where nothing that the files ask for comes out differently. So every rule is
asked with three answers: yes, no, and None for «that depends», on such a tag or on something that the same
files may change, since rules are asked again about the state they lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reconciler.live.searching.names import Names
from reconciler.model.asset import Asset, AssetState
from reconciler.model.conditions import Has, HasTag, Part
from reconciler.model.desired import AlbumEntry, AlbumSet, AssetEntry, Desired, TagsWish
from reconciler.model.fields import fields_of
from reconciler.model.groupings import ByTag
from reconciler.model.selectors import All, AnyOf, Named, Not, Selector, conditions_of

Answer = bool | None
"""What a rule says; None where that depends."""

Asks = Callable[[frozenset[str]], bool]
"""Whether photos that a rule means need to be known by some of these tags."""


class Deciding:
    """Tells for which photos an open tag decides something that a desired state asks for."""

    def __init__(self, desired: Desired) -> None:
        self._rules = tuple(_rules(desired))
        self._named = _Named(desired.assets)
        wishes = [entry.tags for entry in desired.assets if entry.tags]
        self._written = frozenset(field for entry in desired.assets for field in entry.values)
        self._moved = frozenset[str]().union(*(wish.mentioned for wish in wishes))
        self._any_moves = any(wish.exact is not None for wish in wishes)

    def matters(self, state: AssetState, open_tags: frozenset[str]) -> bool:
        """Whether any of these tags decides something about a photo.

        `state` has the tags that it certainly carries, of each open one a tag below it among them, and all
        that was asked of people, stacks and libraries. Its albums are not looked at.
        """
        for rule in self._rules:
            names, asks = not rule.tags.isdisjoint(open_tags), rule.asks(open_tags)
            if not (names or asks):
                continue
            answer = self.answer(rule.selector, state, open_tags)
            if (answer is None and names) or (answer is not False and asks):
                return True
        return self._named.asks(state.asset, open_tags)

    def answer(self, selector: Selector, state: AssetState, open_tags: frozenset[str]) -> Answer:
        """What a rule says of a photo, now and after whatever the files may do to it."""
        match selector:
            case All(parts):
                return _every(self.answer(part, state, open_tags) for part in parts)
            case AnyOf(parts):
                return _turned(_every(_turned(self.answer(part, state, open_tags)) for part in parts))
            case Not(part):
                return _turned(self.answer(part, state, open_tags))
            case Named(_, part):
                return self.answer(part, state, open_tags)
            case HasTag():
                return self._has_tag(selector, state, open_tags)
            case Has(Part.TAGS, wanted):
                return wanted if state.tags and not self._moved and not self._any_moves else None
        fields = fields_of(selector)
        return selector.matches(state) if fields is not None and fields.isdisjoint(self._written) else None

    def _has_tag(self, selector: HasTag, state: AssetState, open_tags: frozenset[str]) -> Answer:
        below = selector.path + "/"
        if self._any_moves or selector.path in self._moved:
            return None
        if selector.branch and any(path.startswith(below) for path in self._moved):
            return None
        if selector.path in open_tags:
            return True if selector.branch else None
        return selector.matches(state)


def _every(answers: Iterable[Answer]) -> Answer:
    found: Answer = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            found = None
    return found


def _turned(answer: Answer) -> Answer:
    return None if answer is None else not answer


# What rules ask


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, the tags that it names, and what has to be known of the photos that it means."""

    selector: Selector
    tags: frozenset[str]
    asks: Asks


def _rules(desired: Desired) -> Iterator[_Rule]:
    for entry in desired.assets:
        if entry.rule:
            yield _rule(entry.rule, _asks_for(entry.tags) if entry.tags else _asks_nothing)
    for album in desired.albums:
        if album.rule and not album.absent:
            yield _rule(_without(album.rule, album), _asks_nothing)
    for album_set in desired.album_sets:
        grouping = album_set.grouping
        asks = _asks_by(grouping) if isinstance(grouping, ByTag) else _asks_nothing
        yield _rule(_without(album_set.rule or All(()), album_set), asks)


def _without(rule: Selector, entry: AlbumEntry | AlbumSet) -> Selector:
    return All((rule, Not(entry.exclude))) if entry.exclude else rule


def _rule(selector: Selector, asks: Asks) -> _Rule:
    named = (one for one in conditions_of(selector) if isinstance(one, HasTag) and not one.branch)
    return _Rule(selector, frozenset(one.path for one in named), asks)


def _asks_nothing(_open_tags: frozenset[str]) -> bool:
    return False


def _asks_for(wish: TagsWish) -> Asks:
    """What comes off a photo is told with what is left, so all of its tags count."""
    if wish.remove or wish.exact is not None:
        return bool
    return lambda open_tags: not wish.add.isdisjoint(open_tags)


def _asks_by(grouping: ByTag) -> Asks:
    return lambda open_tags: any(map(grouping.takes, open_tags))


class _Named:
    """The photos that are named one by one and whose tags are managed."""

    def __init__(self, entries: Iterable[AssetEntry]) -> None:
        wishes = [(entry.name, entry.tags) for entry in entries if entry.name and entry.tags]
        self._asks = tuple(dict.fromkeys(wish for _, wish in wishes))
        self._names = Names(name for name, _ in wishes)

    def asks(self, asset: Asset, open_tags: frozenset[str]) -> bool:
        """Whether an asset may be one of them, and any of these tags counts."""
        return self._names.mean(asset) and any(_asks_for(wish)(open_tags) for wish in self._asks)
