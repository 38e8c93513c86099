"""What the server says about itself."""

from __future__ import annotations

import shutil
from typing import Any

from reconciler.sandbox.api import ANYBODY, Call, Routes
from reconciler.sandbox.clock import iso_z
from reconciler.sandbox.media_types import image_suffixes, video_suffixes

ROUTES = Routes()

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@ROUTES.add("GET", "/server/ping", ANYBODY)
def ping(_call: Call) -> Any:
    """Ping."""
    return {"res": "pong"}


@ROUTES.add("GET", "/server/version", ANYBODY)
def version(call: Call) -> Any:
    """Get server version."""
    played = call.version
    number: dict[str, Any] = {"major": played.major, "minor": played.minor, "patch": played.patch}
    return number if played.old_error_form else number | {"prerelease": None}


@ROUTES.add("GET", "/server/version-history", ANYBODY)
def version_history(call: Call) -> Any:
    """Get version history."""
    made = call.library.made
    return [{"id": made["id"], "createdAt": iso_z(made["created_at"]), "version": call.version.text}]


@ROUTES.add("GET", "/server/features", ANYBODY)
def features(call: Call) -> Any:
    """Get features."""
    off = (
        "smartSearch", "facialRecognition", "duplicateDetection", "importFaces", "oauth", "oauthAutoLaunch",
        "ocr", "configFile", "email",
    )  # fmt: skip
    on = ("map", "reverseGeocoding", "sidecar", "search", "trash", "passwordLogin")
    since_3 = {} if call.version.old_error_form else {"realtimeTranscoding": False}
    return {**dict.fromkeys(off, False), **dict.fromkeys(on, True), **since_3}


@ROUTES.add("GET", "/server/config", ANYBODY)
def config(call: Call) -> Any:
    """Get config."""
    settings = call.library.config
    return {
        "loginPageMessage": settings["server"]["loginPageMessage"],
        "trashDays": settings["trash"]["days"],
        "userDeleteDelay": settings["user"]["deleteDelay"],
        "oauthButtonText": "Login with OAuth",
        "isInitialized": call.db.value("SELECT 1 FROM user WHERE is_admin LIMIT 1") is not None,
        "isOnboarded": False,
        "externalDomain": settings["server"]["externalDomain"],
        "publicUsers": settings["server"]["publicUsers"],
        "mapDarkStyleUrl": settings["map"]["darkStyle"],
        "mapLightStyleUrl": settings["map"]["lightStyle"],
        "maintenanceMode": False,
    } | ({} if call.version.old_error_form else {"minFaces": 3})


@ROUTES.add("GET", "/server/media-types", ANYBODY)
def media_types(call: Call) -> Any:
    """Get supported media types."""
    return {"video": video_suffixes(call.version), "image": image_suffixes(call.version), "sidecar": [".xmp"]}


@ROUTES.add("GET", "/server/about", "server.about")
def about(call: Call) -> Any:
    """Get server information."""
    number = f"v{call.version.text}"
    url = f"https://github.com/immich-app/immich/releases/tag/{number}"
    return {"version": number, "versionUrl": url, "licensed": False}


@ROUTES.add("GET", "/server/storage", "server.storage")
def storage(call: Call) -> Any:
    """Get storage."""
    disk = shutil.disk_usage(call.library.path)
    return {
        "diskSize": _readable(disk.total),
        "diskUse": _readable(disk.used),
        "diskAvailable": _readable(disk.free),
        "diskSizeRaw": disk.total,
        "diskUseRaw": disk.used,
        "diskAvailableRaw": disk.free,
        "diskUsagePercentage": round(100 * disk.used / disk.total, 2) if disk.total else 0,
    }


@ROUTES.add("GET", "/server/statistics", "server.statistics", admin=True)
def statistics(call: Call) -> Any:
    """Get statistics."""
    by_user = [
        {
            "userId": row["id"],
            "userName": row["name"],
            "photos": row["photos"],
            "videos": row["videos"],
            "usage": row["photo_bytes"] + row["video_bytes"],
            "usagePhotos": row["photo_bytes"],
            "usageVideos": row["video_bytes"],
            "quotaSizeInBytes": row["quota"],
        }
        for row in call.db.rows(_USAGE)
    ]
    names = ("photos", "videos", "usage", "usagePhotos", "usageVideos")
    return {name: sum(user[name] for user in by_user) for name in names} | {"usageByUser": by_user}


_USAGE = """
SELECT user.id, user.name, user.quota,
  count(CASE WHEN type = 'IMAGE' THEN 1 END) AS photos, count(CASE WHEN type = 'VIDEO' THEN 1 END) AS videos,
  coalesce(sum(CASE WHEN type = 'IMAGE' THEN file_size END), 0) AS photo_bytes,
  coalesce(sum(CASE WHEN type = 'VIDEO' THEN file_size END), 0) AS video_bytes
FROM user LEFT JOIN asset ON owner_id = user.id AND deleted_at IS NULL AND visibility <> 'hidden'
LEFT JOIN exif ON asset_id = asset.id GROUP BY user.id ORDER BY user.created_at
"""


@ROUTES.add("GET", "/admin/maintenance/status", ANYBODY)
def maintenance_status(_call: Call) -> Any:
    """Get maintenance mode status."""
    return {"active": False, "action": "end"}


def _readable(size: int) -> str:
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} B"
