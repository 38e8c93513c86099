"""What is exported asks for just what is there, and brings another server with the same photos to it."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from reconciler.live.errand import Around
from reconciler.live.read import read_live
from reconciler.live.snapshot.taking import curation
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.plan.report import Outcome
from reconciler.render.export import Exportable, Part, exported
from reconciler.sandbox.library import NewAsset
from tests.engine.test_properties import VERSIONS, Shared, shared_world
from tests.engine.wishes import libraries, shared_before, wishes
from tests.support.world import World, world

SETTINGS = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

DAY = datetime(2024, 6, 1, 10, tzinfo=UTC)
CURATED = """
tags:
  - { value: Trips/Italy, color: "#e07a5f" }
assets:
  - match: { file: IMG_000*.jpg }
    tags: [Trips/Italy, yes]
  - match: { file: IMG_0001.jpg }
    description: "two\\nlines: # - no"
    rating: 4
    favorite: true
    taken: 2024-05-06T07:08:09+02:00
  - match: { file: IMG_0002.jpg }
    location: { latitude: 43.0731, longitude: 11.61 }
    visibility: archive
albums:
  - name: "Best: of #1"
    description: "null"
    order: asc
    activity: false
    cover: { file: IMG_0003.jpg }
    assets: [{ file: IMG_0003.jpg }, { file: IMG_0001.jpg }]
  - name: Nothing in it
    assets: []
"""


def everything_of(here: World) -> Live:
    return read_live(
        curation(Desired(), tags=True, albums=True, photos=True, tags_of=True),
        here.reader,
        identity=here.identity,
        features=here.features(),
        around=Around(whole=True, complete=True),
    )


def text_of(here: World) -> str:
    live = everything_of(here)
    return "\n".join(exported(live, part, tuple(Exportable)).text for part in Part)


@VERSIONS
@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes())
def test_a_plan_of_what_was_exported_has_nothing_to_do(
    version: str, library: list[NewAsset], shared: Shared, wish: dict[str, Any]
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        shared_world(Path(folder), library, shared, version) as here,
    ):
        plan = here.plan(wish)
        assume(not plan.problems)
        here.apply(plan)
        text = text_of(here)
        again = here.plan(text or "tags: []\n")
        assert not again.problems, text
        assert not again.changes and not again.missing, text


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0"])
def test_a_new_server_with_the_same_photos_gets_it_all_back(tmp_path: Path, version: str) -> None:
    """The server has died; the photos were uploaded to another one."""
    library = [
        NewAsset(f"IMG_{number:04}.jpg", DAY.replace(hour=number), checksum=f"{number:040x}")
        for number in range(8)
    ]
    with world(tmp_path / "old", library, version=version) as old:
        old.converge(CURATED)
        text = text_of(old)
        counts = {part: exported(everything_of(old), part).count for part in Part}
    assert counts == {Part.TAGS: 3, Part.ALBUMS: 2, Part.ASSETS: 8}
    for words in ("two\\nlines", "Trips/Italy", "archive", "Best: of #1", "rating: 4", "+02:00"):
        assert words in text
    with world(tmp_path / "new", library, version=version) as new:
        assert new.converge(text).outcome is Outcome.DONE
        assert text_of(new) == text
