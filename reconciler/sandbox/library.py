"""A library folder: the database, the photos' bytes, the queues, and how photos get in.

sandbox.db   SQLite, everything but the bytes
media/       the bytes of photos that have any
.lock        held by the process that runs the library
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.sandbox import extraction, moving
from reconciler.sandbox.clock import Clock, to_millis
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.jobs import QUEUE_OF, Jobs
from reconciler.sandbox.locking import FolderLock
from reconciler.sandbox.photo import Embedded, read_photo, read_sidecar
from reconciler.sandbox.queues import Queues
from reconciler.sandbox.recorder import Recorder
from reconciler.sandbox.settings import Config, Pace, concurrency, default_config
from reconciler.sandbox.store import assets, company, tags, users
from reconciler.sandbox.store.database import Database, Writer
from reconciler.sandbox.store.media import Media
from reconciler.sandbox.versions import DEFAULT, Version, version_named

DATABASE = "sandbox.db"
LOCK = ".lock"
BATCH = 10_000
VIDEO_SUFFIXES = frozenset({".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".mts", ".webm", ".wmv"})


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A photo for add_assets: it gets in as if all jobs for it were done long ago."""

    file_name: str
    file_created_at: datetime
    """With a zone. Used as the date only where `embedded` and `sidecar` have none."""
    embedded: Embedded = field(default_factory=Embedded)
    owner: str | None = None
    """Id of the user; None is the first admin."""
    path: str | None = None
    """The server's path; None puts it where uploads go."""
    checksum: str | None = None
    """SHA-1, hex or base64; None takes that of `data` or, without bytes, one made from the path."""
    sidecar: Embedded | None = None
    """What a sidecar beside the photo says."""
    tags: Sequence[str] | None = None
    """Tag paths given on the server (they are in the sidecar then); None leaves those of the files."""
    visibility: str = "timeline"
    favorite: bool = False
    trashed: bool = False
    data: bytes | None = None
    file_size: int | None = None
    """In bytes, for photos without `data`."""
    sidecar_writable: bool = True
    """False: the folder is read-only, so every edit is lost once the jobs have run (FINDINGS 2)."""
    duration: int | None = None
    """Of a video, in milliseconds."""
    people: Sequence[str] = ()
    """Names of the persons on it."""
    stack: str | None = None
    """Photos with the same word here make one stack."""
    external_library: str | None = None
    """The name of the external library it lies in."""


class Library:
    """An open library. Close it, or use it in a `with`; `start()` lets its jobs run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.database = Database(path / DATABASE, self.clock, QUEUE_OF)
        stored = _settings_in(self.database)
        self.version: Version = version_named(stored["version"])
        self.pace = Pace(**stored["pace"])
        self.config: Config = stored["config"]
        self.admin_key: str | None = stored.get("admin_key")
        """The API key of the first admin; None in a library made without users."""
        self.made: dict[str, Any] = stored["made"]
        """Id and instant of the making."""
        self.media = Media(path / "media")
        self.faults = Faults()
        self.requests = Recorder()
        jobs = Jobs(self.database, self.media, self.version, self.pace, lambda: self.config)
        self.queues = Queues(
            self.database, self.version.queues, jobs.handlers(), lambda queue: concurrency(self.config, queue)
        )
        self._lock = FolderLock(path / LOCK)

    # -- making and opening ------------------------------------------------------------

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        version: str = DEFAULT,
        name: str = "Demo",
        email: str = "demo@example.org",
        with_admin: bool = True,
        pace: Pace | None = None,
    ) -> Library:
        """A new library in a folder that is empty or does not exist; raises SandboxError otherwise.

        With `with_admin=False` it has no user, and waits for POST /auth/admin-sign-up.
        """
        played = version_named(version)
        try:
            path.mkdir(parents=True, exist_ok=True)
            occupied = next(path.iterdir(), None)
        except OSError as error:
            raise SandboxError(f"{path} cannot be made: {error.strerror or error}") from error
        if occupied is not None:
            raise SandboxError(f"{path} is not empty ({occupied.name}): choose a new folder for the library")
        Database.make(path / DATABASE)
        database = Database(path / DATABASE, Clock(), QUEUE_OF)
        with database.write() as db:
            settings: dict[str, Any] = {
                "version": version,
                "pace": (pace or Pace()).as_json(),
                "config": default_config(played),
                "made": {"id": str(uuid.uuid4()), "created_at": db.now()},
            }
            if with_admin:
                admin = users.insert(
                    db, email=email, name=name, password=secrets.token_urlsafe(24), is_admin=True
                )
                settings["admin_key"] = users.new_secret()
                users.insert_key(db, admin, "sandbox", ["all"], settings["admin_key"])
            for key, value in settings.items():
                store_setting(db, key, value)
        database.close()
        return cls(path)

    def add_users(self, emails: Mapping[str, str]) -> None:
        """More users, by e-mail with their names; one that is there stays as it is."""
        with self.database.write() as db:
            for email, name in emails.items():
                if db.value("SELECT 1 FROM user WHERE email = ?", (email.lower(),)) is None:
                    password = secrets.token_urlsafe(24)
                    users.insert(db, email=email, name=name, password=password, is_admin=False)

    @classmethod
    def open(cls, path: Path) -> Library:
        """The library in the folder; raises SandboxError when there is none."""
        if not (path / DATABASE).is_file():
            raise SandboxError(f"there is no sandbox library in {path}: make one with immich-sandbox init")
        return cls(path)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends running jobs and frees the folder; jobs that wait stay for the next time."""
        self.stop()
        self.database.close()

    # -- running -----------------------------------------------------------------------

    def start(self) -> None:
        """Lets the jobs run; raises SandboxError when another process runs this library."""
        self._lock.acquire()
        self.queues.start()

    def stop(self) -> None:
        self.queues.stop()
        self._lock.release()

    @contextmanager
    def running(self) -> Iterator[Library]:
        """start() and stop() around a block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def settle(self, seconds: float = 600) -> None:
        """Waits until no queue that is not paused has a job; raises SandboxError when time is over."""
        if not self.queues.wait_until_idle(seconds):
            raise SandboxError(f"jobs of {self.path} did not end within {seconds:g} seconds")

    def change_config(self, config: Config) -> None:
        with self.database.write() as db:
            store_setting(db, "config", config)
        self.config = config

    # -- photos ------------------------------------------------------------------------

    def add_assets(self, rows: Iterable[NewAsset]) -> int:
        """Adds many photos at once, without jobs: everything is as after the last job. Their number."""
        owner = self._first_admin()
        iterator, count = iter(rows), 0
        while batch := list(islice(iterator, BATCH)):
            with self.database.write() as db:
                count += self._add_batch(db, owner, batch)
        self.database.analyze()
        return count

    def import_photo(
        self,
        data: bytes,
        file_name: str,
        *,
        sidecar: bytes | None = None,
        owner: str | None = None,
        file_created_at: datetime | None = None,
        file_modified_at: datetime | None = None,
        visibility: str = "timeline",
        favorite: bool = False,
        device: tuple[str, str] | None = None,
        sidecar_writable: bool = True,
        external: tuple[str, str] | None = None,
    ) -> str:
        """Takes in one photo as an upload does: its jobs are queued. The id of the asset.

        Bytes that the owner has already give the id of that asset. `external` are its path on the server and
        the name of the external library it lies in, where the path stands for the bytes.
        """
        owner = owner or self._first_admin()
        checksum = checksum_of(external[0].encode() if external else data)
        with self.database.read() as db:
            known = db.value("SELECT id FROM asset WHERE checksum = ? AND +owner_id = ?", (checksum, owner))
        if known:
            return str(known)
        modified = file_modified_at or file_created_at or datetime.now(UTC)
        new = NewAsset(
            file_name=file_name,
            file_created_at=file_created_at or modified,
            embedded=read_photo(data, file_name),
            owner=owner,
            checksum=checksum,
            sidecar=read_sidecar(sidecar) if sidecar is not None else None,
            visibility=visibility,
            favorite=favorite,
            file_size=len(data),
            sidecar_writable=sidecar_writable,
            path=external[0] if external else None,
        )
        asset_id = str(uuid.uuid4())
        self.media.put(asset_id, data)
        with self.database.write() as db:
            record = _fresh_record(new, asset_id, owner, db.now(), to_millis(modified), device)
            assets.insert(db, [record])
            if external:
                company.add_to_libraries(db, [(record.asset, external[1])])
            db.enqueue("AssetExtractMetadata", {"id": asset_id, "source": "upload"})
        return asset_id

    def _add_batch(self, db: Writer, owner: str, batch: Sequence[NewAsset]) -> int:
        now = db.now()
        records = [_settled_record(new, new.owner or owner, now, self.version) for new in batch]
        assets.insert(db, records)
        added = [(record.asset, new) for record, new in zip(records, batch, strict=True)]
        company.add_faces(db, ((asset, name) for asset, new in added for name in new.people))
        company.add_stacks(db, ((asset, new.stack) for asset, new in added if new.stack))
        company.add_to_libraries(
            db, ((asset, new.external_library) for asset, new in added if new.external_library)
        )
        known: dict[tuple[str, str], str] = {}
        pairs = []
        for record in records:
            for value in json.loads(record.exif["tags"]):
                key = (record.asset["owner_id"], value)
                if key not in known and (tag_id := tags.upsert(db, *key)):
                    known[key] = tag_id
                if key in known:
                    pairs.append((known[key], record.asset["id"]))
        db.run_many("INSERT OR IGNORE INTO tag_asset (tag_id, asset_id) VALUES (?, ?)", pairs)
        for new, record in zip(batch, records, strict=True):
            if new.data is not None:
                self.media.put(record.asset["id"], new.data)
        return len(records)

    def _first_admin(self) -> str:
        with self.database.read() as db:
            found = db.value("SELECT id FROM user WHERE is_admin ORDER BY created_at LIMIT 1")
        if found is None:
            raise SandboxError(f"{self.path} has no user yet: sign up an admin first")
        return str(found)


def store_setting(db: Writer, name: str, value: Any) -> None:
    db.run("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))


def checksum_of(data: bytes) -> str:
    """SHA-1 as base64, the form of the API."""
    return base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _settled_record(new: NewAsset, owner: str, now: int, version: Version) -> assets.AssetRecord:
    asset_id = str(uuid.uuid4())
    created = to_millis(new.file_created_at)
    sidecar = extraction.sidecar_fields(new.sidecar) if new.sidecar else None
    if new.tags is not None:
        sidecar = {**(sidecar or {}), "tags": list(new.tags)}
    reading = extraction.read_files(new.embedded, sidecar, extraction.FileTimes(created, created), version)
    record = _fresh_record(new, asset_id, owner, now, created, None)
    turned = new.embedded.orientation in ("5", "6", "7", "8")
    width, height = new.embedded.width, new.embedded.height
    return replace(
        record,
        asset={
            **record.asset,
            "file_created_at": reading.file_created_at,
            "local_date_time": reading.local_date_time,
            "width": height if turned else width,
            "height": width if turned else height,
            "thumbhash": _thumbhash(asset_id),
        },
        exif={**record.exif, **reading.exif, "tags": json.dumps(reading.exif["tags"], ensure_ascii=False)},
        sidecar=None if sidecar is None else json.dumps(sidecar, ensure_ascii=False),
    )


def _fresh_record(
    new: NewAsset, asset_id: str, owner: str, now: int, modified: int, device: tuple[str, str] | None
) -> assets.AssetRecord:
    """The rows as they are right after an upload, before any job."""
    created = to_millis(new.file_created_at)
    path = new.path or moving.upload_path(owner, new.file_name)
    asset: Mapping[str, Any] = {
        "id": asset_id,
        "owner_id": owner,
        "type": "VIDEO" if Path(new.file_name).suffix.lower() in VIDEO_SUFFIXES else "IMAGE",
        "original_path": path,
        "original_file_name": new.file_name,
        "checksum": _checksum(new, path),
        "file_created_at": created,
        "file_modified_at": modified,
        "local_date_time": created,
        "created_at": now,
        "updated_at": now,
        "is_favorite": new.favorite,
        "visibility": new.visibility,
        "status": "trashed" if new.trashed else "active",
        "deleted_at": now if new.trashed else None,
        "width": None,
        "height": None,
        "duration": new.duration,
        "thumbhash": None,
        "device_asset_id": device[0] if device else new.file_name,
        "device_id": device[1] if device else "Library Import",
    }
    size = len(new.data) if new.data is not None else new.file_size
    exif: dict[str, Any] = dict.fromkeys(assets.EXIF_COLUMNS)
    exif |= {"asset_id": asset_id, "file_size": size, "description": "", "tags": "[]"}
    beside = (
        None
        if new.sidecar is None
        else json.dumps(extraction.sidecar_fields(new.sidecar), ensure_ascii=False)
    )
    return assets.AssetRecord(asset, exif, assets.embedded_text(new.embedded), beside, new.sidecar_writable)


def _checksum(new: NewAsset, path: str) -> str:
    if new.checksum is None:
        return checksum_of(new.data if new.data is not None else path.encode())
    as_hex = len(new.checksum) == 40
    return base64.b64encode(bytes.fromhex(new.checksum)).decode() if as_hex else new.checksum


def _thumbhash(asset_id: str) -> str:
    """A stand-in of the right length; nothing here draws it."""
    return base64.b64encode(hashlib.sha256(asset_id.encode()).digest()[:21]).decode()


def _settings_in(database: Database) -> dict[str, Any]:
    try:
        database.check_format()
        with database.read() as db:
            rows = db.rows("SELECT name, value FROM setting")
    except BaseException:
        database.close()  # nobody else will: there is no library that could be closed
        raise
    return {row["name"]: json.loads(row["value"]) for row in rows}
