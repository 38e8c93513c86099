"""When a run begins and when the clock stops it: hours, longest duration, a quiet server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.apply.protocols import Deadline, Interruption, Limits
from reconciler.apply.queues.opening import NotNow, Opening, backlog, next_span, span_at
from reconciler.apply.run import apply_plan
from reconciler.config.values.times import read_hours
from reconciler.immich.answers import Queue
from reconciler.immich.writer import Writer
from reconciler.model.desired import Outside, WindowSettings
from reconciler.plan import PIPELINE
from reconciler.plan.report import Fate, Outcome
from reconciler.render.terminal_report import report_text
from reconciler.sandbox.settings import Pace
from tests.apply.support import Here, here, photos

ROME = ZoneInfo("Europe/Rome")
NIGHT = read_hours("01:00-06:00")
LATE = read_hours("22:30-05:00")
WISH: dict[str, Any] = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4, "tags": ["Sea"]}]}


def rome(text: str, fold: int = 0) -> datetime:
    """A moment by the clock in Rome, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ROME, fold=fold).astimezone(UTC)


# -- hours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "now", "inside"),
    [
        (NIGHT, "2026-01-15T00:59:59", False),
        (NIGHT, "2026-01-15T01:00", True),
        (NIGHT, "2026-01-15T05:59:59", True),
        (NIGHT, "2026-01-15T06:00", False),
        (LATE, "2026-01-15T22:29", False),
        (LATE, "2026-01-15T22:30", True),
        (LATE, "2026-01-16T00:00", True),
        (LATE, "2026-01-16T04:59", True),
        (LATE, "2026-01-16T05:00", False),
        (read_hours("22:00-24:00"), "2026-01-15T23:59", True),
        (read_hours("22:00-24:00"), "2026-01-16T00:00", False),
        (read_hours("23:00-22:30"), "2026-01-15T22:45", False),
        (read_hours("23:00-22:30"), "2026-01-15T12:00", True),
    ],
)
def test_inside_and_outside_of_the_hours(hours: Any, now: str, inside: bool) -> None:
    assert (span_at(hours, ROME, rome(now)) is not None) is inside


@pytest.mark.parametrize(
    ("hours", "now", "start", "end"),
    [
        (NIGHT, "2026-01-15T00:30", "2026-01-15T01:00", "2026-01-15T06:00"),
        (NIGHT, "2026-01-15T06:00", "2026-01-16T01:00", "2026-01-16T06:00"),
        (LATE, "2026-01-15T12:00", "2026-01-15T22:30", "2026-01-16T05:00"),
        # clocks are put forward at 02:00: the night is an hour shorter
        (NIGHT, "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-29T06:00"),
        # 02:30 doesn't exist that night
        (read_hours("02:30-05:00"), "2026-03-28T12:00", "2026-03-29T03:30", "2026-03-29T05:00"),
        # nothing of these hours is left that night
        (read_hours("02:30-03:10"), "2026-03-28T12:00", "2026-03-30T02:30", "2026-03-30T03:10"),
        # clocks are put back at 03:00: the night is an hour longer
        (NIGHT, "2026-10-24T12:00", "2026-10-25T01:00", "2026-10-25T06:00"),
    ],
)
def test_the_next_hours(hours: Any, now: str, start: str, end: str) -> None:
    found = next_span(hours, ROME, rome(now))
    assert (found.start, found.end) == (rome(start), rome(end))


def test_the_length_of_a_night_in_which_clocks_change() -> None:
    lengths = [next_span(NIGHT, ROME, rome(day)) for day in ("2026-03-28T12:00", "2026-10-24T12:00")]
    assert [span.end - span.start for span in lengths] == [timedelta(hours=4), timedelta(hours=6)]


def test_without_a_zone_the_machines_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        found = next_span(NIGHT, None, datetime(2026, 1, 15, 10, tzinfo=UTC))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found.start == datetime(2026, 1, 15, 16, tzinfo=UTC)


# -- beginning -------------------------------------------------------------------------------------------


def queue(name: str, **counts: int) -> Queue:
    numbers = {"active": 0, "waiting": 0, "delayed": 0, "paused_jobs": 0, "failed": 0, **counts}
    return Queue(name, False, **numbers)


def test_the_backlog_leaves_out_what_nobody_works_on() -> None:
    queues = [
        queue("sidecar", active=1, waiting=20, delayed=300, paused_jobs=4000, failed=50000),
        queue("notifications", delayed=7),
        queue("videoConversion", waiting=600000),
    ]
    assert backlog({item.name: item for item in queues}) == 600321


@dataclass
class Watch(Interruption):
    """A clock that nobody waits for: it is put forward instead."""

    at: datetime = field(default_factory=lambda: rome("2026-01-15T20:00"))
    naps: list[float] = field(default_factory=list)
    on_nap: Callable[[], object] = lambda: None

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> bool:
        slept = min(seconds, self.deadline.left) if self.deadline else seconds
        self.naps.append(slept)
        self.at += timedelta(seconds=slept)
        self.on_nap()
        return self.requested


@dataclass
class Told:
    """Remembers what was told."""

    stages: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def stage(self, text: str, total: int | None = None) -> None:
        del total
        self.stages.append(text)

    def advance(self, done: int) -> None:
        del done

    def say(self, text: str) -> None:
        self.said.append(text)


def opening(
    watch: Watch,
    told: Told,
    backlogs: Iterator[int] | None = None,
    **settings: Any,
) -> Opening:
    def queues() -> Mapping[str, Queue]:
        assert backlogs is not None
        return {"thumbnailGeneration": queue("thumbnailGeneration", waiting=next(backlogs))}

    return Opening(
        WindowSettings(timezone="Europe/Rome", **settings),
        queues if backlogs is not None else None,
        told,
        watch,
        Limits(),
        watch.now,
    )


def test_a_run_without_settings_begins_at_once_and_has_no_end() -> None:
    watch, told = Watch(), Told()
    assert not opening(watch, told).begin()
    assert watch.naps == [] and watch.deadline is None and told.stages == []


def test_outside_the_hours_it_waits_and_then_has_their_end() -> None:
    watch, told = Watch(), Told()
    assert opening(watch, told, hours=NIGHT, outside=Outside.WAIT).begin()
    assert watch.at == rome("2026-01-16T01:00")
    assert told.stages == ["waiting until 01:00 (Europe/Rome)"]
    assert watch.deadline and watch.deadline.at == rome("2026-01-16T06:00")
    assert watch.deadline.reason == "its hours ended at 06:00 (Europe/Rome)"
    assert max(watch.naps) <= 60, "a machine that was suspended notices soon"


def test_outside_the_hours_it_stops_with_the_way_out_where_it_shall_not_wait() -> None:
    watch = Watch()
    with pytest.raises(NotNow, match=r"20:00.*01:00-06:00 \(Europe/Rome\).*--outside wait.*--now"):
        opening(watch, Told(), hours=NIGHT).begin()
    assert watch.naps == []


@pytest.mark.parametrize(
    ("at", "settings", "aside"),
    [
        ("2026-01-15T20:00", {"hours": NIGHT, "outside": Outside.WAIT}, ["let go", "taken"]),
        ("2026-01-16T02:00", {"hours": NIGHT, "quiet": 5}, ["let go", "taken"]),
        ("2026-01-16T02:00", {"hours": NIGHT, "outside": Outside.WAIT}, []),
        ("2026-01-15T20:00", {"max_duration": 60.0}, []),
    ],
)
def test_others_may_go_in_between_while_it_waits(at: str, settings: dict[str, Any], aside: list[str]) -> None:
    watch, seen = Watch(at=rome(at)), []

    @contextmanager
    def let_go() -> Iterator[None]:
        seen.append("let go")
        assert watch.deadline is None
        yield
        assert watch.at >= rome("2026-01-16T01:00"), "it was taken again before the wait was over"
        seen.append("taken")

    begins = opening(watch, Told(), iter([9, *[0] * 5]), **settings)
    begins.aside = let_go
    begins.begin()
    begins.begin()
    assert seen == aside


def test_inside_the_hours_it_goes_on_and_a_shorter_duration_counts() -> None:
    watch = Watch(at=rome("2026-01-16T02:00"))
    assert not opening(watch, Told(), hours=NIGHT, max_duration=2700.0).begin()
    assert watch.deadline and watch.deadline.at == rome("2026-01-16T02:45")
    assert watch.deadline.reason == "its time of 45m was over"


def test_the_duration_counts_from_the_beginning_of_the_hours() -> None:
    watch = Watch()
    opening(watch, Told(), hours=NIGHT, outside=Outside.WAIT, max_duration=600.0).begin()
    assert watch.deadline and watch.deadline.at == rome("2026-01-16T01:10")


def test_a_person_ends_the_wait_for_the_hours() -> None:
    watch = Watch()
    watch.on_nap = watch.request
    opening(watch, Told(), hours=NIGHT, outside=Outside.WAIT).begin()
    assert len(watch.naps) == 1 and watch.requested and watch.reason == ""


def test_it_waits_once_for_all_passes() -> None:
    watch, told = Watch(), Told()
    made = opening(watch, told, hours=NIGHT, outside=Outside.WAIT)
    made.begin()
    watch.at = rome("2026-01-16T07:00")
    assert not made.begin() and watch.requested


def test_quiet_means_several_looks_in_a_row() -> None:
    watch, told = Watch(), Told()
    looks = [500, 90, 300, 100, 100, 100, 9999]
    made = opening(watch, told, iter(looks), quiet=100)
    made.begin()
    assert len(watch.naps) == 5
    assert told.stages and "at most 100 jobs" in told.stages[0]
    assert not watch.requested


def test_a_server_that_does_not_get_quiet_in_time() -> None:
    watch = Watch()
    assert opening(watch, Told(), iter([5000] * 10_000), quiet=100, max_duration=600.0).begin()
    assert watch.at == rome("2026-01-15T20:10") and watch.requested
    assert (
        watch.words == "stopped, as its time of 10m was over; the server was not quiet before (5,000 jobs),"
    )


def test_without_a_key_that_shows_the_queues_nobody_can_wait_for_quiet() -> None:
    with pytest.raises(NotNow, match="IMMICH_ADMIN_API_KEY"):
        opening(Watch(), Told(), quiet=100).begin()


# -- the end of the time -----------------------------------------------------------------------------------


def at_most(place: Here, monkeypatch: pytest.MonkeyPatch, writes: int) -> Interruption:
    """The time is up once so many writes were made."""
    made = []
    original = Writer._write

    def counted(writer: Writer, method: str, template: str, *args: Any, **more: Any) -> Any:
        answer = original(writer, method, template, *args, **more)
        if "queues" not in template:
            made.append(template)
        return answer

    monkeypatch.setattr(Writer, "_write", counted)
    start = datetime(2026, 1, 2, tzinfo=UTC)
    place.interruption = Interruption(
        Deadline(
            start + timedelta(hours=1),
            "its hours ended at 06:00 (Europe/Rome)",
            lambda: start + timedelta(hours=len(made) >= writes),
        )
    )
    return place.interruption


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_the_clock_stops_a_run_between_two_requests_and_the_next_one_finishes(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Pace(job_milliseconds={"sidecar": 200, "metadataExtraction": 200})
    with here(tmp_path, photos(6), version=version, pace=slow) as place:
        plan = place.plan(WISH)
        assert len(plan.rounds) == 2
        at_most(place, monkeypatch, 2)
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL
        assert [item.fate for item in report.operations] == [Fate.WRITTEN, Fate.WRITTEN, Fate.NOT_SENT]
        assert report.error == (
            "stopped, as its hours ended at 06:00 (Europe/Rome), 1 of 3 requests is left to the next run"
        )
        assert report.error in report_text(report, width=200, color=False)
        assert "before the server's jobs were done" in report.waiting
        assert place.paused() == set() and place.state.leases("sandbox") == ()
        assert any(place.library.queues.jobs(name) for name in PIPELINE), "nobody waited for the jobs"
        place.interruption = Interruption()
        place.settled()
        assert place.converge(WISH).outcome is Outcome.DONE
        assert not place.plan(WISH).changes


def test_a_run_that_has_written_everything_in_time_is_not_called_partial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4}]}
    slow = Pace(job_milliseconds={"sidecar": 200})
    with here(tmp_path, photos(6), pace=slow) as place:
        plan = place.plan(wish)
        at_most(place, monkeypatch, 1)
        report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED and report.error == ""
        assert report.waiting.startswith("stopped, as its hours ended at 06:00")


def test_a_run_whose_time_is_up_before_it_begins_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        at_most(place, monkeypatch, 0)
        place.clear()
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL and "3 of 3 requests are left" in report.error
        assert {item.fate for item in report.operations} == {Fate.NOT_SENT}
        assert place.library.requests.writes() == []


def test_a_person_who_stops_is_told_apart_from_the_clock(tmp_path: Path) -> None:
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        place.interruption.request()
        assert place.apply(plan).outcome is Outcome.INTERRUPTED


def test_the_run_waits_by_itself_wherever_it_is_started_from(tmp_path: Path) -> None:
    """Undoing and resuming keep the hours too."""
    with here(tmp_path, photos(3)) as place:
        plan = place.plan(WISH)
        watch = Watch()
        tools = place.tools()
        place.clear()
        with pytest.raises(NotNow):
            apply_plan(
                plan,
                replace(tools, interruption=watch, opening=opening(watch, Told(), hours=NIGHT)),
                saved=False,
            )
        assert place.library.requests.writes() == []
        late = opening(watch, Told(), hours=NIGHT, outside=Outside.WAIT)
        fast = replace(tools, opening=late)  # the run itself waits for the server's jobs by the real clock
        assert apply_plan(plan, fast, saved=False).outcome is Outcome.DONE
        assert watch.at == rome("2026-01-16T01:00")
