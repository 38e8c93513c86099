"""Thousands of changes are taken over into files of thousands of entries without a look at all for each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import load
from reconciler.config.text import editing
from reconciler.config.text.editing import Edit, Edits, NotEditable, edited
from reconciler.diff import accepting, compare, names
from reconciler.diff.accepting import accept
from reconciler.diff.converged import applied_of
from reconciler.diff.drift import drift_of
from reconciler.diff.whole import whole_of
from reconciler.model.live import Album, Live, Tag
from tests.diff.lives import asset, live

PHOTOS, CHANGED = 60, 20


def test_edits_are_taken_as_long_as_all_of_them_together_can_be_made() -> None:
    chance, text = random.Random(3), "0123456789" * 3
    for _ in range(300):
        kept: list[Edit] = []
        edits = Edits()
        for word in "abcdefgh":
            start = chance.randrange(len(text))
            edit = Edit(start, min(len(text), start + chance.choice([0, 0, 1, 4])), word)
            try:
                edited(text, [*kept, edit])
            except NotEditable:
                with pytest.raises(NotEditable):
                    edits.take(edit)
            else:
                kept.append(edit)
                edits.take(edit)
        assert edits.taken == kept


def test_nothing_is_looked_for_again_for_each_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = [replace(asset(number), description="as written") for number in range(PHOTOS)]
    entries = "".join(
        f"  - match: {{ file: {one.file_name} }}\n    description: as written\n    tags: [Sea]\n"
        for one in before
    )
    items = "".join(f"      - {{ file: {one.file_name} }}\n" for one in before)
    Path("all.yaml").write_text(f"assets:\n{entries}albums:\n  - name: All\n    assets:\n{items}")
    desired = load(["all.yaml"]).desired
    first = state(before, 0)
    applied = applied_of(whole_of(desired, first), first)
    now = state([replace(one, description="x") for one in before[:CHANGED]] + before[CHANGED:], CHANGED)
    comparison = compare(desired, now)
    drifts = drift_of(comparison.changes, applied, comparison.labels)
    assert len(drifts) == 3 * CHANGED

    walks, resolved = 0, 0
    below, resolve = editing._below, names.resolve

    def walked(node: Any) -> Iterator[Any]:
        nonlocal walks
        walks += 1
        return below(node)

    def asked(*of: Any) -> Any:
        nonlocal resolved
        resolved += 1
        return resolve(*of)

    monkeypatch.setattr(editing, "_below", walked)
    monkeypatch.setattr(accepting, "resolve", asked)
    found = accept(desired, now, drifts, lambda name: Path(name).read_text())
    assert len(found.taken) == len(drifts) and not found.refused
    assert walks == resolved == 1
    Path("all.yaml").write_text(found.files["all.yaml"])
    assert not compare(load(["all.yaml"]).desired, now).changes


def state(assets: list[Any], gone: int) -> Live:
    """The first `gone` of the photos have lost their tag and left the album."""
    left = [one.id for one in assets[gone:]]
    return live(
        assets,
        tags={"Sea": Tag("sea", "Sea")},
        tags_of={asset_id: frozenset({"Sea"}) for asset_id in left},
        albums=(Album("all", "All", asset_count=len(left)),),
        members={"all": frozenset(left)},
    )
