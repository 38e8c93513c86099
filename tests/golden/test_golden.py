"""Golden cases: a folder each, what is wished and what is there → the plan, to the byte.

    cases/NAME/desired.yaml    what the files ask for
    cases/NAME/live.json       what the server has (an immich-live snapshot; usual values may be left out)
    cases/NAME/attempts.json   what the server has undone before, if anything
    cases/NAME/known.json      which albums earlier runs have made for album sets, if any
    cases/NAME/applied.json    what was last as wished (an immich-applied state), if that is known
    cases/NAME/plan.json       the plan file
    cases/NAME/plan.txt        the plan as a person sees it
    cases/NAME/plan.md         the plan as a comment in a pull request

To add one, write the first two and run with UPDATE_GOLDEN=1; then read what came out.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from reconciler.config import load
from reconciler.diff import compare
from reconciler.live.snapshot.document import read_snapshot
from reconciler.model.album_sets import KnownAlbums, SetKey
from reconciler.model.applied import Applied
from reconciler.model.applied import from_bytes as read_applied
from reconciler.model.attempts import Attempt, Attempts
from reconciler.plan import Plan, document, make_plan
from reconciler.plan.basis import basis_of
from reconciler.render.markdown import plan_markdown
from reconciler.render.terminal import plan_text

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
WIDTH = 100
NOW = datetime(2022, 1, 20, 23, 30, tzinfo=UTC)
"""The moment of the run, by which `last 30 days` is counted."""


def plan_of(case: Path) -> Plan:
    """The plan of a case, made from inside its folder so that origins are short."""
    desired = load([case / "desired.yaml"], now=NOW).desired
    live = read_snapshot((case / "live.json").read_bytes()).live
    comparison = compare(desired, live, attempts_of(case), known_of(case))
    basis = basis_of(desired, live, comparison)
    return make_plan(
        comparison,
        live,
        desired.files,
        migrate=desired.window.migrate,
        basis=basis,
        safety=desired.safety,
        hashes=desired.hashes,
        applied=applied_of_case(case),
    )


def applied_of_case(case: Path) -> Applied | None:
    path = case / "applied.json"
    return read_applied(path.read_bytes()) if path.exists() else None


def attempts_of(case: Path) -> Attempts:
    path = case / "attempts.json"
    if not path.exists():
        return {}
    attempts = [Attempt(**item) for item in json.loads(path.read_text(encoding="utf-8"))]
    return {(item.asset_id, item.aspect): item for item in attempts}


def known_of(case: Path) -> KnownAlbums:
    path = case / "known.json"
    found: dict[SetKey, dict[str, str]] = {}
    for item in json.loads(path.read_text(encoding="utf-8")) if path.exists() else ():
        found.setdefault(SetKey(item["forEach"], item["narrowed"]), {})[item["group"]] = item["album"]
    return KnownAlbums(found)


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_is_as_written_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES / name
    monkeypatch.chdir(case)
    plan = plan_of(case)
    made = {
        "plan.json": document.to_bytes(plan),
        "plan.txt": plan_text(plan, width=WIDTH, color=False).encode(),
        "plan.md": plan_markdown(plan).encode(),
    }
    for file, content in made.items():
        path = case / file
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_bytes(content)
        assert path.read_bytes().decode() == content.decode(), f"{name}/{file}"


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_file_is_as_its_schema_says(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads((CASES / name / "plan.json").read_bytes()))


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_file_is_read_back_as_the_same_plan(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES / name
    monkeypatch.chdir(case)
    plan = plan_of(case)
    again = document.from_bytes(document.to_bytes(plan))
    assert again.changes == plan.changes
    assert again.operations == plan.operations
    assert document.to_bytes(again) == document.to_bytes(plan)
