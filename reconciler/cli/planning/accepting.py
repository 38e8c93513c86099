"""`immich-plan --accept`: writes what was changed on the server into the files, and proves that it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.planning.fresh import Seen
from reconciler.cli.planning.remembered import unknown
from reconciler.cli.telling.output import write_file
from reconciler.diff.accepting import accept
from reconciler.diff.drift import Drift, Kind, aspects
from reconciler.diff.target import Target, TargetKind, photo_names
from reconciler.model.desired import Desired
from reconciler.model.origin import InvalidFiles
from reconciler.plan import Plan
from reconciler.render.cells import plain
from reconciler.render.drifted import what_was_done


def accepted(
    plan: Plan,
    desired: Desired,
    seen: Seen,
    reload: Callable[[], Desired],
    targets: Sequence[Target],
    applied: Path | None,
) -> Plan:
    """Writes the files anew and gives the plan that is left. Stops where nothing fits, or can be written."""
    if plan.drift is None:
        stop(unknown(applied))
    if plan.problems:
        return plan
    meant = [drift for drift in plan.drift if _is_meant(drift, targets)]
    if not meant:
        stop(f"nothing that was changed on the server fits {', '.join(target.text for target in targets)}")
    found = accept(desired, seen.live, meant, _text)
    for drift, why in found.refused:
        _say(f"not accepted: {what_was_done(drift, plan)}: {why}", drift)
    if not found.taken:
        stop("nothing of it can be written into the files (see above)")
    before = {name: Path(name).read_bytes() for name in found.files}
    left = _written(found.files, before, plan, seen, reload, found.taken)
    for drift in found.taken:
        _say(f"accepted: {what_was_done(drift, plan)}", drift)
    return left


def _written(
    files: Mapping[str, str],
    before: Mapping[str, bytes],
    plan: Plan,
    seen: Seen,
    reload: Callable[[], Desired],
    taken: Iterable[Drift],
) -> Plan:
    """Writes the files and plans anew; where that isn't the plan without these, they stay as they were."""
    why = "the files would not say what they should"
    left: Plan | None = None
    try:
        for name, text in files.items():
            write_file(Path(name), [text.encode()])
        left = seen.plan(reload())
        done = {(drift.kind, drift.id, drift.aspect) for drift in taken}
        there = {(drift.kind, drift.id, drift.aspect) for drift in left.drift or ()}
        more = set(aspects(left.changes)) - set(aspects(plan.changes))
        if left.problems or len(left.missing) > len(plan.missing) or done & there or more:
            left = None
    except InvalidFiles as error:
        why = str(error)
    finally:
        if left is None:
            for name, data in before.items():
                write_file(Path(name), [data])
    if left is None:
        stop(f"nothing was accepted, since {why}; the files are as they were", Exit.ERROR)
    return left


def _is_meant(drift: Drift, targets: Iterable[Target]) -> bool:
    names = (
        photo_names(drift.id, {drift.id: drift.name}) if drift.kind is Kind.PHOTO else (drift.name, drift.id)
    )
    return any(target.fits(TargetKind(drift.kind), *names) for target in targets)


def _text(name: str) -> str:
    return Path(name).read_bytes().decode("utf-8")


def _say(text: str, drift: Drift) -> None:
    click.echo(f"{plain(drift.origin.short)}: {plain(text)}", err=True)
