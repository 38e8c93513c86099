"""Edits that wait to be written to their files when a run begins: another edit must not destroy them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.queues.window import QueuesBusy
from reconciler.apply.run import apply_plan
from reconciler.immich.transport import Transport
from reconciler.plan.report import Fate, Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import Here, here, key_for, photos
from tests.support.readers import open_reader

SLOW = Pace(job_milliseconds={"sidecar": 300, "metadataExtraction": 1}, collision_loss=1.0)
CAPTIONS = {"assets": [{"match": {"file": "IMG_*.jpg"}, "description": "By the sea"}]}
TAGS = {"assets": [{"match": {"file": "IMG_000[67].jpg"}, "tags": ["Sea"]}]}
TAGS_AND_ALBUM: dict[str, Any] = {**TAGS, "albums": [{"name": "Sea", "match": {"file": "IMG_000[67].jpg"}}]}
SOME_CAPTIONS = {"assets": [{"match": {"file": "IMG_000[56].jpg"}, "description": "By the sea"}]}


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


def held_back(place: Here, wish: dict[str, Any] = SOME_CAPTIONS) -> None:
    """Somebody keeps the queue of the sidecars paused, with edits in it."""
    place.other.ask("PUT", "/queues/sidecar", {"isPaused": True})
    assert place.converge(wish).outcome is Outcome.UNSETTLED


def released(place: Here) -> None:
    place.other.ask("PUT", "/queues/sidecar", {"isPaused": False})
    place.settled()


def test_nothing_is_added_to_edits_that_somebody_else_holds_back(tmp_path: Path) -> None:
    with here(tmp_path, photos(8), pace=SLOW) as place:
        held_back(place, CAPTIONS)
        with pytest.raises(QueuesBusy, match=r"nothing was written: .* 8 edits wait in it"):
            place.converge(TAGS)
        assert place.paused() == {"sidecar"} and place.state.leases("sandbox") == ()
        released(place)
        assert captions(place) == {"By the sea"}
        assert place.converge(TAGS).outcome is Outcome.DONE


def test_photos_without_a_waiting_edit_are_written_all_the_same(tmp_path: Path) -> None:
    """Of photos 6 and 7, the first has an edit in the queue that somebody keeps paused."""
    with here(tmp_path, photos(8), pace=SLOW) as place:
        held_back(place)
        place.clear()
        report = place.converge(TAGS_AND_ALBUM)
        assert report.outcome is Outcome.PARTIAL
        assert [(item.fate, item.photos) for item in report.operations if "photo" in item.text] == [
            (Fate.WRITTEN, 2),
            (Fate.WRITTEN, 1),
            (Fate.NOT_SENT, 1),
        ]
        assert "keeps sidecar paused while 2 edits wait in it, and another" in report.error
        newest_first = [job.data["id"] for job in place.library.queues.jobs("sidecar")]
        assert newest_first == [place.ids()[f"IMG_000{number}.jpg"] for number in (7, 6, 5)]
        assert place.paused() == {"sidecar"} and place.state.leases("sandbox") == ()
        released(place)
        assert place.converge(TAGS_AND_ALBUM).outcome is Outcome.DONE
        place.settled()
        assert not place.plan({**SOME_CAPTIONS, **TAGS_AND_ALBUM}).changes


def test_a_key_that_cannot_see_whose_edits_wait_writes_what_needs_no_sidecar(tmp_path: Path) -> None:
    with here(tmp_path, photos(8), pace=SLOW) as place:
        held_back(place)
        key = key_for(place.library, ["queue.read", "queue.update", "server.about"])
        transport = Transport(place.mounted.base_url, key, adapter=place.mounted.adapter)
        place.admin = open_reader(transport)
        heart = {"match": {"file": "IMG_0005.jpg"}, "favorite": True}
        report = place.converge({**TAGS_AND_ALBUM, "assets": [*TAGS["assets"], heart]})
        assert report.outcome is Outcome.PARTIAL and "this key can't see of which photos" in report.error
        assert "settles" not in report.waiting and report.waiting == ""
        fates = {item.text.split(" ")[0]: item.fate for item in report.operations}
        assert fates == {"make": Fate.WRITTEN, "set": Fate.WRITTEN, "tag": Fate.NOT_SENT}
        assert len(place.library.queues.jobs("sidecar")) == 2
        assert [album.name for album in place.reader.albums().own] == ["Sea"]
        assert place.detail("IMG_0005.jpg").asset.favorite


def test_a_queue_that_carries_no_edits_keeps_nothing_from_settling(tmp_path: Path) -> None:
    """An administrator has paused one of the queues that the files name besides the pipeline."""
    with here(tmp_path, photos(2)) as place:
        place.pause_setting = ("sidecar", "metadataExtraction", "storageTemplateMigration", "smartSearch")
        place.other.ask("PUT", "/queues/smartSearch", {"isPaused": True})
        wish = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4, "tags": ["Sea"]}]}
        report = place.converge(wish)
        assert report.outcome is Outcome.DONE and report.window.theirs == ("smartSearch",)
        assert place.library.queues.is_paused("smartSearch")
