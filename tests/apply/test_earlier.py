"""Which jobs of earlier runs a run has to wait for, and how it knows that they are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.earlier.idle import held_up
from reconciler.apply.earlier.unread import count_unread, overlapping, unread, wait_until_read
from reconciler.apply.protocols import Interruption, Silent
from reconciler.apply.run import apply_plan
from reconciler.apply.state.journal import RunJournal
from reconciler.apply.state.runs import Past, Run, Runs
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.plan.operations import sidecar_photos
from reconciler.plan.report import Outcome
from reconciler.plan.schedule import schedule
from reconciler.sandbox.settings import Pace
from tests.apply.support import PROMPT, Here, here, names, photos
from tests.apply.test_without_admin import ACCOUNT

SOON = Pace(job_milliseconds={"sidecar": 300, "metadataExtraction": 1})


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Here]:
    """A server whose sidecar jobs don't begin, and a key that can't see them."""
    with here(tmp_path, photos(6), permissions=ACCOUNT) as place:
        place.library.queues.pause("sidecar")
        yield place


def rating(*numbers: int, value: int = 4, **more: Any) -> dict[str, Any]:
    found = names(9)
    return {"assets": [{"match": found[number], "rating": value, **more} for number in numbers]}


def now() -> datetime:
    return datetime.now(UTC)


def left(place: Here, wish: Mapping[str, Any], *, ago: float = 0.0) -> Past:
    """Applies a wish without waiting for its jobs; its journal is kept by a clock that is behind."""
    return _left(place, place.plan(wish), ago)


def _left(place: Here, plan: Plan, ago: float) -> Past:
    journal = RunJournal(
        place.state, "sandbox", lambda: (now() - timedelta(seconds=ago)).isoformat(timespec="seconds")
    )
    apply_plan(plan, replace(place.tools(), journal=journal, wait=False), saved=False)
    runs = Runs(place.state)
    return runs.past(runs.get(int(journal.run)))


def ids(place: Here, *numbers: int) -> frozenset[str]:
    found = place.ids()
    return frozenset(found[names(9)[number]["file"]] for number in numbers)


def numbers_of(runs: tuple[Run, ...]) -> list[int]:
    return [run.id for run in runs]


def waited(place: Here, past: Past, photos: frozenset[str], settle: float = 20) -> str:
    limits = replace(PROMPT, settle=settle)
    return wait_until_read(past, place.reader, photos, now(), Silent(), Interruption(), limits)


def test_only_runs_that_have_written_the_same_photos_count(busy: Here) -> None:
    left(busy, rating(0, 1))
    left(busy, rating(1, 2, value=2))
    left(busy, {"albums": [{"name": "Sea", "assets": names(6)}]})
    runs = Runs(busy.state)
    assert numbers_of(overlapping(runs, "sandbox", ids(busy, 1, 5))) == [2, 1]
    assert numbers_of(overlapping(runs, "sandbox", ids(busy, 0))) == [1]
    assert overlapping(runs, "sandbox", ids(busy, 4, 5)) == ()
    assert overlapping(runs, "another server", ids(busy, 0)) == ()
    assert overlapping(runs, "sandbox", frozenset()) == ()


def test_once_the_queues_were_seen_idle_no_run_before_counts(busy: Here) -> None:
    left(busy, rating(0))
    runs = Runs(busy.state)
    runs.seen_idle("another server")
    assert overlapping(runs, "sandbox", ids(busy, 0))
    runs.seen_idle("sandbox")
    assert overlapping(runs, "sandbox", ids(busy, 0)) == ()
    left(busy, rating(0, value=2))
    assert numbers_of(overlapping(runs, "sandbox", ids(busy, 0))) == [2]


def test_a_run_that_has_settled_does_not_count(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        journal = RunJournal(place.state, "sandbox", lambda: now().isoformat())
        report = apply_plan(place.plan(rating(0)), replace(place.tools(), journal=journal), saved=False)
        assert report.outcome is Outcome.DONE
        assert overlapping(Runs(place.state), "sandbox", ids(place, 0)) == ()


def test_writes_to_sidecars_alone_count(busy: Here) -> None:
    plan = busy.plan({**rating(0), "albums": [{"name": "Sea", "assets": names(6)}]})
    assert sidecar_photos(plan.operations) == ids(busy, 0)


# -- without queues ----------------------------------------------------------------------------------------


def test_photos_that_the_server_has_not_read_again_are_known(busy: Here) -> None:
    past = left(busy, rating(0, 1))
    assert unread(past, busy.reader, ids(busy, 1, 2), now()).after.keys() == ids(busy, 1)
    assert waited(busy, past, ids(busy, 2)) == ""
    assert "has not read 1 photo again within 0 s" in waited(busy, past, ids(busy, 1), settle=0)
    assert count_unread(past, busy.reader, ids(busy, 0, 1, 2), now()) == 2


def test_a_favourite_moves_a_photo_at_once_and_says_nothing_about_its_jobs(busy: Here) -> None:
    past = left(busy, rating(0, favorite=True))
    found = unread(past, busy.reader, ids(busy, 0), now())
    assert found.after.keys() == found.unclear == ids(busy, 0)
    assert count_unread(past, busy.reader, ids(busy, 0), now()) == 1
    assert count_unread(past, busy.reader, ids(busy, 0), now() + timedelta(minutes=2)) == 0


def test_a_photo_that_nothing_has_moved_since_long_before_the_write_is_not_read(busy: Here) -> None:
    """Not even long after."""
    past = left(busy, rating(0), ago=-60)
    busy.reader.transport.ahead = 0.0
    found = unread(past, busy.reader, ids(busy, 0), now())
    assert found.after.keys() == ids(busy, 0) and not found.unclear
    assert count_unread(past, busy.reader, ids(busy, 0), now() + timedelta(hours=2)) == 1


@pytest.mark.parametrize("more", [{}, {"favorite": True}], ids=["once", "twice"])
def test_it_waits_until_they_are_read(tmp_path: Path, more: dict[str, Any]) -> None:
    with here(tmp_path, photos(3), pace=SOON, permissions=ACCOUNT) as place:
        past = left(place, rating(0, 1, 2, **more))
        assert waited(place, past, ids(place, 0, 1, 2)) == ""
        assert place.library.queues.jobs("sidecar") == []


@pytest.mark.parametrize("behind", [-3600.0, 3600.0])
def test_a_clock_that_is_wrong_makes_no_difference(tmp_path: Path, behind: float) -> None:
    with here(tmp_path, photos(2), pace=SOON, permissions=ACCOUNT) as place:
        past = left(place, rating(0, 1), ago=behind)
        place.reader.transport.ahead = behind
        ours = now() - timedelta(seconds=behind)
        assert count_unread(past, place.reader, ids(place, 0, 1), ours) == 2
        place.settled()
        assert count_unread(past, place.reader, ids(place, 0, 1), ours + timedelta(minutes=2)) == 0


def test_after_a_day_nobody_waits_any_more(busy: Here) -> None:
    past = left(busy, rating(0))
    assert unread(past, busy.reader, ids(busy, 0), now() + timedelta(hours=23)).after
    assert not unread(past, busy.reader, ids(busy, 0), now() + timedelta(hours=25)).after


def test_what_never_arrived_is_not_waited_for(busy: Here) -> None:
    """The run died when it had written down that it sends, and before it did."""
    plan = busy.plan(rating(0, 1))
    journal = RunJournal(busy.state, "sandbox", lambda: now().isoformat(timespec="seconds"))
    journal.begin(plan)
    live = busy.live(busy.desired(rating(0, 1)))
    journal.checked(replace(plan, rounds=schedule(plan.changes, live.tags, plan.features)), live)
    journal.sending(1)
    runs = Runs(busy.state)
    (run,) = overlapping(runs, "sandbox", ids(busy, 0))
    assert run.unfinished
    assert not unread(runs.past(run), busy.reader, ids(busy, 0, 1), now()).after
    busy.tools().writer.update_assets(sorted(ids(busy, 0, 1)), {Field.RATING: 4})
    assert unread(runs.past(run), busy.reader, ids(busy, 0, 1), now()).after.keys() == ids(busy, 0, 1)


# -- with queues -------------------------------------------------------------------------------------------


def test_somebody_elses_pause_with_jobs_behind_it_is_seen(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        assert held_up(place.reader) == ""
        place.library.queues.pause("sidecar")
        assert held_up(place.reader) == "", "nothing waits for it"
        left(place, rating(0, 1))
        assert held_up(place.reader) == "somebody else keeps sidecar paused, with 2 jobs in it"
        place.library.queues.resume("sidecar")
        place.settled()
        assert held_up(place.reader) == ""
