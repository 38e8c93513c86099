"""What holds of every text for the terminal, whatever names and captions hold."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.plan import Plan
from reconciler.plan.report import Outcome, Report
from reconciler.render.terminal import BLOCKS, plan_text
from reconciler.render.terminal_report import report_text
from tests.render import plans as made
from tests.render.strategies import plans, reports

ANSI = re.compile(r"\x1b\[[0-9;]*m")
many_shapes = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
widths = st.integers(60, 140)


def check(text: str, width: int) -> None:
    assert text.endswith("\n")
    lines = text.split("\n")[:-1]
    for line in lines:
        assert line == line.rstrip(), ascii(line)
        assert cell_len(line) <= width, ascii(line)
        for letter in line:
            assert unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp"), ascii(line)
            assert unicodedata.category(letter) != "Cf" or letter in "\u200c\u200d", ascii(line)
    assert not re.search("\u200d{2}|[\u0300-\u036f]{5}", text)
    text.encode()


@many_shapes
@given(plans(), widths, st.booleans())
@example(made.hostile(), 60, False)
@example(made.hostile(), 60, True)
def test_a_plan_keeps_to_its_lines_and_steers_no_terminal(plan: Plan, width: int, full: bool) -> None:
    text = plan_text(plan, width=width, color=False, full=full)
    check(text, width)
    assert plan_text(plan, width=width, color=False, full=full) == text
    assert ANSI.sub("", plan_text(plan, width=width, color=True, full=full)) == text


@many_shapes
@given(reports(), widths)
def test_a_report_keeps_to_its_lines_and_steers_no_terminal(report: Report, width: int) -> None:
    text = report_text(report, width=width, color=False)
    check(text, width)
    assert ANSI.sub("", report_text(report, width=width, color=True)) == text


def test_colours_are_used_where_they_are_wanted() -> None:
    assert "\x1b[32m+\x1b[0m" in plan_text(made.family(), width=100, color=True)


def test_nothing_is_one_line() -> None:
    text = plan_text(made.nothing(), width=100, color=False)
    assert text == "Nothing to do: the server is as the files say.\n"


def test_nothing_is_not_said_of_a_plan_with_problems() -> None:
    plan = made.problems()
    without = Plan(plan.identity, problems=plan.problems)
    assert "Nothing to do" not in plan_text(without, width=100, color=False)


def test_markup_in_names_is_shown_and_not_followed() -> None:
    text = plan_text(made.hostile(), width=100, color=True)
    assert "[bold red]not markup[/] :smile:" in text


def test_full_names_every_photo_and_otherwise_some() -> None:
    plan = made.family()
    folded, full = (plan_text(plan, width=100, color=False, full=full) for full in (False, True))
    assert "and 123 more" in folded
    assert "IMG_0128.jpg" not in folded
    assert "more" not in full.replace("and more", "")
    for number in range(1, 129):
        assert f"IMG_{number:04d}.jpg" in full


def test_full_shows_whole_captions_and_otherwise_what_differs() -> None:
    plan = made.long_texts()
    folded, full = (plan_text(plan, width=80, color=False, full=full) for full in (False, True))
    assert made.LONG.replace("\n", " ⏎ ") in " ".join(full.split())
    assert "We left before sunrise" not in folded.split("28 photos")[0]
    assert 'the tripod."' in folded
    assert 'the camera."' in folded


def test_many_different_photos_are_folded_with_a_count() -> None:
    text = plan_text(made.many(BLOCKS + 300, alike=False), width=100, color=False)
    assert "and 300 more photos with description (--full shows them)" in text
    assert text.count("description  none") == BLOCKS
    full = plan_text(made.many(BLOCKS + 300, alike=False), width=100, color=False, full=True)
    assert full.count("description  none") == BLOCKS + 300


def test_many_equal_photos_are_one_block() -> None:
    text = plan_text(made.many(20_000, alike=True), width=100, color=False)
    assert '~ 20,000 photos: description → "The same"   family.yaml:1' in text
    assert len(text.splitlines()) < 15


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (Report(Outcome.NOTHING), "Nothing to do"),
        (Report(Outcome.STALE, error="applied already"), "applied already"),
        (Report(Outcome.INTERRUPTED), "nothing was written"),
        (Report(Outcome.UNSETTLED), "was not tried again"),
        (made.interrupted_report(), "30 of 33 requests went through"),
        (made.unsettled_report(), "10 changes did not last"),
        (made.waiting_report(), "not known whether"),
        (made.partial_report(), "1 of 4 requests went through"),
    ],
)
def test_the_last_line_is_the_verdict(report: Report, words: str) -> None:
    assert words in report_text(report, width=200, color=False).splitlines()[-1]


def test_every_failure_is_told_however_many_requests_there_were() -> None:
    text = report_text(made.interrupted_report(), width=100, color=False)
    assert text.count("not sent") == 3
    assert "written  " not in text


def test_a_queue_that_stays_paused_is_told_in_the_verdict_too() -> None:
    text = report_text(made.partial_report(), width=200, color=False)
    assert "given back" not in text
    assert "Administration > Job Queues" in text
    assert text.splitlines()[-1].endswith("A queue is still paused, see above.")
