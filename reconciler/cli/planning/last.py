"""The plan that was last made of the same files, for as long as neither they nor the server have changed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b

from reconciler.diff.target import Target
from reconciler.live.kept.photos import Kept
from reconciler.model.album_sets import KnownAlbums
from reconciler.model.attempts import Attempts
from reconciler.model.desired import Desired
from reconciler.plan import Plan
from reconciler.plan.basis import Former
from reconciler.plan.document import BadPlanFile, from_bytes, to_bytes


@dataclass(frozen=True, slots=True)
class LastPlan:
    """One plan is kept for each group of files, if there is nothing to do; `place` is where.

    `beside` names everything that a plan depends on beside the server. `mark` is how the server stood when
    the `plan` was made (`live.kept.unchanged`); empty where none is kept that would do.
    """

    kept: Kept
    place: str
    beside: str
    mark: str = ""
    plan: Plan | None = None

    def keep(self, plan: Plan, mark: str) -> None:
        """Keeps a plan that was made of a server that stands so."""
        if mark and not plan.changes:
            self.kept.keep_piece(
                self.place, (self.beside.encode(), mark.encode(), to_bytes(plan, public=False))
            )


def last_plan(
    kept: Kept | None,
    desired: Desired,
    attempts: Attempts,
    known: KnownAlbums,
    former: Former,
    targets: Sequence[Target],
    *,
    applied: bool,
) -> LastPlan | None:
    """What is kept of the plan of these files; `applied` tells whether their last applied state is known.

    None where nothing is to be kept, or where the content of a file isn't known.
    """
    if kept is None or not desired.files or desired.hashes.keys() != frozenset(desired.files):
        return None
    place = (desired.files, desired.part_of, targets)
    beside = (
        sorted(desired.hashes.items()),
        desired.evaluated,
        desired.safety,
        desired.window,
        sorted(attempts.items()),
        known,
        former,
        applied,
    )
    last = LastPlan(kept, f"plan {_digest(place)}", _digest(beside))
    match kept.piece(last.place):
        case [same, mark, plan] if same.decode() == last.beside:
            with suppress(BadPlanFile):
                return replace(last, mark=mark.decode(), plan=from_bytes(plan))
    return last


def _digest(values: object) -> str:
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()
