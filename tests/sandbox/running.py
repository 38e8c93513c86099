"""A small library that runs, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.mount import Mounted, mounted
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.settings import Pace

QUICK = Pace({}, collision_loss=0.0)
CHAIN = ("sidecar", "metadataExtraction", "storageTemplateMigration")


@dataclass(frozen=True, slots=True)
class Client:
    """Asks with the admin's key and fails on errors."""

    running: Mounted
    session: requests.Session

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"x-api-key": self.running.admin_key or ""}
        url = f"{self.running.base_url}{path}"
        return self.session.request(method, url, json=body, headers=headers, **options)

    def assets(self, **filters: Any) -> list[dict[str, Any]]:
        found = self.ask("POST", "/search/metadata", {"size": 1000, "withExif": True, **filters})
        items: list[dict[str, Any]] = found["assets"]["items"]
        return items

    def ids(self) -> list[str]:
        return [asset["id"] for asset in self.assets()]

    def pause(self, paused: bool = True) -> None:
        for queue in CHAIN:
            self.ask("PUT", f"/queues/{queue}", {"isPaused": paused})

    def settle(self) -> None:
        self.running.library.settle(60)


def photos(count: int, **fields: Any) -> list[NewAsset]:
    """Photos of one day, a minute apart."""
    start = datetime(2024, 6, 1, 12, tzinfo=UTC)
    taken = [start + timedelta(minutes=number) for number in range(count)]
    return [
        NewAsset(
            f"IMG_{number:04d}.jpg",
            moment,
            Embedded(taken=f"{moment:%Y-%m-%dT%H:%M:%S}", offset="+00:00", width=64, height=48, **fields),
        )
        for number, moment in enumerate(taken)
    ]


@contextmanager
def running(folder: Path, assets: list[NewAsset] | None = None, **options: Any) -> Iterator[Client]:
    """A new library with these photos, its jobs running."""
    options.setdefault("pace", QUICK)
    with Library.create(folder, **options) as library:
        library.add_assets(assets or [])
        with mounted(library) as mounting:
            yield Client(mounting, mounting.session())
