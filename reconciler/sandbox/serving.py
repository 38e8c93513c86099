"""The application on a port."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from reconciler.sandbox.app import create_app
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import ConnectionDropped
from reconciler.sandbox.library import Library


def server_for(library: Library, host: str, port: int) -> BaseWSGIServer:
    """A server for an open library, one thread per connection; port 0 takes any free one.

    It listens from now on and answers during ``serve_forever()``; its ``port`` is known.

    Raises:
        SandboxError: The address cannot be used.
    """
    app = create_app(library)

    def breaking(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ConnectionDropped as error:
            raise ConnectionResetError(str(error)) from error  # what werkzeug takes as a lost connection

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SandboxError(
            f"cannot listen on {host}, port {port}: {reason}; choose another --port"
        ) from error
    with listening:  # werkzeug takes a copy; binding itself, it would end the process when the port is taken
        return make_server(
            host, port, breaking, threaded=True, request_handler=_Handler, fd=listening.fileno()
        )


class _Handler(WSGIRequestHandler):
    """Says nothing about requests, and hangs up where the application broke off."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # noqa: ARG002
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the application keeps its own list of requests."""
