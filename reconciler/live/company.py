"""What photos have beside their own fields: people, stacks, external libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.immich.search import PeopleOf
from reconciler.live.clauses import PEOPLE
from reconciler.live.cost import list_cost
from reconciler.live.errand import Errand
from reconciler.live.parts import Asked, Facts
from reconciler.live.people import PERSON_COST, People, people_asked, people_scanned, persons_called
from reconciler.live.plan import What, read
from reconciler.live.wording import listed
from reconciler.model.asset import Asset, Beside, Person
from reconciler.model.company import is_id
from reconciler.model.selectors import Needs
from reconciler.model.text import folded

STACKS = "stacks"
LIBRARIES = "external libraries"


@dataclass(slots=True)
class Company:
    """Reads what selectors need to know beside the photos themselves."""

    errand: Errand
    needs: Needs
    with_scan: bool
    """Whether people come with the scan of the library."""
    scanned: PeopleOf | None = field(init=False)
    stacked: frozenset[str] = frozenset()
    libraries: Mapping[str, str] = field(default_factory=dict)
    _asked: People = field(default_factory=People)
    _called: dict[str, list[Person]] | None = None
    _told: set[What] = field(default_factory=set)
    """What was read before the photos."""

    def __post_init__(self) -> None:
        self.scanned = {} if self.with_scan else None

    def in_facts(self, facts: Facts, asked: Iterable[Asked]) -> Facts:
        """The facts with who and what rules ask for, where searches can be narrowed by that."""
        slices = [one.slice for one in asked]
        if self.with_scan or self.errand.around.whole or any(one.whole for one in slices):
            return facts
        if any(one.people or one.named(PEOPLE) for one in slices):
            text = f"who is called {listed(sorted(self.needs.people))}"
            self._now(What.PEOPLE, text, self._names)
            called = self._called or {}
            people = {who: tuple(person.id for person in found) for who, found in called.items()}
            facts = replace(facts, people=people)
        names = {one.library for one in slices if one.library}
        if names:
            if self.needs.libraries:
                self._now(What.LIBRARIES, LIBRARIES, self._libraries)
            facts = replace(facts, libraries={folded(name): self._library_ids(name) for name in names})
        if any(one.stacked for one in slices):
            self._now(What.STACKS, STACKS, self._stacks)
            facts = replace(facts, stacked=self.stacked)
        return facts

    def _now(self, what: What, text: str, ask: Callable[[], int]) -> None:
        number = self.errand.will(read(what, text, list_cost()))
        with self.errand.during(number):
            self.errand.came(number, ask())
        self._told.add(what)

    def _library_ids(self, name: str) -> tuple[str, ...]:
        if is_id(name):
            return (name.lower(),)
        return tuple(sorted(key for key, one in self.libraries.items() if folded(one) == folded(name)))

    def job(self) -> Callable[[], None] | None:
        """A job that asks for all that doesn't come with the photos."""
        jobs = []
        if self.needs.people and not self.with_scan:
            text = f"photos of {listed(sorted(self.needs.people))}"
            each = PERSON_COST if self._called is None else 1
            cost = list_cost(each * len(self.needs.people))
            jobs.append((self.errand.will(read(What.PEOPLE, text, cost)), self._people))
        if self.needs.stacks and What.STACKS not in self._told:
            jobs.append((self.errand.will(read(What.STACKS, STACKS, list_cost())), self._stacks))
        if self.needs.libraries and What.LIBRARIES not in self._told:
            jobs.append((self.errand.will(read(What.LIBRARIES, LIBRARIES, list_cost())), self._libraries))

        def job() -> None:
            for number, ask in jobs:
                with self.errand.during(number):
                    self.errand.came(number, ask())

        return job if jobs else None

    def people(self) -> People:
        """The persons that are known and who is on which photo, once the photos are read."""
        if self.scanned is None:
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
        self._called = persons_called(self.errand.source, self.needs)
        return sum(map(len, self._called.values()))

    def _people(self) -> int:
        def told(_what: str, done: int) -> None:
            self.errand.tell("people")(done)

        source, hidden = self.errand.source, self.needs.hidden
        called = persons_called(source, self.needs) if self._called is None else self._called
        self._asked = people_asked(source, self.needs, called, hidden=hidden, on_progress=told)
        return len(self._asked.of)

    def _stacks(self) -> int:
        self.stacked = self.errand.source.stacked()
        return len(self.stacked)

    def _libraries(self) -> int:
        self.libraries = (self.errand.around.libraries or self.errand.source.libraries)()
        return len(self.libraries)
