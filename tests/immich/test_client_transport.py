"""Requests: addresses, headers, redirects, retries, failures on a real socket, and the key that stays in."""

from __future__ import annotations

import contextlib
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from reconciler.immich.address import is_near
from reconciler.immich.errors import Kind, OversizedRequest, ServerError
from reconciler.immich.reader import read_version
from reconciler.immich.retry import Repeat, RetryPolicy
from reconciler.immich.tally import Sent
from reconciler.immich.transport import Transport
from reconciler.model.address import api_address

from .support import KEY, Asked, Clock, Says, Wire, always, in_turn, transport_to


def same(said: Any) -> Any:
    return said


def ask(transport: Transport, method: str = "GET", repeat: Repeat = Repeat.READ, **more: Any) -> Any:
    return transport.call(method, "/things", repeat=repeat, parse=same, **more)


# Address and headers


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://nas:2283", "http://nas:2283/api"),
        ("http://nas:2283/", "http://nas:2283/api"),
        (" https://Photos.Example.org/api/ ", "https://photos.example.org/api"),
        ("https://example.org/immich", "https://example.org/immich/api"),
        ("https://example.org/immich/api", "https://example.org/immich/api"),
        ("http://[::1]:2283", "http://[::1]:2283/api"),
    ],
)
def test_addresses(written: str, address: str) -> None:
    assert api_address(written) == address


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("photos.example.org", "must start with http"),
        ("ftp://nas", "must start with http"),
        ("https://", "must start with http"),
        ("https://ada:pass@nas", "user name or password"),
        ("nas/ada:pass@x", "must start with http"),
        ("https://nas/?a=1", "no \\?"),
        ("http://[::1", "brackets that don't fit"),
        ("http://ada:pass@[::1", "brackets that don't fit"),
        ("http://my nas:2283", "no blank"),
    ],
)
def test_addresses_that_cannot_be(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        api_address(written)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("http://localhost:2283/api", True),
        ("http://127.0.0.1/api", True),
        ("http://192.168.1.5/api", True),
        ("http://[fd00::1]/api", True),
        ("http://immich-server:2283/api", True),
        ("http://nas.local/api", True),
        ("https://photos.example.org/api", False),
        ("https://8.8.8.8/api", False),
    ],
)
def test_what_is_near(address: str, near: bool) -> None:
    assert is_near(address) is near


def test_headers() -> None:
    transport, wire = transport_to(always(Says(200, {})))
    ask(transport, "POST", body={"a": 1})
    headers = wire.asked[0].headers
    assert headers["x-api-key"] == KEY
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["User-Agent"].startswith("immich-reconciler/")
    assert "Authorization" not in headers


def test_far_servers_pack_their_answers() -> None:
    transport = Transport("https://photos.example.org", KEY)
    assert transport._session.headers["Accept-Encoding"] == "gzip"


def test_a_netrc_file_adds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine photos.test login ada password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    transport, wire = transport_to(always(Says(200, {})))
    ask(transport)
    assert "Authorization" not in wire.asked[0].headers


def test_paths_are_quoted() -> None:
    transport, wire = transport_to(always(Says(200, {})))
    transport.call(
        "GET", "/a/{id}", repeat=Repeat.READ, parse=same, path={"id": "../x y"}, query={"q": "a&b"}
    )
    assert wire.asked[0].path == "/api/a/..%2Fx%20y"
    assert wire.asked[0].query == {"q": "a&b"}


def test_cookies_are_not_kept() -> None:
    transport, wire = transport_to(always(Says(200, {}, headers={"Set-Cookie": "a=b; Path=/"})))
    ask(transport)
    ask(transport)
    assert "Cookie" not in wire.asked[1].headers


def test_an_empty_answer_is_none() -> None:
    transport, _ = transport_to(always(Says(204)))
    assert ask(transport, "PUT", Repeat.HARMLESS) is None


# Tally and observer


def test_the_tally_counts_what_was_sent() -> None:
    seen: list[Sent] = []
    wire = Wire(in_turn(Says(503), Says(200, {})))
    transport = Transport("http://nas", KEY, adapter=wire, timing=Clock().timing, on_request=seen.append)
    transport.call("GET", "/a/{id}", repeat=Repeat.READ, parse=same, path={"id": "7"})
    assert transport.tally.counts == {("GET", "/a/{id}"): 2}
    assert (transport.tally.total, transport.tally.retries) == (2, 1)
    assert [(sent.status, sent.attempt, sent.retry_in) for sent in seen] == [(503, 1, 0.5), (200, 2, None)]


def test_the_tally_from_several_threads() -> None:
    transport, _ = transport_to(always(Says(200, {})))
    threads = [threading.Thread(target=lambda: [ask(transport) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert transport.tally.total == 200


# Retries


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_reads_are_asked_again(status: int) -> None:
    clock = Clock()
    transport, _ = transport_to(in_turn(Says(status), Says(status), Says(200, [1])), clock=clock)
    assert ask(transport) == [1]
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_clear_answers_are_not_asked_again(status: int) -> None:
    transport, wire = transport_to(always(Says(status, {"message": "no"})))
    with pytest.raises(ServerError) as caught:
        ask(transport, repeat=Repeat.HARMLESS)
    assert len(wire.asked) == 1
    assert not caught.value.uncertain


@pytest.mark.parametrize(
    "failure",
    [
        Says(408),
        Says(502),
        Says(504),
        Says(500),
        requests.ConnectionError("reset"),
        requests.ReadTimeout(),
        requests.exceptions.ChunkedEncodingError(),
        Says(200, raw=b'{"id": "cut of'),
    ],
)
def test_a_write_that_may_have_happened_is_left_to_the_caller(failure: Says | Exception) -> None:
    transport, wire = transport_to(in_turn(failure, Says(200, {})))
    with pytest.raises(ServerError, match="may have taken effect") as caught:
        ask(transport, "POST", Repeat.NEVER)
    assert caught.value.uncertain
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "failure", [Says(429), Says(503, {"message": "x"}), requests.ConnectTimeout(), ConnectionRefusedError()]
)
def test_a_refused_write_is_sent_again(failure: Says | Exception) -> None:
    if isinstance(failure, ConnectionRefusedError):
        failure = requests.ConnectionError(failure)
    transport, wire = transport_to(in_turn(failure, Says(200, {"id": 1})))
    assert ask(transport, "POST", Repeat.NEVER) == {"id": 1}
    assert len(wire.asked) == 2


def test_doubt_from_an_earlier_try_stays() -> None:
    transport, wire = transport_to(in_turn(requests.ReadTimeout(), Says(404, {"message": "gone"})))
    with pytest.raises(ServerError) as caught:
        ask(transport, "DELETE", Repeat.HARMLESS)
    assert len(wire.asked) == 2
    assert (caught.value.kind, caught.value.uncertain) == (Kind.NOT_FOUND, True)


def test_a_read_is_never_uncertain() -> None:
    transport, _ = transport_to(always(requests.ReadTimeout()))
    with pytest.raises(ServerError) as caught:
        ask(transport)
    assert (caught.value.kind, caught.value.uncertain) == (Kind.TIMEOUT, False)


def test_retry_after_is_honoured() -> None:
    clock = Clock(chance=0.0)
    slow = Says(429, {"message": "slow down"}, headers={"Retry-After": "7"})
    transport, _ = transport_to(in_turn(slow, Says(200, {})), clock=clock)
    ask(transport)
    assert clock.slept == [7.0]


def test_the_deadline_ends_it() -> None:
    clock = Clock()
    policy = RetryPolicy(retries=100, base=1.0, cap=10.0, deadline=60.0)
    transport, _ = transport_to(always(Says(503)), clock=clock, retry=policy)
    with pytest.raises(ServerError) as caught:
        ask(transport)
    assert caught.value.kind is Kind.BUSY
    assert 50.0 < sum(clock.slept) <= 60.0


def test_the_defaults_outlive_a_restart_of_the_server() -> None:
    """Half a minute of refused connections, with waits a good deal shorter than on average."""
    clock = Clock(chance=0.3)
    up_again = clock.now + 30.0

    def restarting(_: Asked) -> Says:
        if clock.now == 1_000.0 and not clock.slept:
            clock.slept.append(0.0)
            return Says(200, {})
        if clock.now < up_again:
            raise requests.ConnectionError("refused")
        return Says(200, {})

    transport, _ = transport_to(restarting, clock=clock)
    ask(transport)
    ask(transport)
    assert clock.now >= up_again


def test_no_more_retries_once_a_run_is_being_ended() -> None:
    transport, wire = transport_to(always(Says(503)))
    transport.stop_retrying()
    with pytest.raises(ServerError):
        ask(transport)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(("seconds", "sent"), [(0.4, 1), (0.6, 2), (3.6, 4), (None, 5)])
def test_no_try_begins_after_the_end_of_the_run(seconds: float | None, sent: int) -> None:
    """Waits are 0.5, 1, 2 and 4 seconds."""
    clock = Clock()
    transport, wire = transport_to(always(Says(503)), clock=clock, retry=RetryPolicy(retries=4))
    end = None if seconds is None else clock.now + seconds
    transport.end_with(lambda: None if end is None else max(0.0, end - clock.now))
    with pytest.raises(ServerError):
        ask(transport, repeat=Repeat.HARMLESS)
    assert len(wire.asked) == sent
    assert end is None or clock.now < end


def test_a_request_under_way_at_the_end_may_finish() -> None:
    clock = Clock()

    def slow(_: Asked) -> Says:
        clock.now += 10
        return Says(200, [1])

    transport, _ = transport_to(slow, clock=clock)
    transport.end_with(lambda: max(0.0, 1005.0 - clock.now))
    assert ask(transport) == [1]


def test_after_the_end_what_is_read_back_is_tried_as_ever() -> None:
    clock = Clock()
    transport, wire = transport_to(in_turn(Says(503), Says(503), Says(200, [1])), clock=clock)
    transport.end_with(lambda: 0.0)
    assert ask(transport) == [1] and len(wire.asked) == 3


def test_how_far_the_servers_clock_is_ahead() -> None:
    clock = Clock()
    answers = in_turn(
        Says(200, [1]),
        Says(200, [1], {"Date": "Thu, 01 Jan 1970 00:17:10 GMT"}),
        Says(200, [1], {"Date": "Thu, 01 Jan 1970 09:00:00 GMT"}),
    )
    transport, _ = transport_to(answers, clock=clock)
    ask(transport)
    assert transport.ahead is None
    for _ in range(2):
        ask(transport)
        assert transport.ahead == 30.5


# Answers that are none


def test_a_page_instead_of_json() -> None:
    page = Says(200, raw=b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})
    transport, wire = transport_to(always(page))
    with pytest.raises(ServerError, match="login page answer") as caught:
        ask(transport)
    assert caught.value.kind is Kind.BROKEN
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Says(404, {"detail": "Not Found"}),
        Says(406, {"message": "The route /photos/api/server/version only returns text/html"}),
        Says(200, {"hello": "world"}),
        Says(200, [1]),
        Says(200, raw=b"<!doctype html>", headers={"Content-Type": "text/html"}),
    ],
)
def test_what_answers_for_the_version_and_is_no_immich(answer: Says) -> None:
    """The address of a page of Immich, copied from the browser, or of something else on the machine."""
    for url in ("http://photos.test/photos", "http://photos.test"):
        transport, _ = transport_to(always(answer), url=url)
        with pytest.raises(ServerError) as caught:
            read_version(transport)
        told = str(caught.value)
        assert told.count("this is not the Immich API") + told.count("This is not the Immich API") == 1
        way_out = "If /photos is the address of a page, leave it out: http://photos.test"
        assert told.endswith(way_out) is (url != "http://photos.test")
        assert "Error(" not in told


def test_a_page_of_a_proxy_where_immich_has_answered_before_is_asked_again() -> None:
    page = Says(200, raw=b"<!doctype html><title>Back soon</title>", headers={"Content-Type": "text/html"})
    transport, wire = transport_to(in_turn(Says(200, {"a": 1}), page, Says(200, {"a": 2})))
    assert (ask(transport), ask(transport)) == ({"a": 1}, {"a": 2})
    assert len(wire.asked) == 3


def test_what_is_looked_for_before_it_is_sent_again() -> None:
    """Found done, it isn't sent again; the transport says whether a try before may have had an effect."""
    asked: list[bool] = []

    def look(maybe: bool) -> bool:
        asked.append(maybe)
        return maybe

    answers = (Says(503, {}), requests.ConnectionError("gone"), Says(200, {"a": 1}))
    transport, wire = transport_to(in_turn(*answers))
    said = transport.call(
        "PUT", "/assets", repeat=Repeat.HARMLESS, parse=lambda body: body, body={"ids": []}, look=look
    )
    assert (said, asked, len(wire.asked)) == (None, [False, True], 2)


def test_a_cut_off_answer_is_asked_for_again() -> None:
    transport, wire = transport_to(in_turn(Says(200, raw=b'{"a": [1, 2'), Says(200, {"a": 1})))
    assert ask(transport) == {"a": 1}
    assert len(wire.asked) == 2


def test_json_of_another_shape() -> None:
    transport, _ = transport_to(always(Says(200, {"other": 1})))
    with pytest.raises(ServerError, match="unexpected form") as caught:
        transport.call("POST", "/x", repeat=Repeat.NEVER, parse=lambda said: said["id"])
    assert (caught.value.kind, caught.value.uncertain) == (Kind.BROKEN, True)
    assert "('id' is missing)" in str(caught.value)


def test_a_body_over_the_limit_is_never_sent() -> None:
    transport, wire = transport_to(always(Says(200, {})))
    with pytest.raises(OversizedRequest, match="10 MB"):
        ask(transport, "PUT", Repeat.HARMLESS, body={"ids": ["x" * 36] * 300_000})
    assert not wire.asked


# Redirects


def test_a_redirect_to_another_host_is_not_followed() -> None:
    target = Says(302, headers={"Location": "https://login.example.org/?rd=secret"})
    transport, wire = transport_to(always(target))
    with pytest.raises(ServerError, match=r"redirects to https://login\.example\.org/") as caught:
        ask(transport)
    assert len(wire.asked) == 1
    assert "rd=" not in str(caught.value)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_redirected_write_is_not_followed(method: str) -> None:
    target = Says(308, headers={"Location": "https://photos.test/api/things"})
    transport, wire = transport_to(always(target))
    with pytest.raises(ServerError, match=r"redirects to https://photos\.test"):
        ask(transport, method, Repeat.HARMLESS)
    assert len(wire.asked) == 1


def test_a_move_to_https_on_the_same_host_is_followed_and_kept() -> None:
    transport, wire = transport_to(
        in_turn(Says(301, headers={"Location": "https://photos.test/api/things"}), Says(200, {"a": 1}))
    )
    assert ask(transport) == {"a": 1}
    assert transport.url == "https://photos.test/api"
    assert len(wire.asked) == 2


@pytest.mark.parametrize(
    "location",
    ["/login", "https://photos.test/login", "http://photos.test/api/things", "https://evil.test/api/things"],
)
def test_no_other_redirect_is_followed(location: str) -> None:
    transport, wire = transport_to(always(Says(301, headers={"Location": location})))
    with pytest.raises(ServerError, match="redirects to"):
        ask(transport)
    assert len(wire.asked) == 1


# A real socket


@contextlib.contextmanager
def peer(behave: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server of one thread that does something with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        if not over.is_set():
                            behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = server.getsockname()
        yield f"http://{host}:{port}"
        over.set()
        with contextlib.suppress(OSError):
            socket.create_connection((host, port), timeout=1).close()
        thread.join(5)


def real(url: str, **more: Any) -> Transport:
    return Transport(url, KEY, timing=Clock().timing, retry=RetryPolicy(retries=2), **more)


def failing(transport: Transport, repeat: Repeat = Repeat.READ) -> ServerError:
    with pytest.raises(ServerError) as caught:
        ask(transport, "GET" if repeat is Repeat.READ else "POST", repeat)
    return caught.value


def test_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    transport = real(f"http://127.0.0.1:{port}")
    error = failing(transport, Repeat.NEVER)
    assert (error.kind, error.uncertain) == (Kind.UNREACHABLE, False)
    assert f"127.0.0.1:{port} refuses the connection" in str(error)
    assert transport.tally.total == 3


def test_a_proxy_that_refuses_is_not_taken_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    error = failing(real("http://photos.example.org"), Repeat.NEVER)
    assert (error.kind, error.uncertain) == (Kind.UNREACHABLE, False)
    assert "the proxy did not answer" in str(error) and "HTTP_PROXY" in str(error)


def test_connection_lost_before_the_answer() -> None:
    with peer(lambda connection: connection.recv(4096)) as url:
        transport = real(url)
        assert failing(transport).kind is Kind.UNREACHABLE
        assert transport.tally.total == 3
        error = failing(transport, Repeat.NEVER)
        assert error.uncertain
        assert transport.tally.total == 4


def test_no_answer_in_time() -> None:
    over = threading.Event()
    with peer(lambda _: over.wait(5)) as url:
        error = failing(real(url, read_timeout=0.05), Repeat.NEVER)
        over.set()
    assert (error.kind, error.uncertain) == (Kind.TIMEOUT, True)
    assert "no answer in time" in str(error)


def test_a_body_that_ends_too_early() -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n[1"
        )

    with peer(behave) as url:
        transport = real(url)
        error = failing(transport)
    assert error.kind is Kind.BROKEN
    assert transport.tally.total == 3


def test_https_to_a_server_that_speaks_http() -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")

    with peer(behave) as url:
        transport = real(url.replace("http:", "https:"))
        error = failing(transport)
    assert error.kind is Kind.UNREACHABLE
    assert "does the server speak https" in str(error)
    assert transport.tally.total == 1


def test_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failing(real("http://nowhere.invalid"))
    assert error.kind is Kind.UNREACHABLE
    assert "no machine is known as nowhere.invalid" in str(error)


# The key


def test_the_key_never_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    echo = Says(400, {"message": f"bad header x-api-key: {KEY}"})
    transport, _ = transport_to(in_turn(requests.ReadTimeout(f"with {KEY}"), echo))
    with pytest.raises(ServerError) as caught:
        ask(transport)
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + repr(transport)
    shown += (
        repr(vars(error)) + caplog.text + repr(transport._session.auth) + repr(transport._session.headers)
    )
    assert KEY not in shown
    assert error.__context__ is None and error.__cause__ is None


@pytest.mark.parametrize("key", ["", "  ", "two words-secret", "secret\nX-Evil: 1", "sécret-key"])
def test_a_key_that_can_be_none(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        Transport("http://nas", key)
    assert "cret" not in str(caught.value)
