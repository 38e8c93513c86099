"""Dataclasses of which a run makes hundreds of thousands.

A frozen dataclass guards itself against its own `__init__`, and that takes most of the time of making one.
These are frozen to mypy, which looks at all of the code, and are made in a fifth of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["quick"]

if TYPE_CHECKING:
    from dataclasses import dataclass as quick
else:
    from dataclasses import dataclass

    def quick(*, frozen, slots, order=False):
        """Like `dataclass`, but what is frozen is so only to mypy; it can be a key as ever."""

        def made(cls):
            hashed = frozen and "__hash__" not in cls.__dict__
            return dataclass(slots=slots, order=order, unsafe_hash=hashed)(cls)

        return made
