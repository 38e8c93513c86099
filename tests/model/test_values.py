"""When two values are the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.model.values import Taken, same_taken

NOON = datetime(2024, 6, 12, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (120, 120, True),
        (120, 60, False),
        (120, None, False),
        (0, None, True),  # the release of 2.5.6 forgets a zone of zero, and shows such dates by that clock
        (None, None, True),
    ],
)
def test_dates_are_the_same_where_the_moment_and_the_clock_are(
    one: int | None, other: int | None, same: bool
) -> None:
    assert same_taken(Taken(NOON, one), Taken(NOON, other)) is same
    assert same_taken(Taken(NOON, other), Taken(NOON, one)) is same
    assert not same_taken(Taken(NOON, one), Taken(NOON + timedelta(minutes=1), other))
