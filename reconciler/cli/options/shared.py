"""Options that most commands have: the server, what is shown and how, which part is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    Kind = click.ParamType[Any]
else:
    Kind = click.ParamType  # subscripted only since click 8.4

F = TypeVar("F", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
PLAN_FORMS = ("text", "json", "markdown", "html", "github", "gitlab")
"""How a plan can be shown, the same for one that is made and one that was saved."""


class FileToWrite(click.Path):
    """A file that is written besides what is printed; `instead` prints the same."""

    def __init__(self, instead: str) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.instead = instead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; `-` is none, as standard output shows the plan."""
        if str(value) == "-":
            self.fail(f"'-' is no name of a file; {self.instead} prints it instead", param, ctx)
        return super().convert(value, param, ctx)


def version_option(command: F) -> F:
    """Which version is installed, for whoever asks or is asked."""
    from reconciler import __version__

    return click.version_option(__version__, message="%(prog)s %(version)s")(command)


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


def files_option(command: F) -> F:
    """The files that say how to connect, for commands that plan nothing."""
    return click.option(
        "-f",
        "--files",
        multiple=True,
        metavar="PATH",
        help="Files or folders that say how to connect (repeatable). Default: those the run was made from.",
    )(command)


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
