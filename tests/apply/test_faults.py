"""A server, or a network, that misbehaves: the report is exact, and the next run finishes the job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.queues.window import restore
from reconciler.apply.sending.send import same_on_the_way
from reconciler.immich.writer import Writer
from reconciler.model.values import Coordinates, Field, FieldValue, Taken
from reconciler.plan.report import Fate, Outcome
from reconciler.render.terminal_report import report_text
from tests.apply.support import Fault, Here, here, photos
from tests.diff.lives import NOON

ALL = {"file": "IMG_*.jpg"}
WISH: dict[str, Any] = {
    "tags": [{"value": "Trips/Italy", "color": "#e07a5f"}],
    "assets": [
        {"match": {"file": "IMG_000[0-3].jpg"}, "rating": 4, "tags": ["Trips/Italy"]},
        {"match": {"file": "IMG_0004.jpg"}, "favorite": True},
        {"match": {"file": "IMG_0005.jpg"}, "description": "five"},
    ],
    "albums": [
        {"name": "Italy", "match": {"tags": ["Trips/Italy"]}, "description": "with photos", "order": "asc"},
        {"name": "Old", "state": "absent"},
    ],
}


def prepare(place: Here) -> None:
    place.other.ask("POST", "/albums", {"albumName": "Old"})


# -- one photo that the server refuses -----------------------------------------------------------------


def delete(place: Here, photo_id: str) -> None:
    place.other.ask("DELETE", "/assets", {"ids": [photo_id], "force": True})
    place.settled()


def sabotage(patch: pytest.MonkeyPatch, method: str, act: Any) -> None:
    """Does something as somebody else between the check of the before-values and this call."""
    original = getattr(Writer, method)
    done: list[bool] = []

    def first(writer: Writer, *args: Any) -> Any:
        if not done:
            done.append(True)
            act()
        return original(writer, *args)

    patch.setattr(Writer, method, first)


@pytest.mark.parametrize("where", [0, 37, 99])
def test_one_photo_that_is_gone_does_not_sink_a_batch_of_a_hundred(
    tmp_path: Path, where: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here(tmp_path, photos(100)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        name = f"IMG_{where:04d}.jpg"
        photo_id = place.ids()[name]
        sabotage(monkeypatch, "update_assets", lambda: delete(place, photo_id))
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL
        [operation] = report.operations
        assert operation.fate is Fate.PARTLY
        assert [item.id for item in operation.failures] == [photo_id]
        assert name in report_text(report, width=100, color=False)
        assert report.settled == 99 and not report.reverted
        assert len([item for item in place.writes() if item.method == "PUT"]) <= 2 * 7 + 1
        assert place.converge({"assets": [{"match": ALL, "rating": 4}]}).outcome is Outcome.NOTHING


def test_a_photo_that_became_foreign_is_named_in_albums_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = {"albums": [{"name": "All", "match": ALL}]}
    with here(tmp_path, photos(10)) as place:
        place.other.ask("POST", "/albums", {"albumName": "All"})
        plan = place.plan(wish)
        photo_id = place.ids()["IMG_0003.jpg"]
        sabotage(monkeypatch, "add_members", lambda: delete(place, photo_id))
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL and report.settled == 9
        assert [item.id for item in report.operations[0].failures] == [photo_id]


def test_a_single_favourite_of_a_photo_that_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here(tmp_path, photos(2)) as place:
        plan = place.plan({"assets": [{"match": {"file": "IMG_0000.jpg"}, "favorite": True}]})
        photo_id = place.ids()["IMG_0000.jpg"]
        sabotage(monkeypatch, "update_asset", lambda: delete(place, photo_id))
        report = place.apply(plan)
        assert [item.name.split(" ")[0] for item in report.operations[0].failures] == ["IMG_0000.jpg"]


def test_a_photo_that_is_trashed_before_it_is_tagged_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tag call passes over it without a word; reading back tells."""
    with here(tmp_path, photos(5)) as place:
        wish = {"assets": [{"match": ALL, "tags": ["Sea"]}]}
        plan = place.plan(wish)
        trash = {"ids": [place.ids()["IMG_0002.jpg"]]}
        sabotage(monkeypatch, "tag_assets", lambda: place.other.ask("DELETE", "/assets", trash))
        report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED
        assert [item.standing.name.split(" ")[0] for item in report.reverted] == ["IMG_0002.jpg"]
        assert place.state.attempts(place.identity.user_id) == {}


# -- faults on the way ---------------------------------------------------------------------------------

PATHS = [
    ("POST", "/albums"),
    ("PUT", "/assets"),
    ("PUT", "/assets/[^/]+"),
    ("PUT", "/tags"),
    ("PUT", "/tags/assets"),
    ("PUT", "/tags/[^/]+"),
    ("PATCH", "/albums/[^/]+"),
    ("DELETE", "/albums/[^/]+"),
    ("PUT", "/queues/sidecar"),
    ("GET", "/queues"),
    ("GET", "/assets/[^/]+"),
    ("POST", "/download/info"),
]
PASSING = [
    Fault("status", status=503, retry_after="1"),
    Fault("status", status=429, retry_after="0"),
    Fault("status", status=502),
    Fault("status", status=500),
    Fault("reset"),
    Fault("lost_answer"),
    Fault("truncated"),
]


def converged(place: Here) -> None:
    """The next run, on a server that behaves again, finishes; no album is there twice; no queue is paused."""
    place.clear()
    window = place.tools().window()
    assert window
    restore(window)
    place.settled()
    final = place.converge(WISH)
    assert final.outcome in (Outcome.DONE, Outcome.NOTHING), final
    assert not place.plan(WISH).changes
    assert [album.name for album in place.reader.albums().own] == ["Italy"]
    assert place.paused() == set() and place.state.leases("sandbox") == ()


@pytest.mark.parametrize(
    "fault", PASSING, ids=lambda fault: f"{fault.kind}{fault.status if fault.kind == 'status' else ''}"
)
def test_a_fault_in_passing_is_survived_at_every_kind_of_request(tmp_path: Path, fault: Fault) -> None:
    """Every kind of request fails once in one run, and nothing of it is left for the next."""
    with here(tmp_path, photos(6)) as place:
        prepare(place)
        plan = place.plan(WISH)
        retried = PATHS if fault.kind == "status" and fault.status in (429, 503) else PATHS[1:]
        place.clear()
        place.faults(*(replace(fault, method=method, path=path) for method, path in retried))
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE, report
        assert place.library.faults.struck >= len(retried)
        exact(place, report)
        assert not place.plan(WISH).changes
        assert [album.name for album in place.reader.albums().own] == ["Italy"]


@pytest.mark.parametrize(("kind", "status"), [("reset", 0), ("status", 500), ("status", 502), ("html", 0)])
def test_an_album_that_could_not_be_made_is_made_by_the_next_run(
    tmp_path: Path, kind: str, status: int
) -> None:
    """Making it is never repeated blindly."""
    with here(tmp_path, photos(6)) as place:
        prepare(place)
        plan = place.plan(WISH)
        place.faults(Fault(kind, "POST", "/albums", status=status))
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL
        exact(place, report)
        converged(place)


def exact(place: Here, report: Any) -> None:
    """What the report says of each operation is what the server has."""
    complete = all(item.fate is Fate.WRITTEN for item in report.operations)
    place.library.faults.clear()
    left = place.plan(WISH).changes
    assert bool(left) is not complete, (report, left)


@pytest.mark.parametrize("kind", ["status", "reset", "html", "lost_answer"])
@pytest.mark.parametrize(("method", "path"), PATHS[:8])
def test_a_lasting_fault_leaves_an_exact_account(tmp_path: Path, kind: str, method: str, path: str) -> None:
    with here(tmp_path, photos(6)) as place:
        prepare(place)
        plan = place.plan(WISH)
        place.faults(Fault(kind, method, path, times=None, status=500))
        report = place.apply(plan)
        assert len(report.operations) == plan.cost.requests
        failed = [item for item in report.operations if item.fate is Fate.FAILED]
        if kind != "lost_answer":
            assert report.outcome is Outcome.PARTIAL and failed and all(item.error for item in failed)
        assert "Traceback" not in report_text(report, width=100, color=False)
        converged(place)


@pytest.mark.parametrize("kind", ["lost_answer", "truncated"])
def test_an_album_is_not_made_twice_when_the_answer_is_lost(tmp_path: Path, kind: str) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan({"albums": [{"name": "All", "match": ALL, "order": "asc"}]})
        place.clear()
        place.faults(Fault(kind, "POST", "/albums"))
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE
        assert [item.path for item in place.writes() if item.method == "POST"] == ["/albums"]
        assert len(place.reader.albums().own) == 1


def test_a_server_that_is_gone_in_the_middle_is_not_called_done(tmp_path: Path) -> None:
    """From the first write on, nothing is answered any more."""
    with here(tmp_path, photos(4)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        place.faults(
            Fault("reset", "PUT", "/queues/.*", nth=4, times=None),
            Fault("reset", "GET", ".*", nth=12, times=None),
        )
        report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED and report.waiting
        assert {text.split(" ")[0] for text in report.window.troubles} == set(report.window.held)
        assert len(place.state.leases("sandbox")) == 3


def test_a_read_back_that_fails_is_not_called_settled(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        wish = {"albums": [{"name": "All", "match": ALL}]}
        plan = place.plan(wish)
        place.faults(Fault("status", "GET", "/albums", nth=2, times=None, status=500))
        report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED and "nothing could be read back" in report.waiting
        place.clear()
        assert not place.plan(wish).changes


@pytest.mark.parametrize(
    ("field", "found", "wanted", "there"),
    [
        (Field.RATING, 4, 4, True),
        (Field.RATING, 3, 4, False),
        (Field.TAKEN, Taken(NOON, 0), Taken(NOON, 120), True),
        (Field.TAKEN, Taken(NOON, 120), Taken(NOON.replace(hour=13), 120), False),
        (Field.LOCATION, Coordinates(0, 0), None, True),
        (Field.LOCATION, None, None, True),
        (Field.LOCATION, Coordinates(0, 12.5), None, False),
        (Field.LOCATION, Coordinates(0, 0), Coordinates(41.9, 12.5), False),
        (Field.DESCRIPTION, "", "", True),
    ],
)
def test_after_a_lost_answer_an_edit_is_known_before_its_jobs_have_run(
    field: Field, found: FieldValue, wanted: FieldValue, there: bool
) -> None:
    """Until then the server shows another zone, and 0/0 for a place that was taken away."""
    assert same_on_the_way(field, found, wanted) is there
