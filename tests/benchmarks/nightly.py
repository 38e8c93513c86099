"""A plan every night over a library in which little happens: an album for each month."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.benchmarks.commands import MONTHS, Served, served_by_month
from tests.benchmarks.figure import Row

HEARTS = 20
"""Photos that somebody changes between two plans."""


def rows(photos: int) -> Iterator[Row]:
    """The first apply, then plans: on the first night, again, after some edits, and with a wrong member."""
    with served_by_month(photos) as library:
        first = library.run("immich-apply", "--yes", "--format", "json", "--no-cache")
        yield Row(
            f"{MONTHS} albums by month of {photos:,} photos, first apply", first.requests, "requests", 300
        )
        yield Row("the same, time", first.wall, "s", processor=first.processor)
        fresh = library.run("immich-plan", "--format", "json", "--refresh")
        assert json.loads(fresh.out)["albums"] == []
        yield Row("planned again, all read", fresh.requests, "requests")
        yield Row("the same, time", fresh.wall, "s", processor=fresh.processor)
        again = library.run("immich-plan", "--format", "json")
        assert again.out == fresh.out
        yield Row("planned again, nothing has changed", again.requests, "requests", 15)
        yield Row("the same, time", again.wall, "s", 1.5, processor=again.processor)
        _give_hearts(library)
        later = library.run("immich-plan", "--format", "json")
        assert json.loads(later.out)["albums"] == []
        yield Row(f"planned again, {HEARTS} photos have changed", later.requests, "requests")
        yield Row("the same, time", later.wall, "s", processor=later.processor)
        applied = library.run("immich-apply", "--yes", "--format", "json")
        assert applied.writes == 0
        yield Row("applied again, nothing to do", applied.requests, "requests", 120, "0 writes")
        yield Row("the same, time", applied.wall, "s", processor=applied.processor)
        _take_out(library)
        seen = library.run("immich-plan", "--format", "json")
        assert len(json.loads(seen.out)["albums"]) == 1
        yield Row("planned with a wrong member", seen.requests, "requests", note="it is seen")


def curve(photos: int) -> Iterator[Row]:
    """How a whole plan grows with the library, reading included: all read, and then only what has changed."""
    with tempfile.TemporaryDirectory() as place:
        compiled = Path(place)
        with served_by_month(1, compiled) as library:
            library.run("immich-plan")
        for size in (photos // 100, photos // 10, photos, photos * 10):
            yield from _grown(size, compiled)


def _grown(size: int, compiled: Path) -> Iterator[Row]:
    with served_by_month(size, compiled) as library:
        for what, words in (("all read", ("--refresh",)), ("only what has changed", ())):
            took = library.run("immich-plan", "--format", "json", *words)
            figure = f"plan {MONTHS} albums by month of {size:,} photos, {what}"
            note = f"{took.wall / size * 1e6:,.0f} µs a photo; {took.requests:,} requests"
            yield Row(figure, took.wall, "s", note=note, processor=took.processor)
            yield Row("the same, memory", took.memory, "MB")


def _asking(library: Served) -> requests.Session:
    ask = requests.Session()
    ask.headers["x-api-key"] = library.key
    return ask


def _give_hearts(library: Served) -> None:
    """Somebody gives some photos a heart."""
    ask = _asking(library)
    found = ask.post(f"{library.url}/api/search/metadata", json={"size": HEARTS}, timeout=60).json()
    hearts = {"ids": [item["id"] for item in found["assets"]["items"]], "isFavorite": True}
    ask.put(f"{library.url}/api/assets", json=hearts, timeout=60).raise_for_status()


def _take_out(library: Served) -> None:
    """Somebody takes a photo out of an album."""
    ask = _asking(library)
    album = ask.get(f"{library.url}/api/albums", timeout=60).json()[0]["id"]
    whole = {"albumId": album, "archiveSize": 2**40}
    found = ask.post(f"{library.url}/api/download/info", json=whole, timeout=60).json()
    one = found["archives"][0]["assetIds"][-1]
    address = f"{library.url}/api/albums/{album}/assets"
    ask.delete(address, json={"ids": [one]}, timeout=60).raise_for_status()
