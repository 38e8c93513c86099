"""The window: how long the queues are held still, against the time of the writes alone. Over a socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figure import Row

MOST = 1000
"""Photos, each with a caption of its own, so as many requests: a sandbox is no faster than a server."""
_REQUEST = re.compile(r"  (GET|PUT|POST|DELETE) (\S+) (\d+) (\d+) ms")


@dataclass(frozen=True, slots=True)
class Heard:
    """A request of the run: when it began and when it was answered, in seconds."""

    method: str
    path: str
    began: float
    ended: float


def rows(photos: int) -> Iterator[Row]:
    """One apply of captions, told apart by its own account of requests."""
    count = min(photos, MOST)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _run(folder, "immich-sandbox", "init", "library", "--photos", str(count), "--quiet")
        with _served(folder) as environment:
            (folder / "photos.yaml").write_text(_captions(environment), encoding="utf-8")
            heard = _apply(folder, environment)
    queues = [item for item in heard if item.method == "PUT" and item.path.startswith("/queues")]
    writes = [item for item in heard if item.method == "PUT" and item.path == "/assets"]
    assert len(writes) == count and len(queues) == 6, (len(writes), len(queues))
    held = queues[3].ended - queues[0].began
    alone = writes[-1].ended - writes[0].began
    waited = writes[0].began - queues[2].ended
    checked = [item for item in heard if queues[2].ended <= item.began < writes[0].began]
    note = f"of this, {waited:.1f} s before the first write, with {len(checked)} requests that check and wait"
    yield Row(f"{count:,} captions, first pause to first queue given back", held, "s", note=note)
    yield Row("the writes alone", alone, "s")
    yield Row("window: queues held still against the writes alone", held / alone, "×", 1.2)


def _captions(environment: dict[str, str]) -> str:
    import requests

    answer = requests.post(
        f"{environment['IMMICH_INSTANCE_URL']}/api/search/metadata",
        json={"size": 1000},
        headers={"x-api-key": environment["IMMICH_API_KEY"]},
        timeout=60,
    )
    ids = [item["id"] for item in answer.json()["assets"]["items"]]
    entries = (f"  - match: {{ id: {photo} }}\n    description: Caption of {photo}\n" for photo in ids)
    return "assets:\n" + "".join(entries)


@contextmanager
def _served(folder: Path) -> Iterator[dict[str, str]]:
    """The sandbox on a free port, and the environment in which commands find it."""
    command = [_program("immich-sandbox"), "serve", "library", "--port", "0", "--print-key"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            found: dict[str, str] = {}
            assert server.stdout is not None
            for line in server.stdout:
                if address := re.search(r"http://[\d.]+:\d+", line):
                    found["IMMICH_INSTANCE_URL"] = address.group()
                if key := re.search(r"API key: (\S+)", line):
                    found["IMMICH_API_KEY"] = key[1]
                if len(found) == 2:
                    break
            yield {**os.environ, **found, "IMMICH_RECONCILER_STATE_DIR": str(folder / "state")}
        finally:
            server.terminate()


def _apply(folder: Path, environment: dict[str, str]) -> list[Heard]:
    heard: list[Heard] = []
    command = [_program("immich-apply"), "photos.yaml", "--yes", "--verbose"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            if found := _REQUEST.match(line):
                now = time.perf_counter()
                heard.append(Heard(found[1], found[2], now - int(found[4]) / 1000, now))
    assert run.returncode == 0, f"immich-apply ended with {run.returncode}"
    return heard


def _run(folder: Path, *command: str) -> None:
    subprocess.run([_program(command[0]), *command[1:]], cwd=folder, check=True, capture_output=True)


def _program(name: str) -> Path:
    return Path(sys.executable).with_name(name)
