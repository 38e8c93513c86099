"""A server that restarts, an administrator and a second client at work, at every request that writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Response

from reconciler.plan import PIPELINE
from tests.sweep.bench import Bench
from tests.sweep.cases import FULL, VERSIONS, Course, Record, Tally, boundaries, finished
from tests.sweep.conftest import Courses
from tests.sweep.forks import Ended
from tests.sweep.gate import Asked, Boundary, Deed, Through
from tests.sweep.scene import THEIRS
from tests.sweep.test_faults import APPLY, dishonest, told

READS = "metadataExtraction"
UNDONE = "Tried before and undone by the server"


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody else with the same rights, whose requests count as nobody's."""

    bench: Bench

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method,
            f"{self.bench.url}/api{path}",
            json=body,
            headers={"x-api-key": self.bench.library.admin_key or ""},
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def pause(self, queue: str, paused: bool = True) -> None:
        self.ask("PUT", f"/queues/{queue}", {"isPaused": paused})

    def ids(self) -> dict[str, str]:
        found = self.ask("POST", "/search/metadata", {"size": 1000})
        return {item["originalFileName"]: item["id"] for item in found["assets"]["items"]}


def writes(course: Course, every: int, twist: int) -> list[Boundary]:
    """The requests of an undisturbed run that write; in a full sweep all."""
    found = boundaries(course.apply, every=1_000_000)
    return found if FULL else found[twist::every]


def index_of(log: Sequence[Asked], at: Boundary) -> int:
    return next(number for number, asked in enumerate(log) if asked.boundary == at)


def is_edit(asked: Asked) -> bool:
    """Whether it makes the server write the sidecars of photos."""
    return asked.path == "/assets" or (asked.path.startswith("/tags/") and asked.path.endswith("/assets"))


# -- a restart -----------------------------------------------------------------------------------------


def restarting(bench: Bench) -> Deed:
    """The server goes down with the request and comes up again; it resumes a queue by itself."""

    def deed(_through: Through) -> Response:
        bench.library.stop()
        bench.library.start()
        raise ConnectionResetError("restarted")

    return deed


def unheld_edits(log: Sequence[Asked], at: Boundary) -> list[Asked]:
    """Edits after the restart while metadataExtraction, held before, was not paused again.

    The request that met the restart is repeated at once and counts as none.
    """
    struck = index_of(log, at)
    held = False
    for asked in log[:struck]:
        if asked.path == f"/queues/{READS}" and asked.boundary:
            held = asked.body["isPaused"]
    found: list[Asked] = []
    for asked in log[struck + 2 :]:
        if asked.path == f"/queues/{READS}":
            return found
        if held and is_edit(asked):
            found.append(asked)
    return found


def survive_restart(course: Course, at: Boundary) -> Iterable[str]:
    bench = course.bench
    bench.fresh()
    ended = bench.disturbed(at, lambda _running: restarting(bench), *APPLY)
    log = list(bench.gate.log)
    yield from dishonest(course, ended)
    yield from (f"written while {READS} ran: {asked}" for asked in unheld_edits(log, at))
    if bench.paused() != {THEIRS} or bench.leases():
        yield f"left paused: {bench.paused()}, written down {bench.leases()}: {told(ended)}"
    yield from finish(course, log)


def finish(course: Course, log: list[Asked], *, reedited: bool = False) -> Iterable[str]:
    """The next run, with all as it was before; where somebody edits too, values do change twice."""
    bench = course.bench
    bench.gate.arm()
    again = bench.run("immich-apply", "--yes")
    if (
        reedited and UNDONE in again.out
    ):  # the two writes of one file have destroyed it, and the run has said so
        again = bench.run("immich-apply", "--yes", "--retry-undone")
    if again.code:
        yield f"the next run ended with {again.code}: {again.said}"
    yield from finished(bench, course.after, [] if reedited else log + bench.gate.log)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_restart_in_the_middle_is_survived(courses: Courses, version: str, record_property: Record) -> None:
    course = courses(version)
    tally = Tally("server restarts in the middle")
    for at in writes(course, 6, 3 * VERSIONS.index(version)):
        name = f"restart at {course.label(course.apply, at)} {at}"
        tally.case(name, lambda at=at: survive_restart(course, at))  # type: ignore[misc]
    tally.close(record_property)


# -- an administrator at the queues --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hand:
    """What an administrator does to a queue."""

    queue: str
    paused: bool

    def __str__(self) -> str:
        return f"{'pauses' if self.paused else 'resumes'} {self.queue}"


HANDS = (
    *(Hand(queue, paused) for queue in PIPELINE for paused in (True, False)),
    Hand(THEIRS, False),
    Hand("thumbnailGeneration", True),
)


def survive_hand(course: Course, at: Boundary, hand: Hand) -> Iterable[str]:
    """An administrator's hand right after a request was handled."""
    bench = course.bench
    bench.fresh()
    states: list[bool] = []

    def deed(through: Through) -> Response:
        response = through()
        states.append(hand.queue in bench.paused())
        Admin(bench).pause(hand.queue, hand.paused)
        return response

    ended = bench.disturbed(at, lambda _running: deed, *APPLY)
    log = list(bench.gate.log)
    changed = states != [hand.paused] and not unseen(log, at, hand)
    if changed:
        yield from disrespect(bench, log, at, hand, ended)
    others = bench.paused() ^ {THEIRS}
    if others - {hand.queue} or bench.leases():
        yield f"left paused: {bench.paused()}, written down {bench.leases()}: {told(ended)}"
    for queue in others:
        Admin(bench).pause(queue, queue == THEIRS)
    if not (hand.paused and changed):
        yield from dishonest(course, ended)
    elif ended.code not in (0, 1, 4):
        yield f"ended with {ended.code}: {told(ended)}"
    yield from finish(course, log)


def disrespect(bench: Bench, log: Sequence[Asked], at: Boundary, hand: Hand, ended: Ended) -> Iterable[str]:
    """How a run has fought over a queue, or kept quiet about it."""
    left = hand.queue in bench.paused()
    if left is not hand.paused:
        yield f"{hand.queue} is {'paused' if left else 'running'} against the administrator: {told(ended)}"
    matters = hand.paused or writes_later(log, at)
    if hand.queue in PIPELINE and matters and hand.queue not in ended.out:
        yield f"nothing is said of it: {told(ended)}"
    if hand.paused and ended.code == 0 and bench.library.queues.jobs(hand.queue):
        yield f"called done while {hand.queue} is paused with jobs: {told(ended)}"


def unseen(log: Sequence[Asked], at: Boundary, hand: Hand) -> bool:
    """Whether the run was about to pause that very queue without a further look; nothing can tell then."""
    for asked in log[index_of(log, at) + 1 :]:
        if asked.boundary and asked.path == f"/queues/{hand.queue}":
            return bool(asked.body["isPaused"])
        if asked.boundary and asked.path == "/queues":
            return False
    return False


def writes_later(log: Sequence[Asked], at: Boundary) -> bool:
    """Whether the run edits photos afterwards."""
    return any(is_edit(asked) for asked in log[index_of(log, at) + 1 :])


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_administrators_hand_is_respected(courses: Courses, version: str, record_property: Record) -> None:
    course = courses(version)
    tally = Tally("administrators pausing and resuming in the middle")
    twist = VERSIONS.index(version)
    for number, at in enumerate(writes(course, 6, 3 * twist)):
        for hand in HANDS if FULL else HANDS[(number + 4 * twist) % len(HANDS) :][:1]:
            name = f"an administrator {hand} after {course.label(course.apply, at)} {at}"
            tally.case(name, lambda at=at, hand=hand: survive_hand(course, at, hand))  # type: ignore[misc]
    tally.close(record_property)


# -- a second client -----------------------------------------------------------------------------------


def survive_edit(course: Course, at: Boundary) -> Iterable[str]:
    """Another client writes the same photo right after a request was handled."""
    bench = course.bench
    bench.fresh()

    def deed(through: Through) -> Response:
        response = through()
        other = Admin(bench)
        other.ask("PUT", "/assets", {"ids": [other.ids()["IMG_0001.jpg"]], "rating": 1})
        return response

    ended = bench.disturbed(at, lambda _running: deed, *APPLY)
    log = list(bench.gate.log)
    if bench.paused() != {THEIRS} or bench.leases():
        yield f"left paused: {bench.paused()}, written down {bench.leases()}: {told(ended)}"
    yield from dishonest(course, ended)
    theirs = next(number for number, asked in enumerate(log) if asked.boundary is None)
    checks = [number for number, asked in enumerate(log) if asked.boundary and "/assets/" in asked.path]
    ours = [
        number
        for number, asked in enumerate(log)
        if asked.boundary
        and asked.path == "/assets"
        and "rating" in asked.body
        and log[theirs + 1].body["ids"][0] in asked.body["ids"]
    ]
    if any(number > theirs for number in ours) and any(theirs < number < ours[-1] for number in checks):
        yield f"overwritten without a word: {told(ended)}"
    yield from finish(course, log, reedited=True)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_second_client_is_not_overwritten_in_silence(
    courses: Courses, version: str, record_property: Record
) -> None:
    course = courses(version)
    tally = Tally("second clients editing the same photo")
    for at in writes(course, 6, 3 * VERSIONS.index(version)):
        name = f"an edit after {course.label(course.apply, at)} {at}"
        tally.case(name, lambda at=at: survive_edit(course, at))  # type: ignore[misc]
    tally.close(record_property)
