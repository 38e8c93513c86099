"""`immich-plan`: what would change, shown and never done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options.caches import cache_option, refresh_option
from reconciler.cli.options.grouped import Grouped
from reconciler.cli.options.pages import Pages, page_options
from reconciler.cli.options.safety import Bounds, safety_options
from reconciler.cli.options.shared import (
    CONTEXT,
    PLAN_FORMS,
    FileToWrite,
    TargetType,
    accounts_options,
    applied_option,
    output_options,
    target_option,
    version_option,
)
from reconciler.cli.options.timing import Asked, timing_options
from reconciler.cli.telling.terminal import wants_color, width

if TYPE_CHECKING:
    from reconciler.diff.target import Target
    from reconciler.model.desired import Desired


SNAPSHOT_HAS = "a snapshot has its server and account: leave --server and --account out"


@click.command(cls=Grouped, context_settings=CONTEXT)
@version_option
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option(
    "-o",
    "--output",
    type=FileToWrite("--format json"),
    metavar="FILE",
    help="Save the plan for immich-apply.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(PLAN_FORMS),
    default="text",
    show_default=True,
    help="How to show it.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 3 if there are changes, 4 if only what the server undoes is left.",
)
@click.option("--allow-missing", is_flag=True, help="Photos that aren't there are no error.")
@click.option(
    "--explain", is_flag=True, help="Also tell what was read from the server, why, and at what cost."
)
@click.option("--retry-undone", is_flag=True, help="Plan again what the server has undone before.")
@target_option
@applied_option
@click.option(
    "--detect-drift",
    is_flag=True,
    help="Exit with 7 if something was changed on the server since the last apply.",
)
@click.option(
    "--accept",
    type=TargetType(),
    multiple=True,
    metavar="KIND|NAME|KIND:NAME",
    help="Write what was changed on the server into the files: '*', albums, 'photo:IMG_05*' (repeatable).",
)
@page_options
@click.option(
    "--snapshot",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Plan by what immich-snapshot has saved, without the server; - reads it from standard input.",
)
@safety_options
@timing_options("migrate")
@accounts_options
@cache_option
@refresh_option
@output_options
def main(
    paths: tuple[str, ...],
    output: Path | None,
    form: str,
    exit_code: bool,
    allow_missing: bool,
    explain: bool,
    retry_undone: bool,
    targets: tuple[Target, ...],
    applied: Path | None,
    detect_drift: bool,
    accept: tuple[Target, ...],
    pages: Pages,
    snapshot: str | None,
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
    """Show what immich-apply would change on the server.

    Reads the YAML files (default: those of the current folder) and the server, and writes to neither.

    \b
    Examples:
      immich-plan
      immich-plan albums.yaml -o plan.json
      immich-plan --format json | jq .summary
      immich-plan --format markdown          for a comment in a pull request
      immich-plan --html plan.html           to look at in a browser, with pictures
      immich-plan --target 'album:Italy*'    only a part of it
      immich-plan --snapshot live.json.gz    without the server: see immich-snapshot
      immich-plan --max-removals 20 --max-changes 10%
      immich-plan --exit-code; [ $? -eq 3 ] && echo "there are changes"
      immich-plan --detect-drift             every night: 7 if somebody has changed something
      immich-plan --accept 'photo:IMG_05*'   take over what was changed in Immich

    Exit codes: 0 done, 1 error or missing photos, 2 invalid files, 5 more would be taken away or changed
    than is allowed. With --exit-code also: 3 there are changes, 4 only values that the server has undone
    before are left. With --detect-drift also: 7 somebody has changed on the server what the files manage.
    """
    from reconciler.apply.state.database import state_in
    from reconciler.cli.connecting.accounts import parts_of, say_which
    from reconciler.cli.connecting.connect import Ask
    from reconciler.cli.exits import exit_of
    from reconciler.cli.planning.looking import Looked, Looking, tell_reading, together
    from reconciler.cli.telling.output import warn, write_file
    from reconciler.cli.telling.showing import show

    pages.check(form)
    if snapshot and server:
        raise click.UsageError(SNAPSHOT_HAS)

    def read() -> Desired:
        return bounds.over_files(asked.over(_files(paths, form)))

    desired = read()
    if snapshot and accounts and not desired.accounts:
        raise click.UsageError(SNAPSHOT_HAS)
    parts = parts_of(desired, accounts)
    for given, why in (
        (accept, "--accept writes the files anew for one account at a time"),
        (applied, "--applied is a file for one account"),
    ):
        if given and len(parts) > 1:
            say_which(why, [part.part_of for part in parts])
    looking = Looking(
        state_in(state_dir),
        lambda: parts_of(read(), accounts)[0],
        retry_undone=retry_undone,
        targets=targets,
        applied=applied,
        detect_drift=detect_drift,
        accept=accept,
    )
    if snapshot:
        looked: Sequence[Looked] = looking.by_snapshot(parts, snapshot)
    else:
        ask = Ask(server, accounts[0] if len(set(accounts)) == 1 else None, verbose)
        share = pages.among(len(parts)) if pages.wanted(form) else None
        looked = looking.at_server(parts, ask, share, quiet=quiet)
    del desired, parts  # they and the library may take more memory than all that follows
    plans, thumbnails = [one.plan for one in looked], together(looked)
    kept = [path for path in (pages.html, output) if path]
    show(
        plans, form, color=wants_color(no_color), columns=width(), full=full, thumbnails=thumbnails, kept=kept
    )
    if explain:
        tell_reading(looked, err=form != "text")
    if thumbnails.note:
        warn(thumbnails.note)
    pages.save(plans, thumbnails)
    if output:
        from reconciler.plan.several import to_pieces

        write_file(output, to_pieces(plans))
        which = "this plan and no other" if len(plans) == 1 else "these plans and no others"
        click.echo(f"saved: immich-apply {output} carries out {which}", err=True)
    if detect_drift and any(plan.drift for plan in plans):
        raise SystemExit(int(Exit.DRIFTED))
    raise SystemExit(int(exit_of(*plans, exit_code=exit_code, allow_missing=allow_missing)))


def _files(paths: tuple[str, ...], form: str) -> Desired:
    """The desired state. Raises InvalidFiles, whose problems are told in a form that marks lines first."""
    from reconciler.cli.planning.files import load_files
    from reconciler.model.origin import InvalidFiles

    try:
        return load_files(paths)
    except InvalidFiles as error:
        if form == "github":
            from reconciler.render.annotations import github

            click.echo(github(error.problems), nl=False)
        elif form == "gitlab":
            from reconciler.render.code_quality import gitlab

            click.echo(gitlab(error.problems), nl=False)
        raise
