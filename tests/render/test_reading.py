"""How a plan was read, in words."""

from __future__ import annotations

from reconciler.live.meter import Took
from reconciler.live.plan import ReadingPlan, What, read
from reconciler.render.reading import reading_text


def test_every_kind_of_read_has_a_title() -> None:
    plan = ReadingPlan(tuple(read(what, f"about {what.value}") for what in What))
    text = reading_text(plan, lambda _number: Took())
    for what in What:
        assert f"about {what.value}" in text
