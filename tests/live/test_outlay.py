"""Reading parts of a library night after night, until reading all of it once costs less than going on so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.config.cache import Cache
from reconciler.live.cost import Cost
from reconciler.live.errand import Around
from reconciler.live.kept.photos import Kept
from reconciler.live.searching import looking
from tests.live.test_map import NEAR_ROME, Asked, album, library
from tests.support.world import World, world

WISH = album(NEAR_ROME)


@pytest.fixture(scope="module")
def rome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("rome"), library(), version="3.1.0") as made:
        yield made


@pytest.fixture(autouse=True)
def dear_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The map of a few photos costs as much as that of a large library."""
    monkeypatch.setattr(looking, "map_cost", lambda photos: Cost(1, photos, 1.0))


def night(rome: World, folder: Path, scan: float, *, settled: bool | None = True) -> Asked:
    kept = Kept(
        Cache(folder),
        "one",
        settled=lambda: settled,
        now=lambda: datetime.now(UTC),
        smallest=0,
        pause=lambda _: None,
    )
    sees = settled is not None
    around = Around(may_map=True, sees_queues=sees, settled=lambda: settled, kept=kept)
    return Asked(rome, WISH, around, scan=scan)


SCAN = 2.5
"""Seconds that the library costs: two readings in parts come to less, three to more."""


def test_all_is_read_and_kept_once_readings_in_parts_have_cost_as_much(rome: World, tmp_path: Path) -> None:
    nights = [night(rome, tmp_path, SCAN) for _ in range(5)]
    assert [one.scanned for one in nights[:3]] == [False, False, True]
    assert any("have cost as much by now" in one.why for one in nights[2].plan.rejected)
    for later in nights[3:]:
        assert "/map/markers" not in later.sent
        assert len(later.sent) < len(nights[2].sent)
    assert all(one.names >= nights[0].names for one in nights)


@pytest.mark.parametrize("settled", [False, None])
def test_what_could_not_be_relied_on_later_is_not_read_to_be_kept(
    rome: World, tmp_path: Path, settled: bool | None
) -> None:
    """Edits wait in the queues, or nobody can see whether they do."""
    assert not any(night(rome, tmp_path, SCAN, settled=settled).scanned for _ in range(5))


def test_edits_that_wait_only_put_it_off(rome: World, tmp_path: Path) -> None:
    for _ in range(4):
        night(rome, tmp_path, SCAN, settled=False)
    assert night(rome, tmp_path, SCAN).scanned


def test_what_costs_no_more_than_changes_is_read_in_parts_for_ever(
    rome: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "kept_cost", lambda library: Cost(4, library, 1.5))
    assert not any(night(rome, tmp_path, SCAN).scanned for _ in range(5))
