"""Zones and place names, as the recorded servers gave them."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from reconciler.sandbox.geo import TOWNS, Place, place_at, zone_at

ITALY = Place("San Quirico d'Orcia", "Tuscany", "Italy")


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone", "place"),
    [
        (52.520007, 13.404954, "Europe/Berlin", Place("Berlin", "State of Berlin", "Germany")),
        (48.853411, 2.3488, "Europe/Paris", Place("Paris", "Ile-de-France", "France")),
        (41.89193, 12.51133, "Europe/Rome", Place("Rome", "Latium", "Italy")),
        (35.6895, 139.69171, "Asia/Tokyo", Place("Tokyo", "Tokyo", "Japan")),
        (
            40.71427,
            -74.00597,
            "America/New_York",
            Place("New York City", "New York", "United States of America"),
        ),
        (-23.5475, -46.63611, "America/Sao_Paulo", Place("Sao Paulo", "Sao Paulo", "Brazil")),
        (64.13548, -21.89541, "Atlantic/Reykjavik", Place("Reykjavik", "Capital Region", "Iceland")),
        # no town near, but a zone all the same
        (-33.9, -70.123457, "America/Santiago", None),
        (0, 13.4, "Africa/Libreville", None),
        (30, -40, "Atlantic/Azores", None),
        (90, 180, "Arctic/Longyearbyen", None),
        (-89.999999, -179.999999, "America/Santiago", None),
    ],
)
def test_as_recorded(latitude: float, longitude: float, zone: str, place: Place | None) -> None:
    assert (zone_at(latitude, longitude), place_at(latitude, longitude)) == (zone, place)


def test_the_nearest_town_names_the_place() -> None:
    assert place_at(43.0731, 11.6100) == ITALY
    assert place_at(43.0766, 11.6700) == Place("Pienza", "Tuscany", "Italy")


def test_a_name_reaches_25_kilometres() -> None:
    north_of_reykjavik = 64.13548 + 24.9 / 111.195
    assert place_at(north_of_reykjavik, -21.89541) is not None
    assert place_at(north_of_reykjavik + 0.2 / 111.195, -21.89541) is None


def test_no_zone_off_the_map() -> None:
    assert zone_at(91, 0) is None
    assert zone_at(0, -180.5) is None


def test_every_town_finds_itself_and_its_zone() -> None:
    names = available_timezones()
    for town in TOWNS:
        assert place_at(town.latitude, town.longitude) == town.place
        assert zone_at(town.latitude, town.longitude) in names
