"""Planning by a snapshot: the same plan as with the server, as of when the snapshot was made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from reconciler.apply.state.database import State
from reconciler.cli.connecting.accounts import say_which
from reconciler.cli.planning.fresh import Seen
from reconciler.cli.planning.remembered import Remembered
from reconciler.diff.changes import Note
from reconciler.diff.target import Target
from reconciler.live.snapshot.covers import lacking
from reconciler.live.snapshot.document import BadSnapshot, Snapshot
from reconciler.live.snapshot.several import UNNAMED, read_snapshots
from reconciler.model.attempts import NO_ATTEMPTS
from reconciler.model.desired import Desired
from reconciler.model.words import counted
from reconciler.plan import Plan
from reconciler.plan.basis import Former


def read_offline(path: str, parts: Sequence[Desired]) -> tuple[Snapshot, ...]:
    """The snapshots of a file, `-` for standard input, one for each part of the files.

    Stops where the file is of one account and could be meant for several. Raises BadSnapshot where it has
    nothing of an account.
    """
    found = read_snapshots(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
    if len(parts) == 1 and (len(found) == 1 and (UNNAMED in found or not parts[0].part_of)):
        return tuple(found.values())
    names = [part.part_of or part.account or UNNAMED for part in parts]
    if UNNAMED in found:
        say_which("this snapshot is of one account", names)
    if lacks := [name for name in names if name not in found]:
        whose = ", ".join(name or "an account that the files don't name" for name in lacks)
        raise BadSnapshot(
            f"{path}: this snapshot has nothing of {whose} (there: {', '.join(found)}). Make one that fits, "
            "with the server and the same files: `immich-snapshot`"
        )
    return tuple(found[name] for name in names)


def plan_offline(
    desired: Desired,
    snapshot: Snapshot,
    path: str,
    state: State,
    *,
    retry_undone: bool,
    targets: Sequence[Target] = (),
    applied: Path | None = None,
) -> tuple[Plan, Seen]:
    """The plan by a snapshot of the file at `path`. Raises BadSnapshot where it doesn't fit."""
    _check(desired, snapshot, path)
    assert snapshot.made is not None
    attempts = NO_ATTEMPTS if retry_undone else snapshot.attempts
    live, known = snapshot.live, snapshot.known
    remembered = Remembered(state, live.identity.user_id, applied).read()
    made = f"{snapshot.made.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    note = Note(f"planned by a snapshot of {made}: what has changed on the server since is not in it")
    seen = Seen(live, attempts, known, Former(), targets, remembered, notes=(note,))
    return seen.plan(desired), seen


def _check(desired: Desired, snapshot: Snapshot, path: str) -> None:
    if snapshot.covers is None or snapshot.made is None:
        raise BadSnapshot(
            f"{path}: nobody knows what this snapshot leaves out, as it doesn't come from immich-snapshot: "
            "make one with `immich-snapshot`"
        )
    if lacks := lacking(desired, snapshot.live, snapshot.covers, snapshot.known):
        listed = "".join(f"\n  - {text}" for text in lacks)
        raise BadSnapshot(
            f"{path}: these files need to know more than this snapshot holds:{listed}\n"
            "Make one that fits, with the server and the same files: `immich-snapshot`, or `immich-snapshot "
            "--all` for one that fits whatever files ask for"
        )


def say_age(made: datetime) -> None:
    """How old the snapshot is, on stderr."""
    minutes = max(0, int((datetime.now(UTC) - made).total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60
    number, unit = (days, "day") if days else (hours, "hour") if hours else (minutes, "minute")
    click.echo(
        f"note: planned by a snapshot that is {counted(number, unit)} old; the server was not asked", err=True
    )
