"""What was read of a library before, for the commands that may read less because of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import orjson

from reconciler.cli.common import library_cache
from reconciler.cli.connect import Connection
from reconciler.live.kept import SMALLEST, Kept


def kept_library(connection: Connection) -> Kept | None:
    """What is kept of this account's library; None where nothing is to be."""
    shelf, refresh = library_cache()
    if shelf is None:
        return None
    identity, ahead = connection.identity, connection.reader.transport.ahead or 0.0
    name = orjson.dumps(
        [connection.server, identity.user_id, identity.version, version("immich-reconciler")]
    ).decode()
    return Kept(
        shelf,
        name,
        settled=connection.settled,
        now=lambda: datetime.now(UTC) + timedelta(seconds=ahead),
        refresh=refresh,
        smallest=SMALLEST,
    )
