"""Misbehaviour on demand: a short list of rules, looked at before and after each request."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.sandbox.errors import SandboxError

KINDS = ("latency", "status", "reset", "lost_answer", "killed", "torn", "truncated", "html")


@dataclass(frozen=True, slots=True)
class Fault:
    """Which requests it hits, and what happens to them."""

    kind: str
    """latency: answers late; status: an error instead of acting; reset: the connection drops, nothing done;
    lost_answer: acts, then the connection drops; killed: the server dies while it acts, so that an edit is in
    its database and the edit's job in no queue; torn: the same, but of a bulk edit only what goes to
    the file is in the database, not hearts and visibility; truncated: acts, the body breaks off;
    html: a proxy page."""
    method: str = "*"
    path: str = ".*"
    """Regular expression for the whole path below /api, without the query."""
    nth: int = 1
    """The first matching request that is hit, counted from 1."""
    times: int | None = 1
    """How many matching requests in a row are hit; None is all from then on."""
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.0
    """Of latency; may be given with any kind."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SandboxError(f"no fault of kind '{self.kind}': choose one of {', '.join(KINDS)}")
        try:
            re.compile(self.path)
        except re.error as error:
            raise SandboxError(
                f"the path '{self.path}' of a fault is no regular expression: {error}"
            ) from error

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.fullmatch(self.path, path) is not None

    def hits(self, count: int) -> bool:
        """Whether the count-th matching request is hit."""
        return count >= self.nth and (self.times is None or count < self.nth + self.times)


@dataclass(slots=True)
class _Rule:
    fault: Fault
    seen: int = 0


@dataclass(slots=True)
class Faults:
    """The rules of a library; the first rule that hits a request counts."""

    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _struck: int = 0

    def set(self, faults: Iterable[Fault]) -> None:
        """Replaces all rules and starts counting anew."""
        with self._lock:
            self._rules = [_Rule(fault) for fault in faults]
            self._struck = 0

    def clear(self) -> None:
        self.set([])

    @property
    def struck(self) -> int:
        """How many requests were hit since the rules were set."""
        return self._struck

    def strike(self, method: str, path: str) -> Fault | None:
        """What is to happen to this request; every rule that matches counts it."""
        with self._lock:
            hit: Fault | None = None
            for rule in self._rules:
                if rule.fault.matches(method, path):
                    rule.seen += 1
                    if hit is None and rule.fault.hits(rule.seen):
                        hit = rule.fault
            self._struck += hit is not None
            return hit


def faults_from_json(rules: Any) -> list[Fault]:
    """Rules as the endpoint gets them; raises SandboxError when one is not right."""
    known = set(Fault.__slots__)
    if not isinstance(rules, list):
        raise SandboxError("faults must be a list of rules")
    found = []
    for rule in rules:
        if not isinstance(rule, Mapping) or "kind" not in rule or set(rule) - known:
            raise SandboxError(
                f"a fault has a kind and may have {', '.join(sorted(known - {'kind'}))}: {rule!r}"
            )
        found.append(
            replace(Fault(rule["kind"]), **{name: value for name, value in rule.items() if name != "kind"})
        )
    return found


class ConnectionDropped(Exception):
    """Raised by the application instead of an answer; adapter and server break the connection off."""
