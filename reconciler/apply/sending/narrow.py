"""What of an operation is left alone, because something has moved while the run was under way. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.apply.written import covered
from reconciler.diff.changes import Action, Changes
from reconciler.model.live import Live
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    AlbumRef,
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
    UserRef,
    asset_ids,
)
from reconciler.plan.report import Fate, ItemFailure, OperationReport
from reconciler.plan.standing import Kind, Standing, State, standings

MOVED = "it has changed on the server meanwhile and was left alone"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of an operation (None: nothing of it is sent), and the photos that it leaves alone."""

    operation: Operation | None
    left_alone: tuple[ItemFailure, ...] = ()

    def told(self, whole: Operation, report: OperationReport | None) -> OperationReport:
        """The report of the `whole` operation, given that of what was sent of it."""
        photos = len(asset_ids(whole))
        if report is None:
            return OperationReport(whole.text, photos, Fate.NOT_SENT, MOVED, self.left_alone)
        fate = Fate.PARTLY if report.fate is Fate.WRITTEN else report.fate
        return replace(
            report, text=whole.text, photos=photos, fate=fate, failures=(*self.left_alone, *report.failures)
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """What has moved since the plan was made, and which aspects that are by what they belong to."""

    drifted: tuple[Standing, ...] = ()
    aspects: Mapping[tuple[Kind, str], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, drifted: Iterable[Standing]) -> Moved:
        """These have moved."""
        found = tuple(drifted)
        aspects: dict[tuple[Kind, str], set[str]] = defaultdict(set)
        for item in found:
            aspects[item.kind, item.id].add(item.aspect)
        return cls(found, {key: frozenset(names) for key, names in aspects.items()})

    def narrowed(self, operation: Operation, labels: Mapping[str, str]) -> Narrowed | None:
        """What is left of the operation; None where all of it is."""
        match operation:
            case UpdateAssets(values=values) | UpdateAsset(values=values):
                return self._without(operation, {name.value for name in values}, labels)
            case TagAssets(tags=tags):
                return self._without(operation, {f"tag+{tag.path}" for tag in tags}, labels)
            case UntagAssets(tag=tag):
                return self._without(operation, {f"tag-{tag.path}"}, labels)
            case ColorTag(tag=tag):
                return Narrowed(None) if (Kind.TAG, tag.path) in self.aspects else None
            case UpdateAlbum(values=values):
                return self._unless_moved(operation.album, {"album", *(name.value for name in values)})
            case AddMembers() | RemoveMembers() | DeleteAlbum():
                return self._unless_moved(operation.album, {"album"})
            case AddToAlbums(albums=albums):
                return self._of_several(operation, albums)
            case ShareAlbum():
                return self._shared(operation)
            case SetRole(album=album, user=user) | UnshareAlbum(album=album, user=user):
                moved = self._role_moved(album, user) or "album" in self._of(Kind.ALBUM, album.name)
                return Narrowed(None) if moved else None
            case CreateAlbum(name=name):
                return self._unless_moved(AlbumRef(name), {"album"})
            case CreateTags():
                return None

    def _unless_moved(self, album: AlbumRef, aspects: set[str]) -> Narrowed | None:
        return Narrowed(None) if aspects & self._of(Kind.ALBUM, album.name) else None

    def _shared(self, operation: ShareAlbum) -> Narrowed | None:
        album = operation.album
        if "album" in self._of(Kind.ALBUM, album.name):
            return Narrowed(None)
        moved = [user for user in operation.users if self._role_moved(album, user)]
        if not moved:
            return None
        kept = tuple(user for user in operation.users if user not in moved)
        failures = tuple(ItemFailure(user.id, user.label, MOVED, "user") for user in moved)
        return Narrowed(replace(operation, users=kept) if kept else None, failures)

    def _role_moved(self, album: AlbumRef, user: UserRef) -> bool:
        return bool(self._of(Kind.SHARE, f"{album.name}/{user.id}"))

    def _of_several(self, operation: AddToAlbums, albums: tuple[AlbumRef, ...]) -> Narrowed | None:
        kept = tuple(album for album in albums if "album" not in self._of(Kind.ALBUM, album.name))
        if len(kept) == len(albums):
            return None
        return Narrowed(replace(operation, albums=kept) if kept else None)

    def _without(self, operation: Operation, aspects: set[str], labels: Mapping[str, str]) -> Narrowed | None:
        ids = asset_ids(operation)
        moved = [photo for photo in ids if aspects & self._of(Kind.PHOTO, photo)]
        if not moved:
            return None
        failures = tuple(ItemFailure(photo, labels.get(photo, photo), MOVED) for photo in moved)
        gone = set(moved)
        kept = tuple(photo for photo in ids if photo not in gone)
        if not kept:
            return Narrowed(None, failures)
        assert isinstance(operation, UpdateAssets | TagAssets | UntagAssets)
        return Narrowed(replace(operation, asset_ids=kept), failures)

    def _of(self, kind: Kind, identity: str) -> frozenset[str]:
        return self.aspects.get((kind, identity), frozenset())


NOTHING_MOVED = Moved()


def moved_since(
    changes: Changes, operations: Iterable[Operation], live: Live, labels: Mapping[str, str]
) -> Moved:
    """What has moved of that which these operations write; an album that they make and is there has too."""
    part = covered(changes, operations)
    made = {album.name for album in part.albums if album.action is Action.CREATE}

    def moved(item: Standing) -> bool:
        there = item.kind is Kind.ALBUM and item.aspect == "album" and item.id in made
        return item.state in (State.OTHER, State.GONE) or (there and item.state is State.AFTER)

    return Moved.of(item for item in standings(part, live, labels) if moved(item))
