"""The window: the queues that carry edits to the files are held still while they are written.

Only queues that nobody had paused before are paused, each written down first; they come back in the order
in which a job wanders, each drained before the next, however the run ends (DESIGN 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.apply.state import State
from reconciler.immich.answers import Queue
from reconciler.immich.errors import ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.writer import Writer
from reconciler.plan import PIPELINE
from reconciler.plan.report import WindowReport


class QueuesBusy(Exception):
    """Jobs that were running did not end in time; nothing was written."""


@dataclass(slots=True)
class Window:
    """Pauses and gives back the queues of one server."""

    server: str
    reader: Reader
    writer: Writer
    state: State
    progress: Progress
    interruption: Interruption
    limits: Limits
    now: Callable[[], str]
    held: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    ever_held: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Pauses the pipeline's queues and waits until none of their jobs runs.

        Raises QueuesBusy where jobs don't end in time, ServerError where the server refuses.
        """
        queues = self.reader.queues()
        names = [name for name in PIPELINE if name in queues]
        self.theirs = [name for name in names if queues[name].paused]
        self.progress.stage("pausing queues")
        for name in reversed(names):
            if name not in self.theirs:
                self._pause(name)
        self._wait_for_running(names)

    def _pause(self, name: str) -> None:
        self.state.add_lease(self.server, name, self.now())
        self.held.append(name)
        if name not in self.ever_held:
            self.ever_held.append(name)
        self.writer.pause(name)

    def _wait_for_running(self, names: Iterable[str]) -> None:
        patience = Patience(self.limits, self.interruption, self.limits.running)
        self.progress.stage("waiting for running jobs")
        names = tuple(names)
        while True:
            queues = self.reader.queues()
            running = {name: queues[name].active for name in names if name in queues and queues[name].active}
            if not running:
                return
            if not patience.again():
                if self.interruption.requested:
                    return
                listed = ", ".join(f"{name}: {count}" for name, count in running.items())
                raise QueuesBusy(
                    f"jobs are still running after {self.limits.running:.0f} s ({listed}); nothing was "
                    "written. Run again when the server is quieter"
                )

    def close(self) -> str:
        """Gives the queues back one after the other, each drained first.

        Returns why it isn't known whether everything has settled; empty where it has. Where somebody asks
        to stop, the queues come back without waiting.
        """
        waiting = ""
        given_back: list[str] = []
        for name in [item for item in PIPELINE if item in self.held]:
            if not self.give_back(name):
                continue
            given_back.append(name)
            if not waiting and not self.interruption.requested:
                waiting = self._drain(given_back)
        if self.interruption.requested and not waiting:
            waiting = "stopped on request before the server's jobs were done"
        if self.theirs and not waiting:
            listed = ", ".join(self.theirs)
            waiting = f"somebody else keeps {listed} paused: edits settle when it is resumed"
        return waiting

    def give_back(self, name: str) -> bool:
        """Resumes one queue and strikes out its lease; False, with the trouble noted, where that fails."""
        try:
            self.writer.resume(name)
        except ServerError as error:
            self.troubles.append(
                f"{name} is still paused ({error}): run immich-apply again to have it resumed, or resume it "
                "in Immich under Administration > Job Queues"
            )
            return False
        self.state.drop_lease(self.server, name)
        if name in self.held:
            self.held.remove(name)
        return True

    def _drain(self, names: Iterable[str]) -> str:
        names = tuple(names)
        self.progress.stage(f"letting {names[-1]} catch up")
        patience = Patience(self.limits, self.interruption, self.limits.settle)
        idle, most = 0, 0
        while True:
            left = pending(self.reader.queues(), names)
            most = max(most, left)
            idle = 0 if left else idle + 1
            if idle >= self.limits.idle_looks:
                return ""
            if left:
                self.progress.stage(f"letting {names[-1]} catch up", most)
                self.progress.advance(most - left)
            if not patience.again():
                if self.interruption.requested:
                    return "stopped on request before the server's jobs were done"
                return f"{left} jobs are still waiting after {self.limits.settle:.0f} s"
            if not left:
                patience.hurry()

    def report(self, why: str) -> WindowReport:
        """What was done to the queues."""
        return WindowReport(tuple(self.ever_held), tuple(self.theirs), why, tuple(self.troubles))


def pending(queues: Mapping[str, Queue], names: Iterable[str]) -> int:
    """Jobs in these queues that are not done, however the server counts them; paused queues left out."""
    return sum(queues[name].pending for name in names if name in queues and not queues[name].paused)


def restore(window: Window) -> tuple[str, ...]:
    """Gives back what an earlier run left paused on this server; returns the queues."""
    left = tuple(lease.queue for lease in window.state.leases(window.server))
    ordered = sorted(left, key=lambda name: PIPELINE.index(name) if name in PIPELINE else len(PIPELINE))
    return tuple(name for name in ordered if window.give_back(name))
