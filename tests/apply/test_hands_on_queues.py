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
