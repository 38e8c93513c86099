"""Words for people who may have stopped listening: a pipe that ended, a terminal that was closed."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

import click

_NOBODY = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO})
"""What writing fails with where nobody is there to read it."""


def heard(write: Callable[[], object], *, err: bool = False) -> None:
    """Writes to stdout (or stderr); where that fails, the work goes on and nobody hears any more of it."""
    stream = sys.stderr if err else sys.stdout
    try:
        write()
        stream.flush()
    except OSError as error:
        hush(stream)
        if not err and error.errno not in _NOBODY:
            text = f"warning: what was done can't be shown: {error.strerror or error}"
            heard(lambda: click.echo(text, err=True), err=True)


def hush(stream: TextIO) -> None:
    """From now on, what is written there goes nowhere, what is still buffered included."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def warn(text: str) -> None:
    """A warning on stderr, also where nobody wants to see progress."""
    heard(lambda: click.echo(f"warning: {text}", err=True), err=True)
