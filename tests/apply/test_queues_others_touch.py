"""Queues while others are at work on them: restarts, administrators, uploads, and choices of the files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reconciler.apply.queues import window as windows
from reconciler.immich.writer import Writer
from reconciler.plan import PIPELINE
from reconciler.plan.report import Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import Fault, Here, here, photos

ALL = {"file": "IMG_*.jpg"}
MANY_WRITES: dict[str, Any] = {
    "assets": [
        {"match": {"file": f"IMG_{number:04d}.jpg"}, "description": f"Photo {number}"} for number in range(8)
    ]
}


def meanwhile(patch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Does something on the server right after the first photo was written."""
    write = Writer.update_assets
    done: list[bool] = []

    def written(writer: Writer, *args: Any) -> None:
        write(writer, *args)
        if not done:
            done.append(True)
            act()

    patch.setattr(Writer, "update_assets", written)
    patch.setattr(windows, "LOOK_EVERY", 0.0)


def resume(place: Here, queue: str) -> Callable[[], None]:
    return lambda: place.other.ask("PUT", f"/queues/{queue}", {"isPaused": False})


def test_what_a_restart_resumes_is_paused_again(tmp_path: Path) -> None:
    with here(tmp_path, photos(8)) as place, pytest.MonkeyPatch.context() as patch:
        meanwhile(patch, resume(place, "metadataExtraction"))
        report = place.converge(MANY_WRITES)
        assert report.outcome is Outcome.DONE
        assert report.window.noticed == (
            "metadataExtraction had been resumed by a restart of the server and was paused again",
        )
        pauses = [item.path for item in place.library.requests.writes() if "metadataExtraction" in item.path]
        assert len(pauses) == 4 and place.paused() == set()


def restarts(place: Here, patch: pytest.MonkeyPatch, times: int, *, seen: bool) -> list[int]:
    """After each of the first writes the server is restarted; whether a connection breaks over it."""
    write = Writer.update_assets
    held: list[int] = []

    def written(writer: Writer, *args: Any) -> None:
        write(writer, *args)
        held.append(place.library.queues.is_paused("metadataExtraction"))
        if len(held) <= times:
            place.faults(*[Fault("reset", "GET", "/queues")] * seen)
            place.library.queues.resume("metadataExtraction")

    patch.setattr(Writer, "update_assets", written)
    patch.setattr(windows, "LOOK_EVERY", 0.0)
    return held


def test_every_restart_of_a_run_is_seen_to(tmp_path: Path) -> None:
    """A restart breaks connections, and resumes that one queue only."""
    with here(tmp_path, photos(8)) as place, pytest.MonkeyPatch.context() as patch:
        place.connections = 1
        held = restarts(place, patch, 3, seen=True)
        report = place.converge(MANY_WRITES)
        assert report.outcome is Outcome.DONE and held == [True] * 8
        assert report.window.noticed == (
            "metadataExtraction had been resumed by a restart of the server and was paused again (3 times)",
        )
        assert place.paused() == set() and place.state.leases("sandbox") == ()


def test_who_resumes_a_queue_again_without_a_restart_is_not_fought_over(tmp_path: Path) -> None:
    with here(tmp_path, photos(8)) as place, pytest.MonkeyPatch.context() as patch:
        place.connections = 1
        held = restarts(place, patch, 2, seen=False)
        report = place.converge(MANY_WRITES)
        assert report.outcome is Outcome.DONE and held == [True, True, *[False] * 6]
        assert report.window.noticed == (
            "metadataExtraction had been resumed by a restart of the server and was paused again",
            "somebody else has resumed metadataExtraction: it was left so",
        )


def test_what_an_administrator_resumes_is_not_fought_over(tmp_path: Path) -> None:
    with here(tmp_path, photos(8)) as place, pytest.MonkeyPatch.context() as patch:
        meanwhile(patch, resume(place, "storageTemplateMigration"))
        report = place.converge(MANY_WRITES)
        assert report.outcome is Outcome.DONE and len(report.window.noticed) == 1
        assert "somebody else has resumed storageTemplateMigration" in report.window.noticed[0]
        assert place.paused() == set() and place.state.leases("sandbox") == ()


@pytest.mark.parametrize(
    ("pause", "held"), [("none", ()), (("sidecar",), ("sidecar",)), ("pipeline", PIPELINE)]
)
def test_the_files_say_what_is_held(tmp_path: Path, pause: Any, held: tuple[str, ...]) -> None:
    with here(tmp_path, photos(2)) as place:
        place.pause_setting = pause
        report = place.converge({"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]})
        assert report.outcome is Outcome.DONE and set(report.window.held) == set(held)
        assert not place.plan({"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]}).changes


def test_heavy_holds_what_the_server_has(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        place.pause_setting = "heavy"
        report = place.converge(MANY_WRITES)
        assert {"thumbnailGeneration", "library", *PIPELINE} <= set(report.window.held)
        assert not {"backgroundTask", "backupDatabase", "migration"} & set(report.window.held)
        assert place.paused() == set()


@pytest.mark.parametrize(("pause", "photos"), [("pipeline", 40), ("heavy", 12)])
def test_fresh_photos_are_read_before_their_sidecars_are_written(
    tmp_path: Path, pause: str, photos: int
) -> None:
    """Where other queues are held too, they come back in the usual order; none stays paused."""
    slow = Pace(job_milliseconds={"sidecar": 1, "metadataExtraction": 400, "storageTemplateMigration": 1})
    with here(tmp_path, pace=slow) as place:
        for number in range(photos):
            place.library.import_photo(_picture(number), f"IMG_{number:04d}.jpg")
        place.clear()
        place.pause_setting = pause
        last = {"file": f"IMG_{photos - 1:04d}.jpg"}
        report = place.converge({"assets": [{"match": last, "description": "Fresh"}]})
        assert report.outcome is Outcome.DONE
        resumed = place.queue_writes()[len(report.window.held) :]
        if pause == "pipeline":
            assert resumed == ["metadataExtraction", "storageTemplateMigration", "sidecar"]
        assert sorted(resumed) == sorted(report.window.held) and place.state.leases("sandbox") == ()


def _picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8 + number, 8), (200, 30, 90)).save(buffer, "JPEG")
    return buffer.getvalue()
