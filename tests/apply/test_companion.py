"""If a run dies without giving the queues back, somebody else does, within seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from reconciler.apply.queues.companion import Charge, Companion
from reconciler.apply.state.database import State

KEY = "a-secret-key"
RESUMED = ("/api/queues/sidecar", {"isPaused": False}, KEY)
RUN = """
import sys, time
from pathlib import Path
from reconciler.apply.queues.companion import Charge, Companion
from reconciler.apply.state.database import State
url, state, how = sys.argv[1:]
if how == "killed":
    State(Path(state).parent).add_lease("the server", "sidecar", "now")
companion = Companion.start(Charge(url, "a-secret-key", True, "the server", Path(state)))
companion.hold("sidecar")
companion.hold("metadataExtraction")
companion.release("metadataExtraction")
if how == "well":
    companion.release("sidecar")
    companion.done()
    sys.exit()
print(companion.process.pid, flush=True)
time.sleep(60)
"""


@contextmanager
def server(failures: int = 0) -> Iterator[tuple[str, list[tuple[str, Any, str | None]]]]:
    """A server that notes what it is asked, and at first answers 503 so many times."""
    asked: list[tuple[str, Any, str | None]] = []
    left = [failures]

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            failing = left[0] > 0
            left[0] -= failing
            if not failing:
                asked.append((self.path, body, self.headers["x-api-key"]))
            self.send_response(503 if failing else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}/api", asked
    finally:
        made.shutdown()
        made.server_close()


def run(url: str, state: Path, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, url, str(state), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wait_until(test: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_killed_run_has_its_queues_given_back_and_the_lease_struck_out(tmp_path: Path) -> None:
    state = State(tmp_path)
    with server(failures=1) as (url, asked):
        companion = killed(url, state)
        wait_until(lambda: asked)
        assert asked[0] == RESUMED
        wait_until(lambda: not state.leases("the server"))
        wait_until(lambda: not alive(companion))
        assert asked == [RESUMED] * 2, "a pause that was under way may have come in between"


def test_what_the_next_run_holds_is_left_to_it(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.add_lease("the server", "sidecar", "by this process")
    with server() as (url, asked):
        companion = killed(url, state, "killed later")
        wait_until(lambda: not alive(companion))
        assert asked == [RESUMED] and len(state.leases("the server")) == 1


def killed(url: str, state: State, how: str = "killed") -> int:
    """Kills a run; the companion it had."""
    process = run(url, state.path, how)
    assert process.stdout
    companion = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    return companion


def test_a_run_that_ends_well_leaves_nothing_to_do(tmp_path: Path) -> None:
    with server() as (url, asked):
        process = run(url, tmp_path / "state.db", "well")
        assert process.wait(timeout=20) == 0
        time.sleep(0.2)
        assert asked == []


def test_the_key_shows_in_no_list_of_processes_and_no_text(tmp_path: Path) -> None:
    charge = Charge("http://127.0.0.1:1/api", KEY, True, "the server", tmp_path / "state.db")
    assert KEY not in repr(charge)
    companion = Companion.start(charge)
    shown = Path(f"/proc/{companion.process.pid}/cmdline")
    wait_until(lambda: b"urllib" in shown.read_bytes())
    command = shown.read_bytes()
    companion.done()
    assert KEY.encode() not in command
    assert KEY not in repr(companion)
