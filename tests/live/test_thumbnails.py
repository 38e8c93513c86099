"""Thumbnails: within a budget, in a fixed choice, and never a reason for a plan to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from reconciler.immich.errors import ServerError
from reconciler.live.thumbnails import Budget, read_thumbnails
from tests.apply.support import photos
from tests.immich.support import Asked, Says, always, reader_of
from tests.support.world import world

VIEW = ("asset.view",)
IDS = [f"photo-{number:03}" for number in range(100)]


def picture(asked: Asked) -> Says:
    return Says(raw=b"\xff\xd8\xff" + asked.path.encode(), headers={"Content-Type": "image/jpeg"})


def test_the_first_ones_as_many_as_are_allowed() -> None:
    reader, wire = reader_of("3.1.0", picture)
    found = read_thumbnails(reader, IDS, Budget(7), granted=VIEW)
    assert list(found.files) == IDS[:7] and found.note == ""
    assert found.files["photo-003"].endswith(b"/assets/photo-003/thumbnail")
    assert len(wire.asked) == 7 and {item.query["size"] for item in wire.asked} == {"thumbnail"}


def test_bytes_are_counted_in_the_order_asked_for() -> None:
    reader, wire = reader_of("3.1.0", lambda _: Says(raw=b"x" * 1000))
    found = read_thumbnails(reader, IDS, Budget(100, 4_500), granted=VIEW)
    assert list(found.files) == IDS[:4]
    assert len(wire.asked) < 30


def test_without_the_permission_nothing_is_asked() -> None:
    reader, wire = reader_of("3.1.0", picture)
    found = read_thumbnails(reader, IDS, Budget(), granted=("asset.read",))
    assert not found.files and "asset.view" in found.note and not wire.asked


def test_all_permissions_include_it() -> None:
    reader, _ = reader_of("3.1.0", picture)
    assert len(read_thumbnails(reader, IDS, Budget(3), granted=("all",)).files) == 3


def test_one_that_is_missing_leaves_the_others() -> None:
    def handler(asked: Asked) -> Says:
        return Says(404, {"message": "Not found"}) if "photo-001" in asked.path else picture(asked)

    reader, wire = reader_of("3.1.0", handler)
    found = read_thumbnails(reader, IDS, Budget(5), granted=VIEW)
    assert list(found.files) == ["photo-000", "photo-002", "photo-003", "photo-004"]
    assert found.note == "Some pictures are missing: the server has not given them (Not found)."
    assert len(wire.asked) == 5


@pytest.mark.parametrize(
    "answer",
    [
        Says(403, {"message": "Missing required permission: asset.view"}),
        requests.ConnectionError("gone"),
        requests.ReadTimeout("slow"),
    ],
)
def test_what_is_hopeless_is_given_up_soon(answer: Says | Exception) -> None:
    reader, wire = reader_of("3.1.0", always(answer), connections=2)
    found = read_thumbnails(reader, IDS, Budget(), granted=VIEW)
    assert not found.files and found.note.startswith("There are no pictures: ")
    assert len(wire.asked) <= 4


def test_a_server_at_fault_is_not_asked_again() -> None:
    reader, wire = reader_of("3.1.0", always(Says(500, {"message": "Internal server error"})))
    with pytest.raises(ServerError) as error:
        reader.thumbnail("photo-000")
    assert len(wire.asked) == 1 and not error.value.uncertain


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0"])
def test_the_sandbox_gives_pictures(tmp_path: Path, version: str) -> None:
    with world(tmp_path, photos(3), version=version) as place:
        ids = sorted(place.ids().values())
        found = read_thumbnails(place.reader, ids, Budget(), granted=("all",))
        assert list(found.files) == ids
        assert all(data.startswith(b"\xff\xd8\xff") for data in found.files.values())
