"""What an earlier reading has left on this disk, brought up to date by what has changed since.

It gives what the server would give, or nothing at all. Why that holds, for photos:

- Whatever comes into the library or changes in it moves `updatedAt` of its row, and so is among what a
  search with `updatedAfter` brings, trashed photos too: uploads, restored and unlocked photos, hearts,
  visibility, files that move, and captions, dates, places, stars and tags once their jobs have run
  (FINDINGS 23).
- Edits whose jobs have not run yet show at once and move nothing. So nothing is taken from here unless the
  queues of edits are seen empty before that search, twice, since they look empty for a moment between two
  jobs of a chain (FINDINGS 22). Without an administrator's key nobody can tell, and all is read.
- What leaves without a trace (deleted for good, locked) leaves more photos here than the server counts. As
  nothing comes in unseen, an equal count means the same photos. One deleted and one uploaded is one too many.
- An edit that falls into a reading shows in the next one, which asks from before the beginning of this one,
  by `OVERLAP`. That also covers clocks of the server and its database that differ. Where a photo of an
  earlier reading is newer than that, the database's clock had come so far, so that less will do: `MOMENT`,
  for large writes that show only when they are done.
- A server that was put back from a backup has forgotten changes. The newest photo of all is always asked for
  again, and what changed in the last minutes before the reading comes along in any case; where one of these
  isn't there as it was, or newer, all is read.

What cannot be seen: an edit since the last reading whose jobs were thrown away (a queue emptied, Redis lost)
or failed because the file can't be read. It is seen with the next change of that photo, after `OLDEST`, or
when all is read because somebody asks for that. Whatever is written has its value read again before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from operator import attrgetter
from threading import Event
from typing import Protocol
from uuid import uuid4

from reconciler.immich.errors import ServerError
from reconciler.immich.keyset import stamp
from reconciler.immich.search import PeopleOf, Selection
from reconciler.live.kept.head import Head, packed_head, unpacked_head
from reconciler.live.kept.packing import packed, unpacked
from reconciler.live.source import Source
from reconciler.model.asset import Asset
from reconciler.model.memory import no_collection

FORMAT = 4
"""Changes with what is kept and how; what has another one is not read."""
OVERLAP = timedelta(minutes=10)
MOMENT = timedelta(minutes=2)
OLDEST = timedelta(days=7)
"""How long photos are brought up to date before all are read again."""
GAP = 0.25
"""Seconds between two looks at the queues; from one job of a chain to the next it takes milliseconds."""
SMALLEST = 4000
"""Photos from which on it takes the server less to say what has changed than to show them all."""
MANY = 1000
"""So many photos that came without need are worth writing down a later time to ask from."""

HEAD, PHOTOS = "when", "photos"
"""What the `Head` is called among what is kept, and what the photos themselves are."""

Progress = Callable[[int], None]


class Shelf(Protocol):
    """A place for lists of bytes by key, which never raises; `config.cache.Cache` is one."""

    def get(self, key: str) -> list[bytes] | None: ...

    def put(self, key: str, parts: Iterable[bytes]) -> None: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What the server has told of what has changed since photos were kept, and how many there are."""

    head: Head
    changed: Mapping[str, Asset]
    count: int

    @property
    def same(self) -> bool:
        """Whether that shows, without the photos themselves, that they are as they were."""
        nothing_new = not self.changed or _digest(self.changed.values()) == self.head.brought
        return nothing_new and self.count == self.head.count


@dataclass(slots=True)
class Kept:
    """What is kept of one account of one server.

    `name` tells it from others: server, account and the server's version. `settled` says whether no edit
    waits in the queues, None where that can't be seen; `now` is the server's clock. With `refresh`, all is
    read and kept anew.
    """

    shelf: Shelf
    name: str
    settled: Callable[[], bool | None]
    now: Callable[[], datetime]
    refresh: bool = False
    smallest: int = SMALLEST
    pause: Callable[[float], None] = time.sleep
    none_waited: bool = field(default=False, init=False)
    """Whether no edit waited before the photos were read, so that their `updated` tells of every change."""
    read_anew: bool = field(default=False, init=False)
    """Whether all photos were read, and not what is kept of them."""
    token: str = field(default="", init=False)
    """Names the photos as they are kept after a reading; empty where they aren't."""
    _began: tuple[datetime, float] | None = field(default=None, init=False)
    """When the photos began to be read: by the server's clock, and by one that only counts seconds."""
    _known: Head | None = field(default=None, init=False)
    """What was first seen of the photos: another run may keep others meanwhile."""
    _looked: Look | str | None = field(default=None, init=False)
    _ahead: Future[dict[str, Asset] | None] | None = field(default=None, init=False)

    def look_ahead(self) -> None:
        """Begins to read what is kept of the photos, while the server is asked for something else."""
        head = self._head()
        if head is not None and not self.refresh and self._ahead is None:
            with_one = ThreadPoolExecutor(1)
            self._ahead = with_one.submit(self._photos, head)
            with_one.shutdown(wait=False)

    def at_hand(self) -> bool:
        """Whether photos are kept that are not too old, as far as a glance tells."""
        head = None if self.refresh else self._head()
        return head is not None and self._fresh(head)

    def same_as(self, token: str, source: Source, owner: str, *, stop: Event | None = None) -> bool:
        """Whether all of the owner's photos are certainly as they were when they were kept by that name."""
        head = None if self.refresh else self._head()
        if head is None or head.token != token:
            return False
        look = self._look(source, owner, None, stop)
        return isinstance(look, Look) and look.same

    def library(
        self,
        source: Source,
        owner: str,
        *,
        people: PeopleOf | None = None,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> tuple[dict[str, Asset], str]:
        """All of the owner's photos, hidden ones too, as a scan gives them; and how they were come by.

        Who is on them goes into `people` where all are read; of what is kept nobody knows (`read_anew`).
        """
        found, why = self._brought_up(source, owner, on_progress, stop)
        if found is not None:
            return found, why
        self._began = began, _ = self.now(), time.monotonic()
        self.read_anew = True
        begun = source.begin(Selection(hidden=True), people=people, stop=stop)
        found = source.finish(begun, owner_id=owner, hidden=True, on_progress=on_progress, stop=stop)
        if source.library_size(hidden=True) == len(found):
            since = began - OVERLAP
            self._keep(found, Head(began, since, len(found), _newest(found), "", _brought(found, since)))
        return found, f"all read: {why}"

    def _look(
        self, source: Source, owner: str, on_progress: Progress | None, stop: Event | None
    ) -> Look | str:
        """What has changed since photos were kept, asked once; the reason where it isn't certain."""
        if self._looked is None:
            self._began = self.now(), time.monotonic()
            self._looked = self._ask(source, owner, on_progress, stop)
        return self._looked

    def _ask(
        self, source: Source, owner: str, on_progress: Progress | None, stop: Event | None
    ) -> Look | str:
        if self.refresh:
            return "it was asked for"
        head = self._head()
        if head is None:
            return "nothing is kept from an earlier time"
        if not self._fresh(head):
            return "what is kept is too old"
        looked = time.monotonic()
        if reason := self._unsettled():
            return reason
        count = source.library_size(hidden=True)
        self.pause(max(0.0, looked + GAP - time.monotonic()))
        if reason := self._unsettled():
            return reason
        try:
            changed = _changed(source, owner, head.since, on_progress, stop)
        except ServerError as error:
            return f"the server doesn't tell what has changed ({error})"
        if head.newest and not _still(*head.newest, source, changed):
            return "the newest photo is gone or older than it was, as after a backup was restored"
        return Look(head, changed, count)

    def _brought_up(
        self, source: Source, owner: str, on_progress: Progress | None, stop: Event | None
    ) -> tuple[dict[str, Asset] | None, str]:
        """The photos of an earlier reading as they are now; None and the reason where that isn't certain."""
        look = self._look(source, owner, on_progress, stop)
        if isinstance(look, str):
            return None, look
        head = look.head
        before = self._ahead.result() if self._ahead else self._photos(head)
        self._ahead = None
        if before is None:
            return None, "nothing is kept from an earlier time"
        self.none_waited = True
        found, different = _with(before, look.changed)
        if look.count != len(found):
            return None, "photos were deleted or locked, or the server has not read some yet"
        if _some_older(before, look.changed, head.since):
            return None, "photos are older than they were, as after a backup was restored"
        self.token = head.token
        if different or len(look.changed) >= MANY:
            began = self._began[0] if self._began else self.now()
            known = head.newest[1] if head.newest else head.since
            since = max(began - OVERLAP, min(began, known) - MOMENT)
            brought = _brought(look.changed, since)
            self._keep(found, Head(head.read, since, len(found), _newest(found), "", brought))
        elif not look.same:
            self._put_head(replace(head, brought=_digest(look.changed.values())))
        if on_progress:
            on_progress(len(found))
        return found, f"kept since {head.read:%Y-%m-%d %H:%M} UTC, {different:,} changed"

    def _unsettled(self) -> str:
        """Why edits may not show in what has changed; empty where none waits."""
        match self.settled():
            case None:
                return "only an administrator's key shows whether edits wait in the queues"
            case False:
                return "edits wait in the queues"
        return ""

    def certain_until(self, photos: Iterable[Asset]) -> datetime:
        """Photos of this reading that changed before this moment were done with when they began to be read.

        The newest photo tells how far the database's clock has come; it is as old as the reading at most.
        """
        began, counted = self._began or (self.now(), time.monotonic())
        newest = max(map(_updated, photos), default=began)
        passed = timedelta(seconds=time.monotonic() - counted)
        return max(began - OVERLAP, min(began, newest) - passed - MOMENT)

    # On the shelf

    def _fresh(self, head: Head) -> bool:
        return timedelta(0) <= self.now() - head.read <= OLDEST

    def _head(self) -> Head | None:
        parts = None if self._known else self.stored(HEAD)
        try:
            self._known = unpacked_head(parts[0]) if parts else self._known
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            return None
        return self._known

    def _photos(self, head: Head) -> dict[str, Asset] | None:
        parts = self.stored(PHOTOS)
        try:
            if not parts or parts[0].decode() != head.token:
                return None
            with no_collection():
                return {asset.id: asset for asset in unpacked(parts[1])}
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            return None

    def _keep(self, assets: Mapping[str, Asset], head: Head) -> None:
        self.token = uuid4().hex
        self.shelf.put(self._key(PHOTOS), (self.token.encode(), packed(assets.values())))
        self._put_head(replace(head, token=self.token))

    def _put_head(self, head: Head) -> None:
        self._known = head
        self.shelf.put(self._key(HEAD), (packed_head(head),))

    def piece(self, what: str) -> list[bytes] | None:
        """Something else that was kept; None where all is kept anew."""
        return None if self.refresh else self.stored(what)

    def stored(self, what: str) -> list[bytes] | None:
        """Something that was kept, in any case."""
        return self.shelf.get(self._key(what))

    def keep_piece(self, what: str, parts: Iterable[bytes]) -> None:
        """Keeps something else."""
        self.shelf.put(self._key(what), parts)

    def _key(self, what: str) -> str:
        """What something is called on the shelf."""
        return f"{FORMAT} {what} {self.name}"


_updated = attrgetter("updated")


def _changed(
    source: Source, owner: str, since: datetime, on_progress: Progress | None, stop: Event | None
) -> dict[str, Asset]:
    """The owner's photos that have changed since, those in the trash too."""
    filters = (("updatedAfter", stamp(since)), ("withDeleted", True))
    begun = source.begin(Selection(filters, hidden=True), stop=stop)
    return source.finish(begun, owner_id=owner, hidden=True, on_progress=on_progress, stop=stop)


def _still(asset_id: str, updated: datetime, source: Source, changed: Mapping[str, Asset]) -> bool:
    """Whether the server has a photo as it was, or as it is after another change."""
    now = changed.get(asset_id)
    if now is None:
        detail = source.assets([asset_id]).get(asset_id)
        now = detail.asset if detail else None
    return now is not None and now.updated >= updated


def _some_older(before: Mapping[str, Asset], changed: Mapping[str, Asset], since: datetime) -> bool:
    """Whether some of what had changed since then is not there as it was, or newer."""
    recent = (asset for asset in before.values() if asset.updated >= since)
    return any(asset.id not in changed or changed[asset.id].updated < asset.updated for asset in recent)


def _newest(assets: Mapping[str, Asset]) -> tuple[str, datetime] | None:
    newest = max(assets.values(), key=_updated, default=None)
    return (newest.id, newest.updated) if newest else None


def _brought(assets: Mapping[str, Asset], since: datetime) -> str:
    """The digest of what of these photos will be brought again, if nothing changes."""
    return _digest(asset for asset in assets.values() if asset.updated >= since)


def _digest(assets: Iterable[Asset]) -> str:
    in_order = sorted(assets, key=attrgetter("id"))
    return blake2b(packed(in_order), digest_size=16).hexdigest() if in_order else ""


def _with(before: Mapping[str, Asset], changed: Mapping[str, Asset]) -> tuple[dict[str, Asset], int]:
    """The photos with what has changed, in the order of ids, and how many differ."""
    after = dict(before)
    different = 0
    for asset in changed.values():
        if asset.trashed:
            different += after.pop(asset.id, None) is not None
        elif after.get(asset.id) != asset:
            different += 1
            after[asset.id] = asset
    fresh = any(asset_id not in before for asset_id in changed)
    return (dict(sorted(after.items())) if fresh else after), different
