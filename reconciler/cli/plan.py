"""`immich-plan`: what would change, shown and never done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import (
    CONTEXT,
    PLAN_FORMS,
    TargetType,
    applied_option,
    cache_option,
    output_options,
    plain_errors,
    refresh_option,
    server_options,
    stop,
    target_option,
    wants_color,
    width,
)
from reconciler.cli.exits import Exit
from reconciler.cli.pages import Pages, page_options
from reconciler.cli.safety import Bounds, safety_options
from reconciler.cli.timing import Asked, timing_options

if TYPE_CHECKING:
    from reconciler.diff.target import Target
    from reconciler.model.desired import Desired


@click.command(context_settings=CONTEXT)
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan for immich-apply."
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
@server_options
@cache_option
@refresh_option
@output_options
@plain_errors
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
    account: str | None,
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
    from reconciler.apply.exclusion import another_run
    from reconciler.apply.runs import Runs
    from reconciler.cli.connect import Ask, Calls, connect
    from reconciler.cli.output import warn
    from reconciler.cli.planning import Seen, exit_of, plan_for, reads, show, state_in
    from reconciler.cli.progress import progress
    from reconciler.cli.remembered import Remembered, unknown
    from reconciler.cli.unfinished import ended_early, say_ended_early
    from reconciler.model.live import NO_THUMBNAILS
    from reconciler.plan import Plan

    pages.check(form)
    if snapshot and (server or account):
        raise click.UsageError("a snapshot has its server and account: leave --server and --account out")
    desired = bounds.over_files(asked.over(_files(paths, form)))
    state = state_in(state_dir)

    def looked_at(plan: Plan, seen: Seen) -> Plan:
        """The plan, once what somebody has changed on the server is taken over where that is asked for."""
        if detect_drift and plan.drift is None:
            stop(unknown(applied))
        if not accept:
            return plan
        from reconciler.cli.accepting import accepted

        return accepted(plan, desired, seen, paths, accept, applied)

    if snapshot:
        from reconciler.cli.offline import plan_offline

        offline = plan_offline(
            desired, snapshot, state, retry_undone=retry_undone, targets=targets, applied=applied
        )
        plan, thumbnails = looked_at(*offline), NO_THUMBNAILS
    else:
        ask, calls = Ask(server, account, verbose), Calls(reads(desired))
        with connect(desired, ask, calls) as connection, progress(quiet) as watching:
            at_work = another_run(state, connection.server)
            leases = state.leases(connection.server)
            if leases and not at_work:
                names = ", ".join(lease.queue for lease in leases)
                warn(f"an earlier run has left these queues paused: {names}. immich-apply resumes them")
            remembered = Remembered(state, connection.identity.user_id, applied).read()
            plan, seen = plan_for(
                desired,
                connection,
                state,
                watching,
                retry_undone=retry_undone,
                targets=targets,
                applied=remembered,
            )
            watching.rest()
            plan = looked_at(plan, seen)
            thumbnails = pages.pictures(plan, connection, watching) if pages.wanted(form) else NO_THUMBNAILS
            watching.rest()
            if not at_work:
                early = ended_early(Runs(state), connection.server, connection.identity.user_id)
                say_ended_early(early, plan)
    kept = [path for path in (pages.html, output) if path]
    show(
        plan, form, color=wants_color(no_color), columns=width(), full=full, thumbnails=thumbnails, kept=kept
    )
    if explain and seen.reading:
        from reconciler.render.reading import reading_text

        click.echo(reading_text(seen.reading, seen.meter.took), nl=False, err=form != "text")
    if thumbnails.note:
        warn(thumbnails.note)
    pages.save(plan, thumbnails)
    if output:
        from reconciler.plan.document import to_bytes

        output.write_bytes(to_bytes(plan))
        click.echo(f"saved: immich-apply {output} carries out this plan and no other", err=True)
    if detect_drift and plan.drift:
        raise SystemExit(int(Exit.DRIFTED))
    raise SystemExit(int(exit_of(plan, exit_code=exit_code, allow_missing=allow_missing)))


def _files(paths: tuple[str, ...], form: str) -> Desired:
    """The desired state. Raises InvalidFiles, whose problems are told in a form that marks lines first."""
    from reconciler.cli.planning import load_files
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
