"""YAML: many entries, each with its own caption, from text to the desired state."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.child import MB, Spent, measure
from tests.benchmarks.data import write_entries
from tests.benchmarks.figure import Row

FILES = 20


def load_files(spent: Spent, folder: str, cache: str) -> int:
    """Reads the files of a folder; the number of entries."""
    from reconciler.config import load
    from reconciler.config.cache import Cache

    with spent.part("load"):
        loaded = load([folder], Cache(Path(cache)))
    return len(loaded.desired.assets)


def rows(photos: int) -> Iterator[Row]:
    """One large file, and the same in several."""
    for files in (1, FILES):
        with tempfile.TemporaryDirectory() as place:
            size = write_entries(Path(place, "files"), photos, files)
            what = f"{photos:,} entries with their own captions, {size / MB:.0f} MB in {files} file(s)"
            for how, goal in (("cold", 10), ("from the parse cache", 2)):
                spent = measure(load_files, str(Path(place, "files")), str(Path(place, "cache")))
                assert spent.result == photos
                cores = min(os.cpu_count() or 1, FILES) if how == "cold" else 1
                processor = spent.processor["load"] / cores
                yield Row(f"{what}: {how}", spent.wall["load"], "s", goal, processor=processor)
                yield Row(f"the same, memory, {how}", spent.memory, "MB", 700)
