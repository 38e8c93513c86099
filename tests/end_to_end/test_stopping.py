"""The clock, people, closed terminals and full disks: a run begins when it may and ends in good order."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.end_to_end.support import PATIENCE, PIPELINE, Result, Served, Shell, script, until
from tests.end_to_end.test_whole_path import asking

WISH = """
assets:
  - match: { file: "IMG_*.jpg" }
    rating: 4
    tags: [Sea]
"""


@pytest.fixture
def place(shell: Shell, plain: Any) -> Iterator[tuple[Shell, Served]]:
    with plain(6, milliseconds=5) as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        yield shell, server


def hours(start: int, end: int) -> str:
    """Hours from now on, in UTC."""
    now = datetime.now(UTC)
    return "-".join(f"{now + timedelta(hours=number):%H:%M}" for number in (start, end))


def untouched(server: Served) -> bool:
    """Nothing was written and no queue was paused."""
    reads = ("/search/", "/download/info")
    return not [
        item for item in server.requests() if item["method"] != "GET" and not item["path"].startswith(reads)
    ]


def finished(shell: Shell, server: Served) -> None:
    """The next run finishes, and a plan after it is empty."""
    server.faults()
    applied = shell.run("immich-apply", "--yes", "--now")
    assert applied.code == 0, applied.said
    assert server.paused() == set()
    assert {item["exifInfo"]["rating"] for item in server.assets().values()} == {4}
    assert shell.run("immich-plan", "--exit-code").code == 0


def heard(process: subprocess.Popen[str], text: str) -> None:
    """Reads what the command says until this is in it."""
    stderr = process.stderr
    assert stderr
    until(lambda: text in stderr.readline(), text)


def settings(shell: Shell, window: str) -> None:
    shell.write("settings.yaml", f"settings:\n  window: {window}\n")


def test_outside_its_hours_a_run_writes_nothing_and_says_when_it_would(place: tuple[Shell, Served]) -> None:
    shell, server = place
    span = hours(2, 3)
    settings(shell, f'{{ hours: "{span}", timezone: UTC }}')
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 1 and f"the hours for it are {span} (UTC)" in applied.err
    assert untouched(server)
    finished(shell, server)
    nothing = shell.run("immich-apply", "--yes")
    assert nothing.code == 0, "where nothing is to be written, the hours don't matter"


def test_a_run_that_waits_for_its_hours_can_be_stopped(place: tuple[Shell, Served]) -> None:
    shell, server = place
    span = hours(2, 3)
    settings(shell, f'{{ hours: "{span}", timezone: UTC }}')
    with shell.started("immich-apply", "--yes", "--outside", "wait") as run:
        heard(run, f"waiting until {span[:5]} (UTC)")
        run.send_signal(signal.SIGINT)
        result = shell.ended(run)
    assert result.code == 130 and untouched(server)


def test_inside_its_hours_it_runs(place: tuple[Shell, Served]) -> None:
    shell, server = place
    applied = shell.run("immich-apply", "--yes", "--hours", hours(-1, 2), "--timezone", "UTC")
    assert applied.code == 0, applied.said
    finished(shell, server)


def test_at_the_end_of_its_time_it_stops_and_the_next_run_does_the_rest(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults({"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 1.5, "times": None})
    applied = shell.run("immich-apply", "--yes", "--max-duration", "1s")
    assert applied.code == 4, applied.said
    assert "stopped, as its time of 1s was over" in " ".join(applied.out.split())
    assert server.paused() == set()
    finished(shell, server)


def test_on_a_quiet_server_it_begins(place: tuple[Shell, Served]) -> None:
    shell, server = place
    applied = shell.run("immich-apply", "--wait-for-quiet", "wish.yaml", "--yes")
    assert applied.code == 0, applied.said
    finished(shell, server)


def test_without_an_administrators_key_quiet_is_refused_in_words(place: tuple[Shell, Served]) -> None:
    shell, server = place
    permissions = "user.read asset.read asset.update asset.statistics asset.download tag.read tag.create"
    small = server.new_key([*permissions.split(), "tag.asset", "tag.update"])
    applied = shell.run("immich-apply", "--yes", "--wait-for-quiet", IMMICH_API_KEY=small)
    assert applied.code == 1 and "IMMICH_ADMIN_API_KEY" in applied.err


# -- people, terminals, pipes, disks -----------------------------------------------------------------------


@pytest.fixture
def hung_up_on() -> Iterator[None]:
    """Commands hear that their terminal was closed, also where these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hung_up_on")
def test_a_closed_terminal_ends_the_run_in_good_order(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults({"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 1.0, "times": None})
    with shell.started("immich-apply", "--yes") as process:
        until(lambda: server.paused() == PIPELINE, "the pause")
        process.send_signal(signal.SIGHUP)
        result = shell.ended(process)
    assert result.code == 130 and server.paused() == set()
    finished(shell, server)


def test_a_run_that_shall_outlive_its_terminal_does(place: tuple[Shell, Served]) -> None:
    """nohup lets programs ignore the signal, and that is kept."""
    shell, server = place
    server.faults({"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 0.5, "times": None})
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what is started inherits it
    try:
        with shell.started("immich-apply", "--yes") as process:
            until(lambda: server.paused() == PIPELINE, "the pause")
            process.send_signal(signal.SIGHUP)
            result = shell.ended(process)
    finally:
        signal.signal(signal.SIGHUP, former)
    assert result.code == 0, result.said
    finished(shell, server)


def test_a_second_signal_gives_the_queues_back_while_a_request_hangs(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults({"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 6.0, "times": None})
    with shell.started("immich-apply", "--yes", "--connections", "1") as process:
        until(lambda: server.ask("GET", "/_sandbox/faults")["struck"], "the writing")
        assert server.paused() == PIPELINE
        process.send_signal(signal.SIGTERM)
        heard(process, "stopping")
        process.send_signal(signal.SIGTERM)
        until(lambda: server.paused() == set(), "the queues coming back")
        assert "PUT /assets" not in server.writes(), "the request is still under way"
        result = shell.ended(process)
    assert result.code == 130 and "given back now" in result.err
    finished(shell, server)


def piped(shell: Shell, command: str) -> Result:
    """Runs a line of bash; its code is that of the first command of a pipe."""
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        cwd=shell.folder,
        env=shell.variables(PATH=f"{os.path.dirname(script('immich-apply'))}:{os.environ['PATH']}"),  # noqa: PTH120
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return shell.checked(Result(done.returncode, done.stdout, done.stderr))


@pytest.mark.parametrize(
    "command",
    [
        "immich-apply --yes | true",
        "immich-apply --yes | head -1",
        "immich-apply --yes 2>&1 | true",
        "immich-apply --yes --format json | true",
        "immich-apply --yes -q 2>&1 >/dev/full | true",
    ],
)
def test_a_run_that_nobody_listens_to_any_more_goes_to_its_end(
    place: tuple[Shell, Served], command: str
) -> None:
    shell, server = place
    applied = piped(shell, command)
    assert applied.code == 0, applied.said
    assert server.paused() == set()
    assert {item["exifInfo"]["rating"] for item in server.assets().values()} == {4}


def test_an_account_that_cannot_be_written_is_told(place: tuple[Shell, Served]) -> None:
    shell, _ = place
    applied = piped(shell, "immich-apply --yes -q >/dev/full")
    assert applied.code == 0 and "No space left on device" in applied.err


def test_with_a_full_disk_nothing_is_paused(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.ask("DELETE", "/_sandbox/requests")
    applied = piped(shell, "ulimit -f 0; immich-apply --yes")
    assert applied.code == 1 and "state folder" in applied.err and "--state-dir" in applied.err
    assert untouched(server)
    finished(shell, server)


# -- drift -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("drift", "code"), [(None, 6), ("skip", 4), ("stop", 6)])
def test_what_has_moved_stops_a_saved_plan_or_is_skipped(
    place: tuple[Shell, Served], drift: str | None, code: int
) -> None:
    shell, server = place
    assert shell.run("immich-plan", "-o", "plan.json").code == 0
    moved = server.assets()["IMG_0003.jpg"]
    server.ask("PUT", f"/api/assets/{moved['id']}", {"rating": 1})
    server.ask("DELETE", "/_sandbox/requests")
    options = ["--on-drift", drift] if drift else []
    applied = shell.run("immich-apply", "plan.json", "--yes", *options)
    assert applied.code == code, applied.said
    assert "IMG_0003.jpg" in applied.out
    ratings = {name: item["exifInfo"]["rating"] for name, item in server.assets().items()}
    assert ratings["IMG_0003.jpg"] == 1
    assert (ratings["IMG_0000.jpg"] == 4) is (code == 4)
    assert untouched(server) is (code == 6)
