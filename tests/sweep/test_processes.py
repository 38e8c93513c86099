"""A few of the same deaths with the commands as they are installed, their waits and tries as for a user."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.end_to_end.support import Result, Shell, script
from tests.sweep.bench import Bench, until
from tests.sweep.cases import FULL, Course, Record, Tally, finished
from tests.sweep.conftest import Courses
from tests.sweep.gate import Asked, Boundary, Through, after, before
from tests.sweep.scene import THEIRS


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(number) for number in found.split()]


def place(requests: Sequence[Asked], path: str, nth: int) -> Boundary:
    """The nth request that writes to this path."""
    fitting = [asked.boundary for asked in requests if asked.boundary and asked.path == path]
    found = [boundary for boundary in fitting if boundary.writes]
    return found[nth]


def killed(bench: Bench, shell: Shell, at: Boundary, *, acted: bool, power: bool) -> None:
    """Runs immich-apply until it is killed at a request."""
    processes: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        for child in children(processes[0].pid) if power else ():
            os.kill(child, signal.SIGKILL)
        processes[0].kill()

    def deed(through: Through) -> object:
        until(lambda: processes, "the command is known")
        return (after if acted else before)(kill)(through)

    bench.gate.arm(at, deed)  # type: ignore[arg-type]
    nowhere = subprocess.DEVNULL
    command = [script("immich-apply"), "--yes"]
    processes.append(
        subprocess.Popen(
            command, cwd=bench.case, env=shell.variables(), stdin=nowhere, stdout=nowhere, stderr=nowhere
        )
    )
    assert processes[0].wait(timeout=60) == -signal.SIGKILL
    bench.gate.quiet()


def survive(course: Course, at: Boundary, *, acted: bool, power: bool) -> list[str]:
    bench = course.bench
    bench.fresh()
    key = bench.library.admin_key or ""
    shell = Shell(bench.case, {"IMMICH_API_KEY": key}, [key])
    killed(bench, shell, at, acted=acted, power=power)
    log = list(bench.gate.log)
    bench.gate.arm()
    if power:
        assert bench.leases() and bench.paused() > {THEIRS}
    else:
        until(lambda: bench.paused() == {THEIRS}, "the companion gives the queues back")
    ended: Result = shell.run("immich-apply", "--yes")
    assert ended.code == 0, ended.said
    assert ("an earlier run had left queues paused; resumed:" in ended.err) is power
    return list(finished(bench, course.after, log + bench.gate.log))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the companion in /proc")
def test_installed_commands_survive_too(courses: Courses, record_property: Record) -> None:
    course = courses("3.1.0")
    tally = Tally("killed at a request")
    for path, nth in (("/assets", 0), ("/queues/sidecar", 0)):
        at = place(course.apply, path, nth)
        for power in (False, True) if FULL else (path == "/assets",):
            name = f"{'power cut' if power else 'kill -9'} at {path}, the installed command"
            tally.case(
                name,
                lambda at=at, power=power: survive(course, at, acted=True, power=power),  # type: ignore[misc]
            )
    tally.close(record_property)
