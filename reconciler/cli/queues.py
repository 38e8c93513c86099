"""`immich-queues`: what the server's job queues do, who paused them, and giving back what we paused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.errors import PlainGroup, stop
from reconciler.cli.options.shared import CONTEXT, output_form, server_options, version_option
from reconciler.cli.telling.output import warn

if TYPE_CHECKING:
    from reconciler.apply.state.database import Lease
    from reconciler.cli.connecting.connect import Connection
    from reconciler.immich.answers import Queue
    from reconciler.model.desired import Desired


@click.group(cls=PlainGroup, context_settings=CONTEXT)
@version_option
def main() -> None:
    """See the server's job queues, and give back those that a run has left paused.

    \b
    Examples:
      immich-queues status
      immich-queues restore
    """


@main.command(short_help="Show every queue: is it paused, and by whom?")
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@output_form
@server_options
def status(
    paths: tuple[str, ...], form: str, server: str | None, account: str | None, state_dir: Path | None
) -> None:
    """Show every queue: paused or not, by whom, and how many jobs it has.

    The files only say which server and whose key; without files the environment does.

    \b
    Examples:
      immich-queues status
      immich-queues status photos/ --format json | jq '.queues[] | select(.paused)'

    Exit codes: 0 done, 1 error, or no key of an administrator.
    """
    from reconciler.apply.state.database import state_in
    from reconciler.apply.state.exclusion import another_run
    from reconciler.cli.connecting.connect import Ask, connect

    state = state_in(state_dir)
    settings = _settings(paths, server)
    with connect(settings, Ask(server, account or settings.server.admin)) as connection:
        queues = _queues(connection)
        leases = {lease.queue: lease for lease in state.leases(connection.server)}
        busy = another_run(state, connection.server)
    if form == "json":
        _print_json(queues, leases, busy)
        return
    _print_table(queues, leases)
    if busy:
        click.echo(busy)
    elif leases:
        click.echo(f"A run has left {', '.join(sorted(leases))} paused: immich-queues restore resumes them.")


@main.command(short_help="Resume the queues that a run has left paused.")
@click.argument("paths", nargs=-1, metavar="[FILE OR FOLDER]...")
@server_options
def restore(paths: tuple[str, ...], server: str | None, account: str | None, state_dir: Path | None) -> None:
    """Resume exactly the queues that a run of this tool has paused and not given back.

    A queue that an administrator has paused stays paused.

    \b
    Examples:
      immich-queues restore
      immich-queues restore --server https://photos.example.org

    Exit codes: 0 all of them run again, 1 one could not be resumed, or another run is at work.
    """
    from reconciler.apply.protocols import Interruption, Limits, Silent
    from reconciler.apply.queues.window import Window
    from reconciler.apply.queues.window import restore as give_back_left
    from reconciler.apply.state.database import state_in
    from reconciler.apply.state.exclusion import only_run
    from reconciler.cli.applying.clock import now
    from reconciler.cli.connecting.connect import Ask, connect
    from reconciler.immich.writer import Writer

    state = state_in(state_dir)
    settings = _settings(paths, server)
    with (
        connect(settings, Ask(server, account or settings.server.admin)) as connection,
        only_run(state, connection.server, now),
    ):
        left = [lease.queue for lease in state.leases(connection.server)]
        if not left:
            click.echo("Nothing to give back: no run has left a queue paused.")
            return
        if connection.admin is None:
            stop(_no_queues(connection))
        window = Window(
            server=connection.server,
            reader=connection.admin,
            writer=Writer(connection.admin.transport, connection.dialect),
            state=state,
            progress=Silent(),
            interruption=Interruption(),
            limits=Limits(),
            now=now,
        )
        resumed = give_back_left(window)
    if resumed:
        click.echo(f"Resumed: {', '.join(resumed)}.")
    for text in window.noticed:
        click.echo(f"{text}.")
    if window.troubles:
        stop("; ".join(window.troubles.values()))


def _settings(paths: tuple[str, ...], server: str | None) -> Desired:
    """What the files say of server and keys.

    A mistake in them must not keep a queue paused where the option and the environment say enough.
    """
    from reconciler.cli.connecting.connect import key_is_set
    from reconciler.cli.planning.files import settings_from
    from reconciler.model.desired import Desired
    from reconciler.model.origin import InvalidFiles

    try:
        return settings_from(paths)
    except InvalidFiles:
        if not server or not key_is_set():
            raise
        warn("the YAML files can't be read (immich-validate says why): --server and IMMICH_API_KEY are used")
        return Desired()


def _no_queues(connection: Connection) -> str:
    """Why this connection can't hold queues: what an administrator's key lacks, or that it is none."""
    from reconciler.apply.preflight import WINDOW
    from reconciler.immich.permissions import explain_missing, missing, needed

    lacks = missing(connection.key.permissions, needed(*WINDOW, dialect=connection.dialect))
    if connection.reader.me().is_admin and lacks:
        return explain_missing((), lacks, admin_key=connection.key.name)
    return "queues need the key of an administrator: set IMMICH_ADMIN_API_KEY, or server.admin in the files"


def _queues(connection: Connection) -> list[Queue]:
    if connection.admin is None:
        stop(_no_queues(connection))
    return sorted(connection.admin.queues().values(), key=lambda queue: queue.name)


def _who(queue: Queue, lease: Lease | None) -> str:
    if lease and not queue.paused:
        return "nobody any more: somebody else, or a restart, has resumed it"
    if lease:
        return f"this program (process {lease.pid}, {lease.at})"
    return "somebody else" if queue.paused else ""


def _print_table(queues: list[Queue], leases: dict[str, Lease]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("queue", "state", "paused by"):
        table.add_column(heading, no_wrap=heading == "queue")
    for heading in ("active", "waiting", "delayed", "held", "failed"):
        table.add_column(heading, justify="right")
    for queue in queues:
        numbers = (queue.active, queue.waiting, queue.delayed, queue.paused_jobs, queue.failed)
        state = "paused" if queue.paused else "runs"
        table.add_row(queue.name, state, _who(queue, leases.get(queue.name)), *(f"{n:,}" for n in numbers))
    Console(highlight=False).print(table)


def _print_json(queues: list[Queue], leases: dict[str, Lease], busy: str) -> None:
    import json

    def row(queue: Queue) -> dict[str, Any]:
        lease = leases.get(queue.name)
        return {
            "name": queue.name,
            "paused": queue.paused,
            "pausedBy": ("us" if lease else "others") if queue.paused else None,
            "since": lease.at if lease else None,
            "active": queue.active,
            "waiting": queue.waiting,
            "delayed": queue.delayed,
            "held": queue.paused_jobs,
            "failed": queue.failed,
        }

    document = {"version": 1, "anotherRun": busy or None, "queues": [row(queue) for queue in queues]}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
