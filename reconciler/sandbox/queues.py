"""The job queues: per-queue workers, pausing, counts; jobs live in the database until they are done."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.sandbox.store.database import GIVEN, Database, Job, NewJob

_log = logging.getLogger(__name__)

# after any start of the server this queue runs, whatever it was before (PERFORMANCE 1.7)
RESUMED_AT_START = "metadataExtraction"
STOP_SECONDS = 10.0

Handler = Callable[[Job], Iterable[NewJob]]
"""Does a job and names the jobs that follow. An exception ends the job as if it had succeeded."""


LISTED = 1001
"""Jobs of one state that the server shows (2.5.6 and 3.1.0)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """As the API shows them; jobs of a paused queue count as paused instead of waiting."""

    active: int
    waiting: int
    paused: int
    failed: int
    completed: int = 0
    delayed: int = 0

    def as_json(self) -> dict[str, int]:
        return {
            "active": self.active,
            "completed": self.completed,
            "failed": self.failed,
            "delayed": self.delayed,
            "waiting": self.waiting,
            "paused": self.paused,
        }


@dataclass(slots=True)
class _Queue:
    name: str
    is_paused: bool = False
    waiting: deque[Job] = field(default_factory=deque)
    active: dict[int, Job] = field(default_factory=dict)
    workers: list[threading.Thread] = field(default_factory=list)
    ending: int = 0
    """Jobs no longer active whose successors are not queued yet: in between the queues look idle."""


class Queues:
    """All queues of one library. Jobs run only between start() and stop(); what is left stays stored."""

    def __init__(
        self,
        database: Database,
        names: Sequence[str],
        handlers: Mapping[str, Handler],
        concurrency: Callable[[str], int],
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._concurrency = concurrency
        self._changed = threading.Condition()
        self._running = False
        self._queues = {name: _Queue(name) for name in names}
        self._load()
        database.on_queued = self._push

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._queues)

    # -- running -----------------------------------------------------------------------

    def start(self) -> None:
        """Starts the workers. `metadataExtraction` is resumed, as by any start of the server."""
        if RESUMED_AT_START in self._queues:
            self.resume(RESUMED_AT_START)
        with self._changed:
            self._running = True
            for queue in self._queues.values():
                self._staff(queue)

    def stop(self) -> None:
        """Lets running jobs end and stops the workers; waiting jobs stay stored."""
        with self._changed:
            self._running = False
            workers = [worker for queue in self._queues.values() for worker in queue.workers]
            self._changed.notify_all()
        for worker in workers:
            worker.join(STOP_SECONDS)
        for queue in self._queues.values():
            queue.workers.clear()

    def wait_until_idle(self, seconds: float) -> bool:
        """True as soon as no queue that runs has a job; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_busy(), timeout=seconds)

    def _is_busy(self) -> bool:
        return any(
            queue.active or queue.ending or (queue.waiting and not queue.is_paused)
            for queue in self._queues.values()
        )

    # -- what the API asks -------------------------------------------------------------

    def is_paused(self, name: str) -> bool:
        return self._queues[name].is_paused

    def counts(self, name: str) -> Counts:
        with self._changed:
            queue = self._queues[name]
            pending = len(queue.waiting)
            return Counts(
                active=len(queue.active),
                waiting=0 if queue.is_paused else pending,
                paused=pending if queue.is_paused else 0,
                failed=0,  # the server swallows the errors of its jobs (PERFORMANCE 1.9)
            )

    def jobs(self, name: str, states: Sequence[str] = ()) -> list[Job]:
        """Jobs in these states (all without any): active, waiting, paused. The newest of each, no more."""
        with self._changed:
            queue = self._queues[name]
            pending = "paused" if queue.is_paused else "waiting"
            active, waiting = list(queue.active.values()), list(queue.waiting)
        found = active[: -LISTED - 1 : -1] if not states or "active" in states else []
        return found + (waiting[: -LISTED - 1 : -1] if not states or pending in states else [])

    def pause(self, name: str) -> None:
        self._set_paused(name, True)

    def resume(self, name: str) -> None:
        self._set_paused(name, False)

    def empty(self, name: str) -> None:
        """Drops the jobs that wait; running ones go on."""
        with self._changed:
            queue = self._queues[name]
            dropped = [job.id for job in queue.waiting]
            queue.waiting.clear()
            self._changed.notify_all()
        with self._database.write() as db:
            db.run(f"DELETE FROM job WHERE id IN {GIVEN}", (json.dumps(dropped),))

    # -- inside ------------------------------------------------------------------------

    def _load(self) -> None:
        with self._database.read() as db:
            paused = set(db.values("SELECT name FROM queue WHERE is_paused"))
            jobs = db.rows("SELECT id, queue, name, data, created_at FROM job ORDER BY id")
        for name, queue in self._queues.items():
            queue.is_paused = name in paused
        for row in jobs:
            job = Job(row["id"], row["queue"], row["name"], json.loads(row["data"]), row["created_at"])
            self._queues[job.queue].waiting.append(job)

    def _set_paused(self, name: str, paused: bool) -> None:
        with self._database.write() as db:
            db.run("INSERT OR REPLACE INTO queue (name, is_paused) VALUES (?, ?)", (name, int(paused)))
        with self._changed:
            self._queues[name].is_paused = paused
            self._staff(self._queues[name])
            self._changed.notify_all()

    def _push(self, jobs: list[Job]) -> None:
        with self._changed:
            for job in jobs:
                self._queues[job.queue].waiting.append(job)
            for name in {job.queue for job in jobs}:
                self._staff(self._queues[name])
            self._changed.notify_all()

    def _staff(self, queue: _Queue) -> None:
        """Adds workers as long as there is work for them; to be called with the lock held."""
        if not self._running or queue.is_paused:
            return
        wanted = min(self._concurrency(queue.name), len(queue.active) + len(queue.waiting))
        while len(queue.workers) < wanted:
            name = f"{queue.name} {len(queue.workers) + 1}"
            worker = threading.Thread(target=self._work, args=(queue,), name=name, daemon=True)
            queue.workers.append(worker)
            worker.start()

    def _work(self, queue: _Queue) -> None:
        while (job := self._take(queue)) is not None:
            following: list[NewJob] = []
            try:
                following = list(self._handlers[job.name](job))
            except Exception:  # noqa: BLE001  (whatever a job does, the next one must run)
                _log.warning("job %s of queue %s failed", job.name, job.queue, exc_info=True)
            finally:
                self._done(queue, job, following)

    def _take(self, queue: _Queue) -> Job | None:
        def ready() -> bool:
            free = len(queue.active) < self._concurrency(queue.name)
            return not self._running or (bool(queue.waiting) and not queue.is_paused and free)

        with self._changed:
            self._changed.wait_for(ready)
            if not self._running:
                return None
            job = queue.waiting.popleft()
            queue.active[job.id] = job
            return job

    def _done(self, queue: _Queue, job: Job, following: list[NewJob]) -> None:
        """Forgets the job and queues what follows, both or neither."""
        with self._changed:
            del queue.active[job.id]
            queue.ending += 1
        try:
            with self._database.write() as db:
                db.run("DELETE FROM job WHERE id = ?", (job.id,))
                db.enqueue_all(following)
        finally:
            with self._changed:
                queue.ending -= 1
                self._changed.notify_all()
