"""What a naive client loses here as on a real server, and that this project loses none of as many tries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.races.__main__ import ALL
from tests.races.support import Race


@pytest.mark.parametrize("race", ALL, ids=lambda race: race.name.replace(" ", "-").replace(",", ""))
def test_a_race(race: Race, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    naive = race.naive(tmp_path / "naive")
    assert race.least <= naive.rate <= race.most, f"the naive client lost {naive}, a server {race.measured}"
    ours = race.ours(tmp_path / "ours")
    record_property("survived:races that cost a naive client its edits", f"{ours.of - ours.lost}/{ours.of}")
    assert ours.lost == 0, str(ours)
