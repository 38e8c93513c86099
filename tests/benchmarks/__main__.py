"""Measures and prints the table: `python -m tests.benchmarks [NAME...] [--scale 100000] [--markdown]`."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import comparing, holding, nightly, reading, showing, starting, yaml_files
from tests.benchmarks.figure import FULL, Bench, Row

BENCHES: Mapping[str, Bench] = {
    "yaml": yaml_files.rows,
    "compare": comparing.rows,
    "curve": comparing.curve,
    "show": showing.rows,
    "start": starting.rows,
    "window": holding.rows,
    "read": reading.rows,
    "nightly": nightly.rows,
    "growing": nightly.curve,
}


def main(words: list[str] | None = None) -> None:
    """Measures what is named, everything by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--scale", type=int, default=FULL, help="photos; the goals are meant for 100,000")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/figures.md")
    asked = parser.parse_args(words)
    if unknown := set(asked.names) - BENCHES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    for line in (_markdown if asked.markdown else _text)(asked.names or list(BENCHES), asked.scale):
        print(line, flush=True)


def _measured(names: list[str], scale: int) -> Iterator[Row]:
    for name in names:
        yield from BENCHES[name](scale)


def machine() -> str:
    """What was measured on, and when."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}; {datetime.now(UTC):%Y-%m-%d}{busy}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _cells(row: Row, scale: int) -> tuple[str, str, str, str, str, str]:
    """Figure, measured, of the processor, goal, ratio, ok."""
    goal = "" if row.goal is None else f"{row.goal:,g} {row.unit}"
    meant = row.ratio is not None and scale == FULL
    ratio = f"{row.ratio:.2f}" if meant and row.ratio is not None else ""
    spent = "" if row.processor is None else f"{number(row.processor)} s"
    return row.figure, f"{number(row.measured)} {row.unit}", spent, goal, ratio, _met(row) if meant else ""


def _met(row: Row) -> str:
    """Whether the goal is met; on a busy machine only the time of the processor can tell."""
    goal = row.goal or 0
    if row.measured <= goal:
        return "yes"
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    return "busy" if busy and row.processor is not None and row.processor <= goal else "NO"


def number(value: float) -> str:
    """Three digits, as many as a measurement of this kind is good for."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _text(names: list[str], scale: int) -> Iterator[str]:
    yield machine()
    yield f"{'figure':<88}{'measured':>12}{'processor':>12}{'goal':>10}{'ratio':>7}{'ok':>6}"
    for row in _measured(names, scale):
        figure, measured, spent, goal, ratio, met = _cells(row, scale)
        yield f"{figure:<88}{measured:>12}{spent:>12}{goal:>10}{ratio:>7}{met:>6}  {row.note}".rstrip()


def _markdown(names: list[str], scale: int) -> Iterator[str]:
    yield f"Measured on: {machine()}."
    yield ""
    yield "| figure | measured | of the processor | goal | ratio | met | |"
    yield "|---|---|---|---|---|---|---|"
    for row in _measured(names, scale):
        yield f"| {' | '.join((*_cells(row, scale), row.note))} |"


if __name__ == "__main__":
    main()
