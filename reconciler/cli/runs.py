"""`immich-runs`: which runs there were, what each did, and whether it has lasted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from reconciler.cli.errors import PlainGroup
from reconciler.cli.options.grouped import Grouped
from reconciler.cli.options.shared import (
    CONTEXT,
    files_option,
    output_form,
    output_options,
    server_options,
    version_option,
)
from reconciler.cli.options.timing import Asked, timing_options
from reconciler.cli.telling.terminal import local_time, wants_color, width

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.apply.state.runs import Entry, Run

STATE_DIR = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where runs are kept. Default: the platform's place.",
)
NO_COLOR = click.option("--no-color", is_flag=True, help="No colours (or set NO_COLOR).")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No progress.")


@click.group(cls=PlainGroup, context_settings=CONTEXT, invoke_without_command=True)
@version_option
@output_form
@click.option("--server", metavar="URL", help="Only runs on this server. Default: all.")
@STATE_DIR
@QUIET
@NO_COLOR
@click.pass_context
def main(
    context: click.Context, form: str, server: str | None, state_dir: Path | None, quiet: bool, no_color: bool
) -> None:
    """List the runs, newest first. The last 50 of each server are kept.

    \b
    Examples:
      immich-runs
      immich-runs show 12
      immich-runs verify
      immich-runs --format json | jq '.runs[0]'

    Exit codes: 0 done, 1 error or no such run, 2 wrong usage.
    """
    del quiet
    if context.invoked_subcommand:
        given = [name for name in context.params if _given(context, name)]
        if given:
            option = "--" + given[0].replace("_", "-").replace("form", "format")
            raise click.UsageError(f"write {option} after {context.invoked_subcommand}")
        return
    from reconciler.apply.state.database import state_in
    from reconciler.apply.state.runs import Runs
    from reconciler.cli.connecting.connect import Ask, server_of
    from reconciler.model.desired import Desired

    runs = Runs(state_in(state_dir)).all(server=server_of(Desired(), Ask(server)) if server else None)
    if form == "json":
        _print_json({"version": 1, "runs": [_row(run) for run in runs]})
    elif not runs:
        click.echo(f"No runs yet in {state_in(state_dir).folder}.")
    else:
        _print_runs(_console(no_color), runs)


@main.command(short_help="Show every request of a run, and what became of it.")
@click.argument("run", required=False, type=int)
@output_form
@STATE_DIR
@QUIET
@NO_COLOR
def show(run: int | None, form: str, state_dir: Path | None, quiet: bool, no_color: bool) -> None:
    """Show every request of a run, by default the last one, and what became of it.

    \b
    Examples:
      immich-runs show
      immich-runs show 12 --format json | jq '.operations[] | select(.state != "written")'
    """
    del quiet
    from reconciler.apply.state.database import state_in
    from reconciler.apply.state.runs import Runs

    runs = Runs(state_in(state_dir))
    found = runs.get(run) if run is not None else next(iter(runs.all()), None)
    if found is None:
        click.echo(f"No runs yet in {runs.state.folder}.")
        return
    entries = runs.past(found).entries
    if form == "json":
        _print_json({"version": 1, **_row(found), "operations": [_entry(entry) for entry in entries]})
    else:
        _print_run(_console(no_color), found, entries)


@main.command(cls=Grouped, short_help="Read back what a run wrote: has it lasted?")
@click.argument("run", required=False, type=int)
@click.option("--wait", is_flag=True, help="Wait until the server's jobs are done.")
@timing_options("settle_timeout")
@files_option
@output_form
@server_options
@output_options
def verify(
    run: int | None,
    wait: bool,
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
    """Read back what a run wrote, by default the last one, and say what has lasted.

    \b
    Examples:
      immich-runs verify
      immich-runs verify 12 --wait
      immich-runs verify --wait --settle-timeout 10m

    Exit codes: 0 all of it is there, 1 error, 2 wrong usage, 4 something isn't, or it is not known yet,
    6 the run was made on another server.
    """
    from reconciler.cli.applying.again import Return
    from reconciler.cli.applying.session import Session
    from reconciler.cli.connecting.connect import Ask
    from reconciler.cli.telling.view import View

    view = View(form, wants_color(no_color), width(), full)
    session = Session(view, yes=True, state_dir=state_dir, quiet=quiet, asked=asked)
    raise SystemExit(int(Return(session, Ask(server, account, verbose), files).verify(run, wait=wait)))


def _given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _print_json(document: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _row(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "what": run.what.value,
        "of": run.of,
        "server": run.server,
        "userId": run.user,
        "userName": run.user_name,
        "started": run.started,
        "ended": run.ended,
        "outcome": run.outcome,
        "error": run.error,
        "operations": sum(run.tally.values()),
        "tally": {stage.value: count for stage, count in sorted(run.tally.items())},
        "settled": run.settled,
        "reverted": run.reverted,
        "version": run.version,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "round": entry.round,
        "does": entry.text,
        "photos": entry.photos,
        "state": entry.stage.value,
        "error": entry.error,
        "failures": [
            {"id": failure.id, "name": failure.name, "reason": failure.reason} for failure in entry.failures
        ],
        "at": entry.at,
    }


# -- for people ----------------------------------------------------------------------------------------


def _console(no_color: bool) -> Console:
    from rich.console import Console

    return Console(highlight=False, no_color=not wants_color(no_color), width=width(), markup=False)


def _what(run: Run) -> str:
    return run.what.value if run.of is None else f"{run.what.value} of {run.of}"


def _tally(run: Run) -> str:
    parts = [f"{count:,} {stage.value}" for stage, count in sorted(run.tally.items())]
    parts += [f"{run.settled:,} settled"] if run.settled else []
    parts += [f"{run.reverted:,} undone by the server"] if run.reverted else []
    return ", ".join(parts) or "nothing to write"


def _print_runs(console: Console, runs: tuple[Run, ...]) -> None:
    from rich.table import Table

    from reconciler.cli.applying.again import outcome_words
    from reconciler.render.cells import plain

    several = len({run.server for run in runs}) > 1
    table = Table(box=None, pad_edge=False)
    table.add_column("run", no_wrap=True, justify="right")
    table.add_column("started", no_wrap=True)
    for heading in ("who", *(["server"] if several else [])):
        table.add_column(heading, overflow="fold")
    table.add_column("what", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("requests and values")
    for run in runs:
        who = [plain(run.user_name), *([plain(run.server)] if several else [])]
        table.add_row(str(run.id), local_time(run.started), *who, _what(run), outcome_words(run), _tally(run))
    console.print(table)


def _print_run(console: Console, run: Run, entries: tuple[Entry, ...]) -> None:
    from rich.table import Table

    from reconciler.cli.applying.again import outcome_words
    from reconciler.render.cells import plain

    ended = f" to {local_time(run.ended)}" if run.ended else ""
    console.print(f"Run {run.id} ({_what(run)}) of {plain(run.user_name)} on {plain(run.server)}")
    console.print(f"{local_time(run.started)}{ended}: {outcome_words(run)}; {_tally(run)}")
    if run.error:
        console.print(plain(run.error))
    table = Table(box=None, pad_edge=False)
    table.add_column("no.", justify="right")
    table.add_column("round", justify="right")
    table.add_column("state", no_wrap=True)
    table.add_column("request", overflow="fold")
    for entry in entries:
        text = plain(entry.text) + (f": {plain(entry.error)}" if entry.error else "")
        for failure in entry.failures:
            text += f"\nnot done for {plain(failure.name)}: {plain(failure.reason)}"
        table.add_row(str(entry.number), str(entry.round), entry.stage.value, text)
    if entries:
        console.print()
        console.print(table)
