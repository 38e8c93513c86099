"""Which photos carry which tags, kept from an earlier reading and brought up to date.

It gives what the server would give, or leaves it to be asked. Why that holds:

- Whoever gives a photo a tag or takes one off, in Immich or by a file that is read again, moves `updatedAt`
  of the photo once the jobs have run (FINDINGS 23). So a photo that shows the same `updatedAt` as before
  carries the same tags, if no edit waited in the queues before the photos were read. All others are asked
  anew.
- A photo that changed shortly before the reading, or while it went on, may have shown its new `updatedAt`
  before its new tags. Such photos are not kept, but asked again the next time (`Kept.certain_until`).
- A tag that is deleted takes those below it along and is off every photo at once, which moves nothing
  (FINDINGS 25). The list of tags, which is read each time, doesn't have it any more. All tags under the same
  root are searched for anew then, and also where a tag has got another name.
- A server that was put back from a backup shows another `updatedAt` for whatever changed since.

What cannot be seen is what cannot be seen of photos either: edits whose jobs were thrown away or failed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from reconciler.live.kept.photos import OLDEST, Kept
from reconciler.live.tags.memberships import Found
from reconciler.model.asset import Asset
from reconciler.model.live import Tag

PIECE = "tags"
"""What it is called among what is kept."""

Tags = frozenset[str]


@dataclass(frozen=True, slots=True)
class KeptTags:
    """Tags by their ids, as they were.

    `found` are the photos of each tag and of those below it, among the photos in `updated`, which have their
    `updatedAt`. `looked` are photos that were looked at one by one, with theirs and all their tags. `paths`
    are all tags that there were.
    """

    read: datetime
    paths: Mapping[str, str] = field(default_factory=dict)
    updated: Mapping[str, datetime] = field(default_factory=dict)
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)
    looked: Mapping[str, tuple[datetime, Tags]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What of it holds for photos as they are now, tags by their paths.

    It was read `since` some time. `found` holds for the photos in `same`; `changed` are all others. `torn`
    are the ids of tags that must be searched for anew.
    """

    since: datetime
    same: frozenset[str]
    changed: frozenset[str]
    found: Found
    looked: Mapping[str, Tags]
    torn: frozenset[str]


@dataclass(slots=True)
class TagMemory:
    """What is kept of the tags of an account, what holds of it, and what was learned since.

    `tags` are all that there are now, by path.
    """

    store: Kept
    tags: Mapping[str, Tag]
    kept: KeptTags | None = None
    recalled: Recalled | None = None
    learned: dict[str, Tags] = field(default_factory=dict)

    def recall(self, photos: Mapping[str, Asset], searched: Iterable[str]) -> Recalled | None:
        """What holds for all photos of the account; None where nothing does for certain."""
        if self.kept and self.store.none_waited:
            self.recalled = recall(self.kept, photos, self.tags, searched)
        return self.recalled

    @property
    def looked(self) -> Mapping[str, Tags]:
        """All tags of photos that were looked at earlier, or now."""
        return {**(self.recalled.looked if self.recalled else {}), **self.learned}

    def learn(self, tags_of: Mapping[str, Tags]) -> None:
        """Takes in all tags of photos that were looked at."""
        self.learned |= tags_of

    def keep(self, photos: Mapping[str, Asset], found: Found) -> None:
        """Keeps what is known of all photos of the account, `found` by tags' paths, for the next time."""
        before, recalled = self.kept, self.recalled
        paths = {tag.id: path for path, tag in self.tags.items()}
        if before and recalled and before.paths == paths and self._nothing_new(recalled, found):
            return
        until = self.store.certain_until(photos.values())
        same = recalled.same if recalled else frozenset()
        updated = {
            asset_id: asset.updated
            for asset_id, asset in photos.items()
            if asset_id in same or asset.updated < until
        }
        ids = frozenset(updated)
        known = {self.tags[path].id: photos_of & ids for path, photos_of in found.items()}
        if before and recalled and (recalled.changed & ids) <= self.learned.keys():
            known = self._carried_on(before, recalled, ids) | known
        now = KeptTags(
            before.read if before and recalled else self.store.now(),
            paths,
            updated,
            known,
            self._looked(photos, until),
        )
        if now != before:
            self.store.keep_piece(PIECE, _written(now))

    def _nothing_new(self, recalled: Recalled, found: Found) -> bool:
        return not (recalled.changed or self.learned) and found.keys() <= recalled.found.keys()

    def _carried_on(
        self, before: KeptTags, recalled: Recalled, ids: frozenset[str]
    ) -> dict[str, frozenset[str]]:
        """The photos of tags that nobody asked for this time."""
        return {
            tag_id: (photos & recalled.same)
            | {one for one in recalled.changed & ids if carries(self.learned[one], before.paths[tag_id])}
            for tag_id, photos in before.found.items()
            if tag_id not in recalled.torn
        }

    def _looked(self, photos: Mapping[str, Asset], until: datetime) -> dict[str, tuple[datetime, Tags]]:
        """The photos that were looked at, whose tags are all in the list, so that they have ids."""
        earlier = self.recalled.looked if self.recalled else {}
        return {
            asset_id: (asset.updated, frozenset(self.tags[path].id for path in paths))
            for asset_id, paths in {**earlier, **self.learned}.items()
            if (asset := photos.get(asset_id)) is not None
            and (asset_id in earlier or asset.updated < until)
            and paths <= self.tags.keys()
        }


def memory_of(kept: Kept | None, tags: Mapping[str, Tag]) -> TagMemory | None:
    """What is kept of the tags of an account, of which there are these now."""
    return TagMemory(kept, tags, load_tags(kept)) if kept else None


def load_tags(kept: Kept) -> KeptTags | None:
    """What is kept; None where there is nothing, or it is too old or of no use."""
    parts = kept.piece(PIECE)
    try:
        found = _read(parts) if parts else None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return None
    return found if found and timedelta(0) <= kept.now() - found.read <= OLDEST else None


def recall(
    kept: KeptTags, photos: Mapping[str, Asset], tags: Mapping[str, Tag], searched: Iterable[str]
) -> Recalled:
    """What is known of these photos, given all tags there are by path. No edit may wait in the queues."""
    now = {tag.id: tag.path for tag in tags.values()}
    torn = _torn(kept.paths, now)
    same = frozenset(
        asset_id
        for asset_id, moment in kept.updated.items()
        if (asset := photos.get(asset_id)) is not None and asset.updated == moment
    )
    found = {
        path: kept.found[tag_id] & same
        for path in searched
        if (tag_id := tags[path].id) in kept.found and tag_id not in torn
    }
    looked = {
        asset_id: frozenset(now[tag_id] for tag_id in ids if tag_id in now)
        for asset_id, (moment, ids) in kept.looked.items()
        if (asset := photos.get(asset_id)) is not None and asset.updated == moment
    }
    return Recalled(kept.read, same, frozenset(photos) - same, found, looked, torn)


def _torn(before: Mapping[str, str], now: Mapping[str, str]) -> frozenset[str]:
    """The tags under the root of one that is gone or is called otherwise."""
    moved = {tag_id for tag_id, path in before.items() if now.get(tag_id) != path}
    roots = {
        paths[tag_id].partition("/")[0] for tag_id in moved for paths in (before, now) if tag_id in paths
    }
    return frozenset(
        tag_id
        for tag_id in before.keys() | now.keys()
        if any(paths[tag_id].partition("/")[0] in roots for paths in (before, now) if tag_id in paths)
    )


def carries(tags: Tags, path: str) -> bool:
    """Whether a photo with these tags carries one or one below it."""
    return path in tags or any(tag.startswith(path + "/") for tag in tags)


# As bytes


def _written(tags: KeptTags) -> list[bytes]:
    ids = sorted(tags.updated.keys() | tags.looked.keys())
    places = {asset_id: place for place, asset_id in enumerate(ids)}
    found = {tag_id: _places(photos, places) for tag_id, photos in sorted(tags.found.items())}
    looked = [
        [places[asset_id], moment.isoformat(), sorted(own)]
        for asset_id, (moment, own) in sorted(tags.looked.items())
    ]
    head = {"read": tags.read.timestamp(), "paths": dict(tags.paths), "found": found, "looked": looked}
    return [
        orjson.dumps(head),
        orjson.dumps(ids),
        orjson.dumps([_text(tags.updated.get(asset_id)) for asset_id in ids]),
    ]


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _places(photos: Collection[str], places: Mapping[str, int]) -> list[int]:
    return sorted(map(places.__getitem__, photos))


def _read(parts: list[bytes]) -> KeptTags:
    head: dict[str, Any] = orjson.loads(parts[0])
    ids: list[str] = orjson.loads(parts[1])
    moments: list[str] = orjson.loads(parts[2])
    at = ids.__getitem__
    return KeptTags(
        read=datetime.fromtimestamp(head["read"], UTC),
        paths=head["paths"],
        updated={
            asset_id: datetime.fromisoformat(text)
            for asset_id, text in zip(ids, moments, strict=True)
            if text
        },
        found={tag_id: frozenset(map(at, places)) for tag_id, places in head["found"].items()},
        looked={
            at(place): (datetime.fromisoformat(text), frozenset(own)) for place, text, own in head["looked"]
        },
    )
