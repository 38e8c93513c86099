"""Mistakes in the files, in the forms that mark lines: by immich-validate, and by immich-plan as well."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler.cli import plan, validate

WRONG = "albums:\n  - name: Italy\n    odrer: asc\n"


@pytest.mark.parametrize("command", [plan.main, validate.main], ids=["plan", "validate"])
def test_mistakes_are_marked(command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(WRONG, "utf-8")
    github = CliRunner().invoke(command, ["a.yaml", "--format", "github"])
    assert github.exit_code == 2
    assert github.stdout.startswith("::error file=a.yaml,line=3,col=5::albums[0].odrer: ")
    gitlab = CliRunner().invoke(command, ["a.yaml", "--format", "gitlab"])
    assert gitlab.exit_code == 2
    (entry,) = json.loads(gitlab.stdout)
    assert entry["severity"] == "critical"
    assert entry["location"] == {"path": "a.yaml", "lines": {"begin": 3}}


def test_files_without_mistakes_are_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("albums:\n  - name: Italy\n", "utf-8")
    fine = CliRunner().invoke(validate.main, [str(tmp_path), "--format", "gitlab"])
    assert fine.exit_code == 0 and json.loads(fine.stdout) == []
