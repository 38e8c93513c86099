"""Small pictures of some photos, read within a budget; none of them is worth a plan that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.permissions import missing, permissions_of
from reconciler.immich.pool import bounded
from reconciler.immich.reader import Reader
from reconciler.model.live import Thumbnails

_HOPELESS = frozenset({Kind.FORBIDDEN, Kind.UNAUTHORIZED, Kind.UNREACHABLE, Kind.TIMEOUT, Kind.BROKEN})
"""What one request fails with, and all others after it."""
_AT_ONCE = 5
"""Pictures for each connection that are asked for before it is counted how much has come."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many pictures at most, and how many bytes all of them together."""

    pictures: int = 200
    size: int = 8_000_000


def read_thumbnails(
    reader: Reader,
    ids: Sequence[str],
    budget: Budget,
    *,
    granted: Iterable[str],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Thumbnails:
    """Pictures of the first of these assets, as far as the budget goes.

    `granted` are the permissions of the key; without `asset.view` nothing is asked. Never raises ServerError.
    """
    wanted = list(ids)[: budget.pictures]
    if not wanted:
        return Thumbnails()
    if lacks := missing(granted, permissions_of(Reader.thumbnail)):
        return Thumbnails(note=f"No pictures: the API key lacks the permission {', '.join(lacks)}.")
    found: dict[str, bytes] = {}
    failed: list[ServerError] = []
    used = 0
    waiting = iter(wanted)
    try:
        while batch := list(islice(waiting, _AT_ONCE * reader.transport.connections)):
            answers = bounded(partial(_picture, reader), batch, workers=reader.transport.connections)
            for asset_id, answer in zip(batch, answers, strict=True):
                if isinstance(answer, ServerError):
                    failed.append(answer)
                    continue
                used += len(answer)
                if used > budget.size:
                    return Thumbnails(found, _note(failed, len(found)))
                found[asset_id] = answer
            on_progress(len(found))
    except ServerError as hopeless:
        failed.insert(0, hopeless)
    return Thumbnails(found, _note(failed, len(found)))


def _picture(reader: Reader, asset_id: str) -> bytes | ServerError:
    """The picture, or why there is none. Raises ServerError where asking for others makes no sense."""
    try:
        return reader.thumbnail(asset_id)
    except ServerError as error:
        if error.kind in _HOPELESS:
            raise
        return error


def _note(failed: Sequence[ServerError], number: int) -> str:
    if not failed:
        return ""
    which = "Some pictures are missing" if number else "There are no pictures"
    return f"{which}: the server has not given them ({failed[0].message})."
