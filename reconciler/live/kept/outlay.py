"""When to read a whole library that could be read in parts, so that it is kept and later readings cost less.

How often the same files will be planned, nobody knows. So what readings in parts have cost beyond what
changes alone would have is added up on this disk, and once that comes to what all of it costs, all is read.
Whoever buys when the rents have come to the price never pays more than twice what was needed.
"""

from __future__ import annotations

import orjson

from reconciler.live.kept.photos import Kept

OUTLAY = "outlay"
"""What the seconds are called among what is kept."""


def outlay(kept: Kept) -> float:
    """What readings in parts have cost so far beyond what changes would have, in seconds (`cost`)."""
    parts = kept.piece(OUTLAY)
    try:
        return float(orjson.loads(parts[0])) if parts else 0.0
    except (ValueError, TypeError, IndexError):
        return 0.0


def keep_outlay(kept: Kept, seconds: float) -> None:
    """Keeps the outlay for the next reading."""
    kept.keep_piece(OUTLAY, (orjson.dumps(seconds),))
