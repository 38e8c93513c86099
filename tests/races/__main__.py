"""Runs the races and prints them as a table: `python -m tests.races`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.races import bulk_tags, moving_files, read_only, two_writes

ALL = [*two_writes.RACES, *bulk_tags.RACES, *moving_files.RACES, *read_only.RACES]


def main(words: list[str]) -> None:
    """Prints the table; with words, only the races whose name has one of them."""
    print("| race | lost on a real server | naive client, sandbox | this project, sandbox | seconds |")
    print("|---|---|---|---|---|")
    for race in ALL:
        if words and not any(word in race.name for word in words):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            naive = race.naive(Path(folder) / "naive")
            between = time.monotonic()
            ours = race.ours(Path(folder) / "ours")
        took = f"{between - began:.1f} + {time.monotonic() - between:.1f}"
        print(f"| {race.name} | {race.measured} | {naive} ({naive.rate:.1%}) | {ours} | {took} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
