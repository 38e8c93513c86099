"""The door of the sandbox: it counts what the commands ask, and lets something happen at one request."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Response

from reconciler.sandbox.api import DIES
from reconciler.sandbox.faults import ConnectionDropped

READS = ("/search/", "/download/info")
App = Callable[[dict[str, Any], Any], Iterable[bytes]]
Through = Callable[..., Response]
"""Lets the server handle the request, and gives its answer; with `dies=True` it dies in the middle."""
Deed = Callable[[Through], Response]
"""What happens at a request. Raises ConnectionResetError where the client gets no answer."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A request of a command: the `number`-th that writes, or the `number`-th that reads, from 1."""

    writes: bool
    number: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that arrived, from a command or its companion."""

    method: str
    path: str
    body: Any
    boundary: Boundary | None
    """None for the companion's."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Gate:
    """Stands before the application of whatever library is served now."""

    app: App
    log: list[Asked] = field(default_factory=list)
    struck: Asked | None = None
    _at: Boundary | None = None
    _deed: Deed | None = None
    _counts: dict[bool, int] = field(default_factory=dict)
    _inside: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def arm(self, at: Boundary | None = None, deed: Deed | None = None) -> None:
        """Counts anew, and lets `deed` happen at the request `at`."""
        with self._changed:
            self.log, self.struck, self._counts = [], None, {}
            self._at, self._deed = at, deed

    def quiet(self) -> None:
        """Waits until no request is being handled."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._inside, timeout=30), "a request does not end"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._counted():
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            deed = self._noted(environ, body)

            def through(*, dies: bool = False) -> Response:
                environ.update({DIES: True} if dies else {})
                return Response.from_app(self.app, environ, buffered=True)

            try:
                response = deed(through) if deed else through()
            except ConnectionDropped as error:
                raise ConnectionResetError(str(error)) from error
            return response(environ, start_response)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def _noted(self, environ: dict[str, Any], body: bytes) -> Deed | None:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/api")
        ours = environ.get("HTTP_USER_AGENT", "").startswith("immich-reconciler")
        with self._changed:
            boundary = None
            if ours:
                writes = method != "GET" and not path.startswith(READS)
                self._counts[writes] = self._counts.get(writes, 0) + 1
                boundary = Boundary(writes, self._counts[writes])
            asked = Asked(method, path, json.loads(body) if body else None, boundary)
            self.log.append(asked)
            if boundary is None or boundary != self._at:
                return None
            self.struck = asked
            return self._deed


def before(act: Callable[[], object]) -> Deed:
    """Something happens just before the request reaches the server, which never gets it."""

    def deed(_through: Through) -> Response:
        act()
        raise ConnectionResetError("gone before")

    return deed


def after(act: Callable[[], object]) -> Deed:
    """Something happens once the server has acted, and its answer is lost."""

    def deed(through: Through) -> Response:
        through()
        act()
        raise ConnectionResetError("gone after")

    return deed
