"""Plans of several accounts in every form: each below its heading, or in one document."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from reconciler.model.origin import Problem
from reconciler.plan import Plan
from reconciler.plan.digest import short
from reconciler.plan.document import BadPlanFile
from reconciler.plan.document import to_bytes as plan_bytes
from reconciler.plan.several import Course, Part, digest_of_all, from_bytes, to_bytes
from reconciler.render.annotations import github_plan
from reconciler.render.code_quality import gitlab_plan
from reconciler.render.html import page as plans_page
from reconciler.render.markdown import MOST, plans_markdown
from reconciler.render.several import parts_bytes, parts_text, plans_text
from tests.render import plans as made

SCHEMAS = {
    name: json.loads(Path(__file__).parents[2].joinpath("schemas", f"{name}.schema.json").read_text("utf-8"))
    for name in ("plan", "plans", "report", "reports")
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)


def of(plan: Plan, account: str) -> Plan:
    return replace(plan, account=account)


def two() -> tuple[Plan, Plan]:
    return of(made.family(), "ada"), of(made.problems(), "ben")


def fits(name: str, document: bytes) -> None:
    validator = Draft202012Validator(SCHEMAS[name], registry=REGISTRY)
    assert [error.message for error in validator.iter_errors(json.loads(document))] == []


def test_one_after_the_other_as_text_and_all_of_them_at_the_end() -> None:
    plans = two()
    lines = plans_text(plans, width=100, color=False).splitlines()
    first, second, last = (lines.index(text) for text in ("Account ada", "Account ben", "All accounts"))
    assert first < second < last
    assert any("IMG" in line for line in lines[first:second])
    assert lines[last + 3].startswith("  ada  ") and lines[last + 4].startswith("  ben  ")
    assert f"Digest of all: {short(digest_of_all(plans))}" in lines
    assert lines[-1] == "Not to be applied as it is, because of ben: no account is written to."


def test_one_comment_that_is_not_too_long() -> None:
    text = plans_markdown(two())
    assert text.startswith("<!-- immich-plan -->\n\n### Immich plan: 2 of 2 accounts change")
    assert text.index("#### Account `ada`") < text.index("#### Account `ben`")
    many = [of(made.many(3_000, alike=False), f"account {number}") for number in range(4)]
    text = plans_markdown(many, whole="`plan.json`")
    assert len(text.encode()) <= MOST
    assert text.count("Left out here") == 4 and text.count("#### Account") == 4


def test_marks_name_the_account() -> None:
    plans = two()
    marks = github_plan(*plans)
    assert "::ada: " in marks and "::error" in marks
    report = json.loads(gitlab_plan(*plans))
    assert any(entry["description"].startswith("ada: ") for entry in report)
    assert len({entry["fingerprint"] for entry in report}) == len(report)
    assert gitlab_plan(*(replace(plan, account="") for plan in plans)).count(b"ada: ") == 0


def test_one_page() -> None:
    page = "".join(plans_page(two()))
    assert page.count("<!doctype html>") == 1
    assert page.index('id="account-1">Account <bdi>ada') < page.index('id="account-2">Account <bdi>ben')
    assert '<span class="badge whose"><bdi>ada</bdi></span>' in page
    ids = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids)), "no id is there twice"


def test_one_document_and_back() -> None:
    plans = two()
    data = to_bytes(plans)
    fits("plans", data)
    back = from_bytes(data)
    assert [plan.account for plan in back] == ["ada", "ben"]
    assert [plan.digest for plan in back] == [plan.digest for plan in plans]
    assert to_bytes(back) == data
    assert json.loads(data)["digest"] == digest_of_all(back) != digest_of_all(back[::-1])


def test_one_plan_is_a_document_by_itself() -> None:
    plan = made.family()
    assert to_bytes([plan]) == plan_bytes(plan) and from_bytes(plan_bytes(plan)) == from_bytes(
        to_bytes([plan])
    )
    assert "account" not in json.loads(to_bytes([plan])) and digest_of_all([plan]) == plan.digest
    named = of(plan, "ada")
    fits("plan", to_bytes([named]))
    assert from_bytes(to_bytes([named]))[0].account == "ada"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": "sha256:" + "0" * 64}, "checksum"),
        ({"plans": []}, "checksum"),
        ({"version": 2}, "version 2"),
    ],
)
def test_a_document_that_was_changed_is_refused(change: dict[str, Any], words: str) -> None:
    document = {**json.loads(to_bytes(two())), **change}
    with pytest.raises(BadPlanFile, match=words):
        from_bytes(json.dumps(document).encode())


def test_what_became_of_each() -> None:
    ada, ben = two()
    cleo = of(made.family(), "cleo")
    parts = [
        Part(ada, Course.DONE, made.done_report()),
        Part(ben, Course.FAILED, None, "the server says no"),
        Part(cleo, Course.NOT_STARTED),
    ]
    text = parts_text(parts, width=80, color=False)
    assert text.splitlines()[3:] == [
        "  ada   done", "  ben   failed: the server says no", "  cleo  not started",
    ]  # fmt: skip
    document = parts_bytes(parts)
    fits("reports", document)
    told = json.loads(document)["accounts"]
    assert [one["course"] for one in told] == ["done", "failed", "not started"]
    assert told[0]["report"]["outcome"] == "done" and told[1]["report"] is None
    strange = replace(ben, problems=(Problem("x"),))
    fits("reports", parts_bytes([parts[0], Part(strange, Course.STOPPED, None, "lone \ud800")]))
