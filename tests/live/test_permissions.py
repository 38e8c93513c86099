"""A key with exactly the permissions that are asked for is enough: to plan, to apply, and to read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.preflight import methods_for
from reconciler.immich.permissions import missing, needed
from reconciler.immich.reader import Reader
from reconciler.immich.versions import Version, dialect_for
from reconciler.live.permissions import calls_of
from reconciler.live.reading import reading_for
from reconciler.plan.operations import UpdateAsset
from reconciler.plan.report import Outcome
from tests.apply.support import here, names, photos

ALL = {"file": "IMG_*.jpg"}
WISHES: dict[str, dict[str, Any]] = {
    "a rule": {"assets": [{"match": ALL, "rating": 4}]},
    "one name": {"assets": [{"match": {"file": "IMG_0001.jpg"}, "description": "x"}]},
    "many names": {"assets": [{"match": name, "rating": 3} for name in names(60)]},
    "a date": {"assets": [{"match": {"file": "IMG_0001.jpg"}, "taken": "2021-05-06T07:08:09Z"}]},
    "one tag": {"assets": [{"match": {"file": "IMG_0001.jpg"}, "tags": ["Sea"]}]},
    "tags by rule": {"assets": [{"match": ALL, "tags": {"exact": ["Sea", "Sand"]}}]},
    "tag off": {"assets": [{"match": ALL, "tags": {"remove": ["Old"]}}]},
    "a colour": {"tags": [{"value": "Old", "color": "#112233"}]},
    "a new tag": {"tags": [{"value": "New"}]},
    "a favourite": {"assets": [{"match": {"file": "IMG_0001.jpg"}, "favorite": True}]},
    "an album": {"albums": [{"name": "All", "match": ALL, "cover": {"file": "IMG_0001.jpg"}}]},
    "an album of names": {"albums": [{"name": "Some", "assets": names(3)}]},
    "an empty album": {"albums": [{"name": "Empty"}]},
    "no album": {"albums": [{"name": "Kept", "state": "absent"}]},
    "less in an album": {"albums": [{"name": "Kept", "assets": names(1), "order": "asc"}]},
    "a person": {"assets": [{"match": {"people": {"none": ["Nobody"]}}, "rating": 2}]},
    "many persons": {"assets": [{"match": {"people": {"none": [f"P{n}" for n in range(9)]}}, "rating": 2}]},
    "who is on it": {"assets": [{"match": {"lacks": "people"}, "rating": 2}]},
    "a place": {
        "assets": [
            {"match": {"not": {"near": {"latitude": 0, "longitude": 0, "radius": "9km"}}}, "rating": 2}
        ]
    },
    "stacks": {"assets": [{"match": {"stacked": False}, "rating": 2}]},
    "other people": {"albums": [{"name": "Kept", "match": {**ALL, "owner": "any"}}]},
    "who is in an album": {"assets": [{"match": {"in_album": False}, "rating": 2}]},
}


@pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])
@pytest.mark.parametrize("name", WISHES)
def test_what_is_asked_for_is_enough(tmp_path: Path, name: str, version: str) -> None:
    wish = WISHES[name]
    dialect = dialect_for(Version.parse(version))
    with here(tmp_path, photos(64), version=version) as place:
        old = place.other.ask("PUT", "/tags", {"tags": ["Old"]})[0]["id"]
        ids = sorted(place.ids().values())
        place.other.ask("PUT", f"/tags/{old}/assets", {"ids": ids[:60]})
        place.other.ask("POST", "/albums", {"albumName": "Kept", "assetIds": ids[:5]})
        place.settled()
        desired = place.desired(wish)
        reading = frozenset(needed(*calls_of(reading_for(desired)), dialect=dialect))
        plan = place.with_key(sorted(reading)).plan(wish)
        assert plan.changes and not plan.problems
        writing = needed(Reader.me, *methods_for(plan.operations), dialect=dialect)
        report = place.with_key(sorted(writing)).apply(plan)
        assert report.outcome is Outcome.DONE, report


def test_nothing_is_asked_for_twice_over() -> None:
    """A plan of favourites needs no permission for tags or albums."""
    wanted = needed(*methods_for([UpdateAsset({}, "x")]))
    assert missing(wanted, ["asset.update", "asset.read"]) == ()
    assert not {permission for permission in wanted if permission.startswith(("tag", "album"))}
