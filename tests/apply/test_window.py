"""The window: which queues are held still, for how long, and that they come back whatever happens."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.protocols import Silent
from reconciler.apply.queues.window import QueuesBusy, restore
from reconciler.apply.state.database import State, StateUnusable
from reconciler.immich.errors import ServerError
from reconciler.immich.writer import Writer
from reconciler.plan import PIPELINE
from reconciler.plan.report import Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import Fault, Here, here, photos

ALL = {"file": "IMG_*.jpg"}
WISH: dict[str, Any] = {"assets": [{"match": ALL, "rating": 4}]}
TWO_ROUNDS: dict[str, Any] = {"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]}
SLOW = Pace(job_milliseconds={"sidecar": 60, "metadataExtraction": 60, "storageTemplateMigration": 1})


def test_queues_are_paused_before_the_first_write_and_resumed_in_the_order_of_a_job(tmp_path: Path) -> None:
    with here(tmp_path, photos(4)) as place:
        place.clear()
        report = place.converge(WISH)
        assert report.outcome is Outcome.DONE and set(report.window.held) == set(PIPELINE)
        order = [item.path.removeprefix("/queues/") for item in place.library.requests.writes()]
        assert set(order[:3]) == set(PIPELINE) and order[3] == "/assets" and tuple(order[4:]) == PIPELINE
        assert place.paused() == set() and place.state.leases("sandbox") == ()


def test_each_queue_is_drained_before_the_next_is_resumed(tmp_path: Path) -> None:
    """When a queue is resumed, those before it in the chain have nothing left to do."""
    with here(tmp_path, photos(12), pace=SLOW) as place:
        left: dict[str, int] = {}
        resume = Writer.resume

        def watched(writer: Writer, queue: str) -> None:
            for before in PIPELINE[: PIPELINE.index(queue)]:
                counts = place.library.queues.counts(before)
                left[f"{before} before {queue}"] = counts.active + counts.waiting + counts.paused
            resume(writer, queue)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Writer, "resume", watched)
            assert place.converge(WISH).outcome is Outcome.DONE
        assert len(left) == 3 and not any(left.values())


def test_running_jobs_end_before_the_first_write(tmp_path: Path) -> None:
    with here(tmp_path, photos(3), pace=SLOW) as place:
        plan = place.plan(WISH)
        for number in range(3):
            place.other.ask(
                "PUT", f"/assets/{place.ids()[f'IMG_000{number}.jpg']}", {"description": "theirs"}
            )
        active: list[int] = []
        update = Writer.update_assets

        def watched(writer: Writer, *args: Any) -> None:
            active.append(sum(place.library.queues.counts(name).active for name in PIPELINE))
            update(writer, *args)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Writer, "update_assets", watched)
            assert place.apply(plan).outcome is Outcome.DONE
        assert active == [0]
        assert place.detail().asset.rating == 4 and place.detail().asset.description == "theirs"


def test_jobs_that_do_not_end_in_time_stop_the_run_before_it_writes(tmp_path: Path) -> None:
    stuck = Pace(job_milliseconds={"metadataExtraction": 1500})
    with here(tmp_path, photos(1), pace=stuck) as place:
        place.limits = type(place.limits)(running=0.05, settle=5, poll_first=0.01, poll_most=0.01)
        plan = place.plan(WISH)
        place.other.ask(
            "POST", "/assets/jobs", {"assetIds": list(place.ids().values()), "name": "refresh-metadata"}
        )
        place.clear()
        with pytest.raises(QueuesBusy, match="metadataExtraction: 1"):
            place.apply(plan)
        assert place.writes() == [] and place.paused() == set()


@pytest.mark.parametrize("theirs", [("metadataExtraction",), ("sidecar",), PIPELINE], ids="+".join)
def test_a_queue_that_an_admin_paused_stays_paused(tmp_path: Path, theirs: tuple[str, ...]) -> None:
    with here(tmp_path, photos(3)) as place:
        for name in theirs:
            place.library.queues.pause(name)
        place.clear()
        report = place.converge(WISH)
        assert report.outcome is Outcome.UNSETTLED
        assert set(report.window.theirs) == set(theirs) and set(report.window.held) == set(PIPELINE) - set(
            theirs
        )
        assert (
            f"somebody else keeps {', '.join(name for name in PIPELINE if name in theirs)} paused"
            in report.waiting
        )
        assert place.paused() == set(theirs)
        assert not set(theirs) & set(place.queue_writes())
        for name in theirs:
            place.library.queues.resume(name)
        place.settled()
        assert not place.plan(WISH).changes


def test_two_rounds_stop_after_the_first_where_an_admin_has_paused_a_queue(tmp_path: Path) -> None:
    """The second write of a photo would lose the first: it is left for the next run, and named."""
    with here(tmp_path, photos(3)) as place:
        place.library.queues.pause("sidecar")
        report = place.converge(TWO_ROUNDS)
        assert report.outcome is Outcome.PARTIAL and "sidecar paused" in report.error
        assert [item.fate.value for item in report.operations] == ["written", "written", "not sent"]
        place.library.queues.resume("sidecar")
        place.settled()
        assert place.converge(TWO_ROUNDS).outcome is Outcome.DONE
        assert not place.plan(TWO_ROUNDS).changes


@pytest.mark.parametrize("status", [403, 500])
def test_a_pause_that_fails_half_way_gives_the_first_back(tmp_path: Path, status: int) -> None:
    with here(tmp_path, photos(2)) as place:
        plan = place.plan(WISH)
        place.clear()
        place.faults(Fault("status", "PUT", "/queues/metadataExtraction", times=2, status=status))
        with pytest.raises(ServerError):
            place.apply(plan)
        assert place.writes() == [] and place.paused() == set()
        assert place.state.leases("sandbox") == ()


def test_a_refused_pause_leaves_no_lease_of_a_queue_that_was_never_paused(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        plan = place.plan(WISH)
        place.faults(Fault("status", "PUT", "/queues/metadataExtraction", times=None, status=403))
        with pytest.raises(ServerError):
            place.apply(plan)
        assert place.state.leases("sandbox") == ()


def test_a_queue_that_cannot_be_given_back_before_anything_was_written_is_told(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        plan = place.plan(WISH)
        place.faults(
            Fault("status", "PUT", "/queues/sidecar", times=None, status=500),
            Fault("status", "PUT", "/queues/storageTemplateMigration", nth=2, times=None, status=500),
        )
        with pytest.raises(QueuesBusy, match="storageTemplateMigration is still paused"):
            place.apply(plan)
        assert "storageTemplateMigration" in {lease.queue for lease in place.state.leases("sandbox")}
        place.clear()
        assert "storageTemplateMigration" in restored(place)
        assert place.paused() == set() and place.state.leases("sandbox") == ()


def test_what_somebody_else_has_resumed_is_struck_out_and_told(tmp_path: Path) -> None:
    with here(tmp_path, photos(1)) as place:
        for queue in ("sidecar", "metadataExtraction", "noQueueAnyMore"):
            place.state.add_lease("sandbox", queue, "now")
        place.library.queues.pause("sidecar")
        place.clear()
        window = place.tools().window()
        assert window is not None and restore(window) == ("sidecar",)
        assert window.noticed == [
            "metadataExtraction runs again already",
            "noQueueAnyMore is not there any more",
        ]
        assert place.queue_writes() == ["sidecar"] and place.state.leases("sandbox") == ()


def restored(place: Here) -> tuple[str, ...]:
    window = place.tools().window()
    assert window
    return restore(window)


@pytest.mark.parametrize("kind", ["reset", "status", "html", "lost_answer"])
def test_errors_in_the_middle_give_the_queues_back(tmp_path: Path, kind: str) -> None:
    with here(tmp_path, photos(5)) as place:
        plan = place.plan(WISH)
        place.faults(Fault(kind, "PUT", "/assets", times=None, status=500))
        report = place.apply(plan)
        # an edit whose answer is lost is found written, and is not sent again
        outcome = Outcome.DONE if kind == "lost_answer" else Outcome.PARTIAL
        assert report.outcome is outcome and report.window.troubles == ()
        assert place.paused() == set() and place.state.leases("sandbox") == ()


class Unwatchable(Silent):
    """From the first write on, the server doesn't say any more how its queues are."""

    def __init__(self, place: Here) -> None:
        self.place = place

    def stage(self, text: str, total: int | None = None) -> None:  # noqa: ARG002
        if text.startswith("writing"):
            self.place.faults(Fault("status", "GET", "/queues", times=None, status=403))


def test_queues_come_back_though_the_server_no_longer_says_how_they_are(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        place.progress = Unwatchable(place)
        report = place.converge(WISH)
        assert report.outcome is Outcome.UNSETTLED
        assert "the server's jobs can't be watched any more" in report.waiting
        assert place.paused() == set() and place.state.leases("sandbox") == ()


def test_each_lease_is_written_before_its_pause_and_gone_after_its_resume(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        seen: list[tuple[str, bool, bool]] = []
        add = place.library.requests.add

        def watch(request: Any) -> None:
            add(request)
            if request.path.startswith("/queues/") and request.method == "PUT":
                name = request.path.removeprefix("/queues/")
                leased = name in {lease.queue for lease in place.state.leases("sandbox")}
                seen.append((name, place.library.queues.is_paused(name), leased))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.library.requests, "add", watch)
            assert place.converge(WISH).outcome is Outcome.DONE
        assert len(seen) == 6 and all(leased for _, _, leased in seen)
        assert place.state.leases("sandbox") == ()


def test_a_resume_that_fails_is_told_and_is_not_called_settled(tmp_path: Path) -> None:
    """The jobs wait in the paused queue, so what is read back proves nothing."""
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        place.faults(Fault("status", "PUT", "/queues/sidecar", nth=2, times=None, status=500))
        report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED and report.waiting
        assert len(report.window.troubles) == 1 and report.window.troubles[0].startswith(
            "sidecar is still paused"
        )
        assert place.paused() == {"sidecar"}
        assert [lease.queue for lease in place.state.leases("sandbox")] == ["sidecar"]
        place.clear()
        assert restored(place) == ("sidecar",)
        place.settled()
        assert place.paused() == set() and not place.plan(WISH).changes


def test_a_failed_resume_between_two_rounds_stops_the_second(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(TWO_ROUNDS)
        place.faults(Fault("status", "PUT", "/queues/sidecar", nth=2, times=None, status=500))
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL and report.window.theirs == ()
        assert [item.fate.value for item in report.operations] == ["written", "written", "not sent"]
        place.clear()
        restored(place)
        place.settled()
        assert place.converge(TWO_ROUNDS).outcome is Outcome.DONE


def test_queues_come_back_although_the_state_folder_went_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk must not leave the server half asleep."""

    def full(*_: Any) -> None:
        raise StateUnusable("no space left on device")

    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        monkeypatch.setattr(State, "drop_lease", full)
        said: list[str] = []
        monkeypatch.setattr(type(place.progress), "say", lambda _self, text: said.append(text))
        report = place.apply(plan)
        assert place.paused() == set()
        assert report.written == 1
        assert report.outcome is Outcome.DONE and report.window.troubles == ()
        assert len(said) == 3 and all("no space left" in text for text in said)


def test_without_a_usable_state_folder_nothing_is_paused(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        shutil.rmtree(place.state.folder, ignore_errors=True)
        place.state.folder.write_text("a file where the folder should be")
        place.clear()
        with pytest.raises(StateUnusable, match="--state-dir"):
            place.apply(plan)
        assert place.library.requests.writes() == []


def test_an_interruption_gives_the_queues_back_without_waiting(tmp_path: Path) -> None:
    slow = Pace(job_milliseconds={"sidecar": 400, "metadataExtraction": 400})
    with here(tmp_path, photos(40), pace=slow) as place:
        plan = place.plan(WISH)

        def soon() -> None:
            deadline = time.monotonic() + 10
            while not place.writes() and time.monotonic() < deadline:
                time.sleep(0.005)
            place.interruption.request()

        place.clear()
        watcher = threading.Thread(target=soon)
        watcher.start()
        report = place.apply(plan)
        watcher.join()
        assert report.outcome is Outcome.INTERRUPTED
        assert "stopped on request" in report.waiting
        assert place.paused() == set() and place.state.leases("sandbox") == ()


def test_a_version_without_the_storage_template_queue_holds_the_other_two(tmp_path: Path) -> None:
    """Queues are looked up on the server, not assumed."""
    with here(tmp_path, photos(2)) as place:
        plan = place.plan(WISH)
        queues = type(place.reader).queues

        def fewer(reader: Any) -> Any:
            found = queues(reader)
            found.pop("storageTemplateMigration")
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(place.reader), "queues", fewer)
            report = place.apply(plan)
        assert report.outcome is Outcome.DONE
        assert set(report.window.held) == {"sidecar", "metadataExtraction"}
