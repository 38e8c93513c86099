"""What a rule matches, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.model.asset import Asset
from reconciler.render.cells import cells
from reconciler.render.words import count, name

VERSION = 1


def matched_text(found: Sequence[Asset], of: int) -> str:
    """A line for each photo with its file, day and id, and how many there are."""
    files = [name(asset.file_name) for asset in found]
    width = max(map(cells, files), default=0)
    lines = [
        f"{file}{' ' * (width - cells(file))}  {day_of(asset)}  {asset.id}\n"
        for file, asset in zip(files, found, strict=True)
    ]
    return "".join([*lines, f"{count(len(found), 'photo')} of {of:,}\n"])


def day_of(asset: Asset) -> str:
    """The day it was taken, as wide as every day."""
    return f"{asset.taken.local:%Y-%m-%d}" if asset.taken else "no date   "


def matched_json(found: Sequence[Asset], of: int) -> dict[str, Any]:
    """The same as JSON; `of` is how many photos were looked at."""
    return {
        "version": VERSION,
        "count": len(found),
        "of": of,
        "photos": [photo_json(asset) for asset in found],
    }


def photo_json(asset: Asset) -> dict[str, Any]:
    """A photo by all its names."""
    return {
        "id": asset.id,
        "file": asset.file_name,
        "path": asset.path,
        "checksum": asset.checksum,
        "taken": None if asset.taken is None else str(asset.taken),
    }
