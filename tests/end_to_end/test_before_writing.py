"""What a run waits for, refuses and says before it writes: earlier runs, missing keys, stale plans."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from reconciler.sandbox.library import Library
from reconciler.sandbox.serving import server_for
from reconciler.sandbox.settings import Pace
from tests.end_to_end.support import Served, Shell, until
from tests.end_to_end.test_stopping import heard, untouched
from tests.end_to_end.test_whole_path import asking
from tests.sandbox.running import photos

SMALL = [
    "user.read", "asset.read", "asset.update", "asset.statistics", "asset.download", "tag.read", "tag.create",
    "tag.asset", "tag.update", "album.read", "album.create", "album.update", "albumAsset.create",
    "albumAsset.delete",
]  # fmt: skip
SLOW_WRITE = {"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 1.5, "times": None}


@pytest.fixture
def place(shell: Shell, plain: Any) -> Iterator[tuple[Shell, Served]]:
    with plain(6, milliseconds=5) as server:
        asking(shell, server)
        rating(shell, 4)
        yield shell, server


def rating(shell: Shell, value: int, more: str = "", name: str = "IMG_*.jpg") -> None:
    shell.write("wish.yaml", f"assets:\n  - match: {{ file: {name!r} }}\n    rating: {value}\n{more}")


def ratings(server: Served) -> set[int | None]:
    return {item["exifInfo"]["rating"] for item in server.assets().values()}


def jobs(server: Served, queue: str = "sidecar") -> int:
    counts = server.ask("GET", f"/api/queues/{queue}")["statistics"]
    return sum(number for name, number in counts.items() if name not in ("failed", "completed"))


def without_admin(shell: Shell, server: Served) -> None:
    shell.environment["IMMICH_API_KEY"] = server.new_key(SMALL)


# -- jobs of an earlier run --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gated:
    """A server in this process, whose sidecar jobs wait at a gate."""

    server: Served
    gate: threading.Event


@pytest.fixture
def gated(tmp_path: Path, shell: Shell) -> Iterator[Gated]:
    """The gate is open at first."""
    gate = threading.Event()
    gate.set()
    pace = Pace(job_milliseconds={"sidecar": 1, "metadataExtraction": 1})
    with Library.create(tmp_path / "library", pace=pace) as library:
        library.add_assets(photos(6))
        library.queues._handlers = {
            name: _waiting_at(gate, handler) for name, handler in library.queues._handlers.items()
        }
        with library.running(), server_for(library, "127.0.0.1", 0) as serving:
            thread = threading.Thread(target=serving.serve_forever, daemon=True)
            thread.start()
            session = requests.Session()
            server = Served(f"http://127.0.0.1:{serving.port}", library.admin_key or "", session)
            asking(shell, server)
            rating(shell, 4)
            try:
                yield Gated(server, gate)
            finally:
                gate.set()
                session.close()
                serving.shutdown()
                thread.join()


def _waiting_at(gate: threading.Event, handler: Any) -> Any:
    def handle(job: Any) -> Any:
        if job.queue == "sidecar":
            gate.wait()
        return handler(job)

    return handle


def test_a_run_waits_for_the_jobs_of_one_that_was_left_without_waiting(gated: Gated, shell: Shell) -> None:
    server = gated.server
    gated.gate.clear()
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    rating(shell, 5)
    refused = shell.run("immich-apply", "--yes", "--settle-timeout", "0s")
    assert refused.code == 4, refused.said
    assert "nothing was written: the jobs of run 1 may not be done" in refused.err
    assert "--settle-timeout" in refused.err and ratings(server) == {4} and server.paused() == set()
    with shell.started("immich-apply", "--yes") as process:
        heard(process, "waiting for the jobs of an earlier run")
        assert ratings(server) == {4} and jobs(server) == 6
        gated.gate.set()
        applied = shell.ended(process)
    assert applied.code == 0 and ratings(server) == {5}
    rating(shell, 3)
    at_once = shell.run("immich-apply", "--yes")
    assert at_once.code == 0 and "jobs of an earlier run" not in at_once.err


def test_a_run_that_waits_for_jobs_can_be_stopped(gated: Gated, shell: Shell) -> None:
    gated.gate.clear()
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    rating(shell, 5)
    with shell.started("immich-apply", "--yes") as process:
        heard(process, "waiting for the jobs of an earlier run")
        process.send_signal(signal.SIGINT)
        assert shell.ended(process).code == 130
    assert ratings(gated.server) == {4} and gated.server.paused() == set()


def test_without_an_administrators_key_the_same_photos_are_waited_for(gated: Gated, shell: Shell) -> None:
    server = gated.server
    without_admin(shell, server)
    gated.gate.clear()
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    verified = shell.run("immich-runs", "verify")
    assert verified.code == 4 and "has not read 6 photos again yet" in " ".join(verified.out.split())
    rating(shell, 5)
    refused = shell.run("immich-apply", "--yes", "--settle-timeout", "0s")
    assert refused.code == 4 and "run 1" in refused.err and "an administrator's key" in refused.err
    assert ratings(server) == {4}
    with shell.started("immich-apply", "--yes") as process:
        heard(process, "waiting for the server to read the photos again")
        assert ratings(server) == {4}
        gated.gate.set()
        assert shell.ended(process).code == 0
    assert ratings(server) == {5}


def test_other_photos_are_not_waited_for_without_an_administrators_key(gated: Gated, shell: Shell) -> None:
    without_admin(shell, gated.server)
    gated.gate.clear()
    rating(shell, 4, name="IMG_0000.jpg")
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    rating(shell, 4, name="IMG_0001.jpg")
    applied = shell.run("immich-apply", "--yes", "--settle-timeout", "0s", "--no-wait")
    assert "nothing was written" not in applied.err and applied.code == 4
    assert sum(item["exifInfo"]["rating"] == 4 for item in gated.server.assets().values()) == 2


def test_somebody_elses_pause_of_an_earlier_runs_jobs_stops_the_next_one(gated: Gated, shell: Shell) -> None:
    server = gated.server
    server.ask("PUT", "/api/queues/sidecar", {"isPaused": True})
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    rating(shell, 5)
    refused = shell.run("immich-apply", "--yes")
    assert refused.code == 1
    assert "nothing was written: somebody else keeps sidecar paused while 6 edits wait in it" in refused.err
    assert ratings(server) == {4} and server.paused() == {"sidecar"}
    server.ask("PUT", "/api/queues/sidecar", {"isPaused": False})
    assert shell.run("immich-apply", "--yes").code == 0 and ratings(server) == {5}


def test_settling_the_account_takes_its_patience_from_the_files_or_the_options(
    gated: Gated, shell: Shell
) -> None:
    gated.gate.clear()
    rating(shell, 4, "settings:\n  window: { settle_timeout: 0s }\n")
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    short = shell.run("immich-runs", "verify", "--wait")
    assert short.code == 4 and "after 0 s" in " ".join(short.out.split())
    gated.gate.set()
    long = shell.run("immich-runs", "verify", "--wait", "--settle-timeout", "1m")
    assert long.code == 0, long.said
    with_files = shell.run("immich-runs", "verify", "--files", "wish.yaml", "--server", gated.server.url)
    assert with_files.code == 0, with_files.said


def test_a_run_by_hand_goes_in_between_while_another_waits_for_quiet(gated: Gated, shell: Shell) -> None:
    server = gated.server
    gated.gate.clear()
    ids = [item["id"] for item in server.assets().values()]
    server.ask("PUT", "/api/assets", {"ids": ids, "isFavorite": True})  # jobs of somebody else
    with shell.started("immich-apply", "--yes", "--wait-for-quiet=0") as waiting:
        heard(waiting, "waiting until at most 0 jobs are left")
        (shell.folder / "hand").mkdir()
        shell.write("hand/wish.yaml", "albums:\n  - { name: By hand, match: { file: 'IMG_*' } }\n")
        by_hand = shell.run("immich-apply", "hand", "--yes")
        assert by_hand.code == 0, by_hand.said
        assert waiting.poll() is None and server.albums() == ["By hand"]
        gated.gate.set()
        result = shell.ended(waiting)
    assert result.code == 0, result.said
    assert ratings(server) == {4}


# -- runs that ended early ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "how"), [(signal.SIGKILL, "died"), (signal.SIGINT, "was stopped")])
def test_a_run_that_ended_early_is_told_until_a_later_one_is_done(
    place: tuple[Shell, Served], number: int, how: str
) -> None:
    shell, server = place
    allowed = "settings:\n  safety: { allow: [empty-album=Good] }\n"
    shell.write("more.yaml", f"{allowed}albums:\n  - {{ name: Good, match: {{ rating: 4 }} }}\n")
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(process, lambda: "POST /albums" in server.writes(), "the writing")
        other = shell.run("immich-plan")
        assert "before its end" not in other.err, "it is still at work"
        process.send_signal(number)
        process.wait(timeout=30)
    until(lambda: server.paused() == set(), "the queues coming back")
    server.faults()
    rating(shell, 3)
    planned = shell.run("immich-plan", "-q")
    (told,) = [line for line in planned.err.splitlines() if "before its end" in line]
    assert told.startswith("note: run 1 of 20") and how in told and "immich-apply --resume 1" in told
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 0 and told in applied.err.splitlines()
    rating(shell, 2)
    for again in (shell.run("immich-plan"), shell.run("immich-apply", "--yes")):
        assert again.code == 0 and "before its end" not in again.err


def test_a_run_that_died_after_its_last_write_is_told_with_another_way_out(
    place: tuple[Shell, Served],
) -> None:
    shell, server = place
    server.faults({"kind": "latency", "method": "GET", "path": "/queues", "seconds": 1.0, "times": None})
    with shell.started("immich-apply", "--yes") as process:
        shell.reached(
            process,
            lambda: "PUT /assets" in server.writes() and "sidecar" not in server.paused(),
            "the settle",
        )
        process.kill()
        process.wait(timeout=30)
    server.faults()
    until(lambda: server.paused() == set(), "the queues coming back")
    planned = shell.run("immich-plan")
    assert "died before its end: immich-runs verify 1 tells" in planned.err
    assert shell.run("immich-apply", "--resume").out.startswith("Nothing is left to do of run 1")
    rating(shell, 3)
    assert "before its end" not in shell.run("immich-plan").err, "it counts as done now"


# -- without a key for the queues --------------------------------------------------------------------------


@contextmanager
def as_version(server: Served, text: str) -> Iterator[str]:
    """The same server behind a proxy that says it is another version; its address."""
    numbers = dict(zip(("major", "minor", "patch"), map(int, text.split(".")), strict=True))

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            wanted = {
                name: self.headers[name] for name in ("x-api-key", "Content-Type") if self.headers[name]
            }
            with closing(
                requests.request(
                    self.command,
                    server.url + self.path,
                    data=self.rfile.read(size),
                    headers=wanted,
                    timeout=30,
                )
            ) as answer:
                body = json.dumps(numbers).encode() if "server/version" in self.path else answer.content
                self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}"
    finally:
        proxy.shutdown()
        proxy.server_close()


def test_an_old_server_is_not_written_to_without_a_window_unless_told(shell: Shell, plain: Any) -> None:
    with plain(3, version="2.5.6") as server, as_version(server, "2.3.1") as url:
        asking(shell, server)
        shell.environment["IMMICH_INSTANCE_URL"] = url
        without_admin(shell, server)
        rating(shell, 4)
        assert shell.run("immich-plan").code == 0
        server.ask("DELETE", "/_sandbox/requests")
        for args in (["--yes"], []):
            refused = shell.run("immich-apply", *args)
            assert refused.code == 1, refused.said
            text = "Immich 2.3.1 does not keep its own jobs from undoing edits, as 2.4 and later do"
            assert text in refused.err and "IMMICH_ADMIN_API_KEY" in refused.err
            assert "--without-window" in refused.err and untouched(server)
        told = shell.run("immich-apply", "--yes", "--without-window")
        assert told.code == 0 and ratings(server) == {4}
        assert "a job that reads one of them meanwhile can undo the edit" in told.err
        rating(shell, 2, "settings:\n  window: { without_window: true }\n")
        assert shell.run("immich-apply", "--yes").code == 0 and ratings(server) == {2}
        shell.write("wish.yaml", "albums:\n  - { name: Good, match: { rating: 2 } }\n")
        albums = shell.run("immich-apply", "--yes")
        assert albums.code == 0, "nothing in it can be undone by jobs"


def test_an_old_server_is_refused_before_its_runs_are_taken_back_too(shell: Shell, plain: Any) -> None:
    with plain(3, version="2.5.6") as server, as_version(server, "2.3.1") as url:
        asking(shell, server)
        shell.environment["IMMICH_INSTANCE_URL"] = url
        without_admin(shell, server)
        rating(shell, 4)
        assert shell.run("immich-apply", "--yes", "--without-window").code == 0
        refused = shell.run("immich-undo", "--yes")
        assert refused.code == 1 and "--without-window" in refused.err and ratings(server) == {4}
        assert shell.run("immich-undo", "--yes", "--without-window").code == 0 and ratings(server) == {None}


def test_on_a_newer_server_it_says_what_it_cannot_do(place: tuple[Shell, Served]) -> None:
    shell, server = place
    without_admin(shell, server)
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 0, applied.said
    assert applied.err.count("without an administrator's key the queues can't be paused or watched") == 1
    assert "can undo the edit" not in applied.err and "IMMICH_ADMIN_API_KEY" in applied.err


# -- saved plans that don't fit ----------------------------------------------------------------------------


@pytest.mark.parametrize("args", [["--yes"], []], ids=["told", "asked"])
def test_a_saved_plan_that_does_not_fit_is_not_shown_but_judged(
    place: tuple[Shell, Served], args: list[str]
) -> None:
    shell, server = place
    shown = shell.run("immich-plan", "-o", "plan.json")
    (change,) = [line for line in shown.out.splitlines() if "rating" in line][:1]
    assert shell.run("immich-apply", "plan.json", "--yes").code == 0
    again = shell.run("immich-apply", "plan.json", *args)
    assert again.code == 6 and "this plan was applied already" in again.out
    assert change not in again.said
    photo = server.assets()["IMG_0000.jpg"]["id"]
    server.ask("PUT", f"/api/assets/{photo}", {"rating": 1})
    until(lambda: not jobs(server), "the edit")
    moved = shell.run("immich-apply", "plan.json", *args)
    assert moved.code == 6 and "Left alone, as it has changed" in moved.out and change not in moved.said
    as_json = shell.run("immich-apply", "plan.json", "--format", "json", *args)
    assert as_json.code == 6 and json.loads(as_json.out)["outcome"] == "stale"


def test_a_saved_plan_that_fits_is_shown_before_it_is_asked_for(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-plan", "-o", "plan.json").code == 0
    asked = shell.run("immich-apply", "plan.json")
    assert asked.code == 2 and "rating" in asked.out and "--yes" in asked.err and ratings(server) == {None}


def test_the_queues_to_pause_can_be_named(place: tuple[Shell, Served]) -> None:
    shell, server = place
    server.faults(SLOW_WRITE)
    with shell.started("immich-apply", "--yes", "--pause", "sidecar") as process:
        shell.reached(process, lambda: server.paused() == {"sidecar"}, "the pause")
        assert shell.ended(process).code == 0
    server.faults()
    rating(shell, 2)
    unknown = shell.run("immich-apply", "--yes", "--pause", "sidecars")
    assert unknown.code == 1 and "the server has no queue sidecars" in unknown.err
    assert server.paused() == set()


def test_a_key_that_may_not_start_the_migration_is_told_before_anything_is_written(
    shell: Shell, plain: Any
) -> None:
    with plain(2) as server:
        config = server.ask("GET", "/api/system-config")
        config["storageTemplate"] |= {
            "enabled": True,
            "template": "{{#if album}}{{album}}{{/if}}/{{filename}}",
        }
        server.ask("PUT", "/api/system-config", config)
        asking(shell, server)
        may = [*SMALL, "album.delete", "queue.read", "queue.update", "systemConfig.read"]
        shell.environment["IMMICH_API_KEY"] = server.new_key(may, "nojobs")
        shell.write("wish.yaml", "albums:\n- name: Sea\n  assets: [{ file: IMG_0000.jpg }]\n")
        refused = shell.run("immich-apply", "--yes", "--migrate")
        assert (
            refused.code == 1
            and 'The account\'s API key "nojobs" lacks these permissions: job.create' in (refused.err)
        )
        assert server.albums() == [] and server.paused() == set()
        assert shell.run("immich-apply", "--yes").code == 0
