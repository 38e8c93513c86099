"""Edits that wait in the sidecar queue because somebody keeps it paused: others must not wait beside them.

Two sidecar writes of one photo that wait at the same time may run side by side and destroy its sidecar once
their queue is resumed (FINDINGS 1, PERFORMANCE 1.2). Photos without a waiting edit are safe. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.apply.written import Sent
from reconciler.plan.operations import Lane, Operation, TagAssets, UntagAssets, UpdateAssets
from reconciler.plan.report import Fate, OperationReport
from reconciler.plan.schedule import Round

WHY = "an earlier edit waits in sidecar, which somebody keeps paused"


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The edits that wait, and of which photos; None where that can't be known."""

    edits: int
    photos: frozenset[str] | None

    @property
    def words(self) -> str:
        """What is the matter, and the way out."""
        unknown = " (this key can't see of which photos, or they are too many)" if self.photos is None else ""
        return (
            f"somebody else keeps sidecar paused while {self.edits:,} edits wait in it{unknown}, and another "
            "edit of the same photo could destroy them: resume it in Immich under Administration > Job "
            "Queues, then run again"
        )

    def safe(self, rounds: Iterable[Round]) -> tuple[tuple[Round, ...], list[Sent]]:
        """The rounds without what would wait beside an edit of the same photo, and what is left out."""
        left_out: list[Sent] = []

        def lane(whole: Lane) -> Lane:
            return tuple(kept for item in whole if (kept := self._safe(item, left_out)) is not None)

        kept = [
            Round(
                lane(part.first),
                tuple(found for item in part.lanes if (found := lane(item))),
                tuple(found for item in part.last if (found := lane(item))),
            )
            for part in rounds
        ]
        return tuple(part for part in kept if next(part.operations, None) is not None), left_out

    def _safe(self, operation: Operation, left_out: list[Sent]) -> Operation | None:
        if not isinstance(operation, UpdateAssets | TagAssets | UntagAssets):
            return operation
        unsafe = tuple(photo for photo in operation.asset_ids if self.photos is None or photo in self.photos)
        if not unsafe:
            return operation
        without = replace(operation, asset_ids=unsafe)
        left_out.append(Sent(without, OperationReport(without.text, len(unsafe), Fate.NOT_SENT, WHY)))
        kept = tuple(photo for photo in operation.asset_ids if photo not in set(unsafe))
        return replace(operation, asset_ids=kept) if kept else None
