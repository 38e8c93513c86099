"""Edits that wait to be written to their files when a run begins: another edit must not destroy them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.apply.run import apply_plan
from reconciler.apply.window import QueuesBusy
from reconciler.plan.report import Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import Here, here, photos

SLOW = Pace(job_milliseconds={"sidecar": 300, "metadataExtraction": 1}, collision_loss=1.0)
CAPTIONS = {"assets": [{"match": {"file": "IMG_*.jpg"}, "description": "By the sea"}]}
TAGS = {"assets": [{"match": {"file": "IMG_000[67].jpg"}, "tags": ["Sea"]}]}


def captions(place: Here) -> set[str]:
    """What the server knows once all jobs have run."""
    place.settled()
    return {detail.asset.description for detail in place.reader.assets(sorted(place.ids().values())).values()}


def test_a_run_lets_the_edits_of_the_one_before_be_written_first(tmp_path: Path) -> None:
    """The server writes five sidecars at a time: those of the last photos still wait for the next run."""
    with here(tmp_path, photos(8), pace=SLOW) as place:
        left = apply_plan(place.plan(CAPTIONS), replace(place.tools(), wait=False), saved=False)
        assert left.outcome is Outcome.UNSETTLED and place.library.queues.jobs("sidecar", ["waiting"])
        assert place.converge(TAGS).outcome is Outcome.DONE
        assert captions(place) == {"By the sea"}


def test_nothing_is_added_to_edits_that_somebody_else_holds_back(tmp_path: Path) -> None:
    with here(tmp_path, photos(8), pace=SLOW) as place:
        place.other.ask("PUT", "/queues/sidecar", {"isPaused": True})
        assert place.converge(CAPTIONS).outcome is Outcome.UNSETTLED
        with pytest.raises(QueuesBusy, match="8 edits wait in it"):
            place.converge(TAGS)
        assert place.paused() == {"sidecar"} and place.state.leases("sandbox") == ()
        place.other.ask("PUT", "/queues/sidecar", {"isPaused": False})
        assert captions(place) == {"By the sea"}
        assert place.converge(TAGS).outcome is Outcome.DONE


def test_a_queue_that_carries_no_edits_keeps_nothing_from_settling(tmp_path: Path) -> None:
    """An administrator has paused one of the queues that the files name besides the pipeline."""
    with here(tmp_path, photos(2)) as place:
        place.pause_setting = ("sidecar", "metadataExtraction", "storageTemplateMigration", "smartSearch")
        place.other.ask("PUT", "/queues/smartSearch", {"isPaused": True})
        wish = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4, "tags": ["Sea"]}]}
        report = place.converge(wish)
        assert report.outcome is Outcome.DONE and report.window.theirs == ("smartSearch",)
        assert place.library.queues.is_paused("smartSearch")
