"""What a benchmark yields: rows of a table, each a figure beside its goal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

FULL = 100_000
"""Photos for which the goals are meant."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `goal` is the most it may be, None where there is none; `note` says how it came about."""

    figure: str
    measured: float
    unit: str
    goal: float | None = None
    note: str = ""
    processor: float | None = None
    """Seconds of the processor, of one core where several share the work: what a quiet machine takes."""

    @property
    def ratio(self) -> float | None:
        """The measured value against the goal: 1 and below is good."""
        return None if not self.goal else self.measured / self.goal


Bench = Callable[[int], Iterator[Row]]
"""Measures with so many photos."""
