"""Bytes in and out: uploads, originals, thumbnails, downloads."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from reconciler.sandbox import thumbnails, views
from reconciler.sandbox import validation as v
from reconciler.sandbox.access import require_album
from reconciler.sandbox.api import Answer, Call, Routes
from reconciler.sandbox.clock import from_millis
from reconciler.sandbox.errors import ApiError, Failed, bad_request, no_access
from reconciler.sandbox.library import checksum_of
from reconciler.sandbox.media_types import image_suffixes, video_suffixes
from reconciler.sandbox.routes.assets import require_readable
from reconciler.sandbox.search import VISIBILITIES, normal_checksum
from reconciler.sandbox.store.database import GIVEN

ROUTES = Routes()

ARCHIVE_SIZE = 4 * 1024**3
_UPLOAD: v.Schema = {
    "fileCreatedAt": v.instant().needed(),
    "fileModifiedAt": v.instant().needed(),
    "isFavorite": v.flag(),
    "visibility": v.one_of(*VISIBILITIES),
    "livePhotoVideoId": v.uuid4(),
    "filename": v.text(),
}
_DEVICE: v.Schema = {"deviceAssetId": v.text(filled=True).needed(), "deviceId": v.text(filled=True).needed()}


@ROUTES.add("POST", "/assets", "asset.upload", status=201)
def upload_asset(call: Call) -> Any:
    """Upload asset."""
    # the checksum in the header is believed before the body is looked at (FINDINGS 46)
    if known := _known(call, call.request.headers.get("x-immich-checksum")):
        return Answer({"status": "duplicate", "id": known}, 200)
    files = call.request.files
    photo = files.get("assetData")
    if photo is None:
        raise bad_request("Missing asset data: the form needs a file `assetData`")
    name = photo.filename or ""
    if PurePosixPath(name).suffix.lower() not in {
        *image_suffixes(call.version),
        *video_suffixes(call.version),
    }:
        raise bad_request(f"Unsupported file type {name}")
    schema = {**_UPLOAD, **(_DEVICE if call.version.device_fields else {})}
    form = v.read_fields(schema, call.request.form.to_dict(), call.version, from_query=True)
    data = photo.read()
    if known := _known_bytes(call, data):
        return Answer({"status": "duplicate", "id": known}, 200)
    sidecar = files.get("sidecarData")
    asset_id = call.library.import_photo(
        data,
        form.get("filename") or name,
        sidecar=sidecar.read() if sidecar is not None else None,
        owner=call.user_id,
        file_created_at=from_millis(form["fileCreatedAt"]),
        file_modified_at=from_millis(form["fileModifiedAt"]),
        visibility=form.get("visibility", "timeline"),
        favorite=form.get("isFavorite", False),
        device=(form["deviceAssetId"], form["deviceId"]) if call.version.device_fields else None,
    )
    return {"id": asset_id, "status": "created"}


@ROUTES.add("POST", "/assets/bulk-upload-check", "asset.upload")
def check_bulk_upload(call: Call) -> Any:
    """Check bulk upload."""
    item = v.nested(
        {"id": v.text(filled_in_old=True).needed(), "checksum": v.text(filled_in_old=True).needed()}
    )
    asked = call.body({"assets": v.listed(item).needed()})["assets"]
    if not asked:
        raise Failed("the real server's query fails without a checksum (FINDINGS 45)")
    checksums = [normal_checksum(entry["checksum"]) for entry in asked]
    rows = call.db.rows(
        f"SELECT id, checksum, deleted_at FROM asset WHERE +owner_id = ? AND checksum IN {GIVEN}",
        (call.user_id, json.dumps(checksums)),
    )
    known = {row["checksum"]: row for row in rows}
    results = []
    for entry, checksum in zip(asked, checksums, strict=True):
        if row := known.get(checksum):
            found = {"reason": "duplicate", "assetId": row["id"], "isTrashed": row["deleted_at"] is not None}
            results.append({"id": entry["id"], "action": "reject", **found})
        else:
            results.append({"id": entry["id"], "action": "accept"})
    return {"results": results}


@ROUTES.add("GET", "/assets/<id>/original", "asset.download")
def download_asset(call: Call) -> Any:
    """Download asset."""
    asset_id = call.id()
    try:
        require_readable(call, [asset_id], "asset.download")
    except ApiError:
        if call.version.old_error_form:
            raise
        raise ApiError(404, "Not Found") from None
    name = call.db.value("SELECT original_file_name FROM asset WHERE id = ?", (asset_id,))
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}"}
    return Answer(data=_bytes(call, asset_id), content_type=views.mime_type(name), headers=headers)


@ROUTES.add("GET", "/assets/<id>/thumbnail", "asset.view")
def view_asset(call: Call) -> Any:
    """View asset thumbnail."""
    asset_id = call.id()
    asked = call.query({"size": v.one_of("original", "fullsize", "preview", "thumbnail")})
    require_readable(call, [asset_id], "asset.view")
    small = asked.get("size", "thumbnail") == "thumbnail"
    longest = thumbnails.THUMBNAIL if small else thumbnails.PREVIEW
    data = thumbnails.make(_subject(call, asset_id), call.library.media.get(asset_id), longest)
    return Answer(data=data, content_type="image/jpeg")


@ROUTES.add("POST", "/download/info", "asset.download", status=201)
def get_download_info(call: Call) -> Any:
    """Get download info."""
    asked = call.body(
        {
            "assetIds": v.listed(v.uuid4()),
            "albumId": v.uuid4(),
            "userId": v.uuid4(),
            "archiveSize": v.whole(1),
        }
    )
    limit = asked.get("archiveSize", ARCHIVE_SIZE)
    archives: list[dict[str, Any]] = []
    current: dict[str, Any] = {"size": 0, "assetIds": []}
    for asset_id, size in _downloads(call, asked):
        current["size"] += size or 0
        current["assetIds"].append(asset_id)
        if current["size"] > limit:
            archives.append(current)
            current = {"size": 0, "assetIds": []}
    if current["assetIds"]:
        archives.append(current)
    return {"totalSize": sum(archive["size"] for archive in archives), "archives": archives}


@ROUTES.add("POST", "/download/archive", "asset.download")
def download_archive(call: Call) -> Any:
    """Download archive."""
    ids = call.body({"assetIds": v.listed(v.uuid4()).needed()})["assetIds"]
    require_readable(call, ids, "asset.download")
    packed = io.BytesIO()
    seen: dict[str, int] = {}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for asset_id in ids:
            name = PurePosixPath(
                call.db.value("SELECT original_file_name FROM asset WHERE id = ?", (asset_id,))
            )
            count = seen[str(name)] = seen.get(str(name), -1) + 1
            shown = f"{name.stem}+{count}{name.suffix}" if count else str(name)
            archive.writestr(shown, _bytes(call, asset_id))
    return Answer(data=packed.getvalue(), content_type="application/octet-stream")


def _downloads(call: Call, asked: dict[str, Any]) -> list[tuple[str, int | None]]:
    """Ids and sizes; hidden members of albums and locked photos of the user are among them (FINDINGS 33)."""
    select = "SELECT asset.id, file_size FROM asset JOIN exif ON exif.asset_id = asset.id"
    if "assetIds" in asked:
        require_readable(call, asked["assetIds"], "asset.download")
        where, params = f"asset.id IN {GIVEN}", (json.dumps(asked["assetIds"]),)
        rows = call.db.rows(f"{select} WHERE {where} AND deleted_at IS NULL", params)
    elif "albumId" in asked:
        require_album(call.db, call.version, call.user_id, asked["albumId"], "album.download")
        rows = call.db.rows(
            f"{select} JOIN album_asset ON album_asset.asset_id = asset.id "
            "WHERE album_id = ? AND deleted_at IS NULL",
            (asked["albumId"],),
        )
    elif "userId" in asked:
        if asked["userId"] != call.user_id:
            raise no_access("timeline.download")
        rows = call.db.rows(
            f"{select} WHERE owner_id = ? AND deleted_at IS NULL AND visibility <> 'hidden'", (call.user_id,)
        )
    else:
        raise bad_request("assetIds, albumId, or userId is required")
    return [(row["id"], row["file_size"]) for row in rows]


def _bytes(call: Call, asset_id: str) -> bytes:
    """The photo as it was uploaded, or a drawing for a photo without bytes."""
    return call.library.media.get(asset_id) or thumbnails.draw(_subject(call, asset_id), thumbnails.PREVIEW)


def _subject(call: Call, asset_id: str) -> thumbnails.Subject:
    row = dict(call.db.rows(f"{views.ASSET_WITH_EXIF_SELECT} WHERE asset.id = ?", (asset_id,))[0])
    taken = from_millis(row["local_date_time"]).replace(tzinfo=None)
    return thumbnails.Subject(row["original_file_name"], taken, row["latitude"], row["longitude"])


def _known(call: Call, checksum: str | None) -> str | None:
    if not checksum:
        return None
    found: str | None = call.db.value(
        "SELECT id FROM asset WHERE checksum = ? AND +owner_id = ?", (normal_checksum(checksum), call.user_id)
    )
    return found


def _known_bytes(call: Call, data: bytes) -> str | None:
    return _known(call, checksum_of(data))
