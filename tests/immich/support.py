"""Stand-ins for the network and the clock, and the recorded answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from reconciler.immich.reader import Reader
from reconciler.immich.retry import RetryPolicy, Timing
from reconciler.immich.transport import Transport
from reconciler.immich.versions import Version, dialect_for
from reconciler.immich.writer import Writer

KEY = "s3cr3t-Key-that-must-not-show"
VERSIONS = ("2.5.6", "3.1.0")
DATA = Path(__file__).parent / "data"


def recorded(version: str, name: str) -> dict[str, Any]:
    """One exchange with a real server of that version: request, status, body."""
    found: dict[str, Any] = json.loads((DATA / f"immich-{version}.json").read_text("utf-8"))[name]
    return found


@dataclass
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    raw: bytes
    headers: Mapping[str, str]


@dataclass
class Says:
    """An answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


Handler = Callable[[Asked], "Says | Exception"]


def always(answer: Says | Exception) -> Handler:
    """A server that says the same to everything."""
    return lambda _: answer


def in_turn(*answers: Says | Exception) -> Handler:
    """A server that says one thing after the other, the last for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


class Wire(BaseAdapter):
    """A network that ends at a function."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self.handler = handler
        self.asked: list[Asked] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(str(request.url))
        raw = request.body if isinstance(request.body, bytes) else b""
        asked = Asked(
            str(request.method),
            parts.path,
            dict(parse_qsl(parts.query)),
            json.loads(raw) if raw else None,
            raw,
            dict(request.headers),
        )
        self.asked.append(asked)
        answer = self.handler(asked)
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response._content = answer.content()
        response.request = request
        response.url = str(request.url)
        return response

    def close(self) -> None:
        """Nothing to close."""


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, chance: float = 1.0) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []
        self.timing = Timing(
            monotonic=lambda: self.now, wall=lambda: self.now, chance=lambda: chance, sleep=self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def transport_to(
    handler: Handler,
    *,
    url: str = "http://photos.test",
    clock: Clock | None = None,
    retry: RetryPolicy | None = None,
    connections: int = 4,
) -> tuple[Transport, Wire]:
    """A transport whose server is a function."""
    wire = Wire(handler)
    transport = Transport(
        url,
        KEY,
        adapter=wire,
        timing=(clock or Clock()).timing,
        retry=retry,
        connections=connections,
    )
    return transport, wire


def reader_of(version: str, handler: Handler, *, connections: int = 4) -> tuple[Reader, Wire]:
    """A reader of a server that is a function."""
    transport, wire = transport_to(handler, connections=connections)
    return Reader(transport, dialect_for(Version.parse(version))), wire


def writer_of(version: str, handler: Handler) -> tuple[Writer, Wire]:
    """A writer to a server that is a function."""
    transport, wire = transport_to(handler)
    return Writer(transport, dialect_for(Version.parse(version))), wire


def answering(version: str, *names: str) -> Handler:
    """A server that answers with recorded exchanges, found by method and path without the query."""
    exchanges = [recorded(version, name) for name in names]

    def handler(asked: Asked) -> Says:
        for exchange in exchanges:
            request = exchange["request"]
            path, _, query = request["path"].partition("?")
            wanted = (request["method"], "/api" + path, dict(parse_qsl(query)))
            if (asked.method, asked.path, asked.query) == wanted:
                return Says(exchange["status"], exchange["body"])
        return Says(404, {"message": f"Cannot {asked.method} {asked.path}"})

    return handler
