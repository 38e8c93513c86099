"""Cases that hypothesis has found once, kept by name."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.apply.support import here

WISH = {
    "assets": [
        {
            "match": {"rating": None},
            "location": {"latitude": 48.85341, "longitude": 2.3488},
            "visibility": "timeline",
        },
        {"match": {"tags": ["Trips"]}, "rating": 1},
        {"match": {"file": "IMG_0000.jpg"}, "taken": "2020-01-03T23:30:00-05:00"},
    ]
}


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
def test_a_place_whose_rule_stops_matching_still_decides_the_zone(tmp_path: Path, version: str) -> None:
    moment = datetime.fromisoformat("2020-01-01T12:00:00+00:00")
    library = [
        NewAsset("IMG_0000.jpg", moment, Embedded(tags=("Trips",))),
        NewAsset("IMG_0001.jpg", moment, Embedded()),
    ]
    with here(tmp_path, library, version=version) as place:
        place.converge(WISH)
        again = place.plan(WISH)
        assert not again.changes
        assert [item.attempt.aspect for item in again.undone] == ["taken"]
        assert "the place decides the zone" in again.undone[0].attempt.reason
