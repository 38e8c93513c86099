"""Failed exchanges turned into a ServerError, and what is known about their effect."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError, ReadTimeoutError

from reconciler.immich.errors import NOT_IMMICH, Kind, ServerError, error_of_answer, is_page
from reconciler.immich.retry import Fate, retry_after_seconds

_REFUSALS = frozenset({429, 503})
_LOST = frozenset({408, 502, 504, 520, 521, 522, 523, 524})


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: for messages."""

    method: str
    path: str
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An exchange that failed."""

    error: ServerError
    fate: Fate
    retry_after: float | None = None


def fault_of_exception(asked: Asked, problem: requests.RequestException) -> Fault:
    """What a failure on the way means; sent or not sent is decided by where it struck."""
    causes = tuple(_causes(problem))
    if isinstance(problem, requests.exceptions.SSLError):
        return _unreachable(asked, _tls_words(causes), Fate.FINAL, "", Kind.UNREACHABLE)
    if isinstance(problem, requests.exceptions.ProxyError):
        return _unreachable(asked, "the proxy did not answer", Fate.UNSENT, "see HTTP_PROXY and HTTPS_PROXY")
    if _any(causes, NameResolutionError, socket.gaierror):
        hint = "is the address right, and is this machine on the network?"
        return _unreachable(asked, f"no machine is known as {asked.host}", Fate.UNSENT, hint)
    if _any(causes, ConnectionRefusedError):
        hint = "is the server running, and is the port right?"
        return _unreachable(asked, f"{asked.host} refuses the connection", Fate.UNSENT, hint)
    if isinstance(problem, requests.ConnectTimeout):
        words = f"{asked.host} did not accept the connection in time"
        hint = "is the server on, and is the port right?"
        return _unreachable(asked, words, Fate.UNSENT, hint, Kind.TIMEOUT)
    if _any(causes, NewConnectionError):
        return _unreachable(asked, f"{asked.host} can't be reached", Fate.UNSENT, "is the address right?")
    if isinstance(problem, requests.Timeout) or _any(causes, ReadTimeoutError):
        hint = "the server may be overloaded; settings.http.timeout gives it longer"
        return _unreachable(asked, "no answer in time", Fate.LOST, hint, Kind.TIMEOUT)
    if isinstance(
        problem, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError
    ):
        return _unreachable(asked, "the answer was cut off or garbled", Fate.LOST, "", Kind.BROKEN)
    if isinstance(problem, requests.ConnectionError):
        words = "the connection was lost before the answer came"
        return _unreachable(asked, words, Fate.LOST, "was the server restarted?")
    words = f"the request could not be made ({type(problem).__name__})"
    return _unreachable(asked, words, Fate.FINAL, "")


def fault_of_status(asked: Asked, response: requests.Response, now: float) -> Fault:
    """What an answer with a status of 400 or more means."""
    status = response.status_code
    error = error_of_answer(asked.method, asked.path, status, response.headers, response.content)
    after = retry_after_seconds(response.headers.get("Retry-After"), now)
    if status in _REFUSALS:
        return Fault(error, Fate.REFUSED, after)
    if status in _LOST:
        return Fault(error, Fate.LOST, after)
    return Fault(error, Fate.FAULT if status >= 500 else Fate.FINAL, after)


def fault_of_redirect(asked: Asked, response: requests.Response) -> Fault:
    """A redirect that isn't followed, so that the key goes nowhere it wasn't meant to go."""
    target = response.headers.get("Location") or "nowhere"
    shown = target.partition("?")[0]
    hint = (
        "the key is not sent there. If that is Immich's own address, write it as the server's address; "
        "if it is a login page, Immich's API must be let through"
    )
    return Fault(_broken(asked, response.status_code, f"the server redirects to {shown}", hint), Fate.FINAL)


def fault_of_body(asked: Asked, response: requests.Response, *, known: bool) -> Fault:
    """An answer that says success but isn't JSON: perhaps cut off, or a web page.

    A page is for good, unless Immich is `known` to have answered here: then a proxy shows it in passing.
    """
    if is_page(response.content, response.headers.get("Content-Type")):
        fate = Fate.LOST if known else Fate.FINAL
        return Fault(_broken(asked, response.status_code, NOT_IMMICH, ""), fate)
    return Fault(_broken(asked, response.status_code, "the answer was cut off or is not JSON", ""), Fate.LOST)


def lacking(problem: Exception) -> str:
    """What an answer lacked, by the error of reading it; empty where its words are Python's own."""
    if isinstance(problem, KeyError):
        return f"{problem.args[0]!r} is missing"
    return str(problem) if isinstance(problem, ValueError) else ""


def unexpected_shape(asked: Asked, status: int, detail: str) -> ServerError:
    """An answer in JSON that lacks what it must have."""
    hint = "is this version of Immich supported?"
    more = f" ({detail})" if detail else ""
    return _broken(asked, status, f"the answer has an unexpected form{more}", hint)


def _broken(asked: Asked, status: int, words: str, hint: str) -> ServerError:
    return ServerError(
        words, kind=Kind.BROKEN, method=asked.method, path=asked.path, status=status, hint=hint
    )


def _unreachable(asked: Asked, words: str, fate: Fate, hint: str, kind: Kind = Kind.UNREACHABLE) -> Fault:
    error = ServerError(words, kind=kind, method=asked.method, path=asked.url, hint=hint)
    return Fault(error, fate)


def _tls_words(causes: tuple[BaseException, ...]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the server's certificate is not trusted: {cause.verify_message}. For a certificate of "
                "your own, set REQUESTS_CA_BUNDLE to the file with its authority"
            )
    return "no secure connection could be made: does the server speak https on this port?"


def _any(causes: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The exception and all that it wraps; urllib3 and requests keep them in different places."""
    seen: set[int] = set()
    waiting: list[object] = [problem]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
