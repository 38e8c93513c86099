"""How long the server's jobs are still going to take."""

from __future__ import annotations

import pytest

from reconciler.apply.queues.estimate import Estimate, work_left
from reconciler.immich.answers import Queue


def queues(sidecar: int, reading: int = 0, moving: int = 0) -> dict[str, Queue]:
    """So many jobs wait in each, in paused ones too."""
    return {
        "sidecar": Queue("sidecar", False, 0, sidecar, 0, 0, 0),
        "metadataExtraction": Queue("metadataExtraction", True, 0, 0, 0, reading, 0),
        "storageTemplateMigration": Queue("storageTemplateMigration", True, 0, 0, moving, 0, 0),
    }


class Clock:
    """Goes on when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_job_at_the_head_of_the_chain_counts_with_those_that_it_brings() -> None:
    assert work_left(queues(10, 5, 2)) == 10 * 3 + 5 * 2 + 2
    assert work_left(queues(10, 5, 2), {"metadataExtraction"}) == 10 * 3 + 2
    assert work_left({}) == 0


@pytest.mark.parametrize(
    ("seconds", "left", "words"),
    [
        (60.0, 900, "about 9 min left"),
        (60.0, 950, "about 19 min left"),
        (600.0, 900, "about 1 h 30 min left"),
        (60.0, 300, "less than a minute left"),
        (1.0, 900, ""),
        (60.0, 995, ""),
    ],
)
def test_the_time_follows_from_how_fast_it_has_gone_so_far(seconds: float, left: int, words: str) -> None:
    clock = Clock()
    estimate = Estimate(clock)
    assert estimate.words(queues(0, 0, 1000)) == ""
    clock.now += seconds
    assert estimate.words(queues(0, 0, left)) == words


def test_more_work_than_before_is_a_new_start() -> None:
    clock = Clock()
    estimate = Estimate(clock)
    estimate.words(queues(0, 0, 100))
    clock.now += 60
    assert estimate.words(queues(0, 0, 2000)) == ""
    clock.now += 60
    assert estimate.words(queues(0, 0, 1000)) == "about 1 min left"
