"""Every message: one folder for each case, with the file and what is said about it.

To add one, make a folder with an in.yaml, run the test, and check by eye what expected.txt should hold.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.model.origin import InvalidFiles, Problem, Severity

CASES = sorted(path.name for path in (Path(__file__).parent / "errors").iterdir())


def told(problem: Problem) -> str:
    return f"warning: {problem}" if problem.severity is Severity.WARNING else str(problem)


@pytest.mark.parametrize("case", CASES)
def test_what_is_said(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).parent / "errors" / case
    monkeypatch.chdir(folder)
    try:
        found = load(["in.yaml"]).problems
        assert all(problem.severity is Severity.WARNING for problem in found)
    except InvalidFiles as error:
        found = error.problems
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    assert expected.strip(), "a case says something"
    assert "".join(told(problem) + "\n" for problem in found) == expected


def test_no_message_shows_a_secret() -> None:
    secrets = 0
    for case in CASES:
        folder = Path(__file__).parent / "errors" / case
        secrets += "5ecr3t" in (folder / "in.yaml").read_text(encoding="utf-8")
        assert "5ecr3t" not in (folder / "expected.txt").read_text(encoding="utf-8"), case
    assert secrets >= 5
