"""Why a plan isn't applied before somebody agrees to it by name."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from reconciler.model.origin import Origin
from reconciler.model.safety import Allowed, Guard

PROTECT = "protect"
"""The rule of a violation that no option lets pass."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One limit that a plan goes beyond, or one guard or protection that it runs into.

    `rule` is a budget with what it counts (`removals of memberships`), a guard, or `protect`. `resources` are
    the albums, tags, photos or lines that it is about, those with most first. `option` is what would let the
    plan pass as it is; empty where only the files can. `origin` is a line that is the cause, if there is one.
    """

    rule: str
    text: str
    resources: tuple[str, ...] = ()
    option: str = ""
    origin: Origin | None = None

    @property
    def message(self) -> str:
        """What is wrong, and what to do where it is meant."""
        way_out = self.option or "take `protect: true` out of the files"
        return f"{self.text}. To let it pass: {way_out}"


def allowance(guard: Guard, name: str = "") -> str:
    """The option that lets a guard pass, ready for a shell."""
    return f"--allow {shlex.quote(str(Allowed(guard, name)))}"
