"""What photos have beside their own fields: people, stacks, external libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.search import PeopleOf
from reconciler.live.choosing import listed
from reconciler.live.cost import list_cost
from reconciler.live.errand import Errand
from reconciler.live.people import PERSON_COST, People, people_asked, people_scanned
from reconciler.live.plan import What, read
from reconciler.model.asset import Asset, Beside
from reconciler.model.selectors import Needs


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

    def __post_init__(self) -> None:
        self.scanned = {} if self.with_scan else None

    def job(self) -> Callable[[], None] | None:
        """A job that asks for all that doesn't come with the photos."""
        jobs = []
        if self.needs.people and not self.with_scan:
            text = f"photos of {listed(sorted(self.needs.people))}"
            cost = list_cost(PERSON_COST * len(self.needs.people))
            jobs.append((self.errand.will(read(What.PEOPLE, text, cost)), self._people))
        if self.needs.stacks:
            jobs.append((self.errand.will(read(What.STACKS, "stacks", list_cost())), self._stacks))
        if self.needs.libraries:
            jobs.append(
                (self.errand.will(read(What.LIBRARIES, "external libraries", list_cost())), self._libraries)
            )

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

    def _people(self) -> int:
        def told(_what: str, done: int) -> None:
            self.errand.tell("people")(done)

        source, hidden = self.errand.source, self.needs.hidden
        self._asked = people_asked(source, self.needs, hidden=hidden, on_progress=told)
        return len(self._asked.of)

    def _stacks(self) -> int:
        self.stacked = self.errand.source.stacked()
        return len(self.stacked)

    def _libraries(self) -> int:
        self.libraries = (self.errand.around.libraries or self.errand.source.libraries)()
        return len(self.libraries)
