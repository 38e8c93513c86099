"""kill -9 and power cuts at every request, before and after the server has acted: the next run finishes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sweep.bench import until
from tests.sweep.cases import FULL, NO_CHANGES, VERSIONS, Course, Record, Tally, boundaries, finished, shard
from tests.sweep.conftest import Courses
from tests.sweep.forks import Ended, Running
from tests.sweep.gate import Asked, Boundary, Deed, after, before
from tests.sweep.scene import THEIRS

SHARDS = 4
RESTORED = "an earlier run had left queues paused; "
LEFT = "an earlier run has left these queues paused:"


@dataclass(frozen=True, slots=True)
class Death:
    """Where and how a run dies."""

    at: Boundary
    acted: bool
    """Whether the server has handled the request before."""
    power: bool
    """Whether the companion dies with it."""

    def deed(self, running: Running) -> Deed:
        side = after if self.acted else before
        return side(lambda: running.kill(companion=self.power))

    def words(self, request: str) -> str:
        when = "after" if self.acted else "before"
        how = "power cut" if self.power else "kill -9"
        return f"{how} {when} {request} {self.at}"


def every_death(requests: Sequence[Asked]) -> list[Death]:
    """Both sides of each boundary, with the companion alive and dead."""
    yes_or_no = (False, True)
    return [
        Death(at, acted, power) for at in boundaries(requests) for acted in yes_or_no for power in yes_or_no
    ]


def chosen_deaths(requests: Sequence[Asked], twist: int, every: int) -> list[Death]:
    """One side of each boundary that writes and of every so-manieth other, half of them power cuts.

    The other side is that of the other `twist`, 0 or 1.
    """
    chosen = boundaries(requests, every=every)
    return [
        Death(at, (number + twist) % 2 == 0, (number // 2 + twist) % 2 == 0)
        for number, at in enumerate(chosen)
    ]


@dataclass(frozen=True, slots=True)
class Killing:
    """A command that is killed, how it is finished, and what must be there then."""

    course: Course
    command: tuple[str, ...]
    finish: tuple[str, ...]
    requests: tuple[Asked, ...]
    wanted: dict[str, Any]
    template: Path | None = None
    nothing_left: tuple[str, ...] = NO_CHANGES
    """The command that shows that nothing is left to do."""

    def survive(self, death: Death) -> Iterable[str]:
        bench = self.course.bench
        bench.fresh(self.template)
        killed = bench.disturbed(death.at, death.deed, *self.command)
        if bench.gate.struck is None:  # the waits were over sooner than in the run that was counted
            assert killed.code == 0 and not death.at.writes, f"never came there: {killed.said}"
        log = list(bench.gate.log)
        bench.gate.arm()
        told = self._queues(death)
        ended = self._finish(log)
        if ended.code:
            yield f"finishing ended with {ended.code}: {ended.said}"
        if told and RESTORED not in ended.err:
            yield f"the next run did not say what it gave back: {ended.said}"
        yield from finished(bench, self.wanted, log + bench.gate.log, self.nothing_left)

    def _queues(self, death: Death) -> bool:
        """The companion gives the queues back; without one, whether there was anything to tell."""
        bench = self.course.bench
        if not death.power:
            until(lambda: not bench.leases(), "the companion gives the queues back")
            assert bench.paused() == {THEIRS}, f"left paused beside a living companion: {bench.paused()}"
            return False
        leases = bench.leases()
        assert bench.paused() - {THEIRS} <= set(leases), f"{bench.paused()} paused, written down {leases}"
        planned = bench.run("immich-plan")
        assert (LEFT in planned.err) is bool(leases), f"immich-plan and {leases}: {planned.err}"
        return bool(leases)

    def _finish(self, log: list[Asked]) -> Ended:
        bench = self.course.bench
        ended = bench.run(*self.finish)
        if "--resume" in self.finish and not ended.code and not bench.runs():
            log += bench.gate.log
            bench.gate.arm()
            ended = bench.run(*self.command)
        return ended


def sweep(record: Record, killing: Killing, what: str, cases: Sequence[Death]) -> None:
    tally = Tally(what)
    for death in cases:
        label = killing.course.label(killing.requests, death.at)
        tally.case(death.words(label), lambda death=death: killing.survive(death))  # type: ignore[misc]
    tally.close(record)


def few(requests: Sequence[Asked], twist: int) -> list[Death]:
    """Every third death in a full sweep, else every seventh of a choice."""
    return every_death(requests)[twist::3] if FULL else chosen_deaths(requests, twist, 1000)[twist::9]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(SHARDS))
@pytest.mark.parametrize("version", VERSIONS)
def test_a_killed_apply_is_finished_by_the_next(
    courses: Courses, version: str, part: int, record_property: Record
) -> None:
    course = courses(version)
    again = ("immich-apply", "--yes")
    killing = Killing(course, again, again, course.apply, course.after)
    twist = VERSIONS.index(version)
    cases = every_death(course.apply) if FULL else chosen_deaths(course.apply, twist, 40)
    sweep(record_property, killing, "killed at a request", shard(cases, part, SHARDS))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_killed_apply_is_finished_by_resume(
    courses: Courses, version: str, record_property: Record
) -> None:
    course = courses(version)
    finish = ("immich-apply", "--yes", "--resume")
    killing = Killing(course, finish[:2], finish, course.apply, course.after)
    cases = few(course.apply, VERSIONS.index(version))
    sweep(record_property, killing, "killed, then --resume", cases)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_killed_undo_is_finished_by_the_next(
    courses: Courses, version: str, record_property: Record
) -> None:
    course = courses(version)
    again = ("immich-undo", "--yes")
    killing = Killing(course, again, again, course.undo, course.undone, course.applied, again)
    cases = few(course.undo, VERSIONS.index(version))
    sweep(record_property, killing, "killed while taking back", cases)
