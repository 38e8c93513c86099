"""How soon a command is there: its help, and a small plan in which nothing changes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Row

TRIES = 5
WISH = """
assets:
  - match: { rating: 5 }
    tags: [Best]
albums:
  - name: Best
    match: { rating: 5 }
"""


def rows(_photos: int) -> Iterator[Row]:
    """The quickest of several tries, each a process of its own; the same for any number of photos."""
    for command in ("immich-plan", "immich-apply", "immich-validate"):
        yield Row(f"{command} --help", _quickest(command, "--help"), "s", 0.15)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "photos.yaml").write_text(WISH, encoding="utf-8")
        _run("immich-sandbox", "init", "library", "--photos", "100", "--quiet", folder=folder)
        server = ("--server", "sandbox:library", "--quiet")
        _run("immich-apply", "--yes", *server, folder=folder)
        with_nothing = _quickest("immich-plan", *server, folder=folder)
        yield Row("immich-plan, 100 photos in a local sandbox, nothing changes", with_nothing, "s", 0.6)
    yield Row("python -c pass, for comparison", _quickest("python", "-c", "pass"), "s")


def _quickest(*command: str, folder: Path | None = None) -> float:
    return min(_run(*command, folder=folder) for _ in range(TRIES))


def _run(*command: str, folder: Path | None = None) -> float:
    program = Path(sys.executable).with_name(command[0])
    state = {"IMMICH_RECONCILER_STATE_DIR": str(folder / "state")} if folder else {}
    begin = time.perf_counter()
    subprocess.run(
        [program, *command[1:]], cwd=folder, env={**os.environ, **state}, capture_output=True, check=True
    )
    return time.perf_counter() - begin
