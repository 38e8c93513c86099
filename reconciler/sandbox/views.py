"""Rows as the API shows them."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Protocol

from reconciler.sandbox.clock import iso_offset, iso_z
from reconciler.sandbox.store.database import GIVEN, Reader
from reconciler.sandbox.versions import Version


class Fields(Protocol):
    """A row of a select, or a dictionary like one."""

    def __getitem__(self, name: str, /) -> Any: ...


ASSET_SELECT = "SELECT asset.* FROM asset"
ASSET_WITH_EXIF_SELECT = (
    "SELECT asset.*, exif.width AS exif_width, exif.height AS exif_height, description, date_time_original, "
    "time_zone, latitude, longitude, city, state, country, rating, make, model, lens_model, f_number, "
    "focal_length, iso, exposure_time, file_size, orientation, modify_date, projection_type, "
    "exif.asset_id AS exif_of FROM asset JOIN exif ON exif.asset_id = asset.id"
)
ASSET_WITH_ANY_EXIF_SELECT = ASSET_WITH_EXIF_SELECT.replace("asset JOIN", "asset LEFT JOIN")
"""With assets that have no metadata row too, as a structured search shows them (FACTS 10)."""
NO_DURATION_2 = "0:00:00.00000"
# what Python's table lacks or names otherwise
_MIME_TYPES = {".heic": "image/heic", ".heif": "image/heif", ".webp": "image/webp", ".avif": "image/avif",
               ".dng": "image/dng", ".mp4": "video/mp4", ".mov": "video/quicktime"}  # fmt: skip


def mime_type(file_name: str) -> str:
    suffix = PurePosixPath(file_name).suffix.lower()
    return _MIME_TYPES.get(suffix) or mimetypes.guess_type(f"x{suffix}")[0] or "application/octet-stream"


def asset(row: Fields, version: Version, caller: str, *, with_exif: bool = False) -> dict[str, Any]:
    """An asset as searches show it; `row` comes from one of the selects above."""
    mine = row["owner_id"] == caller
    shown: dict[str, Any] = {
        "id": row["id"],
        "createdAt": iso_z(row["created_at"]),
        "ownerId": row["owner_id"],
        "libraryId": row["library_id"],
        "type": row["type"],
        "originalPath": row["original_path"],
        "originalFileName": row["original_file_name"],
        "originalMimeType": mime_type(row["original_file_name"]),
        "thumbhash": row["thumbhash"],
        "fileCreatedAt": iso_z(row["file_created_at"]),
        "fileModifiedAt": iso_z(row["file_modified_at"]),
        "localDateTime": iso_z(row["local_date_time"]),
        "updatedAt": iso_z(row["updated_at"]),
        "isFavorite": mine and bool(row["is_favorite"]),
        "isArchived": row["visibility"] == "archive",
        "isTrashed": row["deleted_at"] is not None,
        "visibility": row["visibility"],
        "duration": _duration(row["duration"], version),
        "livePhotoVideoId": row["live_photo_video_id"],
        "people": [],
        "checksum": row["checksum"],
        "isOffline": bool(row["is_offline"]),
        "hasMetadata": True,
        "duplicateId": row["duplicate_id"],
        "resized": True,
        "width": row["width"],
        "height": row["height"],
        "isEdited": False,
    }
    if version.device_fields:
        shown |= {"deviceAssetId": row["device_asset_id"], "deviceId": row["device_id"]}
    if with_exif:
        shown["exifInfo"] = exif(row) if row["exif_of"] else None
    return shown


def _duration(milliseconds: int | None, version: Version) -> str | int | None:
    """A number since 3.0, a text before."""
    if not version.device_fields:
        return milliseconds
    if milliseconds is None:
        return NO_DURATION_2
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def exif(row: Fields) -> dict[str, Any]:
    return {
        "make": row["make"],
        "model": row["model"],
        "exifImageWidth": row["exif_width"],
        "exifImageHeight": row["exif_height"],
        "fileSizeInByte": row["file_size"],
        "orientation": row["orientation"],
        "dateTimeOriginal": iso_offset(row["date_time_original"]),
        "modifyDate": iso_offset(row["modify_date"]),
        "timeZone": row["time_zone"],
        "lensModel": row["lens_model"],
        "fNumber": _number(row["f_number"]),
        "focalLength": _number(row["focal_length"]),
        "iso": row["iso"],
        "exposureTime": row["exposure_time"],
        "latitude": _number(row["latitude"]),
        "longitude": _number(row["longitude"]),
        "city": row["city"],
        "state": row["state"],
        "country": row["country"],
        "description": row["description"],
        "projectionType": row["projection_type"],
        "rating": row["rating"],
    }


def assets(
    db: Reader, ids: Iterable[str], version: Version, caller: str, *, with_exif: bool
) -> list[dict[str, Any]]:
    """Assets by id, newest first."""
    select = ASSET_WITH_EXIF_SELECT if with_exif else ASSET_SELECT
    rows = db.rows(
        f"{select} WHERE asset.id IN {GIVEN} ORDER BY file_created_at DESC, asset.id",
        (json.dumps(list(ids)),),
    )
    return [asset(dict(row), version, caller, with_exif=with_exif) for row in rows]


def user(row: Fields) -> dict[str, Any]:
    """A user as others see them."""
    return {
        "id": row["id"],
        "email": row["email"],
        "name": row["name"],
        "profileImagePath": "",
        "avatarColor": row["color"],
        "profileChangedAt": iso_z(row["created_at"]),
    }


def user_in_full(row: Fields, usage: int) -> dict[str, Any]:
    """A user as they themselves and the admin see them; `usage` in bytes."""
    return user(row) | {
        "storageLabel": row["storage_label"],
        "shouldChangePassword": bool(row["should_change_password"]),
        "isAdmin": bool(row["is_admin"]),
        "createdAt": iso_z(row["created_at"]),
        "deletedAt": None,
        "updatedAt": iso_z(row["updated_at"]),
        "oauthId": "",
        "quotaSizeInBytes": row["quota"],
        "quotaUsageInBytes": usage,
        "status": "active",
        "license": None,
    }


def tag(row: Fields) -> dict[str, Any]:
    shown = {
        "id": row["id"],
        "name": row["value"].split("/")[-1],
        "value": row["value"],
        "createdAt": iso_z(row["created_at"]),
        "updatedAt": iso_z(row["updated_at"]),
    }
    if row["parent_id"] is not None:
        shown["parentId"] = row["parent_id"]
    if row["color"] is not None:
        shown["color"] = row["color"]
    return shown


def api_key(row: Fields) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "createdAt": iso_z(row["created_at"]),
        "updatedAt": iso_z(row["updated_at"]),
        "permissions": json.loads(row["permissions"]),
    }


def _number(value: float | None) -> float | int | None:
    """Whole numbers without decimals, as JavaScript writes them."""
    return int(value) if value is not None and value == int(value) else value
