"""A plan every night over a library in which little happens: an album for each month."""

from __future__ import annotations

import json
import re
import resource
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

import requests

from tests.benchmarks.child import installed, served
from tests.benchmarks.figure import Row

MONTHS = 180
DAY = 86_400_000
"""Milliseconds by which the library is older than the benchmark."""
_SENT = re.compile(r"^  ([A-Z]+) (/\S*) ", re.MULTILINE)
WISH = """
album_sets:
  - for_each: month
    name: "{year}-{month:%m}"
"""


@dataclass(frozen=True, slots=True)
class Took:
    """One command: seconds by the clock and of its processor, the requests it sent, and what it printed."""

    wall: float
    processor: float
    requests: int
    writes: int
    out: bytes


def rows(photos: int) -> Iterator[Row]:
    """The first apply, then plans: as on the first night, again, and with a member that somebody took out."""
    with tempfile.TemporaryDirectory() as place, _served(Path(place), photos) as (url, key):
        folder = Path(place)
        (folder / "photos.yaml").write_text(WISH, encoding="utf-8")
        first = _run(folder, url, key, "immich-apply", "--yes", "--format", "json", "--no-cache")
        yield Row(
            f"{MONTHS} albums by month of {photos:,} photos, first apply", first.requests, "requests", 300
        )
        yield Row("the same, time", first.wall, "s", processor=first.processor)
        fresh = _run(folder, url, key, "immich-plan", "--format", "json", "--refresh")
        assert json.loads(fresh.out)["albums"] == []
        yield Row("planned again, all read", fresh.requests, "requests")
        yield Row("the same, time", fresh.wall, "s", processor=fresh.processor)
        again = _run(folder, url, key, "immich-plan", "--format", "json")
        assert again.out == fresh.out
        yield Row("planned again, only what has changed", again.requests, "requests", 15)
        yield Row("the same, time", again.wall, "s", 1.5, processor=again.processor)
        applied = _run(folder, url, key, "immich-apply", "--yes", "--format", "json")
        assert applied.writes == 0
        yield Row("applied again, nothing to do", applied.requests, "requests", 120, "0 writes")
        yield Row("the same, time", applied.wall, "s", processor=applied.processor)
        _take_out(url, key)
        seen = _run(folder, url, key, "immich-plan", "--format", "json")
        assert len(json.loads(seen.out)["albums"]) == 1
        yield Row("planned with a wrong member", seen.requests, "requests", note="it is seen")


@contextmanager
def _served(folder: Path, photos: int) -> Iterator[tuple[str, str]]:
    """A library of this size behind a server of its own process: its address, and an administrator's key."""
    from reconciler.sandbox.library import DATABASE, Library, NewAsset

    begin = datetime(2010, 1, 15, 12, tzinfo=UTC)
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
    with served(folder) as where:
        yield where


def _run(folder: Path, url: str, key: str, *command: str) -> Took:
    """A command in a process of its own, which tells every request."""
    kept = {"IMMICH_RECONCILER_CACHE_DIR": str(folder / "cache")}
    state = {"IMMICH_RECONCILER_STATE_DIR": str(folder / "state")}
    server = {"IMMICH_INSTANCE_URL": url, "IMMICH_API_KEY": key}
    program = Path(sys.executable).with_name(command[0])
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [program, *command[1:], "--quiet", "--verbose", "photos.yaml"],
        cwd=folder,
        env={**installed(folder), **kept, **state, **server},
        capture_output=True,
        check=True,
    )
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sent = _SENT.findall(done.stderr.decode())
    writes = [one for one in sent if one[0] != "GET" and not one[1].startswith(("/search", "/download"))]
    return Took(wall, processor, len(sent), len(writes), done.stdout)


def _take_out(url: str, key: str) -> None:
    """Somebody takes a photo out of an album."""
    ask = requests.Session()
    ask.headers["x-api-key"] = key
    album = ask.get(f"{url}/api/albums", timeout=60).json()[0]["id"]
    whole = {"albumId": album, "archiveSize": 2**40}
    found = ask.post(f"{url}/api/download/info", json=whole, timeout=60).json()
    one = found["archives"][0]["assetIds"][-1]
    ask.delete(f"{url}/api/albums/{album}/assets", json={"ids": [one]}, timeout=60).raise_for_status()


def _month(begin: datetime, number: int) -> datetime:
    return begin.replace(year=begin.year + number // 12, month=1 + number % 12)
