"""The window: the queues that carry edits to the files are held still while they are written.

Only queues that nobody had paused before are paused, each written down first; they come back in the order
in which a job wanders, each drained before the next, however the run ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.apply.protocols import Interruption, Limits, Patience, Progress
from reconciler.apply.queues.choice import Pause, choose
from reconciler.apply.queues.companion import Guard, NoGuard
from reconciler.apply.queues.estimate import Estimate
from reconciler.apply.queues.held_back import HeldBack
from reconciler.apply.queues.ours import Ours
from reconciler.apply.state.database import State, StateUnusable
from reconciler.immich.answers import Queue
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.tally import Sent
from reconciler.immich.writer import Writer
from reconciler.plan import PIPELINE
from reconciler.plan.report import WindowReport

SLIPPED_IN = 3
"""How often the pause is tried anew because edits came just before it; then they are taken as they are."""
LOOK_EVERY = 5.0
"""Seconds between two looks at whether the queues are still paused."""
RESTARTS = 300.0
"""Within so many seconds after a connection broke, the restart behind it has resumed what it resumes."""
NO_SERVER = frozenset({None, 502, 503, 504})
"""What is heard, or from a proxy, while a server restarts."""
READS_PHOTOS = "metadataExtraction"
MOVES_FILES = "storageTemplateMigration"
WRITES_SIDECARS = "sidecar"
RESUMED_BY_RESTART = READS_PHOTOS
AFTER_UPLOADS = ("metadataExtraction", "storageTemplateMigration", "sidecar")
"""Fresh photos are read and moved before their sidecars are written, or the two collide (PERFORMANCE 1.6)."""


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
    troubles: dict[str, str] = field(default_factory=dict)
    """Queues that could not be given back, and why."""
    ever_held: list[str] = field(default_factory=list)
    pause: Pause = "pipeline"
    start_guard: Callable[[], Guard] = NoGuard
    guard: Guard = field(default_factory=NoGuard)
    """Gives the queues back if this process dies; started with the first pause."""
    chosen: tuple[str, ...] = ()
    """The queues to hold, in the order in which they are given back."""
    backlog: bool = False
    """Whether photos were waiting to be read by the server when the queues were paused."""
    staged: bool = False
    """Whether such photos are written to: their files are read and moved before the sidecars are written."""
    noticed: list[str] = field(default_factory=list)
    """What others, or a restart, have done to the queues meanwhile."""
    held_back: HeldBack | None = None
    """Edits that another edit of the same photo could destroy, should both be worked off side by side."""
    photos: frozenset[str] = frozenset()
    """The photos that this run writes to; jobs of others need not be waited for."""
    restarts: int = 0
    """How often a restart of the server has resumed a queue."""
    _broke: float | None = None
    """When a connection last broke without a restart having been found behind it."""
    _shaken: bool = False
    """Whether one broke since the queues were last looked after."""
    _looked: float = 0.0
    _estimate: Estimate = field(default_factory=lambda: Estimate(time.monotonic))

    def open(self) -> None:
        """Pauses the chosen queues and waits until none of their jobs runs.

        Raises QueuesBusy where jobs don't end in time; ServerError where the server refuses, UnknownQueue.
        """
        queues = self._with_sidecars_written()
        self.chosen = choose(self.pause, queues)
        self.theirs = [name for name in self.chosen if queues[name].paused]
        if not self.chosen:
            return
        if not self.ever_held and set(self.chosen) - set(self.theirs):
            self.guard = self.start_guard()
        for _ in range(SLIPPED_IN):
            queues = self._hold()
            if WRITES_SIDECARS not in self.held or not self._endangered(queues[WRITES_SIDECARS]):
                break
            # an edit came between the look and the pause, and would wait beside ours
            self.give_back(WRITES_SIDECARS)
            self._with_sidecars_written()
        self._keep_held(queues)

    def _hold(self) -> Mapping[str, Queue]:
        """Pauses what isn't paused yet; the queues once none of their jobs runs any more."""
        self.progress.stage("pausing queues")
        for name in reversed(self.chosen):
            if name not in self.theirs and name not in self.held:
                self._pause(name)
        self._looked = time.monotonic()
        return self._wait_for_running(self.chosen)

    def _with_sidecars_written(self) -> Mapping[str, Queue]:
        """The queues, once no edit of an earlier run or of somebody else waits to be written to its file.

        Two writes of one photo that wait at the same time may destroy each other when their queue goes on
        (FINDINGS 1). Where the queue doesn't run empty, it is enough that none of a photo of this run waits.
        """
        patience = Patience(self.limits, self.interruption, self.limits.settle)
        self.held_back = None
        while True:
            queues = self.reader.queues()
            writes = queues.get(WRITES_SIDECARS)
            if not (writes and writes.pending and WRITES_SIDECARS in choose(self.pause, queues)):
                return queues
            if writes.paused:
                self.held_back = HeldBack(writes.pending, self._photos_in(writes))
                return queues
            if patience.spent > self.limits.others and not self._endangered(writes):
                return queues
            self.progress.stage("waiting for earlier edits to be written to their files")
            if not patience.again():
                if self.interruption.requested:
                    return queues
                raise QueuesBusy(
                    f"{writes.pending:,} earlier edits still wait in {WRITES_SIDECARS} after "
                    f"{self.limits.settle:.0f} s. Run again when the server is quieter"
                )

    def _endangered(self, queue: Queue) -> bool:
        """Whether an edit that waits in this queue is of a photo of this run, or may be."""
        if not queue.pending:
            return False
        waiting = self._photos_in(queue)
        return waiting is None or not self.photos.isdisjoint(waiting)

    def _photos_in(self, queue: Queue) -> frozenset[str] | None:
        """The photos of a queue's jobs; None where the server doesn't list them all, or not to this key."""
        try:
            jobs = self.reader.jobs(queue.name)
        except ServerError as error:
            if error.kind in (Kind.FORBIDDEN, Kind.NOT_FOUND):
                return None
            raise
        return None if jobs is None else frozenset(job.asset for job in jobs if job.asset)

    def hear(self, request: Sent) -> None:
        """Of every request: one without a server behind it may mean a restart."""
        if request.status in NO_SERVER:
            self._broke, self._shaken = time.monotonic(), True

    def look_after(self, at_once: bool = False) -> None:
        """Now and then during the writes, at once if asked or after a broken connection: are the queues
        still paused?

        A restart of the server resumes metadataExtraction (PERFORMANCE 1.7), which is paused again; anything
        else was somebody's wish and is not fought over. Raises ServerError, and QueuesBusy where jobs that
        ran meanwhile don't end.
        """
        at_once, self._shaken = at_once or self._shaken, False
        if not self.held or (not at_once and time.monotonic() - self._looked < LOOK_EVERY):
            return
        self._looked = time.monotonic()
        self._keep_held(self.reader.queues())

    def _keep_held(self, queues: Mapping[str, Queue]) -> None:
        running = self._running_again(queues)
        if self._by_restart(running):
            self._broke = None
            self.restarts += 1
            self.writer.pause(RESUMED_BY_RESTART)
            self._wait_for_running((RESUMED_BY_RESTART,))
            return
        for name in running:
            self.noticed.append(f"somebody else has resumed {name}: it was left so")
            self.strike_out(name)

    def _running_again(self, queues: Mapping[str, Queue]) -> list[str]:
        return [name for name in self.held if name in queues and not queues[name].paused]

    def _by_restart(self, running: list[str]) -> bool:
        """Whether these queues run again because the server was restarted; each broken connection may stand
        for one restart.

        Once that is believed without a broken connection, since a restart can pass between two requests.
        """
        broke = self._broke is not None and time.monotonic() - self._broke < RESTARTS
        return running == [RESUMED_BY_RESTART] and (broke or not self.restarts)

    def files_at_rest(self) -> bool:
        """Whether no job is about to move a file that this run may wait for. Raises ServerError."""
        queue = self.reader.queues().get(MOVES_FILES)
        return queue is None or not queue.pending or MOVES_FILES in self.theirs

    def _pause(self, name: str) -> None:
        self.state.add_lease(self.server, name, self.now())
        self.held.append(name)
        self.guard.hold(name)
        try:
            self.writer.pause(name)
        except ServerError as error:
            if not error.uncertain:
                self.strike_out(name)
            raise
        if name not in self.ever_held:
            self.ever_held.append(name)

    def _wait_for_running(self, names: Iterable[str]) -> Mapping[str, Queue]:
        """The queues as they were when none of these had a running job any more."""
        patience = Patience(self.limits, self.interruption, self.limits.running)
        self.progress.stage("waiting for running jobs")
        names = tuple(names)
        while True:
            queues = self.reader.queues()
            running = {name: queues[name].active for name in names if name in queues and queues[name].active}
            if not running:
                reading = queues.get(READS_PHOTOS)
                self.backlog = self.backlog or bool(reading and reading.pending)
                return queues
            if not patience.again():
                if self.interruption.requested:
                    return queues
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
        self._notice()
        for name in self._order():
            if not self.give_back(name):
                continue
            if name in PIPELINE:
                given_back.append(name)
            if name in PIPELINE and not waiting and not self.interruption.requested:
                waiting = self._drain(given_back)
        undrained = [name for name in PIPELINE if name not in (*given_back, *self.theirs, *self.held)]
        if undrained and not waiting and not self.interruption.requested:
            waiting = self._drain([*given_back, *undrained])
        if self.interruption.requested and not waiting:
            waiting = f"{self.interruption.words} before the server's jobs were done"
        if self.troubles and not waiting:
            waiting = f"{', '.join(self.troubles)} could not be resumed"
        needed = [name for name in self.theirs if name in PIPELINE]
        if needed and not waiting:
            listed = ", ".join(needed)
            waiting = f"somebody else keeps {listed} paused: edits settle when it is resumed"
        return waiting

    def _order(self) -> list[str]:
        """The order in which the queues come back (PERFORMANCE 1.6 where fresh photos were written to)."""
        held = [name for name in self.chosen if name in self.held]
        return (
            sorted(held, key=AFTER_UPLOADS.index) if self.staged and not set(held) - set(PIPELINE) else held
        )

    def _notice(self) -> None:
        """Queues that somebody else has resumed meanwhile are not ours to give back any more."""
        if not self.held:
            return
        running = self._running_again(self.reader.queues())
        who = "a restart of the server" if self._by_restart(running) else "somebody else"
        for name in running:
            self.noticed.append(f"{who} has resumed {name} before the end")
            self.strike_out(name)

    def give_back(self, name: str) -> bool:
        """Resumes one queue and strikes out its lease; False, with the trouble noted, where that fails."""
        try:
            self.writer.resume(name)
        except ServerError as error:
            self.troubles[name] = (
                f"{name} is still paused ({error}): run immich-apply again to have it resumed, or resume it "
                "in Immich under Administration > Job Queues"
            )
            return False
        self.strike_out(name)
        return True

    def strike_out(self, name: str) -> None:
        """Strikes out a lease. That this may fail must not keep the other queues paused."""
        self.troubles.pop(name, None)
        self.guard.release(name)
        with suppress(ValueError):  # somebody in a hurry may be giving it back at the same time
            self.held.remove(name)
        try:
            self.state.drop_lease(self.server, name)
        except StateUnusable as error:
            self.progress.say(
                f"warning: {name} runs again, but that can't be written down, so the next run resumes it "
                f"once more: {error}"
            )

    def _drain(self, names: Iterable[str]) -> str:
        names = tuple(names)
        self.progress.stage(f"letting {names[-1]} catch up")
        patience = Patience(self.limits, self.interruption, self.limits.settle)
        idle, most, ours = 0, 0, Ours(self.reader, self.photos)
        while True:
            queues = self.reader.queues()
            left = pending(queues, names)
            most = max(most, left)
            done = not left or (patience.spent > self.limits.others and ours.gone(queues, names))
            idle = idle + 1 if done else 0
            if idle >= self.limits.idle_looks:
                return self._held_back(queues, names)
            if left:
                about = self._estimate.words(queues, self.theirs)
                self.progress.stage(f"letting {names[-1]} catch up{about and f' ({about})'}", most)
                self.progress.advance(most - left)
            if not patience.again():
                if self.interruption.requested:
                    return f"{self.interruption.words} before the server's jobs were done"
                return f"{left} jobs are still waiting after {self.limits.settle:.0f} s"
            if done:
                patience.hurry()

    def _held_back(self, queues: Mapping[str, Queue], names: Iterable[str]) -> str:
        """Why what was written may not settle: somebody else has paused a queue after it was given back."""
        stuck = [
            name
            for name in names
            if name in queues and queues[name].paused and queues[name].pending and name not in self.theirs
        ]
        if not stuck:
            return ""
        self.noticed += [f"somebody else has paused {name}: it was left so" for name in stuck]
        return f"somebody else keeps {', '.join(stuck)} paused: edits settle when it is resumed"

    @property
    def disturbed(self) -> bool:
        """Whether others, or a restart, have had their hands on the queues."""
        return bool(self.noticed or self.restarts)

    def report(self, why: str) -> WindowReport:
        """What was done to the queues."""
        noticed = self.noticed
        if self.restarts:
            each = f" ({self.restarts} times)" if self.restarts > 1 else ""
            text = f"{RESUMED_BY_RESTART} had been resumed by a restart of the server and was paused again"
            noticed = [text + each, *noticed]
        return WindowReport(
            tuple(self.ever_held), tuple(self.theirs), why, tuple(self.troubles.values()), tuple(noticed)
        )


def pending(queues: Mapping[str, Queue], names: Iterable[str]) -> int:
    """Jobs in these queues that are not done, however the server counts them; paused queues left out."""
    return sum(queues[name].pending for name in names if name in queues and not queues[name].paused)


def restore(window: Window) -> tuple[str, ...]:
    """Gives back what an earlier run left paused on this server; returns the queues.

    One that was resumed meanwhile, or that the server doesn't have any more, is struck out and noticed.
    Raises ServerError.
    """
    left = tuple(lease.queue for lease in window.state.leases(window.server))
    if not left:
        return ()
    queues = window.reader.queues()
    for name in left:
        if name not in queues or not queues[name].paused:
            runs = "runs again already" if name in queues else "is not there any more"
            window.noticed.append(f"{name} {runs}")
            window.strike_out(name)
    held = [name for name in left if name in queues and queues[name].paused]
    ordered = sorted(held, key=lambda name: PIPELINE.index(name) if name in PIPELINE else len(PIPELINE))
    return tuple(name for name in ordered if window.give_back(name))
