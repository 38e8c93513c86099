"""Workflow commands."""

from __future__ import annotations

import re

from hypothesis import given, settings

from reconciler.model.origin import Origin, Problem, Severity
from reconciler.plan import Plan
from reconciler.render.annotations import NOTICES, github, github_plan
from tests.render import plans as made
from tests.render.strategies import plans

COMMAND = re.compile(r"::(error|warning|notice)( file=[^,:]*,line=\d+(,col=\d+)?)?::[^\r\n]*")


def test_a_problem_is_told_at_its_place() -> None:
    problem = Problem("'owner' is not one of viewer, editor", Origin("a.yaml", 14, 5), "albums[2].role")
    assert github([problem]) == (
        "::error file=a.yaml,line=14,col=5::albums[2].role: 'owner' is not one of viewer, editor\n"
    )


def test_warnings_are_warnings_and_no_place_is_no_place() -> None:
    assert github([Problem("odd", severity=Severity.WARNING)]) == "::warning::odd\n"
    assert github([]) == ""


def test_everything_that_means_something_is_escaped() -> None:
    problem = Problem("100%\nof a,b: c\r\n::stop-commands::x\r\x1b[2J", Origin("a,b:c%\n.yaml", 1, 2))
    assert github([problem]) == (
        "::error file=a%2Cb%3Ac%25 ⏎ .yaml,line=1,col=2::100%25%0Aof a,b: c%0A::stop-commands::x\\r\\x1b[2J\n"
    )


def test_changes_are_told_once_for_each_line_up_to_a_limit() -> None:
    lines = github_plan(made.many(NOTICES + 7, alike=False)).splitlines()
    assert len(lines) == NOTICES + 1
    assert lines[-1] == "::notice::7 more lines with changes not shown here; the whole plan has them all"
    assert len(github_plan(made.many(NOTICES, alike=False)).splitlines()) == NOTICES


def test_equal_photos_are_one_notice() -> None:
    assert github_plan(made.many(128, alike=True)) == (
        '::notice file=family.yaml,line=1::128 photos: description → "The same"\n'
    )


@settings(max_examples=60, deadline=None)
@given(plans())
def test_names_can_give_no_commands(plan: Plan) -> None:
    text = github_plan(plan)
    for line in text.split("\n")[:-1]:
        assert COMMAND.fullmatch(line), ascii(line)
    assert text.encode().decode() == text
