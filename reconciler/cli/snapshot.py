"""`immich-snapshot`: saves what planning needs to know of the server, to plan without it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.caches import cache_option
from reconciler.cli.options.grouped import Grouped
from reconciler.cli.options.shared import CONTEXT, accounts_options, version_option
from reconciler.cli.options.timing import Asked, timing_options
from reconciler.cli.telling.output import write_file

if TYPE_CHECKING:
    from reconciler.apply.state.database import State
    from reconciler.cli.connecting.connect import Connection
    from reconciler.cli.telling.progress import Unheard
    from reconciler.live.snapshot.document import Snapshot
    from reconciler.model.desired import Desired


@click.command(cls=Grouped, context_settings=CONTEXT)
@version_option
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
@accounts_options
@cache_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show every request.")
def main(
    paths: tuple[str, ...],
    output: Path,
    everything: bool,
    without_people: bool,
    asked: Asked,
    server: str | None,
    accounts: tuple[str, ...],
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
    from reconciler.apply.state.database import state_in
    from reconciler.cli.connecting.accounts import parts_of, refuse_twins
    from reconciler.cli.connecting.connect import Ask, Calls, connect, open_place
    from reconciler.cli.planning.files import load_files
    from reconciler.cli.planning.fresh import reads
    from reconciler.cli.telling.progress import progress
    from reconciler.live.snapshot import taking as take
    from reconciler.live.snapshot.several import UNNAMED, snapshots_to_bytes

    parts = parts_of(asked.over(load_files(paths)), accounts)
    ask = Ask(server, accounts[0] if len(set(accounts)) == 1 else None, verbose)
    state = state_in(state_dir)
    with ExitStack() as stack:
        place = stack.enter_context(open_place(parts[0], ask))
        asking = [take.everything(part, libraries=False) if everything else part for part in parts]
        opened = [stack.enter_context(connect(part, ask, Calls(reads(part)), place)) for part in asking]
        refuse_twins((part.part_of, connection) for part, connection in zip(parts, opened, strict=True))
        watching = stack.enter_context(progress(quiet))
        how = How(state, everything, not without_people)
        found = {
            part.part_of or UNNAMED: how.taken(part, connection, watching)
            for part, connection in zip(parts, opened, strict=True)
        }
        watching.rest()
    data = snapshots_to_bytes(found)
    if str(output) == "-":
        sys.stdout.buffer.write(data)
        return
    write_file(output, [data])
    size = f"{len(data) / 1e6:.1f} MB" if len(data) >= 100_000 else f"{len(data) / 1000:.0f} kB"
    photos = f"{sum(len(one.live.assets) for one in found.values()):,} photos"
    if others := sum(len(one.live.others) for one in found.values()):
        photos += f" and {others:,} of other people"
    click.echo(f"saved: {photos}, {size}: immich-plan --snapshot {output} plans without the server", err=True)


@dataclass(frozen=True, slots=True)
class How:
    """How snapshots are taken: by what earlier runs have left, of everything or not, with names or not."""

    state: State
    everything: bool
    names: bool

    def taken(self, desired: Desired, connection: Connection, watching: Unheard) -> Snapshot:
        """The snapshot of one account. Stops where its key lacks permissions."""
        from reconciler.cli.planning.fresh import reads
        from reconciler.cli.telling.progress import of_reading
        from reconciler.live.errand import Around
        from reconciler.live.snapshot import taking as take

        asking = desired
        if self.everything:
            asking = take.everything(desired, libraries=connection.admin is not None)
        connection.require(reads(asking))

        user = connection.identity.user_id
        return take.take(
            asking,
            connection.reader,
            take.Taking(
                self.everything,
                self.names,
                datetime.now(UTC).replace(microsecond=0),
                self.state.attempts(user),
                self.state.known_albums(user),
            ),
            identity=connection.identity,
            features=connection.features(True),
            around=Around(whole=True, libraries=connection.libraries),
            on_progress=of_reading(watching),
        )
