"""The same photos into several albums: one request, whatever it says, and every membership is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.immich.writer import Writer
from reconciler.plan.report import Outcome
from tests.apply.support import here, names, photos

NAMES = ("Year", "Trip", "Ada")


def wish(count: int) -> dict[str, Any]:
    """Three albums with the first photos, so many of them."""
    return {"albums": [{"name": name, "assets": names(count)} for name in NAMES]}


def test_new_photos_of_several_albums_are_one_request(tmp_path: Path) -> None:
    with here(tmp_path, photos(6)) as place:
        assert place.converge(wish(2)).outcome is Outcome.DONE
        plan = place.plan(wish(5))
        assert (plan.cost.requests, plan.cost.fewest) == (1, 1)
        place.clear()
        report = place.apply(plan)
        assert (report.outcome, report.settled) == (Outcome.DONE, 9)
        assert [(item.method, item.path) for item in place.writes()] == [("PUT", "/albums/assets")]
        assert {album.asset_count for album in place.reader.albums().own} == {5}
        assert not place.plan(wish(5)).changes


def test_what_the_server_refuses_goes_album_by_album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with here(tmp_path, photos(4)) as place:
        place.converge(wish(1))
        plan = place.plan(wish(3))
        albums = {album.id for album in place.reader.albums().own}
        place.clear()
        monkeypatch.setattr(Writer, "add_to_albums", lambda *_: False)
        report = place.apply(plan)
        assert (report.outcome, report.settled) == (Outcome.DONE, 6)
        assert {item.path for item in place.writes()} == {f"/albums/{album}/assets" for album in albums}
        assert len(place.writes()) == 3


def test_a_photo_that_the_server_passes_over_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one flag says that all is well as long as anything was added (FINDINGS 32)."""
    with here(tmp_path, photos(4)) as place:
        place.converge(wish(1))
        plan = place.plan(wish(3))
        whole = Writer.add_to_albums
        monkeypatch.setattr(
            Writer, "add_to_albums", lambda self, albums, ids: whole(self, albums, list(ids)[:-1])
        )
        report = place.apply(plan)
        assert (report.outcome, report.settled) == (Outcome.UNSETTLED, 3)
        assert {item.standing.aspect for item in report.reverted} == {"member+"}


def test_an_album_that_is_gone_is_left_out(tmp_path: Path) -> None:
    with here(tmp_path, photos(4)) as place:
        place.converge(wish(1))
        plan = place.plan(wish(3))
        (gone,) = [album.id for album in place.reader.albums().own if album.name == "Trip"]
        Writer(place.reader.transport, place.reader.dialect).delete_album(gone)
        report = place.apply(plan)
        assert report.outcome is Outcome.PARTIAL
        assert {item.name.rpartition(" in ")[2] for item in report.drifted} == {"Trip"}
        assert {album.name: album.asset_count for album in place.reader.albums().own} == {"Year": 3, "Ada": 3}


def test_the_writer_tells_refusal_from_nothing_to_add(tmp_path: Path) -> None:
    with here(tmp_path, photos(2)) as place:
        place.converge(wish(2))
        writer = Writer(place.reader.transport, place.reader.dialect)
        albums = [album.id for album in place.reader.albums().own]
        scanned = sorted(place.reader.scan(owner_id=place.identity.user_id, hidden=False))
        assert writer.add_to_albums(albums, scanned), "all of them are there already"
        assert writer.add_to_albums(albums, []) and writer.add_to_albums([], scanned)
        stranger = "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"
        assert not writer.add_to_albums([stranger], scanned)
        assert not writer.add_to_albums(albums, [stranger])
