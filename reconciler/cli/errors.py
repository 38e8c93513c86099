"""How whatever goes wrong becomes words and an exit code."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click

from reconciler.cli.exits import Exit
from reconciler.cli.telling.output import heard, hush, writable

F = TypeVar("F", bound=Callable[..., Any])


def stop(message: str, code: Exit = Exit.ERROR) -> NoReturn:
    """Ends the command with a message on stderr."""
    heard(lambda: click.echo(f"error: {message}", err=True), err=True)
    raise SystemExit(int(code))


def plain_errors(command: F) -> F:
    """Turns every error a user can cause into its message and exit code; no traceback gets out."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> Any:
        import gc

        # a command is short, and what it loads in the beginning is needed to its end
        gc.set_threshold(50_000)
        writable()
        from reconciler.model.origin import InvalidFiles

        try:
            return command(*args, **options)
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
            stop(f"{error.filename}: {words}" if error.filename else words)
        except Exception as error:
            if words := known(error):
                stop(words)
            raise

    return wrapped  # type: ignore[return-value]


def known(error: Exception) -> str:
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
