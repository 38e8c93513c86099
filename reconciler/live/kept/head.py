"""What is known of the photos that are kept, without unpacking them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of all photos of an account that are kept."""

    read: datetime
    """When all of them were last read from the server."""
    since: datetime
    """From when on it is asked what has changed: later than `read`, where that was asked before."""
    count: int
    newest: tuple[str, datetime] | None
    """The id of the photo that changed last, and when it did."""
    token: str
    """Names this state of the photos and no other."""
    brought: str = ""
    """The digest of what came when it was last asked what has changed, all of which is among the photos."""


def packed_head(head: Head) -> bytes:
    """The head as bytes; `unpacked_head` gives the same one."""
    said = {
        "read": head.read.timestamp(),
        "since": head.since.timestamp(),
        "count": head.count,
        "newest": head.newest and [head.newest[0], head.newest[1].isoformat()],
        "token": head.token,
        "brought": head.brought,
    }
    return orjson.dumps(said)


def unpacked_head(data: bytes) -> Head:
    """The head of `packed_head`.

    Raises ValueError, KeyError, TypeError, IndexError or OverflowError for anything else.
    """
    said = orjson.loads(data)
    newest = said["newest"]
    return Head(
        read=datetime.fromtimestamp(said["read"], UTC),
        since=datetime.fromtimestamp(said["since"], UTC),
        count=int(said["count"]),
        newest=(newest[0], datetime.fromisoformat(newest[1])) if newest else None,
        token=str(said["token"]),
        brought=str(said["brought"]),
    )
