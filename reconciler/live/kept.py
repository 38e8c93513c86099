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
  again; where it isn't there as it was, or newer, all is read.

For the members of an album, the list of albums is read each time. It tells of each how many members show,
when it last changed, and when one of those members last did (`AlbumList.states`).

- Adding moves the album's time. A member that shows again (restored, no longer hidden, unlocked), whoever
  owns it, moves the time of the members to that moment. As long as both times stand, nobody has come in.
- Whoever leaves (removed, trashed, hidden, locked, deleted) makes them fewer; removing moves no time unless
  it was the cover (FINDINGS 24). As nobody has come in, an equal count means the same members. One removed
  and one restored or added moves a time.
- An album that this program has made tells when it was made in the answer. Where it still counts as many
  members and has the same time, nobody has come in, and so nobody has left.
- Of an album that only rules ask for, which leave hidden photos out, the members that show are enough.
- Hidden members count nowhere, so that one that leaves can't be seen. An album is kept only if all of its
  members count but hidden ones of the account's own, which are the videos of live photos that are members and
  bring them along. So photos of other people may be among them, as long as none is hidden.

What cannot be seen: an edit since the last reading whose jobs were thrown away (a queue emptied, Redis lost)
or failed because the file can't be read. It is seen with the next change of that photo, after `OLDEST`, or
when all is read because somebody asks for that. Whatever is written has its value read again before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from threading import Event
from typing import Protocol

import orjson

from reconciler.immich.answers import Made
from reconciler.immich.errors import ServerError
from reconciler.immich.keyset import stamp
from reconciler.immich.parse import moment
from reconciler.immich.search import PeopleOf, Selection
from reconciler.live.packing import packed, unpacked
from reconciler.live.source import Source
from reconciler.model.asset import Asset
from reconciler.model.live import Album
from reconciler.model.memory import no_collection
from reconciler.model.values import Visibility

FORMAT = 3
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

SHOWN = "shown "
"""Before the id of an album of which the members that are not hidden are kept."""

Progress = Callable[[int], None]


class Shelf(Protocol):
    """A place for lists of bytes by key, which never raises; `config.cache.Cache` is one."""

    def get(self, key: str) -> list[bytes] | None: ...

    def put(self, key: str, parts: Iterable[bytes]) -> None: ...


@dataclass(frozen=True, slots=True)
class Photos:
    """All photos of an account by id, in the order of ids, last all `read` at a time.

    What has changed is asked for `since` another, which is later where it has been asked before.
    """

    assets: dict[str, Asset]
    since: datetime
    read: datetime


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
    quiet: bool = field(default=False, init=False)
    """Whether no edit waited before the photos were read, so that their `updated` tells of every change."""
    read_anew: bool = field(default=False, init=False)
    """Whether all photos were read, and not what is kept of them."""
    _began: tuple[datetime, float] | None = field(default=None, init=False)
    """When the photos began to be read: by the server's clock, and by one that only counts seconds."""
    _members: dict[str, tuple[str, list[str]]] | None = field(default=None, init=False)
    _ahead: Future[Photos | None] | None = field(default=None, init=False)

    # Photos

    def look_ahead(self) -> None:
        """Begins to read what is kept of the photos, while the server is asked for something else."""
        if not self.refresh and self._ahead is None:
            with_one = ThreadPoolExecutor(1)
            self._ahead = with_one.submit(self._photos)
            with_one.shutdown(wait=False)

    def at_hand(self) -> bool:
        """Whether photos are kept that are not too old, as far as a glance tells."""
        parts = None if self.refresh else self.shelf.get(self._key("when"))
        try:
            read = datetime.fromtimestamp(orjson.loads(parts[0]), UTC) if parts else None
        except (ValueError, TypeError, IndexError, OverflowError):
            return False
        return read is not None and timedelta(0) <= self.now() - read <= OLDEST

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
        began = self.now()
        self._began = (began, time.monotonic())
        found, why = self._brought_up(source, owner, began, on_progress, stop)
        if found is not None:
            return found, why
        self.read_anew = True
        begun = source.begin(Selection(hidden=True), people=people, stop=stop)
        found = source.finish(begun, owner_id=owner, hidden=True, on_progress=on_progress, stop=stop)
        if source.library_size(hidden=True) == len(found):
            self._keep(found, began - OVERLAP, began)
        return found, f"all read: {why}"

    def _brought_up(
        self,
        source: Source,
        owner: str,
        began: datetime,
        on_progress: Progress | None,
        stop: Event | None,
    ) -> tuple[dict[str, Asset] | None, str]:
        """The photos of an earlier reading as they are now; None and the reason where that isn't certain."""
        if self.refresh:
            return None, "it was asked for"
        glance = self.at_hand()
        looked = time.monotonic()
        reason = self._unsettled() if glance else ""
        count = source.library_size(hidden=True) if glance and not reason else 0
        # asked while what is kept is unpacked, beside this
        older = self._ahead.result() if self._ahead else self._photos()
        self._ahead = None
        if older is None:
            return None, "nothing is kept from an earlier time"
        if not glance or not timedelta(0) <= began - older.read <= OLDEST:
            return None, "what is kept is too old"
        if reason:
            return None, reason
        self.pause(max(0.0, looked + GAP - time.monotonic()))
        if reason := self._unsettled():
            return None, reason
        try:
            changed = _changed(source, owner, older.since, on_progress, stop)
        except ServerError as error:
            return None, f"the server doesn't tell what has changed ({error})"
        newest = max(older.assets.values(), key=_updated, default=None)
        if newest and not _still(newest, source, changed):
            return None, "the newest photo is gone or older than it was, as after a backup was restored"
        self.quiet = True
        found, different = _with(older.assets, changed)
        if count != len(found):
            return None, "photos were deleted or locked, or the server has not read some yet"
        if different or len(changed) >= MANY:
            known = newest.updated if newest else older.since
            since = max(began - OVERLAP, min(began, known) - MOMENT)
            self._keep(found, since, older.read)
        if on_progress:
            on_progress(len(found))
        return found, f"kept since {older.read:%Y-%m-%d %H:%M} UTC, {different:,} changed"

    def _unsettled(self) -> str:
        """Why edits may not show in what has changed; empty where none waits."""
        match self.settled():
            case None:
                return "only an administrator's key shows whether edits wait in the queues"
            case False:
                return "edits wait in the queues"
        return ""

    def _photos(self) -> Photos | None:
        parts = self.shelf.get(self._key("photos"))
        try:
            if not parts:
                return None
            since, read = (datetime.fromtimestamp(second, UTC) for second in orjson.loads(parts[0]))
            with no_collection():
                assets = {asset.id: asset for asset in unpacked(parts[1])}
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            return None
        return Photos(assets, since, read)

    def _keep(self, assets: Mapping[str, Asset], since: datetime, read: datetime) -> None:
        head = orjson.dumps([since.timestamp(), read.timestamp()])
        self.shelf.put(self._key("photos"), (head, packed(assets.values())))
        self.shelf.put(self._key("when"), (orjson.dumps(read.timestamp()),))

    # Members

    def members(
        self, albums: Iterable[Album], states: Mapping[str, str], shown: Collection[str] = ()
    ) -> dict[str, frozenset[str]]:
        """The members of those of these albums that are as they were, by album id.

        Of albums in `shown` those that are not hidden will do.
        """
        if self.refresh:
            return {}
        kept, made = self._albums(), self._made()
        found = {}
        for album in albums:
            state = states.get(album.id)
            keys = (album.id, *([SHOWN + album.id] if album.id in shown else []))
            same = next((kept[key][1] for key in keys if key in kept and kept[key][0] == state), None)
            if state and same is None and album.id in made and state.startswith(made[album.id][0]):
                same = made[album.id][1]
            if state and same is not None:
                found[album.id] = frozenset(same)
        return found

    def keep_made(self, albums: Iterable[Made]) -> None:
        """Keeps who is in albums that were just made, until they are read or their members are kept."""
        made = self._made() | {
            album.id: (album.state, list(album.members)) for album in albums if album.state
        }
        self.shelf.put(self._key("made"), (orjson.dumps(made),))

    def keep_members(
        self,
        members: Mapping[str, frozenset[str]],
        albums: Collection[Album],
        states: Mapping[str, str],
        library: Mapping[str, Asset],
    ) -> None:
        """Keeps all members of albums, read after the list of albums with these states.

        `library` are all photos, hidden ones too.
        """
        before, now = self._albums(), self.now()
        after = {
            key: value
            for key, value in before.items()
            if value[0] == states.get(key.removeprefix(SHOWN))
            and not (self.refresh and key.removeprefix(SHOWN) in members)
        }
        for album in albums:
            state, found = states.get(album.id), members.get(album.id)
            if (
                state
                and found is not None
                and album.id not in after
                and _tells(album, state, found, library, now)
            ):
                after[album.id] = (state, sorted(found))
                continue
            if state and found is not None and not {album.id, SHOWN + album.id} & after.keys():
                seen = frozenset(one for one in found if not _hidden(library.get(one)))
                if _tells(album, state, seen, library, now):
                    after[SHOWN + album.id] = (state, sorted(seen))
        if after != before:
            self.shelf.put(self._key("members"), (orjson.dumps(after),))
            self._members = after
        if made := self._made():
            left = {key: value for key, value in made.items() if key in states and key not in members}
            if left != made:
                self.shelf.put(self._key("made"), (orjson.dumps(left),))

    def _albums(self) -> dict[str, tuple[str, list[str]]]:
        if self._members is None:
            self._members = self._ids_of("members")
        return self._members

    def _made(self) -> dict[str, tuple[str, list[str]]]:
        return self._ids_of("made")

    def _ids_of(self, what: str) -> dict[str, tuple[str, list[str]]]:
        parts = self.shelf.get(self._key(what))
        try:
            found = orjson.loads(parts[0]) if parts else {}
            return {key: (state, list(ids)) for key, (state, ids) in found.items()}
        except (ValueError, TypeError, AttributeError, IndexError):
            return {}

    # Other pieces

    def piece(self, what: str) -> list[bytes] | None:
        """Something else that was kept."""
        return None if self.refresh else self.shelf.get(self._key(what))

    def keep_piece(self, what: str, parts: Iterable[bytes]) -> None:
        """Keeps something else."""
        self.shelf.put(self._key(what), parts)

    def certain_until(self, photos: Iterable[Asset]) -> datetime:
        """Photos of this reading that changed before this moment were done with when they began to be read.

        The newest photo tells how far the database's clock has come; it is as old as the reading at most.
        """
        began, counted = self._began or (self.now(), time.monotonic())
        newest = max(map(_updated, photos), default=began)
        passed = timedelta(seconds=time.monotonic() - counted)
        return max(began - OVERLAP, min(began, newest) - passed - MOMENT)

    def _key(self, what: str) -> str:
        return f"{FORMAT} {what} {self.name}"


_updated = attrgetter("updated")


def _changed(
    source: Source, owner: str, since: datetime, on_progress: Progress | None, stop: Event | None
) -> dict[str, Asset]:
    """The owner's photos that have changed since, those in the trash too."""
    filters = (("updatedAfter", stamp(since)), ("withDeleted", True))
    begun = source.begin(Selection(filters, hidden=True), stop=stop)
    return source.finish(begun, owner_id=owner, hidden=True, on_progress=on_progress, stop=stop)


def _still(newest: Asset, source: Source, changed: Mapping[str, Asset]) -> bool:
    """Whether the server has a photo as it was, or as it is after another change."""
    now = changed.get(newest.id)
    if now is None:
        detail = source.assets([newest.id]).get(newest.id)
        now = detail.asset if detail else None
    return now is not None and now.updated >= newest.updated


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


def _hidden(asset: Asset | None) -> bool:
    return asset is not None and asset.visibility is Visibility.HIDDEN


def _tells(
    album: Album, state: str, members: frozenset[str], library: Mapping[str, Asset], now: datetime
) -> bool:
    """Whether the state of an album tells of every change of its members; times to come would hide some."""
    own = [library[asset_id] for asset_id in members if asset_id in library]
    videos = {asset.motion_id for asset in own if asset.motion_id}
    hidden = [asset.id for asset in own if asset.visibility is Visibility.HIDDEN]
    if any(asset.updated > now for asset in own) or _newest(state, now) > now:
        return False
    return videos.issuperset(hidden) and len(members) - len(hidden) == album.asset_count


def _newest(state: str, now: datetime) -> datetime:
    """When a member last changed that shows; `AlbumList.states` ends with it, where there is one."""
    text = state.rpartition(" ")[2]
    return moment(text) if text else now
