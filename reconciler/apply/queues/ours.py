"""Whether jobs of this run still wait, where others keep the server busy.

Queues that others fill all the time are never seen empty. What waits in them is somebody else's if it is for
other photos, or was queued later than anything that can follow from what this run has written.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.answers import Job, Queue
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.plan import PIPELINE

LATE = 5.0
"""Seconds within which a job has queued the next of its chain; the two clocks agree within one second."""


@dataclass(slots=True)
class Ours:
    """The jobs of a run's photos, while the queues go on after its last write."""

    reader: Reader
    photos: frozenset[str]
    hidden: bool = False
    """Whether the key may not see them."""
    _until: dict[str, float] = field(init=False)
    """When a job of this run can have been queued last, by queue and by the server's clock."""

    def __post_init__(self) -> None:
        self._until = dict.fromkeys(PIPELINE, self._now() + LATE)

    def gone(self, queues: Mapping[str, Queue], names: Iterable[str]) -> bool:
        """Whether none waits in these queues any more; False where that can't be told. Raises ServerError."""
        if self.hidden or not self.photos:
            return False
        try:
            there = [queues[name] for name in names if name in queues]
            found = [self._any_in(queue) for queue in there if queue.pending and not queue.paused]
        except ServerError as error:
            if error.kind not in (Kind.FORBIDDEN, Kind.NOT_FOUND):
                raise
            self.hidden = True
            return False
        return not any(found)

    def _any_in(self, queue: Queue) -> bool:
        """Whether one waits here, or may be among those that the server doesn't list."""
        jobs = self.reader.jobs(queue.name)
        until = self._until.get(queue.name, self._now())
        if not self._waits(jobs, queue.name, until):
            return False
        for later in PIPELINE[PIPELINE.index(queue.name) + 1 :] if queue.name in PIPELINE else ():
            self._until[later] = self._now() + LATE
        return True

    def _waits(self, jobs: tuple[Job, ...] | None, name: str, until: float) -> bool:
        """Where not all are listed, those that run tell: a queue hands its jobs out as they came."""
        if jobs is not None:
            return any(self._is_ours(job, until) for job in jobs)
        running = self.reader.running_jobs(name)
        come_later = any(job.queued > until for job in running)
        return not come_later or any(self._is_ours(job, until) for job in running)

    def _is_ours(self, job: Job, until: float) -> bool:
        return job.asset in self.photos and job.queued <= until

    def _now(self) -> float:
        return time.time() + (self.reader.transport.ahead or 0.0)
