"""Keys that may not pause queues: each photo is written once at a time, and everything is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.apply import verify
from reconciler.apply.queues.jobs import NO_KEY
from reconciler.plan.report import Fate, Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import Fault, here, photo, photos

ALL = {"file": "IMG_*.jpg"}
TWO_ROUNDS: dict[str, Any] = {"assets": [{"match": ALL, "rating": 4, "description": "x", "tags": ["Sea"]}]}
SLOW = Pace(job_milliseconds={"sidecar": 40, "metadataExtraction": 40}, collision_loss=1.0)
ACCOUNT = [
    "user.read", "asset.read", "asset.update", "asset.statistics", "asset.download", "tag.read", "tag.create",
    "tag.update", "tag.asset", "album.read", "album.create", "album.update", "album.delete",
    "albumAsset.create", "albumAsset.delete",
]  # fmt: skip


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
@pytest.mark.parametrize("as_admin", [True, False], ids=["a small key of an admin", "a user who is none"])
def test_two_rounds_settle_by_looking_at_the_photos(tmp_path: Path, as_admin: bool, version: str) -> None:
    """With jobs that destroy a sidecar whenever two of them meet, nothing is lost."""
    with here(
        tmp_path, photos(8), pace=SLOW, permissions=ACCOUNT, as_admin=as_admin, version=version
    ) as place:
        plan = place.plan(TWO_ROUNDS)
        assert not plan.features.can_hold_window and len(plan.rounds) == 2
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and report.settled == 8 * 3 + 1
        assert report.window.why == NO_KEY and report.window.held == ()
        assert place.queue_writes() == []
        place.settled()
        assert not place.plan(TWO_ROUNDS).changes


def test_what_the_server_undoes_is_found_without_watching_queues(tmp_path: Path) -> None:
    library = [photo(sidecar_writable=False, description="old"), *photos(3)[1:]]
    with here(tmp_path, library, pace=SLOW, permissions=ACCOUNT) as place:
        report = place.converge({"assets": [{"match": ALL, "rating": 4}]})
        assert report.outcome is Outcome.UNSETTLED
        assert [item.reason for item in report.reverted] == [verify.READ_ONLY]


@pytest.mark.parametrize(
    "flags", [{"favorite": True}, {"visibility": "archive"}], ids=lambda item: next(iter(item))
)
def test_a_favourite_beside_a_value_does_not_pass_for_settled(tmp_path: Path, flags: dict[str, Any]) -> None:
    """It moves `updatedAt` at once, so a second move must be waited for (FINDINGS 23)."""
    library = [photo(sidecar_writable=False), *photos(4)[1:]]
    with here(tmp_path, library, pace=SLOW, permissions=ACCOUNT) as place:
        report = place.converge({"assets": [{"match": ALL, "rating": 4, **flags}]})
        assert [item.standing.aspect for item in report.reverted] == ["rating"]


def test_a_write_that_failed_is_not_waited_for(tmp_path: Path) -> None:
    with here(tmp_path, photos(4), permissions=ACCOUNT) as place:
        place.limits = type(place.limits)(running=5, settle=2, poll_first=0.01, poll_most=0.02, quiet=60)
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        place.faults(Fault("status", "PUT", "/assets", times=None, status=500))
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL and report.waiting == ""
        assert [item.fate for item in report.operations] == [Fate.FAILED]


def test_jobs_that_do_not_come_hold_the_second_round_back(tmp_path: Path) -> None:
    with here(tmp_path, photos(3), permissions=ACCOUNT) as place:
        place.limits = type(place.limits)(running=5, settle=0.2, poll_first=0.01, poll_most=0.02)
        place.library.queues.pause("sidecar")
        report = place.converge(TWO_ROUNDS)
        assert report.outcome is Outcome.PARTIAL
        assert [item.fate.value for item in report.operations] == ["written", "written", "not sent"]
        assert "has not read 3 photos again" in report.error
        place.library.queues.resume("sidecar")
        place.settled()
        assert place.converge(TWO_ROUNDS).outcome is Outcome.DONE


def test_a_photo_that_goes_to_the_trash_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with here(tmp_path, photos(3), permissions=ACCOUNT) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        trash = {"ids": [place.ids()["IMG_0001.jpg"]]}
        place.library.queues.pause("sidecar")
        add = place.library.requests.add

        def meanwhile(request: Any) -> None:
            add(request)
            if request.path == "/assets" and request.method == "PUT":
                place.other.ask("DELETE", "/assets", trash)
                place.library.queues.resume("sidecar")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.library.requests, "add", meanwhile)
            report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED and report.waiting == ""
        assert [item.reason for item in report.reverted] == ["it is gone"]
