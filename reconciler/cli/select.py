"""`immich-select`: what a rule matches, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options.caches import cache_option, refresh_option
from reconciler.cli.options.grouped import Grouped
from reconciler.cli.options.shared import CONTEXT, server_options, version_option

if TYPE_CHECKING:
    from reconciler.cli.planning.selecting import Answer
    from reconciler.model.asset import AssetState
    from reconciler.model.selectors import Selector


@click.command("immich-select", cls=Grouped, context_settings=CONTEXT)
@version_option
@click.argument("rule", metavar="RULE")
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option(
    "--why", metavar="PHOTO", help="Tell of one photo (id, checksum or file name) which conditions hold."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "ids", "yaml"]),
    default="text",
    show_default=True,
    help="How to show it; yaml has an entry for each photo, to write captions into.",
)
@server_options
@cache_option
@refresh_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show every request.")
def main(
    rule: str,
    paths: tuple[str, ...],
    why: str | None,
    form: str,
    server: str | None,
    account: str | None,
    state_dir: Path | None,  # noqa: ARG001 (one of the shared options)
    quiet: bool,
    verbose: bool,
) -> None:
    """Show which photos a rule matches on the server as it is now.

    RULE is written out in braces, or the name of a selector or of an album in the YAML files (default: those
    of the current folder), or FILE:LINE of an entry, an album or a set in them, as plans show it. Nothing is
    written.

    \b
    Examples:
      immich-select '{place: {country: Italy}, rating: ">=4"}'
      immich-select italy albums.yaml
      immich-select 'Italy 2024' --why IMG_0533.jpg
      immich-select photos.yaml:14 --format ids
      immich-select '{taken: 2024-06, lacks: description}' --format yaml > captions.yaml

    Exit codes: 0 done, also where nothing matches, 1 error or no such photo, 2 no such rule or invalid files.
    """
    from reconciler.cli.connecting.connect import Ask, Calls, connect
    from reconciler.cli.planning.selecting import answer, photos_called, question
    from reconciler.cli.telling.progress import progress
    from reconciler.live.permissions import calls_of
    from reconciler.live.reading import reading_for

    if why is not None and form in ("ids", "yaml"):
        raise click.UsageError(f"--why tells about one photo, as text or json; {form} is of those that match")
    asked = question(rule, paths, account)
    calls = Calls(tuple(calls_of(reading_for(asked.desired))))
    with (
        connect(asked.settings, Ask(server, account, verbose), calls) as connection,
        progress(quiet) as watching,
    ):
        found = answer(asked, connection, watching, whole=why is not None)
        states = photos_called(why, found, connection) if why is not None else []
    click.echo(_shown(found, form) if why is None else _reasons(asked.rule, states, form), nl=False)


def _shown(found: Answer, form: str) -> str:
    from reconciler.render.export import to_fill_in
    from reconciler.render.matched import matched_json, matched_text

    match form:
        case "ids":
            return "".join(f"{asset.id}\n" for asset in found.matched)
        case "json":
            return _json(matched_json(found.matched, found.seen, found.whose))
        case "yaml":
            return to_fill_in([asset for asset in found.matched if asset.owner_id not in found.whose])
        case _:
            return matched_text(found.matched, found.seen, found.whose)


def _reasons(rule: Selector, states: Sequence[AssetState], form: str) -> str:
    from reconciler.render.why import why_json, why_text

    asked = [(rule, state) for state in states]
    return _json(why_json(asked)) if form == "json" else why_text(asked) + "\n"


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
