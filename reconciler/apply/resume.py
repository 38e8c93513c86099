"""Continuing a run that ended in the middle: what was in flight is proven by reading, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.journal import Stage
from reconciler.apply.ours import Ours
from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.apply.runs import Entry, Past
from reconciler.apply.window import pending
from reconciler.apply.written import written
from reconciler.immich.reader import Reader
from reconciler.model.live import Live
from reconciler.plan import PIPELINE
from reconciler.plan.operations import CreateAlbum, DeleteAlbum
from reconciler.plan.report import Fate
from reconciler.plan.standing import Kind, State, standings

_WORDS = {
    Stage.WRITTEN: "it is done",
    Stage.PARTLY: "it is done in part",
    Stage.NOT_SENT: "it is not done",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What reading showed about an operation that was sent without an answer."""

    entry: Entry
    stage: Stage

    @property
    def text(self) -> str:
        """One sentence for people."""
        return f"no answer had come to «{self.entry.text}»: {_WORDS[self.stage]}"


def proofs(past: Past, live: Live) -> tuple[Proof, ...]:
    """Whether each operation in flight has happened. `live` must hold what the run's plan touches. Pure."""
    return tuple(Proof(entry, _stage(past, entry, live)) for entry in past.in_flight())


def _stage(past: Past, entry: Entry, live: Live) -> Stage:
    alone = written(past.changes, [entry.sent(unknown=Fate.WRITTEN)])
    whole = isinstance(entry.operation, CreateAlbum | DeleteAlbum)
    states = {
        item.state
        for item in standings(alone, live, past.plan.labels)
        if whole or not (item.kind is Kind.ALBUM and item.aspect == "album")
    }
    if states == {State.AFTER}:
        return Stage.WRITTEN
    return Stage.PARTLY if State.AFTER in states else Stage.NOT_SENT


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
