"""What a run works with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.apply.protocols import Interruption, Limits, Progress
from reconciler.apply.queues.choice import Pause
from reconciler.apply.queues.companion import Guard, NoGuard
from reconciler.apply.queues.opening import Opening
from reconciler.apply.queues.window import Window
from reconciler.apply.state.database import State
from reconciler.apply.state.journal import Journal, NoJournal
from reconciler.immich.answers import Made
from reconciler.immich.reader import Reader
from reconciler.immich.transport import Transport
from reconciler.immich.writer import Writer


def _nobody(_made: Sequence[Made]) -> None:
    """Nobody keeps anything."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything a run works with. `admin` is the pair that may pause queues, or None without such a key."""

    reader: Reader
    writer: Writer
    admin: tuple[Reader, Writer] | None
    state: State
    progress: Progress
    interruption: Interruption
    limits: Limits
    connections: int
    now: Callable[[], datetime]
    server: str
    """The server's address, under which paused queues are written down."""
    pause: Pause = "pipeline"
    guard: Callable[[], Guard] = NoGuard
    """Starts what gives the queues back if this process dies."""
    journal: Journal = field(default_factory=NoJournal)
    wait: bool = True
    """Whether to wait for the server's jobs at the end, and to read back."""
    made: Callable[[Sequence[Made]], object] = _nobody
    """Told which albums were made, for those who keep what they know of albums."""
    opening: Opening | None = None
    """Waits for the moment at which the run may begin, and sets its end; None where it may at any time."""

    def window(self) -> Window | None:
        """A window over the server's queues, if they may be paused."""
        if self.admin is None:
            return None
        reader, writer = self.admin
        return Window(
            self.server,
            reader,
            writer,
            self.state,
            self.progress,
            self.interruption,
            self.limits,
            lambda: self.now().isoformat(timespec="seconds"),
            pause=self.pause,
            start_guard=self.guard,
        )

    @property
    def transports(self) -> tuple[Transport, ...]:
        """What carries the account's requests, and the administrator's where that is another."""
        own = self.reader.transport
        admin = self.admin[0].transport if self.admin else own
        return (own,) if admin is own else (own, admin)

    def requests(self) -> tuple[tuple[str, int], ...]:
        """How many requests of each kind there were so far."""
        counts: Counter[str] = Counter()
        for transport in self.transports:
            for (method, template), count in transport.tally.counts.items():
                counts[f"{method} {template}"] += count
        return tuple(sorted(counts.items()))
