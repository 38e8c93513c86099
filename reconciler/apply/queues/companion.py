"""A small process that gives the queues back if this one dies without doing so (kill -9, out of memory).

It is handed everything over its standard input, the key included, so that nothing shows in a list of
processes; when that input ends, it resumes what has not been given back. Its program
is passed on the command line and uses the standard library only: it needs no file of this project, and
ends by itself.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import subprocess

PROGRAM = r"""
import json, os, signal, sqlite3, ssl, sys, time, urllib.request

for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
    signal.signal(number, signal.SIG_IGN)
task = json.loads(sys.stdin.readline())
held = []
for line in sys.stdin:
    word, _, name = line.strip().partition(" ")
    if word == "hold":
        held.append(name)
    elif word == "release" and name in held:
        held.remove(name)
bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
context = ssl.create_default_context(cafile=bundle)
headers = {"x-api-key": task["key"], "Content-Type": "application/json"}

def resume(name):
    path = "/queues/" if task["queues"] else "/jobs/"
    body = {"isPaused": False} if task["queues"] else {"command": "resume", "force": False}
    request = urllib.request.Request(
        task["url"] + path + name, json.dumps(body).encode(), headers, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=10, context=context):
        pass

def of_lease(what, name):
    database = sqlite3.connect(task["state"], timeout=10)
    with database:
        found = database.execute(
            what + " from lease where server = ? and queue = ? and pid = ?",
            (task["server"], name, task["pid"]),
        ).fetchall()
    database.close()
    return found

resumed = []
end = time.monotonic() + 600
while held and time.monotonic() < end:
    for name in list(held):
        try:
            resume(name)
            held.remove(name)
            resumed.append(name)
        except (OSError, ValueError):
            time.sleep(2)
time.sleep(0.5)
for name in resumed:  # a pause that was under way when its process died may have come after that
    try:
        if of_lease("select 1", name):
            resume(name)
            of_lease("delete", name)
    except (OSError, sqlite3.Error, ValueError):
        pass
"""


class Guard(Protocol):
    """Is told of every queue that is paused and given back, so that it can step in."""

    def hold(self, queue: str) -> None:
        """The queue is about to be paused."""
        ...

    def release(self, queue: str) -> None:
        """The queue has been given back."""
        ...

    def done(self) -> None:
        """All is well; there is nothing left to guard."""
        ...


class NoGuard:
    """Nobody: for the embedded server, whose jobs end with this process."""

    def hold(self, queue: str) -> None:
        """Ignored."""

    def release(self, queue: str) -> None:
        """Ignored."""

    def done(self) -> None:
        """Ignored."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What a companion needs to know: the API's address, the key, and where leases are written down.

    `queues` is False where the server only has the older /jobs (before 2.4).
    """

    url: str
    key: str
    queues: bool
    server: str
    state: Path

    def __repr__(self) -> str:
        return f"Charge({self.url!r})"


@dataclass(slots=True)
class Companion:
    """A running companion. It outlives this process by what it takes to resume the queues."""

    process: subprocess.Popen[str]
    pipe: IO[str]

    @classmethod
    def start(cls, charge: Charge) -> Companion:
        """Starts one in a session of its own, so that a signal to this process's group passes it by."""
        import subprocess

        process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert process.stdin is not None
        companion = cls(process, process.stdin)
        companion._tell(
            json.dumps(
                {
                    "url": charge.url,
                    "key": charge.key,
                    "queues": charge.queues,
                    "server": charge.server,
                    "state": str(charge.state),
                    "pid": os.getpid(),
                }
            )
        )
        return companion

    def hold(self, queue: str) -> None:
        """From now on the queue is resumed if this process dies."""
        self._tell(f"hold {queue}")

    def release(self, queue: str) -> None:
        """The queue has been given back."""
        self._tell(f"release {queue}")

    def done(self) -> None:
        """Sends the companion home; queues that could not be given back stay with it."""
        from subprocess import TimeoutExpired

        with suppress(OSError, ValueError):
            self.pipe.close()
        with suppress(TimeoutExpired):
            self.process.wait(timeout=0.2)

    def _tell(self, line: str) -> None:
        """A companion that died can't be told anything; the lease on disk is the second net."""
        with suppress(OSError, ValueError):
            self.pipe.write(line + "\n")
            self.pipe.flush()
