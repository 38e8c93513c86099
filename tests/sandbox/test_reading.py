"""Layers of metadata and the storage template, without a server."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from reconciler.sandbox.clock import local_millis, parse_instant
from reconciler.sandbox.extraction import LOCKS, FileTimes, merged, read_files, write_fields
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.template import AlbumFacts, PhotoFacts, place_free, render
from reconciler.sandbox.versions import V2_5_6, V3_1_0, Version

UPLOADED = FileTimes(created=1_700_000_000_000, modified=1_700_000_001_000)
PLAIN: dict[str, Any] = {
    "description": "",
    "date_time_original": 1_704_164_645_000,
    "time_zone": None,
    "latitude": None,
    "longitude": None,
    "rating": None,
    "tags": [],
}
EVERYTHING = sum(LOCKS.values())


def test_the_sidecar_comes_before_the_photo() -> None:
    embedded = Embedded(description="inside", rating=2, tags=("A",), make="Canon")
    reading = read_files(embedded, {"description": "beside", "tags": []}, UPLOADED, V3_1_0)
    assert reading.exif["description"] == "beside"
    assert (reading.exif["rating"], reading.exif["tags"], reading.exif["make"]) == (2, [], "Canon")


@pytest.mark.parametrize(("version", "left"), [(V2_5_6, "inside"), (V3_1_0, "")])
def test_only_3_writes_an_empty_description(version: Version, left: str) -> None:
    written = write_fields(PLAIN, LOCKS["description"], version)
    assert written is not None
    reading = read_files(Embedded(description="inside"), merged(None, written), UPLOADED, version)
    assert reading.exif["description"] == left


def test_2_5_skips_a_write_that_has_only_an_empty_tag_list() -> None:
    assert write_fields(PLAIN, LOCKS["tags"], V2_5_6) is None
    assert write_fields(PLAIN, LOCKS["tags"], V3_1_0) == {"tags": []}
    assert write_fields(PLAIN, 0, V3_1_0) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"latitude": 48.8534112, "longitude": 2.3487999}, (48.853411, 2.3488, "Europe/Paris")),
        ({"latitude": 0.0, "longitude": 0.0}, (None, None, "UTC+0")),
        ({"time_zone": "Asia/Tokyo"}, (None, None, "UTC+9")),
    ],
)
def test_values_after_the_round_trip(changes: dict[str, Any], expected: tuple[Any, ...]) -> None:
    written = write_fields({**PLAIN, **changes}, EVERYTHING, V3_1_0)
    exif = read_files(Embedded(), merged(None, written or {}), UPLOADED, V3_1_0).exif
    assert (exif["latitude"], exif["longitude"], exif["time_zone"]) == expected
    assert exif["date_time_original"] == PLAIN["date_time_original"]


def test_a_photo_without_a_date_takes_the_earliest_of_its_files_times() -> None:
    reading = read_files(Embedded(latitude=41.89, longitude=12.51), None, UPLOADED, V3_1_0)
    assert reading.file_created_at == reading.local_date_time == UPLOADED.created
    assert reading.exif["time_zone"] == "Europe/Rome"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-05-04T03:02:01.250+09:00", (1_556_906_521_250, "+09:00")),
        ("2019-05-04", (1_556_928_000_000, None)),
        ("2019-05-04T03:02:01+0900", (1_556_906_521_000, "+0900")),
        ("2019-02-30T00:00:00Z", None),
        ("yesterday", None),
    ],
)
def test_instants(text: str, expected: tuple[int, str | None] | None) -> None:
    assert parse_instant(text) == expected


def test_local_time_far_from_now() -> None:
    ancient = parse_instant("1850-01-01T00:00:00Z")
    assert ancient is not None
    assert local_millis(ancient[0], "UTC+1") - ancient[0] == 3_600_000


def test_the_template_renders_conditions_and_drops_what_paths_cannot_have() -> None:
    taken = datetime(2001, 12, 31, 23, 30)
    album = AlbumFacts("Trip: A/B?", taken, taken)
    photo = PhotoFacts("some-id", "IMG.jpg", taken, is_video=False, album=album)
    chosen = "{{#if album}}{{album}}{{else}}no album{{/if}}/{{y}}-{{MMM}}/{{filename}}"
    assert render(chosen, photo) == "Trip AB/2001-Dec/IMG"
    alone = PhotoFacts("some-id", "IMG.jpg", taken, is_video=False)
    assert render(chosen, alone) == "no album/2001-Dec/IMG"


def test_collisions_get_a_number_and_keep_it() -> None:
    taken = {"/a/x.jpg", "/a/x+1.jpg"}
    assert place_free("/a/x.jpg", "/other/x.jpg", taken) == "/a/x+2.jpg"
    assert place_free("/a/x.jpg", "/a/x+1.jpg", taken) == "/a/x+1.jpg"
    assert place_free("/a/x.jpg", "/a/x.jpg", taken) == "/a/x.jpg"
    assert place_free("/a/y.jpg", "/a/x.jpg", taken) == "/a/y.jpg"
