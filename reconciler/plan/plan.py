"""The one plan object: what changes, why, at what cost, and the rounds in which it is sent.

Renderers show it and the executor runs it; nothing else decides what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.diff.changes import Changes, Comparison, Note, Undone
from reconciler.model.live import Features, Identity, Live
from reconciler.model.origin import Problem
from reconciler.plan.operations import Operation, asset_ids, writes_sidecars
from reconciler.plan.schedule import Round, schedule

PIPELINE = ("sidecar", "metadataExtraction", "storageTemplateMigration")
"""The queues that carry an edit to the file and back, in the order in which a job wanders (FACTS 5)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What applying costs: `requests` that write, `sidecars` the server writes, `jobs` it runs for that."""

    requests: int = 0
    sidecars: int = 0
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a reader, a file or the executor needs to know."""

    identity: Identity
    changes: Changes = field(default_factory=Changes)
    labels: Mapping[str, str] = field(default_factory=dict)
    rounds: tuple[Round, ...] = ()
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
    missing: tuple[Problem, ...] = ()
    undone: tuple[Undone, ...] = ()
    files: tuple[str, ...] = ()
    features: Features = field(default_factory=Features)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every request in order."""
        return tuple(operation for item in self.rounds for operation in item.operations)

    @property
    def cost(self) -> Cost:
        """Counted from the operations themselves. Every sidecar write causes three jobs (FACTS 5)."""
        operations = self.operations
        sidecars = sum(len(asset_ids(item)) for item in operations if writes_sidecars(item))
        return Cost(len(operations), sidecars, sidecars * len(PIPELINE))

    @property
    def needs_window(self) -> bool:
        """Whether queues must be held still: only where sidecars are written."""
        return any(writes_sidecars(operation) for operation in self.operations)


def make_plan(comparison: Comparison, live: Live, files: tuple[str, ...] = ()) -> Plan:
    """Turns what differs into a plan. Pure: the same input gives the same plan."""
    moves_files = bool(live.features.storage_template)
    return Plan(
        identity=live.identity,
        changes=comparison.changes,
        labels=comparison.labels,
        rounds=schedule(comparison.changes, live.tags, moves_files),
        notes=comparison.notes,
        problems=comparison.problems,
        missing=comparison.missing,
        undone=comparison.undone,
        files=files,
        features=live.features,
    )
