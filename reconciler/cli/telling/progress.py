"""Progress on stderr: a moving line on a terminal, a line for each stage elsewhere, nothing where asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import click

from reconciler.apply.protocols import Progress, Silent
from reconciler.cli.telling.output import hush

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Unheard:
    """Passes everything on until nobody listens any more: a closed terminal or pipe must not stop a run."""

    def __init__(self, inner: Progress) -> None:
        self._inner: Progress = inner
        self.doing = ""
        """The stage under way, for whoever has to tell where it has failed."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Passed on."""
        self.doing = text
        self._heard(lambda: self._inner.stage(text, total))

    def advance(self, done: int) -> None:
        """Passed on."""
        self._heard(lambda: self._inner.advance(done))

    def say(self, text: str) -> None:
        """Passed on."""
        self._heard(lambda: self._inner.say(text))

    def rest(self) -> None:
        """Takes the moving line away until the next stage, so that others can write and ask."""
        inner = self._inner
        if isinstance(inner, Moving):
            self._heard(inner.rest)

    def end(self) -> None:
        """Nothing more is shown: what an interrupt has left running must not speak after the last word."""
        self.rest()
        self._inner = Silent()

    def _heard(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except (OSError, ValueError):  # a broken pipe; a stream that is closed
            hush(sys.stderr)
            self._inner = Silent()


class Lines:
    """For logs: each stage once, on a line of its own."""

    def __init__(self) -> None:
        self._last = ""

    def stage(self, text: str, total: int | None = None) -> None:
        """Says the stage unless it was the last one said."""
        del total
        if text != self._last:
            self._last = text
            click.echo(f"… {text}", err=True)

    def advance(self, done: int) -> None:
        """Nothing: a log needs no counting."""

    def say(self, text: str) -> None:
        """A line of its own."""
        click.echo(text, err=True)


class Moving:
    """For a terminal: one line that moves."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, start=True)
        self._shown: tuple[str, int | None] | None = None
        self._lock = Lock()

    def stage(self, text: str, total: int | None = None) -> None:
        """Begins a new stage on the same line; the same stage again is no new one."""
        with self._lock:
            if (text, total) == self._shown:
                return
            self._shown = (text, total)
            self._bar.start()
            self._bar.remove_task(self._task)
            self._task = self._bar.add_task(text, total=total)

    def advance(self, done: int) -> None:
        """Moves the bar."""
        with self._lock:
            self._bar.update(self._task, completed=done)

    def rest(self) -> None:
        """Takes the line away until the next stage."""
        with self._lock:
            self._shown = None
            self._bar.stop()

    def say(self, text: str) -> None:
        """A line above the moving one."""
        self._bar.console.print(text, markup=False, highlight=False)


def of_reading(progress: Progress) -> Callable[[str, int], None]:
    """Tells how much of what has been read."""

    def told(what: str, done: int) -> None:
        progress.stage(f"reading {what}")
        progress.advance(done)

    return told


@contextmanager
def progress(quiet: bool) -> Iterator[Unheard]:
    """Progress that suits where stderr goes."""
    watching = Unheard(_suited(quiet))
    try:
        yield watching
    except Exception as error:
        if watching.doing:
            error.add_note(f"while {watching.doing}")
        raise
    finally:
        watching.end()


def _suited(quiet: bool) -> Progress:
    if quiet:
        return Silent()
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return Lines()
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
    return Moving(bar)
