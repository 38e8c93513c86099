"""How long it takes: in the range that was measured on real servers, and said so that nobody is misled."""

from __future__ import annotations

import pytest

from reconciler.diff.changes import Changes, Comparison
from reconciler.model.live import Features
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.plan.estimate import Duration, duration
from reconciler.render.words import time_span
from tests.render import plans as made


def ten_thousand(*, features: Features | None = None, dates: bool = False) -> Plan:
    field, before, after = (
        (Field.TAKEN, None, made.taken("2024-06-13 11:00:00")) if dates else (Field.RATING, None, 4)
    )
    assets = tuple(made.change(f"p-{n}", (field, before, after, 1)) for n in range(10_000))
    return made.plan(Comparison(Changes(assets=assets)), features)


def test_ten_thousand_photos_take_as_long_as_measured() -> None:
    """5 min, and 12 where the files move (PERFORMANCE 2.6)."""
    spent = ten_thousand().cost.duration
    assert spent.least <= 300 <= spent.most and spent.most <= 15 * 60
    moving = ten_thousand(features=Features(storage_template=True), dates=True).cost.duration
    assert moving.least <= 12 * 60 <= moving.most
    assert moving.least > spent.least


def test_tags_are_dear() -> None:
    """10,000 tagged photos keep the server busy for 28.6 s before the jobs begin (PERFORMANCE 2.5)."""
    assets = tuple(made.change(f"p-{n}", add=((made.ITALY, 1),)) for n in range(10_000))
    tagged = made.plan(Comparison(Changes(assets=assets))).cost.duration
    rated = ten_thousand().cost.duration
    assert 10 < tagged.least - rated.least < 29 < tagged.most - rated.most


def test_each_round_has_its_waits_and_more_without_an_admin() -> None:
    one, three = made.problems().cost.duration, made.rounds().cost.duration
    assert one.least >= 2 and three.least >= 2 * (2 + 15)


def test_albums_alone_take_next_to_nothing() -> None:
    assert made.albums_only().cost.duration.most <= 1
    assert duration((), Features()) == Duration(0, 0)


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (0, 0, "less than a minute"),
        (6, 31, "less than a minute"),
        (20, 100, "up to 2 min"),
        (150, 610, "2 to 10 min"),
        (90, 90, "about 2 min"),
        (1500, 6000, "25 min to 1.5 h"),
        (9000, 36000, "2.5 to 10 h"),
        (90000, 360000, "25 to 100 h"),
    ],
)
def test_as_words(least: int, most: int, text: str) -> None:
    assert time_span(least, most) == text
