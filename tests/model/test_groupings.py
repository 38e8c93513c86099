"""How album sets group photos."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.model.asset import Asset, AssetState
from reconciler.model.groupings import ByCamera, ByDate, ByFolder, ByPlace, ByTag, Grouping, Period, Place
from reconciler.model.trips import ByTrip
from reconciler.model.values import AssetType, Coordinates, Taken

START = datetime(2024, 6, 1, 12, tzinfo=UTC)
ROME = Coordinates(41.8919, 12.5113)
TIVOLI = Coordinates(41.9634, 12.7987)
PARIS = Coordinates(48.8534, 2.3488)


def state(
    number: int = 1, tags: tuple[str, ...] = (), hours: float | None = None, **fields: Any
) -> AssetState:
    at = START + timedelta(hours=hours or 0)
    if hours is not None:
        fields["taken"] = Taken(at, 120)
    fields = {"path": f"/photos/{number}.jpg", **fields}
    asset = Asset(
        f"id{number:03}",
        "me",
        "",
        f"{number}.jpg",
        type=AssetType.IMAGE,
        file_created_at=at,
        added=at,
        updated=at,
        **fields,
    )
    return AssetState(asset, frozenset(tags))


def grouped(grouping: Grouping, *states: AssetState) -> dict[str, list[str]]:
    found = grouping.groups(states)
    assert list(found) == sorted(found) or isinstance(grouping, ByTrip)
    return {key: [state.asset.id for state in group.states] for key, group in found.items()}


def test_dates_go_by_the_clock_at_the_place() -> None:
    late = state(1, taken=Taken(datetime(2023, 12, 31, 23, tzinfo=UTC), 120))
    early = state(2, taken=Taken(datetime(2024, 1, 1, 1, tzinfo=UTC), -180))
    unknown = state(3, taken=Taken(datetime(2024, 1, 1, 1, tzinfo=UTC)))
    none = state(4)
    assert grouped(ByDate(Period.YEAR), late, early, unknown, none) == {
        "2023": ["id002"],
        "2024": ["id001", "id003"],
    }
    assert list(grouped(ByDate(Period.MONTH), late, early)) == ["2023-12", "2024-01"]


@pytest.mark.parametrize(
    ("root", "levels", "path", "key", "below"),
    [
        ("/photos/trips", 1, "/photos/trips/Rome/a.jpg", "/photos/trips/Rome", "Rome"),
        ("/photos/trips/", 1, "/photos/trips/Rome/day 2/a.jpg", "/photos/trips/Rome", "Rome"),
        ("/Photos/Trips", 2, "/photos/trips/Rome/day 2/x/a.jpg", "/photos/trips/Rome/day 2", "Rome/day 2"),
        ("/photos/trips", 2, "/photos/trips/Rome/a.jpg", "/photos/trips/Rome", "Rome"),
        ("/photos/trips", None, "/photos/trips/a/b/c/d.jpg", "/photos/trips/a/b/c", "a/b/c"),
        ("/photos/*", 1, "/photos/ada/Rome/a.jpg", "/photos/ada/Rome", "Rome"),
        ("/photos/**/trips", 1, "/photos/x/y/trips/Rome/trips/a.jpg", "/photos/x/y/trips/Rome", "Rome"),
        ("/photos/trips", 1, "/photos/trips/a.jpg", None, ""),
        ("/photos/trips", 1, "/photos/trips2/Rome/a.jpg", None, ""),
        ("/photos/trips", 1, "/other/photos/trips/Rome/a.jpg", None, ""),
    ],
)
def test_folders(root: str, levels: int | None, path: str, key: str | None, below: str) -> None:
    grouping = ByFolder(root, levels)
    assert list(grouped(grouping, state(path=path))) == ([key] if key else [])
    if key:
        values = grouping.values(key) or {}
        parts = below.split("/")
        assert (values["below"], values["folder"], values["path"]) == (below, parts[-1], key)
        assert [values[str(number)] for number in (1, 2, 3)] == [*parts, None, None, None][:3]
        assert values["parent"] == key.split("/")[-2]


def test_places_cameras_and_tags() -> None:
    one = state(
        1,
        ("Trips/Italy", "Family"),
        city="Rome",
        state="Lazio",
        country="Italy",
        make="Canon",
        model="Canon R6",
    )
    two = state(
        2, ("Trips/Italy/Rome",), city="Rome", state="Georgia", country="USA", make="FUJIFILM", model="X-T5"
    )
    bare = state(3)
    assert grouped(ByPlace(Place.COUNTRY), one, two, bare) == {"Italy": ["id001"], "USA": ["id002"]}
    cities = ByPlace(Place.CITY)
    assert len(grouped(cities, one, two, bare)) == 2
    assert cities.groups([two])["USA / Georgia / Rome"].values == {
        "country": "USA",
        "state": "Georgia",
        "city": "Rome",
    }
    cameras = [group.values["camera"] for group in ByCamera().groups([one, two, bare]).values()]
    assert cameras == ["Canon R6", "FUJIFILM X-T5"]
    assert list(grouped(ByTag(), one, two, bare)) == ["Family", "Trips/Italy", "Trips/Italy/Rome"]
    below = ByTag("Trips")
    assert list(grouped(below, one, two, bare)) == ["Trips/Italy", "Trips/Italy/Rome"]
    assert below.values("Trips/Italy/Rome") == {
        "tag": "Rome", "parent": "Italy", "path": "Trips/Italy/Rome", "below": "Italy/Rome"
    }  # fmt: skip


def trips(grouping: ByTrip, *states: AssetState) -> list[list[str]]:
    mixed = list(states)
    random.Random(1).shuffle(mixed)
    return list(grouped(grouping, *mixed).values())


def test_a_gap_begins_a_new_trip() -> None:
    gap = ByTrip(timedelta(hours=24))
    found = trips(gap, state(1, hours=0), state(2, hours=24), state(3, hours=48.1), state(4))
    assert found == [["id001", "id002"], ["id003"]]


def test_home_ends_a_trip_and_belongs_to_none() -> None:
    away = ByTrip(timedelta(days=3), (ROME,), 50_000)
    found = trips(
        away,
        state(1, hours=0, location=ROME),
        state(2, hours=5, location=PARIS),
        state(3, hours=6),
        state(4, hours=9, location=TIVOLI),
        state(5, hours=10),
        state(6, hours=12, location=PARIS),
    )
    assert found == [["id002", "id003"], ["id006"]]


def test_photos_without_a_place_belong_to_those_around_them() -> None:
    away = ByTrip(timedelta(days=1), (ROME,), 50_000)
    assert trips(away, state(1, hours=0), state(2, hours=1, location=PARIS)) == [["id001", "id002"]]
    assert trips(away, state(1, hours=0), state(2, hours=1, location=ROME)) == []
    assert trips(away, state(1, hours=0), state(2, hours=30, location=PARIS)) == [["id002"]]
    assert trips(away, state(1, hours=0), state(2, hours=1)) == []


def test_what_a_trip_is_called_by() -> None:
    group = next(
        iter(
            ByTrip(timedelta(days=3))
            .groups([
                state(1, hours=0, country="Italy", city="Rome"),
                state(2, hours=20, country="Italy", city="Tivoli"),
                state(3, hours=36, country="France"),
            ])
            .values()
        )
    )  # fmt: skip
    assert group.values == {"days": "3", "country": "Italy", "city": "Rome"}
    assert group.whole(["start"])["start"] == datetime(2024, 6, 1, 14)
    assert group.whole(["end"])["end"] == datetime(2024, 6, 3, 2)


def test_a_trip_is_known_again_by_its_beginning() -> None:
    grouping = ByTrip(timedelta(days=2))
    (former,) = grouping.groups([state(1, hours=0), state(2, hours=20)])
    longer = grouping.groups([state(3, hours=-30), state(1, hours=0)])
    assert grouping.successor(former, longer) == next(iter(longer))
    shorter = grouping.groups([state(2, hours=20), state(4, hours=200)])
    assert grouping.successor(former, shorter) == next(iter(shorter))
    assert grouping.successor(former, grouping.groups([state(4, hours=200)])) is None
