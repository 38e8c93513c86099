"""Files that the server has not read yet are told about, not passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

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
