"""The declared dependencies are those that the code imports, and the commands start without them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest

from tests.packaging.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DATA_ONLY = {"tzdata"}
"""Never imported by name: `zoneinfo` reads its files where the system has none."""
PART_OF = {"werkzeug": "flask", "urllib3": "requests"}
"""Imported directly, and surely there: what they are the basis of needs them."""
HEAVY = {"requests", "flask", "rich", "jsonschema", "PIL", "deepdiff", "yaml", "tzfpy", "sqlite3", "orjson"}
COMMANDS = [entry.partition(":")[0] for entry in PROJECT["scripts"].values()]


def normal(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bare(requirement: str) -> str:
    """The name in a requirement such as `flask>=3.0`."""
    return normal(re.split(r"[<>=!~;\[( ]", requirement)[0])


def imported() -> set[str]:
    """The top modules that the package imports, wherever in a file."""
    found: set[str] = set()
    for path in (ROOT / "reconciler").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    return found - sys.stdlib_module_names - {"reconciler"}


def test_declared_is_what_is_imported() -> None:
    declared = {bare(text) for text in PROJECT["dependencies"]}
    provided = packages_distributions()
    used = {normal(provided[module][0]) for module in imported()}
    assert used - PART_OF.keys() == declared - DATA_ONLY


@pytest.mark.parametrize(("part", "whole"), PART_OF.items())
def test_a_part_comes_with_the_whole(part: str, whole: str) -> None:
    assert part in {bare(text) for text in requires(whole) or () if "extra ==" not in text}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_comes_without_anything_heavy(command: str) -> None:
    program = (
        "import sys\n"
        f"from {command} import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("Usage: ")
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert "click" in loaded
    assert not loaded & HEAVY


def test_the_example_of_a_heavy_import_would_be_noticed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, reconciler.sandbox.app\nprint('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert {name.partition(".")[0] for name in done.stdout.split()} >= {"flask", "orjson"}
