"""Which of the photos that were read are called as the files call them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.asset import Asset
from reconciler.model.desired import PhotoName
from reconciler.model.text import folded


def called(asset: Asset, name: PhotoName) -> bool:
    """Whether an asset is called so, in any case of letters."""
    return (
        asset.id == name.id
        or asset.checksum == name.checksum
        or (name.path is not None and folded(name.path) == folded(asset.path))
        or (name.file is not None and folded(name.file) == folded(asset.file_name))
    )


def unfound(names: Iterable[PhotoName], assets: Mapping[str, Asset]) -> tuple[PhotoName, ...]:
    """The names that none of these assets has."""
    wanted = tuple(names)
    if not wanted:
        return ()
    checksums = {asset.checksum for asset in assets.values()}
    paths = {folded(asset.path) for asset in assets.values()} if any(one.path for one in wanted) else set()
    files = (
        {folded(asset.file_name) for asset in assets.values()} if any(one.file for one in wanted) else set()
    )
    return tuple(
        name
        for name in wanted
        if not (
            name.id in assets
            or name.checksum in checksums
            or (name.path is not None and folded(name.path) in paths)
            or (name.file is not None and folded(name.file) in files)
        )
    )
