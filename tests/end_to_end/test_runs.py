"""Looking back at runs, taking them back, continuing them: the commands as a user runs them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.support import PIPELINE, Served, Shell, until
from tests.end_to_end.test_whole_path import asking, valid

WISH = """
assets:
  - match: { file: "IMG_*.jpg" }
    rating: 4
    tags: [Sea]
albums:
  - name: Good
    match: { rating: ">=4" }
"""
SLOW_WRITE = {"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 1.5, "times": None}


@pytest.fixture
def place(shell: Shell, plain: Any, request: pytest.FixtureRequest) -> Iterator[tuple[Shell, Served]]:
    with plain(8, getattr(request, "param", "3.1.0"), milliseconds=5) as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        yield shell, server


def ratings(server: Served) -> set[int | None]:
    return {item["exifInfo"]["rating"] for item in server.assets().values()}


def runs(shell: Shell) -> list[dict[str, Any]]:
    result = shell.run("immich-runs", "--format", "json")
    assert result.code == 0, result.said
    found: list[dict[str, Any]] = json.loads(result.out)["runs"]
    return found


@pytest.mark.parametrize("place", ["3.1.0", "2.5.6"], indirect=True)
def test_apply_look_undo_and_apply_again(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-runs").out.startswith("No runs yet")
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 0 and "immich-undo 1 takes this back." in applied.out
    listed = shell.run("immich-runs")
    assert "apply" in listed.out and "done" in listed.out and "4 written" in listed.out
    shown = shell.run("immich-runs", "show", "1")
    assert "make album 'Good' with 8 photos" in shown.out and "tag 8 photos Sea" in shown.out
    operations = json.loads(shell.run("immich-runs", "show", "1", "--format", "json").out)["operations"]
    assert [item["state"] for item in operations] == ["written"] * 4
    verified = shell.run("immich-runs", "verify", "--format", "json")
    assert verified.code == 0
    valid(json.loads(verified.out), "report")

    undone = shell.run("immich-undo", "--yes", "--format", "json")
    assert undone.code == 0, undone.said
    document = json.loads(undone.out)
    valid(document, "report")
    assert document["run"] == "2" and document["outcome"] == "done"
    assert ratings(server) == {None} and server.albums() == [] and server.paused() == set()
    assert [(run["run"], run["what"], run["of"]) for run in runs(shell)] == [
        (2, "undo", 1),
        (1, "apply", None),
    ]
    nothing = shell.run("immich-undo")
    assert nothing.code == 0 and "Nothing to take back" in nothing.out
    again = shell.run("immich-undo", "1")
    assert again.code == 0 and "Nothing is left to take back of run 1" in again.out
    assert shell.run("immich-apply", "--yes").code == 0 and ratings(server) == {4}


def test_an_undo_shows_its_plan_and_asks(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-apply", "--yes").code == 0
    refused = shell.run("immich-undo")
    assert refused.code == 2 and "--yes" in refused.err
    assert "rating  4 → none   run 1:3" in refused.out
    assert "the files may still ask for it" in refused.out
    assert ratings(server) == {4} and len(runs(shell)) == 1


def test_the_last_run_is_that_of_the_server_that_is_named(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-apply", "--yes").code == 0
    shell.environment["IMMICH_INSTANCE_URL"] = "http://127.0.0.1:9"
    nothing = shell.run("immich-undo", "--yes")
    assert nothing.code == 0 and "no run on http://127.0.0.1:9" in nothing.out
    assert ratings(server) == {4}


def test_what_somebody_has_changed_since_stays(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-apply", "--yes").code == 0
    photo = server.assets()["IMG_0000.jpg"]["id"]
    server.ask("PUT", f"/api/assets/{photo}", {"rating": 2})
    until(lambda: not any(server.ask("GET", "/api/queues/sidecar")["statistics"].values()), "the edit")
    undone = shell.run("immich-undo", "--yes")
    assert undone.code == 4 and "Left alone" in undone.out
    assert ratings(server) == {None, 2}


def test_a_run_that_was_killed_is_continued_and_what_was_in_flight_is_proven(
    place: tuple[Shell, Served],
) -> None:
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        until(lambda: server.paused() == PIPELINE and "POST /albums" in server.writes(), "the writing")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    server.faults()
    [run] = runs(shell)
    assert run["outcome"] is None and run["tally"]["sent"] >= 1
    assert "died" in shell.run("immich-runs").out
    resumed = shell.run("immich-apply", "--resume", "--yes")
    assert resumed.code == 0, resumed.said
    assert "no answer had come to" in resumed.err
    assert ratings(server) == {4} and server.albums() == ["Good"] and server.paused() == set()
    assert [item["what"] for item in runs(shell)] == ["resume", "apply"]
    assert shell.run("immich-plan", "--exit-code").code == 0
    nothing = shell.run("immich-apply", "--resume")
    assert nothing.code == 0 and "Nothing to resume: run 2 (done)" in nothing.out


def test_leaving_without_waiting_and_settling_later(place: tuple[Shell, Served]) -> None:
    shell, server = place
    shell.write("wish.yaml", "assets:\n  - { match: { file: 'IMG_*' }, rating: 4 }\n")
    left = shell.run("immich-apply", "--yes", "--no-wait")
    assert left.code == 4 and "immich-runs verify 1" in " ".join(left.out.split())
    assert server.paused() == set()
    assert runs(shell)[0]["outcome"] == "unsettled"
    verified = shell.run("immich-runs", "verify", "1", "--wait")
    assert verified.code == 0 and "Settled: 8 changes" in verified.out
    assert runs(shell)[0]["outcome"] == "done" and runs(shell)[0]["settled"] == 8


def test_the_files_of_the_run_say_how_to_connect_from_anywhere(place: tuple[Shell, Served]) -> None:
    shell, server = place
    url = shell.environment.pop("IMMICH_INSTANCE_URL")
    shell.write("wish.yaml", f"server: {{ url: '{url}' }}\n" + WISH)
    assert shell.run("immich-apply", "--yes").code == 0
    elsewhere = Path(shell.folder / "elsewhere")
    elsewhere.mkdir()
    there = Shell(
        elsewhere, {**shell.environment, "IMMICH_RECONCILER_STATE_DIR": str(shell.folder / "state")}
    )
    assert there.run("immich-undo", "--yes").code == 0
    assert ratings(server) == {None}


def test_a_run_is_not_taken_back_with_somebody_elses_key(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-apply", "--yes").code == 0
    key = server.new_user()
    undone = shell.run("immich-undo", "1", "--yes", IMMICH_API_KEY=key)
    assert undone.code == 6 and "run 1 was made by" in undone.err
    assert ratings(server) == {4}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("immich-runs", "show", "9"), "there is no run 9"),
        (("immich-undo", "9"), "there is no run 9"),
        (("immich-apply", "--resume", "wish.yaml"), "--resume takes the number of a run"),
        (("immich-runs", "--format", "json", "show", "9"), "write --format after show"),
    ],
)
def test_mistakes_are_told(shell: Shell, args: tuple[str, ...], words: str) -> None:
    result = shell.run(*args)
    assert result.code in (1, 2) and words in result.err


def test_without_runs_there_is_nothing_to_do(shell: Shell) -> None:
    for command in (("immich-undo",), ("immich-apply", "--resume"), ("immich-runs", "verify")):
        result = shell.run(*command)
        assert result.code == 0 and result.out.startswith("Nothing to ")
    assert shell.run("immich-runs", "show").out.startswith("No runs yet")


def test_a_run_knows_its_server_where_nothing_else_names_one(place: tuple[Shell, Served]) -> None:
    shell, server = place
    del shell.environment["IMMICH_INSTANCE_URL"]
    assert shell.run("immich-apply", "--yes", "--server", server.url).code == 0
    assert shell.run("immich-runs", "verify").code == 0
    assert shell.run("immich-runs", "show").out == shell.run("immich-runs", "show", "1").out
    undone = shell.run("immich-undo", "--yes")
    assert undone.code == 0 and server.albums() == [], undone.said
    other = {"IMMICH_INSTANCE_URL": "http://127.0.0.1:9"}
    elsewhere = shell.run("immich-undo", "1", "--yes", "--retries", "0", **other)
    assert elsewhere.code == 1 and "refuses the connection" in elsewhere.err
