"""The one plan object: what changes, why, at what cost, and the rounds in which it is sent.

Renderers show it and the executor runs it; nothing else decides what happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AlbumField,
    Changes,
    Comparison,
    Narrowing,
    Note,
    SetAlbum,
    Undone,
)
from reconciler.diff.drift import Drift, drift_of
from reconciler.live.plan import ReadingPlan
from reconciler.model.applied import Applied
from reconciler.model.live import Features, Identity, Live
from reconciler.model.memory import no_collection
from reconciler.model.origin import Problem
from reconciler.model.safety import Safety
from reconciler.plan.basis import Basis
from reconciler.plan.budgets import judge
from reconciler.plan.digest import digest_of, tag_ids
from reconciler.plan.estimate import Duration, duration
from reconciler.plan.memberships import additions
from reconciler.plan.operations import Operation, asset_ids, writes_sidecars
from reconciler.plan.publishing import public_names
from reconciler.plan.schedule import Round, schedule
from reconciler.plan.violation import Violation

PIPELINE = ("sidecar", "metadataExtraction", "storageTemplateMigration")
"""The queues that carry an edit to the file and back, in the order in which a job wanders (FACTS 5)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What applying costs: `requests` that write, `sidecars` the server writes, `jobs` it runs for that.

    `duration` is how long the window is open, or how long writing takes where none is needed.
    """

    requests: int = 0
    fewest: int = 0
    """A number of requests below which these rounds can't be sent (docs/how-it-works.md)."""
    sidecars: int = 0
    jobs: int = 0
    duration: Duration = field(default_factory=Duration)


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
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the content of the files, as far as it is known, by their names."""
    features: Features = field(default_factory=Features)
    set_albums: tuple[SetAlbum, ...] = ()
    """The live albums of album sets; only known where the plan was made, not in its file."""
    migrates: bool = False
    """Whether the server's storage migration is started at the end and waited for."""
    narrowing: Narrowing | None = None
    """What it was narrowed to, where only a part was asked for."""
    basis: Basis = field(default_factory=Basis)
    safety: Safety = field(default_factory=Safety)
    violations: tuple[Violation, ...] = ()
    """What keeps it from being applied, measured on `basis` by `safety`."""
    drift: tuple[Drift, ...] | None = None
    """What would undo somebody's doing on the server; None where the last applied state isn't known."""
    reading: ReadingPlan | None = None
    """How the live state was read; None where no server was asked."""
    account: str = ""
    """What the files call the account; empty where they don't tell accounts apart."""

    def judged(self, safety: Safety) -> Plan:
        """The same plan under these limits."""
        found = judge(self.changes, self.labels, self.basis, safety)
        return replace(self, safety=safety, violations=found)

    @property
    def digest(self) -> str:
        """What an approval is bound to; worked out anew each time. See `digest_of`."""
        names = public_names(self.files)
        inputs = {names.get(file, file): self.hashes.get(file) for file in self.files}
        changes = self.changes
        return digest_of(
            self.identity.user_id,
            inputs,
            (changes.tags, changes.assets, changes.albums),
            tag_ids(self.operations),
            self.migrates,
        )

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every request in order."""
        return tuple(operation for item in self.rounds for operation in item.operations)

    @property
    def cost(self) -> Cost:
        """Counted from the operations themselves. Every sidecar write causes three jobs (FACTS 5)."""
        operations = self.operations
        sidecars = sum(len(asset_ids(item)) for item in operations if writes_sidecars(item))
        spent = duration(self.rounds, self.features)
        fewest = len(operations) - additions(self.changes.albums).slack
        return Cost(len(operations), fewest, sidecars, sidecars * len(PIPELINE), spent)

    @property
    def needs_window(self) -> bool:
        """Whether queues must be held still: only where sidecars are written."""
        return any(writes_sidecars(operation) for operation in self.operations)

    @property
    def may_match_more(self) -> bool:
        """Whether the server's own work after it (the name of a place) may let rules match more.

        What touches no file (albums, hearts) is read back as planned, and the plan knew what it leads to.
        """
        return self.needs_window or self.migrates


def make_plan(
    comparison: Comparison,
    live: Live,
    files: tuple[str, ...] = (),
    *,
    hashes: Mapping[str, str] | None = None,
    migrate: bool = False,
    basis: Basis | None = None,
    safety: Safety | None = None,
    applied: Applied | None = None,
    reading: ReadingPlan | None = None,
    account: str = "",
) -> Plan:
    """Turns what differs into a plan. Pure: the same input gives the same plan.

    With `migrate` the server's storage migration follows where memberships decide where files belong.
    `applied` tells what somebody has changed on the server from what the files have. `account` is what files
    that tell accounts apart call this one.
    """
    with no_collection():
        rounds = schedule(comparison.changes, live.tags, live.features)
    known = applied is not None and applied.user == live.identity.user_id
    refiled = tuple(refiled_by(comparison.changes)) if live.features.template_uses_album else ()
    plan = Plan(
        identity=live.identity,
        changes=comparison.changes,
        labels=comparison.labels,
        rounds=rounds,
        notes=(*comparison.notes, *_note_on_files(refiled, live.features, migrate)),
        problems=comparison.problems,
        missing=comparison.missing,
        undone=comparison.undone,
        set_albums=comparison.set_albums,
        files=files,
        hashes=hashes or {},
        features=live.features,
        migrates=migrate and bool(refiled) and live.features.can_hold_window,
        narrowing=comparison.narrowing,
        basis=basis or Basis(),
        drift=drift_of(comparison.changes, applied, comparison.labels) if applied and known else None,
        reading=reading,
        account=account,
    )
    return plan.judged(safety or Safety())


def refiled_by(changes: Changes) -> Iterator[AlbumChange]:
    """The albums whose photos belong elsewhere after this, under a template that files photos by album."""
    for change in changes.albums:
        renamed = any(item.field is AlbumField.NAME for item in change.fields)
        if change.added or change.removed or renamed or change.action is Action.DELETE:
            yield change


def orders_anew(changes: Changes) -> Iterator[AlbumChange]:
    """The albums that are made with an order, which the server may give them by itself."""
    for change in changes.albums:
        if change.action is Action.CREATE and any(item.field is AlbumField.ORDER for item in change.fields):
            yield change


def _note_on_files(refiled: tuple[AlbumChange, ...], features: Features, migrate: bool) -> Iterator[Note]:
    if not refiled:
        return
    text = "the storage template files photos by album, and being put into an album alone moves no file"
    if migrate and features.can_hold_window:
        text += ": the server's storage migration is started at the end and waited for"
    elif migrate:
        text += ": only an administrator's key may start the server's storage migration, so they stay for now"
    else:
        text += (
            ": they stay until they are next edited, or until the server's storage migration runs "
            "(settings.window.migrate: true starts it at the end)"
        )
    yield Note(text, min(change.origin for change in refiled))
