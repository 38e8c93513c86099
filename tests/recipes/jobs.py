"""Runs the shell steps of a workflow as a runner would: in order, until one fails, and `always()` after it.

Steps with `uses:` are other people's; of these only the passing on of files is played.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

Conditions = Mapping[str, bool]
"""What holds of the conditions that a workflow asks; one that isn't here is an error of the test."""


@dataclass
class Outcome:
    """How a job ended and what its steps printed, by their names."""

    code: int = 0
    said: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.said.values())


@dataclass
class Runner:
    """A checkout with an environment; `artifacts` is where jobs leave files for each other."""

    folder: Path
    env: dict[str, str]
    artifacts: Path
    expressions: dict[str, str] = field(default_factory=dict)
    around: Callable[[str, subprocess.Popen[str]], None] | None = None
    """Told of each step's process once it runs."""

    def sh(
        self, name: str, script: str, env: Mapping[str, str], *, shell: tuple[str, ...]
    ) -> tuple[int, str]:
        """Runs one script; what it prints and how it ends."""
        process = subprocess.Popen(
            [*shell, script],
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if self.around:
            self.around(name, process)
        said, _ = process.communicate(timeout=120)
        assert "Traceback" not in said, said
        return process.returncode, said

    def filled(self, value: object) -> str:
        """A text of a workflow with its expressions filled in."""
        return _EXPRESSION.sub(lambda found: self.expressions[found[1]], str(value))


def actions(runner: Runner, workflow: Path, job: str, holds: Conditions) -> Outcome:
    """Runs a job of GitHub's or Forgejo's kind."""
    found: dict[str, Any] = yaml.safe_load(workflow.read_text("utf-8"))["jobs"][job]
    outcome = Outcome()
    env = {name: runner.filled(value) for name, value in found.get("env", {}).items()}
    steps(runner, found["steps"], env, holds, outcome)
    return outcome


def steps(
    runner: Runner, found: list[dict[str, Any]], env: Mapping[str, str], holds: Conditions, outcome: Outcome
) -> None:
    """Runs steps into an outcome."""
    for number, step in enumerate(found):
        condition = step.get("if")
        if not (condition == "always()" or (not outcome.code and (condition is None or holds[condition]))):
            continue
        if "uses" in step:
            _uses(runner, step)
            continue
        name = step.get("name", str(number))
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
        more = {key: runner.filled(value) for key, value in step.get("env", {}).items()}
        code, outcome.said[name] = runner.sh(name, runner.filled(step["run"]), {**env, **more}, shell=shell)
        outcome.code = outcome.code or code


def _uses(runner: Runner, step: Mapping[str, Any]) -> None:
    action = step["uses"].partition("@")[0]
    options = {key: runner.filled(value) for key, value in step.get("with", {}).items()}
    match action:
        case "actions/upload-artifact":
            kept = runner.artifacts / options["name"]
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            for name in options["path"].split():
                if (runner.folder / name).exists():
                    shutil.copy(runner.folder / name, kept)
        case "actions/download-artifact":
            shutil.copytree(runner.artifacts / options["name"], runner.folder, dirs_exist_ok=True)
        case _:
            assert action in ("actions/checkout", "actions/setup-python", "YOUR-NAME/immich-reconciler")


def gitlab(runner: Runner, job: str, state: Path) -> Outcome:
    """Runs a job of GitLab's kind: its script in one shell, then what comes after in another."""
    text = (CI / "gitlab" / ".gitlab-ci.yml").read_text("utf-8")
    whole: dict[str, Any] = yaml.safe_load(text.replace("/var/lib/immich-reconciler", str(state)))
    found: dict[str, Any] = whole[job]
    outcome = Outcome()
    env: dict[str, str] = {}
    for name, value in {**whole["variables"], **found.get("variables", {})}.items():
        env[name] = re.sub(r"\$(\w+)", lambda at: {**runner.env, **env}[at[1]], value)
    for part in ("script", "after_script"):
        lines = "\n".join(found.get(part, ()))
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
        code, outcome.said[part] = runner.sh(part, lines, env, shell=shell)
        outcome.code = outcome.code or (code if part == "script" else 0)
    return outcome


def path_with_commands() -> str:
    """The PATH with the commands of this Python's environment first."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
