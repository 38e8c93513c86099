"""When a request is sent again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum


class Repeat(StrEnum):
    """Whether a request may be sent a second time. Each call says so."""

    READ = "read"
    """It changes nothing."""
    ONCE = "once"
    """It changes nothing and can be done without: not sent again."""
    HARMLESS = "harmless"
    """It writes, but twice is the same as once: setting a value, pausing, adding members."""
    NEVER = "never"
    """Twice would make two. Sent again only where the first surely had no effect."""


class Fate(StrEnum):
    """What is known about a request that failed."""

    UNSENT = "unsent"
    """It never reached the server."""
    REFUSED = "refused"
    """The server turned it away for now, without effect (429, 503)."""
    LOST = "lost"
    """It may have taken effect: timeout, reset, answer cut off, 408, 502, 504."""
    FAULT = "fault"
    """The server failed while it worked on it (500)."""
    FINAL = "final"
    """Asking again would give the same answer."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How stubborn the client is. All times in seconds.

    `retries` of one request, waits of up to `base` * 2**n but never over `cap` (full jitter), no new try
    after `deadline`. A Retry-After is honoured up to `longest_wait`. A write that the server failed
    on (500) is repeated `faults` times. A server that has never answered is tried only `first_contact`
    times more: most likely the address is wrong. The defaults outlive a restart of the server, which takes
    half a minute and more: ten waits add up to 76 s on average.
    """

    retries: int = 10
    base: float = 0.5
    cap: float = 30.0
    deadline: float = 300.0
    longest_wait: float = 120.0
    faults: int = 1
    first_contact: int = 2


@dataclass(frozen=True, slots=True)
class Timing:
    """Clocks and chance, handed in so that tests neither wait nor guess.

    `sleep` is None for the real thing.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], object] | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One request's history so far: failures, how many of them with a 5xx, seconds since the start."""

    failures: int
    faults: int
    elapsed: float
    reached: bool
    """Whether this server has ever answered."""
    left: float | None = None
    """Seconds until the end of the run, after which nothing is tried again; None where it has none."""


def wait_before_next(
    policy: RetryPolicy,
    repeat: Repeat,
    fate: Fate,
    trial: Trial,
    *,
    retry_after: float | None = None,
    chance: Callable[[], float] = random.random,
) -> float | None:
    """Seconds to wait before the next try; None to give up."""
    if not _may_repeat(policy, repeat, fate, trial):
        return None
    ceiling = min(policy.cap, policy.base * 2 ** (trial.failures - 1))
    wait = chance() * ceiling
    if retry_after is not None:
        if retry_after > policy.longest_wait:
            return None
        wait += retry_after
    in_time = trial.left is None or wait < trial.left
    return wait if in_time and trial.elapsed + wait <= policy.deadline else None


def _may_repeat(policy: RetryPolicy, repeat: Repeat, fate: Fate, trial: Trial) -> bool:
    if fate is Fate.FINAL or repeat is Repeat.ONCE or trial.failures > policy.retries:
        return False
    if fate is Fate.UNSENT:
        return trial.reached or trial.failures <= policy.first_contact
    if fate is Fate.REFUSED or repeat is Repeat.READ:
        return True
    if repeat is Repeat.NEVER:
        return False
    return fate is Fate.LOST or trial.faults <= policy.faults


def writes(repeat: Repeat) -> bool:
    """Whether a request of this kind changes anything."""
    return repeat not in (Repeat.READ, Repeat.ONCE)


def may_have_happened(repeat: Repeat, fate: Fate) -> bool:
    """Whether a failed request may have changed something."""
    return writes(repeat) and fate in (Fate.LOST, Fate.FAULT)


def retry_after_seconds(header: str | None, now: float) -> float | None:
    """What a Retry-After header asks for: seconds, or a date; None where it is missing or unreadable."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    moment = moment_of(text)
    return None if moment is None else max(0.0, moment - now)


def moment_of(header: str | None) -> float | None:
    """A date of HTTP as seconds since 1970; None where it is missing or unreadable."""
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
