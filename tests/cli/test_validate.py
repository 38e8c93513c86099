"""The command immich-validate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.validate import main

FINE = "tags: [value: a]\nassets:\n  - match: { file: a.jpg }\n    rating: 3\nalbums: [name: A, name: B]\n"
WRONG = "albums:\n  - nam: A\n    order: up\nassets:\n  - match: { file: '100%,a:b' }\n    rating: 9\n"
SAID = [
    "wrong.yaml:2:5: albums[0].nam: there is no key 'nam' here; did you mean 'name'?",
    "wrong.yaml:3:12: albums[0].order: 'up' is not one of asc, desc",
    "wrong.yaml:6:13: assets[0].rating: a rating is 1 to 5; write null for unrated; here is 9",
]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.yaml").write_text(FINE)
    (tmp_path / "sub").mkdir()
    (tmp_path / "wrong.yaml").write_text(WRONG)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_file_that_is_fine() -> None:
    result = run("fine.yaml")
    assert (result.exit_code, result.output) == (0, "fine.yaml: fine: 1 tag, 1 entry for photos, 2 albums\n")
    assert run("fine.yaml", "--quiet").output == ""


def test_every_error_and_a_summary() -> None:
    result = run()
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [*SAID, "3 errors in 1 file"]
    assert run("--quiet").exit_code == 2


def test_warnings_do_not_fail() -> None:
    Path("warned.yaml").write_text("tags: [{ value: a//b }]")
    result = run("warned.yaml")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "warned.yaml:1:17: tags[0].value: warning: a tag has no empty parts: 'a//b' is read as 'a/b'",
        "warned.yaml: fine: 1 tag, 0 entries for photos, 0 albums (1 warning)",
    ]


def test_json() -> None:
    result = run("--format", "json")
    found = json.loads(result.stdout)
    assert result.exit_code == 2 and found["version"] == 1
    assert found["problems"][2] == {
        "file": "wrong.yaml",
        "line": 6,
        "column": 13,
        "path": "assets[0].rating",
        "message": "a rating is 1 to 5; write null for unrated; here is 9",
        "severity": "error",
    }
    assert json.loads(run("fine.yaml", "--format", "json").stdout) == {"version": 1, "problems": []}


def test_annotations() -> None:
    Path("odd,%name.yaml").write_text("albums:\n  - name: a\n    order: '100%'\n")
    result = run("odd,%name.yaml", "--format", "github")
    assert result.exit_code == 2
    assert result.stdout == (
        "::error file=odd%2C%25name.yaml,line=3,col=12::albums[0].order: '100%25' is not one of asc, desc\n"
    )
    assert run("fine.yaml", "--format", "github").output == ""


def test_very_many_errors() -> None:
    Path("wrong.yaml").write_text("albums:\n" + "  - nam: x\n" * 150)
    lines = run("wrong.yaml").stdout.splitlines()
    assert lines[-2:] == ["and 50 more errors; mend these first", "more than 100 errors in 1 file"]
    assert json.loads(run("wrong.yaml", "--format", "json").stdout)["problems"][-1]["file"] is None


def test_a_text_cannot_steer_the_terminal() -> None:
    Path("wrong.yaml").write_text("albums:\n  - name: a\n    'x\u202ey': 1\n")
    assert "\u202e" not in run("wrong.yaml").stdout


def test_nothing_to_read() -> None:
    result = run("sub")
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        "sub:1:1: no *.yaml or *.yml file is in this folder or below it",
        "1 error in 1 file",
    ]


def test_as_a_program_with_nothing_in_its_environment() -> None:
    command = [sys.executable, "-m", "reconciler.cli.validate"]
    program = "from reconciler.cli.validate import main; main()"
    command = [sys.executable, "-c", program, "wrong.yaml"]
    result = subprocess.run(command, capture_output=True, text=True, env={}, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (2, "")
    assert result.stdout.splitlines() == [*SAID, "3 errors in 1 file"]


def test_help_has_examples_and_loads_nothing_heavy() -> None:
    assert "Examples:\n" in run("--help").output
    program = "import sys, reconciler.cli.validate; print(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(result.stdout.split())
    assert not loaded & {"yaml", "jsonschema", "tzfpy", "rich", "requests", "flask", "reconciler.config"}
