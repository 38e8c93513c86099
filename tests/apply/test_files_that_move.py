"""Under a storage template: what makes files move comes last, and their new places are awaited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.queues.migration import QUEUE
from reconciler.apply.state.journal import What
from reconciler.plan.operations import TagAssets, UpdateAssets
from reconciler.plan.report import Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.journalling import journalled, past, undoing
from tests.apply.support import Fault, Here, here, names, photos

ALL = {"file": "IMG_*.jpg"}
BY_DATE = "{{y}}/{{MM}}/{{filename}}"
BY_ALBUM = "{{y}}/{{#if album}}{{album}}{{else}}none{{/if}}/{{filename}}"
SLOW_MOVES = Pace(job_milliseconds={"sidecar": 1, "metadataExtraction": 1, "storageTemplateMigration": 60})


def by_template(place: Here, template: str) -> None:
    config: Any = place.library.config
    place.library.change_config(
        {**config, "storageTemplate": {**config["storageTemplate"], "enabled": True, "template": template}}
    )


def paths(place: Here) -> dict[str, str]:
    """The folder of each photo below its owner's."""
    found = place.reader.scan(owner_id=place.identity.user_id, hidden=True)
    return {asset.file_name: asset.folder.removeprefix("/data/library/admin/") for asset in found.values()}


def queue_state(place: Here) -> tuple[int, bool]:
    """How many jobs that move files are not done, and whether the queue is paused."""
    counts = place.library.queues.counts(QUEUE)
    left = counts.active + counts.waiting + counts.paused + counts.delayed
    return left, place.library.queues.is_paused(QUEUE)


def test_new_dates_are_written_last_after_the_tags_of_the_same_photos(tmp_path: Path) -> None:
    wish = {
        "assets": [
            {"match": {"file": "IMG_000[01].jpg"}, "tags": ["Sea"], "taken": "2021-05-06T07:08:09+02:00"},
            {"match": {"file": "IMG_000[23].jpg"}, "rating": 3},
        ]
    }
    with here(tmp_path, photos(4)) as place:
        by_template(place, BY_DATE)
        plan = place.plan(wish)
        first, second = plan.rounds
        assert {type(item) for item in first.operations} >= {TagAssets, UpdateAssets} and not first.last
        assert not second.lanes and [type(lane[0]) for lane in second.last] == [UpdateAssets]
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and report.moved_files == 4
        assert paths(place) == {
            "IMG_0000.jpg": "2021/05",
            "IMG_0001.jpg": "2021/05",
            "IMG_0002.jpg": "2024/06",
            "IMG_0003.jpg": "2024/06",
        }
        assert not place.plan(wish).changes


def test_without_a_template_nothing_comes_last(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        plan = place.plan({"assets": [{"match": ALL, "taken": "2021-05-06T07:08:09+02:00", "tags": ["Sea"]}]})
        assert [bool(part.last) for part in plan.rounds] == [False, False]
        assert place.apply(plan).moved_files == 0


def test_a_date_is_written_only_when_no_file_is_on_the_move(tmp_path: Path) -> None:
    """Files that are about to move when the window opens are let move before others are made to."""
    seen: list[tuple[int, bool]] = []
    wish = {
        "assets": [
            {"match": {"file": "IMG_0000.jpg"}, "rating": 2},
            {"match": {"file": "IMG_0001.jpg"}, "taken": "2021-05-06T07:08:09+02:00"},
        ]
    }
    with here(tmp_path, photos(8), pace=SLOW_MOVES) as place:
        by_template(place, BY_DATE)
        plan = place.plan(wish)
        others = [place.ids()[f"IMG_000{number}.jpg"] for number in range(4, 8)]
        writer = place.tools().writer
        update = type(writer).update_assets

        def watched(*call: Any) -> Any:
            seen.append(queue_state(place))
            return update(*call)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(writer), "update_assets", watched)
            place.other.ask("PUT", f"/queues/{QUEUE}", {"isPaused": True})
            place.other.ask("PUT", "/assets", {"ids": others, "rating": 5})
            while queue_state(place)[0] < 4:
                pass
            place.other.ask("PUT", f"/queues/{QUEUE}", {"isPaused": False})
            report = place.apply(plan)
        assert report.outcome is Outcome.DONE
        assert [paused for _, paused in seen] == [True, True]
        assert seen[0][0] > 0 and seen[1][0] == 0, "the second was to wait for the files that were moving"
        assert paths(place)["IMG_0001.jpg"] == "2021/05"


def test_memberships_come_last_where_files_go_by_album_and_the_plan_says_that_none_moves(
    tmp_path: Path,
) -> None:
    wish = {
        "assets": [{"match": {"file": "IMG_0003.jpg"}, "rating": 1}],
        "albums": [{"name": "Sea", "assets": names(2)}],
    }
    with here(tmp_path, photos(4)) as place:
        by_template(place, BY_ALBUM)
        plan = place.plan(wish)
        (only,) = plan.rounds
        assert [lane[0].text for lane in only.last] == ["make album 'Sea' with 2 photos"]
        assert [note.text for note in plan.notes if "migrate: true" in note.text]
        assert not plan.migrates
        before = paths(place)
        assert place.apply(plan).outcome is Outcome.DONE
        after = paths(place)
        assert after.pop("IMG_0003.jpg") == "2024/none", "an edit moves a file"
        assert before.pop("IMG_0003.jpg") and after == before, "a membership alone moves none"


def migrating(**more: Any) -> dict[str, Any]:
    return {
        "settings": {"window": {"migrate": True}},
        "albums": [{"name": "Sea", "assets": names(2)}],
        **more,
    }


def test_asked_to_the_server_files_its_photos_anew_at_the_end(tmp_path: Path) -> None:
    with here(tmp_path, photos(4), pace=SLOW_MOVES) as place:
        by_template(place, BY_ALBUM)
        plan = place.plan(migrating())
        assert plan.migrates and "waited for" in plan.notes[-1].text
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and report.waiting == ""
        assert report.moved_files == 0, "only photos that the plan itself writes are counted"
        started = [item for item in place.library.requests.writes() if item.path == f"/jobs/{QUEUE}"]
        assert len(started) == 1
        assert set(paths(place).values()) == {"2024/Sea", "2024/none"}
        again = place.plan(migrating())
        assert not again.changes and not again.migrates
        assert place.apply(again).outcome is Outcome.NOTHING


def test_a_migration_that_is_under_way_is_waited_for_and_another_one_started(tmp_path: Path) -> None:
    with here(tmp_path, photos(6), pace=SLOW_MOVES) as place:
        by_template(place, BY_ALBUM)
        plan = place.plan(migrating())
        place.other.ask("PUT", f"/jobs/{QUEUE}", {"command": "start", "force": False})
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE
        folders = paths(place)
        assert {folders["IMG_0000.jpg"], folders["IMG_0001.jpg"]} == {"2024/Sea"}


def test_a_queue_that_somebody_keeps_paused_is_not_resumed_for_the_migration(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        by_template(place, BY_ALBUM)
        place.other.ask("PUT", f"/queues/{QUEUE}", {"isPaused": True})
        report = place.apply(place.plan(migrating()))
        assert report.outcome is Outcome.UNSETTLED
        assert report.waiting == (
            f"the server's storage migration was not started: somebody else keeps {QUEUE} paused"
        )
        assert place.paused() == {QUEUE}


def test_a_migration_that_the_server_refuses_is_told(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        by_template(place, BY_ALBUM)
        plan = place.plan(migrating())
        place.faults(Fault("status", method="PUT", path=f"/jobs/{QUEUE}", status=403, times=None))
        report = place.apply(plan)
        assert (
            report.outcome is Outcome.UNSETTLED and "migration can't be watched or started" in report.waiting
        )
        place.clear()
        assert not place.plan(migrating()).changes


def test_without_an_administrators_key_the_plan_says_that_files_stay(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        by_template(place, BY_ALBUM)
        place.with_admin = False
        plan = place.plan(migrating())
        assert not plan.migrates and "only an administrator's key" in plan.notes[-1].text


def test_taking_a_run_back_files_the_photos_anew_as_well(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        by_template(place, BY_ALBUM)
        report = journalled(place, place.plan(migrating()))
        assert report.outcome is Outcome.DONE and "2024/Sea" in paths(place).values()
        back = undoing(place, report.run)
        assert back.migrates
        assert journalled(place, back, What.UNDO, 1).outcome is Outcome.DONE
        assert set(paths(place).values()) == {"2024/none"}


def test_a_run_that_died_before_its_migration_is_continued_with_it(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        by_template(place, BY_ALBUM)
        plan = place.plan(migrating())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("reconciler.apply.queues.jobs.migrate", lambda *_args, **_more: "it died")
            assert journalled(place, plan).outcome is Outcome.UNSETTLED
        assert not any("Sea" in folder for folder in paths(place).values())
        assert past(place, 1).plan.migrates
        assert journalled(place, past(place, 1).plan, What.RESUME, 1).outcome is Outcome.DONE
        assert set(paths(place).values()) == {"2024/Sea", "2024/none"}
