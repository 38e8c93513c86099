"""Where words and files go: to people who may have stopped listening, and to disks that may be full."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

_NOBODY = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO})
"""What writing fails with where nobody is there to read it."""


def writable() -> None:
    """Lets no letter end a command because the place that it goes to doesn't know it.

    Files and pipes get UTF-8 whatever the language of the machine, as JSON and YAML must be; a terminal of
    another encoding shows a question mark. Half a letter, of the name of a file that isn't UTF-8, is
    written as an escape.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever started the command
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (it stays open to the end)
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty() and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


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


def write_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Writes a file as a whole or not at all, so that a full disk leaves what was there.

    What a link points to is written; devices, pipes, mounted files and files in folders that take no new
    ones are written as they are. Raises OSError, naming the file.
    """
    real = path.resolve()
    in_place = real.exists() and (
        not real.is_file() or real.is_mount() or not os.access(real.parent, os.W_OK)
    )
    new = real.with_name(f".{real.name}.{os.getpid()}.new")
    try:
        if in_place:
            with real.open("wb") as file:
                file.writelines(pieces)
            return
        try:
            with new.open("xb") as file:
                file.writelines(pieces)
            if real.exists():
                new.chmod(real.stat().st_mode & 0o7777)
            new.replace(real)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def warn(text: str) -> None:
    """A warning on stderr, also where nobody wants to see progress."""
    heard(lambda: click.echo(f"warning: {text}", err=True), err=True)
