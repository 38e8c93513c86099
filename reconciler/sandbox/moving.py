"""Moving a file to the place that the storage template names. The sidecar goes along."""

from __future__ import annotations

import posixpath
import uuid
from datetime import datetime
from pathlib import PurePosixPath

from reconciler.sandbox import template
from reconciler.sandbox.clock import from_millis
from reconciler.sandbox.store.database import Reader, Row, Writer
from reconciler.sandbox.versions import Version

MEDIA = "/data"
"""Where the server believes its files are; where the bytes really are is the library folder's business."""


def upload_path(owner_id: str, file_name: str) -> str:
    """A new place for an upload, where it stays when the template is off."""
    stem, suffix = str(uuid.uuid4()), posixpath.splitext(file_name)[1].lower()
    return f"{MEDIA}/upload/{owner_id}/{stem[:2]}/{stem[2:4]}/{stem}{suffix}"


def move(db: Writer, asset_id: str, text: str, version: Version) -> None:
    """Gives the file the path that the template wants; nothing when it is there already."""
    row = db.row(
        "SELECT asset.*, make, model, lens_model, storage_label FROM asset "
        "JOIN exif ON asset_id = asset.id JOIN user ON user.id = owner_id WHERE asset.id = ?",
        (asset_id,),
    )
    if row is None or row["library_id"] is not None:
        return
    wanted = _wanted(db, row, text, version)
    folder = str(PurePosixPath(wanted).parent)
    taken = set(
        db.values(
            "SELECT original_path FROM asset WHERE original_path >= ? AND original_path < ?",
            (f"{folder}/", f"{folder}0"),
        )
    )
    target = template.place_free(wanted, row["original_path"], taken)
    if target != row["original_path"]:
        db.run(
            "UPDATE asset SET original_path = ?, updated_at = ? WHERE id = ?", (target, db.now(), asset_id)
        )


def _wanted(db: Reader, row: Row, text: str, version: Version) -> str:
    taken = row["file_created_at"] if version.template_in_utc else row["local_date_time"]
    facts = template.PhotoFacts(
        asset_id=row["id"],
        file_name=row["original_file_name"],
        taken=_moment(taken),
        is_video=row["type"] == "VIDEO",
        make=row["make"],
        model=row["model"],
        lens=row["lens_model"],
        album=_newest_album(db, row["id"]),
    )
    label = row["storage_label"] or row["owner_id"]
    suffix = PurePosixPath(row["original_file_name"]).suffix.lower()
    return f"{MEDIA}/library/{label}/{template.render(text, facts)}{suffix}"


def _newest_album(db: Reader, asset_id: str) -> template.AlbumFacts | None:
    album = db.row(
        "SELECT id, name FROM album JOIN album_asset ON album_id = id WHERE asset_id = ? "
        "ORDER BY created_at DESC LIMIT 1",
        (asset_id,),
    )
    if album is None:
        return None
    span = db.row(
        "SELECT min(local_date_time) AS start, max(local_date_time) AS end FROM asset "
        "JOIN album_asset ON asset_id = id WHERE album_id = ? AND deleted_at IS NULL",
        (album["id"],),
    )
    start, end = (span["start"], span["end"]) if span else (None, None)
    return template.AlbumFacts(
        album["name"],
        None if start is None else _moment(start),
        None if end is None else _moment(end),
    )


def _moment(millis: int) -> datetime:
    return from_millis(millis).replace(tzinfo=None)
