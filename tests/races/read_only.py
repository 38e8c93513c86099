"""Photos whose sidecar can't be written (PERFORMANCE 1.8): the server takes the edit and undoes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.apply.verify import READ_ONLY
from reconciler.plan.report import Outcome
from tests.apply.support import Here
from tests.races.support import Race, Tries, differing, made_true, racing
from tests.sandbox.running import photos

COUNT = 30
EDIT: dict[str, Any] = {"description": "B", "rating": 4}
WISH: dict[str, Any] = {"assets": [{"match": {"file": "IMG_*.jpg"}, **EDIT, "favorite": True}]}


def _locked(folder: Path) -> Any:
    return racing(folder, COUNT, assets=[replace(photo, sidecar_writable=False) for photo in photos(COUNT)])


def naive_read_only(folder: Path) -> Tries:
    """Written on each of three days, since it is never there the next day."""
    with _locked(folder) as place:
        for _day in range(3):
            assert place.other.send("PUT", "/assets", {"ids": place.other.ids(), **EDIT}).status_code == 204
            assert differing(place, EDIT) == COUNT
        return Tries(differing(place, EDIT), COUNT)


def our_read_only(folder: Path) -> Tries:
    """Nobody can keep these edits: what counts as lost here is one that isn't told, or is tried again."""
    with _locked(folder) as place:
        report = made_true(place, WISH, outcome=Outcome.UNSETTLED)
        reverted = [item for item in report.reverted if item.reason == READ_ONLY]
        told = {(item.standing.id, item.standing.aspect) for item in reverted}
        untold = {(asset, aspect) for asset in place.other.ids() for aspect in EDIT} - told
        assert all(asset["isFavorite"] for asset in place.other.assets())
        return Tries(len({asset for asset, _ in untold} | _tried_again(place)), COUNT)


def _tried_again(place: Here) -> set[str]:
    again = place.plan(WISH)
    assert {item.attempt.reason for item in again.undone} == {READ_ONLY}
    place.clear()
    made_true(place, WISH, outcome=Outcome.UNSETTLED)
    assert place.writes() == []
    return {change.id for change in again.changes.assets}


RACES = [
    Race(
        "edits of photos in a read-only place (ours: not told, or tried again)",
        "30 of 30 reverted",
        naive_read_only,
        our_read_only,
        1.0,
        1.0,
    ),
]
