"""Uploads edited at once under a template (PERFORMANCE 1.6), migrations that ignore a pause (1.3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from tests.apply.support import Here
from tests.races.support import CERTAIN, Race, Tries, begun, differing, made_true, racing

TEMPLATE = "{{y}}/{{MM}}/{{filename}}"
EDIT: dict[str, Any] = {"description": "B", "rating": 4}
WISH: dict[str, Any] = {"assets": [{"match": {"file": "*.jpg"}, **EDIT}]}


def use_template(place: Here, text: str = TEMPLATE) -> None:
    config = place.other.ask("GET", "/system-config")
    config["storageTemplate"] |= {"enabled": True, "template": text}
    place.other.ask("PUT", "/system-config", config)


# -- uploads -------------------------------------------------------------------------------------------

UPLOADS = 150
BATCHES = 6


def naive_uploads(folder: Path) -> Tries:
    """Each photo is uploaded and edited at once. It is so rare that a second batch may be needed."""
    return until_seen(folder, _naive_uploads)


def until_seen(folder: Path, act: Callable[[Path], Tries]) -> Tries:
    tries = Tries(0, 0)
    for number in range(BATCHES):
        if not tries.lost:
            tries += act(folder / str(number))
    return tries


def _naive_uploads(folder: Path) -> Tries:
    with racing(folder, 0, assets=[]) as place:
        use_template(place)
        for number in range(UPLOADS):
            asset = upload(place, number)
            place.other.ask("PUT", f"/assets/{asset}", EDIT)
        return Tries(differing(place, EDIT), UPLOADS)


def our_uploads(folder: Path) -> Tries:
    """Uploads, and at once a run that edits them."""
    tries = Tries(0, 0)
    for batch in (UPLOADS - 30, 20, 7, 3):
        with racing(folder / str(batch), 0, assets=[], collisions=CERTAIN) as place:
            use_template(place)
            for number in range(batch):
                upload(place, number)
            made_true(place, WISH)
            tries += Tries(differing(place, EDIT), batch)
    return tries


def upload(place: Here, number: int) -> str:
    moment = datetime(2024, 6, 1, 12) + timedelta(minutes=number)
    form = {
        "fileCreatedAt": f"{moment.isoformat()}Z",
        "fileModifiedAt": f"{moment.isoformat()}Z",
        "deviceAssetId": str(number),
        "deviceId": "race",
    }
    answer = place.other.session.post(
        f"{place.mounted.base_url}/assets",
        data=form,
        files={"assetData": (f"IMG_{number:04d}.jpg", _jpeg(number))},
        headers={"x-api-key": place.mounted.admin_key or ""},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _jpeg(number: int) -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", (16, 16), (7, 7, 7)).save(packed, "JPEG", comment=str(number))
    return packed.getvalue()


# -- migration -----------------------------------------------------------------------------------------

COUNT = 200


def naive_migration(folder: Path) -> Tries:
    """The queues are paused, which the migration ignores; written, and resumed while it still runs."""
    return until_seen(folder, _naive_migration)


def _naive_migration(folder: Path) -> Tries:
    with racing(folder, COUNT, storageTemplateMigration=6) as place:
        use_template(place)
        migrate(place)
        place.other.pause()
        place.other.ask("PUT", "/assets", {"ids": sorted(place.other.ids()), **EDIT})
        assert place.library.queues.counts("storageTemplateMigration").active, "it was over already"
        place.other.pause(False)
        return Tries(differing(place, EDIT), COUNT)


def our_migration(folder: Path) -> Tries:
    with racing(folder, COUNT, collisions=CERTAIN, storageTemplateMigration=6) as place:
        use_template(place)
        migrate(place)
        made_true(place, WISH)
        return Tries(differing(place, EDIT), COUNT)


def migrate(place: Here) -> None:
    place.other.ask("PUT", "/jobs/storageTemplateMigration", {"command": "start", "force": False})
    begun(place, "storageTemplateMigration")


RACES = [
    Race(
        "upload and immediate edit under a storage template",
        "4 of 700 (0.6 %)",
        naive_uploads,
        our_uploads,
        0.001,
        0.2,
    ),
    Race(
        "edits written and resumed while a migration runs that ignores the pause",
        "1 of 600 (0.2 %)",
        naive_migration,
        our_migration,
        0.001,
        0.2,
    ),
]
