"""`immich-format`: lays the files out evenly, without a change of what they say."""

from __future__ import annotations

import difflib

import click

from reconciler.cli.errors import Plain, stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.shared import CONTEXT, version_option
from reconciler.cli.telling.output import write_file


@click.command("immich-format", cls=Plain, context_settings=CONTEXT)
@version_option
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option("--check", is_flag=True, help="Change nothing; exit with 3 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Show the changes of layout and make none.")
@click.option("-q", "--quiet", is_flag=True, help="Don't name the files.")
def main(paths: tuple[str, ...], check: bool, show_diff: bool, quiet: bool) -> None:
    """Lay the YAML files (default: those of the current folder) out evenly.

    Indentation, blanks in brackets and before comments, and empty lines become the same everywhere. Values,
    quotes, comments and the order of everything stay as they are.

    \b
    Examples:
      immich-format
      immich-format albums.yaml trips/
      immich-format --check                  in a workflow
      immich-format --diff | less

    Exit codes: 0 done, 2 a file can't be read as YAML or not be laid out anew, 3 a file would change (with
    --check or --diff).
    """
    from reconciler.config.report import Report
    from reconciler.config.text.files import find, read
    from reconciler.config.text.formatting import NotFormatted, formatted

    report = Report()
    changed = 0
    refused: list[str] = []
    for file in find(paths or ["."], report):
        text = read(file, report)
        if text is None:
            continue
        try:
            laid_out = formatted(text)
        except NotFormatted as error:
            refused.append(f"{file.name}: {error}; it stays as it was")
            continue
        if laid_out.encode() == file.path.read_bytes():
            continue
        changed += 1
        if show_diff:
            lines = difflib.unified_diff(
                text.splitlines(keepends=True), laid_out.splitlines(keepends=True), file.name, file.name
            )
            click.echo("".join(lines), nl=False)
            continue
        if not check:
            write_file(file.path, [laid_out.encode()])
        if not quiet:
            click.echo(f"{file.name}: {'would be laid out anew' if check else 'laid out anew'}")
    report.check()
    if refused:
        for line in refused:
            click.echo(line, err=True)
        stop("not every file could be laid out (see above)", Exit.INVALID)
    raise SystemExit(int(Exit.CHANGES if changed and (check or show_diff) else Exit.DONE))
