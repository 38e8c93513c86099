"""Which of a plan's changes were really written: only those are read back. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconciler.diff.changes import AlbumChange, AlbumField, AssetChange, Changes
from reconciler.model.values import Field
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
    users,
)
from reconciler.plan.report import Fate, OperationReport


@dataclass(frozen=True, slots=True)
class Sent:
    """An operation and what became of it."""

    operation: Operation
    report: OperationReport

    @property
    def taken(self) -> frozenset[str]:
        """The photos for which the server took it."""
        if self.report.fate not in (Fate.WRITTEN, Fate.PARTLY):
            return frozenset()
        return frozenset(asset_ids(self.operation)) - self._failed

    @property
    def users(self) -> frozenset[str]:
        """The ids of the users for whom the server took it."""
        if self.report.fate not in (Fate.WRITTEN, Fate.PARTLY):
            return frozenset()
        return frozenset(user.id for user in users(self.operation)) - self._failed

    @property
    def _failed(self) -> frozenset[str]:
        return frozenset(failure.id for failure in self.report.failures)


@dataclass(slots=True)
class _Taken:
    """What the server took, by what it was about."""

    fields: dict[str, set[Field]] = field(default_factory=lambda: defaultdict(set))
    tagged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    untagged: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    added: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    removed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    album_fields: dict[str, set[AlbumField]] = field(default_factory=lambda: defaultdict(set))
    shared: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    albums: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)

    def add(self, sent: Sent) -> None:
        photos = sent.taken
        match sent.operation:
            case UpdateAssets(values=values) | UpdateAsset(values=values):
                for photo in photos:
                    self.fields[photo] |= values.keys()
            case TagAssets(tags=tags):
                for photo in photos:
                    self.tagged[photo] |= {tag.path for tag in tags}
            case UntagAssets(tag=tag):
                for photo in photos:
                    self.untagged[photo].add(tag.path)
            case AddMembers(album=album):
                self.added[album.name] |= photos
            case AddToAlbums(albums=albums):
                for each in albums:
                    self.added[each.name] |= photos
            case RemoveMembers(album=album):
                self.removed[album.name] |= photos
            case CreateAlbum(name=name):
                self.albums.add(name)
                self.added[name] |= photos
                self.album_fields[name].add(AlbumField.DESCRIPTION)
                self.shared[name] |= sent.users
            case ShareAlbum(album=album) | SetRole(album=album) | UnshareAlbum(album=album):
                self.shared[album.name] |= sent.users
            case UpdateAlbum(album=album, values=changed):
                self.album_fields[album.name] |= changed.keys()
            case DeleteAlbum(album=album):
                self.albums.add(album.name)
            case CreateTags(paths=paths):
                self.tags |= set(paths)
            case ColorTag(tag=tag):
                self.tags.add(tag.path)

    def asset(self, change: AssetChange) -> AssetChange | None:
        kept = replace(
            change,
            fields=tuple(item for item in change.fields if item.field in self.fields[change.id]),
            tags_added=tuple(move for move in change.tags_added if move.path in self.tagged[change.id]),
            tags_removed=tuple(move for move in change.tags_removed if move.path in self.untagged[change.id]),
        )
        if kept == change:
            return change
        return kept if kept.fields or kept.tags_added or kept.tags_removed else None

    def album(self, change: AlbumChange) -> AlbumChange | None:
        kept = replace(
            change,
            fields=tuple(item for item in change.fields if item.field in self.album_fields[change.name]),
            added=tuple(asset for asset in change.added if asset in self.added[change.name]),
            removed=tuple(asset for asset in change.removed if asset in self.removed[change.name]),
            shares=tuple(item for item in change.shares if item.user.id in self.shared[change.name]),
        )
        return kept if change.name in self.albums or kept.any else None


def filled(sent: Iterable[Sent]) -> dict[str, frozenset[str]]:
    """The albums, by name, that were made with all their photos in one request, and these photos."""
    found: dict[str, frozenset[str]] = {}
    several: set[str] = set()
    for item in sent:
        match item.operation:
            case CreateAlbum(name=name):
                if name in found or item.report.fate is not Fate.WRITTEN:
                    several.add(name)
                found[name] = item.taken
            case AddMembers(album=album) | RemoveMembers(album=album):
                several.add(album.name)
    return {name: photos for name, photos in found.items() if name not in several}


def covered(changes: Changes, operations: Iterable[Operation]) -> Changes:
    """The part of the changes that these operations carry out."""
    return written(
        changes,
        (Sent(item, OperationReport(item.text, len(asset_ids(item)), Fate.WRITTEN)) for item in operations),
    )


def written(changes: Changes, sent: Iterable[Sent]) -> Changes:
    """The part of the changes that the server has taken."""
    taken = _Taken()
    for item in sent:
        if item.report.fate in (Fate.WRITTEN, Fate.PARTLY):
            taken.add(item)
    return Changes(
        tuple(change for change in changes.tags if change.path in taken.tags),
        tuple(kept for change in changes.assets if (kept := taken.asset(change))),
        tuple(album for change in changes.albums if (album := taken.album(change))),
    )
