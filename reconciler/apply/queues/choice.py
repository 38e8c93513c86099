"""Which queues a window holds: chosen from what the server has, never from a fixed list. Pure."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.plan import PIPELINE

NEVER = frozenset({"backgroundTask", "backupDatabase", "migration"})
"""Held by nobody: the server refuses the first (FACTS 5), the others are its own housekeeping."""

_HEAVY = (
    "thumbnailGeneration",
    "videoConversion",
    "smartSearch",
    "faceDetection",
    "facialRecognition",
    "ocr",
    "duplicateDetection",
    "library",
    "workflow",
)
"""What `heavy` adds where the server has it: everything that reads photos for minutes."""

Pause = str | tuple[str, ...]
"""`pipeline`, `heavy`, `none`, or the names themselves."""


class UnknownQueue(ValueError):
    """A queue was asked for that the server doesn't have, or that is never held."""


def choose(pause: Pause, there: Collection[str]) -> tuple[str, ...]:
    """The queues to hold, in the order in which they are given back: the pipeline's first.

    Raises UnknownQueue, naming what the server has.
    """
    match pause:
        case "none":
            return ()
        case "pipeline":
            wanted: tuple[str, ...] = PIPELINE
        case "heavy":
            wanted = (*PIPELINE, *_HEAVY)
        case str():
            raise UnknownQueue(f"{pause!r} is not pipeline, heavy, none or a list of queues")
        case _:
            wanted = pause
            _check(wanted, there)
    order = (*PIPELINE, *(name for name in wanted if name not in PIPELINE))
    return tuple(name for name in order if name in wanted and name in there)


def _check(names: tuple[str, ...], there: Collection[str]) -> None:
    if refused := [name for name in names if name in NEVER]:
        raise UnknownQueue(f"{', '.join(refused)} can't be held: the server needs it for its own upkeep")
    if unknown := [name for name in names if name not in there]:
        known = ", ".join(sorted(set(there) - NEVER))
        raise UnknownQueue(f"the server has no queue {', '.join(unknown)}; it has {known}")
