"""Workflow commands."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings

from reconciler.diff.changes import Changes, Comparison
from reconciler.model.origin import Origin, Problem, Severity
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.render.annotations import SHOWN, github, github_plan
from reconciler.render.code_quality import gitlab, gitlab_plan
from tests.render import plans as made
from tests.render.strategies import plans

COMMAND = re.compile(r"::(error|warning|notice)( file=[^,:]*,line=\d+(,col=\d+)?)?::[^\r\n]*")


def test_a_problem_is_told_at_its_place() -> None:
    problem = Problem("'owner' is not one of viewer, editor", Origin("a.yaml", 14, 5), "albums[2].role")
    assert github([problem]) == (
        "::error file=a.yaml,line=14,col=5::albums[2].role: 'owner' is not one of viewer, editor\n"
    )


def test_a_file_is_named_as_git_names_it() -> None:
    assert github([Problem("odd", Origin("./a.yaml", 3))]) == "::error file=a.yaml,line=3,col=1::odd\n"


def test_warnings_are_warnings_and_no_place_is_no_place() -> None:
    assert github([Problem("odd", severity=Severity.WARNING)]) == "::warning::odd\n"
    assert github([]) == ""


def test_everything_that_means_something_is_escaped() -> None:
    problem = Problem("100%\nof a,b: c\r\n::stop-commands::x\r\x1b[2J", Origin("a,b:c%\n.yaml", 1, 2))
    assert github([problem]) == (
        "::error file=a%2Cb%3Ac%25 ⏎ .yaml,line=1,col=2::100%25%0Aof a,b: c%0A::stop-commands::x\\r\\x1b[2J\n"
    )


def test_of_each_kind_as_many_as_are_shown_and_the_last_tells_of_the_rest() -> None:
    lines = github_plan(made.many(SHOWN + 7, alike=False)).splitlines()
    assert len(lines) == SHOWN
    assert lines[-1].startswith(
        '::notice::8 more lines with changes:%0Afamily.yaml:10: 1 photo: description → "Cap'
    )
    assert lines[-1].endswith('%0Afamily.yaml:17: 1 photo: description → "Caption 17"')
    assert len(github_plan(made.many(SHOWN, alike=False)).splitlines()) == SHOWN
    assert lines[-1].count("family.yaml") == 8


def test_a_thousand_lines_are_counted_but_not_all_told() -> None:
    last = github_plan(made.many(1_000, alike=False)).splitlines()[-1]
    assert last.endswith("%0Aand 941 more") and len(last) < 5_000


def test_many_errors_leave_room_for_warnings() -> None:
    problems = [Problem(f"wrong {n}", Origin("a.yaml", n, 2)) for n in range(1, 30)]
    odd = [Problem(f"odd {n}", Origin("a.yaml", n), severity=Severity.WARNING) for n in range(1, 4)]
    lines = github([*odd, *problems]).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * 9 + [lines[9].partition(" ")[0]] + [
        "::warning"
    ] * 3
    assert lines[9].startswith("::error::20 more errors:%0Aa.yaml:10: wrong 10%0A")


def test_what_removes_something_is_marked_before_what_changes_most() -> None:
    few = made.change("p-1", (Field.DESCRIPTION, "Ticket", "", 99))
    big = [made.change(f"q-{n}", (Field.RATING, None, 4, 98)) for n in range(50)]
    small = [made.change(f"p-{n}", (Field.DESCRIPTION, "", f"{n}", n)) for n in range(2, 40)]
    plan = made.plan(Comparison(Changes(assets=(few, *big, *small))))
    marked = [line for line in github_plan(plan).splitlines() if " file=" in line]
    assert len(marked) == SHOWN - 1
    assert "line=98::" in marked[-2] and "line=99::" in marked[-1]


def test_equal_photos_are_one_notice() -> None:
    assert github_plan(made.many(128, alike=True)) == (
        '::notice file=family.yaml,line=1::128 photos: description → "The same"\n'
    )


def test_a_report_for_gitlab() -> None:
    report = json.loads(gitlab_plan(made.family()))
    removing = [item for item in report if item["severity"] == "minor"]
    assert [item["location"]["lines"]["begin"] for item in removing] == [40, 41, 70, 72, 80]
    assert {item["severity"] for item in report} == {"minor", "info"}
    assert {item["location"]["path"] for item in report} == {"family.yaml"}
    assert json.loads(gitlab_plan(made.problems()))[0]["severity"] == "critical"
    assert json.loads(gitlab_plan(made.undone()))[0]["severity"] == "major"


def test_gitlab_knows_an_entry_again_where_only_its_line_has_moved() -> None:
    def marks(*lines: int) -> list[str]:
        report = json.loads(gitlab([Problem("twice", Origin("./a.yaml", line)) for line in lines]))
        assert {item["location"]["path"] for item in report} == {"a.yaml"}
        return [item["fingerprint"] for item in report]

    assert marks(3, 8) == marks(4, 20)
    assert len(set(marks(3, 8))) == 2


def test_gitlab_gets_a_file_for_everything() -> None:
    found = json.loads(gitlab([Problem("nowhere")], ["a.yaml"]))
    assert found[0]["location"] == {"path": "a.yaml", "lines": {"begin": 1}}
    assert json.loads(gitlab([])) == []


@settings(max_examples=60, deadline=None)
@given(plans())
def test_any_plan_is_a_report(plan: Plan) -> None:
    report = json.loads(gitlab_plan(plan))
    keys = {"description", "check_name", "fingerprint", "severity", "location"}
    assert all(item.keys() == keys for item in report)
    assert len({item["fingerprint"] for item in report}) == len(report)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_names_can_give_no_commands(plan: Plan) -> None:
    text = github_plan(plan)
    for line in text.split("\n")[:-1]:
        assert COMMAND.fullmatch(line), ascii(line)
    assert text.encode().decode() == text
