"""The routes of the API, one module per area."""

from __future__ import annotations

from itertools import chain

from reconciler.sandbox.routes import (
    album_users,
    albums,
    assets,
    config,
    files,
    others,
    partners,
    people,
    queues,
    search,
    server,
    tags,
    timeline,
    users,
)

ALL_ROUTES = tuple(
    chain.from_iterable(
        module.ROUTES
        for module in (
            server,
            users,
            config,
            queues,
            assets,
            files,
            search,
            albums,
            album_users,
            tags,
            timeline,
            others,
            people,
            partners,
        )
    )
)
