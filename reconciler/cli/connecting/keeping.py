"""What was read of a library before, for the commands that may read less because of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson

from reconciler import __version__
from reconciler.cli.connecting.connect import Connection
from reconciler.cli.options.caches import library_cache
from reconciler.immich.answers import Made
from reconciler.live.kept.members import KeptMembers
from reconciler.live.kept.photos import SMALLEST, Kept


def keep_made(connection: Connection, made: Sequence[Made]) -> None:
    """Keeps who is in albums that were just made, so that the next plan need not ask."""
    kept = kept_library(connection) if made else None
    if kept:
        KeptMembers(kept).keep_made(made)


def kept_library(connection: Connection) -> Kept | None:
    """What is kept of this account's library; None where nothing is to be."""
    shelf, refresh = library_cache()
    if shelf is None:
        return None
    identity, ahead = connection.identity, connection.reader.transport.ahead or 0.0
    name = orjson.dumps([connection.server, identity.user_id, identity.version, __version__]).decode()
    return Kept(
        shelf,
        name,
        settled=connection.settled,
        now=lambda: datetime.now(UTC) + timedelta(seconds=ahead),
        refresh=refresh,
        smallest=SMALLEST,
    )
