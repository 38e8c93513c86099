"""Before every round, and before what moves files, the server is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.check import OnDrift
from reconciler.apply.queues.window import Window
from reconciler.apply.run import apply_plan
from reconciler.plan.report import Fate, Outcome
from tests.apply.support import Here, here, names, photos

ALL = {"file": "IMG_*.jpg"}
WISH: dict[str, Any] = {"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]}


def between_the_rounds(act: Callable[[], None]) -> pytest.MonkeyPatch:
    """Has somebody else act while the first round settles."""

    patch = pytest.MonkeyPatch()
    close = Window.close
    done: list[bool] = []

    def closing(window: Window) -> str:
        waiting = close(window)
        if not done:
            done.append(True)
            act()
        return waiting

    patch.setattr(Window, "close", closing)
    return patch


def tag(place: Here, name: str) -> None:
    made = place.other.ask("PUT", "/tags", {"tags": [name]})
    place.other.ask("PUT", f"/tags/{made[0]['id']}/assets", {"ids": [place.ids()["IMG_0001.jpg"]]})
    place.settled()


def trash(place: Here) -> None:
    place.other.ask("DELETE", "/assets", {"ids": [place.ids()["IMG_0001.jpg"]]})


def test_a_photo_that_goes_between_two_rounds_is_left_alone_and_the_rest_is_done(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        assert len(plan.rounds) == 2
        patch = between_the_rounds(lambda: trash(place))
        try:
            report = place.apply(plan)
        finally:
            patch.undo()
        assert report.outcome is Outcome.PARTIAL
        assert [(item.name, item.aspect, item.state.value) for item in report.drifted] == [
            ("IMG_0001.jpg (2024-06-01)", "tag+Sea", "gone")
        ]
        last = report.operations[-1]
        assert last.fate is Fate.PARTLY and last.photos == 3
        assert [failure.reason for failure in last.failures] == [
            "it has changed on the server meanwhile and was left alone"
        ]
        ids = place.ids()
        assert {name for name in ids if place.detail(name).tags} == {"IMG_0000.jpg", "IMG_0002.jpg"}


def test_asked_to_stop_at_drift_the_next_round_is_not_written(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        patch = between_the_rounds(lambda: trash(place))
        try:
            report = apply_plan(plan, place.tools(), saved=False, on_drift=OnDrift.STOP)
        finally:
            patch.undo()
        assert report.outcome is Outcome.PARTIAL and len(report.drifted) == 1
        assert "the rest was not written: something has changed on the server meanwhile" in report.error
        assert [item.fate for item in report.operations][-1] is Fate.NOT_SENT
        assert not any(place.detail(name).tags for name in place.ids()) and place.paused() == set()


def test_what_somebody_else_has_written_already_is_no_drift(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        patch = between_the_rounds(lambda: tag(place, "Sea"))
        try:
            report = place.apply(place.plan(WISH))
        finally:
            patch.undo()
        assert report.outcome is Outcome.DONE and not report.drifted


def test_the_second_check_reads_only_what_the_round_writes(tmp_path: Path) -> None:
    wish = {
        "assets": [
            {"match": ALL, "rating": 4},
            {"match": {"file": "IMG_0001.jpg"}, "tags": ["Sea"]},
        ]
    }
    with here(tmp_path, photos(6)) as place:
        plan = place.plan(wish)
        place.clear()
        assert place.apply(plan).outcome is Outcome.DONE
        writes = [item.path for item in place.library.requests.all()]
        between = writes[writes.index("/assets") + 1 : writes.index("/tags/assets")]
        assert [path for path in between if path.startswith("/assets/")] == [
            f"/assets/{place.ids()['IMG_0001.jpg']}"
        ]


@pytest.mark.parametrize("template", [True, False])
def test_an_album_that_somebody_makes_meanwhile_is_not_made_twice(tmp_path: Path, template: bool) -> None:
    """Where files go by album, the album is made after the ratings: there is time for somebody else."""
    from tests.apply.test_files_that_move import BY_ALBUM, by_template

    wish = {
        "assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}],
        "albums": [{"name": "Sea", "assets": names(2)}],
    }
    with here(tmp_path, photos(3)) as place:
        if template:
            by_template(place, BY_ALBUM)
        plan = place.plan(wish)
        patch = between_the_rounds(lambda: place.other.ask("POST", "/albums", {"albumName": "Sea"}))
        try:
            report = place.apply(plan)
        finally:
            patch.undo()
        named = [album.name for album in place.reader.albums().own]
        assert named == (["Sea"] if template else ["Sea", "Sea"])
        if template:
            assert report.outcome is Outcome.PARTIAL and report.drifted[0].name == "Sea"
            assert place.converge(wish).outcome is Outcome.DONE
