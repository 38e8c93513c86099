"""`immich-apply`: makes it true, and proves it."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import (
    CONTEXT,
    output_options,
    plain_errors,
    server_options,
    wants_color,
    width,
)


@click.command(context_settings=CONTEXT)
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]... | PLAN.json")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before writing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to show the plan and the account.",
)
@click.option("--allow-missing", is_flag=True, help="Go on although named photos aren't there.")
@click.option("--retry-undone", is_flag=True, help="Try again what the server has undone before.")
@click.option(
    "--settle-timeout",
    type=float,
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the server's jobs.",
)
@server_options
@output_options
@plain_errors
def main(
    paths: tuple[str, ...],
    yes: bool,
    form: str,
    allow_missing: bool,
    retry_undone: bool,
    settle_timeout: float,
    server: str | None,
    account: str | None,
    state_dir: Path | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    full: bool,
) -> None:
    """Make the server what the files say.

    Shows the plan, asks, pauses the queues that would race with the edits, writes, gives the queues back,
    waits for the server's jobs and reads everything back. With a plan saved by immich-plan -o it carries
    out that plan and no other.

    \b
    Examples:
      immich-apply
      immich-apply albums.yaml --yes
      immich-plan -o plan.json && immich-apply plan.json --yes

    Exit codes: 0 done, 1 error or missing photos, 2 invalid files, 4 applied in part or not settled,
    6 the saved plan is stale, 130 interrupted.
    """
    from reconciler.cli.applying import Session, View
    from reconciler.cli.connect import Ask

    view = View(form, wants_color(no_color), width(), full)
    session = Session(view, yes, allow_missing, retry_undone, settle_timeout, state_dir, quiet)
    ask = Ask(server, account, verbose)
    if len(paths) == 1 and paths[0].endswith(".json"):
        raise SystemExit(int(session.apply_saved(Path(paths[0]), ask)))
    raise SystemExit(int(session.apply_files(paths, ask)))
