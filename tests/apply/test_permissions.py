"""Which permissions of a key a run needs, told from the files before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.apply.preflight import likely_for, methods_for
from reconciler.config import load
from reconciler.immich.permissions import needed
from tests.golden.test_golden import CASES, NAMES, NOW, plan_of


@pytest.mark.parametrize("name", NAMES)
def test_the_files_tell_of_every_permission_that_their_plan_needs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a run would find out only after it has read the whole library."""
    case = CASES / name
    monkeypatch.chdir(case)
    desired = load([Path("desired.yaml")], now=NOW).desired
    assert needed(*methods_for(plan_of(case).operations)) <= needed(*likely_for(desired))


@pytest.mark.parametrize(
    ("text", "unneeded"),
    [
        ("assets: [{ match: { file: a.jpg }, rating: 3 }]", {"tag.create", "album.create", "album.delete"}),
        (
            "albums: [{ name: Trip, description: ours }]",
            {"asset.update", "albumAsset.create", "album.delete"},
        ),
        ("albums: [{ name: Trip, state: absent }]", {"album.create", "albumUser.create", "asset.update"}),
        ("albums: [{ name: Trip, share: [ben] }]", {"albumAsset.delete", "album.delete"}),
    ],
)
def test_a_key_need_not_be_allowed_what_the_files_never_ask_for(
    text: str, unneeded: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "wish.yaml"
    path.write_text(text, encoding="utf-8")
    assert unneeded.isdisjoint(needed(*likely_for(load([path]).desired)))
