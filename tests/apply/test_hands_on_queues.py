"""Restarts and administrators in the two moments at which the queues change hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.immich.writer import Writer
from reconciler.plan.report import Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import Here, here, photos

WISH: dict[str, Any] = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4}]}
SLOW = Pace(job_milliseconds={"sidecar": 200, "metadataExtraction": 1})


def right_after(patch: pytest.MonkeyPatch, call: str, place: Here, queue: str, paused: bool) -> None:
    """Somebody pauses or resumes a queue right after our first such call for the queue of the sidecars."""
    original = getattr(Writer, call)
    done: list[bool] = []

    def called(writer: Writer, name: str) -> None:
        original(writer, name)
        if name == "sidecar" and not done:
            done.append(True)
            place.other.ask("PUT", f"/queues/{queue}", {"isPaused": paused})

    patch.setattr(Writer, call, called)


def test_what_a_restart_resumes_while_the_queues_are_paused_is_paused_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here(tmp_path, photos(2)) as place:
        right_after(monkeypatch, "pause", place, "metadataExtraction", False)
        report = place.converge(WISH)
        assert report.outcome is Outcome.DONE
        assert [text.split(" ")[0] for text in report.window.noticed] == ["metadataExtraction"]
        requests = [(item.method, item.path) for item in place.library.requests.writes()]
        written = requests.index(("PUT", "/assets"))
        pauses = [at for at, asked in enumerate(requests) if asked[1] == "/queues/metadataExtraction"]
        assert pauses[2] < written < pauses[3]


def test_edits_that_somebody_holds_back_afterwards_are_not_called_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server shows the new values at once; the files have them only when the queue runs."""
    with here(tmp_path, photos(8), pace=SLOW) as place:
        right_after(monkeypatch, "resume", place, "sidecar", True)
        report = place.converge(WISH)
        assert report.outcome is Outcome.UNSETTLED and "keeps sidecar paused" in report.waiting
        assert report.window.noticed == ("somebody else has paused sidecar: it was left so",)
        assert place.paused() == {"sidecar"} and place.state.leases("sandbox") == ()


def test_edits_that_slip_in_right_before_the_pause_are_written_before_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two edits of one photo that wait side by side may destroy its sidecar."""
    pace = Pace(job_milliseconds={"sidecar": 60, "metadataExtraction": 1}, collision_loss=1.0)
    pause, update = Writer.pause, Writer.update_assets
    slipped: list[str] = []
    waiting: list[int] = []

    with here(tmp_path, photos(20), pace=pace) as place:

        def pausing(writer: Writer, name: str) -> None:
            if name == "sidecar" and not slipped:
                slipped.append(name)
                place.other.ask(
                    "PUT", "/assets", {"ids": list(place.ids().values()), "description": "theirs"}
                )
            pause(writer, name)

        def updating(*call: Any) -> Any:
            counts = place.library.queues.counts("sidecar")
            waiting.append(counts.active + counts.waiting + counts.paused)
            return update(*call)

        plan = place.plan(WISH)
        monkeypatch.setattr(Writer, "pause", pausing)
        monkeypatch.setattr(Writer, "update_assets", updating)
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and slipped and waiting == [0]
        found = {place.detail(name).asset.description for name in place.ids()}
        assert found == {"theirs"} and not place.plan(WISH).changes and place.paused() == set()
