"""What the recordings don't show of album users: several at once, one unknown, users that are hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.store import users
from tests.sandbox.running import Client, running
from tests.support.world import add_users

UNKNOWN = "00000000-0000-4000-8000-000000000000"
EMAILS = {"ben@example.org": "Ben", "cleo@example.org": "Cleo"}


@pytest.mark.parametrize(("version", "left"), [("2.5.6", ["ben@example.org"]), ("3.1.0", [])])
def test_one_unknown_user_among_several(tmp_path: Path, version: str, left: list[str]) -> None:
    """2.x adds one after the other, so that those before the unknown one stay; 3.x looks at all before."""
    with running(tmp_path / "try", version=version) as client:
        ids = add_users(client.running.library, EMAILS)
        album = client.ask("POST", "/albums", {"albumName": "Trip"})["id"]
        asked = [{"userId": one, "role": "viewer"} for one in (ids["ben@example.org"], UNKNOWN)]
        assert client.send("PUT", f"/albums/{album}/users", {"albumUsers": asked}).status_code == 400
        assert _emails(client) == left


def _emails(client: Client) -> list[str]:
    (album,) = client.ask("GET", "/albums")
    return [one["user"]["email"] for one in album["albumUsers"] if one["role"] != "owner"]


def test_users_that_the_server_hides_from_each_other(tmp_path: Path) -> None:
    with running(tmp_path / "try") as client:
        library = client.running.library
        ids = add_users(library, EMAILS)
        secret = users.new_secret()
        with library.database.write() as db:
            users.insert_key(db, ids["ben@example.org"], "ben", ["all"], secret)

        def shown(**headers: str) -> list[str]:
            answer: Any = client.session.get(f"{client.running.base_url}/users", headers=headers)
            return sorted(user["email"] for user in answer.json())

        everybody = ["ben@example.org", "cleo@example.org", "demo@example.org"]
        assert shown(**{"x-api-key": secret}) == everybody
        library.change_config(
            {**library.config, "server": {**library.config["server"], "publicUsers": False}}
        )
        assert shown(**{"x-api-key": secret}) == ["ben@example.org"]
        assert shown(**{"x-api-key": client.running.admin_key or ""}) == everybody
