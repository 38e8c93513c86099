"""One reading under way: what it has planned, how it runs several questions at once, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import TypeVar

from reconciler.immich.pool import bounded
from reconciler.live.cost import list_cost
from reconciler.live.kept.photos import Kept
from reconciler.live.meter import Meter
from reconciler.live.plan import Read, ReadingPlan, Rejected, What, read
from reconciler.live.source import Source
from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums

A = TypeVar("A")
B = TypeVar("B")

OnProgress = Callable[[str, int], None]
"""Told what is being read and how many of it are there."""


def quiet(_what: str, _done: int) -> None:
    """Progress for nobody."""


def nobody_knows() -> bool | None:
    """Whether edits wait in the queues, where no key shows the queues."""
    return None


@dataclass(frozen=True, slots=True)
class Around:
    """What a reading needs to know and may use beside the files and the server."""

    settled: Callable[[], bool | None] = nobody_knows
    """Tells whether no edit waits in the server's queues; None where no key shows that."""
    sees_queues: bool = False
    """Whether there is a key that shows it."""
    may_check: bool = False
    """Whether the key may ask which files are there."""
    may_map: bool = False
    """Whether the key may ask where photos are on the map."""
    whole: bool = False
    """All photos are wanted, whatever rules ask for, also to tell why one is not meant."""
    complete: bool = False
    """The state is put down for plans of other files too: what decides nothing here is read as well."""
    libraries: Callable[[], Mapping[str, str]] | None = None
    """Tells the names of external libraries by an administrator's key; else the reader's own is used."""
    known: KnownAlbums = NOTHING_KNOWN
    """The albums that earlier runs have made of album sets."""
    meter: Meter = field(default_factory=Meter)
    """Counts what each read takes."""
    kept: Kept | None = None
    """What earlier readings have left, which may save asking for it."""
    earlier_mark: str = ""
    """The mark of an earlier reading (`live.kept.unchanged`): enough where the server stands as it did."""


@dataclass(slots=True)
class Errand:
    """Carries what the steps of a reading share. Reads are planned in order, also where they run at once."""

    source: Source
    owner: str
    hidden: bool
    around: Around
    on_progress: OnProgress = quiet
    stop: Event = field(default_factory=Event)
    others: frozenset[str] = frozenset()
    """Ids of the other people whose photos rules ask for."""
    loudest: str = ""
    """The only thing whose progress is told while several are read at once."""
    reads: list[Read] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    _settled: tuple[bool | None, ...] = ()
    """What the queues have shown, once they were looked at."""

    @property
    def plan(self) -> ReadingPlan:
        """All that was planned."""
        return ReadingPlan(tuple(self.reads), tuple(self.rejected))

    def settled(self) -> bool | None:
        """Whether no edit waits in the server's queues, asked once; None where no key shows them."""
        if not self._settled:
            number = self.will(read(What.QUEUES, "edits that wait", list_cost(), fewest=0))
            with self.during(number):
                self._settled = (self.around.settled(),)
            if self._settled[0] is None:
                self.reads.pop()
        return self._settled[0]

    def will(self, read: Read) -> int:
        """Plans a read and gives its number; by one thread at a time, so that all plans are alike."""
        self.reads.append(read)
        return len(self.reads) - 1

    @contextmanager
    def during(self, number: int) -> Iterator[None]:
        """Counts what is asked meanwhile for this read."""
        with self.around.meter.during(number):
            yield

    def came(self, number: int, rows: int) -> None:
        """Rows that a read has brought."""
        self.around.meter.came(number, rows)

    def tell(self, what: str) -> Callable[[int], None]:
        """Progress of one thing."""

        def told(done: int) -> None:
            if self.loudest in ("", what):
                self.on_progress(what, done)

        return told

    def each(self, function: Callable[[A], B], items: list[A]) -> list[B]:
        """The function of every item, as many at once as the server has connections for."""
        return bounded(function, items, workers=self.source.connections, stop=self.stop)

    def at_once(self, *jobs: Callable[[], None]) -> None:
        """Jobs that ask on their own, beside each other; the requests still share the connections."""
        bounded(lambda job: job(), jobs, workers=max(1, len(jobs)), stop=self.stop)
