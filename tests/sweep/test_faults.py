"""Every fault at every request that writes, and at some that read: honestly told, and survived."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.wrappers import Response

from reconciler.sandbox.app import HTML
from tests.sweep.bench import Bench
from tests.sweep.cases import FULL, VERSIONS, Course, Record, Tally, boundaries, finished, shard
from tests.sweep.conftest import Courses
from tests.sweep.forks import Ended
from tests.sweep.gate import Asked, Boundary, Deed, Through, after, before
from tests.sweep.scene import THEIRS, differences

SHARDS = 2
HASTE = ("--timeout", "1s")
APPLY = ("immich-apply", "--yes", "--format", "json")


def nothing() -> None:
    """The connection is lost all the same."""


def status(number: int, *, acted: bool = False, **headers: str) -> Deed:
    """An error, mostly of a server that has done nothing."""

    def deed(through: Through) -> Response:
        if acted:
            through()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return Response('{"message": "not now"}', number, headers=given, content_type="application/json")

    return deed


def timeout(through: Through) -> Response:
    """The server acts, and takes longer to answer than the client waits."""
    response = through()
    time.sleep(1.3)
    return response


def hanging(_through: Through) -> Response:
    """The server takes the request and does nothing about it for longer than the client waits."""
    time.sleep(1.3)
    raise ConnectionResetError("nothing was done")


def killed(through: Through) -> Response:
    """The server dies when it has stored an edit and queued at most half of its jobs."""
    through(dies=True)
    raise ConnectionResetError("killed")


def truncated(through: Through) -> Response:
    response = through()
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    response.headers["Content-Length"] = str(len(body) or 10)
    return response


def html(_through: Through) -> Response:
    return Response(HTML, 200, content_type="text/html")


FAULTS: dict[str, Deed] = {
    "connection reset": before(nothing),
    "lost answer": after(nothing),
    "500": status(500),
    "502": status(502),
    "502 after the effect": status(502, acted=True),
    "503 with Retry-After": status(503, Retry_After="0"),
    "429 with Retry-After": status(429, Retry_After="0"),
    "truncated body": truncated,
    "HTML instead of JSON": html,
    "timeout after the effect": timeout,
    "timeout": hanging,
    "server killed over it": killed,
}


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault at a request."""

    at: Boundary
    fault: str


def strikes(requests: Sequence[Asked], twist: int) -> list[Strike]:
    """Each fault at each request that writes and at every fifth that reads; or one fault at each of these."""
    if FULL:
        return [Strike(at, fault) for at in boundaries(requests, every=5) for fault in FAULTS]
    chosen = boundaries(requests, every=25)[twist :: len(VERSIONS)]
    names = list(FAULTS)
    return [Strike(at, names[(number + 5 * twist) % len(names)]) for number, at in enumerate(chosen)]


def survive(course: Course, strike: Strike) -> Iterable[str]:
    bench = course.bench
    bench.fresh()
    haste = HASTE if "timeout" in strike.fault else ()
    ended = bench.disturbed(strike.at, lambda _running: FAULTS[strike.fault], *APPLY, *haste)
    assert bench.gate.struck or not strike.at.writes, f"never came there: {told(ended)}"
    yield from dishonest(course, ended)
    if bench.paused() != {THEIRS} or bench.leases():
        yield f"left paused: {bench.paused()}, written down {bench.leases()}: {told(ended)}"
    yield from _finish(course, list(bench.gate.log))


def _finish(course: Course, log: list[Asked]) -> Iterable[str]:
    bench = course.bench
    bench.gate.arm()
    again = bench.run("immich-apply", "--yes")
    if again.code:
        yield f"the next run ended with {again.code}: {again.said}"
    yield from finished(bench, course.after, log + bench.gate.log)


def told(ended: Ended) -> str:
    """What a run has said, in short."""
    if not ended.out.startswith("{"):
        return f"{ended.code}: {ended.said}"
    report = json.loads(ended.out)
    parts = {name: report[name] for name in ("outcome", "error", "waiting", "drifted", "reverted")}
    parts |= {name: report["window"][name] for name in ("troubles", "noticed")}
    parts["operations"] = [item for item in report["operations"] if item["fate"] != "written"]
    return f"{ended.code}: {[f'{name}: {value}' for name, value in parts.items() if value]} {ended.err}"


def dishonest(course: Course, ended: Ended) -> Iterable[str]:
    """Where the exit code and the report of a disturbed run are not what the server shows."""
    bench = course.bench
    if ended.code == 0:
        yield from (f"called done: {line}" for line in _differences(bench, course.after))
    elif ended.code == 4:
        report = json.loads(ended.out)
        undone = [item for item in report["operations"] if item["fate"] != "written"]
        if not (undone or report["waiting"] or report["reverted"] or report["error"] or report["drifted"]):
            yield f"ended with 4 and doesn't say why: {told(ended)}"
    elif ended.code == 1:
        if "error: " not in ended.err or ended.out:
            yield f"ended with 1 and doesn't say why: {told(ended)}"
        yield from (f"said that nothing was written: {line}" for line in _differences(bench, course.before))
    else:
        yield f"ended with {ended.code}: {told(ended)}"


def _differences(bench: Bench, wanted: dict[str, Any]) -> list[str]:
    """What differs of the library, the queues left out."""
    found = bench.seen()
    return differences({**found, "paused": None}, {**wanted, "paused": None})


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(SHARDS))
@pytest.mark.parametrize("version", VERSIONS)
def test_a_fault_at_any_request_is_survived(
    courses: Courses, version: str, part: int, record_property: Record
) -> None:
    course = courses(version)
    tally = Tally("faults at a request")
    for strike in shard(strikes(course.apply, VERSIONS.index(version)), part, SHARDS):
        name = f"{strike.fault} at {course.label(course.apply, strike.at)} {strike.at}"
        tally.case(name, lambda strike=strike: survive(course, strike))  # type: ignore[misc]
    tally.close(record_property)
