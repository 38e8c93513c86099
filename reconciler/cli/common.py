"""What the commands share: options, and how whatever goes wrong becomes words and an exit code."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from reconciler.cli.exits import Exit
from reconciler.cli.output import heard, hush, writable

if TYPE_CHECKING:
    from reconciler.config.cache import Cache

    Kind = click.ParamType[Any]
else:
    Kind = click.ParamType  # subscripted only since click 8.4

F = TypeVar("F", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
DEFAULT_WIDTH = 100
PLAN_FORMS = ("text", "json", "markdown", "html", "github", "gitlab")
"""How a plan can be shown, the same for one that is made and one that was saved."""
_NO_CACHE = "reconciler.no_cache"
_REFRESH = "reconciler.refresh"


def version_option(command: F) -> F:
    """Which version is installed, for whoever asks or is asked."""
    from reconciler import __version__

    return click.version_option(__version__, message="%(prog)s %(version)s")(command)


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
    from reconciler.apply.choice import UnknownQueue
    from reconciler.apply.exclusion import AnotherRun
    from reconciler.apply.runs import NoSuchRun
    from reconciler.apply.state import StateUnusable
    from reconciler.apply.when import NotNow
    from reconciler.apply.window import QueuesBusy
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


def server_options(command: F) -> F:
    """Where the server is, who asks, and where state is kept."""
    account = click.option(
        "--account",
        metavar="NAME",
        help="Which of server.accounts to use. Default: defaults.account.",
    )
    return _server_options(command, account)


def accounts_options(command: F) -> F:
    """The same for commands that look after several accounts at once; the command gets `accounts`."""
    account = click.option(
        "--account",
        "accounts",
        multiple=True,
        metavar="NAME",
        help="Only this one of server.accounts (repeatable). Default: all that the files ask something of.",
    )
    return _server_options(command, account)


def _server_options(command: F, account: Callable[[F], F]) -> F:
    for option in reversed(
        (
            click.option(
                "--server",
                metavar="URL",
                help="Address of the server, or sandbox:FOLDER. Default: server.url in the files, "
                "then IMMICH_INSTANCE_URL.",
            ),
            account,
            click.option(
                "--state-dir",
                type=click.Path(file_okay=False, path_type=Path),
                metavar="FOLDER",
                help="Where paused queues, runs and what was undone are remembered. Default: the platform's "
                "place.",
            ),
        )
    ):
        command = option(command)
    return command


def output_options(command: F) -> F:
    """How much is shown, and how."""
    for option in reversed(
        (
            click.option("-q", "--quiet", is_flag=True, help="No progress."),
            click.option("-v", "--verbose", is_flag=True, help="Show every request."),
            click.option("--no-color", is_flag=True, help="No colours (or set NO_COLOR)."),
            click.option("--full", is_flag=True, help="Show every photo, not only some of each kind."),
        )
    ):
        command = option(command)
    return command


def cache_option(command: F) -> F:
    """Whether large files that are as they were before need no parsing; asked by `files_cache`."""
    return click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        callback=_keep_choice,
        help="Parse every file and read everything anew, and keep nothing for the next time.",
    )(command)


def refresh_option(command: F) -> F:
    """Whether the library is read anew, and not only what has changed; asked by `library_cache`."""
    return click.option(
        "--refresh",
        is_flag=True,
        expose_value=False,
        callback=_keep_refresh,
        help="Read the whole library, not only what has changed since the last time.",
    )(command)


def _keep_refresh(context: click.Context, _param: click.Parameter, refresh: bool) -> None:
    context.meta[_REFRESH] = refresh


def _keep_choice(context: click.Context, _param: click.Parameter, no_cache: bool) -> None:
    context.meta[_NO_CACHE] = no_cache


def files_cache() -> Cache | None:
    """Where what large files came to is kept; None where the user wants none."""
    from reconciler.config.cache import default_cache

    context = click.get_current_context(silent=True)
    return None if context is not None and context.meta.get(_NO_CACHE) else default_cache()


def library_cache() -> tuple[Cache | None, bool]:
    """Where what was read of a library is kept, None for nowhere; and whether all is read anew."""
    from reconciler.config.cache import default_cache

    context = click.get_current_context(silent=True)
    said = context.meta if context is not None else {}
    kept = None if said.get(_NO_CACHE) else default_cache("libraries")
    return kept, bool(said.get(_REFRESH))


class TargetType(Kind):
    """A part of the plan, such as album:Italy*."""

    name = "target"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The target, read."""
        from reconciler.diff.target import BadTarget, read_target

        try:
            return read_target(value) if isinstance(value, str) else value
        except BadTarget as error:
            self.fail(str(error), param, ctx)


def target_option(command: F) -> F:
    """Only a part of the plan."""
    return click.option(
        "--target",
        "targets",
        type=TargetType(),
        multiple=True,
        metavar="KIND|NAME|KIND:NAME",
        help="Only this part and the tags it needs: tags, 'album:Italy*', 'photo:IMG_05*', 'Italy*' "
        "(repeatable).",
    )(command)


def output_form(command: F) -> F:
    """Text for people or JSON for programs."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How to show it.",
    )(command)


def applied_option(command: F) -> F:
    """Where it is remembered what was last as the files ask."""
    return click.option(
        "--applied",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Remember in this file what is as the files ask, to tell later what was changed on the server. "
        "Default: in the state folder.",
    )(command)


def local_time(moment: str) -> str:
    """An ISO text as the clock of this machine shows it, to the minute."""
    from datetime import datetime

    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def wants_color(no_color: bool) -> bool:
    """Colours only on a terminal that has some, and not where somebody asked for none."""
    unwanted = no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not unwanted and sys.stdout.isatty()


def width() -> int:
    """The terminal's width in cells; a steady one where there is no terminal."""
    import shutil

    return shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns if sys.stdout.isatty() else DEFAULT_WIDTH


def files_option(command: F) -> F:
    """The files that say how to connect, for commands that plan nothing."""
    return click.option(
        "-f",
        "--files",
        multiple=True,
        metavar="PATH",
        help="Files or folders that say how to connect (repeatable). Default: those the run was made from.",
    )(command)
