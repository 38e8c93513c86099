"""Comparison and planning, once everything is read: nothing changed, and everything changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.child import Spent, measure, peak_memory
from tests.benchmarks.data import events, library, rules, write_entries
from tests.benchmarks.figure import FULL, Row

MANY = 1_000_000


def plan_entries(spent: Spent, folder: str, photos: int) -> dict[str, Any]:
    """Plans for files with one entry for each photo, and lets go of all but the plan, as the command does."""
    from reconciler.config import load
    from reconciler.diff import compare
    from reconciler.plan import make_plan
    from reconciler.plan.document import to_pieces
    from reconciler.render.html import page
    from reconciler.render.markdown import plan_markdown
    from reconciler.render.terminal import plan_text

    os.chdir(folder)
    desired, live = load(["."]).desired, library(photos, like_files=True)
    with spent.part("compare"):
        comparison = compare(desired, live)
    with spent.part("plan"):
        plan = make_plan(comparison, live, desired.files)
    memory = peak_memory()
    del desired, live, comparison
    sizes: dict[str, int] = {}
    for form, made in (
        ("JSON", lambda: to_pieces(plan)),
        ("text", lambda: [plan_text(plan, width=100, color=False)]),
        ("a comment", lambda: [plan_markdown(plan)]),
        ("a page", lambda: page([plan])),
    ):
        with spent.part(form):
            sizes[form] = sum(map(len, made()))
    shown = round(peak_memory())
    return {"changed": len(plan.changes.assets), "memory": round(memory), "shown": shown, "sizes": sizes}


def plan_rules(spent: Spent, folder: str, photos: int) -> dict[str, int]:
    """Plans for one rule over everything and albums by rule."""
    from reconciler.config import load
    from reconciler.diff import compare
    from reconciler.plan import make_plan

    desired = load([folder]).desired
    with spent.part("library"):
        live = library(photos)
    with spent.part("compare"):
        comparison = compare(desired, live)
    with spent.part("plan"):
        plan = make_plan(comparison, live, desired.files)
    return {"changed": len(plan.changes.assets), "requests": plan.cost.requests}


def rows(photos: int) -> Iterator[Row]:
    """Each photo named, then a library by rules."""
    for what, captions, goal in (("nothing changed", "", 1), ("everything changed", "New! ", 4)):
        with tempfile.TemporaryDirectory() as place:
            write_entries(Path(place), photos, captions=captions)
            spent = measure(plan_entries, place, photos)
        assert spent.result["changed"] == (photos if captions else 0)
        both = spent.wall["compare"] + spent.wall["plan"]
        processor = spent.processor["compare"] + spent.processor["plan"]
        yield Row(f"compare and plan {photos:,} named photos, {what}", both, "s", goal, processor=processor)
        memory = spent.result["memory"]
        yield Row(f"the same, memory with files and library, {what}", memory, "MB", 700)
        if captions:
            for form, size in spent.result["sizes"].items():
                note = f"{size / 1e6:.1f} MB"
                wall, processor = spent.wall[form], spent.processor[form]
                yield Row(f"the same, plan as {form}", wall, "s", None, note, processor)
            yield Row("the same, memory with all of these", spent.result["shown"], "MB", 700)


def curve(photos: int) -> Iterator[Row]:
    """How time and memory grow with the library and with the rules."""
    for size in (photos // 100, photos // 10, photos, photos * 10):
        spent, row = _by_rules(rules(), size, 21)
        note = f"{(row.processor or 0) / size * 1e6:.1f} µs a photo; {spent.result['changed']:,} change"
        yield replace(row, note=note)
        goal = 4096 if size == 10 * FULL else None
        yield Row(f"the same, memory with the library of {size:,}", spent.memory, "MB", goal)
    for count in (10, 100, 1000):
        _, row = _by_rules(events(count), photos, count)
        yield replace(row, note=f"{(row.processor or 0) / count * 1e3:.1f} ms a rule")


def _by_rules(text: str, photos: int, count: int) -> tuple[Spent, Row]:
    with tempfile.TemporaryDirectory() as place:
        Path(place, "rules.yaml").write_text(text, encoding="utf-8")
        spent = measure(plan_rules, place, photos)
    seconds, processor = (
        sum(took[part] for part in ("compare", "plan")) for took in (spent.wall, spent.processor)
    )
    figure = f"compare and plan {photos:,} photos by {count:,} rules"
    return spent, Row(figure, seconds, "s", processor=processor)
