"""A comment in a pull request: complete, harmless, and never too long."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.model.origin import Problem
from reconciler.plan import Plan
from reconciler.render import markdown
from reconciler.render.markdown import MARKER, MOST, code, plan_markdown
from tests.render import plans as made
from tests.render.strategies import nasty, plans

OWN_TAGS = re.compile(
    r"</?details>|<br>|<details><summary>[A-Z][a-z ]+ \([\d,]+\)</summary>|<!-- immich-plan -->"
)
EVIL = "</details>|@everyone #1 [x](javascript:1) <img src=x onerror=1> `` ` ``` **b** | ![i](http://x)"
many_shapes = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def parsed(text: str) -> tuple[list[Any], list[Any]]:
    """The blocks, and everything inside of them."""
    blocks = MarkdownIt("commonmark").enable("table").parse(text)
    return blocks, [child for block in blocks for child in block.children or ()]


def harmless(text: str) -> None:
    """Nothing is markup but what this renderer writes itself."""
    blocks, inside = parsed(text)
    for item in [*blocks, *inside]:
        if item.type.startswith("html"):
            for line in item.content.strip().split("\n"):
                assert OWN_TAGS.fullmatch(line), line
        assert item.type not in ("image", "link_open", "fence", "code_block"), item
    for item in inside:
        if item.type == "text":
            assert "@" not in item.content and "#" not in item.content, item.content


@many_shapes
@given(plans())
def test_any_plan_is_harmless_and_fits(plan: Plan) -> None:
    text = plan_markdown(plan)
    assert text.startswith(MARKER + "\n") and len(text.encode("utf-8", "replace")) <= MOST
    harmless(text)
    assert plan_markdown(plan) == text


@given(nasty)
def test_a_code_span_gives_back_what_was_put_in(text: str) -> None:
    from reconciler.render.cells import plain

    shown = plain(text)
    blocks, inside = parsed(f"before {code(text)} after\n")
    assert [block.type for block in blocks] == ["paragraph_open", "inline", "paragraph_close"]
    spans = [item for item in inside if item.type == "code_inline"]
    if shown.strip():
        assert [span.content for span in spans] == [shown]
    else:
        assert len(spans) == (1 if shown else 0)


@pytest.mark.parametrize("where", ["album", "caption", "problem", "user"])
def test_a_hostile_name_does_no_harm(where: str) -> None:
    plan = made.family()
    if where == "album":
        albums = tuple(replace(item, name=EVIL) for item in plan.changes.albums)
        plan = replace(plan, changes=replace(plan.changes, albums=albums))
    elif where == "caption":
        plan = replace(plan, labels=dict.fromkeys(plan.labels, EVIL))
    elif where == "problem":
        plan = replace(plan, problems=(Problem(EVIL, made.at(3), EVIL),))
    else:
        plan = replace(plan, identity=replace(plan.identity, user_name=EVIL, url=EVIL))
    text = plan_markdown(plan)
    harmless(text)
    assert EVIL in text


def test_every_details_is_closed() -> None:
    text = plan_markdown(made.family())
    assert text.count("<details>") == text.count("</details>") == 4


def many(count: int) -> Plan:
    """A plan in which every photo gets a caption of its own."""
    plan = made.family()
    photo = plan.changes.assets[-1]
    assets = tuple(replace(photo, id=f"p-{number}") for number in range(count))
    changed = tuple(
        replace(item, fields=tuple(replace(one, after=f"{number}") for one in item.fields))
        for number, item in enumerate(assets)
    )
    return replace(plan, changes=replace(plan.changes, assets=changed))


def test_what_does_not_fit_is_counted_and_the_place_of_the_whole_named() -> None:
    plan = many(20_000)
    text = plan_markdown(plan, whole="`plan.json` among the artefacts of this run")
    assert MOST * 0.9 < len(text.encode()) <= MOST
    harmless(text)
    left_out = re.search(r"Left out here: ([\d,]+) of the lists' entries", text)
    assert left_out
    shown = text.partition("<summary>Photos (20,000)</summary>")[2].count("\n- ")
    assert shown > 100 and shown + int(left_out[1].replace(",", "")) == 20_000
    assert text.rstrip().endswith("The whole plan: `plan.json` among the artefacts of this run.")
    assert text.count("<details>") == text.count("</details>")


def test_what_does_not_fit_is_not_written_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 changes take no longer than the few that fit."""
    written = []

    def counted(text: str) -> str:
        written.append(text)
        return code(text)

    monkeypatch.setattr(markdown, "code", counted)
    plan_markdown(many(20_000))
    assert len(written) < 5_000


@given(st.integers(0, 3))
@settings(max_examples=4)
def test_a_plan_without_changes_is_one_sentence(problems: int) -> None:
    plan = replace(made.nothing(), problems=(Problem("why", None, ""),) * problems)
    text = plan_markdown(plan)
    assert ("Nothing to do" in text) == (problems == 0)
    assert "<details>" not in text
