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


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_faces_change_without_a_trace_on_the_photo(tmp_path: Path, version: str) -> None:
    assets = [
        replace(one, people=people) for one, people in zip(photos(2), (("Ann",), ("Bob",)), strict=True)
    ]
    with running(tmp_path / "l", assets, version=version) as client:
        people = {one["name"]: one["id"] for one in client.ask("GET", "/people")["people"]}
        ann, bob = people["Ann"], people["Bob"]
        on = {
            client.assets(personIds=[person])[0]["originalFileName"]: client.assets(personIds=[person])[0][
                "id"
            ]
            for person in (ann, bob)
        }
        first, second = on["IMG_0000.jpg"], on["IMG_0001.jpg"]
        moments = [asset["updatedAt"] for asset in client.assets()]

        def who(asset_id: str) -> list[str]:
            return sorted(person["name"] for person in client.ask("GET", f"/assets/{asset_id}")["people"])

        box = {"imageWidth": 9, "imageHeight": 9, "x": 1, "y": 1, "width": 2, "height": 2}
        client.ask("POST", "/faces", {"assetId": second, "personId": ann, **box})
        assert who(second) == ["Ann", "Bob"]
        assert client.ask("GET", f"/people/{ann}/statistics") == {"assets": 2}
        (face,) = client.ask("GET", f"/faces?id={first}")
        assert face["person"]["id"] == ann
        assert client.ask("PUT", f"/faces/{bob}", {"id": face["id"]})["name"] == "Bob"
        assert (who(first), who(second)) == (["Bob"], ["Ann", "Bob"])
        moved = {"data": [{"assetId": first, "personId": bob}]}
        assert client.ask("PUT", f"/people/{ann}/reassign", moved)[0]["id"] == ann
        assert who(first) == ["Ann"]
        client.ask("DELETE", f"/faces/{face['id']}", {"force": False})
        assert who(first) == []
        assert client.send("DELETE", f"/faces/{face['id']}", {"force": True}).status_code == 400
        assert [asset["updatedAt"] for asset in client.assets()] == moments

        renamed = client.ask("PUT", f"/people/{ann}", {"name": "Anna", "isHidden": True})
        assert (renamed["name"], renamed["isHidden"]) == ("Anna", True)
        bulk = client.ask("PUT", "/people", {"people": [{"id": ann, "name": ""}, {"id": first, "name": "x"}]})
        assert [one["success"] for one in bulk] == [True, False] and bulk[1]["error"] == "unknown"
        assert client.send("POST", f"/people/{ann}/merge", {"ids": [ann]}).status_code == 400
        merged = client.ask("POST", f"/people/{ann}/merge", {"ids": [bob, first]})
        assert [one["success"] for one in merged] == [True, False]
        assert who(second) == ["Bob"]  # who had no name takes over the other's
        assert client.send("GET", f"/people/{bob}").status_code == 400
        assert client.send("DELETE", "/people", {"ids": [ann, bob]}).status_code == 400
        client.ask("DELETE", "/people", {"ids": [ann]})
        assert who(second) == []
        assert [asset["updatedAt"] for asset in client.assets()] == moments
