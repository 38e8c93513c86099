"""A write whose answer is lost is looked for before it is sent again, and so are the queues after a restart.

Two sidecar writes of one photo that wait side by side may destroy its sidecar, with all that
others had written.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.verify import RACED, READ_ONLY
from reconciler.plan.report import Outcome
from tests.apply.support import ROME, Fault, here, photos
from tests.races.bulk_tags import restart
from tests.races.support import made_true, racing

OTHERS = {"description": "somebody else's"}
VALUES: list[dict[str, Any]] = [
    {"rating": 4},
    {"taken": "2021-05-06T07:08:09+09:00"},
    {"location": {"latitude": ROME["latitude"], "longitude": ROME["longitude"]}},
    {"location": None},
    {"rating": 4, "favorite": True},
    {"tags": ["Trips", "Family"]},
    {"tags": {"remove": ["Sea"]}},
]


@pytest.mark.parametrize("values", VALUES, ids=str)
def test_a_write_whose_answer_is_lost_is_not_sent_again(tmp_path: Path, values: dict[str, Any]) -> None:
    with racing(tmp_path, 3, collisions=1.0, cores=0) as place:
        sea = place.other.ask("PUT", "/tags", {"tags": ["Sea"]})[0]["id"]
        ids = place.other.ids()
        place.other.ask("PUT", "/assets", {"ids": ids, **OTHERS, "latitude": 35.6895, "longitude": 139.69171})
        place.settled()
        place.other.ask("PUT", f"/tags/{sea}/assets", {"ids": ids})
        place.settled()
        wish = {"assets": [{"match": {"file": "IMG_*"}, **values}]}
        plan = place.plan(wish)
        place.faults(Fault("lost_answer", "PUT", "/assets"), Fault("lost_answer", path="/tags/.*assets"))
        report = place.apply(plan)
        assert place.library.faults.struck == 1
        assert report.outcome is Outcome.DONE and not report.reverted
        place.settled()
        assert [asset["exifInfo"]["description"] for asset in place.other.assets()] == [
            OTHERS["description"]
        ] * 3
        assert not place.plan(wish).changes


@pytest.mark.parametrize(
    ("kind", "status", "tries"), [("reset", 0, 2), ("status", 502, 2), ("lost_answer", 0, 1)]
)
def test_it_is_sent_again_only_where_it_had_no_effect(
    tmp_path: Path, kind: str, status: int, tries: int
) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan({"assets": [{"match": {"file": "IMG_*"}, "rating": 4}]})
        place.clear()
        place.faults(Fault(kind, "PUT", "/assets", status=status))
        assert place.apply(plan).outcome is Outcome.DONE
        assert len([item for item in place.writes() if item.path == "/assets"]) == tries


def test_what_jobs_have_undone_that_ran_meanwhile_is_tried_again(tmp_path: Path) -> None:
    """An administrator resumes a queue in the middle, which is not fought over: no verdict on the photo."""
    wish = {"assets": [{"match": {"file": "IMG_*"}, "rating": 4}]}
    with here(tmp_path, [replace(photo, sidecar_writable=False) for photo in photos(2)]) as place:
        plan = place.plan(wish)
        record = place.library.requests.add

        def resumed(request: Any) -> None:
            record(request)
            if (request.method, request.path) == ("PUT", "/assets"):
                place.library.queues.resume("storageTemplateMigration")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.library.requests, "add", resumed)
            report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED and {item.reason for item in report.reverted} == {RACED}
        assert len(place.plan(wish).changes.assets) == 2
        again = place.converge(wish)
        assert {item.reason for item in again.reverted} == {READ_ONLY} and not place.plan(wish).changes


def test_a_restart_unseen_between_two_writes_is_seen_before_tags_are_given(tmp_path: Path) -> None:
    """No connection broke; what runs again is paused, and what was begun is waited for."""
    with racing(tmp_path, 40, cores=2) as place:
        place.library.requests.clear()
        wish = {"assets": [{"match": {"file": "IMG_*"}, "tags": ["Trips"]}]}
        plan = place.plan(wish)
        record = place.library.requests.add
        restarted: list[bool] = []

        def after_the_tag_is_made(request: Any) -> None:
            record(request)
            if (request.method, request.path) == ("PUT", "/tags") and not restarted:
                restarted.append(True)
                place.other.ask("PUT", "/jobs/metadataExtraction", {"command": "start", "force": True})
                restart(place)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.library.requests, "add", after_the_tag_is_made)
            report = place.apply(plan)
        assert restarted and report.outcome is Outcome.DONE and not report.reverted
        assert any("restart" in line for line in report.window.noticed)
        made_true(place, wish, outcome=Outcome.NOTHING)
