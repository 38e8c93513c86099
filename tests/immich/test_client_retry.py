"""What is asked again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from reconciler.immich.retry import (
    Fate,
    Repeat,
    RetryPolicy,
    Trial,
    may_have_happened,
    retry_after_seconds,
    wait_before_next,
)

POLICY = RetryPolicy(retries=4, base=1.0, cap=5.0, deadline=60.0, longest_wait=30.0)


def wait(repeat: Repeat, fate: Fate, failures: int = 1, **known: float) -> float | None:
    trial = Trial(
        failures, int(known.get("faults", 0)), known.get("elapsed", 0.0), bool(known.get("reached", 1))
    )
    return wait_before_next(
        POLICY,
        repeat,
        fate,
        trial,
        retry_after=known.get("retry_after"),
        chance=lambda: known.get("chance", 1.0),
    )


@pytest.mark.parametrize(
    ("fate", "read", "harmless", "never"),
    [
        (Fate.UNSENT, True, True, True),
        (Fate.REFUSED, True, True, True),
        (Fate.LOST, True, True, False),
        (Fate.FAULT, True, True, False),
        (Fate.FINAL, False, False, False),
    ],
)
def test_what_may_be_repeated(fate: Fate, read: bool, harmless: bool, never: bool) -> None:
    again = [
        wait(repeat, fate, faults=1) is not None for repeat in (Repeat.READ, Repeat.HARMLESS, Repeat.NEVER)
    ]
    assert again == [read, harmless, never]


def test_a_write_that_the_server_fails_on_is_repeated_once() -> None:
    assert wait(Repeat.HARMLESS, Fate.FAULT, failures=1, faults=1) is not None
    assert wait(Repeat.HARMLESS, Fate.FAULT, failures=2, faults=2) is None
    assert wait(Repeat.READ, Fate.FAULT, failures=4, faults=4) is not None


def test_waits_grow_up_to_the_cap_and_end() -> None:
    assert [wait(Repeat.READ, Fate.LOST, failures) for failures in range(1, 6)] == [1.0, 2.0, 4.0, 5.0, None]


def test_full_jitter() -> None:
    assert wait(Repeat.READ, Fate.LOST, 3, chance=0.0) == 0.0
    assert wait(Repeat.READ, Fate.LOST, 3, chance=0.25) == 1.0


def test_nothing_after_the_deadline() -> None:
    assert wait(Repeat.READ, Fate.LOST, 3, elapsed=56.0) == 4.0
    assert wait(Repeat.READ, Fate.LOST, 3, elapsed=56.1) is None


def test_retry_after_is_a_least_wait_and_has_a_bound() -> None:
    assert wait(Repeat.NEVER, Fate.REFUSED, retry_after=20.0, chance=0.0) == 20.0
    assert wait(Repeat.NEVER, Fate.REFUSED, retry_after=20.0, chance=1.0) == 21.0
    assert wait(Repeat.READ, Fate.REFUSED, retry_after=31.0) is None


def test_a_server_never_reached_is_not_waited_for_long() -> None:
    tries = [wait(Repeat.READ, Fate.UNSENT, failures, reached=False) is not None for failures in (1, 2, 3)]
    assert tries == [True, True, False]
    assert wait(Repeat.READ, Fate.UNSENT, 3, reached=True) is not None


def test_what_may_have_happened() -> None:
    assert may_have_happened(Repeat.NEVER, Fate.LOST)
    assert may_have_happened(Repeat.HARMLESS, Fate.FAULT)
    assert not may_have_happened(Repeat.READ, Fate.LOST)
    assert not may_have_happened(Repeat.NEVER, Fate.REFUSED)
    assert not may_have_happened(Repeat.NEVER, Fate.UNSENT)


def test_retry_after_header() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    then = format_datetime(now.replace(minute=5), usegmt=True)
    assert retry_after_seconds("17", now.timestamp()) == 17.0
    assert retry_after_seconds(then, now.timestamp()) == 60.0
    assert retry_after_seconds(format_datetime(now.replace(minute=1)), now.timestamp()) == 0.0
    assert retry_after_seconds(None, 0.0) is None
    assert retry_after_seconds("soon", 0.0) is None
    assert retry_after_seconds("-5", 0.0) is None
