"""Files that the server has not read yet are told about, not passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.live.cost import Cost
from reconciler.live.searching import choosing, looking
from tests.apply.support import here, photos

RULE = {"assets": [{"match": {"file": "IMG_*.jpg"}, "rating": 4}]}


@pytest.mark.parametrize("rows", [0, 2])
def test_a_rule_says_how_many_files_it_cannot_see(tmp_path: Path, rows: int) -> None:
    with here(tmp_path, photos(5)) as place:
        with place.library.database.write() as db:
            db.run("DELETE FROM exif WHERE asset_id IN (SELECT id FROM asset LIMIT ?)", (rows,))
        plan = place.plan(RULE)
        assert len(plan.changes.assets) == 5 - rows
        assert [note.count for note in plan.notes] == ([rows] if rows else [])
        assert all("not read by the server yet" in note.text for note in plan.notes)


def test_single_photos_cost_no_such_question(tmp_path: Path) -> None:
    with here(tmp_path, photos(5)) as place:
        place.clear()
        place.plan({"assets": [{"match": {"file": "IMG_0001.jpg"}, "rating": 4}]})
        assert not [item for item in place.library.requests.all() if "statistics" in item.path]


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0", "3.2.2"])
def test_a_count_that_overlooks_the_file_says_nothing(tmp_path: Path, version: str) -> None:
    """The server counts all photos where names or paths are asked for; only 3.2 shows what is unread."""
    wish = {"assets": [{"match": {"file": "IMG_000*.jpg"}, "rating": 4}]}
    with here(tmp_path, photos(20), version=version) as place, pytest.MonkeyPatch.context() as costs:
        for module in (looking, choosing):
            costs.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
        plan = place.plan(wish)
        assert len(plan.changes.assets) == 10
        assert not plan.notes
        with place.library.database.write() as db:
            db.run("DELETE FROM exif WHERE asset_id = ?", (place.ids()["IMG_0004.jpg"],))
        plan = place.plan(wish)
        assert len(plan.changes.assets) == 9
        assert [note.count for note in plan.notes] == ([1] if version == "3.2.2" else [])
