"""A run that ends between an album's photos and its cover: continued, it still sets the cover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.plan.report import Outcome
from tests.apply.support import Fault, here, photos


@pytest.mark.parametrize(
    "former", [("IMG_0000.jpg", "IMG_0001.jpg"), ()], ids=["the cover leaves", "it was empty"]
)
def test_a_cover_that_the_server_chose_meanwhile_is_no_drift(tmp_path: Path, former: tuple[str, ...]) -> None:
    wish: dict[str, Any] = {
        "albums": [
            {
                "name": "Known",
                "cover": {"file": "IMG_0001.jpg"},
                "assets": [{"file": "IMG_0001.jpg"}, {"file": "IMG_0002.jpg"}],
            }
        ]
    }
    with here(tmp_path, photos(3)) as place:
        ids = place.ids()
        place.other.ask("POST", "/albums", {"albumName": "Known", "assetIds": [ids[name] for name in former]})
        plan = place.plan(wish)
        place.faults(Fault("status", "PATCH", "/albums/[^/]*", times=None, status=500))
        assert place.apply(plan).outcome is Outcome.PARTIAL
        place.clear()
        [left] = place.reader.albums().own
        assert left.cover in (ids["IMG_0001.jpg"], ids["IMG_0002.jpg"])
        taken = {"albumThumbnailAssetId": ids["IMG_0002.jpg"]}  # which of them is up to the server
        place.other.ask("PATCH", f"/albums/{left.id}", taken)
        report = place.apply(plan)
        assert report.outcome is Outcome.DONE and not report.drifted
        [album] = place.reader.albums().own
        assert album.cover == ids["IMG_0001.jpg"]


def test_a_cover_that_somebody_chose_meanwhile_is_left_alone(tmp_path: Path) -> None:
    wish: dict[str, Any] = {
        "albums": [
            {
                "name": "Known",
                "cover": {"file": "IMG_0002.jpg"},
                "assets": [{"file": f"IMG_000{number}.jpg"} for number in range(4)],
            }
        ]
    }
    with here(tmp_path, photos(4)) as place:
        ids = place.ids()
        members = [ids[f"IMG_000{number}.jpg"] for number in range(3)]
        made = place.other.ask("POST", "/albums", {"albumName": "Known", "assetIds": members})
        former = made["albumThumbnailAssetId"] or place.reader.albums().own[0].cover
        plan = place.plan(wish)
        chosen = next(one for one in members if one not in (former, ids["IMG_0002.jpg"]))
        place.other.ask("PATCH", f"/albums/{made['id']}", {"albumThumbnailAssetId": chosen})
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL and [item.aspect for item in report.drifted] == ["cover"]
        assert place.reader.albums().own[0].cover == chosen
