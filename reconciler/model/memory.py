"""Python's search for circles of garbage, held off where many objects are made and none is garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 200_000
"""Objects from which on they are left out of later searches, which would look at each again and again."""


@contextmanager
def no_collection() -> Iterator[None]:
    """Holds the search off. Many objects made meanwhile are taken for needed to the end of the program.

    They are freed as ever once nobody refers to them; only circles among them would stay.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            if gc.get_count()[0] > MANY:
                gc.freeze()
            gc.enable()
