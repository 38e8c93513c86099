"""What a partner's photos are to others: seen, put into albums, and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.running import photos, running
from tests.support.people import Somebody, admin, joins, shows_all

Two = tuple[Somebody, Somebody]
VERSIONS = ("3.1.0", "2.5.6")


@pytest.fixture(params=VERSIONS)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Two]:
    """Ada, and Ben who shows her his photos: one plain, one archived, one hidden."""
    mine = photos(2)
    with running(tmp_path / "library", mine, version=request.param) as client:
        ada = admin(client.running)
        theirs = [
            replace(photo, file_name=f"{name}.jpg", visibility=name, favorite=True, people=("Cleo",))
            for photo, name in zip(photos(3, make="Sony"), ("timeline", "archive", "hidden"), strict=True)
        ]
        ben = joins(client.running, "Ben", theirs)
        shows_all(ben, ada)
        yield ada, ben


def seen(whose: Somebody, **asked: object) -> set[str]:
    found = whose.ask("POST", "/search/metadata", asked)["assets"]["items"]
    return {item["originalFileName"] for item in found}


def test_a_search_shows_them_of_whatever_visibility_is_asked_for(two: Two) -> None:
    ada, _ = two
    assert "archive.jpg" in seen(ada, visibility="archive")
    assert {"timeline.jpg", "IMG_0000.jpg"} <= seen(ada)
    assert ada.ask("POST", "/search/statistics", {"visibility": "timeline"}) == {"total": 3}
    assert ada.ask("GET", "/assets/statistics")["total"] == 2
    assert ada.ask("GET", "/search/suggestions?type=camera-make") == ["Sony"]


def test_hearts_are_found_but_not_shown_and_people_are_not_told(two: Two) -> None:
    ada, ben = two
    assert seen(ada, isFavorite=True, visibility="timeline") == {"timeline.jpg"}
    shown = ada.ask("GET", f"/assets/{ben.ids()['timeline.jpg']}")
    assert (shown["isFavorite"], shown["people"]) == (False, [])


def test_what_a_partner_has_archived_can_be_neither_read_nor_put_into_an_album(two: Two) -> None:
    ada, ben = two
    ids = ben.ids()
    assert ada.send("GET", f"/assets/{ids['archive.jpg']}").status_code == 400
    assert ada.send("GET", f"/assets/{ids['hidden.jpg']}").status_code == 200
    album = ada.ask("POST", "/albums", {"albumName": "Ours"})["id"]
    said = ada.ask("PUT", f"/albums/{album}/assets", {"ids": [ids["timeline.jpg"], ids["archive.jpg"]]})
    assert [item["success"] for item in said] == [True, False]
    assert said[1]["error"] == "no_permission"


def test_they_are_members_that_download_info_lists_and_an_own_search_finds_by_version(two: Two) -> None:
    """FINDINGS 33: a search in albums shows everybody's photos from 3.0 on, before only of partners."""
    ada, ben = two
    theirs = ben.ids()["timeline.jpg"]
    album = ada.ask("POST", "/albums", {"albumName": "Ours", "assetIds": [theirs]})["id"]
    archives = ada.ask("POST", "/download/info", {"albumId": album})["archives"]
    assert [archive["assetIds"] for archive in archives] == [[theirs]]
    assert seen(ada, albumIds=[album]) == {"timeline.jpg"}
    ada.ask("PUT", f"/partners/{ben.id}", {"inTimeline": False})
    old = ada.running.library.version.owner_fields
    assert seen(ada, albumIds=[album]) == (set() if old else {"timeline.jpg"})
    ben.ask("DELETE", f"/partners/{ada.id}")
    assert ada.ask("GET", f"/assets/{theirs}")["ownerId"] == ben.id


def test_nobody_edits_them_but_their_owner(two: Two) -> None:
    ada, ben = two
    theirs = ben.ids()["timeline.jpg"]
    for method, path, body in (
        ("PUT", f"/assets/{theirs}", {"rating": 3}),
        ("PUT", "/assets", {"ids": [theirs], "rating": 3}),
        ("DELETE", "/assets", {"ids": [theirs]}),
    ):
        assert ada.send(method, path, body).status_code == 400
    tag = ada.ask("PUT", "/tags", {"tags": ["Trips"]})[0]["id"]
    (said,) = ada.ask("PUT", f"/tags/{tag}/assets", {"ids": [theirs]})
    assert said["error"] == "no_permission"
