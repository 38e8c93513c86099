"""Exit codes, the same in every command."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.plan import Plan


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
    FAULT = 70
    """A fault of this program; the number that sysexits.h has for it."""
    INTERRUPTED = 130


def exit_of(*plans: Plan, exit_code: bool, allow_missing: bool) -> Exit:
    """What plans come to as an exit code, of several the worst.

    With `exit_code` also whether there is something to do.
    """
    if any(plan.problems for plan in plans):
        return Exit.INVALID
    if not allow_missing and any(plan.missing for plan in plans):
        return Exit.ERROR
    if any(plan.violations for plan in plans):
        return Exit.BUDGET
    if exit_code and any(plan.changes for plan in plans):
        return Exit.CHANGES
    return Exit.PARTIAL if exit_code and any(plan.undone for plan in plans) else Exit.DONE
