"""The bytes of photos, in files named after the assets: a move changes a path in the database only."""

from __future__ import annotations

from pathlib import Path


class Media:
    """The folder `media` of a library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, asset_id: str, data: bytes) -> None:
        path = self._path(asset_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def get(self, asset_id: str) -> bytes | None:
        """None for photos that were made without bytes."""
        try:
            return self._path(asset_id).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, asset_id: str) -> None:
        self._path(asset_id).unlink(missing_ok=True)

    def _path(self, asset_id: str) -> Path:
        return self.folder / asset_id[:2] / asset_id[2:4] / asset_id
