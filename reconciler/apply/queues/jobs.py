"""The server's jobs during a run: queues held still, waited for, given back; what broke off done in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.apply.earlier.mend import have_read_again, missing, not_read_since
from reconciler.apply.queues.migration import migrate
from reconciler.apply.queues.settling import wait_for_photos
from reconciler.apply.queues.window import QueuesBusy, Window
from reconciler.apply.sending.send import Sender
from reconciler.apply.tools import Tools
from reconciler.apply.written import Sent
from reconciler.diff.changes import Changes
from reconciler.immich.errors import ServerError
from reconciler.model.live import Live
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.plan.operations import UpdateAssets, sidecar_photos, writes_sidecars
from reconciler.plan.report import WindowReport

HELD = "its jobs would race with the edits"
NOT_NEEDED = "no queue is paused: nothing in this plan touches photo metadata"
NO_KEY = (
    "the queues run on: no administrator's key is there to pause them. Each photo is written at most once "
    "at a time, and read back"
)


@dataclass(slots=True)
class ServerJobs:
    """The jobs that a plan sets off. There is no `window` where none is needed, or no key may pause queues.

    `seen` is the `updatedAt` of photos, as last seen.
    """

    plan: Plan
    tools: Tools
    window: Window | None = None
    seen: dict[str, datetime] = field(default_factory=dict)
    waiting: str = ""
    """Why it isn't known that all jobs have come to their end; empty where it is."""

    def see(self, live: Live) -> None:
        """Takes in when photos last changed."""
        self.seen |= {asset.id: asset.updated for asset in live.assets.values()}

    def settle_between(self) -> None:
        """Lets the jobs of one round run to their end before the next writes the same photos (FINDINGS 1)."""
        if self.tools.interruption.requested:
            return
        waiting = self.window.close() if self.window else self.waiting
        if waiting and not self.tools.interruption.requested:
            raise QueuesBusy(f"the rest was not written: {waiting}")
        if self.window and not self.tools.interruption.requested:
            self.window.open()

    def let_files_rest(self) -> bool:
        """Before files are made to move: lets those rest that move already; whether it had to."""
        if self.window is None or self.tools.interruption.requested or self.window.files_at_rest():
            return False
        self.settle_between()
        return True

    def end_round(
        self, sender: Sender, sent: Sequence[Sent], changes: Changes, began: datetime, *, last: bool
    ) -> None:
        """Waits for the photos where no queue can be watched, and for what broke off to be done in full.

        `sent` is what this round has sent of all `changes`, since it `began`.
        """
        cut = sidecar_photos(item.operation for item in sender.cut)
        seen = {photo: self.seen[photo] for photo in cut if photo in self.seen}
        waits, asked = self.tools.wait or not last, self.tools.interruption
        if self.window is None and waits:
            self._wait_without_window(sent, cut)
        while sender.cut and waits and not (sender.stopped or self.waiting or asked.requested):
            self._mend(sender, changes, seen, began)
            seen = {}

    def _mend(self, sender: Sender, changes: Changes, seen: dict[str, datetime], began: datetime) -> None:
        """Has writes that broke off done in full, should the server have died over them (see `mend`)."""
        cut, tools, owner = tuple(sender.cut), self.tools, self.plan.identity.user_id
        if not self._settled(frozenset()):
            return
        if unread := not_read_since(cut, seen, began, tools.reader, owner):
            tools.progress.stage("having the server read again what broke off", len(unread))
            have_read_again(tools.writer, unread)
            if not self._settled(unread):
                return
        sender.cut.clear()
        if again := list(missing(cut, changes, self.plan, tools.reader)):
            if self.window:
                self.window.open()
            for item, operation in again:
                sender.again(item, operation)
            if self.window is None:
                self._settled(sidecar_photos(operation for _, operation in again))
        for item in cut:
            sender.mended(item)

    def _settled(self, photos: frozenset[str]) -> bool:
        """Whether the jobs of these photos came to their end, or all where the queues can be watched."""
        if self.window:
            self.waiting = self.window.close()
        else:
            self._wait_for({photo: self.seen[photo] for photo in photos if photo in self.seen})
        return not self.waiting and not self.tools.interruption.requested

    def _wait_without_window(self, sent: Sequence[Sent], unsure: frozenset[str]) -> None:
        through_files = [item for item in sent if writes_sidecars(item.operation)]
        before = {
            asset: self.seen[asset] for item in through_files for asset in item.taken if asset in self.seen
        }
        flags = {Field.FAVORITE, Field.VISIBILITY}
        twice = {
            asset
            for item in through_files
            if isinstance(item.operation, UpdateAssets) and flags & item.operation.values.keys()
            for asset in item.taken
        }
        self._wait_for(before, frozenset(twice), unsure)

    def _wait_for(
        self,
        before: dict[str, datetime],
        twice: frozenset[str] = frozenset(),
        unsure: frozenset[str] = frozenset(),
    ) -> None:
        self.waiting = wait_for_photos(
            self.tools.reader,
            self.plan.identity.user_id,
            before,
            twice=twice,
            unsure=unsure,
            progress=self.tools.progress,
            interruption=self.tools.interruption,
            limits=self.tools.limits,
        )
        self.seen |= before

    def close(self, sent: Sequence[Sent]) -> None:
        """Gives the queues back once the jobs of what was sent are done, whatever has happened before."""
        if self.window is None:
            return
        try:
            if self.tools.wait and any(writes_sidecars(item.operation) for item in sent):
                self.waiting = self.window.close() or self.waiting
            else:
                self.give_back()
        except ServerError as error:
            self.waiting = f"the server's jobs can't be watched any more ({error})"
            self.give_back()
        finally:
            self.window.guard.done()

    def migrate(self, *, failed: bool) -> None:
        """Has the server file its photos by the albums that they are in now, unless something has failed."""
        tools = self.tools
        if tools.admin is None or tools.interruption.requested or failed or self.waiting:
            self.waiting = self.waiting or "the server's storage migration was not started"
            return
        self.waiting = migrate(tools.admin, tools.progress, tools.interruption, tools.limits, wait=tools.wait)

    def give_back(self) -> None:
        """Gives back every queue that is held."""
        if self.window:
            for name in [item for item in self.window.chosen if item in self.window.held]:
                self.window.give_back(name)

    def report(self) -> WindowReport:
        """What became of the queues."""
        if self.window:
            return self.window.report(HELD)
        return WindowReport(why=NO_KEY if self.plan.needs_window else NOT_NEEDED)
