"""Edits by somebody else between plan and apply: left alone, reported, and the rest is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.apply.check import OnDrift
from reconciler.apply.run import apply_plan
from reconciler.plan.document import BadPlanFile, from_bytes, to_bytes
from reconciler.plan.report import Outcome, Report
from reconciler.plan.standing import State
from reconciler.plan.text import checksum
from tests.apply.support import Here, here, photo, photos

ALL = {"file": "IMG_*.jpg"}
WISH: dict[str, Any] = {
    "assets": [{"match": ALL, "rating": 4}],
    "albums": [
        {"name": "Kept", "match": ALL, "description": "ours"},
        {"name": "Gone", "state": "absent"},
        {"name": "New", "match": ALL},
    ],
}

Interfere = Callable[[Here], None]


def prepare(place: Here) -> None:
    """Albums that were there before, with the first three photos in one."""
    ids = place.ids()
    first = [ids[f"IMG_000{number}.jpg"] for number in range(3)]
    place.other.ask("POST", "/albums", {"albumName": "Kept", "assetIds": first})
    place.other.ask("POST", "/albums", {"albumName": "Gone"})


def album_id(place: Here, name: str) -> str:
    return next(album.id for album in place.reader.albums().own if album.name == name)


def edit_photo(place: Here) -> None:
    place.other.ask("PUT", f"/assets/{place.ids()['IMG_0003.jpg']}", {"rating": 2})
    place.settled()


def trash_photo(place: Here) -> None:
    place.other.ask("DELETE", "/assets", {"ids": [place.ids()["IMG_0003.jpg"]]})


def delete_photo(place: Here) -> None:
    place.other.ask("DELETE", "/assets", {"ids": [place.ids()["IMG_0003.jpg"]], "force": True})
    place.settled()


def delete_album(place: Here) -> None:
    place.other.ask("DELETE", f"/albums/{album_id(place, 'Kept')}")


def edit_album(place: Here) -> None:
    place.other.ask("PATCH", f"/albums/{album_id(place, 'Kept')}", {"description": "theirs"})


DRIFTS: list[tuple[Interfere, State]] = [
    (edit_photo, State.OTHER),
    (trash_photo, State.GONE),
    (delete_photo, State.GONE),
    (delete_album, State.GONE),
    (edit_album, State.OTHER),
]


@pytest.mark.parametrize(("interfere", "state"), DRIFTS, ids=lambda item: getattr(item, "__name__", ""))
def test_what_somebody_changed_meanwhile_is_left_alone_and_the_rest_is_done(
    tmp_path: Path, interfere: Interfere, state: State
) -> None:
    with here(tmp_path, photos(6)) as place:
        prepare(place)
        plan = place.plan(WISH)
        interfere(place)
        before = place.everything()
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL
        assert report.drifted and {item.state for item in report.drifted} == {state}
        assert all(item.fate.value == "written" for item in report.operations) and report.operations
        after = place.everything()
        ratings = {asset.file_name: asset.rating for asset, _ in after["assets"].values()}
        assert [ratings[f"IMG_000{number}.jpg"] for number in (0, 1, 2, 4, 5)] == [4] * 5
        if interfere is edit_photo:
            assert ratings["IMG_0003.jpg"] == 2
        if interfere is edit_album:
            assert _described(before, "Kept") == _described(after, "Kept") == "theirs"
        names = [album.name for album, _ in after["albums"].values()]
        assert "Gone" not in names and names.count("New") == 1
        assert names.count("Kept") == (0 if interfere is delete_album else 1)
        assert place.converge(WISH).outcome in (Outcome.DONE, Outcome.NOTHING)
        assert not place.plan(WISH).changes


def _described(everything: dict[str, Any], name: str) -> str:
    return next(str(album.description) for album, _ in everything["albums"].values() if album.name == name)


def apply_saved(place: Here, data: bytes) -> Report:
    return place.apply(from_bytes(data), saved=True)


@pytest.mark.parametrize(("interfere", "state"), DRIFTS, ids=lambda item: getattr(item, "__name__", ""))
def test_a_saved_plan_is_stale_then_and_nothing_is_written(
    tmp_path: Path, interfere: Interfere, state: State
) -> None:
    with here(tmp_path, photos(6)) as place:
        prepare(place)
        saved = to_bytes(place.plan(WISH))
        interfere(place)
        place.clear()
        report = apply_saved(place, saved)
        assert report.outcome is Outcome.STALE
        assert {item.state for item in report.drifted} == {state}
        assert place.library.requests.writes() == []


def test_a_saved_plan_that_drifts_in_the_window_writes_nothing_either(tmp_path: Path) -> None:
    """Somebody edits after the first check and before the queues are held."""
    with here(tmp_path, photos(3)) as place:
        saved = to_bytes(place.plan({"assets": [{"match": ALL, "rating": 4}]}))
        open_window = "reconciler.apply.queues.window.Window.open"
        photo_id = place.ids()["IMG_0001.jpg"]
        place.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                open_window, lambda _window: place.other.ask("PUT", f"/assets/{photo_id}", {"rating": 1})
            )
            report = apply_saved(place, saved)
        assert report.outcome is Outcome.STALE and len(report.drifted) == 1
        assert [item.path for item in place.writes()] == [f"/assets/{photo_id}"]


def test_an_unrelated_edit_does_not_matter_to_a_saved_plan(tmp_path: Path) -> None:
    with here(tmp_path, [*photos(4), photo("other.jpg")]) as place:
        prepare(place)
        saved = to_bytes(place.plan(WISH))
        ids = place.ids()
        place.other.ask("PUT", f"/assets/{ids['other.jpg']}", {"rating": 1})
        place.other.ask("PUT", f"/assets/{ids['IMG_0000.jpg']}", {"description": "theirs"})
        place.other.ask("POST", "/albums", {"albumName": "Unrelated"})
        place.settled()
        report = apply_saved(place, saved)
        assert report.outcome is Outcome.DONE
        assert place.detail().asset.description == "theirs" and place.detail().asset.rating == 4


def test_a_saved_plan_is_applied_once(tmp_path: Path) -> None:
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        saved = to_bytes(place.plan(WISH))
        assert apply_saved(place, saved).outcome is Outcome.DONE
        place.clear()
        report = apply_saved(place, saved)
        assert report.outcome is Outcome.STALE and report.error == "applied already"
        assert place.library.requests.writes() == []


def test_a_saved_plan_of_which_a_part_is_there_does_the_rest(tmp_path: Path) -> None:
    """As after an interruption, or where somebody has done a part of it by hand."""
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        saved = to_bytes(place.plan(WISH))
        ids = place.ids()
        place.other.ask("PUT", f"/assets/{ids['IMG_0000.jpg']}", {"rating": 4})
        place.other.ask("POST", "/albums", {"albumName": "New", "assetIds": [ids["IMG_0001.jpg"]]})
        place.settled()
        place.clear()
        assert apply_saved(place, saved).outcome is Outcome.DONE
        assert [item.items for item in place.writes() if item.path == "/assets"] == [3]
        assert [album.name for album in place.reader.albums().own].count("New") == 1
        assert not place.plan(WISH).changes


@pytest.mark.parametrize("filled", [False, True])
def test_an_album_that_somebody_made_meanwhile_is_filled_and_not_made_again(
    tmp_path: Path, filled: bool
) -> None:
    wish = {"albums": [{"name": "New", "match": ALL, "description": "ours", "order": "asc"}]}
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(wish)
        members = list(place.ids().values())[:1] if filled else []
        place.other.ask("POST", "/albums", {"albumName": "New", "assetIds": members})
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE
        assert [album.name for album in place.reader.albums().own] == ["New"]
        assert not place.plan(wish).changes


def test_a_photo_that_left_its_album_meanwhile_need_not_be_taken_out(tmp_path: Path) -> None:
    wish = {"albums": [{"name": "Kept", "assets": [{"file": "IMG_0000.jpg"}]}]}
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        plan = place.plan(wish)
        place.other.ask(
            "DELETE", f"/albums/{album_id(place, 'Kept')}/assets", {"ids": [place.ids()["IMG_0001.jpg"]]}
        )
        place.clear()
        assert place.apply(plan).outcome is Outcome.DONE
        assert [item.items for item in place.writes()] == [1]


def test_a_tag_that_was_deleted_meanwhile_is_drift(tmp_path: Path) -> None:
    wish = {
        "tags": [{"value": "Sea", "color": "#112233"}],
        "assets": [{"match": {"file": "IMG_0000.jpg"}, "rating": 3}],
    }
    with here(tmp_path, [photo(tags=["Sea"]), *photos(2)[1:]]) as place:
        plan = place.plan(wish)
        tag = next(tag for tag in place.reader.tags() if tag.path == "Sea")
        place.other.ask("DELETE", f"/tags/{tag.id}")
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL and [item.aspect for item in report.drifted] == ["color"]


@pytest.mark.parametrize("hand", ["value", "target", "checksum"])
def test_a_plan_file_that_was_edited_by_hand_is_refused(tmp_path: Path, hand: str) -> None:
    with here(tmp_path, photos(2)) as place:
        document = orjson.loads(to_bytes(place.plan({"assets": [{"match": ALL, "rating": 4}]})))
        match hand:
            case "value":
                document["photos"][0]["fields"][0]["after"] = 1
            case "target":
                document["photos"][0]["id"] = "00000000-0000-4000-8000-000000000000"
            case _:
                document["checksum"] = checksum({})
        with pytest.raises(BadPlanFile, match="changed after it was written"):
            from_bytes(orjson.dumps(document))


@pytest.mark.parametrize("on_drift", OnDrift)
def test_a_plan_from_files_may_stop_where_anything_has_moved(tmp_path: Path, on_drift: OnDrift) -> None:
    with here(tmp_path, photos(6)) as place:
        prepare(place)
        plan = place.plan(WISH)
        edit_photo(place)
        place.clear()
        report = apply_plan(plan, place.tools(), saved=False, on_drift=on_drift)
        assert [item.name.split(" ")[0] for item in report.drifted] == ["IMG_0003.jpg"]
        assert place.paused() == set() and place.state.leases("sandbox") == ()
        stopped = on_drift is OnDrift.STOP
        assert report.outcome is (Outcome.STALE if stopped else Outcome.PARTIAL)
        assert (place.writes() == []) is stopped


@pytest.mark.parametrize("on_drift", OnDrift)
def test_a_saved_plan_is_never_applied_twice(tmp_path: Path, on_drift: OnDrift) -> None:
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        plan = place.plan(WISH)
        assert place.apply(plan, saved=True).outcome is Outcome.DONE
        place.clear()
        assert apply_plan(plan, place.tools(), saved=True, on_drift=on_drift).outcome is Outcome.STALE
        assert place.library.requests.writes() == []


def test_of_a_saved_plan_the_rest_is_applied_where_that_is_asked_for(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        theirs = place.ids()["IMG_0001.jpg"]
        place.other.ask("PUT", f"/assets/{theirs}", {"rating": 2})
        place.settled()
        assert apply_plan(plan, place.tools(), saved=True).outcome is Outcome.STALE
        report = apply_plan(plan, place.tools(), saved=True, on_drift=OnDrift.SKIP)
        assert report.outcome is Outcome.PARTIAL and [item.id for item in report.drifted] == [theirs]
        assert [place.detail(name).asset.rating for name in sorted(place.ids())] == [4, 2, 4]
        nothing_left = apply_plan(plan, place.tools(), saved=True, on_drift=OnDrift.SKIP)
        assert nothing_left.outcome is Outcome.STALE and len(nothing_left.drifted) == 1
