"""Waiting for edits to go through the file and back where no administrator's key shows the queues.

Whether an edit has settled then shows on the photo itself: `updatedAt` moves only once its jobs have run
(FINDINGS 23).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.immich.reader import Reader

FEW = 50
"""Photos looked at one by one in one go."""


def wait_for_photos(
    reader: Reader,
    owner: str,
    seen: dict[str, datetime],
    *,
    twice: frozenset[str] = frozenset(),
    unsure: frozenset[str] = frozenset(),
    progress: Progress,
    interruption: Interruption,
    limits: Limits,
) -> str:
    """Waits until the server has read each of these photos again.

    `seen` holds their `updatedAt` until now, and the new ones afterwards. Those in `twice` got a favourite or
    a visibility as well, which moves them at once, so they have to move a second time. Those in `unsure` may
    never move, as their jobs may be in no queue: they are given up once everything has been still for a
    while. Returns why it isn't known whether all others have settled; empty where they have. Raises
    ServerError.
    """
    waiting = dict(seen)
    once: set[str] = set()
    progress.stage("waiting for the server to read the photos again", len(waiting))
    patience = Patience(limits, interruption, limits.settle)
    still_since = patience.clock()
    while waiting:
        moved = reader.recently_updated(min(waiting.values()), owner)
        fresh = [one for one in waiting if one in moved and moved[one].updated > waiting[one]]
        for asset in fresh:
            seen[asset] = waiting[asset] = moved[asset].updated
            if asset in twice - once:
                once.add(asset)
            else:
                del waiting[asset]
        progress.advance(len(seen) - len(waiting))
        if fresh:
            still_since = patience.clock()
        elif patience.clock() - still_since > limits.quiet:
            # what moved once may have moved the second time before the first look; what is gone never will
            still_since = patience.clock()
            for asset in once | unsure | _gone(reader, waiting):
                waiting.pop(asset, None)
        if waiting and not patience.again():
            if interruption.requested:
                return f"{interruption.words} before the server's jobs were done"
            left = "1 photo" if len(waiting) == 1 else f"{len(waiting):,} photos"
            return f"the server has not read {left} again within {limits.settle:.0f} s"
    return ""


def _gone(reader: Reader, waiting: Iterable[str]) -> set[str]:
    """Those of the photos that are in the trash or not there any more; only a few are looked at."""
    looked_at = list(waiting)[:FEW]
    found = reader.assets(looked_at)
    return {asset for asset in looked_at if asset not in found or found[asset].asset.trashed}
