"""What the jobs of the queues do.

An edit queues SidecarWrite, that queues AssetExtractMetadata, that StorageTemplateMigrationSingle.
SidecarWrite reads the row and the list of locked fields, writes the file in its own time, and then
unlocks the fields it had read: whatever another request or job does in that time is lost or comes
twice, as on the real server (PERFORMANCE 1.1). A reading of the files looks up where they are before it
opens them, and doesn't find the sidecar of a photo that is moved in between (PERFORMANCE 1.3, 1.6).
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from reconciler.sandbox import extraction, moving
from reconciler.sandbox.queues import Handler
from reconciler.sandbox.settings import Config, Pace
from reconciler.sandbox.store import albums, assets, tags
from reconciler.sandbox.store.database import Database, Job, NewJob, Writer
from reconciler.sandbox.store.media import Media
from reconciler.sandbox.versions import Version

_log = logging.getLogger(__name__)

QUEUE_OF = {
    "SidecarQueueAll": "sidecar",
    "SidecarCheck": "sidecar",
    "SidecarWrite": "sidecar",
    "AssetExtractMetadataQueueAll": "metadataExtraction",
    "AssetExtractMetadata": "metadataExtraction",
    "StorageTemplateMigration": "storageTemplateMigration",
    "StorageTemplateMigrationSingle": "storageTemplateMigration",
    "AssetGenerateThumbnailsQueueAll": "thumbnailGeneration",
    "AssetGenerateThumbnails": "thumbnailGeneration",
    "AssetEmptyTrash": "backgroundTask",
    "AssetDelete": "backgroundTask",
    "TagCleanup": "backgroundTask",
    "Maintenance": "backgroundTask",
    "AssetEncodeVideoQueueAll": "videoConversion",
    "FileMigrationQueueAll": "migration",
    "SmartSearchQueueAll": "smartSearch",
    "AssetDetectDuplicatesQueueAll": "duplicateDetection",
    "AssetDetectFacesQueueAll": "faceDetection",
    "FacialRecognitionQueueAll": "facialRecognition",
    "LibraryScanQueueAll": "library",
    "DatabaseBackup": "backupDatabase",
    "OcrQueueAll": "ocr",
}
STARTED_BY = {
    "videoConversion": "AssetEncodeVideoQueueAll",
    "storageTemplateMigration": "StorageTemplateMigration",
    "migration": "FileMigrationQueueAll",
    "smartSearch": "SmartSearchQueueAll",
    "duplicateDetection": "AssetDetectDuplicatesQueueAll",
    "metadataExtraction": "AssetExtractMetadataQueueAll",
    "sidecar": "SidecarQueueAll",
    "thumbnailGeneration": "AssetGenerateThumbnailsQueueAll",
    "faceDetection": "AssetDetectFacesQueueAll",
    "facialRecognition": "FacialRecognitionQueueAll",
    "library": "LibraryScanQueueAll",
    "backupDatabase": "DatabaseBackup",
    "ocr": "OcrQueueAll",
}
"""The job that «start» queues; other queues cannot be started by hand."""
ONE_OFF = {"tag-cleanup": "TagCleanup"}
"""POST /jobs by name; the others have nothing to do here and queue Maintenance."""

BEFORE_READING = 0.4
"""Share of a sidecar write's time that passes before it reads the row: edits until then are written too."""
REPLACING = 0.25
"""Share at its end in which the new file lies beside the old one, where a second write fails."""
BEFORE_OPENING = 0.6
"""Share of a reading's time that passes between looking up where the sidecar is and opening it."""
PLACEHOLDER_THUMBHASH = "1QcSHQRnh493V4dIh4eXh1h4kJUI"


@dataclass(slots=True)
class _Writing:
    """A sidecar that is being written right now."""

    destroyed: bool = False


@dataclass(slots=True)
class Jobs:
    """The handlers by job name."""

    database: Database
    media: Media
    version: Version
    pace: Pace
    config: Callable[[], Config]
    _writing: dict[str, _Writing] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _dice: random.Random = field(init=False)
    _cores: threading.Semaphore | None = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.pace.seed)
        self._cores = threading.Semaphore(self.pace.cores) if self.pace.cores else None

    def handlers(self) -> Mapping[str, Handler]:
        own: dict[str, Handler] = {
            "SidecarWrite": self._write_sidecar,
            "SidecarCheck": self._check_sidecar,
            "SidecarQueueAll": self._queue_sidecars,
            "AssetExtractMetadata": self._extract,
            "AssetExtractMetadataQueueAll": self._queue_extractions,
            "StorageTemplateMigrationSingle": self._move_one,
            "StorageTemplateMigration": self._move_all,
            "AssetGenerateThumbnails": self._make_thumbnails,
            "AssetGenerateThumbnailsQueueAll": self._queue_thumbnails,
            "AssetEmptyTrash": self._empty_trash,
            "AssetDelete": self._delete_asset,
            "TagCleanup": self._clean_tags,
        }
        # what belongs to machine learning, videos and backups finds nothing to do
        return dict.fromkeys(QUEUE_OF, _nothing) | own

    def _duration(self, queue: str) -> float:
        """How long this job takes, in seconds."""
        return self.pace.seconds(queue) * (1 + self.pace.spread * self._dice.uniform(-1, 1))

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Work that needs the processor; waits until it is free."""
        with self._cores or nullcontext():
            yield

    # -- sidecar -----------------------------------------------------------------------

    def _write_sidecar(self, job: Job) -> Iterable[NewJob]:
        asset_id = job.data["id"]
        seconds = self._duration("sidecar")
        time.sleep(seconds * BEFORE_READING)
        with self.database.read() as db:
            row = db.row(
                "SELECT exif.*, writable FROM exif JOIN photo USING (asset_id) WHERE asset_id = ?",
                (asset_id,),
            )
        if row is None:
            return []
        locked = row["locked"]
        columns = {**dict(row), "tags": json.loads(row["tags"])}
        if (written := extraction.write_fields(columns, locked, self.version)) is not None:
            with self._computing():
                with self.database.read() as db:
                    before = assets.sidecar_of(db, asset_id)
                time.sleep(seconds * (1 - BEFORE_READING - REPLACING))
                content = extraction.merged(before, written)
                self._replace_file(asset_id, content, bool(row["writable"]), locked, seconds * REPLACING)
        # a write that was skipped is followed by a reading too (FACTS 4)
        return [NewJob("AssetExtractMetadata", {"id": asset_id, "source": "sidecar-write"})]

    def _replace_file(
        self, asset_id: str, content: dict[str, object], writable: bool, locked: int, seconds: float
    ) -> None:
        """Takes its time; of two writes of one photo at once the second fails, maybe destroying the file."""
        with self._guard:
            other = self._writing.get(asset_id)
            if other is None:
                mine = self._writing[asset_id] = _Writing()
            elif self._dice.random() < self.pace.collision_loss:
                other.destroyed = True
        if other is not None:
            _log.info("sidecar of %s is being written already: this write failed", asset_id)
            with self.database.write() as db:
                assets.unlock(db, asset_id, locked)
            return
        try:
            time.sleep(seconds)
        finally:
            with self._guard:
                del self._writing[asset_id]
        with self.database.write() as db:
            if not _exists(db, asset_id):
                return
            if not writable:
                _log.info("sidecar of %s cannot be written", asset_id)
                assets.put_sidecar(db, asset_id, assets.sidecar_of(db, asset_id))
            else:
                assets.put_sidecar(db, asset_id, None if mine.destroyed else content)
            assets.unlock(db, asset_id, locked)

    def _check_sidecar(self, job: Job) -> Iterable[NewJob]:
        with self.database.write() as db:
            db.run("DELETE FROM sidecar WHERE asset_id = ? AND content IS NULL", (job.data["id"],))
        return [NewJob("AssetExtractMetadata", {"id": job.data["id"], "source": "sidecar-write"})]

    def _queue_sidecars(self, job: Job) -> Iterable[NewJob]:
        some = "" if job.data.get("force") else " WHERE id NOT IN (SELECT asset_id FROM sidecar)"
        return self._for_assets("SidecarCheck", some)

    # -- metadata ----------------------------------------------------------------------

    def _extract(self, job: Job) -> Iterable[NewJob]:
        asset_id = job.data["id"]
        seconds = self._duration("metadataExtraction")
        with self._computing():
            with self.database.read() as db:
                row = db.row(
                    "SELECT owner_id, original_path, embedded, file_created_at, file_modified_at "
                    "FROM asset JOIN photo ON asset_id = id WHERE id = ?",
                    (asset_id,),
                )
            if row is None:
                return []
            time.sleep(seconds * BEFORE_OPENING)
            sidecar = self._opened_sidecar(asset_id, row["original_path"])
            time.sleep(seconds * (1 - BEFORE_OPENING))
        times = extraction.FileTimes(row["file_created_at"], row["file_modified_at"])
        reading = extraction.read_files(assets.embedded_of(row["embedded"]), sidecar, times, self.version)
        with self.database.write() as db:
            if not _exists(db, asset_id):
                return []
            assets.store_reading(db, asset_id, reading)
            # the tags are those of the row, which may be locked ones and not those of the file
            values = json.loads(db.value("SELECT tags FROM exif WHERE asset_id = ?", (asset_id,)))
            tags.replace(db, row["owner_id"], asset_id, values)
        source = {"source": job.data["source"]} if "source" in job.data else {}
        return [NewJob("StorageTemplateMigrationSingle", {"id": asset_id, **source})]

    def _opened_sidecar(self, asset_id: str, beside: str) -> dict[str, object] | None:
        """What is in the sidecar; None where there is none, or none any more beside this path."""
        with self.database.read() as db:
            if db.value("SELECT original_path FROM asset WHERE id = ?", (asset_id,)) != beside:
                _log.info("sidecar of %s was moved while it was read: file not found", asset_id)
                return None
            return assets.sidecar_of(db, asset_id)

    def _queue_extractions(self, job: Job) -> Iterable[NewJob]:
        some = "" if job.data.get("force") else " WHERE width IS NULL"
        return self._for_assets("AssetExtractMetadata", some)

    # -- files -------------------------------------------------------------------------

    def _move_one(self, job: Job) -> Iterable[NewJob]:
        asset_id = job.data["id"]
        if self.config()["storageTemplate"]["enabled"]:
            time.sleep(self._duration("storageTemplateMigration"))
            self._move(asset_id)
        if job.data.get("source") == "upload":
            return [NewJob("AssetGenerateThumbnails", {"id": asset_id, "source": "upload"})]
        return []

    def _move_all(self, _job: Job) -> Iterable[NewJob]:
        """One job for all files, which is why a pause does not stop it (PERFORMANCE 1.3)."""
        if self.config()["storageTemplate"]["enabled"]:
            with self.database.read() as db:
                ids = db.values("SELECT id FROM asset WHERE library_id IS NULL ORDER BY created_at, id")
            for asset_id in ids:
                time.sleep(self._duration("storageTemplateMigration"))
                self._move(asset_id)
        return []

    def _move(self, asset_id: str) -> None:
        with self.database.write() as db:
            moving.move(db, asset_id, self.config()["storageTemplate"]["template"], self.version)

    def _make_thumbnails(self, job: Job) -> Iterable[NewJob]:
        with self.database.write() as db:
            db.run(
                "UPDATE asset SET thumbhash = ? WHERE id = ? AND thumbhash IS NULL",
                (PLACEHOLDER_THUMBHASH, job.data["id"]),
            )
        return []

    def _queue_thumbnails(self, job: Job) -> Iterable[NewJob]:
        some = "" if job.data.get("force") else " WHERE thumbhash IS NULL"
        return self._for_assets("AssetGenerateThumbnails", some)

    # -- background --------------------------------------------------------------------

    def _empty_trash(self, _job: Job) -> Iterable[NewJob]:
        return self._for_assets("AssetDelete", " WHERE status = 'deleted'")

    def _delete_asset(self, job: Job) -> Iterable[NewJob]:
        with self.database.write() as db:
            gone = assets.delete(db, [job.data["id"]])
            albums.repair_thumbnails(db)
        for row in gone:
            self.media.remove(row["id"])
        return []

    def _clean_tags(self, _job: Job) -> Iterable[NewJob]:
        with self.database.write() as db:
            tags.delete_unused(db)
        return []

    def _for_assets(self, name: str, where: str) -> list[NewJob]:
        with self.database.read() as db:
            return [
                NewJob(name, {"id": found}) for found in db.values(f"SELECT id FROM asset{where} ORDER BY id")
            ]


def _nothing(_job: Job) -> Iterable[NewJob]:
    return []


def _exists(db: Writer, asset_id: str) -> bool:
    return db.value("SELECT 1 FROM asset WHERE id = ?", (asset_id,)) is not None
