"""`immich-format`: lays the files out evenly, without a change of what they say."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from reconciler.cli.common import CONTEXT, plain_errors, stop, version_option
from reconciler.cli.exits import Exit


@click.command("immich-format", context_settings=CONTEXT)
@version_option
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option("--check", is_flag=True, help="Change nothing; exit with 3 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Show the changes of layout and make none.")
@click.option("-q", "--quiet", is_flag=True, help="Don't name the files.")
@plain_errors
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
    from reconciler.config.files import find, read
    from reconciler.config.formatting import NotFormatted, formatted
    from reconciler.config.report import Report

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
            _replace(file.path, laid_out)
        if not quiet:
            click.echo(f"{file.name}: {'would be laid out anew' if check else 'laid out anew'}")
    report.check()
    if refused:
        for line in refused:
            click.echo(line, err=True)
        stop("not every file could be laid out (see above)", Exit.INVALID)
    raise SystemExit(int(Exit.CHANGES if changed and (check or show_diff) else Exit.DONE))


def _replace(path: Path, text: str) -> None:
    """Writes a file as a whole or not at all; what a link points to, where it is one."""
    import os
    import tempfile

    real = path.resolve()
    handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        Path(name).chmod(real.stat().st_mode & 0o7777)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
