"""The rooms and who may import whom; the layout is part of the design."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "reconciler"
ORDER = ["model", "config", "immich", "live", "diff", "plan", "render", "apply"]
"""A room imports from those before it. `cli` sees all and is seen by none; `sandbox` sees nobody."""


def imports(path: Path) -> set[str]:
    """Every module of this project that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("reconciler.")} - {"reconciler.__version__"}


def files(room: str) -> list[Path]:
    found = sorted((PACKAGE / room).rglob("*.py"))
    assert found, f"room {room} is empty"
    return found


def rooms_of(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names}


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_only_from_rooms_before_it(room: str) -> None:
    allowed = {*ORDER[: ORDER.index(room) + 1]}
    for path in files(room):
        assert rooms_of(imports(path)) <= allowed, path


def test_the_sandbox_cannot_share_the_engines_mistakes() -> None:
    for path in files("sandbox"):
        assert rooms_of(imports(path)) <= {"sandbox"}, path


def test_nobody_imports_the_command_line() -> None:
    for room in [*ORDER, "sandbox"]:
        for path in files(room):
            assert "cli" not in rooms_of(imports(path)), path


def test_there_are_no_other_rooms() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == {*ORDER, "cli", "sandbox"}


def test_only_apply_imports_the_writer() -> None:
    for room in [*ORDER, "sandbox"]:
        if room in ("apply", "immich"):
            continue
        for path in files(room):
            assert "reconciler.immich.writer" not in imports(path), path
    for path in files("immich"):
        assert path.name == "writer.py" or "reconciler.immich.writer" not in imports(path), path


def test_planning_cannot_reach_the_writer() -> None:
    """Nothing that a plan is made with imports the writer, however many steps away."""
    reached: set[str] = set()
    waiting = ["reconciler.config", "reconciler.live.read", "reconciler.immich.reader"]
    waiting += ["reconciler.diff.compare", "reconciler.plan.plan"]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        path = PACKAGE.parent / Path(*name.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.exists():
                waiting += imports(candidate)
    assert "reconciler.immich.transport" in reached
    assert not {name for name in reached if name.startswith("reconciler.immich.writer")}
    assert not {name for name in reached if name.startswith("reconciler.apply")}


def test_diff_and_plan_are_pure() -> None:
    """No I/O, no clock, no randomness: the modules that could do it are not imported."""
    impure = {"requests", "socket", "time", "random", "os", "pathlib", "subprocess", "threading", "sqlite3"}
    for room in ("model", "diff", "plan"):
        for path in files(room):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {
                alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
            }
            names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not {name.split(".")[0] for name in names} & impure, path


def test_each_module_of_the_command_line_is_a_command() -> None:
    """What commands share, or do step by step, is in folders."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = {where.split(".")[2].split(":")[0] for where in project["scripts"].values()}
    modules = {path.stem for path in (PACKAGE / "cli").glob("*.py")}
    assert modules == {*commands, "__init__", "errors", "exits"}


def test_files_stay_readable() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 450, path
