"""From files to a plan, the part that `immich-plan` and `immich-apply` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reconciler.apply.protocols import Progress
from reconciler.apply.state.database import State
from reconciler.apply.state.runs import Runs
from reconciler.cli.connecting.connect import Connection
from reconciler.cli.connecting.keeping import kept_library
from reconciler.cli.planning.last import LastPlan, last_plan
from reconciler.cli.telling.progress import of_reading
from reconciler.diff import compare
from reconciler.diff.changes import Comparison, Note
from reconciler.diff.compare import differences
from reconciler.diff.converged import applied_of
from reconciler.diff.target import Target
from reconciler.diff.whole import whole_of
from reconciler.immich.reader import Reader
from reconciler.live.errand import Around
from reconciler.live.kept.photos import Kept
from reconciler.live.meter import Meter
from reconciler.live.permissions import calls_of
from reconciler.live.plan import ReadingPlan
from reconciler.live.read import read_unless_same
from reconciler.live.reading import Reading, reading_for
from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums
from reconciler.model.applied import Applied
from reconciler.model.attempts import NO_ATTEMPTS, Attempts
from reconciler.model.desired import Desired
from reconciler.model.live import Features, Live
from reconciler.model.memory import no_collection
from reconciler.plan import Plan, make_plan
from reconciler.plan.basis import Former, basis_of
from reconciler.plan.plan import orders_anew, refiled_by


def reads(desired: Desired) -> tuple[Callable[..., object], ...]:
    """The calls that a plan for these files makes."""
    return tuple(calls_of(reading_for(desired)))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a plan is made from, beside the files; `applied` is what was last as they ask, if known."""

    live: Live
    attempts: Attempts
    known: KnownAlbums
    former: Former
    targets: Sequence[Target] = ()
    applied: Applied | None = None
    reading: ReadingPlan | None = None
    notes: tuple[Note, ...] = ()
    """What else there is to say of every plan that is made of it."""

    def with_features(self, features: Features) -> Seen:
        """The same on a server of which more is known."""
        return replace(self, live=replace(self.live, features=features))

    def plan(self, desired: Desired) -> Plan:
        """The plan for files that ask for nothing that hasn't been read."""
        return self.plan_of(desired, compare(desired, self.live, self.attempts, self.known, self.targets))

    def plan_of(self, desired: Desired, comparison: Comparison) -> Plan:
        """The plan of what differs."""
        plan = make_plan(
            comparison,
            self.live,
            desired.files,
            hashes=desired.hashes,
            migrate=desired.window.migrate,
            basis=basis_of(desired, self.live, comparison, self.former),
            safety=desired.safety,
            applied=self.applied,
            reading=self.reading,
            account=desired.part_of,
        )
        return replace(plan, notes=(*plan.notes, *self.notes)) if self.notes else plan


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, how the server was read for it, and what that took.

    `seen` is None where the server stands as it did when this plan was last made.
    """

    plan: Plan
    reading: ReadingPlan
    meter: Meter
    seen: Seen | None


def plan_for(
    desired: Desired,
    connection: Connection,
    state: State,
    progress: Progress,
    *,
    retry_undone: bool,
    targets: Sequence[Target] = (),
    applied: Applied | None = None,
    keep: Callable[[Applied], None] | None = None,
    may_be_last: bool = False,
) -> Planned:
    """Reads what is needed and compares, for the targets only where there are any.

    What is as the files ask goes to `keep`. Where it `may_be_last`, the plan that was last made is given
    again if nothing has changed since. Stops where the key lacks permissions.
    """
    reading = reading_for(desired)
    connection.require(calls_of(reading))

    user = connection.identity.user_id
    known = state.known_albums(user) if desired.album_sets else NOTHING_KNOWN
    attempts = NO_ATTEMPTS if retry_undone else state.attempts(user)
    former = Former(*Runs(state).gone_files(connection.server, user))
    kept = kept_library(connection) if reading.scan else None
    told = applied is not None and applied.user == user
    last = last_plan(kept, desired, attempts, known, former, targets, applied=told) if may_be_last else None
    around = _around(connection, known, kept, last)
    features = connection.features(reading.dates)
    with connection.reader.transport.watched(around.meter.note):
        found = read_unless_same(
            desired,
            connection.reader,
            identity=connection.identity,
            features=features,
            around=around,
            on_progress=of_reading(progress),
        )
    if found.live is None:
        # a reading ends early only where it was given the mark of a plan
        assert last is not None and last.plan is not None
        return Planned(last.plan, found.plan, around.meter, None)
    seen = Seen(found.live, attempts, known, former, targets, applied, found.plan)
    plan, seen = _compared(desired, seen, connection, reading, keep)
    if last is not None:
        last.keep(plan, found.mark)
    return Planned(plan, found.plan, around.meter, seen)


def _around(connection: Connection, known: KnownAlbums, kept: Kept | None, last: LastPlan | None) -> Around:
    return Around(
        settled=connection.settled,
        sees_queues=connection.sees_queues,
        may_check=connection.may(Reader.known_files),
        may_map=connection.may(Reader.markers),
        libraries=connection.libraries,
        known=known,
        kept=kept,
        earlier_mark=last.mark if last else "",
    )


def _compared(
    desired: Desired,
    seen: Seen,
    connection: Connection,
    reading: Reading,
    keep: Callable[[Applied], None] | None,
) -> tuple[Plan, Seen]:
    """The plan, once the server is asked for what only some changes need."""
    live = seen.live
    with no_collection():
        whole = whole_of(desired, live, seen.attempts, seen.known)
        comparison = differences(whole, live, seen.targets)
    if keep is not None:
        keep(applied_of(whole, live))
    if not reading.dates and any(refiled_by(comparison.changes)):
        seen = seen.with_features(connection.features(True))
    if any(orders_anew(comparison.changes)):
        seen = seen.with_features(replace(seen.live.features, new_album_order=connection.album_order()))
    return seen.plan_of(desired, comparison), seen
