"""How many requests an apply sends: as few as can be, and as many as the plan has said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.report import Outcome
from reconciler.sandbox.library import NewAsset
from tests.apply.support import ROME, here, names, photo, photos

ALL = {"file": "IMG_*.jpg"}


def test_an_unchanged_library_costs_no_write_and_no_pause(tmp_path: Path) -> None:
    wish = {"assets": [{"match": ALL, "rating": 3}], "albums": [{"name": "All", "match": ALL}]}
    with here(tmp_path, photos(5)) as place:
        assert place.converge(wish).outcome is Outcome.DONE
        place.clear()
        plan = place.plan(wish)
        assert not plan.changes and plan.cost.requests == 0
        assert place.apply(plan).outcome is Outcome.NOTHING
        assert place.library.requests.writes() == []


VALUES: list[dict[str, Any]] = [
    {"description": "Sea"},
    {"rating": 4},
    {"taken": "2021-05-06T07:08:09+02:00"},
    {"location": ROME},
    {"favorite": True},
    {"visibility": "archive"},
]


@pytest.mark.parametrize(
    ("count", "value"),
    [(2, value) for value in VALUES] + [(50, value) for value in VALUES] + [(1200, {"rating": 4})],
    ids=lambda item: str(item) if isinstance(item, int) else next(iter(item)),
)
def test_one_new_value_for_many_photos_is_one_request(
    tmp_path: Path, count: int, value: dict[str, Any]
) -> None:
    with here(tmp_path, photos(count)) as place:
        plan = place.plan({"assets": [{"match": ALL, **value}]})
        assert plan.cost.requests == 1
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and report.settled == count
        assert [(item.method, item.path, item.items) for item in place.writes()] == [
            ("PUT", "/assets", count)
        ]


@pytest.mark.parametrize(
    ("value", "path", "queues"),
    [
        ({"description": "Sea"}, "/assets", 6),
        ({"favorite": True}, "/assets/ID", 0),
        ({"visibility": "archive"}, "/assets/ID", 0),
        ({"favorite": True, "visibility": "archive"}, "/assets/ID", 0),
        ({"favorite": True, "rating": 2}, "/assets", 6),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_one_photo_is_one_request_and_pauses_only_for_the_sidecar(
    tmp_path: Path, value: dict[str, Any], path: str, queues: int
) -> None:
    with here(tmp_path, photos(3)) as place:
        photo_id = place.ids()["IMG_0001.jpg"]
        place.clear()
        report = place.converge({"assets": [{"match": {"file": "IMG_0001.jpg"}, **value}]})
        assert report.outcome is Outcome.DONE
        assert [(item.method, item.path) for item in place.writes()] == [
            ("PUT", path.replace("ID", photo_id))
        ]
        assert len(place.queue_writes()) == queues


@pytest.mark.parametrize("count", [1, 2, 50])
def test_one_tag_for_many_photos_is_one_request_beside_making_it(tmp_path: Path, count: int) -> None:
    wish = {"assets": [{"match": ALL, "tags": ["Trips/Italy"]}]}
    with here(tmp_path, photos(count)) as place:
        place.clear()
        assert place.converge(wish).outcome is Outcome.DONE
        assert [(item.path, item.items) for item in place.writes()] == [("/tags", 1), ("/tags/assets", count)]
        place.clear()
        again = {"assets": [{"match": ALL, "tags": {"remove": ["Trips/Italy"]}}]}
        assert place.converge(again).outcome is Outcome.DONE
        assert [(item.method, item.items) for item in place.writes()] == [("DELETE", count)]
        assert place.detail().tags == frozenset()


def test_a_plan_of_albums_alone_pauses_nothing(tmp_path: Path) -> None:
    wish = {
        "albums": [{"name": "All", "match": ALL, "description": "x"}, {"name": "One", "assets": names(1)}]
    }
    with here(tmp_path, photos(4)) as place:
        place.clear()
        report = place.converge(wish)
        assert report.outcome is Outcome.DONE and report.window.held == ()
        assert place.queue_writes() == []
        assert [item.path for item in place.writes()] == ["/albums", "/albums"]


def test_distinct_captions_are_bulk_requests_of_one_photo_each(tmp_path: Path) -> None:
    wish = {
        "assets": [
            {"match": name, "description": f"caption {number}"} for number, name in enumerate(names(30))
        ]
    }
    with here(tmp_path, photos(30)) as place:
        place.clear()
        report = place.converge(wish)
        assert report.outcome is Outcome.DONE and report.settled == 30
        assert [(item.path, item.items) for item in place.writes()] == [("/assets", 1)] * 30
        assert len(place.queue_writes()) == 6


def test_values_and_tags_of_the_same_photos_go_in_two_rounds_with_a_settle_between(tmp_path: Path) -> None:
    wish = {"assets": [{"match": ALL, "rating": 5, "tags": ["Sea"]}]}
    with here(tmp_path, photos(8)) as place:
        plan = place.plan(wish)
        assert len(plan.rounds) == 2
        place.clear()
        assert place.apply(plan).outcome is Outcome.DONE
        order = [item.path for item in place.library.requests.writes()]
        first, second = order.index("/assets"), order.index("/tags/assets")
        between = [path.removeprefix("/queues/") for path in order[first + 1 : second]]
        chain = ["sidecar", "metadataExtraction", "storageTemplateMigration"]
        assert between == chain + chain[::-1]
        assert {detail.tags for detail in place.reader.assets(list(place.ids().values())).values()} == {
            frozenset({"Sea"})
        }


MIXED: dict[str, Any] = {
    "tags": [{"value": "Trips/Italy", "color": "#e07a5f"}],
    "assets": [
        {"match": {"file": "IMG_0000.jpg"}, "description": "one", "tags": ["Trips/Italy"]},
        {"match": {"file": "IMG_000[1-5].jpg"}, "rating": 4, "favorite": True},
        {"match": {"file": "IMG_0006.jpg"}, "visibility": "archive"},
        {"match": {"file": "IMG_0007.jpg"}, "tags": {"exact": ["Trips/Italy"]}},
    ],
    "albums": [
        {
            "name": "Italy",
            "match": {"tags": ["Trips/Italy"]},
            "order": "asc",
            "cover": {"file": "IMG_0007.jpg"},
        },
        {"name": "Good", "match": {"rating": ">=4"}, "description": "the best"},
    ],
}


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_what_is_sent_is_what_the_plan_has_announced(tmp_path: Path, version: str) -> None:
    library: list[NewAsset] = [*photos(7), photo("IMG_0007.jpg", tags=["Old", "Older"])]
    with here(tmp_path, library, version=version) as place:
        plan = place.plan(MIXED)
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE, report
        assert len(place.writes()) == plan.cost.requests == len(report.operations) > 8
        assert not place.plan(MIXED).changes


def test_more_photos_than_one_request_takes_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "schedule.UPDATE_BATCH",
        "schedule.TAG_BATCH",
        "lanes.ALBUM_BATCH",
        "memberships.ALBUM_BATCH",
    ):
        monkeypatch.setattr(f"reconciler.plan.{name}", 10)
    wish = {
        "assets": [{"match": ALL, "rating": 5, "tags": ["Sea"]}],
        "albums": [{"name": "All", "match": ALL}],
    }
    with here(tmp_path, photos(25)) as place:
        place.clear()
        report = place.converge(wish)
        assert report.outcome is Outcome.DONE
        sizes = [(item.method, item.path.split("/")[1], item.items) for item in place.writes()]
        assert sorted(sizes) == sorted(
            [("PUT", "assets", size) for size in (10, 10, 5)]
            + [("PUT", "tags", 1)]
            + [("PUT", "tags", size) for size in (10, 10, 5)]
            + [("POST", "albums", 10), ("PUT", "albums", 10), ("PUT", "albums", 5)]
        )
        assert not place.plan(wish).changes
