"""Where no queue can be watched, photos tell that their edits have settled: none is waited for in vain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from reconciler.apply.protocols import Interruption, Limits, Silent
from reconciler.apply.queues.settling import wait_for_photos
from tests.diff.lives import NOON

LIMITS = Limits(settle=0.5, quiet=0.05, poll_first=0.001, poll_most=0.01)
BEFORE = NOON
ONCE, TWICE = NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)


@dataclass
class Photos:
    """What the server says of its photos at one look after the other; the last answer stays."""

    looks: list[Mapping[str, datetime]]
    trashed: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()
    asked: list[datetime] = field(default_factory=list)

    def recently_updated(self, since: datetime, _owner: str) -> dict[str, Any]:
        self.asked.append(since)
        now = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return {one: SimpleNamespace(updated=moment) for one, moment in now.items() if moment >= since}

    def assets(self, ids: list[str]) -> dict[str, Any]:
        there = [one for one in ids if one not in self.deleted]
        return {one: SimpleNamespace(asset=SimpleNamespace(trashed=one in self.trashed)) for one in there}


def waited(
    photos: Photos,
    seen: dict[str, datetime],
    *,
    twice: frozenset[str] = frozenset(),
    unsure: frozenset[str] = frozenset(),
    stop: Interruption | None = None,
) -> str:
    """Why it isn't known whether all have settled; empty where they have."""
    reader: Any = photos
    return wait_for_photos(
        reader,
        "ada",
        seen,
        twice=twice,
        unsure=unsure,
        progress=Silent(),
        interruption=stop or Interruption(),
        limits=LIMITS,
    )


def test_until_each_has_been_read_again() -> None:
    seen = {"old": BEFORE, "new": ONCE}
    photos = Photos([{"new": ONCE}, {"old": ONCE, "new": ONCE}, {"old": ONCE, "new": TWICE}])
    assert waited(photos, seen) == "" and len(photos.asked) == 3
    assert seen == {"old": ONCE, "new": TWICE}, "when they have moved is known for the next round"


def test_one_that_is_never_read_again_is_told() -> None:
    assert waited(Photos([{"a": ONCE}]), {"a": BEFORE, "b": BEFORE}) == (
        "the server has not read 1 photo again within 0 s"
    )


def test_a_heart_alone_does_not_count_as_read_again() -> None:
    photos = Photos([{"a": ONCE}, {"a": ONCE}, {"a": TWICE}])
    seen = {"a": BEFORE}
    assert waited(photos, seen, twice=frozenset({"a"})) == "" and seen == {"a": TWICE}
    assert len(photos.asked) == 3


def test_a_photo_that_was_quicker_than_the_first_look_is_not_waited_for_to_the_end() -> None:
    """Its heart and its caption show as one move."""
    assert waited(Photos([{"a": ONCE}]), {"a": BEFORE}, twice=frozenset({"a"})) == ""


def test_photos_that_are_gone_and_those_whose_jobs_may_be_lost_are_given_up() -> None:
    seen = {"trashed": BEFORE, "deleted": BEFORE, "unsure": BEFORE}
    photos = Photos([{}], trashed=frozenset({"trashed"}), deleted=frozenset({"deleted"}))
    assert waited(photos, seen, unsure=frozenset({"unsure"})) == ""


def test_who_asks_to_stop_is_heeded_and_told() -> None:
    stop = Interruption()
    stop.request()
    assert waited(Photos([{}]), {"a": BEFORE}, stop=stop) == (
        "stopped on request before the server's jobs were done"
    )
