"""Whether the jobs of earlier runs are done, for an administrator's key, which sees the queues."""

from __future__ import annotations

from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.apply.queues.ours import Ours
from reconciler.apply.queues.window import pending
from reconciler.immich.reader import Reader
from reconciler.plan import PIPELINE


def jobs_left(reader: Reader) -> int:
    """How many jobs carry edits to the files and back at this moment; for an administrator's key."""
    return pending(reader.queues(), PIPELINE)


def held_up(reader: Reader) -> str:
    """Whose pause keeps edits from reaching their files, in words; empty where none waits for that."""
    queue = reader.queues().get("sidecar")
    if queue is None or not (queue.paused and queue.pending):
        return ""
    return f"somebody else keeps sidecar paused, with {queue.pending:,} jobs in it"


def wait_until_idle(
    reader: Reader,
    progress: Progress,
    interruption: Interruption,
    limits: Limits,
    photos: frozenset[str] = frozenset(),
) -> str:
    """Lets the jobs of an earlier run come to their end before the same photos are written again.

    Two sidecar writes of one photo that wait at the same time may destroy each other (FINDINGS 1). Where it
    is known which `photos` that run wrote, jobs of others need not be waited for. Returns why it isn't known
    that they are done; empty where they are. Raises ServerError.
    """
    patience = Patience(limits, interruption, limits.settle)
    idle, most, ours = 0, 0, Ours(reader, photos)
    while True:
        queues = reader.queues()
        left = pending(queues, PIPELINE)
        most = max(most, left)
        done = not left or (patience.spent > limits.others and ours.gone(queues, PIPELINE))
        idle = idle + 1 if done else 0
        if idle >= limits.idle_looks:
            return ""
        if left:
            progress.stage("waiting for the jobs of an earlier run", most)
            progress.advance(most - left)
        if not patience.again():
            if interruption.requested:
                return f"{interruption.words} before the server's jobs were done"
            return f"{left:,} jobs are still waiting after {limits.settle:.0f} s"
