"""`immich-apply`: makes it true, and proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options.caches import cache_option, refresh_option
from reconciler.cli.options.safety import Approval, Bounds, safety_options
from reconciler.cli.options.shared import (
    CONTEXT,
    accounts_options,
    applied_option,
    output_options,
    target_option,
    version_option,
)
from reconciler.cli.options.timing import WHEN, Asked, WithQuiet, timing_options
from reconciler.cli.telling.terminal import wants_color, width

if TYPE_CHECKING:
    from reconciler.cli.applying.session import Session
    from reconciler.cli.connecting.connect import Ask
    from reconciler.diff.target import Target


@click.command(cls=WithQuiet, context_settings=CONTEXT)
@version_option
@click.argument("paths", nargs=-1, metavar="[PLAN.json] [FILE OR FOLDER]...")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before writing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to show the plan and the report.",
)
@click.option("--allow-missing", is_flag=True, help="Go on although named photos aren't there.")
@click.option("--retry-undone", is_flag=True, help="Try again what the server has undone before.")
@target_option
@applied_option
@click.option(
    "--on-drift",
    type=click.Choice(["skip", "stop"]),
    help="Where something has moved since the plan was made: skip it and do the rest, or stop and write "
    "nothing. Default: stop for a saved plan, else skip.",
)
@click.option(
    "--approve",
    type=Approval(),
    metavar="DIGEST",
    help="Apply only the plan with this digest, which immich-plan shows (12 digits of it or more), "
    "and don't ask.",
)
@click.option(
    "--no-wait",
    is_flag=True,
    help="Leave when the queues are given back; immich-runs verify tells later what has lasted.",
)
@click.option(
    "--resume",
    is_flag=False,
    flag_value="last",
    metavar="[RUN]",
    help="Continue a run that ended in the middle, by default the last one. The files then only say how to "
    "connect.",
)
@safety_options
@timing_options(*WHEN, "migrate")
@accounts_options
@cache_option
@refresh_option
@output_options
def main(
    paths: tuple[str, ...],
    yes: bool,
    form: str,
    allow_missing: bool,
    retry_undone: bool,
    targets: tuple[Target, ...],
    applied: Path | None,
    on_drift: str | None,
    approve: str | None,
    no_wait: bool,
    resume: str | None,
    bounds: Bounds,
    asked: Asked,
    server: str | None,
    accounts: tuple[str, ...],
    state_dir: Path | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    full: bool,
) -> None:
    """Make the server what the files say.

    Shows the plan, asks, pauses the queues that would race with the edits, writes, gives the queues back,
    waits for the server's jobs and reads everything back. With a plan saved by immich-plan -o (- reads one
    from standard input) it carries out that plan and no other; files beside it say how to connect.

    \b
    Examples:
      immich-apply
      immich-apply albums.yaml --yes
      immich-plan -o plan.json && immich-apply plan.json --yes
      immich-apply --approve 3f0c5a9be1d2 --yes
      immich-apply --hours 01:00-06:00 --outside wait --yes
      immich-apply --target 'album:Italy*'   only a part of it
      immich-apply --yes --max-removals memberships=320 --allow empty-album=Inbox
      immich-apply --resume

    Exit codes: 0 done, 1 error or missing photos, 2 invalid files, 4 applied in part or not settled, or
    jobs of an earlier run are not done, 5 more would be taken away or changed than is allowed and nothing
    was written, 6 the saved plan no longer fits and nothing was written, 130 interrupted. Outside of
    settings.window.hours: 1 with nothing written; at their end: 4, and the next run does the rest.
    """
    from reconciler.apply.check import OnDrift
    from reconciler.cli.applying.session import Session
    from reconciler.cli.connecting.connect import Ask
    from reconciler.cli.telling.view import View

    view = View(form, wants_color(no_color), width(), full)
    session = Session(
        view,
        yes=yes,
        allow_missing=allow_missing,
        retry_undone=retry_undone,
        state_dir=state_dir,
        quiet=quiet,
        wait=not no_wait,
        asked=asked,
        bounds=bounds,
        applied=applied,
        approval=approve or "",
        on_drift=OnDrift(on_drift) if on_drift else None,
        targets=targets,
        accounts=accounts,
    )
    ask = Ask(server, accounts[0] if len(set(accounts)) == 1 else None, verbose)
    saved = bool(paths) and (paths[0] == "-" or paths[0].endswith(".json"))
    if targets and (saved or resume is not None):
        raise click.UsageError("--target narrows a plan when it is made: give it to immich-plan")
    if resume is not None and approve:
        raise click.UsageError("--approve is about a plan, and --resume continues one that was begun")
    if resume is not None and len(set(accounts)) > 1:
        raise click.UsageError("--resume continues the run of one account")
    if resume is not None:
        raise SystemExit(int(_resume(session, ask, resume, paths)))
    if saved:
        raise SystemExit(int(session.apply_saved(paths[0], paths[1:], ask)))
    raise SystemExit(int(session.apply_files(paths, ask)))


def _resume(session: Session, ask: Ask, run: str, paths: tuple[str, ...]) -> int:
    from reconciler.cli.applying.again import Return

    if run != "last" and not run.isdecimal():
        raise click.UsageError(f"--resume takes the number of a run (immich-runs lists them), not {run!r}")
    return Return(session, ask, paths).resume(None if run == "last" else int(run))
