"""What photos have beside their own fields: people, stacks, external libraries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.immich.filters import Branch
from reconciler.immich.search import PeopleOf, Selection
from reconciler.live.cost import Cost, list_cost, people_cost
from reconciler.live.errand import Errand
from reconciler.live.people.everyone import (
    Everyone,
    asked_of_everyone,
    in_parts,
    patterns_of,
    unhides,
    unlisted,
)
from reconciler.live.people.on_photos import (
    People,
    people_asked,
    people_scanned,
    persons_called,
    with_the_scan,
)
from reconciler.live.plan import What, read
from reconciler.live.searching.clauses import PEOPLE
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.parts import Asked
from reconciler.live.searching.wording import listed
from reconciler.model.asset import Asset, Beside, Person
from reconciler.model.company import PersonIs, is_id
from reconciler.model.desired import Desired
from reconciler.model.selectors import Needs
from reconciler.model.text import folded

SOMEBODY = 0.03
"""Seconds of the server for the photos of somebody: 13 to 52 ms, less the name."""

STACKS = "stacks"
LIBRARIES = "external libraries"


@dataclass(slots=True)
class Company:
    """Reads what selectors need to know beside the photos themselves."""

    errand: Errand
    needs: Needs
    scanned: PeopleOf | None = None
    """Takes in who is on each photo, where everybody on all of them must be known."""
    stacked: frozenset[str] = frozenset()
    libraries: Mapping[str, str] = field(default_factory=dict)
    everyone: Everyone = field(init=False)
    """Asks who is on some photos, where that is enough."""
    _asked: People = field(default_factory=People)
    _photos: dict[str, frozenset[str]] = field(default_factory=dict)
    """The photos of the persons that rules name, by id."""
    _hidden: bool = False
    """Whether it matters who is on hidden photos."""
    _called: dict[str, list[Person]] | None = None
    _patterns: tuple[PersonIs, ...] = ()
    """Wildcards, where it is enough to know all photos of those whose names fit."""
    _listed: tuple[Person, ...] = ()
    """The persons that the server lists, where names must fit wildcards."""
    _fit: tuple[Person, ...] = ()
    """Those whose names do fit, once who is on the photos has been read."""
    _told: set[What] = field(default_factory=set)
    """What was read before the photos."""

    def __post_init__(self) -> None:
        self.everyone = Everyone(self.errand)

    def meet(self, desired: Desired, facts: Facts) -> None:
        """Decides whether everybody on all photos is read, or of which photos that is enough."""
        around = self.errand.around
        self._hidden = self.needs.hidden or unhides(desired)
        of_all = with_the_scan(self.needs, facts.library)
        if self.needs.everyone and not of_all:
            asked = asked_of_everyone(desired)
            if around.whole or around.complete:
                asked = ()
            elif not in_parts(asked, facts):
                asked = self._by_name(desired, facts)
            of_all = not asked or not self.everyone.choose(asked, self._more_facts(asked, facts))
        if of_all:
            self._all()

    def _by_name(self, desired: Desired, facts: Facts) -> tuple[Asked, ...]:
        """The parts on whose photos everybody must be known, where it is enough to know whose names fit.

        Nothing where it isn't, or where all photos are read in any case: who is on them comes with them.
        """
        kept, patterns = self.errand.around.kept, patterns_of(desired)
        if not kept or self.errand.others or facts.library < kept.smallest or not kept.at_hand():
            return ()
        asked = asked_of_everyone(desired, by_name=True) + unlisted(hidden=self._hidden)
        fits = patterns and in_parts(asked, facts) and self._names_fit(patterns, facts)
        return asked if fits else ()

    def _names_fit(self, patterns: tuple[PersonIs, ...], facts: Facts) -> bool:
        """Asks whose names fit; whether their photos cost less than to ask who is on each photo."""

        found: list[Person] | None = None

        def ask() -> int:
            nonlocal found
            found = self.errand.source.people_at_once()
            return len(found or ())

        self._now(What.PEOPLE, f"who is called {listed([one.who for one in patterns])}", ask)
        self._patterns, self._listed = patterns, tuple(found or ())
        fitting = len(self._fitting(self._listed))
        return found is not None and fitting * SOMEBODY < people_cost(facts.library).seconds

    def _fitting(self, people: Iterable[Person]) -> dict[str, Person]:
        return {person.id: person for person in people if any(one.means(person) for one in self._patterns)}

    def begin(self, searched: Collection[Selection]) -> None:
        """Begins to ask who is on photos, where that doesn't come with these searches for photos."""
        if self.scanned is None and self.everyone.parts.selections and not self.everyone.begin(searched):
            self._all()

    def _all(self) -> None:
        self._patterns = ()
        self.scanned, self.everyone = {}, Everyone(self.errand)

    def _more_facts(self, asked: Iterable[Asked], facts: Facts) -> Facts:
        """The facts by which it can be asked who is on photos, for some of which more must be known."""
        slices = [one.slice for one in asked]
        hidden, passes = self._hidden, self.errand.source.dialect.passes(hidden=self._hidden)
        facts = replace(facts, hidden=hidden, passes=len(passes))
        if any(one.people for one in slices):
            facts = self._with_names(facts)
        if any(one.taken != (None, None) for one in slices):
            facts = replace(facts, settled=bool(self.errand.settled()))
        return facts

    def _with_names(self, facts: Facts) -> Facts:
        if self._called is None:
            text = f"who is called {listed(sorted(self.needs.people))}"
            self._now(What.PEOPLE, text, self._names, list_cost(len(self.needs.people)))
        called = self._called or {}
        people = {who: tuple(person.id for person in found) for who, found in called.items()}
        return replace(facts, people=people)

    def in_facts(self, facts: Facts, asked: Iterable[Asked]) -> Facts:
        """The facts with who and what rules ask for, where searches can be narrowed by that."""
        slices = [one.slice for one in asked]
        if self.scanned is not None or self.errand.around.whole or any(one.whole for one in slices):
            return facts
        if any(one.people or one.named(PEOPLE) for one in slices):
            facts = self._with_names(facts)
        names = {one.library for one in slices if one.library}
        if names:
            if self.needs.libraries:
                self._now(What.LIBRARIES, LIBRARIES, self._libraries)
            facts = replace(facts, libraries={folded(name): self._library_ids(name) for name in names})
        if any(one.stacked for one in slices):
            self._now(What.STACKS, STACKS, self._stacks)
            facts = replace(facts, stacked=self.stacked)
        return facts

    def _now(self, what: What, text: str, ask: Callable[[], int], cost: Cost | None = None) -> None:
        number = self.errand.will(read(what, text, cost or list_cost()))
        with self.errand.during(number):
            self.errand.came(number, ask())
        self._told.add(what)

    def _library_ids(self, name: str) -> tuple[str, ...]:
        if is_id(name):
            return (name.lower(),)
        return tuple(sorted(key for key, one in self.libraries.items() if folded(one) == folded(name)))

    def job(self, searched: Collection[Selection]) -> Callable[[], None] | None:
        """A job that asks for all that doesn't come with the photos, of which these searches are read."""
        jobs: list[tuple[int, Callable[[], int]]] = []
        unread = self._unread({*searched, *self.everyone.begun})
        fitting = sorted(person.name for person in self._fitting(self._listed).values())
        if self.scanned is None and (unread or self._patterns):
            text = f"photos of {listed([*unread, *fitting])}"
            cost = list_cost(len(unread) * (2 if self._called is None else 1) + len(fitting))
            number = self.errand.will(read(What.PEOPLE, text, cost))
            jobs.append((number, partial(self._people, searched)))
        if self.needs.stacks and What.STACKS not in self._told:
            jobs.append((self.errand.will(read(What.STACKS, STACKS, list_cost())), self._stacks))
        if self.needs.libraries and What.LIBRARIES not in self._told:
            jobs.append((self.errand.will(read(What.LIBRARIES, LIBRARIES, list_cost())), self._libraries))

        def job() -> None:
            self.everyone.finish()
            for number, ask in jobs:
                with self.errand.during(number):
                    self.errand.came(number, ask())

        return job if jobs or self.everyone.begun else None

    def people(self, found: Mapping[Selection, frozenset[str]]) -> People:
        """The persons that are known and who is on which photo; `found` are the photos of each search."""
        if self.scanned is None:
            persons, searched = self._persons(), {**found, **self.everyone.found}
            for person in (person for same in persons for person in same):
                if person.id not in self._photos:
                    alone = self._alone(person.id, searched)
                    self._photos[person.id] = searched[alone] if alone else frozenset()
            everybody = self.everyone.of
            self._asked = people_asked(self.errand.source, self.needs, persons, self._photos, everybody)
            return self._asked
        number = self.errand.will(
            read(What.PEOPLE, "persons who are on no photo that was read", list_cost(0))
        )
        with self.errand.during(number):
            return people_scanned(self.errand.source, self.needs, self.scanned)

    def beside(self, asset: Asset) -> Beside:
        """What was asked of an asset's people, stack and library."""
        of = self._asked.of if self.scanned is None else self.scanned
        library = self.libraries.get(asset.library_id) if asset.library_id else None
        return Beside(of.get(asset.id, frozenset()), asset.id in self.stacked, library)

    def _names(self) -> int:
        self._called = persons_called(self.errand, self.needs)
        return sum(map(len, self._called.values()))

    def _persons(self) -> list[list[Person]]:
        """Those that rules mean: whoever has the same of the names, and each whose name fits a wildcard."""
        return [*(self._called or {}).values(), *([person] for person in self._fit)]

    def _unread(self, searched: Collection[Selection]) -> list[str]:
        """The names that rules give, without those all of whose photos come with searches."""
        if self._called is None:
            return sorted(self.needs.people)
        return sorted(
            who
            for who in self.needs.people
            if not all(self._alone(person.id, searched) for person in self._called[folded(who)])
        )

    def _people(self, searched: Collection[Selection]) -> int:
        if self._called is None:
            self._names()
        # whom the server doesn't list has been seen on the photos that were read
        seen = frozenset[Person]().union(*self.everyone.of.values())
        self._fit = tuple(self._fitting((*seen, *self._listed)).values())
        come = {*searched, *self.everyone.begun}
        ids = sorted({person.id for same in self._persons() for person in same})
        unread = [one for one in ids if not self._alone(one, come)]
        told = self.errand.tell("people")

        def ask(person_id: str) -> None:
            self._photos[person_id] = self.errand.source.with_person(person_id, hidden=self._hidden)
            told(len(self._photos))

        self.errand.each(ask, unread)
        return sum(map(len, self._photos.values()))

    def _alone(self, person_id: str, searched: Collection[Selection]) -> Selection | None:
        """The search among these that asks for a person's photos and nothing else."""
        only = Selection((("personIds", (person_id,)),))
        enough = not self._hidden or self.errand.source.dialect.search_shows_all
        wanted = [only, replace(only, hidden=True)] if enough else [replace(only, hidden=True)]
        structured = Selection(branches=(Branch(((PEOPLE, "any", (person_id,)),)),), hidden=True)
        wanted += [structured] if self._hidden else [structured, replace(structured, hidden=False)]
        return next((one for one in wanted if one in searched), None)

    def _stacks(self) -> int:
        self.stacked = self.errand.source.stacked()
        return len(self.stacked)

    def _libraries(self) -> int:
        self.libraries = (self.errand.around.libraries or self.errand.source.libraries)()
        return len(self.libraries)
