"""What goes wrong at the door: each in a sentence that says what, why and the way out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from tests.end_to_end.support import EXAMPLE, Served, Shell
from tests.end_to_end.test_whole_path import asking

WISH = """
tags:
  - { value: Sea, color: "#112233" }
assets:
  - match: { file: "IMG_*.jpg" }
    rating: 4
    tags: [Sea]
albums:
  - name: Sea
    match: { tags: [Sea] }
  - name: Old
    state: absent
"""
COMMANDS = ["immich-plan", "immich-apply"]


@pytest.fixture
def place(shell: Shell, plain: Any) -> Iterator[tuple[Shell, Served]]:
    with plain(3) as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        yield shell, server


class Page(BaseHTTPRequestHandler):
    """A web page for everything, as a login page before the server gives it."""

    answers: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        answer = self.answers.get(self.path)
        body = b"<html><title>Sign in</title></html>" if answer is None else json.dumps(answer).encode()
        self.send_response(200 if answer is not None or not self.answers else 404)
        self.send_header("Content-Type", "text/html" if answer is None else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def answering(answers: dict[str, Any]) -> Iterator[str]:
    handler = type("Answers", (Page,), {"answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_key(place: tuple[Shell, Served], command: str) -> None:
    shell, _ = place
    shell.secrets.append("wrong-key-1234")
    result = shell.run(command, IMMICH_API_KEY="wrong-key-1234")
    assert result.code == 1 and result.out == ""
    assert "(401)" in result.err and "Account settings > API keys" in result.err
    assert "(this is the key of IMMICH_API_KEY)" in result.err


def test_a_wrong_key_of_several_is_told_by_its_place(place: tuple[Shell, Served]) -> None:
    shell, server = place
    (shell.folder / "ada.key").write_text(server.key)
    (shell.folder / "ben.key").write_text("wrong-key-1234")
    shell.secrets += ["wrong-key-1234", server.key]
    shell.write(
        "wish.yaml",
        "server:\n  accounts:\n    ada: { api_key: '${file:ada.key}' }\n"
        "    ben: { api_key: '${file:ben.key}' }\n"
        "albums:\n  - { name: A, account: ada }\n  - { name: B, account: ben }\n",
    )
    result = shell.run("immich-plan")
    assert result.code == 1 and "(this is the key of account ben, wish.yaml:4)" in result.err
    result = shell.run("immich-plan", "--account", "ada")
    assert result.code == 0
    admin = shell.run("immich-plan", "--account", "ada", IMMICH_ADMIN_API_KEY="wrong-key-1234")
    assert admin.code == 1 and "(this is the key of IMMICH_ADMIN_API_KEY)" in admin.err


@pytest.mark.parametrize("command", COMMANDS)
def test_no_key_and_no_server(shell: Shell, command: str) -> None:
    shell.write("wish.yaml", WISH)
    result = shell.run(command)
    assert result.code == 2 and "IMMICH_INSTANCE_URL" in result.err and "--server" in result.err
    result = shell.run(command, "--server", "http://127.0.0.1:1")
    assert result.code in (1, 2) and "IMMICH_API_KEY" in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_is_not_there(shell: Shell, command: str) -> None:
    shell.write("wish.yaml", WISH)
    result = shell.run(command, "--server", "http://127.0.0.1:1", IMMICH_API_KEY="k")
    assert result.code == 1
    assert "127.0.0.1:1 refuses the connection" in result.err and "is the port right" in result.err


@pytest.mark.parametrize("address", ["ftp://photos", "photos.example.org", "http://", "http://a:b@host"])
def test_an_address_that_is_none(shell: Shell, address: str) -> None:
    shell.write("wish.yaml", WISH)
    result = shell.run("immich-plan", "--server", address, IMMICH_API_KEY="k")
    assert result.code == 2 and "address must" in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_login_page_instead_of_the_server(shell: Shell, command: str) -> None:
    shell.write("wish.yaml", WISH)
    with answering({}) as url:
        result = shell.run(command, "--server", url, IMMICH_API_KEY="k")
    assert result.code == 1 and "this is not the Immich API" in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_in_maintenance_mode(shell: Shell, command: str) -> None:
    shell.write("wish.yaml", WISH)
    answers = {
        "/api/server/version": {"major": 3, "minor": 1, "patch": 0},
        "/api/server/config": {"maintenanceMode": True},
    }
    with answering(answers) as url:
        result = shell.run(command, "--server", url, IMMICH_API_KEY="k")
    assert result.code == 1 and "maintenance mode" in result.err


def test_a_small_key_is_told_all_that_it_lacks_at_once(place: tuple[Shell, Served]) -> None:
    shell, server = place
    small = server.new_key(["user.read", "server.about"])
    shell.secrets.append(small)
    planned = shell.run("immich-plan", IMMICH_API_KEY=small)
    assert planned.code == 1 and '"small"' in planned.err and "pencil" in planned.err
    for name in ("asset.read", "tag.read", "album.read", "asset.download"):
        assert name in planned.err
    assert "asset.update" not in planned.err
    applied = shell.run("immich-apply", "--yes", IMMICH_API_KEY=small)
    assert applied.code == 1
    everything = (
        "asset.read", "asset.statistics", "asset.download", "asset.update", "tag.read", "tag.create",
        "tag.asset", "tag.update", "album.read", "album.create", "album.update", "album.delete",
        "albumAsset.create", "albumAsset.delete",
    )  # fmt: skip
    assert all(name in applied.err for name in everything), applied.err
    given = server.new_key(["user.read", *everything])
    shell.secrets.append(given)
    applied = shell.run("immich-apply", "--yes", IMMICH_API_KEY=given)
    assert applied.code == 0, applied.said
    assert "the queues run on" in applied.out.lower()


def test_a_key_that_may_read_is_told_what_it_lacks_for_the_plan_and_no_more(
    place: tuple[Shell, Served],
) -> None:
    shell, server = place
    reading = server.new_key(
        ["user.read", "asset.read", "asset.statistics", "tag.read", "album.read", "asset.download"]
    )
    shell.secrets.append(reading)
    applied = shell.run("immich-apply", "--yes", IMMICH_API_KEY=reading)
    assert applied.code == 1 and "asset.update" in applied.err and "album.create" in applied.err
    assert "album.delete" not in applied.err  # the album is not there, so nothing deletes it
    assert server.writes() == ["POST /api-keys"]


def test_a_key_without_user_read_is_told_the_rest_too(place: tuple[Shell, Served]) -> None:
    shell, server = place
    smallest = server.new_key(["server.about"])
    result = shell.run("immich-plan", IMMICH_API_KEY=smallest)
    assert result.code == 1 and "user.read" in result.err and "asset.read" in result.err


def test_an_admin_key_holds_the_queues_for_a_user_who_may_not(place: tuple[Shell, Served]) -> None:
    shell, server = place
    ben = server.new_user()
    shell.secrets.append(ben)
    without = shell.run("immich-apply", "--yes", "--allow-missing", IMMICH_API_KEY=ben)
    assert without.code == 0, without.said
    shell.write("wish.yaml", "assets:\n- match: { file: nothing.jpg }\n  rating: 1\n")
    missing = shell.run("immich-apply", "--yes", IMMICH_API_KEY=ben)
    assert missing.code == 1 and "nothing.jpg" in missing.said and "--allow-missing" in missing.err


def test_keys_and_address_from_files(place: tuple[Shell, Served]) -> None:
    shell, server = place
    shell.write("key.txt", server.key + "\n")
    shell.write("url.txt", server.url + "\n")
    shell.environment.clear()
    files = {"IMMICH_API_KEY_FILE": "key.txt", "IMMICH_INSTANCE_URL_FILE": "url.txt"}
    assert shell.run("immich-plan", "--exit-code", **files).code == 3
    admin = shell.run("immich-apply", "--yes", IMMICH_ADMIN_API_KEY_FILE="key.txt", **files)
    assert admin.code == 0, admin.said
    nowhere = shell.run("immich-plan", IMMICH_INSTANCE_URL=server.url, IMMICH_API_KEY_FILE="nowhere.txt")
    assert nowhere.code == 2 and "IMMICH_API_KEY_FILE: the file nowhere.txt" in nowhere.err


def test_an_admins_key_that_is_none_is_told_before_the_plan(place: tuple[Shell, Served]) -> None:
    shell, server = place
    ben = server.new_user("Ben")
    result = shell.run("immich-apply", "--yes", IMMICH_ADMIN_API_KEY=ben)
    assert result.code == 1 and result.out == ""
    assert "belongs to Ben, who is no administrator" in result.err and ben not in result.said
    assert not [write for write in server.writes() if "/assets" in write or "/queues" in write]


def test_nobody_is_there_to_ask(place: tuple[Shell, Served]) -> None:
    shell, server = place
    result = shell.run("immich-apply")
    assert result.code == 2 and "--yes" in result.err and server.writes() == []


def test_invalid_files_are_told_before_anything_is_asked(shell: Shell) -> None:
    shell.write("wish.yaml", "assets:\n- match: { file: x.jpg }\n  ratting: 3\n  rating: 9\n")
    for command in COMMANDS:
        result = shell.run(command, "--server", "http://127.0.0.1:1", IMMICH_API_KEY="k")
        assert result.code == 2 and "wish.yaml:3" in result.err and "wish.yaml:4" in result.err
        assert result.out == ""


@pytest.mark.parametrize(
    "arguments", [["nowhere.yaml"], ["nowhere.json"], ["--format", "xml"], ["--nonsense"]]
)
def test_wrong_usage(shell: Shell, arguments: list[str]) -> None:
    result = shell.run("immich-apply", *arguments)
    assert result.code in (1, 2) and result.err and result.out == ""


def test_a_plan_that_has_nowhere_to_go(place: tuple[Shell, Served]) -> None:
    shell, _ = place
    result = shell.run("immich-plan", "-o", "no/such/folder/plan.json")
    assert result.code == 1 and "no/such/folder/plan.json" in result.err


def test_colours_are_for_terminals(place: tuple[Shell, Served]) -> None:
    shell, _ = place
    assert "\x1b" not in shell.run("immich-plan").out
    assert "\x1b" not in shell.run("immich-plan", NO_COLOR="1").out


def test_verbose_shows_requests_and_no_key(place: tuple[Shell, Served]) -> None:
    shell, _ = place
    result = shell.run("immich-plan", "--verbose")
    assert result.code == 0 and "GET /users/me 200" in result.err
    assert shell.run("immich-plan", "--quiet").err == ""


@pytest.mark.parametrize("command", [*COMMANDS, "immich-validate", "immich-sandbox"])
def test_help(shell: Shell, command: str) -> None:
    result = shell.run(command, "--help")
    assert result.code == 0 and result.out.startswith("Usage: ") and "Examples:" in result.out
    assert result.out == shell.run(command, "-h").out


def test_the_example_is_valid(shell: Shell) -> None:
    assert shell.run("immich-validate", EXAMPLE).code == 0


def test_a_mistake_in_the_files_keeps_no_queue_paused(place: tuple[Shell, Served]) -> None:
    shell, server = place
    shell.write("wish.yaml", "albums: [")
    refused = shell.run("immich-queues", "restore")
    assert refused.code == 2 and "wish.yaml:2:" in refused.err
    named = ("--server", server.url)
    restored = shell.run("immich-queues", "restore", *named, IMMICH_API_KEY=server.key)
    assert restored.code == 0 and "Nothing to give back" in restored.out, restored.said
    assert restored.err.startswith("warning: the YAML files can't be read")
    shell.environment.pop("IMMICH_API_KEY", None)
    assert shell.run("immich-queues", "status", *named).code == 2


def test_what_an_administrators_key_lacks_for_queues_is_named(place: tuple[Shell, Served]) -> None:
    shell, server = place
    small = server.new_key(["user.read", "queue.read"])
    told = shell.run("immich-queues", "status", IMMICH_API_KEY=small)
    assert told.code == 1 and "queue.update" in told.err and "queue.read" not in told.err
    none = shell.run("immich-queues", "status", IMMICH_API_KEY=server.new_user("Ben"))
    assert none.code == 1 and "need the key of an administrator" in none.err
