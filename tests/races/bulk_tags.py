"""Tags given in bulk while the server reads all files again (PERFORMANCE 1.5), also after a restart (1.7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.sandbox.faults import Fault, Faults
from tests.apply.support import Here
from tests.races.support import (
    CERTAIN,
    Race,
    Tries,
    begun,
    differing,
    extraction_of_everything,
    made_true,
    racing,
    untagged,
)

COUNT = 300
TAGS = ["Trips/Italy", "Family", "2024"]
WISH: dict[str, Any] = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4, "tags": TAGS}]}

TAGS_ONLY: dict[str, Any] = {"assets": [{"match": {"file": "IMG_*.jpg"}, "tags": TAGS}]}


def naive_bulk(folder: Path) -> Tries:
    """One call for all photos; it answers that 900 pairs were made."""
    with racing(folder, COUNT, cores=2) as place:
        extraction_of_everything(place)
        begun(place, "metadataExtraction")
        _tag_all(place)
        return Tries(untagged(place, TAGS), COUNT * len(TAGS))


def our_bulk(folder: Path) -> Tries:
    with racing(folder, COUNT, collisions=CERTAIN) as place:
        extraction_of_everything(place)
        begun(place, "metadataExtraction")
        made_true(place, WISH)
        assert differing(place, {"rating": 4}) == 0
        return Tries(untagged(place, TAGS), COUNT * len(TAGS))


def _tag_all(place: Here) -> None:
    made = place.other.ask("PUT", "/tags", {"tags": TAGS})
    everybody = place.other.ids()
    body = {"tagIds": [tag["id"] for tag in made], "assetIds": everybody}
    assert place.other.ask("PUT", "/tags/assets", body) == {"count": len(everybody) * len(TAGS)}


# -- a restart resumes the reading of files ------------------------------------------------------------


def naive_after_restart(folder: Path) -> Tries:
    """Paused, and the queue has work; the server is restarted, and the script goes on."""
    with racing(folder, COUNT, cores=2) as place:
        place.other.pause()
        extraction_of_everything(place)
        restart(place)
        begun(place, "metadataExtraction")
        _tag_all(place)
        place.other.pause(False)
        return Tries(untagged(place, TAGS), COUNT * len(TAGS))


def our_after_restart(folder: Path) -> Tries:
    """The server goes down in the middle of the run, once at each kind of write."""
    tries = Tries(0, 0)
    for path in ("/tags", "/tags/assets", "/assets"):
        with racing(folder / path.replace("/", "-"), COUNT // 3, collisions=CERTAIN, cores=2) as place:
            extraction_of_everything(place)
            place.library.faults = Restarting(place, path)
            made_true(place, WISH if path == "/assets" else TAGS_ONLY)
            assert place.library.faults.struck == 1
            tries += Tries(untagged(place, TAGS), COUNT // 3 * len(TAGS))
    return tries


def restart(place: Here) -> None:
    """As by its administrator; metadataExtraction runs afterwards, whatever it did before."""
    place.library.stop()
    place.library.start()


class Restarting(Faults):
    """The server is restarted when it gets the first request of this kind, which is lost."""

    def __init__(self, place: Here, path: str) -> None:
        super().__init__()
        self._place = place
        self._path = path

    def strike(self, method: str, path: str) -> Fault | None:
        if method != "PUT" or path != self._path or self._struck:
            return None
        self._struck = 1
        restart(self._place)
        return Fault("reset")


RACES = [
    Race(
        "tags in bulk during an extraction of everything",
        "9, 9 and 45 of 900 pairs (1 to 5 %)",
        naive_bulk,
        our_bulk,
        0.003,
        0.3,
    ),
    Race(
        "the same, paused, after a restart that resumes metadataExtraction",
        "metadataExtraction always runs after a restart",
        naive_after_restart,
        our_after_restart,
        0.003,
        0.3,
    ),
]
