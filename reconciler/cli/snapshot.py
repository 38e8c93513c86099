"""`immich-snapshot`: saves what planning needs to know of the server, to plan without it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from reconciler.cli.common import CONTEXT, cache_option, plain_errors, server_options, stop
from reconciler.cli.exits import Exit
from reconciler.cli.timing import Asked, timing_options


@click.command(context_settings=CONTEXT)
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("live.json.gz"),
    show_default=True,
    help="Where to save it; - writes it to standard output.",
)
@click.option("--all", "everything", is_flag=True, help="All that any files could ask for.")
@click.option("--without-people", is_flag=True, help="No names of people: rules may ask for them by id only.")
@timing_options()
@server_options
@cache_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show every request.")
@plain_errors
def main(
    paths: tuple[str, ...],
    output: Path,
    everything: bool,
    without_people: bool,
    asked: Asked,
    server: str | None,
    account: str | None,
    state_dir: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Save what planning for the YAML files needs to know of the server (default: those of this folder).

    immich-plan --snapshot makes the same plan from it, without the server and without a key. The file holds
    what photos, albums and tags are called and how they are, as far as the files need it, and the server's
    users where they share albums; no key, no picture.

    \b
    Examples:
      immich-snapshot
      immich-snapshot --all --without-people -o live.json.gz
      immich-snapshot -o live.json.gz && immich-plan --snapshot live.json.gz

    Exit codes: 0 done, 1 error, 2 invalid files.
    """
    if str(output) == "-" and sys.stdout.isatty():
        stop("a snapshot is no text for a terminal: write it to a file with -o live.json.gz", Exit.INVALID)
    from reconciler.cli.accounts import one_of
    from reconciler.cli.connect import Ask, Calls, connect
    from reconciler.cli.planning import load_files, reads, state_in
    from reconciler.cli.progress import progress
    from reconciler.live import taking as take
    from reconciler.live.errand import Around
    from reconciler.live.snapshot import to_bytes

    desired = one_of(asked.over(load_files(paths)), account, "a snapshot is of one account")
    state = state_in(state_dir)
    asking = take.everything(desired, libraries=False) if everything else desired
    with (
        connect(desired, Ask(server, account, verbose), Calls(reads(asking))) as connection,
        progress(quiet) as watching,
    ):
        if everything:
            asking = take.everything(desired, libraries=connection.admin is not None)
        connection.require(reads(asking))

        def reading_progress(what: str, done: int) -> None:
            watching.stage(f"reading {what}")
            watching.advance(done)

        user = connection.identity.user_id
        snapshot = take.take(
            asking,
            connection.reader,
            take.Taking(
                everything,
                not without_people,
                datetime.now(UTC).replace(microsecond=0),
                state.attempts(user),
                state.known_albums(user),
            ),
            identity=connection.identity,
            features=connection.features(True),
            around=Around(whole=True, libraries=connection.libraries),
            on_progress=reading_progress,
        )
        watching.rest()
    data = to_bytes(snapshot)
    if str(output) == "-":
        sys.stdout.buffer.write(data)
        return
    output.write_bytes(data)
    size = f"{len(data) / 1e6:.1f} MB" if len(data) >= 100_000 else f"{len(data) / 1000:.0f} kB"
    photos = f"{len(snapshot.live.assets):,} photos"
    if others := len(snapshot.live.others):
        photos += f" and {others:,} of other people"
    click.echo(f"saved: {photos}, {size}: immich-plan --snapshot {output} plans without the server", err=True)
