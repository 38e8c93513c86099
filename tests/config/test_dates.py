"""Dates: spans for selectors, moments for photos."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.values.dates import BadDate, Span, read_span, read_taken
from reconciler.config.values.periods import read_period
from reconciler.model.values import Taken

D = datetime
ROME = ZoneInfo("Europe/Rome")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", D(2024, 1, 1), D(2025, 1, 1)),
        ("2024-06", D(2024, 6, 1), D(2024, 7, 1)),
        ("2024-12", D(2024, 12, 1), D(2025, 1, 1)),
        ("2024-02-29", D(2024, 2, 29), D(2024, 3, 1)),
        ("2024-6-2", D(2024, 6, 2), D(2024, 6, 3)),
        ("2024-06-12T20:41", D(2024, 6, 12, 20, 41), D(2024, 6, 12, 20, 42)),
        ("2024-06-12 20:41", D(2024, 6, 12, 20, 41), D(2024, 6, 12, 20, 42)),
        ("2024-06-12T23:59:59", D(2024, 6, 12, 23, 59, 59), D(2024, 6, 13)),
        ("2024-06-12T20:41:07.25", D(2024, 6, 12, 20, 41, 7, 250000), D(2024, 6, 12, 20, 41, 7, 251000)),
        ("2024-06-08..2024-06-15", D(2024, 6, 8), D(2024, 6, 16)),
        (" 2023 .. 2024-06 ", D(2023, 1, 1), D(2024, 7, 1)),
        ("2024..", D(2024, 1, 1), None),
        ("..2024", None, D(2025, 1, 1)),
        ("2024-06-12T20:41..2024-06-12T20:41", D(2024, 6, 12, 20, 41), D(2024, 6, 12, 20, 42)),
        ("9999", D(9999, 1, 1), None),
        ("9999-12-31T23:59:59", D(9999, 12, 31, 23, 59, 59), None),
        ("0001", D(1, 1, 1), D(2, 1, 1)),
    ],
)
def test_a_span_covers_both_ends_by_their_precision(text: str, start: D | None, end: D | None) -> None:
    assert read_span(text) == Span(start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024-06-12T20:41+02:00", D(2024, 6, 12, 18, 41), D(2024, 6, 12, 18, 42)),
        ("2024-06-12T20:41:00Z", D(2024, 6, 12, 20, 41), D(2024, 6, 12, 20, 41, 1)),
        ("2024-06-12T20:41-0330", D(2024, 6, 13, 0, 11), D(2024, 6, 13, 0, 12)),
        ("2024-06-12T20:41-03", D(2024, 6, 12, 23, 41), D(2024, 6, 12, 23, 42)),
    ],
)
def test_with_an_offset_it_is_an_instant(text: str, start: D, end: D) -> None:
    assert read_span(text) == Span(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    ["", "..", "...", "20", "2024-", "2024-06-", "2024-13", "2024-00", "2023-02-29", "1900-02-29",
     "2024-06-31", "2025..2024", "2024-06-12T10:00..2024-06-12T09:59", "2024-06-12T", "2024-06-12T20",
     "2024-06-12T24:00", "2024-06-12T20:60", "2024-06-12T20:41:60", "2024-06-12+02:00", "２０２４",
     "2024-06-12T20:41+14:01",
     "2024-06-12T20:41+02:00..2024", "a..b", "2024..2025..2026", "2024/06/12", "0000",
     "0001-01-01T00:00+01:00"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(BadDate):
        read_span(text)


@pytest.mark.parametrize(
    ("text", "instant", "offset"),
    [
        ("2024-06-12T20:41:00+02:00", D(2024, 6, 12, 18, 41), 120),
        ("2024-06-12T20:41+02:00", D(2024, 6, 12, 18, 41), 120),
        ("2024-06-12 20:41:00 +0200", D(2024, 6, 12, 18, 41), 120),
        ("2024-06-12T20:41:00Z", D(2024, 6, 12, 20, 41), 0),
        ("2024-06-12T20:41:00-03:30", D(2024, 6, 13, 0, 11), -210),
        ("2024-06-12T20:41:00+14:00", D(2024, 6, 12, 6, 41), 840),
        ("2024-06-12T20:41:00.1239+02:00", D(2024, 6, 12, 18, 41, 0, 123000), 120),
        ("2024-06-12T20:41:00", D(2024, 6, 12, 18, 41), 120),
        ("2024-01-12T20:41:00", D(2024, 1, 12, 19, 41), 60),
        ("2024-10-27T03:00:00", D(2024, 10, 27, 2, 0), 60),
    ],
)
def test_taken(text: str, instant: D, offset: int) -> None:
    assert read_taken(text, ROME) == Taken(instant.replace(tzinfo=UTC), offset)


def test_an_hour_that_came_twice_or_never() -> None:
    with pytest.raises(
        BadDate, match=r"came twice .* 2024-10-27T02:30:00\+02:00 or 2024-10-27T02:30:00\+01:00"
    ):
        read_taken("2024-10-27T02:30:00", ROME)
    with pytest.raises(BadDate, match=r"no such time .* 2024-03-31T02:30:00\+01:00 \(03:30 there\)"):
        read_taken("2024-03-31T02:30:00", ROME)


@given(st.datetimes(min_value=D(1900, 1, 1), max_value=D(2100, 1, 1)), st.integers(-840, 840))
def test_what_a_moment_says_of_itself_is_read_back(local: D, offset: int) -> None:
    taken = read_taken(str(Taken(local.replace(microsecond=0, tzinfo=UTC), offset)), None)
    assert taken == Taken(local.replace(microsecond=0, tzinfo=UTC), offset)


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}T[0-9]{2}:[0-9]{2}[-+0-9:.]*"))
def test_any_text_is_a_date_or_says_why_not(text: str) -> None:
    for zone in (None, ROME, ZoneInfo("Africa/Monrovia")):
        for read in (read_span, lambda given, zone=zone: read_taken(given, zone)):
            try:
                read(text)
            except BadDate as error:
                assert str(error)


@pytest.mark.parametrize(
    ("text", "today", "means"),
    [
        ("last 1 month", date(2024, 3, 31), "2024-03-01..2024-03-31"),
        ("last 1 month", date(2023, 3, 31), "2023-03-01..2023-03-31"),
        ("last 1 month", date(2023, 5, 31), "2023-05-01..2023-05-31"),
        ("last 1 month", date(2024, 3, 15), "2024-02-16..2024-03-15"),
        ("last 12 months", date(2024, 2, 29), "2023-03-01..2024-02-29"),
        ("Last 2  Years", date(2024, 1, 1), "2022-01-02..2024-01-01"),
        ("last 1 day", date(2024, 3, 1), "2024-03-01..2024-03-01"),
        ("last 2 weeks", date(2024, 3, 1), "2024-02-17..2024-03-01"),
        ("today", date(2024, 2, 29), "2024-02-29..2024-02-29"),
        ("this month", date(2024, 12, 31), "2024-12-01..2024-12-31"),
        ("this month", date(2024, 2, 1), "2024-02-01..2024-02-29"),
        ("this year", date(2024, 12, 31), "2024-01-01..2024-12-31"),
    ],
)
def test_what_is_counted_back_ends_today_and_begins_the_day_after_that_day_of_the_calendar(
    text: str, today: date, means: str
) -> None:
    """Where an earlier month has no such day, it is counted from its last one."""
    assert str(read_period(text, lambda: today)) == means


@pytest.mark.parametrize("text", ["last 0 days", "last 99999 years", "last month", "yesterday", "3 days ago"])
def test_what_is_no_period_is_told(text: str) -> None:
    with pytest.raises(BadDate):
        read_period(text, lambda: date(2024, 3, 1))
