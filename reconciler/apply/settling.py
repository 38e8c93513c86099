"""Waiting for edits to go through the file and back where no administrator's key shows the queues.

Whether an edit has settled then shows on the photo itself: `updatedAt` moves only once its jobs have run
(FINDINGS 23).
"""

from __future__ import annotations

from datetime import datetime

from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.immich.reader import Reader


def wait_for_photos(
    reader: Reader,
    owner: str,
    seen: dict[str, datetime],
    *,
    progress: Progress,
    interruption: Interruption,
    limits: Limits,
) -> str:
    """Waits until the server has read each of these photos again.

    `seen` holds their `updatedAt` until now, and the new ones afterwards. Returns why it isn't known whether
    all have settled; empty where they have. Raises ServerError.
    """
    waiting = dict(seen)
    progress.stage("waiting for the server to read the photos again", len(waiting))
    patience = Patience(limits, interruption, limits.settle)
    while waiting:
        moved = reader.recently_updated(min(waiting.values()), owner)
        for asset in [one for one in waiting if one in moved and moved[one].updated > waiting[one]]:
            seen[asset] = moved[asset].updated
            del waiting[asset]
        progress.advance(len(seen) - len(waiting))
        if waiting and not patience.again():
            if interruption.requested:
                return "stopped on request before the server's jobs were done"
            return f"the server has not read {len(waiting)} photos again within {limits.settle:.0f} s"
    return ""
