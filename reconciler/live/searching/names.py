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


class Names:
    """Several names of photos, looked up at once: there may be thousands of both."""

    def __init__(self, names: Iterable[PhotoName]) -> None:
        wanted = tuple(names)
        self._ids = {name.id for name in wanted}
        self._checksums = {name.checksum for name in wanted}
        self._paths = {folded(name.path) for name in wanted if name.path is not None}
        self._files = {folded(name.file) for name in wanted if name.file is not None}

    def mean(self, asset: Asset) -> bool:
        """Whether an asset is called by any of them."""
        return (
            asset.id in self._ids
            or asset.checksum in self._checksums
            or (bool(self._paths) and folded(asset.path) in self._paths)
            or (bool(self._files) and folded(asset.file_name) in self._files)
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
