"""Jobs of earlier runs are over before a run writes the same photos again.

Two sidecar writes of one photo that wait side by side may destroy its sidecar (PERFORMANCE 1.2). A run that
was left without waiting, stopped or killed leaves such jobs behind; the journal knows of which photos.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.apply.check import touched_by
from reconciler.apply.earlier.proofs import proofs
from reconciler.apply.protocols import Interruption, Limits, Progress
from reconciler.apply.queues.settling import wait_for_photos
from reconciler.apply.state.journal import Stage
from reconciler.apply.state.runs import Entry, Past, Run, Runs, sent_of
from reconciler.apply.written import covered
from reconciler.immich.reader import Reader
from reconciler.live.touched import read_touched
from reconciler.plan.operations import asset_ids, sidecar_photos, writes_sidecars

MARGIN = timedelta(seconds=2)
"""What the time of a write and the server's clock are known to, together."""
CLEAR = timedelta(minutes=1)
"""How long after a write a photo that moved at about the same time counts as read."""
FORGOTTEN = timedelta(days=1)
"""A write this long ago is not waited for any more where no queue can be watched."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Photos that the server may not have read again since a run wrote them.

    `after` holds the instants, by the server's clock, after which each has to move. Of those in `unclear` the
    last move lies so close to the write that it may be anything: its job, already; the photo's upload; a
    favourite, which moves `updatedAt` at once.
    """

    after: Mapping[str, datetime] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()


def overlapping(runs: Runs, server: str, photos: frozenset[str]) -> tuple[Run, ...]:
    """The runs whose jobs may not be done and that have written any of these photos, newest first.

    Raises StateUnusable.
    """
    if not photos:
        return ()
    return tuple(
        run for run in runs.unsettled(server) if not photos.isdisjoint(sidecar_photos(runs.sent(run)))
    )


def unread(past: Past, reader: Reader, photos: frozenset[str], now: datetime) -> Unread:
    """What the photos themselves show, for lack of queues. Raises ServerError."""
    written = _writes(_really_sent(past, reader))
    recent = {asset: at for asset, at in written.items() if asset in photos and now - at < FORGOTTEN}
    return _unread(recent, reader, past.run.user)


def half_done(past: Past, reader: Reader) -> Unread:
    """The same for edits that took effect without an answer: their server may have died over them.

    Such an edit is in its database and its jobs may be in no queue. Raises ServerError.
    """
    cut = {entry.number for entry in past.in_flight()}
    return _unread(
        _writes(entry for entry in _really_sent(past, reader) if entry.number in cut), reader, past.run.user
    )


def _unread(written: Mapping[str, datetime], reader: Reader, owner: str) -> Unread:
    """Which photos, written at these times by this machine's clock, have not moved since."""
    if not written:
        return Unread()
    ahead = timedelta(seconds=reader.transport.ahead or 0.0)
    moments = {asset: at + ahead for asset, at in written.items()}
    moved = reader.recently_updated(min(moments.values()) - MARGIN, owner)
    left = {
        asset: moment
        for asset, moment in moments.items()
        if asset not in moved or moved[asset].updated <= moment + MARGIN
    }
    unclear = frozenset(
        asset for asset, moment in left.items() if asset in moved and moved[asset].updated > moment - MARGIN
    )
    return Unread({asset: moment - MARGIN for asset, moment in left.items()}, unclear)


def count_unread(past: Past, reader: Reader, photos: frozenset[str], now: datetime) -> int:
    """How many of the photos the server has not read again; long after the write what is unclear counts as
    read. Raises ServerError.
    """
    found = unread(past, reader, photos, now)
    ahead = timedelta(seconds=reader.transport.ahead or 0.0)
    settled = [asset for asset in found.unclear if now + ahead - found.after[asset] > CLEAR]
    return len(found.after) - len(settled)


def wait_until_read(
    past: Past,
    reader: Reader,
    photos: frozenset[str],
    now: datetime,
    progress: Progress,
    interruption: Interruption,
    limits: Limits,
) -> str:
    """Waits until the server has read these photos again since the run wrote them.

    Returns why it isn't known that it has; empty where it has. Raises ServerError.
    """
    found = unread(past, reader, photos, now)
    if not found.after:
        return ""
    return wait_for_photos(
        reader,
        past.run.user,
        dict(found.after),
        twice=found.unclear,
        progress=progress,
        interruption=interruption,
        limits=limits,
    )


def _really_sent(past: Past, reader: Reader) -> list[Entry]:
    """Those of them that have taken effect: of what was in flight, reading tells."""
    sent = [entry for entry in sent_of(past.run, past.entries) if writes_sidecars(entry.operation)]
    unclear = {entry.number for entry in past.in_flight()}
    if not unclear & {entry.number for entry in sent}:
        return sent
    part = covered(past.changes, (entry.operation for entry in past.in_flight()))
    live = read_touched(reader, touched_by(part), identity=past.plan.identity, features=past.plan.features)
    without = {proof.entry.number for proof in proofs(past, live) if proof.stage is Stage.NOT_SENT}
    return [entry for entry in sent if entry.number not in without]


def _writes(entries: Iterable[Entry]) -> Mapping[str, datetime]:
    """When each photo was last written, by this machine's clock."""
    found: dict[str, datetime] = {}
    for entry in entries:
        refused = {failure.id for failure in entry.failures}
        at = datetime.fromisoformat(entry.at)
        found |= dict.fromkeys((asset for asset in asset_ids(entry.operation) if asset not in refused), at)
    return found
