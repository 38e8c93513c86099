"""What is told of a fault of this program: what it was doing, where the traceback is, and what to do now."""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from reconciler import __version__
from reconciler.apply.state.database import State, StateUnusable, state_in

KEPT = 10
"""So many tracebacks are kept."""
DEBUG = "IMMICH_RECONCILER_DEBUG"
FOLDER = "faults"

_WORDS = re.compile(r"[\w-]{20,}")
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def told(error: Exception, command: str, state_dir: Path | None = None) -> str:
    """The sentences for whoever gave the command; the traceback is put into a file of the state folder."""
    doing = "".join(f", {note}," for note in getattr(error, "__notes__", ())[-1:])
    state = state_in(state_dir)
    whole = _whole(error, command)
    if os.environ.get("IMMICH_RECONCILER_DEBUG"):
        print(whole, file=sys.stderr)
    return " ".join(
        (
            f"{command} has failed by a fault of its own{doing} and not by a mistake of yours:",
            f"{type(error).__name__}: {without_secrets(str(error)) or 'no message'}.",
            *_queues(state),
            _where(whole, state),
            "Please report it to whoever gives out this program, with that text",
        )
    )


def _whole(error: Exception, command: str) -> str:
    """The traceback, and under what it came about."""
    made_by = f"immich-reconciler {__version__}, Python {platform.python_version()}, {platform.platform()}"
    given = f"{command}: {shlex.join(sys.argv[1:])}"
    return without_secrets(f"{made_by}\n{given}\n\n{''.join(traceback.format_exception(error))}")


def without_secrets(text: str) -> str:
    """The text without what may be a key: values of the environment's keys, logins in addresses, and long
    words of capital letters, small ones and digits.
    """
    for name, value in os.environ.items():
        if name.startswith("IMMICH") and name.endswith("KEY") and value:
            text = text.replace(value, "…")
    return _WORDS.sub(_unless_a_key, _LOGIN.sub("…@", text))


def _unless_a_key(found: re.Match[str]) -> str:
    word = found[0]
    mixed = any(map(str.isupper, word)) and any(map(str.islower, word)) and any(map(str.isdigit, word))
    return "…" if mixed else word


def _queues(state: State) -> Iterator[str]:
    """Whether this process has left queues paused, and how they come back."""
    try:
        left = [lease.queue for lease in state.leases() if lease.pid == os.getpid()]
    except StateUnusable:
        yield "Look in Immich under Administration > Job Queues whether a queue is paused."
        return
    if left:
        yield f"These queues may still be paused: {', '.join(left)}: immich-queues restore gives them back."
    else:
        yield "It has left no queue paused."


def _where(whole: str, state: State) -> str:
    """Puts the text into a file, and says where it is, or how else to come by it."""
    now = datetime.now(UTC)
    file = state.folder / FOLDER / f"{now:%Y-%m-%dT%H%M%S}-{os.getpid()}.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(whole, encoding="utf-8", errors="backslashreplace")
        for old in sorted(file.parent.glob("*.txt"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return f"The state folder can't be written to; set {DEBUG}=1 and run it again to see the traceback."
    return f"The traceback is in {file} (or set {DEBUG}=1)."
