"""`immich-validate`: what is wrong with the files, without a server, a key or a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Plain
from reconciler.cli.exits import Exit
from reconciler.cli.options.caches import cache_option, files_cache
from reconciler.cli.options.shared import CONTEXT, version_option
from reconciler.cli.telling.terminal import wants_color

if TYPE_CHECKING:
    from reconciler.config import Loaded
    from reconciler.model.origin import Problem

VERSION = 1
"""Of the JSON output."""


@click.command(cls=Plain, context_settings=CONTEXT)
@version_option
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "gitlab"]),
    default="text",
    show_default=True,
    help="How to show problems.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is fine.")
@click.option("--no-color", is_flag=True, help="No colours (or set NO_COLOR).")
@cache_option
def main(paths: tuple[str, ...], form: str, quiet: bool, no_color: bool) -> None:
    """Check the YAML files (default: those of the current folder) and tell everything that is wrong.

    No server is asked, and no key or variable needs to be set.

    \b
    Examples:
      immich-validate
      immich-validate albums.yaml trips/
      immich-validate --format github        in a workflow: marks the lines
      immich-validate --format gitlab > gl-code-quality-report.json
      immich-validate --format json | jq .problems

    Exit codes: 0 all is fine, 2 something is wrong.
    """
    from reconciler.config import load
    from reconciler.model.origin import InvalidFiles

    loaded: Loaded | None = None
    try:
        loaded = load(paths, files_cache())
        problems: Sequence[Problem] = loaded.problems
    except InvalidFiles as error:
        problems = error.problems
    if form == "json":
        click.echo(_json(problems))
    elif form == "github":
        from reconciler.render.annotations import github

        click.echo(github(problems), nl=False)
    elif form == "gitlab":
        from reconciler.render.code_quality import gitlab

        click.echo(gitlab(problems, loaded.desired.files if loaded else ()), nl=False)
    else:
        for problem in problems:
            click.echo(_line(problem, wants_color(no_color)))
        if not quiet or loaded is None:
            click.echo(_fine(loaded) if loaded else _summary(problems))
    raise SystemExit(int(Exit.DONE if loaded else Exit.INVALID))


def _json(problems: Sequence[Problem]) -> str:
    """Every problem with its place; `file`, `line` and `column` are null where there is none."""
    found = [
        {
            "file": problem.origin.file if problem.origin else None,
            "line": problem.origin.line if problem.origin else None,
            "column": problem.origin.column if problem.origin else None,
            "path": problem.path,
            "message": problem.message,
            "severity": problem.severity.value,
        }
        for problem in problems
    ]
    return json.dumps({"version": VERSION, "problems": found}, indent=2, ensure_ascii=False)


def _line(problem: Problem, color: bool) -> str:
    from reconciler.model.origin import Severity
    from reconciler.render.cells import plain

    warning = problem.severity is Severity.WARNING
    message = plain(f"warning: {problem.message}" if warning else problem.message)
    where = [plain(str(problem.origin))] if problem.origin else []
    path = [plain(problem.path)] if problem.path else []
    if color:
        where = [click.style(part, bold=True) for part in where]
        path = [click.style(part, fg="yellow" if warning else "red") for part in path]
    return ": ".join([*where, *path, message])


def _summary(problems: Sequence[Problem]) -> str:
    from reconciler.model.words import counted

    placed = [problem for problem in problems if problem.origin]
    files = {problem.origin.file for problem in placed if problem.origin}
    more = "more than " if len(placed) < len(problems) else ""
    return f"{more}{counted(len(placed), 'error')} in {counted(len(files), 'file')}"


def _fine(loaded: Loaded) -> str:
    from reconciler.model.words import counted
    from reconciler.render.cells import plain

    desired = loaded.desired
    files = plain(desired.files[0]) if len(desired.files) == 1 else counted(len(desired.files), "file")
    entries = f"{len(desired.assets):,} {'entry' if len(desired.assets) == 1 else 'entries'} for photos"
    parts = [counted(len(desired.tags), "tag"), entries, counted(len(desired.albums), "album")]
    if desired.album_sets:
        parts.append(counted(len(desired.album_sets), "album set"))
    warnings = f" ({counted(len(loaded.problems), 'warning')})" if loaded.problems else ""
    whose = f"; accounts: {plain(', '.join(desired.accounts))}" if desired.accounts else ""
    return f"{files}: fine: {', '.join(parts)}{whose}{warnings}"
