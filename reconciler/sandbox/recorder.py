"""A log of the requests, so that tests can count them."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the API and what came of it."""

    method: str
    path: str
    """Below /api, with the query."""
    status: int
    """0 when the connection was dropped."""
    items: int
    """How many things the request named: ids, asset ids or the like in its body."""

    @property
    def changes(self) -> bool:
        """Whether it was a write: no GET and no search."""
        reads = ("/search/", "/download/info", "/assets/bulk-upload-check")
        return self.method != "GET" and not self.path.startswith(reads)


class Recorder:
    """The last requests, oldest first; safe to use from all threads."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque(maxlen=LIMIT)
        self._lock = threading.Lock()

    def add(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def all(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    def writes(self) -> list[Request]:
        return [request for request in self.all() if request.changes]

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(request) for request in self.all()]


def count_items(body: Any) -> int:
    """The longest list of the body: ids of assets, tags, checksums."""
    if not isinstance(body, dict):
        return 0
    return max((len(value) for value in body.values() if isinstance(value, list)), default=0)
