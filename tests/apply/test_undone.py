"""Values that the server takes and then undoes: named with the reason, remembered, not tried for ever."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply import verify
from reconciler.diff import compare
from reconciler.model.attempts import NO_ATTEMPTS
from reconciler.plan import Plan, make_plan
from reconciler.plan.report import Outcome, Report
from reconciler.render.terminal_report import report_text
from tests.apply.support import ROME, TOKYO, Here, here, photo, photos

Wish = Mapping[str, Any]
ONE = {"match": {"file": "IMG_0000.jpg"}}


def entry(**values: Any) -> Wish:
    return {"assets": [{**ONE, **values}]}


def again(place: Here, wish: Wish) -> Plan:
    """What --retry-undone plans: as if nothing had been tried."""
    desired = place.desired(wish)
    live = place.live(desired)
    return make_plan(compare(desired, live, NO_ATTEMPTS), live, desired.files)


def reasons(report: Report) -> dict[str, str]:
    return {item.standing.aspect: item.reason for item in report.reverted}


READ_ONLY = entry(description="new", rating=4, taken="2021-05-06T07:08:09+02:00", tags=["Sea"])


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_a_sidecar_that_cannot_be_written_is_named_and_not_planned_again(
    tmp_path: Path, version: str
) -> None:
    library = [photo(description="old", sidecar_writable=False), *photos(3)[1:]]
    with here(tmp_path, library, version=version) as place:
        report = place.converge(READ_ONLY)
        assert report.outcome is Outcome.UNSETTLED and report.settled == 1  # the tag itself was made
        assert {item.field: (item.settled, item.applied) for item in report.fields} == {
            "tag list": (1, 1), "description": (0, 1), "taken": (0, 1), "rating": (0, 1), "tags": (0, 1),
        }  # fmt: skip
        aspects = {"description", "rating", "taken", "tag+Sea"}
        assert reasons(report) == dict.fromkeys(aspects, verify.READ_ONLY)
        assert "--retry-undone" in report_text(report, width=100, color=False)
        plan = place.plan(READ_ONLY)
        assert not plan.changes
        assert {item.attempt.aspect for item in plan.undone} == aspects
        assert all(item.label.startswith("IMG_0000.jpg") for item in plan.undone)
        assert place.apply(plan).outcome is Outcome.UNSETTLED


def test_once_the_folder_is_writable_a_retry_lasts_and_the_memory_is_gone(tmp_path: Path) -> None:
    with here(tmp_path, [photo(description="old", sidecar_writable=False)]) as place:
        place.converge(READ_ONLY)
        with place.library.database.write() as db:
            db.run("UPDATE photo SET writable = 1")
        assert not place.plan(READ_ONLY).changes
        report = place.apply(again(place, READ_ONLY))
        assert report.outcome is Outcome.DONE and report.settled == 4
        assert place.state.attempts(place.identity.user_id) == {}
        plan = place.plan(READ_ONLY)
        assert not plan.changes and not plan.undone
        assert place.detail().asset.description == "new" and place.detail().tags == {"Sea"}


def test_another_value_is_tried_at_once_although_one_was_undone(tmp_path: Path) -> None:
    with here(tmp_path, [photo(description="old", sidecar_writable=False)]) as place:
        place.converge(entry(description="new"))
        assert place.plan(entry(description="newer")).changes
        assert not place.plan(entry(description="new")).changes


def test_what_does_not_go_through_the_file_lasts_beside_a_read_only_sidecar(tmp_path: Path) -> None:
    wish = {
        "assets": [{**ONE, "favorite": True, "visibility": "archive", "rating": 3}],
        "albums": [{"name": "One", "assets": [{"file": "IMG_0000.jpg"}]}],
    }
    with here(tmp_path, [photo(sidecar_writable=False), *photos(2)[1:]]) as place:
        report = place.converge(wish)
        assert report.outcome is Outcome.UNSETTLED and set(reasons(report)) == {"rating"}
        assert place.detail().asset.favorite and place.detail().asset.visibility == "archive"
        assert not place.plan(wish).changes


def test_the_old_version_brings_an_embedded_caption_back(tmp_path: Path) -> None:
    with here(tmp_path, [photo(description="from the camera")], version="2.5.6") as place:
        plan = place.plan(entry(description=""))
        assert any("brings a caption back" in note.text for note in plan.notes)
        report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED
        assert reasons(report) == {"description": verify.EMBEDDED_CAPTION}
        assert not place.plan(entry(description="")).changes
        assert place.converge(entry(description="mine")).outcome is Outcome.DONE


def test_the_new_version_clears_an_embedded_caption(tmp_path: Path) -> None:
    with here(tmp_path, [photo(description="from the camera")]) as place:
        assert place.converge(entry(description="")).outcome is Outcome.DONE
        assert place.detail().asset.description == ""


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_an_embedded_place_cannot_be_taken_away(tmp_path: Path, version: str) -> None:
    with here(
        tmp_path, [photo(latitude=ROME["latitude"], longitude=ROME["longitude"])], version=version
    ) as place:
        plan = place.plan(entry(location=None))
        assert any("comes back" in note.text for note in plan.notes)
        report = place.apply(plan)
        assert reasons(report) == {"location": verify.EMBEDDED_PLACE}
        again_planned = place.plan(entry(location=None))
        assert not again_planned.changes and len(again_planned.undone) == 1


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_a_place_set_by_hand_can_be_taken_away(tmp_path: Path, version: str) -> None:
    with here(tmp_path, [photo()], version=version) as place:
        assert place.converge(entry(location=TOKYO)).outcome is Outcome.DONE
        assert place.converge(entry(location=None)).outcome is Outcome.DONE
        assert place.detail().asset.location is None
        assert not place.plan(entry(location=None)).changes


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_a_place_set_by_hand_overrides_an_offset(tmp_path: Path, version: str) -> None:
    """The instant is kept; the offset written in the file can't be, and isn't tried for ever."""
    wish = entry(taken="2021-05-06T07:08:09-05:00")
    with here(tmp_path, [photo()], version=version) as place:
        place.converge(entry(location=TOKYO))
        report = place.converge(wish)
        assert report.outcome is Outcome.UNSETTLED
        assert reasons(report) == {"taken": verify.PLACE_RULES}
        plan = place.plan(wish)
        assert not plan.changes and len(plan.undone) == 1
        right = entry(taken="2021-05-06T21:08:09+09:00")
        assert not place.plan(right).changes and not place.plan(right).undone


def test_a_place_and_a_date_together_need_no_second_run(tmp_path: Path) -> None:
    wish = entry(location=TOKYO, taken="2021-05-06T07:08:09+09:00")
    with here(tmp_path, [photo()]) as place:
        assert place.converge(wish).outcome is Outcome.DONE
        assert not place.plan(wish).changes


def test_the_old_version_brings_the_last_tag_back_at_the_next_edit(tmp_path: Path) -> None:
    without = entry(tags={"remove": ["Sea"]})
    with here(tmp_path, [photo(tags=["Sea"])], version="2.5.6") as place:
        plan = place.plan(without)
        assert any("last tag" in note.text for note in plan.notes)
        assert place.apply(plan).outcome is Outcome.DONE  # off until something else is edited
        both = {"assets": [{**ONE, "tags": {"remove": ["Sea"]}, "description": "edited"}]}
        report = place.converge(both)
        assert report.outcome is Outcome.DONE and report.settled == 1
        assert place.detail().tags == {"Sea"}  # as the real server does; the next plan sees it
        assert place.plan(both).changes


def test_a_tag_that_comes_back_while_the_same_run_edits_is_named(tmp_path: Path) -> None:
    """Fields go first, tags last, so the last tag goes off after the edit and stays off for now."""
    both = {"assets": [{**ONE, "tags": {"remove": ["Sea"]}, "description": "edited"}]}
    with here(tmp_path, [photo(tags=["Sea"])], version="2.5.6") as place:
        assert place.converge(both).outcome is Outcome.DONE
        assert not place.plan(both).changes


def test_a_rating_of_the_camera_can_be_taken_away(tmp_path: Path) -> None:
    with here(tmp_path, [photo(rating=4)]) as place:
        assert place.converge(entry(rating=None)).outcome is Outcome.DONE
        assert not place.plan(entry(rating=None)).changes


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"description": "ours"}, {"description": "theirs"}),
        ({"description": "ours", "favorite": True}, {"isFavorite": False}),  # as it was before
    ],
    ids=["another caption", "the heart taken off again"],
)
def test_somebody_who_edits_while_the_jobs_run_is_not_taken_for_the_server(
    tmp_path: Path, ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """The value is not remembered as undone: the next plan asks for it again."""
    with here(tmp_path, photos(2)) as place:
        plan = place.plan(entry(**ours))
        photo_id = place.ids()["IMG_0000.jpg"]
        close = type(place.tools().window()).close  # type: ignore[union-attr]

        def interfere(window: Any) -> str:
            waiting: str = close(window)
            place.other.ask("PUT", f"/assets/{photo_id}", theirs)
            place.settled()
            return waiting

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("reconciler.apply.queues.window.Window.close", interfere)
            report = place.apply(plan)
        assert list(reasons(report).values()) == [verify.SOMEBODY_ELSE]
        assert "The next run tries these again" in report_text(report, width=100, color=False)
        assert place.converge(entry(**ours)).outcome is Outcome.DONE
        assert not place.plan(entry(**ours)).changes
