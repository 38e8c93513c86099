"""What the races have in common: how long jobs take, what is counted, and the two who write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from reconciler.plan.report import Outcome, Report
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.settings import Pace
from tests.apply.support import Here, here
from tests.sandbox.running import photos

T = TypeVar("T")

SCALE = 1 / 3
"""Everything here goes three times as fast as on the server that was measured, requests included."""
JOBS = {"sidecar": 30 * SCALE, "metadataExtraction": 25 * SCALE, "storageTemplateMigration": 3 * SCALE}
"""Milliseconds: one run of ExifTool, as measured, is some tens of them."""
TAGGING = 2.7 * SCALE
"""Milliseconds for each photo of a tag call."""
COLLISION_LOSS = 0.06
"""9 destroyed files in 159 collisions that the server had logged."""
CERTAIN = 1.0
"""For our own tries: were there a single collision, it would destroy the file."""


@dataclass(frozen=True, slots=True)
class Tries:
    """How many were made, and how many photos (or pairs of photo and tag) lost something."""

    lost: int
    of: int

    @property
    def rate(self) -> float:
        return self.lost / self.of

    def __add__(self, other: Tries) -> Tries:
        return Tries(self.lost + other.lost, self.of + other.of)

    def __str__(self) -> str:
        return f"{self.lost} of {self.of}"


@dataclass(frozen=True, slots=True)
class Race:
    """One race: what real servers lost, who runs it here, and the rates that the sandbox must show."""

    name: str
    measured: str
    naive: Callable[[Path], Tries]
    ours: Callable[[Path], Tries]
    least: float
    most: float
    """The rate of the naive client lies between these two, as parts of one."""


@contextmanager
def racing(
    folder: Path,
    count: int,
    *,
    collisions: float = COLLISION_LOSS,
    cores: int = 3,
    assets: Sequence[NewAsset] | None = None,
    **milliseconds: float,
) -> Iterator[Here]:
    """A library of its own whose jobs take their time. `milliseconds` are by queue."""
    pace = Pace(
        {**JOBS, **milliseconds},
        collision_loss=collisions,
        seed=1,
        spread=0.5,
        cores=cores,
        tag_milliseconds=TAGGING,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with here(folder, photos(count) if assets is None else assets, pace=pace) as place:
        yield place


def each(items: Sequence[T], clients: int, act: Callable[[T], object]) -> None:
    """Does it for all of them, by so many clients at once."""
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(act, item) for item in items]:
            done.result()


def differing(place: Here, wanted: Mapping[str, Any]) -> int:
    """The photos whose metadata is not as wanted, once all jobs are done."""
    place.settled()
    found = [asset["exifInfo"] for asset in place.other.assets()]
    return sum(any(exif[name] != value for name, value in wanted.items()) for exif in found)


def untagged(place: Here, tags: Sequence[str]) -> int:
    """The pairs of photo and tag that are missing, once all jobs are done."""
    place.settled()
    ids = {tag["value"]: tag["id"] for tag in place.other.ask("GET", "/tags")}
    everybody = set(place.other.ids())
    carriers = [{item["id"] for item in place.other.assets(tagIds=[ids[tag]])} for tag in tags]
    return sum(len(everybody - having) for having in carriers)


def made_true(place: Here, wish: Mapping[str, Any], *, outcome: Outcome = Outcome.DONE) -> Report:
    """Plans and applies, and believes no account that says something else."""
    report = place.converge(wish)
    assert report.outcome is outcome, (report.outcome, report.waiting, report.error, report.reverted[:3])
    assert place.paused() == set() and place.state.leases("sandbox") == ()
    return report


def begun(place: Here, queue: str) -> None:
    """Waits until a job of the queue runs."""
    while not place.library.queues.counts(queue).active:
        time.sleep(0.001)


def extraction_of_everything(place: Here) -> None:
    """An administrator has all files read again."""
    place.other.ask("PUT", "/jobs/metadataExtraction", {"command": "start", "force": True})
