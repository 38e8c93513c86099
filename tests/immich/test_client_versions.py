"""Versions, and what differs between them."""

from __future__ import annotations

import pytest

from reconciler.immich.versions import Version, dialect_for, support_note
from reconciler.model.values import Visibility

from .support import VERSIONS, recorded


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.1.0", Version(3, 1, 0)),
        ("2.5.6", Version(2, 5, 6)),
        ("3.2", Version(3, 2)),
        ("3.2.0-rc.1", Version(3, 2)),
    ],
)
def test_parse(text: str, version: Version) -> None:
    assert Version.parse(text) == version


@pytest.mark.parametrize("text", ["", "3", "three", "3.x"])
def test_not_a_version(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        Version.parse(text)


def test_order_and_text() -> None:
    assert Version(2, 10) > Version(2, 9, 9)
    assert str(Version(3, 1)) == "3.1.0"


@pytest.mark.parametrize("text", ["2.5.0", "2.5.6", "2.7.5", "3.0.0", "3.1.0", "3.2.9"])
def test_supported(text: str) -> None:
    assert support_note(Version.parse(text)) is None


def test_outside_the_range_is_a_warning() -> None:
    assert "2.4.9 is older" in (support_note(Version(2, 4, 9)) or "")
    assert "3.3.0 is newer" in (support_note(Version(3, 3)) or "")
    assert "4.0.0 is newer" in (support_note(Version(4, 0)) or "")


def test_passes() -> None:
    second, third = dialect_for(Version(2, 7)), dialect_for(Version(3, 0))
    assert second.passes(hidden=False) == (Visibility.TIMELINE, Visibility.ARCHIVE)
    assert second.passes(hidden=True) == (Visibility.TIMELINE, Visibility.ARCHIVE, Visibility.HIDDEN)
    assert third.passes(hidden=False) == third.passes(hidden=True) == (None,)


def test_what_came_when() -> None:
    order = [dialect_for(Version(*pair)).stable_order for pair in ((2, 7), (3, 0), (3, 1), (3, 2), (9, 0))]
    assert order == [False, False, True, True, True]
    assert not dialect_for(Version(2, 3)).queue_api
    assert dialect_for(Version(2, 4)).queue_api
    assert [dialect_for(Version(2, minor)).guards_edits for minor in (3, 4, 5)] == [False, True, True]
    assert dialect_for(Version(3, 2)).config_paths == ("/server/config", "/public/config")
    assert dialect_for(Version(3, 0)).unrated is None
    assert dialect_for(Version(2, 5, 6)).unrated == 0


def test_features() -> None:
    second = dialect_for(Version(2, 5, 6)).features(storage_template=None, can_hold_window=False)
    third = dialect_for(Version(3, 1)).features(storage_template=True, can_hold_window=True)
    assert (second.clears_embedded_description, second.keeps_last_tag_off) == (False, False)
    assert (third.clears_embedded_description, third.keeps_last_tag_off) == (True, True)
    assert (third.storage_template, second.can_hold_window) == (True, False)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_owner_of_a_recorded_album(version: str) -> None:
    dialect = dialect_for(Version.parse(version))
    me = recorded(version, "me")["body"]["id"]
    owners = {dialect.album_owner(album) for album in recorded(version, "albums")["body"]}
    assert owners == {me}
    assert {dialect.album_owner(album) for album in recorded(version, "shared_albums")["body"]} == {me}


def test_an_album_without_an_owner() -> None:
    assert dialect_for(Version(3, 1)).album_owner({"albumUsers": [{"role": "viewer", "user": {}}]}) is None
    assert dialect_for(Version(2, 5)).album_owner({}) is None
