"""Misbehaviour on demand, in the process and on a port, and the log of requests."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import requests

from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.faults import Fault, faults_from_json
from reconciler.sandbox.serving import server_for

from .running import Client, photos, running

EDIT = {"isFavorite": True}


def favourites(client: Client) -> int:
    return len(client.assets(isFavorite=True))


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        (Fault("reset", "PUT", "/assets"), requests.ConnectionError, 0),
        (Fault("lost_answer", "PUT", "/assets"), requests.ConnectionError, 1),
        (Fault("latency", "PUT", "/assets", seconds=0.5), requests.ReadTimeout, None),
    ],
)
def test_dropped_connections(tmp_path: Path, fault: Fault, error: type[Exception], done: int | None) -> None:
    with running(tmp_path / "l", photos(1)) as client:
        ids = client.ids()
        client.running.library.faults.set([fault])
        with pytest.raises(error):
            client.send("PUT", "/assets", {"ids": ids, **EDIT}, timeout=(1, 0.1))
        if done is not None:
            assert favourites(client) == done
        assert client.running.library.faults.struck == 1
        client.ask("PUT", "/assets", {"ids": ids, **EDIT})  # the rule hit one request only


def test_wrong_answers(tmp_path: Path) -> None:
    with running(tmp_path / "l") as client:
        rules = [
            {"kind": "status", "path": "/albums", "status": 503, "retry_after": "2"},
            {"kind": "status", "path": "/albums", "status": 429, "nth": 2},
            {"kind": "html", "path": "/tags", "times": None},
            {"kind": "truncated", "path": "/queues", "method": "GET"},
        ]
        client.running.library.faults.set(faults_from_json(rules))
        first, second, third = (client.send("GET", "/albums") for _ in range(3))
        assert (first.status_code, first.headers["Retry-After"]) == (503, "2")
        assert (second.status_code, third.status_code) == (429, 200)
        assert client.send("GET", "/tags").headers["Content-Type"].startswith("text/html")
        assert "<html>" in client.send("GET", "/tags").text
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.send("GET", "/queues")


def test_a_rule_that_is_not_right_is_refused() -> None:
    with pytest.raises(SandboxError, match="no fault of kind 'explode'"):
        faults_from_json([{"kind": "explode"}])
    with pytest.raises(SandboxError, match="no regular expression"):
        faults_from_json([{"kind": "reset", "path": "("}])
    with pytest.raises(SandboxError, match="a fault has a kind"):
        faults_from_json([{"kind": "reset", "when": "now"}])


def test_faults_and_requests_over_a_port(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(2)) as client:
        library = client.running.library
        server = server_for(library, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            key = {"x-api-key": library.admin_key or ""}
            url = f"http://127.0.0.1:{server.port}"
            rule = {"kind": "lost_answer", "method": "POST", "path": "/albums"}
            assert requests.put(f"{url}/_sandbox/faults", json=[rule], headers=key, timeout=5).ok
            assert requests.put(f"{url}/_sandbox/faults", json=[], timeout=5).status_code == 401
            bad = requests.put(f"{url}/_sandbox/faults", json=[{"kind": "no"}], headers=key, timeout=5)
            assert bad.status_code == 400
            with pytest.raises(requests.ConnectionError):
                requests.post(f"{url}/api/albums", json={"albumName": "Once"}, headers=key, timeout=5)
            albums = requests.get(f"{url}/api/albums", headers=key, timeout=5).json()
            assert [album["albumName"] for album in albums] == ["Once"]
            log = requests.get(f"{url}/_sandbox/requests", headers=key, timeout=5).json()
            assert log[-2:] == [
                {"method": "POST", "path": "/albums", "status": 0, "items": 0},
                {"method": "GET", "path": "/albums", "status": 200, "items": 0},
            ]
            requests.delete(f"{url}/_sandbox/requests", headers=key, timeout=5)
            assert requests.get(f"{url}/_sandbox/requests", headers=key, timeout=5).json() == []
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def test_the_log_tells_writes_from_reads_and_counts_what_they_name(tmp_path: Path) -> None:
    with running(tmp_path / "l", photos(3)) as client:
        ids = client.ids()
        client.running.library.requests.clear()
        client.assets()
        client.ask("POST", "/download/info", {"assetIds": ids})
        client.ask("PUT", "/assets", {"ids": ids, **EDIT})
        assert len(client.running.library.requests.all()) == 3
        writes = client.running.library.requests.writes()
        assert [(write.method, write.path, write.status, write.items) for write in writes] == [
            ("PUT", "/assets", 204, 3)
        ]
