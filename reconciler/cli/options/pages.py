"""The HTML page of a plan: where it goes, and how many pictures it holds."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.shared import F, FileToWrite
from reconciler.cli.telling.output import write_file

if TYPE_CHECKING:
    from reconciler.apply.protocols import Progress
    from reconciler.cli.connecting.connect import Connection
    from reconciler.model.live import Thumbnails
    from reconciler.plan import Plan

THUMBNAILS = 200
MEGABYTES = 8.0


@dataclass(frozen=True, slots=True)
class Pages:
    """What the command line says about the page."""

    html: Path | None = None
    """Where it is saved, besides what is shown."""
    thumbnails: int = THUMBNAILS
    megabytes: float = MEGABYTES

    def check(self, form: str) -> None:
        """Stops before any work where the page would only fill a terminal."""
        refuse_terminal(form, "write it to a file with --html plan.html")

    def wanted(self, form: str) -> bool:
        """Whether a page is made at all."""
        return form == "html" or self.html is not None

    def pictures(self, plan: Plan, connection: Connection, watching: Progress) -> Thumbnails:
        """The pictures for the page; where some are missing, stderr says why."""
        from reconciler.model.live import NO_THUMBNAILS

        if not self.thumbnails or not plan.changes:
            return NO_THUMBNAILS
        from reconciler.live.thumbnails import Budget, read_thumbnails
        from reconciler.render.html import wanted_thumbnails

        wanted = wanted_thumbnails(plan)
        watching.stage("reading thumbnails", min(len(wanted), self.thumbnails))
        return read_thumbnails(
            connection.reader,
            wanted,
            Budget(self.thumbnails, round(self.megabytes * 1_000_000)),
            granted=connection.key.permissions,
            on_progress=watching.advance,
        )

    def among(self, accounts: int) -> Pages:
        """The share of one of several accounts in the pictures of a page."""
        return replace(self, thumbnails=self.thumbnails // accounts, megabytes=self.megabytes / accounts)

    def save(self, plans: Sequence[Plan], thumbnails: Thumbnails) -> None:
        """Writes the page where `--html` says."""
        if self.html is None:
            return
        from reconciler.cli.telling.showing import as_page

        write_file(self.html, as_page(plans, thumbnails))
        click.echo(f"saved: {self.html} shows this plan in a browser", err=True)


def refuse_terminal(form: str, way_out: str = "write it to a file with > plan.html") -> None:
    """Stops where a page would only fill a terminal."""
    if form == "html" and sys.stdout.isatty():
        stop(f"a page is no text for a terminal: {way_out}", Exit.INVALID)


def page_options(command: F) -> F:
    """Adds the options; the command gets them as one `pages`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> Any:
        without = options.pop("no_thumbnails")
        number, megabytes = options.pop("thumbnails"), options.pop("thumbnail_space")
        pages = Pages(options.pop("html"), 0 if without else number, megabytes)
        return command(*args, pages=pages, **options)

    made: Any = wrapped
    for option in reversed(
        (
            click.option(
                "--html",
                type=FileToWrite("--format html"),
                metavar="FILE",
                help="Also save the plan as a page with pictures, for a browser.",
            ),
            click.option(
                "--thumbnails",
                type=click.IntRange(0),
                default=THUMBNAILS,
                show_default=True,
                metavar="NUMBER",
                help="Most pictures in the page.",
            ),
            click.option(
                "--thumbnail-space",
                type=click.FloatRange(0),
                default=MEGABYTES,
                show_default=True,
                metavar="MB",
                help="Most megabytes of pictures in the page.",
            ),
            click.option("--no-thumbnails", is_flag=True, help="No pictures in the page."),
        )
    ):
        made = option(made)
    return made  # type: ignore[no-any-return]
