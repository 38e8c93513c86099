"""Whose photos a rule is about: the account's own, unless it names other people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.model.asset import AssetState, Owner
from reconciler.model.company import OnlyPeople, PersonIs, Stacked, is_id
from reconciler.model.conditions import FavoriteIs, Has, HasTag, Part
from reconciler.model.origin import Origin
from reconciler.model.selectors import NOTHING, All, AnyOf, Named, Needs, Not, OneByOne, Selector
from reconciler.model.text import folded

ME = "me"
ANYBODY = "any"


@dataclass(frozen=True, slots=True)
class OwnerIs(OneByOne):
    """Belongs to somebody: `me`, `any` (everybody whose photos are shown), or by address, name or id."""

    who: str
    origin: Origin | None = field(default=None, compare=False, repr=False)
    _folded: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_folded", folded(self.who))

    @property
    def named(self) -> bool:
        """Whether it names somebody, who must be there."""
        return self.who not in (ME, ANYBODY)

    def means(self, owner: Owner) -> bool:
        """Whether this is who is meant."""
        if not self.named:
            return self.who == ANYBODY or owner.me
        if is_id(self.who):
            return owner.id == self.who.lower()
        return self._folded in (folded(owner.email), folded(owner.name))

    def takes(self, owner: Owner | None) -> bool:
        """Whether somebody's photos are meant; None is the account, where no rule asks who it is."""
        return not self.named if owner is None else self.means(owner)

    def matches(self, state: AssetState) -> bool:
        return self.takes(state.beside.owner)

    def needs(self) -> Needs:
        return NOTHING if self.who == ME else Needs(owners=frozenset({self.who}))


Owners = frozenset[OwnerIs]
ONLY_ME: Owners = frozenset({OwnerIs(ME)})


def owners_in(selector: Selector) -> Iterator[OwnerIs]:
    """The owners that a rule names; within `not` they only narrow, and don't count."""
    match selector:
        case OwnerIs():
            yield selector
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from owners_in(part)
        case Named(_, part):
            yield from owners_in(part)


def owners_of(selector: Selector | None) -> Owners:
    """Whose photos a rule is about: of those it names, and of the account where it names nobody."""
    found = frozenset(owners_in(selector)) if selector else frozenset()
    return found or ONLY_ME


def reaches_others(owners: Owners) -> bool:
    """Whether photos of other people may be meant."""
    return owners != ONLY_ME and any(owner.who != ME for owner in owners)


def takes(owners: Owners, owner: Owner | None) -> bool:
    """Whether somebody's photos are meant; None is the account, where no rule asks who it is."""
    return any(one.takes(owner) for one in owners)


def with_owners(selector: Selector) -> Selector:
    """The rule with `me` added to each alternative that names nobody, where another names somebody.

    A rule that names nobody at all is left as it is: it is asked about the account's own photos only.
    """
    return _completed(selector) if any(owners_in(selector)) else selector


def _completed(selector: Selector) -> Selector:
    if _names_always(selector):
        return selector
    if not any(owners_in(selector)):
        parts = selector.parts if isinstance(selector, All) else (selector,)
        return All((*parts, OwnerIs(ME)))
    match selector:
        case All(parts):
            return All(tuple(_completed(part) if any(owners_in(part)) else part for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_completed(part) for part in parts))
        case Named(name, part):
            return Named(name, _completed(part))
        case _:
            raise TypeError(f"{type(selector).__name__} names nobody")


def _names_always(selector: Selector) -> bool:
    """Whether every alternative names somebody."""
    match selector:
        case OwnerIs():
            return True
        case All(parts):
            return any(_names_always(part) for part in parts)
        case AnyOf(parts):
            return all(_names_always(part) for part in parts)
        case Named(_, part):
            return _names_always(part)
        case _:
            return False


Untold = tuple[str, Origin | None]
"""A key whose condition the server doesn't tell of other people's photos, and where it stands."""


def untold(selector: Selector) -> Iterator[Untold]:
    """Conditions that a rule may have to ask of other people's photos and that the server doesn't tell.

    Their hearts read as none, their tags can't be listed, their people and stacks are not shown.
    """
    match selector:
        case All(parts):
            if not any(_only_own(part) for part in parts):
                for part in parts:
                    yield from untold(part)
        case AnyOf(parts):
            for part in parts:
                yield from untold(part)
        case Not(part) | Named(_, part):
            yield from untold(part)
        case FavoriteIs():
            yield "favorite", selector.origin
        case HasTag():
            yield "tags", selector.origin
        case PersonIs():
            yield "people", selector.origin
        case OnlyPeople(these):
            yield "people", these[0].origin if these else None
        case Stacked():
            yield "stacked", selector.origin
        case Has(Part.TAGS | Part.PEOPLE as part):
            yield f"{'has' if selector.wanted else 'lacks'}: {part}", selector.origin


def _only_own(selector: Selector) -> bool:
    """Whether only photos of the account can match."""
    match selector:
        case OwnerIs(who):
            return who == ME
        case All(parts):
            return any(_only_own(part) for part in parts)
        case AnyOf(parts):
            return bool(parts) and all(_only_own(part) for part in parts)
        case Named(_, part):
            return _only_own(part)
        case _:
            return False
