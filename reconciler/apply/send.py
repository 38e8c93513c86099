"""Sends operations: side by side where they are independent, and with an account of every single one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate

from reconciler.apply.journal import Journal, NoJournal
from reconciler.apply.pace import Pace
from reconciler.apply.protocols import Interruption, Progress
from reconciler.apply.state import StateUnusable
from reconciler.apply.written import Sent
from reconciler.diff.changes import AlbumField
from reconciler.immich.answers import ItemResult
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.writer import Writer
from reconciler.plan.operations import (
    AddMembers,
    AlbumRef,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Operation,
    RemoveMembers,
    TagAssets,
    TagRef,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
    asset_ids,
)
from reconciler.plan.report import Fate, ItemFailure, OperationReport
from reconciler.plan.schedule import Lane, Round

_HOPELESS = frozenset(
    {Kind.UNREACHABLE, Kind.TIMEOUT, Kind.BUSY, Kind.BROKEN, Kind.UNAUTHORIZED, Kind.FORBIDDEN}
)
"""After these, retries included, there is no point in sending anything else."""

_MESSAGES = {
    "no_permission": "the server doesn't let this account touch it, or it is gone",
    "not_found": "it is gone",
}


class _NotSent(Exception):
    """An operation can't be sent because one before it failed."""


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
    look_after: Callable[[], None]
    """Called before each operation: are the queues still held?"""
    journal: Journal = field(default_factory=NoJournal)
    tag_ids: dict[str, str] = field(default_factory=dict)
    album_ids: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    """Why nothing more is sent; empty while all is well."""
    pace: Pace = field(init=False)
    """How many operations are under way at once."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0
    _numbered: int = 0

    def __post_init__(self) -> None:
        self.pace = Pace(self.connections, self.progress)

    def send(self, part: Round) -> list[Sent]:
        """Sends one round; the accounts stand in the order of the plan. Never raises ServerError."""
        with self.writer.transport.watched(self.pace):
            return self._send(part)

    def _send(self, part: Round) -> list[Sent]:
        lanes = (part.first, *part.lanes, part.last)
        before = list(accumulate(map(len, lanes), initial=self._numbered))
        self._numbered = before[-1]
        sent = self._lane(part.first, before[0])
        with ThreadPoolExecutor(self.connections, thread_name_prefix="apply") as pool:
            for lane in pool.map(self._lane, part.lanes, before[1:]):
                sent += lane
        return sent + self._lane(part.last, before[-2])

    def _lane(self, lane: Lane, before: int) -> list[Sent]:
        sent: list[Sent] = []
        for number, operation in enumerate(lane, start=before + 1):
            with self.pace.turn():
                sent.append(Sent(operation, self._one(number, operation)))
            with self._lock:
                self._done += 1
            self.progress.advance(self._done)
        return sent

    def _one(self, number: int, operation: Operation) -> OperationReport:
        if self.stopped or self.interruption.requested:
            return _not_sent(operation, self.stopped)
        try:
            with self._lock:
                self.look_after()
            self.journal.sending(number)
        except ServerError as error:
            return self._failed_with(error, operation)
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
                self.album_ids[operation.name] = self._create_album(operation)
            case UpdateAlbum():
                self._update_album(self._album(operation.album), operation.values)
            case DeleteAlbum():
                writer.delete_album(self._album(operation.album))
            case AddMembers():
                return self._failed(writer.add_members(self._album(operation.album), operation.asset_ids))
            case RemoveMembers():
                return self._failed(writer.remove_members(self._album(operation.album), operation.asset_ids))
            case UpdateAssets():
                return self._halving(
                    operation.asset_ids, lambda ids: writer.update_assets(ids, operation.values)
                )
            case UpdateAsset():
                return self._halving(
                    (operation.asset_id,), lambda ids: writer.update_asset(ids[0], operation.values)
                )
            case TagAssets():
                tags = [self._tag(tag) for tag in operation.tags]
                return self._halving(operation.asset_ids, lambda ids: writer.tag_assets(tags, ids))
            case UntagAssets():
                return self._failed(writer.untag_assets(self._tag(operation.tag), operation.asset_ids))
        return []

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

    def _create_album(self, operation: CreateAlbum) -> str:
        """Makes an album; where the answer is lost, looks whether it was made before giving up."""
        try:
            return self.writer.create_album(operation.name, operation.description, operation.asset_ids)
        except ServerError as error:
            if not error.uncertain:
                raise
            made = [album for album in self.reader.albums().own if album.name == operation.name]
            if len(made) != 1:
                raise
            return made[0].id

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


def _report(operation: Operation, failures: list[ItemFailure]) -> OperationReport:
    photos = len(asset_ids(operation))
    fate = Fate.WRITTEN if not failures else Fate.PARTLY if len(failures) < photos else Fate.FAILED
    return OperationReport(operation.text, photos, fate, "", tuple(failures))


def _not_sent(operation: Operation, why: str) -> OperationReport:
    return OperationReport(operation.text, len(asset_ids(operation)), Fate.NOT_SENT, why)
