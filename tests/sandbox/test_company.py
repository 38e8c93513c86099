"""People, stacks, external libraries and lengths, as both versions of the real server tell them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from .running import photos, running


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_people(tmp_path: Path, version: str) -> None:
    one, two, three = photos(3)
    assets = [
        replace(one, people=("Ann", "Bob")),
        replace(two, people=("Ann",), stack="s", duration=61_500),
        replace(three, people=("Cleo",), stack="s", visibility="archive", external_library="NAS"),
    ]
    with running(tmp_path / "l", assets, version=version) as client:
        listed = client.ask("GET", "/people?withHidden=true")
        # who is only on archived photos isn't listed, but can be searched for
        assert [person["name"] for person in listed["people"]] == ["Ann", "Bob"]
        assert [found["name"] for found in client.ask("GET", "/search/person?name=cl")] == ["Cleo"]
        with client.running.library.database.write() as db:
            db.run("UPDATE person SET is_hidden = 1 WHERE name = 'Bob'")
        shown = client.ask("GET", "/people")
        assert [person["name"] for person in shown["people"]] == ["Ann"]
        assert (shown["total"], shown["hidden"], shown["hasNextPage"]) == (2, 1, False)
        page = client.ask("GET", "/people?withHidden=true&size=1&page=1")
        assert len(page["people"]) == 1 and page["hasNextPage"] is True
        assert client.send("GET", "/people?size=1001").status_code == 400
        assert client.ask("GET", "/search/person?name=bob") == []
        assert len(client.ask("GET", "/search/person?name=bob&withHidden=true")) == 1
        ann = shown["people"][0]["id"]
        (first, second) = sorted(
            client.assets(personIds=[ann], withPeople=True), key=lambda item: str(item["originalFileName"])
        )
        assert sorted(person["name"] for person in first["people"]) == ["Ann", "Bob"]
        assert ("faces" in first["people"][0]) is (version == "2.5.6")
        assert second["duration"] == (61_500 if version == "3.1.0" else "0:01:01.500")
        assert first["duration"] == (None if version == "3.1.0" else "0:00:00.00000")
        (stack,) = client.ask("GET", "/stacks")
        assert [item["originalFileName"] for item in stack["assets"]] == ["IMG_0001.jpg", "IMG_0002.jpg"]
        (library,) = client.ask("GET", "/libraries")
        assert (library["name"], library["assetCount"]) == ("NAS", 0)
        assert client.ask("GET", f"/libraries/{library['id']}") == library
        (outside,) = client.assets(libraryId=library["id"], visibility="archive")
        assert outside["originalFileName"] == "IMG_0002.jpg"
