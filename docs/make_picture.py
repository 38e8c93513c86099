"""Makes docs/images/plan.svg: a real plan of the family album, as a terminal shows it.

.venv/bin/python docs/make_picture.py
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "family-album"
PICTURE = ROOT / "docs" / "images" / "plan.svg"
COLUMNS = 92
PHOTOS, ALBUMS = 3, 1
"""So many of each are shown."""

THEME = TerminalTheme(
    (24, 26, 32),
    (222, 224, 230),
    [
        (72, 76, 88),
        (240, 113, 120),
        (152, 206, 120),
        (238, 194, 104),
        (112, 170, 246),
        (198, 140, 240),
        (94, 206, 206),
        (222, 224, 230),
    ],
)
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>What immich-plan prints for the example</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def command(name: str) -> str:
    """The installed command of this name."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def in_terminal(*words: str, folder: Path) -> str:
    """What a command writes to a terminal of COLUMNS columns, colours included."""
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(words, cwd=folder, stdout=child, stderr=subprocess.DEVNULL, env=environment)
    os.close(child)
    chunks = []
    while True:
        try:
            chunk = os.read(parent, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(parent)
    if process.wait() != 0:
        sys.exit(f"{' '.join(words)} failed")
    return b"".join(chunks).decode().replace("\r\n", "\n")


def plan() -> list[str]:
    """The plan of the example, line by line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".sandbox"))
        subprocess.run(
            [command("immich-sandbox"), "init", ".sandbox", "--from", "photos", "--quiet"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        os.environ.pop("IMMICH_INSTANCE_URL", None)
        state = str(folder / "state")
        return in_terminal(command("immich-plan"), "--state-dir", state, folder=folder).splitlines()


def shortened(lines: list[str]) -> list[str]:
    """The first photos, the first album and the summary, with a mark for what is left out."""
    plain = [Text.from_ansi(line).plain for line in lines]
    photos = [number for number, line in enumerate(plain) if line.startswith("  ~ ") and ".jpg" in line]
    albums = [number for number, line in enumerate(plain) if line.startswith("  + album")]
    heading = plain.index("Albums")
    summary = next(number for number, line in enumerate(plain) if line.startswith("Plan:"))
    shown = [*lines[: photos[PHOTOS]], "  …", "", *lines[heading : albums[ALBUMS]], "  …", ""]
    return [*shown, *lines[summary:]]


def main() -> None:
    """Writes the picture."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(Text.from_ansi("$ immich-plan\n" + "\n".join(shortened(plan()))), soft_wrap=True)
    PICTURE.parent.mkdir(exist_ok=True)
    svg = console.export_svg(title="immich-plan", theme=THEME, code_format=FRAME, unique_id="plan")
    PICTURE.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
