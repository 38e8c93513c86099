"""Faults at random: a seed, and which request is asked for the how manyeth time, decide what strikes."""

from __future__ import annotations

import random
import re
from collections import Counter

from reconciler.sandbox.faults import Fault, Faults

CHANCE = 0.1
SORTS = (
    Fault("reset"),
    Fault("lost_answer"),
    Fault("killed"),
    Fault("status", status=500),
    Fault("status", status=502),
    Fault("status", status=503, retry_after="1"),
    Fault("status", status=429, retry_after="2"),
    Fault("truncated"),
    Fault("html"),
    Fault("latency", seconds=0.02),
)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Chances(Faults):
    """Strikes one request in ten. The order in which threads ask doesn't matter to what strikes."""

    def __init__(self, seed: str, chance: float = CHANCE) -> None:
        super().__init__()
        self._seed = seed
        self._chance = chance
        self._asked: Counter[str] = Counter()
        self.hits: list[str] = []

    def strike(self, method: str, path: str) -> Fault | None:
        with self._lock:
            request = f"{method} {_ID.sub('…', path)}"
            self._asked[request] += 1
            number = self._asked[request]
            dice = random.Random(f"{self._seed} {request} {number}")
            if dice.random() >= self._chance:
                return None
            fault = dice.choice(SORTS)
            self._struck += 1
            sort = str(fault.status) if fault.kind == "status" else fault.kind
            self.hits.append(f"{sort} at {request}, number {number}")
            return fault
