"""Documents against their published schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from reconciler.plan import Plan
from reconciler.plan.document import to_bytes
from reconciler.plan.report import Report
from reconciler.render.documents import report_bytes
from tests.render import plans as made
from tests.render.strategies import encodable, plans, reports

SCHEMAS = Path(__file__).parents[2] / "schemas"
PLAN, REPORT = (
    json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")) for name in ("plan", "report")
)
some = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def faults(schema: dict[str, Any], document: bytes) -> list[str]:
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(json.loads(document))
    ]


@pytest.mark.parametrize("name", [name for name in made.PLANS if name != "hostile"])
def test_plans_fit_their_schema(name: str) -> None:
    assert faults(PLAN, to_bytes(made.PLANS[name]())) == []


@pytest.mark.parametrize("name", sorted(made.REPORTS))
def test_reports_fit_their_schema(name: str) -> None:
    assert faults(REPORT, report_bytes(made.REPORTS[name](), made.family())) == []


@some
@given(plans(encodable), reports(encodable))
def test_any_plan_and_report_fits(plan: Plan, report: Report) -> None:
    assert faults(PLAN, to_bytes(plan)) == []
    document = report_bytes(report, plan)
    assert faults(REPORT, document) == []
    assert report_bytes(report, plan) == document


def test_a_report_names_its_plan() -> None:
    plan = made.family()
    report = json.loads(report_bytes(made.done_report(), plan))
    assert report["plan"] == json.loads(to_bytes(plan))["digest"]
    assert report["kind"] == "immich-report"
    assert report["written"] == 3


def test_a_report_can_hold_any_name() -> None:
    report = replace(made.done_report(), error="lone \ud800 surrogate")
    assert json.loads(report_bytes(report, made.family()))["error"] == "lone \ufffd surrogate"


@pytest.mark.parametrize("schema", [PLAN, REPORT], ids=["plan", "report"])
def test_the_schemas_are_sound_closed_and_described(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    seen = 0
    for part in objects(schema):
        for name, value in part.get("properties", {}).items():
            assert value.get("description"), name
            seen += 1
        if "required" in part:
            assert part["additionalProperties"] is False
            optional = {"account"} if part is PLAN else set()
            assert set(part["required"]) == set(part["properties"]) - optional
    assert seen > 20


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"version": 2},
        {"digest": "md5:1"},
        {"photos": [{"id": "p"}]},
    ],
)
def test_the_plan_schema_refuses_what_is_no_plan(change: dict[str, Any]) -> None:
    document = json.loads(to_bytes(made.family())) | change
    assert faults(PLAN, json.dumps(document).encode())


@pytest.mark.parametrize(("field", "value"), [("rating", 6), ("taken", "yesterday"), ("favorite", 1)])
def test_the_plan_schema_knows_the_values_of_fields(field: str, value: object) -> None:
    document = json.loads(to_bytes(made.problems()))
    document["photos"][0]["fields"][0] |= {"field": field, "before": value, "after": value}
    assert faults(PLAN, json.dumps(document).encode())
