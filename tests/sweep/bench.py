"""One sandbox on a port whose library is put back for each case, and the commands against it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.app import create_app
from reconciler.sandbox.library import Library
from reconciler.sandbox.serving import server_for
from tests.sweep.forks import Ended, Forks, Running
from tests.sweep.gate import Boundary, Deed, Gate
from tests.sweep.scene import make, seen, wish

SECONDS = 15.0
"""Within these the companion has given the queues back; far longer than it takes on an idle machine."""


@dataclass(slots=True)
class Bench:
    """Where cases happen, one after the other."""

    folder: Path
    forks: Forks
    gate: Gate
    url: str
    library: Library
    template: Path
    """A folder with the library, and the state where there is one, from which cases begin."""

    @property
    def case(self) -> Path:
        """The folder of the case; always the same, since runs remember where they were made."""
        return self.folder / "case"

    def fresh(self, template: Path | None = None) -> None:
        """Puts everything back to where a case begins."""
        self.gate.quiet()
        self.library.close()
        shutil.rmtree(self.case, ignore_errors=True)
        shutil.copytree(template or self.template, self.case, ignore=shutil.ignore_patterns(".lock"))
        (self.case / "wish.yaml").write_text(wish(self.url), encoding="utf-8")
        self.library = Library.open(self.case / "library")
        self.library.start()
        self.gate.app = create_app(self.library)
        self.gate.arm()

    def keep(self, name: str) -> Path:
        """The case as it is now, for others to begin from."""
        self.gate.quiet()
        self.library.settle(30)
        self.library.close()
        kept = self.folder / name
        shutil.copytree(self.case, kept, ignore=shutil.ignore_patterns(".lock", "out-*", "err-*", "*.pid"))
        self.library = Library.open(self.case / "library")
        self.library.start()
        self.gate.app = create_app(self.library)
        return kept

    def start(self, command: str, *args: str) -> Running:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.case),
            "IMMICH_API_KEY": self.library.admin_key or "",
            "IMMICH_RECONCILER_STATE_DIR": str(self.case / "state"),
        }
        return self.forks.start(self.case, env, command, *args)

    def run(self, command: str, *args: str) -> Ended:
        """Runs a command to its end, undisturbed."""
        return self.start(command, *args).ended()

    def disturbed(self, at: Boundary, deed: Callable[[Running], Deed], command: str, *args: str) -> Ended:
        """Runs a command and lets something happen at one of its requests."""
        there = threading.Event()
        found: list[Running] = []

        def act(through: Any) -> Any:
            there.wait()
            return deed(found[0])(through)

        self.gate.arm(at, act)
        found.append(self.start(command, *args))
        there.set()
        ended = found[0].ended()
        self.gate.quiet()
        return ended

    def seen(self) -> dict[str, Any]:
        return seen(self.library)

    def paused(self) -> set[str]:
        return {name for name in self.library.queues.names if self.library.queues.is_paused(name)}

    def leases(self) -> list[str]:
        """The queues that the state says are to be given back."""
        return [row[0] for row in self._state("select queue from lease order by queue")]

    def runs(self) -> int:
        """How many runs the journal knows."""
        return len(self._state("select id from run"))

    def _state(self, sql: str) -> list[Any]:
        path = self.case / "state" / "state.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, timeout=30)) as database:
            try:
                return database.execute(sql).fetchall()
            except sqlite3.OperationalError:  # killed before its tables were made
                return []


@contextmanager
def bench(folder: Path, forks: Forks, version: str) -> Iterator[Bench]:
    """A sandbox of this version on a free port, with the scene's library."""
    template = folder / "template"
    make(template / "library", version)
    shutil.copytree(template, folder / "case")
    library = Library.open(folder / "case" / "library")
    server = server_for(library, "127.0.0.1", 0)
    gate = Gate(server.app)
    server.app = gate
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    made = Bench(folder, forks, gate, f"http://127.0.0.1:{server.port}", library, template)
    try:
        made.fresh()
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        made.library.close()


def until(there: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """Waits until something is so; fails where it takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.005)
    return found
