"""How long applying takes, from what was measured; a range, since servers differ. Pure.

The times are those of a server with two busy cores (PERFORMANCE 2.5, 2.6). A fast one takes half of them,
a slow one twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.live import Features
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Operation,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    TagAssets,
    UnshareAlbum,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
    asset_ids,
    writes_sidecars,
)
from reconciler.plan.schedule import Round, moves_files

REQUEST = 0.01
"""Seconds for a request by itself."""
VALUES, MEMBER, TAGGED, TAG = 0.00008, 0.00004, 0.0027, 0.0046
"""Seconds for each photo that gets values, joins or leaves an album, is tagged; for each tag that is made."""
JOBS, JOBS_WITH_MOVE = 0.030, 0.075
"""Seconds until the jobs of one sidecar write are done, without and with a file that moves."""
FASTER, SLOWER = 0.5, 2.0
"""What a server may take of that."""
PAUSE = (2.0, 10.0)
"""Seconds for each round: pausing queues, and looking several times whether they are empty."""
QUIET = 15.0
"""Seconds more for each round where the queues can't be watched, but only the photos."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds, at least and at most."""

    least: int = 0
    most: int = 0


def duration(rounds: Iterable[Round], features: Features) -> Duration:
    """How long the window is open, or the writing takes where none is needed; reading back is not counted."""
    least = most = 0.0
    for part in rounds:
        operations = list(part.operations)
        measured = sum(_writing(item) + _jobs(item, features) for item in operations)
        least += measured * FASTER
        most += measured * SLOWER
        if any(map(writes_sidecars, operations)):
            quiet = 0.0 if features.can_hold_window else QUIET
            least += PAUSE[0] + quiet
            most += PAUSE[1] + quiet
    return Duration(round(least), -int(-most // 1))


def _writing(operation: Operation) -> float:
    photos = len(asset_ids(operation))
    match operation:
        case UpdateAssets() | UpdateAsset():
            return REQUEST + VALUES * photos
        case TagAssets() | UntagAssets():
            return REQUEST + TAGGED * photos
        case CreateAlbum() | AddMembers() | RemoveMembers():
            return REQUEST + MEMBER * photos
        case AddToAlbums(albums=albums):
            return REQUEST + MEMBER * photos * len(albums)
        case CreateTags(paths=paths):
            return REQUEST + TAG * len(paths)
        case ColorTag() | UpdateAlbum() | DeleteAlbum() | ShareAlbum() | SetRole() | UnshareAlbum():
            return REQUEST


def _jobs(operation: Operation, features: Features) -> float:
    if not writes_sidecars(operation):
        return 0.0
    each = JOBS_WITH_MOVE if moves_files(operation, features) else JOBS
    return each * len(asset_ids(operation))
