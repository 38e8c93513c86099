"""Edits that a server has left half done when it died: in its database, and their jobs in no queue.

Immich stores an edit first and queues its jobs afterwards. Values are locked when they are stored; tags only
together with their job, so that the next reading of the photo takes them away (or brings back what was
taken off) without a word. Sent again, a tag call finds nothing new and queues nothing. What helps is to have
such photos written and read again, which shows what is missing, and to send that once more. Whether the jobs
of a photo have run shows in `updatedAt`, which a job moves and a stored value or tag doesn't (FINDINGS 23).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.apply.check import touched_by
from reconciler.apply.earlier.unread import half_done
from reconciler.apply.queues.settling import wait_for_photos
from reconciler.apply.sending.send import Cut
from reconciler.apply.state.runs import Past
from reconciler.apply.tools import Tools
from reconciler.apply.written import covered
from reconciler.diff.changes import Changes
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.writer import Writer
from reconciler.live.touched import read_touched
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.plan.operations import (
    UPDATE_BATCH,
    Operation,
    TagAssets,
    UntagAssets,
    UpdateAssets,
    asset_ids,
)
from reconciler.plan.standing import State, standings

MARGIN = timedelta(minutes=1)
"""What the clocks of this machine and the server are surely known to."""
_MOVES_AT_ONCE = {Field.FAVORITE, Field.VISIBILITY}


def not_read_since(
    cut: Iterable[Cut], seen: Mapping[str, datetime], since: datetime, reader: Reader, owner: str
) -> frozenset[str]:
    """The photos whose jobs have not run, as far as that can be told; to be asked once the queues are empty.

    `seen` holds their `updatedAt` before they were written, which was after `since` by this machine's clock.
    Raises ServerError.
    """
    ahead = timedelta(seconds=reader.transport.ahead or 0.0)
    moved = reader.recently_updated(since + ahead - MARGIN, owner)
    return frozenset(
        photo
        for item in cut
        for photo in asset_ids(item.operation)
        if (isinstance(item.operation, UpdateAssets) and _MOVES_AT_ONCE & item.operation.values.keys())
        or photo not in moved
        or photo not in seen
        or moved[photo].updated <= seen[photo]
    )


def have_read_again(writer: Writer, photos: Collection[str]) -> None:
    """Has the server write these photos' sidecars and read them; without those that are gone.

    Raises ServerError.
    """
    ordered = sorted(photos)
    for start in range(0, len(ordered), UPDATE_BATCH):
        _halving(writer, ordered[start : start + UPDATE_BATCH])


def _halving(writer: Writer, photos: list[str]) -> None:
    try:
        writer.write_sidecars(photos)
    except ServerError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
        if len(photos) > 1:
            middle = len(photos) // 2
            _halving(writer, photos[:middle])
            _halving(writer, photos[middle:])


def missing(
    cut: Iterable[Cut], changes: Changes, plan: Plan, reader: Reader
) -> Iterator[tuple[Cut, Operation]]:
    """What is to be sent once more: the tags that photos have lost, or have back. Raises ServerError."""
    tagged = [item for item in cut if isinstance(item.operation, TagAssets | UntagAssets)]
    if not tagged:
        return
    part = covered(changes, (item.operation for item in tagged))
    live = read_touched(reader, touched_by(part), identity=plan.identity, features=plan.features)
    for item in tagged:
        operation = item.operation
        assert isinstance(operation, TagAssets | UntagAssets)
        lost = {
            found.id
            for found in standings(covered(part, [operation]), live, plan.labels)
            if found.state is State.BEFORE
        }
        if ids := tuple(photo for photo in operation.asset_ids if photo in lost):
            yield item, replace(operation, asset_ids=ids)


def mend_earlier(past: Past, tools: Tools) -> bool:
    """Has photos read again to which an edit of an earlier run broke off; whether there were any.

    What is missing then shows, and is planned again. With an administrator's key, the queues must be empty
    before, and are to be waited for afterwards; without one, the photos show it. Raises ServerError.
    """
    found = half_done(past, tools.reader)
    photos = frozenset(found.after)
    if photos and tools.admin is None:
        photos = _still_unread(past, tools, dict(found.after), found.unclear)
    if not photos:
        return False
    tools.progress.stage("having the server read again what broke off", len(photos))
    have_read_again(tools.writer, photos)
    if tools.admin is None:
        _still_unread(past, tools, {photo: found.after[photo] for photo in photos}, found.unclear)
    return True


def _still_unread(
    past: Past, tools: Tools, after: dict[str, datetime], twice: frozenset[str]
) -> frozenset[str]:
    before = dict(after)
    wait_for_photos(
        tools.reader,
        past.run.user,
        after,
        twice=twice,
        unsure=frozenset(before),
        progress=tools.progress,
        interruption=tools.interruption,
        limits=tools.limits,
    )
    return twice | frozenset(photo for photo in before if after[photo] == before[photo])
