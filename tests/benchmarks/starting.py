"""How soon a command is there: its help, and a small plan in which nothing changes."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.child import installed, served
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
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for command in ("immich-plan", "immich-apply", "immich-validate"):
            wall, processor = _quickest(command, "--help", folder=folder)
            yield Row(f"{command} --help", wall, "s", 0.15, processor=processor)
        (folder / "photos.yaml").write_text(WISH, encoding="utf-8")
        _run("immich-sandbox", "init", "library", "--photos", "100", "--quiet", folder=folder)
        server = ("--server", "sandbox:library", "--quiet")
        _run("immich-apply", "--yes", *server, folder=folder)
        wall, processor = _quickest("immich-plan", *server, folder=folder)
        what = "immich-plan, 100 photos in a local sandbox, nothing changes"
        yield Row(what, wall, "s", 0.6, processor=processor)
        with served(folder) as (url, key):
            server = ("--server", url, "--quiet")
            wall, processor = _quickest("immich-plan", *server, folder=folder, IMMICH_API_KEY=key)
        yield Row("the same, behind a server", wall, "s", 0.6, processor=processor)
        wall, processor = _quickest("python", "-c", "pass", folder=folder)
        yield Row("python -c pass, for comparison", wall, "s", processor=processor)


def _quickest(*command: str, folder: Path, **env: str) -> tuple[float, float]:
    """The least of the clock and the least of the processor, in seconds."""
    tries = [_run(*command, folder=folder, **env) for _ in range(TRIES)]
    return min(wall for wall, _ in tries), min(processor for _, processor in tries)


def _run(*command: str, folder: Path, **env: str) -> tuple[float, float]:
    program = Path(sys.executable).with_name(command[0])
    env = {**installed(folder), "IMMICH_RECONCILER_STATE_DIR": str(folder / "state"), **env}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([program, *command[1:]], cwd=folder, env=env, capture_output=True, check=True)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
