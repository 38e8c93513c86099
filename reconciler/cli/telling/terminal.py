"""What the terminal can show, and how times are shown to people."""

from __future__ import annotations

import os
import sys

DEFAULT_WIDTH = 100


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
