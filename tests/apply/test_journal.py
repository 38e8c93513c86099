"""What a run is about to do and what became of it, written down before and after every operation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.check import touched_by
from reconciler.apply.earlier.idle import wait_until_idle
from reconciler.apply.earlier.proofs import proofs
from reconciler.apply.earlier.settle import settle
from reconciler.apply.run import apply_plan
from reconciler.apply.state.database import State, StateUnusable
from reconciler.apply.state.journal import KEEP, RunJournal, Stage, What, numbered
from reconciler.apply.state.record import kind_of, operation_bytes, operation_from
from reconciler.apply.state.runs import NoSuchRun, Past, Runs
from reconciler.immich.writer import Writer
from reconciler.live.touched import read_touched
from reconciler.model.live import Live
from reconciler.plan import Plan
from reconciler.plan.operations import Operation
from reconciler.plan.report import Fate, Outcome
from reconciler.render.terminal_report import verdict
from tests.apply.journalling import journal_of, journalled, past, undo
from tests.apply.support import Fault, Here, here, names, photo, photos
from tests.support.world import TODAY

ALL = {"file": "IMG_*.jpg"}
EVERYTHING: dict[str, Any] = {
    "tags": [{"value": "Trips/Italy", "color": "#e07a5f"}, {"value": "New"}],
    "assets": [
        {"match": ALL, "tags": {"exact": ["Trips/Italy"]}},
        {"match": {"file": "IMG_000[023].jpg"}, "rating": 4},
        {"match": {"file": "IMG_0001.jpg"}, "favorite": True},
        {
            "match": {"file": "IMG_0002.jpg"},
            "description": "ünï\ncödé",
            "taken": "2021-05-06T07:08:09.123+02:00",
            "visibility": "archive",
        },
        {"match": {"file": "IMG_0003.jpg"}, "location": {"latitude": 1.5, "longitude": -2.25}},
    ],
    "albums": [
        {"name": "Made", "assets": names(3), "description": "new", "order": "asc"},
        {"name": "Kept", "assets": names(4)[2:], "activity": False},
        {"name": "Gone", "state": "absent"},
    ],
}


def prepare(place: Here) -> None:
    """Something to take away: a tag on the first two photos, two albums."""
    wish = {
        "assets": [{"match": {"file": "IMG_000[01].jpg"}, "tags": ["Old"]}],
        "albums": [{"name": "Kept", "assets": names(1)}, {"name": "Gone", "assets": names(2)}],
    }
    assert place.converge(wish).outcome is Outcome.DONE


def live_of(place: Here, found: Past) -> Live:
    touched = touched_by(found.plan.changes)
    return read_touched(place.reader, touched, identity=place.identity, features=place.features())


class Killed(BaseException):
    """The process is gone: nothing of it gets to run, as with kill -9."""


class Dying(RunJournal):
    """A journal of a process that dies right before or after the given operation is sent."""

    dies_before = 0
    dies_after = 0
    dead = False

    def sending(self, number: int) -> None:
        self.dead = self.dead or number == self.dies_before
        if self.dead:
            raise Killed
        super().sending(number)
        self.dead = number == self.dies_after
        if self.dead:
            raise Killed


@contextmanager
def killed(place: Here, plan: Plan, journal: RunJournal) -> Iterator[None]:
    """Applies a plan until the journal's process dies; queues are given back by hand."""
    place.with_admin = False  # nobody gives queues back after a kill
    place.limits = replace(place.limits, quiet=0.05)
    tools = replace(place.tools(), journal=journal, connections=1)
    with pytest.raises(Killed):
        apply_plan(plan, tools, saved=False)
    place.with_admin = True
    yield


# -- what is written down ------------------------------------------------------------------------------


def test_every_kind_of_operation_comes_back_as_it_was(tmp_path: Path) -> None:
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        plan = place.plan(EVERYTHING)
        operations: list[Operation] = list(plan.operations)
        assert len({kind_of(item) for item in operations}) == 11
        for item in operations:
            assert operation_from(kind_of(item), operation_bytes(item)) == item
        journalled(place, plan)
        found = past(place, 1)
        assert [entry.operation for entry in found.entries] == operations
        assert [(entry.number, entry.round) for entry in found.entries] == [
            (number, turn) for number, turn, _ in numbered(plan)
        ]
        assert found.plan.changes == found.changes == plan.changes
        [(album, members)] = found.deleted.values()
        assert album.name == "Gone" and members == {place.ids()[f"IMG_000{n}.jpg"] for n in (0, 1)}


def test_an_operation_is_in_flight_while_it_is_sent_and_written_when_it_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from another connection to the database, as after a kill at this instant."""
    seen: list[dict[int, Stage]] = []
    with here(tmp_path, photos(4)) as place:
        original = Writer.update_assets

        def watched(writer: Writer, *args: Any) -> None:
            seen.append({entry.number: entry.stage for entry in past(place, 1).entries})
            assert Runs(place.state).get(1).unfinished
            original(writer, *args)

        monkeypatch.setattr(Writer, "update_assets", watched)
        wish = {"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]}
        tools = replace(place.tools(), journal=journal_of(place))
        assert apply_plan(place.plan(wish), tools, saved=False).outcome is Outcome.DONE
        assert seen == [{1: Stage.WRITTEN, 2: Stage.SENT, 3: Stage.PLANNED}]
        run = Runs(place.state).get(1)
        assert run.tally == {Stage.WRITTEN: 3} and run.outcome == "done" and run.ended
        assert run.settled == 9 and run.what is What.APPLY and not run.resumable


def test_failures_and_what_was_never_sent_are_told(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]})
        place.faults(Fault("status", "PUT", "/assets", times=None, status=403))
        report = journalled(place, plan)
        assert report.outcome is Outcome.PARTIAL and report.run == "1"
        entries = past(place, 1).entries
        assert [entry.stage for entry in entries] == [Stage.WRITTEN, Stage.FAILED, Stage.NOT_SENT]
        assert "403" in entries[1].error
        assert Runs(place.state).get(1).resumable


def test_an_answer_that_was_lost_leaves_the_operation_in_flight(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        unseen = Fault("reset", "GET", "/assets/[^s].*", nth=4, times=None)
        place.faults(Fault("lost_answer", "PUT", "/assets", times=None), unseen)
        report = journalled(place, plan)
        assert report.operations[0].fate is Fate.FAILED
        place.clear()
        found = past(place, 1)
        assert [entry.stage for entry in found.entries] == [Stage.SENT]
        [proof] = proofs(found, live_of(place, found))
        assert proof.stage is Stage.WRITTEN and "it is done" in proof.text
        place.settled()
        assert undo(place, 1).outcome is Outcome.DONE
        assert {place.detail(name).asset.rating for name in place.ids()} == {None}


def test_a_run_that_fails_before_it_writes_says_why(tmp_path: Path) -> None:
    with here(tmp_path, photos(1)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        place.faults(Fault("status", "GET", "/queues", times=None, status=403))
        with pytest.raises(Exception, match="403"):
            journalled(place, plan)
        run = Runs(place.state).get(1)
        assert run.outcome == "failed" and "403" in run.error and not run.touched and run.ended


def test_only_the_last_runs_of_each_server_are_kept(tmp_path: Path) -> None:
    with here(tmp_path, photos(1)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        live = live_of(place, Past(None, plan, plan.changes))  # type: ignore[arg-type]
        elsewhere = RunJournal(place.state, "elsewhere", lambda: TODAY.isoformat())
        for journal, times in ((elsewhere, 1), (journal_of(place), KEEP + 3)):
            for _ in range(times):
                journal.begin(plan)
                journal.checked(plan, live)
                journal.broke("")
        runs = Runs(place.state)
        assert len(runs.all(server="sandbox")) == KEEP and len(runs.all(server="elsewhere")) == 1
        assert runs.all()[0].id == KEEP + 4
        with pytest.raises(NoSuchRun, match=f"no run 2 .*there are 1 to {KEEP + 4}"):
            runs.get(2)
        with sqlite3.connect(place.state.path) as database:
            assert database.execute("select count(*) from operation").fetchone() == (KEEP + 1,)


def test_no_key_is_kept(tmp_path: Path) -> None:
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        journalled(place, place.plan(EVERYTHING))
        key = place.mounted.admin_key
        assert key
        dump = "\n".join(sqlite3.connect(place.state.path).iterdump())
        assert key not in dump and key.encode().hex() not in dump.lower()
        assert "Trips/Italy" in dump or b"Trips/Italy".hex() in dump.lower()


# -- when the state folder fails -----------------------------------------------------------------------


class Full(RunJournal):
    """A disk that is full from the second operation on."""

    def sending(self, number: int) -> None:
        if number > 1:
            raise StateUnusable("the disk is full")
        super().sending(number)


def test_what_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4, "tags": ["Sea"]}]})
        journal = Full(place.state, "sandbox", lambda: TODAY.isoformat())
        place.clear()
        report = apply_plan(plan, replace(place.tools(), journal=journal), saved=False)
        assert [item.fate for item in report.operations] == [Fate.WRITTEN, Fate.NOT_SENT, Fate.NOT_SENT]
        assert report.outcome is Outcome.PARTIAL and "the disk is full" in report.error
        assert [item.path for item in place.writes() if item.method == "PUT"] == ["/tags"]
        assert place.paused() == set()


def test_a_state_folder_that_cannot_be_used_stops_a_run_before_it_begins(tmp_path: Path) -> None:
    with here(tmp_path, photos(1)) as place:
        plan = place.plan({"assets": [{"match": ALL, "rating": 4}]})
        (tmp_path / "file").write_text("")
        journal = RunJournal(State(tmp_path / "file"), "sandbox", lambda: TODAY.isoformat())
        place.clear()
        with pytest.raises(StateUnusable, match="--state-dir"):
            apply_plan(plan, replace(place.tools(), journal=journal), saved=False)
        assert place.writes() == [] and place.queue_writes() == []


# -- going on after a kill -----------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["dies_before", "dies_after"])
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_run_killed_at_any_operation_is_proven_and_finished(tmp_path: Path, when: str, number: int) -> None:
    """Its own plan is applied again; what is there is left, what isn't is written, and nothing twice."""
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        plan = place.plan(EVERYTHING)
        journal = Dying(place.state, "sandbox", lambda: TODAY.isoformat())
        setattr(journal, when, number)
        with killed(place, plan, journal):
            place.settled()
        runs = Runs(place.state)
        found = past(place, 1)
        assert found.run.unfinished and found.run.resumable
        stages = [entry.stage for entry in found.entries]
        assert stages.count(Stage.SENT) == (when == "dies_after")
        proven = proofs(found, live_of(place, found))
        assert all(proof.stage is Stage.NOT_SENT for proof in proven)
        runs.prove(found.run, {proof.entry.number: proof.stage for proof in proven}, TODAY.isoformat())
        assert not runs.get(1).unfinished and runs.get(1).outcome == "interrupted"
        report = journalled(place, found.plan, What.RESUME, 1)
        assert report.outcome is Outcome.DONE, report
        assert not place.plan(EVERYTHING).changes
        assert [album.name for album in place.reader.albums().own] == ["Kept", "Made"]


def test_a_killed_run_is_taken_back_as_far_as_it_came(tmp_path: Path) -> None:
    with here(tmp_path, photos(4)) as place:
        prepare(place)
        before = place.everything()
        journal = Dying(place.state, "sandbox", lambda: TODAY.isoformat())
        journal.dies_after = 6
        with killed(place, place.plan(EVERYTHING), journal):
            place.settled()
        assert place.everything()["albums"] != before["albums"]
        report = undo(place, 1)
        assert not report.drifted and report.outcome is Outcome.DONE
        after = place.everything()
        assert after["assets"] == before["assets"]
        assert sorted(album.name for album, _ in after["albums"].values()) == ["Gone", "Kept"]


def test_the_jobs_of_an_earlier_run_are_waited_for(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        tools = place.tools()
        place.library.queues.pause("sidecar")
        place.other.ask("PUT", "/assets", {"ids": list(place.ids().values()), "rating": 4})
        place.library.queues.resume("sidecar")
        assert wait_until_idle(place.reader, tools.progress, tools.interruption, tools.limits) == ""
        assert all(not queue.pending for queue in place.reader.queues().values())


# -- reading back later -----------------------------------------------------------------------------------


def test_without_waiting_the_account_is_open_until_it_is_settled(tmp_path: Path) -> None:
    library = [photo(), photo("IMG_0001.jpg", sidecar_writable=False)]
    with here(tmp_path, library) as place:
        wish = {"assets": [{"match": ALL, "rating": 4}]}
        report = journalled(place, place.plan(wish), wait=False)
        assert report.outcome is Outcome.UNSETTLED and report.settled == 0 and not report.reverted
        assert "nobody waited" in report.waiting
        assert "immich-runs verify 1 to see" in verdict(report)
        assert place.paused() == set()
        place.settled()
        found = past(place, 1)
        later = settle(found, live_of(place, found), place.tools(), waiting="", newest=True)
        assert later.outcome is Outcome.UNSETTLED and later.settled == 1
        assert [item.standing.id for item in later.reverted] == [place.ids()["IMG_0001.jpg"]]
        plan = place.plan(wish)
        assert not plan.changes and len(plan.undone) == 1


def test_without_waiting_a_run_that_queues_nothing_is_settled_at_once(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        report = journalled(place, place.plan({"albums": [{"name": "A", "match": ALL}]}), wait=False)
        assert report.outcome is Outcome.DONE and report.settled == 3


def test_what_a_later_run_has_changed_is_not_remembered_as_undone_by_the_server(tmp_path: Path) -> None:
    wish = {"assets": [{"match": ALL, "rating": 4}]}
    with here(tmp_path, photos(2)) as place:
        journalled(place, place.plan(wish))
        undo(place, 1)
        found = past(place, 1)
        report = settle(found, live_of(place, found), place.tools(), waiting="", newest=False)
        assert report.outcome is Outcome.UNSETTLED and len(report.reverted) == 2
        assert place.state.attempts(place.identity.user_id) == {}
        assert place.plan(wish).changes
