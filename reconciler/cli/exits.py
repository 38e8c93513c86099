"""Exit codes, the same in every command (DESIGN 8)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    ERROR = 1
    INVALID = 2
    CHANGES = 3
    PARTIAL = 4
    BUDGET = 5
    STALE = 6
    DRIFTED = 7
    INTERRUPTED = 130
