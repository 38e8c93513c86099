"""Immich 3.2: more of its search than was recorded, its new paths, and how older versions take a filter."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from reconciler.sandbox.library import Library
from reconciler.sandbox.mount import mounted
from reconciler.sandbox.store.database import plain

from .running import QUICK, Client, photos, running

NEW = "3.2.2"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Client]:
    with running(tmp_path / "library", photos(5), version=NEW) as client:
        client.settle()
        yield client


def found(client: Client, filter_: dict[str, Any], **more: Any) -> list[str]:
    answer = client.ask("POST", "/search/metadata", {"filter": filter_, **more})
    return [asset["originalFileName"] for asset in answer["assets"]["items"]]


def status(client: Client, body: dict[str, Any], path: str = "/search/metadata") -> int:
    return client.send("POST", path, body).status_code


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0"])
def test_older_servers_overlook_a_filter(tmp_path: Path, version: str) -> None:
    body = {
        "filter": {"originalFileName": {"eq": "IMG_0001.jpg"}},
        "cursor": "x",
        "orderBy": {"field": "rating"},
    }
    with running(tmp_path / "library", photos(3), version=version) as client:
        answer = client.ask("POST", "/search/metadata", body)["assets"]
        assert (answer["count"], "nextCursor" in answer) == (3, False)
        assert client.ask("POST", "/search/statistics", body) == {"total": 3}


def test_the_cursor_goes_through_everything_once(server: Client) -> None:
    names: list[str] = []
    body: dict[str, Any] = {"filter": {}, "size": 2}
    while True:
        page = server.ask("POST", "/search/metadata", body)["assets"]
        names += [asset["originalFileName"] for asset in page["items"]]
        assert page["nextPage"] is None
        if page["nextCursor"] is None:
            break
        body["cursor"] = page["nextCursor"]
    assert names == [f"IMG_{number:04}.jpg" for number in (4, 3, 2, 1, 0)]


def test_the_older_form_keeps_its_pages(server: Client) -> None:
    page = server.ask("POST", "/search/metadata", {"size": 2, "page": 2})["assets"]
    assert (page["count"], page["nextPage"], page["nextCursor"]) == (2, "3", None)


@pytest.mark.parametrize("offset", ["-1", "true", "1.5", '"1"', "null"])
def test_a_cursor_that_is_none_is_refused(server: Client, offset: str) -> None:
    cursor = base64.urlsafe_b64encode(f'{{"offset":{offset}}}'.encode()).decode()
    assert status(server, {"cursor": cursor}) == 400


def test_a_statement_has_room_for_so_many_values(server: Client) -> None:
    assert status(server, {"filter": {"checksum": {"in": ["x"] * 65_000}}}) == 200
    assert status(server, {"filter": {"checksum": {"in": ["x"] * 66_000}}}) == 500
    assert (
        status(server, {"filter": {"tagIds": {"any": ["00000000-0000-4000-8000-000000000000"] * 66_000}}})
        == 200
    )


def test_thousands_of_alternatives(server: Client) -> None:
    unknown = {"id": {"eq": "00000000-0000-4000-8000-000000000000"}}
    wanted = [
        {"originalFileName": {"eq": "IMG_0001.jpg"}},
        *[unknown] * 3000,
        {"id": {"eq": server.ids()[0]}},
    ]
    assert found(server, {"or": wanted}) == ["IMG_0004.jpg", "IMG_0001.jpg"]


@pytest.mark.parametrize("rating", [2.5, 2**31])
def test_numbers_that_the_column_cannot_have_break_the_search(server: Client, rating: float) -> None:
    assert status(server, {"filter": {"rating": {"lt": rating}}}, "/search/statistics") == 500


def test_the_locked_folder_is_open_to_a_session_that_has_given_its_pin(tmp_path: Path) -> None:
    locked = {"filter": {"visibility": {"eq": "locked"}}}
    login = {"email": "ada@example.org", "password": "in-the-test"}
    library = Library.create(tmp_path / "library", version=NEW, with_admin=False, pace=QUICK)
    with library, mounted(library) as mounting:
        client = Client(mounting, mounting.session())
        client.ask("POST", "/auth/admin-sign-up", {**login, "name": "Ada"})
        token = client.ask("POST", "/auth/login", login)["accessToken"]

        def ask(method: str, path: str, body: Any = None) -> requests.Response:
            url = f"{client.running.base_url}{path}"
            return client.session.request(
                method, url, json=body, headers={"Authorization": f"Bearer {token}"}
            )

        library.add_assets(photos(2))
        client.settle()
        first = ask("POST", "/search/metadata", {}).json()["assets"]["items"][0]["id"]
        assert ask("PUT", f"/assets/{first}", {"visibility": "locked"}).ok
        assert ask("POST", "/search/metadata", locked).status_code == 401
        assert ask("POST", "/search/statistics", {"filter": {}}).json() == {"total": 1}

        assert ask("POST", "/auth/pin-code", {"pinCode": "123456"}).ok
        assert ask("POST", "/auth/session/unlock", {"pinCode": "123456"}).ok
        assert ask("POST", "/search/metadata", locked).json()["assets"]["count"] == 1
        assert ask("POST", "/search/statistics", {"filter": {}}).json() == {"total": 2}


def test_people_of_a_photo(server: Client) -> None:
    one, two, *_ = server.ids()
    people = [server.ask("POST", "/people", {"name": name})["id"] for name in ("Pia", "Paul")]
    for asset, person in ((one, people[0]), (two, people[0]), (two, people[1])):
        box = {"imageWidth": 64, "imageHeight": 48, "x": 1, "y": 1, "width": 9, "height": 9}
        server.ask("POST", "/faces", {"assetId": asset, "personId": person, **box})
    assert found(server, {"personIds": {"any": people}}) == ["IMG_0004.jpg", "IMG_0003.jpg"]
    assert found(server, {"personIds": {"all": people}}) == ["IMG_0003.jpg"]
    assert found(server, {"personIds": {"none": [people[1]]}, "hasPeople": {"eq": True}}) == ["IMG_0004.jpg"]


def test_what_is_never_here(server: Client) -> None:
    assert found(server, {"ocr": {"matches": "words"}}) == found(server, {"isEncoded": {"eq": True}}) == []
    assert found(server, {"encodedVideoPath": {"ne": "x"}}) == []
    assert server.assets(ocr="words") == []


def test_photos_of_a_stack_can_be_left_out(server: Client) -> None:
    stacked = server.ids()[:2]
    server.ask("POST", "/stacks", {"assetIds": stacked})
    left = ["IMG_0002.jpg", "IMG_0001.jpg", "IMG_0000.jpg"]
    assert found(server, {}, withStacked=False) == left
    assert [asset["originalFileName"] for asset in server.assets(withStacked=False)] == left
    assert server.ask("POST", "/search/statistics", {"filter": {}, "withStacked": False}) == {"total": 5}


def test_the_configuration_has_its_new_paths(server: Client) -> None:
    config = server.ask("GET", "/admin/config")
    assert config == server.ask("GET", "/system-config")
    config["server"]["loginPageMessage"] = "hello"
    assert server.ask("PUT", "/admin/config", config) == config
    assert server.ask("GET", "/config")["server"]["loginPageMessage"] == "hello"
    public = server.session.get(f"{server.running.base_url}/public/config").json()
    assert public["server"] == {"loginPageMessage": "hello"}
    assert server.ask("GET", "/admin/config/defaults") == server.ask("GET", "/system-config/defaults")


def test_a_key_needs_the_permission_of_the_new_paths(server: Client) -> None:
    names = ["systemConfig.read", "userConfig.read"]
    key = server.ask("POST", "/api-keys", {"name": "small", "permissions": names})["secret"]
    codes = {
        path: server.session.get(f"{server.running.base_url}{path}", headers={"x-api-key": key}).status_code
        for path in ("/system-config", "/admin/config", "/config")
    }
    assert codes == {"/system-config": 200, "/admin/config": 403, "/config": 200}


def test_a_key_gets_a_new_secret(server: Client) -> None:
    def status_with(secret: str) -> int:
        url = f"{server.running.base_url}/api-keys/me"
        return server.session.get(url, headers={"x-api-key": secret}).status_code

    made = server.ask("POST", "/api-keys", {"name": "mine", "permissions": ["asset.read"]})
    assert made["apiKey"] == {name: made[name] for name in made["apiKey"]}
    again = server.ask("POST", f"/api-keys/{made['id']}/rotate")
    assert (again["id"], again["permissions"]) == (made["id"], ["asset.read"])
    assert (status_with(made["secret"]), status_with(again["secret"])) == (401, 200)


def test_3_1_knows_neither_paths_nor_permissions(tmp_path: Path) -> None:
    with running(tmp_path / "library", version="3.1.0") as client:
        assert [client.send("GET", path).status_code for path in ("/admin/config", "/public/config")] == [
            404,
            404,
        ]
        made = client.send("POST", "/api-keys", {"name": "x", "permissions": ["adminConfig.read"]})
        assert made.status_code == 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Été à la PLAGE", "ete a la plage"),
        ("Łódź, Straße, Ærø, smørrebrød", "lodz, strasse, aero, smorrebrod"),
        ("e\u0301", "e"),
        ("Ёлка й", "елка й"),
        ("ガ が", "ガ が"),
        ("Ώρα", "ωρα"),
        ("“so” – ﬁn…", '"so" - fin...'),
        (None, ""),
    ],
)
def test_accents_that_the_server_overlooks(text: str | None, expected: str) -> None:
    assert plain(text) == expected
