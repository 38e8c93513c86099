"""Photos that are as their one entry says are passed over early; the outcome is as if they were not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.diff import compare
from reconciler.diff.hits import Sieve
from reconciler.model.asset import Asset
from reconciler.model.live import Live
from reconciler.model.values import Coordinates, Taken, Visibility
from tests.benchmarks.data import library, write_entries

PHOTOS = 12
RULES = """
assets:
  - match: { rating: 5 }
    tags: [Best]
  - match: { rating: 2 }
    rating: 3
albums:
  - name: Best
    match: { tags: [Best] }
"""


def moved(asset: Asset) -> Asset:
    assert asset.taken
    return replace(asset, taken=Taken(asset.taken.instant, (asset.taken.offset or 0) + 60))


def nudged(asset: Asset, by: float) -> Asset:
    assert asset.location
    return replace(asset, location=Coordinates(asset.location.latitude + by, asset.location.longitude))


CHANGES = {
    "nothing": lambda asset: asset,
    "caption": lambda asset: replace(asset, description="another"),
    "later": lambda asset: replace(asset, taken=Taken(asset.taken.instant + timedelta(hours=1), 120)),
    "offset": moved,
    "zone of the place": lambda asset: replace(moved(asset), zone="Europe/Rome"),
    "a hair away": lambda asset: nudged(asset, 5e-7),
    "away": lambda asset: nudged(asset, 1e-3),
    "hidden": lambda asset: replace(asset, visibility=Visibility.HIDDEN),
    "unrated": lambda asset: replace(asset, rating=None),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("files")
    write_entries(place, PHOTOS)
    (place / "rules.yaml").write_text(RULES, encoding="utf-8")
    return place


@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=PHOTOS, max_size=PHOTOS), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_passing_over_changes_nothing(folder: Path, changes: list[str], with_rules: bool) -> None:
    desired = load([folder] if with_rules else [folder / "photos-000.yaml"]).desired
    live: Live = library(PHOTOS, like_files=True)
    assets = {
        asset.id: CHANGES[change](asset) for asset, change in zip(live.assets.values(), changes, strict=True)
    }
    live = replace(live, assets=assets)
    found = compare(desired, live)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sieve, "as_named", lambda _: set())
        assert found == compare(desired, live)
    untouched = {asset for asset, change in zip(assets, changes, strict=True) if change == "nothing"}
    if not with_rules:
        assert untouched.isdisjoint(change.id for change in found.changes.assets)
