"""What was tried before and undone by the server, so that a plan doesn't show it as new for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """A value that was written, accepted and then undone once the server's jobs had run.

    `aspect` is a field's name, `tag+PATH` or `tag-PATH`; `wanted` and `came_back` are values in their text
    form (`reconciler.model.values.value_text`); `at` is an ISO date.
    """

    asset_id: str
    aspect: str
    wanted: str
    came_back: str
    reason: str
    at: str


Attempts = Mapping[tuple[str, str], Attempt]
"""By asset id and aspect."""

NO_ATTEMPTS: Attempts = {}
