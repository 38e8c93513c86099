"""The commands themselves, run in processes of their own against a served library of the sandbox."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.child import installed, served

MONTHS = 180
DAY = 86_400_000
"""Milliseconds by which the library is older than the benchmark."""
WISH = """
album_sets:
  - for_each: month
    name: "{year}-{month:%m}"
"""
_SENT = re.compile(r"^  ([A-Z]+) (/\S*) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Took:
    """One command: seconds by the clock and of its processor, megabytes, requests, and what it printed."""

    wall: float
    processor: float
    memory: float
    requests: int
    writes: int
    out: bytes


@dataclass(frozen=True, slots=True)
class Served:
    """A library behind a server of its own process, and files that wish for an album a month."""

    folder: Path
    url: str
    key: str
    compiled: Path
    """Where the commands keep their compiled code; the first one makes it."""

    def run(self, *command: str) -> Took:
        """A command, which tells every request. Raises CalledProcessError if it fails."""
        program = str(Path(sys.executable).with_name(command[0]))
        words = [program, *command[1:], "--quiet", "--verbose", "photos.yaml"]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
            begin = time.perf_counter()
            child = subprocess.Popen(words, cwd=self.folder, env=self._env(), stdout=out, stderr=told)
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - begin
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            told.seek(0)
            printed, said = out.read(), told.read().decode()
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, words, printed, said)
        sent = _SENT.findall(said)
        writes = [one for one in sent if one[0] != "GET" and not one[1].startswith(("/search", "/download"))]
        memory = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
        return Took(wall, used.ru_utime + used.ru_stime, memory, len(sent), len(writes), printed)

    def _env(self) -> dict[str, str]:
        kept = {"IMMICH_RECONCILER_CACHE_DIR": str(self.folder / "cache")}
        state = {"IMMICH_RECONCILER_STATE_DIR": str(self.folder / "state")}
        server = {"IMMICH_INSTANCE_URL": self.url, "IMMICH_API_KEY": self.key}
        return {**installed(self.compiled), **kept, **state, **server}


@contextmanager
def served_by_month(photos: int, compiled: Path | None = None) -> Iterator[Served]:
    """A library of this size over fifteen years, as it was left a day ago."""
    from reconciler.sandbox.library import DATABASE, Library, NewAsset

    begin = datetime(2010, 1, 15, 12, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with Library.create(folder / "library", version="3.1.0") as library:
            library.add_assets(
                NewAsset(
                    file_name=f"IMG_{number:06}.jpg",
                    file_created_at=_month(begin, number % MONTHS) + timedelta(seconds=number // MONTHS),
                )
                for number in range(photos)
            )
        with sqlite3.connect(folder / "library" / DATABASE) as database:
            database.execute("UPDATE asset SET updated_at = updated_at - ?", (DAY,))
        (folder / "photos.yaml").write_text(WISH, encoding="utf-8")
        with served(folder) as (url, key):
            yield Served(folder, url, key, compiled or folder)


def _month(begin: datetime, number: int) -> datetime:
    return begin.replace(year=begin.year + number // 12, month=1 + number % 12)
