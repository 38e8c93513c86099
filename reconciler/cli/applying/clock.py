"""What a run takes for the time."""

from __future__ import annotations

from datetime import UTC, datetime


def clock() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def now() -> str:
    """The time in UTC, to the second, as ISO text."""
    return clock().isoformat(timespec="seconds")
