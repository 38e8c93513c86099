"""`immich-undo`: takes a run back, as far as that can be done."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options.shared import (
    CONTEXT,
    files_option,
    output_form,
    output_options,
    server_options,
    version_option,
)
from reconciler.cli.options.timing import WHEN, Asked, WithQuiet, timing_options
from reconciler.cli.telling.terminal import wants_color, width


@click.command(cls=WithQuiet, context_settings=CONTEXT)
@version_option
@click.argument("run", required=False, type=int)
@click.option("-y", "--yes", is_flag=True, help="Don't ask before writing.")
@timing_options(*WHEN)
@files_option
@output_form
@server_options
@output_options
def main(
    run: int | None,
    yes: bool,
    asked: Asked,
    files: tuple[str, ...],
    form: str,
    server: str | None,
    account: str | None,
    state_dir: Path | None,
    quiet: bool,
    verbose: bool,
    no_color: bool,
    full: bool,
) -> None:
    """Take back what a run has written, by default the last one that isn't taken back yet.

    Shows the plan that leads back, asks, and applies it like any other. What somebody has changed since the
    run is left alone and reported. What can't be taken back is said before anything is written.

    \b
    Examples:
      immich-undo
      immich-undo 12 --yes
      immich-undo 12 --files photos/

    Exit codes: 0 done, 1 error, 2 wrong usage, 4 taken back in part or not settled, 6 the run was made on
    another server, 130 interrupted.
    """
    from reconciler.cli.applying.again import Return
    from reconciler.cli.applying.session import Session
    from reconciler.cli.connecting.connect import Ask
    from reconciler.cli.telling.view import View

    view = View(form, wants_color(no_color), width(), full)
    session = Session(view, yes=yes, state_dir=state_dir, quiet=quiet, asked=asked)
    raise SystemExit(int(Return(session, Ask(server, account, verbose), files).undo(run)))
