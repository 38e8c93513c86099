"""Reading the server's job queues, for an administrator's key."""

from __future__ import annotations

from reconciler.immich import parse
from reconciler.immich.answers import Job, Queue
from reconciler.immich.asking import Asker
from reconciler.immich.permissions import needs

JOBS_LISTED = 1000
"""The server lists so many jobs of one state at most, the newest first (2.5.6 and 3.1.0)."""


class QueueReader(Asker):
    """Reads the queues and the jobs in them."""

    @needs("queue.read")
    def queues(self) -> dict[str, Queue]:
        """All job queues by name."""
        if self.dialect.queue_api:
            found = self._asked("GET", "/queues", lambda said: [parse.queue_of(item) for item in said])
        else:
            found = self._asked("GET", "/jobs", parse.queues_of_jobs)
        return {queue.name: queue for queue in sorted(found, key=lambda queue: queue.name)}

    @needs("queueJob.read")
    def jobs(self, name: str) -> tuple[Job, ...] | None:
        """Jobs of a queue at one moment, those that failed too (GET /queues/{name}/jobs, 2.4+).

        None where the server doesn't list them, or maybe not all.
        """
        if not self.dialect.queue_api:
            return None
        found = self._get("/queues/{name}/jobs", parse.jobs_of, path={"name": name})
        return found if len(found) < JOBS_LISTED else None

    @needs("queueJob.read")
    def running_jobs(self, name: str) -> tuple[Job, ...]:
        """The jobs of a queue that are being done, however many wait (2.4+)."""
        # a single status is refused by 3.1.0; nothing is ever delayed in the queues of edits
        states = {"status": ("active", "delayed")}
        return self._get("/queues/{name}/jobs", parse.jobs_of, path={"name": name}, query=states)
