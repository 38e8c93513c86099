"""What became of operations that were sent without an answer: proven by reading, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.apply.state.journal import Stage
from reconciler.apply.state.runs import Entry, Past
from reconciler.apply.written import written
from reconciler.model.live import Live
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
