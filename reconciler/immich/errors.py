"""What can go wrong on the way to the server: one exception, with the server's words and a way out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson

_MISSING_PERMISSION = re.compile(r"Missing required permission: (\S+)")
_NO_ACCESS = re.compile(r"Not found or no \S+ access|.* not found", re.IGNORECASE)
_BUSY = frozenset({408, 429, 502, 503, 504, 520, 521, 522, 523, 524})
_LONGEST_WORDS = 400

NOT_IMMICH = "this is not the Immich API: is the address right, or does a reverse proxy's login page answer?"


class Kind(StrEnum):
    """What went wrong, as far as a caller acts on it."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    """No such thing, no such route, or no access to it: Immich doesn't tell these apart (FACTS 2)."""
    INVALID = "invalid"
    BUSY = "busy"
    BROKEN = "broken"
    """An answer that is no answer of Immich's: HTML, cut off, not JSON, of another shape, a redirect."""
    SERVER = "server"


class ServerError(Exception):
    """A request that did not do what it should.

    `status` is None where no answer came. `message` is in the server's words where it had any, `hint` is
    the way out. `uncertain` is true where a write may have taken effect all the same: look before
    doing it again. `missing_permission` names what the key lacks. No API key is ever part of it.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        method: str,
        path: str,
        status: int | None = None,
        hint: str = "",
        correlation: str | None = None,
        missing_permission: str | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.method = method
        self.path = path
        self.status = status
        self.hint = hint
        self.correlation = correlation
        self.missing_permission = missing_permission
        self.uncertain = uncertain

    def __str__(self) -> str:
        status = "" if self.status is None else f" ({self.status})"
        text = f"{self.method} {self.path}{status}: {self.message}"
        if self.hint:
            text += f". {self.hint[0].upper()}{self.hint[1:]}"
        if self.uncertain:
            text += ". It may have taken effect all the same"
        if self.correlation and self.kind is Kind.SERVER:
            text += f". The server's log has it under {self.correlation}"
        return text

    def __repr__(self) -> str:
        return f"ServerError({self.kind.value}, {str(self)!r})"


class OversizedRequest(RuntimeError):
    """A body over the server's limit of 10 MB: the caller makes its batches too large (FACTS 4)."""


def error_of_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
) -> ServerError:
    """The error that an answer with a status of 400 or more says.

    Reads the bodies of 2.x (message as a string or a list) and of 3.x (`errors` with path and message), and
    pages of a proxy in front (FACTS 7).
    """
    said = _json(body)
    if said is None:
        return _error_of_page(method, path, status, body)
    words = server_words(said) or _phrase(status)
    permission = _MISSING_PERMISSION.search(words)
    kind, hint = _judged(status, words, permission.group(1) if permission else None)
    return ServerError(
        words,
        kind=kind,
        method=method,
        path=path,
        status=status,
        hint=hint,
        correlation=said.get("correlationId") or headers.get("X-Correlation-ID"),
        missing_permission=permission.group(1) if permission else None,
    )


def server_words(said: Mapping[str, Any]) -> str:
    """What the body of an error says, as one line."""
    message = said.get("message")
    if isinstance(message, list):
        words = "; ".join(str(part) for part in message)
    else:
        words = message if isinstance(message, str) else ""
    issues = said.get("errors")
    if isinstance(issues, list):
        details = "; ".join(_issue(issue) for issue in issues if isinstance(issue, dict))
        words = f"{words}: {details}" if words and details else words or details
    return one_line(words)


def one_line(text: str) -> str:
    """A text on one line, cut where it is very long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_WORDS else flat[: _LONGEST_WORDS - 3] + "..."


def is_page(body: bytes, content_type: str | None) -> bool:
    """Whether an answer is a web page rather than JSON."""
    return "html" in (content_type or "").lower() or body.lstrip()[:1] == b"<"


def _json(body: bytes) -> Mapping[str, Any] | None:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _issue(issue: Mapping[str, Any]) -> str:
    path = issue.get("path")
    place = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    message = str(issue.get("message", ""))
    return f"{place}: {message}" if place and message else place or message


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"


def _judged(status: int, words: str, permission: str | None) -> tuple[Kind, str]:
    """The kind of an error, and the way out."""
    if status == 401:
        if "elevated" in words.lower():
            return Kind.FORBIDDEN, "the locked folder can't be read or changed with an API key"
        return Kind.UNAUTHORIZED, (
            "the API key is wrong or was deleted: make one in Immich under Account settings > API keys"
        )
    if status == 403:
        if permission:
            return Kind.FORBIDDEN, f"give the key the permission {permission}: Account settings > API keys"
        return Kind.FORBIDDEN, "this takes the API key of an administrator"
    if status in (404, 405):
        hint = "this server doesn't know the request: is its version supported?"
        return Kind.NOT_FOUND, hint if words.startswith("Cannot ") else ""
    if status in _BUSY:
        return Kind.BUSY, "the server is busy or just starting: try again in a while"
    if status >= 500:
        return Kind.SERVER, "the log of the Immich server says more"
    if status == 400 and _NO_ACCESS.fullmatch(words):
        return Kind.NOT_FOUND, ""
    return Kind.INVALID, ""


def _error_of_page(method: str, path: str, status: int, body: bytes) -> ServerError:
    """An answer that isn't Immich's: something in front of it speaks."""
    message, hint, kind = _phrase(status), NOT_IMMICH, Kind.BROKEN
    if status == 413:
        kind = Kind.INVALID
        hint = "a reverse proxy in front of Immich refuses large requests (nginx: client_max_body_size)"
    elif status in _BUSY:
        kind, hint = Kind.BUSY, "a proxy in front of Immich answers: the server may be down or just starting"
    elif status >= 500:
        kind, hint = Kind.SERVER, "a proxy in front of Immich, or the server itself, failed"
    elif body and not is_page(body, None):
        message = one_line(body.decode("utf-8", "replace")) or message
    return ServerError(message, kind=kind, method=method, path=path, status=status, hint=hint)
