"""Settings for all tests: in CI, hypothesis asks the same questions each time, so that a failure is news.

And sums: a test that survives faults, crashes or races says so with
`record_property("survived:<what>", "n/m")`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

from hypothesis import settings

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

SURVIVED = "survived:"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each thing that was survived, over all tests and workers."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for name, value in report.user_properties:
                if name.startswith(SURVIVED):
                    parts = map(int, str(value).split("/"))
                    for place, number in enumerate(parts):
                        sums[name.removeprefix(SURVIVED)][place] += number
    for what, (survived, tried) in sorted(sums.items()):
        terminalreporter.write_line(f"{what}: {survived:,} survived of {tried:,}")
