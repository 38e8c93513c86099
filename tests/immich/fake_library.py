"""A library that answers searches as Immich does: bounds included, microseconds kept, milliseconds shown."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .support import Asked, Says

OWNER = "00000000-0000-4000-8000-000000000001"
PARTNER = "00000000-0000-4000-8000-000000000002"


@dataclass(frozen=True)
class Photo:
    """A row of the server's table."""

    id: str
    taken: datetime
    added: datetime
    visibility: str = "timeline"
    owner: str = OWNER


def shown(moment: datetime, *, round_up: bool = False) -> str:
    """A timestamp in the server's JSON."""
    micro = moment.microsecond
    milli = -(-micro // 1000) if round_up and micro < 999_001 else micro // 1000
    return moment.replace(microsecond=milli * 1000).strftime("%Y-%m-%dT%H:%M:%S.") + f"{milli:03d}Z"


class FakeLibrary:
    """Searches, counts and months over some photos. Without `stable`, an instant has no order."""

    def __init__(
        self, photos: list[Photo], *, stable: bool, shows_all: bool, seed: int = 0, round_up: bool = False
    ) -> None:
        self.photos = photos
        self.stable = stable
        self.shows_all = shows_all
        self.round_up = round_up
        self.random = random.Random(seed)
        self.requests: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> Says:
        self.requests[asked.path] += 1
        match asked.path:
            case "/api/search/metadata":
                return Says(200, self._search(asked.body))
            case "/api/search/statistics":
                return Says(200, {"total": len(self._fitting(asked.body))})
            case "/api/timeline/buckets":
                return Says(200, self._months())
        raise AssertionError(asked.path)

    def _fitting(self, body: dict[str, Any]) -> list[Photo]:
        visibility = body.get("visibility") or (None if self.shows_all else "timeline")
        return [
            photo
            for photo in self.photos
            if visibility in (None, photo.visibility)
            and _within(photo.taken, body.get("takenAfter"), body.get("takenBefore"))
            and _within(photo.added, body.get("createdAfter"), body.get("createdBefore"))
        ]

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        fitting = self._fitting(body)
        order = {photo.id: photo.id if self.stable else self.random.random() for photo in fitting}
        fitting.sort(key=lambda photo: (photo.taken, order[photo.id]), reverse=body["order"] == "desc")
        size = body["size"]
        assert 1 <= size <= 1000
        start = (body["page"] - 1) * size
        page = fitting[start : start + size]
        more = len(fitting) > start + size
        items = [self._item(photo) for photo in page]
        return {"assets": {"items": items, "nextPage": str(body["page"] + 1) if more else None}}

    def _item(self, photo: Photo) -> dict[str, Any]:
        created = shown(photo.taken, round_up=self.round_up)
        return {
            "id": photo.id,
            "ownerId": photo.owner,
            "visibility": photo.visibility,
            "type": "IMAGE",
            "fileCreatedAt": created,
            "createdAt": shown(photo.added, round_up=self.round_up),
            "updatedAt": created,
            "exifInfo": {"description": ""},
        }

    def _months(self) -> list[dict[str, Any]]:
        counts = Counter(
            f"{photo.taken:%Y-%m-01}"
            for photo in self.photos
            if photo.visibility != "hidden" and photo.owner == OWNER
        )
        return [{"timeBucket": month, "count": counts[month]} for month in sorted(counts, reverse=True)]


def _within(moment: datetime, since: str | None, until: str | None) -> bool:
    return (since is None or moment >= _read(since)) and (until is None or moment <= _read(until))


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
