"""Stopped, killed, or cut off in the middle: the queues come back and the next run finishes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.support import PIPELINE, Served, Shell, script, until
from tests.end_to_end.test_whole_path import asking

WISH = """
assets:
  - match: { file: "IMG_*.jpg" }
    rating: 4
albums:
  - name: Good
    match: { rating: ">=4" }
"""
SLOW_WRITE = {"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 1.0, "times": None}


@pytest.fixture
def place(shell: Shell, plain: Any, request: pytest.FixtureRequest) -> Iterator[tuple[Shell, Served]]:
    with plain(12, getattr(request, "param", "3.1.0"), milliseconds=20) as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        yield shell, server


def finished(shell: Shell, server: Served) -> None:
    """The next run finishes, and a plan after it is empty."""
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 0, applied.said
    assert server.paused() == set()
    assert shell.run("immich-plan", "--exit-code").code == 0
    assert server.albums() == ["Good"]
    assert {item["exifInfo"]["rating"] for item in server.assets().values()} == {4}


def in_the_middle_of_writing(server: Served) -> bool:
    """The queues are held and a write is on its way."""
    return server.paused() == PIPELINE and "POST /albums" in server.writes()


def in_the_middle_of_settling(server: Served) -> bool:
    """The first round is written and its jobs run."""
    return any(item["method"] == "PUT" and item["path"] == "/assets" for item in server.requests()) and (
        "sidecar" not in server.paused()
    )


@pytest.mark.parametrize(
    ("place", "number", "when"),
    [
        ("3.1.0", signal.SIGINT, in_the_middle_of_writing),
        ("3.1.0", signal.SIGINT, in_the_middle_of_settling),
        ("3.1.0", signal.SIGTERM, in_the_middle_of_writing),
        ("2.5.6", signal.SIGTERM, in_the_middle_of_settling),
    ],
    indirect=["place"],
)
def test_a_signal_ends_the_run_in_good_order(place: tuple[Shell, Served], number: int, when: Any) -> None:
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(process, lambda: when(server), "the middle of the apply")
        process.send_signal(number)
        result = shell.ended(process)
    assert result.code == 130, result.said
    assert "stopping" in result.err and "Interrupted" in result.out
    assert server.paused() == set()
    server.faults()
    finished(shell, server)


def test_what_is_no_longer_written_is_not_announced(place: tuple[Shell, Served]) -> None:
    shell, server = place
    shell.write("wish.yaml", WISH.replace("rating: 4\n", "rating: 4\n    tags: [Sea]\n", 1))
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(process, lambda: in_the_middle_of_writing(server), "the middle of the apply")
        process.send_signal(signal.SIGINT)
        result = shell.ended(process)
    assert result.code == 130 and "writing (round 1 of 2)" in result.err
    assert "round 2" not in result.err


def test_a_second_signal_is_no_crash_either(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(process, lambda: in_the_middle_of_writing(server), "the middle of the apply")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        result = shell.ended(process)
    assert result.code == 130 and server.paused() == set()


def test_a_signal_while_reading_is_an_interruption(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults(
        {"kind": "latency", "method": "POST", "path": "/search/metadata", "seconds": 3, "times": None}
    )
    for command in ("immich-plan", "immich-apply"):
        server.ask("DELETE", "/_sandbox/requests")
        with shell.started(command) as process:
            until(
                lambda: any(item["path"].startswith("/users/me") for item in server.requests()), "the reading"
            )
            process.send_signal(signal.SIGINT)
            result = shell.ended(process)
        assert result.code == 130 and result.err.rstrip().endswith("interrupted")


@pytest.mark.parametrize(
    ("place", "when"),
    [
        ("3.1.0", in_the_middle_of_writing),
        ("3.1.0", in_the_middle_of_settling),
        ("2.5.6", in_the_middle_of_writing),
    ],
    indirect=["place"],
)
def test_after_a_kill_the_next_run_gives_the_queues_back_and_finishes(
    place: tuple[Shell, Served], when: Any
) -> None:
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(process, lambda: when(server), "the middle of the apply")
        process.kill()
        process.wait()
    server.faults()
    finished(shell, server)


def test_an_admins_pause_survives_a_kill(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.ask("PUT", "/api/queues/storageTemplateMigration", {"isPaused": True})
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(process, lambda: in_the_middle_of_writing(server), "the middle of the apply")
        process.kill()
        process.wait()
    server.faults()
    shell.run("immich-apply", "--yes")
    assert server.paused() == {"storageTemplateMigration"}
    server.ask("PUT", "/api/queues/storageTemplateMigration", {"isPaused": False})
    finished(shell, server)


def test_the_address_may_be_written_in_another_way_after_a_kill(place: tuple[Shell, Served]) -> None:
    """The paused queues of a server are found again however its address is written."""
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes", IMMICH_INSTANCE_URL=server.url + "/api/") as process:
        shell.reached(process, lambda: in_the_middle_of_writing(server), "the middle of the apply")
        process.kill()
        process.wait()
    server.faults()
    finished(shell, server)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_pipe_that_closes_stops_no_run_half_way(place: tuple[Shell, Served], stream: str) -> None:
    """`| head -1`: the one who reads has had enough, and the queues come back all the same."""
    shell, server = place
    reader, writer = os.pipe()
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writer}
    process = subprocess.Popen(
        [script("immich-apply"), "--yes"],
        cwd=shell.folder,
        env=shell.variables(),
        stdin=subprocess.DEVNULL,
        **streams,
    )
    os.close(writer)
    if stream == "stderr":
        os.read(reader, 1)
    os.close(reader)
    process.wait(timeout=30)
    assert server.paused() == set()
    if stream == "stderr":
        assert process.returncode == 0
    finished(shell, server)


def test_a_plan_into_head_says_nothing_on_stderr(place: tuple[Shell, Served]) -> None:
    shell, _ = place
    command = f"{script('immich-plan')} --quiet --full | head -1"
    ended = subprocess.run(
        ["sh", "-c", command],
        cwd=shell.folder,
        env=shell.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.count("\n") == 1 and ended.stderr == ""


def test_an_interrupted_run_gives_programs_one_document(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes", "--format", "json") as process:
        shell.reached(process, lambda: in_the_middle_of_writing(server), "the middle of the apply")
        process.send_signal(signal.SIGINT)
        result = shell.ended(process)
    assert json.loads(result.out)["outcome"] == "interrupted" and result.code == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_what_the_run_itself_has_written_is_no_drift(place: tuple[Shell, Served], number: int) -> None:
    shell, server = place
    wish = WISH.replace(">=4", ">=1")
    shell.write("wish.yaml", wish)
    finished(shell, server)
    shell.write("wish.yaml", wish.replace("rating: 4", "rating: 5"))
    with shell.started("immich-apply", "--yes") as process:
        server.ask("DELETE", "/_sandbox/requests")
        shell.reached(process, lambda: in_the_middle_of_settling(server), "the middle of the apply")
        process.send_signal(number)
        process.wait()
    assert {item["exifInfo"]["rating"] for item in server.assets().values()} == {5}
    shell.write("wish.yaml", wish.replace("rating: 4", "rating: 3"))
    planned = shell.run("immich-plan", "--detect-drift")
    assert planned.code == 0 and "12 photos" in planned.out, planned.said
    one = server.assets()["IMG_0001.jpg"]["id"]
    server.ask("PUT", f"/api/assets/{one}", {"rating": 2})
    planned = shell.run("immich-plan", "--detect-drift")
    assert planned.code == 7 and "rating is 2 on the server" in planned.out, planned.said
