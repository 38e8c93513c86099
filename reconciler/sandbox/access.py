"""What a user may do with albums that others share with them (FINDINGS 38)."""

from __future__ import annotations

from reconciler.sandbox.errors import no_access
from reconciler.sandbox.store import albums
from reconciler.sandbox.store.database import Reader
from reconciler.sandbox.versions import Version

_READING = {"album.read", "album.download", "album.statistics"}
_ADDING = {"albumAsset.create", "albumAsset.delete"}
_EDITING = {"album.update", "album.share"}


def require_album(db: Reader, version: Version, user_id: str, album_id: str, permission: str) -> str:
    """The user's role in the album; an album that isn't there or not open to them gives the same answer."""
    role = albums.role_in(db, album_id, user_id)
    if role is None or not _may(role, permission, version):
        raise no_access(permission)
    return role


def _may(role: str, permission: str, version: Version) -> bool:
    if role == "owner" or permission in _READING:
        return role in ("owner", "editor", "viewer")
    if permission in _ADDING:
        return role == "editor"
    return role == "editor" and permission in _EDITING and version.editors_share
