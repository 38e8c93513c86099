"""How long the server's jobs are still going to take, judged by how fast they have gone so far."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from reconciler.immich.answers import Queue
from reconciler.plan import PIPELINE

FEW = 20
"""So many jobs must be done before anything is said."""
MINUTE = 60.0


def work_left(queues: Mapping[str, Queue], standing: Container[str] = ()) -> int:
    """Jobs that are still going to run: one that waits at the head of the chain brings those after it.

    A sidecar write brings a reading of the file, and that a look at where the file belongs (FACTS 5). What
    waits in a queue that is `standing` doesn't count.
    """
    return sum(
        queues[name].pending * (len(PIPELINE) - place)
        for place, name in enumerate(PIPELINE)
        if name in queues and name not in standing
    )


@dataclass(slots=True)
class Estimate:
    """Watches the work becoming less. One for one wait; `clock` counts seconds."""

    clock: Callable[[], float]
    _most: int = 0
    _since: float = field(default=0.0)

    def words(self, queues: Mapping[str, Queue], standing: Container[str] = ()) -> str:
        """`about 7 min left`; empty while that can't be told yet, or where little is left."""
        left, now = work_left(queues, standing), self.clock()
        if left >= self._most:
            self._most, self._since = left, now
            return ""
        done, spent = self._most - left, now - self._since
        if done < FEW or spent <= 0:
            return ""
        seconds = left * spent / done
        if seconds < MINUTE:
            return "less than a minute left" if seconds > MINUTE / 6 else ""
        if seconds < 60 * MINUTE:
            return f"about {round(seconds / MINUTE)} min left"
        hours, rest = divmod(round(seconds / MINUTE), 60)
        return f"about {hours} h {rest} min left"
