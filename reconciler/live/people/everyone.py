"""Whose company must be known in full: of which photos rules ask for everybody, not for some by name.

`only`, wildcards, `has: people` and albums for each person need that. A search tells who is on the photos
that it finds, so it is enough to ask it about the photos that such a rule may match at all:

- A slice holds every photo that its rule matches, whatever is on it. A photo outside, of which only some
  persons are known or none, doesn't get into one by that: what a slice asks of people is that somebody is on
  the photo. So the rule says no to it, as it would if all were known.
- A plan may change photos so that they get into a slice. What it may change is left out of the slices, which
  are larger then.

Wildcards and albums for each person need less, where the photos themselves are kept: who has such a name, and
all their photos. The server lists everybody with a name who is on a photo of the timeline; whom it doesn't
list is seen on the archived photos.

Nothing of this can be kept from an earlier reading: adding, moving or taking away a face doesn't move the
time of the photo, nor for certain that of the person (seen on 2.5.6 and 3.1.0), and equal numbers of photos
may be other photos.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from reconciler.immich.answers import Mark
from reconciler.immich.keyset import OPEN
from reconciler.immich.scan import Begun
from reconciler.immich.search import PeopleOf, Selection
from reconciler.live.cost import FILTERED, PAGE, REQUEST, Cost, people_cost, total
from reconciler.live.errand import Errand
from reconciler.live.plan import Rejected, What, read
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.parts import Asked, Parts, parts_of
from reconciler.live.searching.slices import Slice, slices_of
from reconciler.live.searching.wording import described
from reconciler.model.asset import Person
from reconciler.model.company import PersonIs
from reconciler.model.desired import Desired
from reconciler.model.groupings import ByPerson
from reconciler.model.origin import Origin
from reconciler.model.selectors import All, AnyOf, Named, Selector, conditions_of
from reconciler.model.values import Field, Visibility

FEW_PHOTOS = PAGE
"""Up to this many photos, everybody on all of them comes with a page that is read in any case."""


def asked_of_everyone(desired: Desired, *, by_name: bool = False) -> tuple[Asked, ...]:
    """The parts of a library on whose photos everybody must be known, in the order of the files.

    `by_name`: all photos of those whose names rules ask for by `patterns_of` are known otherwise.
    """
    found: dict[Slice, list[Origin]] = {}
    for origin, selector in _that_ask(desired, by_name):
        for one in slices_of(selector):
            found.setdefault(_lasting(one, desired), []).append(origin)
    return tuple(Asked(one, tuple(dict.fromkeys(origins))) for one, origins in found.items())


def patterns_of(desired: Desired) -> tuple[PersonIs, ...]:
    """The wildcards that names must fit, `?*` for albums for each person: whoever has a name."""
    found = [one for rule in desired.rules for one in conditions_of(rule) if _asks_names(one)]
    for album_set in desired.album_sets:
        match album_set.grouping:
            case ByPerson(these=these) if not these or not all(one.one or _asks_names(one) for one in these):
                found.append(PersonIs("?*"))
    return tuple(dict.fromkeys(one for one in found if isinstance(one, PersonIs)))


def in_parts(asked: tuple[Asked, ...], facts: Facts) -> bool:
    """Whether it may be enough to know of these parts who is on their photos."""
    return facts.library > FEW_PHOTOS and not any(one.slice.whole for one in asked)


def unlisted(*, hidden: bool) -> tuple[Asked, ...]:
    """The photos on which persons may be whom the server doesn't list (FACTS 6)."""
    wanted = (Visibility.ARCHIVE, *([Visibility.HIDDEN] if hidden else []))
    return tuple(Asked(Slice(visibility=one), ()) for one in wanted)


def unhides(desired: Desired) -> bool:
    """Whether a plan may let hidden photos show."""
    return any(Field.VISIBILITY in entry.values for entry in desired.assets)


def _that_ask(desired: Desired, by_name: bool) -> Iterator[tuple[Origin, Selector]]:
    """The selectors that ask for everybody on the photos."""
    for entry in desired.assets:
        yield from ((entry.origin, one) for one in _alternatives(entry.rule, by_name))
    for album in desired.albums:
        for part in (album.rule, album.exclude):
            yield from ((album.origin, one) for one in _alternatives(part, by_name))
    for album_set in desired.album_sets:
        for part in album_set.rules:
            yield from ((album_set.origin, one) for one in _alternatives(part, by_name))
        known = by_name and isinstance(album_set.grouping, ByPerson)
        if album_set.grouping.needs().everyone and not known:
            yield album_set.origin, album_set.rule or All(())


def _alternatives(selector: Selector | None, by_name: bool) -> Iterator[Selector]:
    """Those of a selector's alternatives that ask for everybody."""
    match selector:
        case None:
            return
        case Named(_, part):
            yield from _alternatives(part, by_name)
        case AnyOf(parts):
            for part in parts:
                yield from _alternatives(part, by_name)
        case _ if any(
            one.needs().everyone and not (by_name and _asks_names(one)) for one in conditions_of(selector)
        ):
            yield selector


def _asks_names(condition: Selector) -> bool:
    """Whether a condition asks for everybody whose name fits, and not for faces without a name."""
    return isinstance(condition, PersonIs) and not condition.one and not condition.means(Person(""))


def _lasting(one: Slice, desired: Desired) -> Slice:
    """A slice without what a plan may change of photos, and without what only other reads can tell."""
    fields = frozenset(name for entry in desired.assets for name in entry.values)
    return replace(
        one,
        ids=None,
        checksums=None,
        stacked=False,
        albums=frozenset(),
        tags=frozenset() if any(entry.tags for entry in desired.assets) else one.tags,
        words=frozenset() if Field.LOCATION in fields else one.words,
        caption="" if Field.DESCRIPTION in fields else one.caption,
        favorite=None if Field.FAVORITE in fields else one.favorite,
        rating=None if Field.RATING in fields else one.rating,
        visibility=None if Field.VISIBILITY in fields else one.visibility,
        taken=OPEN if Field.TAKEN in fields else one.taken,
        where=frozenset(),
    )


@dataclass(slots=True)
class Everyone:
    """Reads who is on the photos of some searches. `of` takes them in; `found` are the photos of each."""

    errand: Errand
    of: PeopleOf = field(default_factory=dict)
    parts: Parts = field(default_factory=Parts)
    found: dict[Selection, frozenset[str]] = field(default_factory=dict)
    begun: dict[Selection, Begun[Mark]] = field(default_factory=dict)
    _counts: dict[Selection, int] = field(default_factory=dict)
    _numbers: dict[Selection, int] = field(default_factory=dict)
    _facts: Facts = field(default_factory=Facts)

    def choose(self, asked: tuple[Asked, ...], facts: Facts) -> bool:
        """Chooses the searches; whether they may cost less than to ask who is on each photo."""
        self.parts, self._facts = parts_of(asked, facts), facts
        least = len(self.parts.selections) * facts.passes * (REQUEST + facts.library * FILTERED)
        return not self.parts.whole and least < people_cost(facts.library).seconds

    def asked(self, selection: Selection) -> PeopleOf | None:
        """What takes in who is on the photos of a search for photos, if that is asked for."""
        return self.of if selection in self.parts.selections else None

    def begin(self, searched: Collection[Selection]) -> bool:
        """Begins the searches that aren't among those for photos; whether they do cost less."""
        alone = [one for one in self.parts.selections if one not in searched]
        most = people_cost(self._facts.library)
        self._look(alone)
        cost = total(map(self._cost, alone))
        if cost.seconds <= most.seconds:
            self._reject("who is on each photo of the library", "costs more", most)
            return True
        for selection, number in self._numbers.items():
            first = people_cost(self.begun[selection].rows)
            self.errand.reads[number] = replace(self.errand.reads[number], cost=first, fewest=0)
        self._reject(f"who is on the photos of {len(alone):,} searches", "who is on all photos costs less")
        return False

    def finish(self) -> None:
        """Reads what was begun to its end."""

        def rest(selection: Selection) -> None:
            number = self._numbers[selection]
            told, stop = self.errand.tell("people"), self.errand.stop
            with self.errand.during(number):
                self.found[selection] = self.errand.source.finish_people(
                    self.begun[selection],
                    expected=self._counts.get(selection),
                    on_progress=told,
                    stop=stop,
                )
            self.errand.came(number, len(self.found[selection]))

        self.errand.each(rest, list(self.begun))

    def _look(self, wanted: list[Selection]) -> None:
        """The first pages, and how many photos there are where these are not all."""
        for selection in wanted:
            text = f"who is on photos ({described(selection, self._facts)})"
            self._numbers[selection] = self.errand.will(
                read(What.PEOPLE, text, because=self.parts.selections[selection])
            )

        def look(selection: Selection) -> Begun[Mark]:
            with self.errand.during(self._numbers[selection]):
                begun = self.errand.source.begin_people(selection, self.of, stop=self.errand.stop)
                if begun.more:
                    self._counts[selection] = self.errand.source.size_of(selection)
            return begun

        self.begun |= zip(wanted, self.errand.each(look, wanted), strict=True)
        for selection, number in self._numbers.items():
            cost = self._cost(selection)
            planned = self.errand.reads[number]
            self.errand.reads[number] = replace(planned, cost=cost, fewest=cost.requests)

    def _cost(self, selection: Selection) -> Cost:
        rows = self._counts.get(selection, self.begun[selection].rows)
        return people_cost(rows, self._facts.library)

    def _reject(self, way: str, why: str, cost: Cost | None = None) -> None:
        self.errand.rejected.append(Rejected(way, why, cost))
