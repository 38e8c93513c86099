"""Sends operations: side by side where they are independent, and with a report on every single one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from reconciler.apply.protocols import Interruption, Progress
from reconciler.apply.queues.window import QueuesBusy
from reconciler.apply.sending.narrow import NOTHING_MOVED, Moved
from reconciler.apply.sending.pace import Pace
from reconciler.apply.sending.share import REFUSED, Sharer, roles_of
from reconciler.apply.state.database import StateUnusable
from reconciler.apply.state.journal import Journal, NoJournal
from reconciler.apply.written import Sent
from reconciler.diff.changes import AlbumField
from reconciler.immich.answers import ItemResult, Made
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.pool import bounded
from reconciler.immich.reader import Reader
from reconciler.immich.transport import Look
from reconciler.immich.writer import Writer
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, same, same_instant
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    AlbumRef,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Lane,
    Operation,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    TagAssets,
    TagRef,
    UnshareAlbum,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
    asset_ids,
    users,
)
from reconciler.plan.report import Fate, ItemFailure, OperationReport
from reconciler.plan.schedule import Stage

_HOPELESS = frozenset(
    {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.BUSY, Kind.BROKEN, Kind.UNAUTHORIZED, Kind.FORBIDDEN}
)
"""After these, retries included, there is no point in sending anything else."""

FEW = 3
"""So many photos of a batch show whether it was written."""

_MESSAGES = {
    "no_permission": "the server doesn't let this account touch it, or it is gone",
    "not_found": "it is gone",
}


class _NotSent(Exception):
    """An operation can't be sent because one before it failed."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A write through files of which an answer was lost. It is done; its jobs may be in no queue."""

    number: int
    operation: Operation
    report: OperationReport


@dataclass(slots=True)
class Sender:
    """Sends the operations of one plan and remembers the ids of what it makes."""

    reader: Reader
    writer: Writer
    owner: str
    labels: Mapping[str, str]
    progress: Progress
    interruption: Interruption
    connections: int
    look_after: Callable[[bool], None]
    """Called before each operation: are the queues still held? With True, it has to look at once."""
    journal: Journal = field(default_factory=NoJournal)
    tag_ids: dict[str, str] = field(default_factory=dict)
    album_ids: dict[str, str] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    """Albums that were made and answered for."""
    stopped: str = ""
    """Why nothing more is sent; empty while all is well."""
    cut: list[Cut] = field(default_factory=list)
    """What is done and may be half done (see `mend`); in the journal its fate stays unknown until then."""
    sharer: Sharer = field(init=False)
    pace: Pace = field(init=False)
    """How many operations are under way at once."""
    _lost: list[Operation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0
    _numbered: int = 0

    def __post_init__(self) -> None:
        self.sharer = Sharer(self.reader, self.writer)
        self.pace = Pace(self.connections, self.progress)

    def send(self, stage: Stage, moved: Moved = NOTHING_MOVED) -> list[Sent]:
        """Sends one stage, without what has moved; never raises ServerError.

        The reports stand in the order of the plan.
        """
        with self.writer.transport.watched(self.pace):
            return self._send(stage, moved)

    def _look_after(self, at_once: bool) -> None:
        with self._lock:
            self.look_after(at_once)

    def again(self, cut: Cut, operation: Operation) -> None:
        """Sends what is missing of a write once more. Raises ServerError, QueuesBusy."""
        self._look_after(True)
        self._dispatch(operation)
        if self._was_lost(operation):
            self.cut.append(cut)

    def mended(self, cut: Cut) -> None:
        """Writes down that the write is done in full, unless it broke off once more."""
        if cut in self.cut:
            return
        try:
            self.journal.answered(cut.number, cut.report, uncertain=False)
        except StateUnusable as error:
            self.stopped = self.stopped or str(error)

    def _look(self, operation: Operation, done: Callable[[], bool] = lambda: False) -> Look:
        """What to do before a write is sent again: the queues may run, and it may be done already."""

        def look(maybe: bool) -> bool:
            if maybe:
                self._lost.append(operation)
            self._look_after(True)
            return maybe and done()

        return look

    def _was_lost(self, operation: Operation) -> bool:
        return any(item is operation for item in self._lost)

    def _has(self, ids: Sequence[str], values: Mapping[Field, FieldValue]) -> bool:
        """Whether photos have got values that they are known not to have had.

        The server sets each of them on all photos at once, but one after the other: what goes to the file
        first, hearts and visibility last. So one photo that has all of them tells that it came to the end.
        """
        return any(
            all(same_on_the_way(field, detail.asset.value(field), value) for field, value in values.items())
            for detail in self.reader.assets(ids[:FEW]).values()
        )

    def _send(self, stage: Stage, moved: Moved) -> list[Sent]:
        lanes = (stage.first, *stage.lanes)
        before = list(accumulate(map(len, lanes), initial=self._numbered))
        self._numbered = before[-1]
        sent = self._lane(stage.first, before[0], moved)
        numbered = zip(stage.lanes, before[1:-1], strict=True)
        for lane in bounded(lambda item: self._lane(*item, moved), numbered, workers=self.connections):
            sent += lane
        return sent

    def _lane(self, lane: Lane, before: int, moved: Moved) -> list[Sent]:
        sent: list[Sent] = []
        for number, operation in enumerate(lane, start=before + 1):
            with self.pace.turn():
                sent.append(Sent(operation, self._without_moved(number, operation, moved)))
            with self._lock:
                self._done += 1
            self.progress.advance(self._done)
        return sent

    def _without_moved(self, number: int, operation: Operation, moved: Moved) -> OperationReport:
        narrowed = moved.narrowed(operation, self.labels)
        if narrowed is None:
            return self._one(number, operation, lambda report: report)
        if narrowed.operation is None:
            return narrowed.told(operation, None)
        return self._one(number, narrowed.operation, lambda report: narrowed.told(operation, report))

    def _one(
        self, number: int, operation: Operation, told: Callable[[OperationReport], OperationReport]
    ) -> OperationReport:
        if self.stopped or self.interruption.requested:
            return _not_sent(operation, self.stopped)
        try:
            # the tags of a photo that is being read meanwhile are lost (PERFORMANCE 1.5)
            self._look_after(isinstance(operation, TagAssets | UntagAssets))
            self.journal.sending(number)
        except ServerError as error:
            return self._failed_with(error, operation)
        except QueuesBusy as error:
            self.stopped = self.stopped or str(error)
            return _not_sent(operation, str(error))
        except StateUnusable as error:
            self.stopped = self.stopped or str(error)
            return _not_sent(operation, str(error))
        uncertain = False
        try:
            report = _report(operation, self._dispatch(operation))
        except ServerError as error:
            uncertain = error.uncertain
            report = self._failed_with(error, operation)
        except _NotSent as error:
            report = _not_sent(operation, str(error))
        except QueuesBusy as error:
            uncertain = True
            self.stopped = self.stopped or str(error)
            report = OperationReport(operation.text, len(asset_ids(operation)), Fate.FAILED, str(error))
        report = told(report)
        if self._was_lost(operation) and report.fate in (Fate.WRITTEN, Fate.PARTLY):
            self.cut.append(Cut(number, operation, report))
            uncertain = True
        try:
            self.journal.answered(number, report, uncertain=uncertain)
        except StateUnusable as error:
            self.stopped = self.stopped or str(error)
        return report

    def _failed_with(self, error: ServerError, operation: Operation) -> OperationReport:
        if error.kind in _HOPELESS:
            self.stopped = self.stopped or str(error)
        return OperationReport(operation.text, len(asset_ids(operation)), Fate.FAILED, str(error))

    def _dispatch(self, operation: Operation) -> list[ItemFailure]:
        writer = self.writer
        match operation:
            case CreateTags():
                self.tag_ids |= writer.upsert_tags(operation.paths)
            case ColorTag():
                writer.set_tag_color(self._tag(operation.tag), operation.color)
            case CreateAlbum():
                return self._create_album(operation)
            case UpdateAlbum():
                self._update_album(self._album(operation.album), operation.values)
            case DeleteAlbum():
                writer.delete_album(self._album(operation.album))
            case AddMembers():
                return self._failed(writer.add_members(self._album(operation.album), operation.asset_ids))
            case AddToAlbums():
                return self._add_to_albums(operation)
            case RemoveMembers():
                return self._failed(writer.remove_members(self._album(operation.album), operation.asset_ids))
            case ShareAlbum():
                return self.sharer.share(self._album(operation.album), operation.users)
            case SetRole():
                self.sharer.set_role(self._album(operation.album), operation.user)
            case UnshareAlbum():
                self.sharer.unshare(self._album(operation.album), operation.user)
            case UpdateAssets():
                return self._halving(
                    operation.asset_ids,
                    lambda ids: writer.update_assets(
                        ids, operation.values, self._look(operation, lambda: self._has(ids, operation.values))
                    ),
                )
            case UpdateAsset():
                return self._halving(
                    (operation.asset_id,), lambda ids: writer.update_asset(ids[0], operation.values)
                )
            case TagAssets():
                tags = [self._tag(tag) for tag in operation.tags]
                return self._halving(
                    operation.asset_ids, lambda ids: writer.tag_assets(tags, ids, self._look(operation))
                )
            case UntagAssets():
                tag = self._tag(operation.tag)
                return self._failed(writer.untag_assets(tag, operation.asset_ids, self._look(operation)))
        return []

    def _add_to_albums(self, operation: AddToAlbums) -> list[ItemFailure]:
        """One call for all; where the server refuses it, album by album, which tells what is wrong."""
        albums = [self._album(album) for album in operation.albums]
        if self.writer.add_to_albums(albums, operation.asset_ids):
            return []
        failed = {
            failure.id: failure
            for album in albums
            for failure in self._failed(self.writer.add_members(album, operation.asset_ids))
        }
        return list(failed.values())

    def _update_album(self, album_id: str, values: Mapping[AlbumField, str | bool | None]) -> None:
        def text(name: AlbumField) -> str | None:
            value = values.get(name)
            return value if isinstance(value, str) else None

        activity = values.get(AlbumField.ACTIVITY)
        self.writer.update_album(
            album_id,
            name=text(AlbumField.NAME),
            description=text(AlbumField.DESCRIPTION),
            order=text(AlbumField.ORDER),
            activity=activity if isinstance(activity, bool) else None,
            cover=text(AlbumField.COVER),
        )

    def _tag(self, tag: TagRef) -> str:
        found = tag.id or self.tag_ids.get(tag.path)
        if found is None:
            raise _NotSent(f"tag {tag.path!r} could not be made")
        return found

    def _album(self, album: AlbumRef) -> str:
        found = album.id or self.album_ids.get(album.name)
        if found is None:
            raise _NotSent(f"album {album.name!r} could not be made")
        return found

    def _create_album(self, operation: CreateAlbum) -> list[ItemFailure]:
        """Makes an album; where the server refuses, without its users, one of whom may be gone."""
        try:
            self.album_ids[operation.name] = self._new_album(operation)
        except ServerError as error:
            if not operation.users or error.kind not in REFUSED:
                raise
            made = self.album_ids[operation.name] = self._new_album(replace(operation, users=()))
            return self.sharer.share_if_possible(made, operation.users)
        return []

    def _new_album(self, operation: CreateAlbum) -> str:
        """Where the answer is lost, looks whether it was made before giving up."""
        given = operation.name, operation.description, operation.asset_ids, roles_of(operation.users)
        try:
            made = self.writer.create_album(*given)
            self.made.append(made)
            return made.id
        except ServerError as error:
            if not error.uncertain:
                raise
            there = [album for album in self.reader.albums().own if album.name == operation.name]
            if len(there) != 1:
                raise
            return there[0].id

    def _failed(self, results: Iterable[ItemResult]) -> list[ItemFailure]:
        return [
            ItemFailure(
                result.id,
                self.labels.get(result.id, result.id),
                _MESSAGES.get(result.error or "", f"the server says {result.error!r}"),
            )
            for result in results
            if not result.ok
        ]

    def _halving(self, ids: tuple[str, ...], write: Callable[[tuple[str, ...]], object]) -> list[ItemFailure]:
        """Writes a batch; one id that the server refuses is found by halving and doesn't sink the rest."""
        try:
            write(ids)
        except ServerError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            if len(ids) == 1:
                return [ItemFailure(ids[0], self.labels.get(ids[0], ids[0]), error.message)]
            middle = len(ids) // 2
            return self._halving(ids[:middle], write) + self._halving(ids[middle:], write)
        return []


def same_on_the_way(field: Field, found: FieldValue, wanted: FieldValue) -> bool:
    """Whether a photo has the value, though not in its file yet: zone and «no place» differ until then."""
    if isinstance(found, Taken) and isinstance(wanted, Taken):
        return same_instant(found, wanted)
    if field is Field.LOCATION and wanted is None and isinstance(found, Coordinates):
        return found.latitude == found.longitude == 0
    return same(field, found, wanted)


def _report(operation: Operation, failures: list[ItemFailure]) -> OperationReport:
    photos = len(asset_ids(operation))
    parts = photos + len(users(operation)) + isinstance(operation, CreateAlbum)
    fate = Fate.WRITTEN if not failures else Fate.PARTLY if len(failures) < parts else Fate.FAILED
    return OperationReport(operation.text, photos, fate, "", tuple(failures))


def _not_sent(operation: Operation, why: str) -> OperationReport:
    return OperationReport(operation.text, len(asset_ids(operation)), Fate.NOT_SENT, why)
