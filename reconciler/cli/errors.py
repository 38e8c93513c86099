"""How whatever goes wrong becomes words and an exit code: no traceback reaches a user."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click

from reconciler.cli.exits import Exit
from reconciler.cli.telling.output import heard, hush, writable


class Plain(click.Command):
    """A command of which every error is told in words, with its exit code."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Runs it; also what is wrong before or after the command itself (help on a full disk) is told."""
        import gc

        # a command is short, and what it loads in the beginning is needed to its end
        gc.set_threshold(50_000)
        writable()
        with plain_errors(Path(sys.argv[0]).stem):
            return super().main(*args, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Does what it is for."""
        with plain_errors(ctx.command_path, ctx.params.get("state_dir")):
            return super().invoke(ctx)


class PlainGroup(Plain, click.Group):
    """The same for a command that has commands of its own."""

    command_class = Plain


def stop(message: str, code: Exit = Exit.ERROR) -> NoReturn:
    """Ends the command with a message on stderr."""
    heard(lambda: click.echo(f"error: {message}", err=True), err=True)
    raise SystemExit(int(code))


def leave(message: str) -> NoReturn:
    """Ends the command as somebody has asked, with a message that is no error's."""
    heard(lambda: click.echo(message, err=True), err=True)
    raise SystemExit(int(Exit.ERROR))


@contextmanager
def plain_errors(command: str, state_dir: Path | None = None) -> Iterator[None]:
    """Ends the command with the message and exit code of whatever error comes; click's own are left to it."""
    from reconciler.model.origin import InvalidFiles

    try:
        yield
    except (click.ClickException, click.exceptions.Exit):
        raise
    except InvalidFiles as error:
        for problem in error.problems:
            click.echo(f"{problem}", err=True)
        stop("nothing was read from the server or written to it (see above)", Exit.INVALID)
    except BrokenPipeError:
        # whoever read has enough; what is still buffered must go nowhere when the process ends
        hush(sys.stdout)
        raise SystemExit(int(Exit.ERROR)) from None
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        raise SystemExit(int(Exit.INTERRUPTED)) from None
    except OSError as error:
        words = error.strerror or str(error)
        if not error.filename:
            hush(sys.stdout)  # what it could not take must not be tried once more when the process ends
        stop(f"{error.filename}: {words}" if error.filename else words)
    except MemoryError:
        stop("this machine has too little memory for it")
    except Exception as error:  # noqa: BLE001 (whatever is left is a fault of this program)
        if words := words_of(error):
            stop(words)
        from reconciler.cli.telling.fault import told

        stop(told(error, command, state_dir), Exit.FAULT)


def words_of(error: Exception) -> str:
    """The message of an error that is told to users as it is; empty for a fault of this program."""
    from reconciler.apply.queues.choice import UnknownQueue
    from reconciler.apply.queues.opening import NotNow
    from reconciler.apply.queues.window import QueuesBusy
    from reconciler.apply.state.database import StateUnusable
    from reconciler.apply.state.exclusion import AnotherRun
    from reconciler.apply.state.runs import NoSuchRun
    from reconciler.immich.errors import ServerError
    from reconciler.live.snapshot.document import BadSnapshot
    from reconciler.model.applied import BadApplied
    from reconciler.plan.document import BadPlanFile
    from reconciler.sandbox.errors import SandboxError

    told = (
        NoSuchRun,
        NotNow,
        UnknownQueue,
        AnotherRun,
        StateUnusable,
        QueuesBusy,
        ServerError,
        BadApplied,
        BadPlanFile,
        BadSnapshot,
        SandboxError,
    )
    return str(error) if isinstance(error, told) else ""
