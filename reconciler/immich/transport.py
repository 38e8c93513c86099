"""Requests to one server with one key: pooled connections, timeouts, retries, and no key leaking out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from threading import BoundedSemaphore, Event
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase

from reconciler import __version__
from reconciler.immich.address import is_near, is_upgrade
from reconciler.immich.errors import OversizedRequest, ServerError
from reconciler.immich.faults import (
    Asked,
    Fault,
    fault_of_body,
    fault_of_exception,
    fault_of_redirect,
    fault_of_status,
    lacking,
    unexpected_shape,
)
from reconciler.immich.retry import (
    Repeat,
    RetryPolicy,
    Timing,
    Trial,
    may_have_happened,
    moment_of,
    wait_before_next,
    writes,
)
from reconciler.immich.tally import RequestObserver, Sent, Tally
from reconciler.model.address import api_address

T = TypeVar("T")

Look = Callable[[bool], bool]
"""Called before a request is sent again, with whether a try before may have had its effect.

True where it has, so that nothing is left to be sent. May raise ServerError.
"""

SHORTEST_SECRET = 8
"""Anything shorter is no key of Immich's, and taking it out would only garble the message."""
LARGEST_BODY = 10 * 1024 * 1024
"""Bytes; the server answers 500 to more (FACTS 4, PERFORMANCE 2.5)."""

HURRIED = (2.0, 4.0)
"""Seconds for a connection and for an answer, where somebody wants the run to end at once."""

SPARE = 2
"""Connections beyond those at work, so that queues can be given back while all others hang."""

Query = Mapping[str, str | Sequence[str]]
"""What stands behind the `?` of an address; of several values, one after the other."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before it is sent."""

    method: str
    template: str
    repeat: Repeat
    path: str
    query: Query | None = None
    body: bytes | None = None
    upkeep: bool = False
    look: Look | None = None
    raw: bool = False
    """Whether the answer is a file rather than JSON."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    said: Any


class _KeyHeader(AuthBase):
    """Sends the key in its own header; as `auth`, it also keeps a .netrc file from adding another."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["x-api-key"] = self._key
        return request


class Transport:
    """Sends requests to one server with one API key. Safe to use from several threads.

    `base_url` may end with /api or not. `adapter` takes the place of the network (the embedded server).
    Raises ValueError, with a message for the user, where the address or the key can't be right.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        retry: RetryPolicy | None = None,
        connections: int = 4,
        adapter: BaseAdapter | None = None,
        timing: Timing | None = None,
        on_request: RequestObserver | None = None,
    ) -> None:
        self._base = api_address(base_url)
        self._key = _usable_key(api_key)
        self._timeouts = (connect_timeout, read_timeout)
        self._retry = retry or RetryPolicy()
        self._timing = timing or Timing()
        self._observers: tuple[RequestObserver, ...] = (on_request,) if on_request else ()
        self._reached = False
        self._known = False
        self._hurry = Event()
        self._left: Callable[[], float | None] = _without_end
        self.ahead: float | None = None
        """Seconds by which the server's clock is ahead of this machine's, within one; None where unknown."""
        self.connections = max(1, connections)
        self.slots = BoundedSemaphore(self.connections)
        """Held by each of a reader's questions, so that several reads at once don't overrun the server."""
        self.tally = Tally()
        self._session = _session(self._base, self._key, self.connections, adapter)

    @property
    def url(self) -> str:
        """The address of the API; it becomes https where the server sends http there."""
        return self._base

    def __repr__(self) -> str:
        return f"Transport({self._base!r})"

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def stop_retrying(self) -> None:
        """From now on nothing is tried again, waits end, and an answer may take only a few seconds.

        For a run that is being ended; what is under way already keeps its time.
        """
        self._hurry.set()

    def end_with(self, left: Callable[[], float | None]) -> None:
        """Bounds retries by the end of a run: `left` tells the seconds until then, None where it has none.

        What is asked before the end is not tried again after it. What is asked later, to read back what was
        written, is tried as ever.
        """
        self._left = left

    @contextmanager
    def watched(self, observer: RequestObserver) -> Iterator[None]:
        """Tells `observer` of every request meanwhile."""
        self._observers = (*self._observers, observer)
        try:
            yield
        finally:
            self._observers = tuple(item for item in self._observers if item is not observer)

    def call(
        self,
        method: str,
        template: str,
        *,
        repeat: Repeat,
        parse: Callable[[Any], T],
        path: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        upkeep: bool = False,
        look: Look | None = None,
    ) -> T:
        """One request and its answer, parsed.

        `template` is the path below /api with `{names}` that `path` fills. `parse` gets the decoded JSON
        (None for an empty body) and raises KeyError, TypeError, ValueError or AttributeError where it isn't
        what it should be. `upkeep` is for what has to be done whenever the run ends: giving a queue back.
        Where `look` finds that a try before has had its effect, `parse` gets None.
        Raises ServerError, and OversizedRequest for a body over 10 MB.
        """
        filled = template.format_map({name: quote(value, safe="") for name, value in (path or {}).items()})
        call = Call(method, template, repeat, filled, query, _encoded(body, method, template), upkeep, look)
        reply = self._exchange(call)
        problem = ""
        try:
            return parse(reply.said)
        except (KeyError, TypeError, ValueError, AttributeError) as unfit:
            problem = lacking(unfit)
        error = unexpected_shape(self._asked(call), reply.status, problem)
        error.uncertain = writes(repeat)
        raise error

    def file(self, template: str, *, path: Mapping[str, str], query: Query | None = None) -> bytes:
        """The bytes of a small file that can be done without: asked for once. Raises ServerError."""
        filled = template.format_map({name: quote(value, safe="") for name, value in path.items()})
        said = self._exchange(Call("GET", template, Repeat.ONCE, filled, query, raw=True)).said
        return said if isinstance(said, bytes) else b""

    def _exchange(self, call: Call) -> _Reply:
        """Sends until there is an answer or the policy gives up."""
        started = self._timing.monotonic()
        bounded = not call.upkeep and self._left() != 0
        failures = faults = 0
        happened = False
        while True:
            sent_at = self._timing.monotonic()
            outcome = self._attempt(call)
            now = self._timing.monotonic()
            if isinstance(outcome, _Reply):
                self._reached = self._known = True
                self._note(call, outcome.status, now - sent_at, failures + 1, None, "")
                return outcome
            failures += 1
            faults += outcome.error.status is not None and outcome.error.status >= 500
            happened = happened or may_have_happened(call.repeat, outcome.fate)
            self._reached = self._reached or outcome.error.status is not None
            left = self._left() if bounded else None
            trial = Trial(failures, faults, now - started, self._reached, left)
            wait = self._wait(call, outcome, trial)
            error = outcome.error
            self._note(call, error.status, now - sent_at, failures, wait, error.message)
            if wait is None:
                error.uncertain = happened
                raise error
            (self._timing.sleep or self._hurry.wait)(wait)
            if _has_happened(call, happened):
                return _Reply(outcome.error.status or 0, None)

    def _wait(self, call: Call, fault: Fault, trial: Trial) -> float | None:
        if self._hurry.is_set():
            return None
        return wait_before_next(
            self._retry,
            call.repeat,
            fault.fate,
            trial,
            retry_after=fault.retry_after,
            chance=self._timing.chance,
        )

    def _attempt(self, call: Call) -> _Reply | Fault:
        """Sends once; the exception of `requests` goes no further, since it carries the key."""
        try:
            response = self._send(call, self._base)
            if response.status_code in _REDIRECTS and self._follows(call, response):
                response = self._send(call, self._base)
        except requests.RequestException as problem:
            return self._cleaned(fault_of_exception(self._asked(call), problem))
        if self.ahead is None and (shown := moment_of(response.headers.get("Date"))) is not None:
            self.ahead = shown + 0.5 - self._timing.wall()
        return self._judged(call, response)

    def _send(self, call: Call, base: str) -> requests.Response:
        return self._session.request(
            call.method,
            base + call.path,
            params=call.query,
            data=call.body,
            headers=_headers(call),
            timeout=HURRIED if self._hurry.is_set() else self._timeouts,
            allow_redirects=False,
        )

    def _follows(self, call: Call, response: requests.Response) -> bool:
        """Whether to follow a redirect: only a GET sent to the same place under https; https stays then."""
        location = response.headers.get("Location") or ""
        asked = response.url or ""
        if call.method != "GET" or not is_upgrade(asked, urljoin(asked, location)):
            return False
        secure = urlsplit(urljoin(asked, location))
        self._base = f"https://{secure.netloc}{urlsplit(self._base).path}"
        return True

    def _judged(self, call: Call, response: requests.Response) -> _Reply | Fault:
        asked, status = self._asked(call), response.status_code
        if status >= 400:
            return self._cleaned(fault_of_status(asked, response, self._timing.wall()))
        if status in _REDIRECTS:
            return self._cleaned(fault_of_redirect(asked, response))
        if not response.content:
            return _Reply(status, None)
        if call.raw:
            return _Reply(status, response.content)
        try:
            return _Reply(status, orjson.loads(response.content))
        except orjson.JSONDecodeError:
            return self._cleaned(fault_of_body(asked, response, known=self._known))

    def _cleaned(self, fault: Fault) -> Fault:
        """Takes the key out of the words, should a server or proxy ever repeat it."""
        error = fault.error
        if len(self._key) >= SHORTEST_SECRET and self._key in error.message:
            error.message = error.message.replace(self._key, "***")
            error.args = (error.message,)
        return fault

    def _asked(self, call: Call) -> Asked:
        parts = urlsplit(self._base)
        return Asked(call.method, call.path, self._base + call.path, parts.netloc)

    def _note(
        self, call: Call, status: int | None, seconds: float, attempt: int, wait: float | None, problem: str
    ) -> None:
        size = len(call.body or b"")
        sent = Sent(call.method, call.template, status, seconds, attempt, wait, problem, size)
        self.tally.note(sent)
        for observer in self._observers:
            observer(sent)


def _headers(call: Call) -> dict[str, str] | None:
    if call.raw:
        return {"Accept": "*/*"}
    return None if call.body is None else {"Content-Type": "application/json"}


def _has_happened(call: Call, maybe: bool) -> bool:
    try:
        return call.look is not None and call.look(maybe)
    except ServerError as error:
        error.uncertain = error.uncertain or maybe
        raise


def _without_end() -> None:
    """A run without an end."""


def _usable_key(key: str) -> str:
    """The key without spaces around it. Raises ValueError, without the key, where it can't be one."""
    trimmed = key.strip()
    if not trimmed:
        raise ValueError("the API key is empty")
    if not trimmed.isascii() or not trimmed.isprintable() or " " in trimmed:
        raise ValueError("the API key has characters that no API key has: was it copied whole?")
    return trimmed


def _session(base: str, key: str, connections: int, adapter: BaseAdapter | None) -> requests.Session:
    """One session for all threads: it keeps no cookies, so they share nothing but the connection pool."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = _KeyHeader(key)
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "identity" if adapter or is_near(base) else "gzip"
    session.headers["User-Agent"] = f"immich-reconciler/{__version__}"
    pooled = HTTPAdapter(pool_maxsize=connections + SPARE, pool_block=True, max_retries=0)
    for prefix in ("http://", "https://"):
        session.mount(prefix, adapter or pooled)
    return session


def _encoded(body: Mapping[str, Any] | None, method: str, template: str) -> bytes | None:
    if body is None:
        return None
    encoded = orjson.dumps(body)
    if len(encoded) > LARGEST_BODY:
        raise OversizedRequest(
            f"{method} {template}: a body of {len(encoded)} bytes is over the limit of 10 MB"
        )
    return encoded
