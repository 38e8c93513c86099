"""What a rule matches, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model.asset import Asset, Owner
from reconciler.model.words import counted
from reconciler.render.cells import cells
from reconciler.render.words import name

VERSION = 1
NOBODY: Mapping[str, Owner] = {}


def matched_text(found: Sequence[Asset], of: int, whose: Mapping[str, Owner] = NOBODY) -> str:
    """A line for each photo with its file, day and id, and how many there are; `whose` are other people."""
    files = [name(asset.file_name) for asset in found]
    width = max(map(cells, files), default=0)
    lines = [
        f"{file}{' ' * (width - cells(file))}  {day_of(asset)}  {asset.id}{_whose(asset, whose)}\n"
        for file, asset in zip(files, found, strict=True)
    ]
    return "".join([*lines, f"{counted(len(found), 'photo')} of {of:,}\n"])


def _whose(asset: Asset, whose: Mapping[str, Owner]) -> str:
    return f"  of {name(whose[asset.owner_id].title)}" if asset.owner_id in whose else ""


def day_of(asset: Asset) -> str:
    """The day it was taken, as wide as every day."""
    return f"{asset.taken.local:%Y-%m-%d}" if asset.taken else "no date   "


def matched_json(found: Sequence[Asset], of: int, whose: Mapping[str, Owner] = NOBODY) -> dict[str, Any]:
    """The same as JSON; `of` is how many photos were looked at."""
    return {
        "version": VERSION,
        "count": len(found),
        "of": of,
        "photos": [photo_json(asset, whose) for asset in found],
    }


def photo_json(asset: Asset, whose: Mapping[str, Owner] = NOBODY) -> dict[str, Any]:
    """A photo by all its names, and whose it is where it is somebody else's."""
    owner = whose.get(asset.owner_id)
    return {
        "id": asset.id,
        "file": asset.file_name,
        "path": asset.path,
        "checksum": asset.checksum,
        "taken": None if asset.taken is None else str(asset.taken),
        **({"owner": {"id": owner.id, "name": owner.name, "email": owner.email}} if owner else {}),
    }
