"""A server that dies between storing an edit and queueing its job: nothing of it may be gone later.

Afterwards the server reads every photo anew, as an administrator's «extract metadata: all» does: what is in
no sidecar by then is lost.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.earlier.mend import have_read_again
from reconciler.apply.queues.window import Window
from reconciler.apply.run import apply_plan
from reconciler.apply.state.journal import RunJournal, Stage
from reconciler.apply.state.runs import Entry, Runs
from reconciler.cli.applying.before import after_earlier_runs
from reconciler.immich.errors import ServerError
from reconciler.plan import Plan
from reconciler.plan.report import Outcome, Report
from reconciler.sandbox.settings import Pace
from tests.apply.support import Fault, Here, here, photo
from tests.apply.test_without_admin import ACCOUNT

ALL = {"file": "IMG_*.jpg"}
SEA = {"assets": [{"match": ALL, "tags": ["Sea", "Summer"]}]}
SUMMER = {"assets": [{"match": ALL, "tags": ["Summer"]}]}
NO_SEA = {"assets": [{"match": ALL, "tags": {"remove": ["Sea"]}}]}
CAPTION = {"assets": [{"match": ALL, "description": "By the sea", "rating": 4}]}
BOTH = {"assets": [{"match": ALL, "description": "By the sea", "tags": ["Sea"]}]}
DESTRUCTIVE = Pace(job_milliseconds={"sidecar": 20, "metadataExtraction": 5}, collision_loss=1.0)
LIBRARY = [photo(f"IMG_{number:04d}.jpg", tags=("Sea",) if number % 2 else ()) for number in range(4)]


def journalled(place: Here, plan: Plan) -> Report:
    """Applies a plan with a journal that goes by the real clock."""
    journal = RunJournal(place.state, "sandbox", lambda: datetime.now(UTC).isoformat())
    return apply_plan(plan, replace(place.tools(), journal=journal), saved=False)


class PowerCut(BaseException):
    """Nothing of this process is left."""


def power_cut(_window: Window) -> str:
    raise PowerCut


def entries(place: Here) -> tuple[Entry, ...]:
    """The operations of the last run, as the journal has them."""
    runs = Runs(place.state)
    return runs.entries(runs.all()[0])


def all_read_anew(place: Here) -> None:
    place.settled()
    place.other.ask("PUT", "/jobs/metadataExtraction", {"command": "start", "force": True})
    place.settled()


@pytest.mark.parametrize("admin", [True, False], ids=["with an admin's key", "without"])
@pytest.mark.parametrize(
    ("wish", "method", "path"),
    [
        (SEA, "PUT", "/tags/assets"),
        (NO_SEA, "DELETE", "/tags/.*/assets"),
        (CAPTION, "PUT", "/assets"),
        (BOTH, "PUT", "/assets|/tags/assets"),
    ],
    ids=["tags that come", "tags that go", "values", "values, then tags"],
)
def test_what_a_dying_server_left_half_done_is_done_in_full(
    tmp_path: Path, wish: dict[str, Any], method: str, path: str, admin: bool
) -> None:
    with here(tmp_path, LIBRARY, pace=DESTRUCTIVE, permissions=None if admin else ACCOUNT) as place:
        plan = place.plan(wish)
        place.faults(Fault("killed", method, path))
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and place.library.faults.struck == 1
        all_read_anew(place)
        assert not place.plan(wish).changes
        assert place.paused() == set()


@pytest.mark.parametrize("admin", [True, False], ids=["with an admin's key", "without"])
def test_an_edit_of_which_the_server_stored_a_part_is_sent_again(tmp_path: Path, admin: bool) -> None:
    """It stores captions and stars first, then hearts and visibility, and queues the jobs last."""
    wish = {
        "assets": [{"match": ALL, "description": "By the sea", "favorite": True, "visibility": "archive"}]
    }
    with here(tmp_path, LIBRARY, pace=DESTRUCTIVE, permissions=None if admin else ACCOUNT) as place:
        plan = place.plan(wish)
        place.faults(Fault("torn", "PUT", "/assets"))
        assert place.apply(plan).outcome is Outcome.DONE and place.library.faults.struck == 1
        all_read_anew(place)
        assert not place.plan(wish).changes


@pytest.mark.parametrize(("wish", "method"), [(SUMMER, "PUT"), (NO_SEA, "DELETE")], ids=["come", "go"])
def test_the_next_run_finds_what_a_server_that_stayed_away_left_half_done(
    tmp_path: Path, wish: dict[str, Any], method: str
) -> None:
    with here(tmp_path, LIBRARY, pace=DESTRUCTIVE) as place:
        plan = place.plan(wish)
        place.faults(
            Fault("killed", method, "/tags/.*assets"), Fault("reset", method, "/tags/.*assets", times=None)
        )
        assert journalled(place, plan).outcome is Outcome.PARTIAL
        place.clear()
        assert not place.plan(wish).changes, "it is in the database"
        after_earlier_runs(place.tools())
        place.settled()
        assert place.plan(wish).changes, "and in no file, which the server has found out now"
        assert place.converge(wish).outcome is Outcome.DONE
        all_read_anew(place)
        assert not place.plan(wish).changes


@pytest.mark.parametrize("admin", [True, False], ids=["with an admin's key", "without"])
@pytest.mark.parametrize(
    ("wish", "method", "path", "writes"),
    [
        (SUMMER, "PUT", "/tags/assets", ["PUT /tags", "PUT /tags/assets", "PUT /tags/assets"]),
        (NO_SEA, "DELETE", "/tags/.*/assets", ["DELETE /tags/ID/assets", "DELETE /tags/ID/assets"]),
        (CAPTION, "PUT", "/assets", ["PUT /assets"]),
    ],
    ids=["tags that come", "tags that go", "values"],
)
def test_where_only_the_answer_was_lost_nothing_is_read_again(
    tmp_path: Path, wish: dict[str, Any], method: str, path: str, writes: list[str], admin: bool
) -> None:
    """A tag call is sent again, since nothing tells whether it had begun; then its jobs tell the rest."""
    with here(tmp_path, LIBRARY, permissions=None if admin else ACCOUNT) as place:
        plan = place.plan(wish)
        place.clear()
        place.faults(Fault("lost_answer", method, path))
        report = journalled(place, plan)
        assert report.outcome is Outcome.DONE and place.library.faults.struck == 1
        tag = next((item.id for item in place.reader.tags() if item.path == "Sea"), "")
        sent = [f"{item.method} {item.path.replace(tag, 'ID')}" for item in place.writes()]
        assert sent == writes
        assert len(place.queue_writes()) == (6 if admin else 0)
        assert all(entry.stage is Stage.WRITTEN for entry in entries(place))


@pytest.mark.parametrize("kind", ["killed", "lost_answer"])
def test_a_run_that_dies_right_after_the_server_did_leaves_word_of_it(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal counts it as in flight. So soon after the write, nothing tells whether its jobs ran."""
    with here(tmp_path, LIBRARY, pace=DESTRUCTIVE) as place:
        plan = place.plan(SUMMER)
        place.faults(Fault(kind, "PUT", "/tags/assets"))
        monkeypatch.setattr(Window, "close", power_cut)
        with pytest.raises(PowerCut):
            journalled(place, plan)
        monkeypatch.undo()
        assert [entry.stage for entry in entries(place)] == [Stage.WRITTEN, Stage.SENT]
        place.clear()
        after_earlier_runs(place.tools())
        assert [item.path for item in place.writes()] == ["/assets"]
        place.converge(SUMMER)
        all_read_anew(place)
        assert not place.plan(SUMMER).changes and place.paused() == set()


def test_a_photo_that_is_gone_keeps_no_other_from_being_read_again(tmp_path: Path) -> None:
    with here(tmp_path, LIBRARY) as place:
        ids = place.ids()
        place.other.ask("DELETE", "/assets", {"ids": [ids["IMG_0001.jpg"]], "force": True})
        place.settled()
        before = {name: place.detail(name).asset.updated for name in place.ids()}
        have_read_again(place.tools().writer, ids.values())
        place.settled()
        assert len(before) == 3 and all(place.detail(name).asset.updated > at for name, at in before.items())


def test_a_server_that_will_not_read_photos_again_is_not_taken_for_one_that_has(tmp_path: Path) -> None:
    with here(tmp_path, LIBRARY) as place:
        place.faults(Fault("status", "PUT", "/assets", times=None, status=403))
        with pytest.raises(ServerError):
            have_read_again(place.tools().writer, place.ids().values())
