"""A library inside the process: a `requests` adapter that hands requests to the application, no port."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from reconciler.sandbox.app import create_app
from reconciler.sandbox.faults import ConnectionDropped
from reconciler.sandbox.library import Library

HOST = "sandbox"
BASE_URL = f"http://{HOST}/api"


class SandboxAdapter(BaseAdapter):
    """Answers the requests of a `requests` session. Safe to use from several threads."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._app = create_app(library)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Raises what a session over a network would: ConnectionError, ReadTimeout."""
        limit = timeout[1] if isinstance(timeout, tuple) else timeout
        if limit is None:
            return self._handle(request)
        work = _Work(lambda: self._handle(request))
        if not work.finished_within(limit):
            raise requests.ReadTimeout(f"no answer within {limit:g} seconds", request=request)
        return work.result()

    def close(self) -> None:
        """Nothing to free: the library belongs to whoever opened it."""

    def _handle(self, request: requests.PreparedRequest) -> requests.Response:
        url = urlsplit(request.url or "")
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        builder = EnvironBuilder(
            path=url.path or "/",
            base_url=f"{url.scheme or 'http'}://{url.netloc}",
            query_string=url.query,
            method=request.method or "GET",
            headers=[(_text(name), _text(value)) for name, value in request.headers.items()],
            input_stream=io.BytesIO(body),
        )
        environ = builder.get_environ()
        environ["CONTENT_LENGTH"] = str(len(body))
        try:
            chunks, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        except ConnectionDropped as dropped:
            raise requests.ConnectionError(f"connection dropped: {dropped}", request=request) from dropped
        return _response(request, b"".join(chunks), status, dict(headers))


def _response(
    request: requests.PreparedRequest, body: bytes, status: str, headers: Mapping[str, str]
) -> requests.Response:
    response = requests.Response()
    response.status_code = int(status.split()[0])
    response.reason = HTTPStatus(response.status_code).phrase
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.url = request.url or ""
    response.request = request
    announced = response.headers.get("Content-Length")
    if announced is not None and int(announced) > len(body) and request.method != "HEAD":
        # what a client over a network sees when the connection ends before the body does
        raise requests.exceptions.ChunkedEncodingError(
            f"connection broken: {len(body)} of {announced} bytes read", request=request
        )
    response.raw = io.BytesIO(body)
    response._content = body  # the answer is whole already, there is nothing to stream
    return response


class _Work:
    """Something done in a thread of its own, so that one can stop waiting for it."""

    def __init__(self, act: Callable[[], requests.Response]) -> None:
        self._act = act
        self._result: requests.Response | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sandbox request", daemon=True)
        self._thread.start()

    def finished_within(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> requests.Response:
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise requests.ConnectionError("the sandbox gave no answer")
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._act()
        except BaseException as error:  # noqa: BLE001  (handed to the waiting thread)
            self._error = error


@dataclass(frozen=True, slots=True)
class Mounted:
    """A library whose jobs run, ready for a `requests` session."""

    library: Library
    adapter: SandboxAdapter
    base_url: str = BASE_URL

    @property
    def admin_key(self) -> str | None:
        """The API key of the first admin; None in a library made without users."""
        return self.library.admin_key

    def session(self) -> requests.Session:
        """A session that knows the sandbox's address, without a key."""
        session = requests.Session()
        session.mount(f"http://{HOST}/", self.adapter)
        return session


@contextmanager
def mounted(library: Library) -> Iterator[Mounted]:
    """Runs an open library in this process; raises SandboxError when another process runs it."""
    with library.running():
        yield Mounted(library, SandboxAdapter(library))


@contextmanager
def open_sandbox(path: Path) -> Iterator[Mounted]:
    """Opens and runs the library in the folder; unfinished jobs wait in it for the next time.

    Raises SandboxError when there is none, or when another process runs it.
    """
    with Library.open(path) as library, mounted(library) as running:
        yield running


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
