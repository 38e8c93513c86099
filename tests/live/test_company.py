"""People, stacks and external libraries: read only where a rule asks, and by the cheaper way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.diff import compare
from reconciler.immich.retry import Repeat
from reconciler.live.people import on_photos as reading_people
from reconciler.live.snapshot.document import Snapshot, read_snapshot, to_bytes
from reconciler.model.origin import Problem
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.support.world import World, world

DAY = datetime(2024, 5, 1, 12, tzinfo=UTC)
ON: list[tuple[str, ...]] = [("Ada",), ("Ada", "Ben"), ("Ben", ""), (), ("Zoe\u0308",)]


def assets() -> Iterator[NewAsset]:
    for number, people in enumerate(ON):
        yield NewAsset(
            file_name=f"{number}.jpg",
            file_created_at=DAY + timedelta(hours=number),
            embedded=Embedded(width=4000, height=3000, orientation="6" if number == 1 else "1"),
            people=people,
            stack="s" if number in (1, 2) else None,
            external_library="NAS" if number == 3 else None,
            visibility="archive" if number == 4 else "timeline",
        )
    yield NewAsset(file_name="v.mp4", file_created_at=DAY, duration=61_500)


@pytest.fixture(params=["3.1.0", "2.5.6"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, assets(), version=request.param) as place:
        yield place


def found(here: World, match: Any) -> list[str]:
    """The files that a rule puts into an album, read as a plan reads them."""
    desired = here.desired({"albums": [{"name": "A", "match": match}]})
    live = here.live(desired)
    again = read_snapshot(to_bytes(Snapshot(live))).live
    assert again.people_of == live.people_of
    comparison = compare(desired, again)
    assert not comparison.problems and not comparison.missing, comparison
    album = comparison.changes.albums[0]
    return sorted(live.assets[asset_id].file_name for asset_id in album.added)


def requests(here: World, match: Any) -> list[str]:
    desired = here.desired({"albums": [{"name": "A", "match": match}]})
    here.library.requests.clear()
    here.live(desired)
    return [
        f"{one.method} {one.path.removeprefix('/api').partition('?')[0]}"
        for one in here.library.requests.all()
    ]


MATCHES: list[tuple[Any, list[str]]] = [
    ({"people": "ada"}, ["0.jpg", "1.jpg"]),
    ({"people": ["Ada", "Ben"]}, ["1.jpg"]),
    ({"people": {"any": ["Ada", "Ben"]}}, ["0.jpg", "1.jpg", "2.jpg"]),
    ({"people": {"none": ["Ada"]}, "type": "image"}, ["2.jpg", "3.jpg", "4.jpg"]),
    ({"people": {"only": ["Ada", "Ben"]}}, ["0.jpg", "1.jpg"]),
    ({"people": "A*"}, ["0.jpg", "1.jpg"]),
    ({"people": "ZO\u00cb"}, ["4.jpg"]),
    ({"has": "people"}, ["0.jpg", "1.jpg", "2.jpg", "4.jpg"]),
    ({"stacked": True}, ["1.jpg", "2.jpg"]),
    ({"library": "nas"}, ["3.jpg"]),
    ({"library": None, "stacked": False, "type": "image"}, ["0.jpg", "4.jpg"]),
    ({"orientation": "portrait"}, ["1.jpg"]),
    ({"width": 3000, "megapixels": 12}, ["1.jpg"]),
    ({"duration": ">1m"}, ["v.mp4"]),
    ({"duration": "61.5s"}, ["v.mp4"]),
]


def test_what_rules_find(here: World) -> None:
    assert [found(here, match) for match, _ in MATCHES] == [files for _, files in MATCHES]


def test_with_the_scan_or_by_person_is_the_same(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by_person = [found(here, match) for match, _ in MATCHES]
    monkeypatch.setattr(reading_people, "FEW_PEOPLE", 0)
    monkeypatch.setattr(reading_people, "PERSON_COST", 10)
    assert "GET /search/person" not in requests(here, {"people": "Ada"})
    assert [found(here, match) for match, _ in MATCHES] == by_person


def test_nothing_is_read_that_no_rule_asks_for(here: World) -> None:
    asked = requests(here, {"type": "image", "width": 3000, "library": None})
    assert not {"GET /people", "GET /search/person", "GET /stacks", "GET /libraries"} & set(asked)
    searches = asked.count("POST /search/metadata")
    one = requests(here, {"people": ["Ada", "ADA"]})
    assert one.count("GET /search/person") == 1 and "GET /people" not in one
    # the ids of one person's photos: one more search for each visibility that is read
    visible = 1 if not here.library.version.device_fields else 2
    assert one.count("POST /search/metadata") == searches + visible
    assert requests(here, {"stacked": True}).count("GET /stacks") == 1
    assert requests(here, {"has": "people"}).count("POST /search/metadata") == searches


def problems(here: World, match: Any) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    desired = here.desired({"albums": [{"name": "A", "match": match}]})
    comparison = compare(desired, here.live(desired))
    return comparison.problems, comparison.missing


@pytest.mark.parametrize("few", [5, 0])
def test_nobody_and_two_of_one_name(here: World, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_people, "FEW_PEOPLE", few)
    monkeypatch.setattr(reading_people, "PERSON_COST", 10)
    _, (missing,) = problems(here, {"people": {"any": ["Ada", "Bem"]}})
    assert missing.message == "the server knows no person 'Bem'; did you mean 'Ben'?"
    assert missing.origin is not None and missing.origin.line == 7
    twin = here.reader.transport.call(
        "POST", "/people", repeat=Repeat.NEVER, parse=dict, body={"name": "ben"}
    )["id"]
    # nobody has a face of the second one yet
    assert problems(here, {"people": "Ben"}) == ((), ())
    face = {"imageWidth": 9, "imageHeight": 9, "x": 1, "y": 1, "width": 2, "height": 2}
    body = {"assetId": here.ids()["3.jpg"], "personId": twin, **face}
    here.reader.transport.call("POST", "/faces", repeat=Repeat.NEVER, parse=lambda _: None, body=body)
    (several,), missing_too = problems(here, {"people": "Ben"})
    assert not missing_too
    assert several.message.startswith("2 persons are called 'Ben': write the id of the one that is meant: ")
    assert twin in several.message and "ben (" in several.message and "Ben (" in several.message
    assert found(here, {"people": twin}) == ["3.jpg"]
    assert found(here, {"people": "B*"}) == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_library_that_is_not_there(here: World) -> None:
    _, (missing,) = problems(here, {"library": "Nass"})
    assert missing.message == "the server has no external library 'Nass'; did you mean 'NAS'?"


def test_an_unknown_id_is_nobody(here: World) -> None:
    unknown = "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"
    _, (missing,) = problems(here, {"people": unknown})
    assert f"no person {unknown!r}" in missing.message


def test_albums_of_albums_in_one_run(here: World) -> None:
    """Whatever the order in which they are written, and again nothing to do."""
    wish = {
        "albums": [
            {"name": "Last", "match": {"album": "middle"}},
            {"name": "Middle", "match": {"album": "First", "not": {"file": "0.jpg"}}},
            {"name": "First", "match": {"people": "Ada"}},
            {"name": "Rest", "match": {"type": "image", "album": {"none": ["First", "Last"]}}},
        ]
    }
    here.converge(wish)
    ids = {asset_id: name for name, asset_id in here.ids().items()}
    albums = {album.name: album.id for album in here.reader.albums().own}
    members = {name: sorted(ids[one] for one in here.reader.members(album)) for name, album in albums.items()}
    assert members == {
        "First": ["0.jpg", "1.jpg"],
        "Middle": ["1.jpg"],
        "Last": ["1.jpg"],
        "Rest": ["2.jpg", "3.jpg", "4.jpg"],
    }
    assert not here.plan(wish).changes
