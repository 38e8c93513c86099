"""Two writes of one photo one after the other, and jobs of one photo side by side (PERFORMANCE 1.1, 1.2)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.apply.support import Here
from tests.races.support import CERTAIN, SCALE, Race, Tries, differing, each, made_true, racing

ALL = {"file": "IMG_*.jpg"}
BEFORE = {"rating": 5}
THREE: dict[str, Any] = {"description": "B", "rating": 4, "tags": ["Trips"]}
GROUPS = 20
GAPS = [(0, 1), (10, 1), (25, 1), (50, 1), (0, 4), (100, 4)]
"""Milliseconds on the server that was measured, and how many clients write."""
EACH = 40


def naive_updates(folder: Path) -> Tries:
    """A caption, and a little later another one: the server answers 200 to both."""
    lost = 0
    for gap, clients in GAPS:
        with racing(folder / f"{gap}-{clients}", EACH) as place:
            ids = place.other.ids()
            place.other.ask("PUT", "/assets", {"ids": ids, **BEFORE})
            place.settled()

            def twice(asset: str, place: Here = place, gap: int = gap) -> None:
                place.other.ask("PUT", f"/assets/{asset}", {"description": "A"})
                time.sleep(gap * SCALE / 1000)
                place.other.ask("PUT", f"/assets/{asset}", {"description": "B"})

            each(ids, clients, twice)
            lost += differing(place, {"description": "B", **BEFORE})
    return Tries(lost, EACH * len(GAPS))


def our_updates(folder: Path) -> Tries:
    """One run after the other, without a pause."""
    count = EACH * len(GAPS)
    with racing(folder, count, collisions=CERTAIN) as place:
        made_true(place, {"assets": [{"match": ALL, "description": "A", **BEFORE}]})
        made_true(place, {"assets": [{"match": ALL, "description": "B", **BEFORE}]})
        return Tries(differing(place, {"description": "B", **BEFORE}), count)


def naive_side_by_side(folder: Path) -> Tries:
    """Queues paused; caption, rating and tag of each photo by three calls; all resumed at once."""
    count = 240
    with racing(folder, count, cores=0) as place:
        tag = place.other.ask("PUT", "/tags", {"tags": ["Trips"]})[0]["id"]
        place.other.pause()
        for asset in place.other.ids():
            _three_calls(place, asset, tag)
        place.other.pause(False)
        return Tries(differing(place, {"description": "B", "rating": 4}), count)


def naive_three_fields(folder: Path) -> Tries:
    """The same with the queues running, in two orders."""
    count = 100
    with racing(folder, count, cores=0) as place:
        tag = place.other.ask("PUT", "/tags", {"tags": ["Trips"]})[0]["id"]
        for asset in place.other.ids():
            _three_calls(place, asset, tag)
        return Tries(_any_of_three(place), count)


def _three_calls(place: Here, asset: str, tag: str) -> None:
    place.other.ask("PUT", f"/assets/{asset}", {"description": "B"})
    place.other.ask("PUT", f"/assets/{asset}", {"rating": 4})
    place.other.ask("PUT", f"/tags/{tag}/assets", {"ids": [asset]})


def _any_of_three(place: Here) -> int:
    place.settled()
    tag = next(tag["id"] for tag in place.other.ask("GET", "/tags") if tag["value"] == "Trips")
    tagged = {asset["id"] for asset in place.other.assets(tagIds=[tag])}
    return sum(
        (asset["exifInfo"]["description"], asset["exifInfo"]["rating"]) != ("B", 4)
        or asset["id"] not in tagged
        for asset in place.other.assets()
    )


def our_three_fields(folder: Path) -> Tries:
    """One file that wants all three, of many photos."""
    return _ours_at_once(folder, 180)


def our_small_plans(folder: Path) -> Tries:
    """The same of three photos at a time, whose jobs lie close together."""
    with racing(folder, 3 * GROUPS, collisions=CERTAIN, cores=0) as place:
        for group in range(GROUPS):
            some = [{"file": f"IMG_{number:04d}.jpg"} for number in range(3 * group, 3 * group + 3)]
            made_true(place, {"assets": [{"match": one, **THREE} for one in some]})
        return Tries(_any_of_three(place), 3 * GROUPS)


def _ours_at_once(folder: Path, count: int) -> Tries:
    with racing(folder, count, collisions=CERTAIN) as place:
        made_true(place, {"assets": [{"match": ALL, **THREE}]})
        return Tries(_any_of_three(place), count)


RACES = [
    Race(
        "a second edit of the same photo, queues running",
        "299 of 3600 (8.3 %), up to 35 % at one gap",
        naive_updates,
        our_updates,
        0.02,
        0.35,
    ),
    Race(
        "caption, rating and tag by three calls, queues running",
        "0 to 44 of 300 (up to 15 %)",
        naive_three_fields,
        our_three_fields,
        0.003,
        0.3,
    ),
    Race(
        "jobs of one photo side by side after a pause",
        "0 to 9 of 300 (up to 3 %) destroyed",
        naive_side_by_side,
        our_small_plans,
        0.003,
        0.12,
    ),
]
