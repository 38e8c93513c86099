"""Looks photos up by what they are called, several in one question where the server takes that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from operator import attrgetter

from reconciler.immich.search import as_asked
from reconciler.live.errand import Errand
from reconciler.model.asset import Asset
from reconciler.model.desired import PhotoName
from reconciler.model.text import composed, folded


def by_checksum(errand: Errand, checksums: Collection[str]) -> list[list[Asset]]:
    """The account's own photos with each of these checksums (base64)."""
    if not errand.source.dialect.structured_filter:
        return errand.each(lambda one: errand.source.find(checksum=one), list(checksums))
    assets = errand.source.called("checksum", list(checksums))
    return _each_by(errand, checksums, assets, lambda asset: asset.checksum)


def by_name(errand: Errand, names: Collection[PhotoName]) -> list[list[Asset]]:
    """The account's own photos with the path or the name of a file of each of these."""

    def find(name: PhotoName) -> list[Asset]:
        if name.path:
            return errand.source.find(path=name.path)
        return errand.source.find(file_name=name.file)

    if not errand.source.dialect.structured_filter:
        return errand.each(find, list(names))
    paths = [name.path for name in names if name.path]
    files = [name.file for name in names if not name.path and name.file]
    return _by_path(errand, paths) + _by_file(errand, files)


def _by_path(errand: Errand, paths: list[str]) -> list[list[Asset]]:
    assets = errand.source.called("originalPath", as_asked(paths)) if paths else []
    return _each_by(errand, map(composed, paths), assets, lambda asset: composed(asset.path))


def _by_file(errand: Errand, files: list[str]) -> list[list[Asset]]:
    assets = errand.source.called("originalFileName", as_asked(files, pattern=True)) if files else []
    return _each_by(errand, map(folded, files), assets, lambda asset: folded(asset.file_name))


def _each_by(
    errand: Errand, keys: Iterable[str], assets: Iterable[Asset], key: Callable[[Asset], str]
) -> list[list[Asset]]:
    """The account's own of these assets, in the order of ids, for each key."""
    by_key: dict[str, list[Asset]] = defaultdict(list)
    for asset in sorted(assets, key=attrgetter("id")):
        if asset.owner_id == errand.owner:
            by_key[key(asset)].append(asset)
    return [by_key[one] for one in keys]
