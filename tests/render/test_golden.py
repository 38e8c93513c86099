"""Texts as people see them, kept as files. After a wanted change: UPDATE_GOLDEN=1 pytest tests/render."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.render.annotations import github_plan
from reconciler.render.documents import report_bytes
from reconciler.render.markdown import plan_markdown
from reconciler.render.terminal import plan_text
from reconciler.render.terminal_report import report_text
from tests.render.plans import PLANS, REPORTS, family

GOLDEN = Path(__file__).parent / "golden"


def check(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PLANS))
def test_plans(name: str) -> None:
    check(f"plan.{name}.txt", plan_text(PLANS[name](), width=100, color=False))


@pytest.mark.parametrize("name", ["family", "long_texts", "undone"])
def test_plans_on_a_narrow_terminal(name: str) -> None:
    check(f"plan.{name}.60.txt", plan_text(PLANS[name](), width=60, color=False))


@pytest.mark.parametrize("name", ["family", "long_texts"])
def test_plans_in_full(name: str) -> None:
    check(f"plan.{name}.full.txt", plan_text(PLANS[name](), width=100, color=False, full=True))


def test_a_plan_in_colour() -> None:
    check("plan.family.ansi", plan_text(family(), width=100, color=True))


@pytest.mark.parametrize("name", ["family", "hostile", "problems", "undone"])
def test_comments(name: str) -> None:
    check(f"plan.{name}.md", plan_markdown(PLANS[name]()))


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_reports(name: str) -> None:
    check(f"report.{name}.txt", report_text(REPORTS[name](), width=100, color=False))


def test_a_report_as_json() -> None:
    check("report.partial.json", report_bytes(REPORTS["partial"](), family()).decode())


@pytest.mark.parametrize("name", ["family", "hostile", "problems", "undone"])
def test_annotations(name: str) -> None:
    check(f"plan.{name}.github.txt", github_plan(PLANS[name]()))
