"""The server as a Flask application: finds the route, checks the caller, and gives errors their form."""

from __future__ import annotations

import io
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Flask, Request, request
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from reconciler.sandbox import authentication, routes
from reconciler.sandbox.api import ANY_KEY, ANYBODY, DIES, Answer, Call, Caller, Route
from reconciler.sandbox.errors import ApiError, Failed, SandboxError, bad_request, forbidden
from reconciler.sandbox.faults import ConnectionDropped, Fault, faults_from_json
from reconciler.sandbox.library import Library
from reconciler.sandbox.recorder import Request as Recorded
from reconciler.sandbox.recorder import count_items
from reconciler.sandbox.store.database import Reader

_log = logging.getLogger(__name__)

PREFIX = "/api"
BODY_LIMIT = 512 * 1024 * 1024
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def create_app(library: Library) -> Flask:
    """The application for an open library; its jobs run only between library.start() and stop()."""
    app = Flask("immich-sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.url_map.strict_slashes = False
    for route in _played(routes.ALL_ROUTES, library):
        app.add_url_rule(
            PREFIX + route.path,
            endpoint=f"{route.method} {route.path}",
            view_func=_view(library, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    _add_own_endpoints(app, library)
    app.register_error_handler(HTTPException, lambda error: _unrouted(library, error))
    app.wsgi_app = _Watched(app.wsgi_app, library)  # type: ignore[method-assign]
    return app


def _played(all_routes: Iterable[Route], library: Library) -> Iterable[Route]:
    """The routes that the library's version has."""
    seen: set[tuple[str, str]] = set()
    for route in all_routes:
        key = (route.method, route.path)
        twin = route.method == "PATCH" and not library.version.patch_twins and (("PUT", route.path) in seen)
        if library.version.since(*route.since) and key not in seen and not twin:
            seen.add(key)
            yield route


def _view(library: Library, route: Route) -> Callable[..., Response]:
    def view(**args: str) -> Response:
        try:
            with library.database.read() as db:
                caller = _admitted(db, route)
                answer = route.handler(Call(library, db, request, args, caller))
        except ApiError as error:
            return _error(library, error)
        except BadRequest:
            return _error(library, bad_request("Unexpected token in JSON: the body is not JSON"))
        except Failed:
            return _error(library, ApiError(500, f"Failed to {route.words}"))
        except HTTPException as error:
            return _unrouted(library, error)
        except ConnectionDropped as dropped:  # nobody gets this answer
            return _error(library, ApiError(500, str(dropped)))
        except Exception:  # noqa: BLE001  (as the real server does; the traceback is for the log)
            _log.exception("%s %s failed", route.method, route.path)
            return _error(library, ApiError(500, f"Failed to {route.words}"))
        return _response(route, answer)

    return view


def _admitted(db: Reader, route: Route) -> Caller | None:
    """Who asks, if they may; first the key, then its permission, then the role (FINDINGS 51)."""
    if route.permission == ANYBODY:
        return None
    caller = authentication.caller_of(db, request)
    if route.permission != ANY_KEY and not caller.may(route.permission):
        raise forbidden(f"Missing required permission: {route.permission}")
    if route.admin and not caller.is_admin:
        raise forbidden("Forbidden")
    return caller


def _response(route: Route, answer: Any) -> Response:
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    status = answer.status or route.status
    if answer.data is not None:
        return Response(answer.data, status, content_type=answer.content_type, headers=dict(answer.headers))
    if answer.body is None:
        response = Response(status=status, headers=dict(answer.headers))
        response.headers.pop("Content-Type", None)
        return response
    return Response(
        orjson.dumps(answer.body), status, content_type=answer.content_type, headers=dict(answer.headers)
    )


def _error(library: Library, error: ApiError) -> Response:
    correlation = uuid.uuid4().hex[:8]
    body = error.body(old_form=library.version.old_error_form, correlation=correlation)
    headers = {} if library.version.old_error_form else {"X-Correlation-ID": correlation}
    return Response(orjson.dumps(body), error.status, content_type=Answer().content_type, headers=headers)


def _unrouted(library: Library, error: HTTPException) -> Response:
    """Paths and methods that do not exist are the same 404; what else Flask refuses keeps its status."""
    if isinstance(error, NotFound | MethodNotAllowed):
        path = request.full_path if request.query_string else request.path
        return _error(library, ApiError(404, f"Cannot {request.method} {path}"))
    return _error(library, ApiError(error.code or 500, error.name))


# -- outside /api: for tests -------------------------------------------------------------


def _add_own_endpoints(app: Flask, library: Library) -> None:
    """Faults and the log of requests, for an admin's key with all permissions."""

    def guarded(act: Callable[[Request], Any]) -> Callable[[], Response]:
        def view() -> Response:
            try:
                with library.database.read() as db:
                    caller = authentication.caller_of(db, request)
                if not (caller.is_admin and caller.may("all")):
                    raise forbidden("Forbidden")
                body = act(request)
            except ApiError as error:
                return _error(library, error)
            except SandboxError as error:
                return _error(library, bad_request(str(error)))
            return Response(orjson.dumps(body), 200, content_type="application/json")

        return view

    def set_faults(asked: Request) -> Any:
        library.faults.set(faults_from_json(asked.get_json(force=True)))
        return {"struck": 0}

    def clear_requests(_asked: Request) -> Any:
        library.requests.clear()
        return []

    for method, path, act in (
        ("PUT", "/_sandbox/faults", set_faults),
        ("GET", "/_sandbox/faults", lambda _asked: {"struck": library.faults.struck}),
        ("GET", "/_sandbox/requests", lambda _asked: library.requests.as_json()),
        ("DELETE", "/_sandbox/requests", clear_requests),
    ):
        app.add_url_rule(path, endpoint=f"{method} {path}", view_func=guarded(act), methods=[method])


# -- around every request ----------------------------------------------------------------


def _with_kept_body(environ: dict[str, Any]) -> Request:
    """The request, its body read once and put back, so that the handler can read it too."""
    body = Request(environ).get_data()
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    kept = Request({**environ, "wsgi.input": io.BytesIO(body)})
    kept.get_data()
    return kept


class _Watched:
    """Notes every request below /api, and lets faults strike."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], library: Library) -> None:
        self._inner = inner
        self._library = library

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(f"{PREFIX}/"):
            return self._inner(environ, start_response)
        asked = _with_kept_body(environ)
        fault = self._library.faults.strike(asked.method, path.removeprefix(PREFIX))
        status = 0
        try:
            response = self._answer(environ, fault)
            status = response.status_code
            return response(environ, start_response)
        finally:
            self._note(asked, status)

    def _answer(self, environ: dict[str, Any], fault: Fault | None) -> Response:
        if fault is None:
            return Response.from_app(self._inner, environ, buffered=True)
        if fault.seconds:
            time.sleep(fault.seconds)
        match fault.kind:
            case "reset":
                raise ConnectionDropped("reset before the request was handled")
            case "status":
                headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
                response = _error(self._library, ApiError(fault.status, "The server is not available now"))
                response.headers.update(headers)
                return response
            case "html":
                return Response(HTML, 200, content_type="text/html")
        if fault.kind in ("killed", "torn"):
            environ[DIES] = fault.kind
        response = Response.from_app(self._inner, environ, buffered=True)
        if fault.kind in ("lost_answer", "killed", "torn"):
            raise ConnectionDropped("the request was handled, its answer is lost")
        if fault.kind == "truncated":
            body = response.get_data()
            length = len(body)
            response.set_data(body[: length // 2])
            response.headers["Content-Length"] = str(length)
        return response

    def _note(self, asked: Request, status: int) -> None:
        query = asked.query_string.decode("ascii", "replace")
        path = asked.path.removeprefix(PREFIX) + (f"?{query}" if query else "")
        body = asked.get_json(force=True, silent=True) if asked.is_json else None
        self._library.requests.add(Recorded(asked.method, path, status, count_items(body)))
