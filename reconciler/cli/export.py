"""`immich-export`: writes YAML from what is on the server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.grouped import Grouped
from reconciler.cli.options.shared import CONTEXT, server_options, version_option
from reconciler.cli.telling.output import write_file

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.render.export import Exportable, Exported, Part

PARTS = ("tags", "albums", "assets")
FIELDS = ("description", "taken", "location", "rating", "tags", "favorite", "visibility")
USUAL = "description,rating,tags,favorite,visibility"
FILES = {"tags": "tags.yaml", "albums": "albums.yaml", "assets": "photos.yaml"}


@click.command("immich-export", cls=Grouped, context_settings=CONTEXT)
@version_option
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A folder for tags.yaml, albums.yaml and photos.yaml, or one .yaml file. Default, and -: standard "
    "output.",
)
@click.option(
    "--only", type=click.Choice(PARTS), multiple=True, help="Only this (repeatable). Default: all three."
)
@click.option(
    "--fields",
    metavar="NAMES",
    default=USUAL,
    show_default=True,
    help=f"What of photos, with commas between them, or `all`: {', '.join(FIELDS)}.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@server_options
@click.option("-q", "--quiet", is_flag=True, help="No progress, and no word of what was written.")
@click.option("-v", "--verbose", is_flag=True, help="Show every request.")
def main(
    paths: tuple[str, ...],
    output: Path | None,
    only: tuple[str, ...],
    fields: str,
    force: bool,
    server: str | None,
    account: str | None,
    state_dir: Path | None,  # noqa: ARG001 (one of the shared options)
    quiet: bool,
    verbose: bool,
) -> None:
    """Write YAML from what is on the server: tags, albums, and what was done to photos.

    The YAML files (default: those of the current folder, without those to be replaced) only say where the
    server is; without any, the options and the environment do. Nothing is written to the server. A plan of
    the result has nothing to do.

    \b
    Examples:
      immich-export -o photos
      immich-export --only albums > albums.yaml
      immich-export --fields all -o backup

    Exit codes: 0 done, 1 error, 2 invalid files.
    """
    from reconciler.cli.connecting.connect import Ask, Calls, connect
    from reconciler.cli.planning.fresh import reads
    from reconciler.cli.telling.progress import of_reading, progress
    from reconciler.live.errand import Around
    from reconciler.live.read import read_live
    from reconciler.live.snapshot.taking import curation
    from reconciler.model.live import Features
    from reconciler.render.export import Exportable, Part, exported

    output = None if output == Path("-") else output
    wanted = _wanted(fields)
    parts = [part for part in Part if part in (only or PARTS)]
    places = _places(output, parts)
    if not force:
        _refuse_to_replace(places)
    settings, whose = _settings(paths or _others(places), account)
    asking = curation(
        settings,
        tags=Part.TAGS in parts,
        albums=Part.ALBUMS in parts,
        photos=Part.ASSETS in parts,
        tags_of=Exportable.TAGS in wanted,
    )
    with (
        connect(settings, Ask(server, account, verbose), Calls(reads(asking))) as connection,
        progress(quiet) as watching,
    ):
        connection.require(reads(asking))

        live = read_live(
            asking,
            connection.reader,
            identity=connection.identity,
            features=Features(),
            around=Around(whole=True, complete=True),
            on_progress=of_reading(watching),
        )
        watching.rest()
    found = [exported(live, part, wanted) for part in parts]
    _write(found, places, f"account: {whose}\n" if whose else "")
    if not quiet:
        _tell(found, output)


def _wanted(fields: str) -> tuple[Exportable, ...]:
    from reconciler.render.export import Exportable

    names = [name.strip() for name in fields.split(",")]
    if names == ["all"]:
        return tuple(Exportable)
    if unknown := [name for name in names if name not in FIELDS]:
        raise click.BadParameter(
            f"{unknown[0]!r} is not one of {', '.join(FIELDS)}, all", param_hint="'--fields'"
        )
    return tuple(kind for kind in Exportable if kind in names)


def _settings(paths: Sequence[str], account: str | None) -> tuple[Desired, str]:
    """What files say of the server, and the account to name in what is written, if they list several."""
    from reconciler.cli.planning.files import load_files
    from reconciler.model.desired import Desired

    if not paths:
        return Desired(), ""
    desired = load_files(paths)
    listed = desired.server.accounts
    return desired, (account or desired.usual or "") if len(listed) > 1 else ""


def _others(places: dict[Part, Path | None]) -> list[str]:
    """The files of the current folder, without those that are to be replaced."""
    from reconciler.config.report import Report
    from reconciler.config.text.files import find

    replaced = {path.resolve() for path in places.values() if path}
    return [str(file.path) for file in find(["."], Report()) if file.path.resolve() not in replaced]


def _places(output: Path | None, parts: Iterable[Part]) -> dict[Part, Path | None]:
    """Where each part goes; None is standard output."""
    if output is None or output.suffix in (".yaml", ".yml"):
        return dict.fromkeys(parts, output)
    if output.is_file():
        stop(f"{output}: this is a file; name a folder, or a file that ends in .yaml", Exit.INVALID)
    return {part: output / FILES[part] for part in parts}


def _refuse_to_replace(places: dict[Part, Path | None]) -> None:
    there = sorted({str(path) for path in places.values() if path and path.exists()})
    if there:
        stop(f"{', '.join(there)}: there already; --force replaces it", Exit.INVALID)


def _write(found: Iterable[Exported], places: dict[Part, Path | None], head: str) -> None:
    texts: dict[Path | None, list[str]] = {}
    for one in found:
        if one.text:
            texts.setdefault(places[one.part], []).append(one.text)
    for path, parts in texts.items():
        text = head + "\n".join(parts)
        if path is None:
            click.echo(text, nl=False)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, [text.encode()])


def _tell(found: Iterable[Exported], output: Path | None) -> None:
    from reconciler.model.words import counted

    nouns = {"tags": "tag", "albums": "album", "assets": "photo"}
    told = ", ".join(counted(one.count, nouns[one.part]) for one in found)
    click.echo(f"exported: {told}", err=True)
    for one in found:
        for text in one.left_out:
            click.echo(f"left out: {text}", err=True)
    if output is not None:
        click.echo(f"immich-plan {output} compares it with the server: there is nothing to do yet", err=True)
