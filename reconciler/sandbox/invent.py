"""Invented photos: a family's fifteen years, for libraries of any size that look like a real one.

There is a home, there are trips of some days to one place each, and there are bursts. Phones know where they
are, cameras don't. The same seed and count give the same photos.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.sandbox.geo import TOWNS, Town, zone_at
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded

FIRST_DAY: Final = date(2010, 1, 1)
DAYS: Final = 15 * 365 + 4

IN_A_BURST: Final = 0.20  # photos that share their instant with a neighbour
_REPEATED: Final = 1 - (1 - IN_A_BURST) ** 0.5  # chance to repeat the instant before, which gives that share
WITH_PLACE: Final = 0.60
WITH_CAPTION: Final = 0.40
WITH_RATING: Final = 0.15
WITH_KEYWORDS: Final = 0.12
WITH_PEOPLE: Final = 0.30
VIDEOS: Final = 0.05
FAVORITES: Final = 0.03
_VISIBILITIES: Final = (("timeline", 0.92), ("archive", 0.05), ("hidden", 0.03))

_PHONE_SHARE: Final = 0.8
_PHONE_PLACED: Final = WITH_PLACE / _PHONE_SHARE
_ALONE: Final = 0.05  # days spent too far from any town for a name
_TRIP_WEIGHT, _HOME_WEIGHT, _HOME_DAYS = 6.0, 1.0, 0.35  # photos on a day away and at home; days with any
_MORNING, _DAYLIGHT = time(7), timedelta(hours=15)

_HOME: Final = "Freiburg"
_PEOPLE: Final = ("Ada", "Ben", "Clara", "David", "Emma", "Grandma", "Uncle Leo")
_SUBJECTS: Final = (
    "the market", "the lake", "the old bridge", "the garden", "breakfast", "the first snow", "the beach",
    "the harbour", "a birthday", "the long way up", "the museum", "the last evening", "the playground",
)  # fmt: skip
_KEYWORDS: Final = (
    "Family",
    "Family/Children",
    "Places/Lake",
    "Places/Mountains",
    "Food",
    "Animals/Cats",
    "Work",
)


@dataclass(frozen=True, slots=True)
class _Device:
    """A camera or phone: what it writes into files and how it names them."""

    make: str
    model: str
    lens: str | None
    first_year: int
    last_year: int
    names: str
    """``{number}`` counts the device's shots, ``{taken}`` is the local time."""
    video_names: str
    is_phone: bool = False
    numbers: int = 9999
    """After this number the names start again."""
    pixels: tuple[int, int] = (4000, 3000)
    f_number: float = 2.8
    focal_length: float = 35


_DEVICES: Final = (
    _Device("Apple", "iPhone 4", None, 2010, 2015, "IMG_{number:04}.JPG", "IMG_{number:04}.MOV", True,
            pixels=(2592, 1936), f_number=2.8, focal_length=3.85),
    _Device("Apple", "iPhone 8", "iPhone 8 back camera 3.99mm f/1.8", 2015, 2020, "IMG_{number:04}.jpg",
            "IMG_{number:04}.MOV", True, pixels=(4032, 3024), f_number=1.8, focal_length=3.99),
    _Device("Google", "Pixel 4a", "Pixel 4a back camera 4.38mm f/1.73", 2018, 2023,
            "PXL_{taken:%Y%m%d_%H%M%S}{number:03}.jpg", "VID_{taken:%Y%m%d_%H%M%S}.mp4", True, 999,
            (4032, 3024), 1.7, 4.38),
    _Device("Apple", "iPhone 13 Pro", "iPhone 13 Pro back triple camera 5.7mm f/1.5", 2021, 2030,
            "IMG_{number:04}.HEIC", "IMG_{number:04}.MOV", True, pixels=(4032, 3024), f_number=1.5,
            focal_length=5.7),
    _Device("Canon", "Canon EOS 60D", "EF-S17-55mm f/2.8 IS USM", 2010, 2017, "IMG_{number:04}.CR2",
            "MVI_{number:04}.MOV", pixels=(5184, 3456), f_number=4, focal_length=24),
    _Device("SONY", "ILCE-7M3", "FE 24-105mm F4 G OSS", 2016, 2030, "DSC{number:05}.ARW", "C{number:04}.MP4",
            pixels=(6000, 4000), f_number=5.6, focal_length=50),
    _Device("FUJIFILM", "X100V", None, 2020, 2030, "DSCF{number:04}.JPG", "DSCF{number:04}.MOV",
            pixels=(6240, 4160), f_number=2, focal_length=23),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Day:
    """A day with photos, and where it was spent."""

    day: date
    town: Town
    latitude: float
    longitude: float
    trip: str | None
    """The tag of the trip."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """When, where and with what a photo was made; a burst repeats it."""

    day: _Day
    taken: datetime
    device: _Device
    latitude: float | None
    longitude: float | None


@dataclass(slots=True)
class _Counters:
    """How often each device was used."""

    shots: dict[str, int] = field(default_factory=dict)

    def next(self, device: _Device) -> int:
        number = self.shots.get(device.model, 0) + 1
        self.shots[device.model] = number
        return (number - 1) % device.numbers + 1


def invent(count: int, *, seed: int = 1, owner: str | None = None) -> Iterator[NewAsset]:
    """That many photos from 2010 to 2024, oldest first, of one owner (None: the first admin).

    They have no bytes; their checksums are made from the seed and their number.
    """
    chance = random.Random(seed)
    days, weights = _days(chance)
    reach = list(accumulate(weights))
    counters = _Counters()
    shot: _Shot | None = None
    for number in range(count):
        if shot is None or chance.random() >= _REPEATED:
            position = (number + chance.random()) / count * reach[-1]
            index = min(bisect_right(reach, position), len(days) - 1)
            within = (position - (reach[index] - weights[index])) / weights[index]
            shot = _take(days[index], min(max(within, 0.0), 0.999), chance)
        yield _asset(shot, counters, chance, f"{seed}:{count}:{number}", owner)


def _days(chance: random.Random) -> tuple[list[_Day], list[float]]:
    """The days on which photos were made, and how many of them compared with each other."""
    home = next(town for town in TOWNS if town.place.city == _HOME)
    away = [town for town in TOWNS if town is not home]
    days: list[_Day] = []
    weights: list[float] = []
    passed = 0
    while passed < DAYS:
        for _ in range(chance.randint(20, 70)):
            if chance.random() < _HOME_DAYS:
                days.append(_spend(FIRST_DAY + timedelta(passed), home, None, chance))
                weights.append(_HOME_WEIGHT * chance.uniform(0.3, 2))
            passed += 1
        town = chance.choice(away)
        trip = f"Trips/{town.place.country}"
        for _ in range(chance.randint(3, 14)):
            days.append(_spend(FIRST_DAY + timedelta(passed), town, trip, chance))
            weights.append(_TRIP_WEIGHT * chance.uniform(0.3, 2))
            passed += 1
    inside = sum(day.day < FIRST_DAY + timedelta(DAYS) for day in days)
    return days[:inside], weights[:inside]


def _spend(day: date, town: Town, trip: str | None, chance: random.Random) -> _Day:
    far = 0.5 if chance.random() < _ALONE else 0.08  # degrees; 0.08 stays within the town's reach
    shift_north = far * chance.choice((-1, 1)) if far > 0.1 else chance.uniform(-far, far)
    return _Day(day, town, town.latitude + shift_north, town.longitude + chance.uniform(-0.08, 0.08), trip)


def _take(day: _Day, within: float, chance: random.Random) -> _Shot:
    """A photo at this part of the day, 0 being the morning and 1 the night."""
    taken = datetime.combine(day.day, _MORNING) + within * _DAYLIGHT
    phone = chance.random() < _PHONE_SHARE
    owned = [d for d in _DEVICES if d.is_phone == phone and d.first_year <= day.day.year <= d.last_year]
    device = chance.choice(owned)
    taken = taken.replace(microsecond=taken.microsecond // 1000 * 1000 if phone else 0)
    if not phone or chance.random() >= _PHONE_PLACED:
        return _Shot(day, taken, device, None, None)
    latitude = round(day.latitude + chance.uniform(-0.02, 0.02), 6)
    return _Shot(day, taken, device, latitude, round(day.longitude + chance.uniform(-0.02, 0.02), 6))


def _asset(
    shot: _Shot, counters: _Counters, chance: random.Random, identity: str, owner: str | None
) -> NewAsset:
    device, moment = shot.device, _with_zone(shot)
    # by a dice of its own, so that what an older version invented for a seed stays as it was
    beside = random.Random(f"beside {identity}")
    video = chance.random() < VIDEOS
    names = device.video_names if video else device.names
    offset = moment.isoformat()[-6:] if device.is_phone else None
    width, height = (1920, 1080) if video else device.pixels
    embedded = Embedded(
        taken=shot.taken.isoformat(timespec="milliseconds" if device.is_phone else "seconds"),
        offset=offset,
        latitude=shot.latitude,
        longitude=shot.longitude,
        make=device.make,
        model=device.model,
        lens=None if video else device.lens,
        f_number=None if video else device.f_number,
        focal_length=None if video else device.focal_length,
        iso=None if video else chance.choice((50, 100, 200, 400, 800, 1600)),
        exposure_time=None if video else f"1/{chance.choice((30, 60, 125, 250, 500, 1000))}",
        description=_caption(shot.day.town, chance) if chance.random() < WITH_CAPTION else None,
        rating=chance.choice((3, 3, 4, 4, 5)) if chance.random() < WITH_RATING else None,
        tags=_keywords(shot.day, chance) if chance.random() < WITH_KEYWORDS else (),
        width=width,
        height=height,
        orientation="6" if not video and chance.random() < 0.25 else "1",
    )
    return NewAsset(
        file_name=names.format(number=counters.next(device), taken=shot.taken),
        file_created_at=moment.astimezone(UTC),
        embedded=embedded,
        owner=owner,
        checksum=hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest(),
        visibility=_pick(_VISIBILITIES, chance),
        favorite=chance.random() < FAVORITES,
        file_size=chance.randint(20_000_000, 200_000_000) if video else chance.randint(1_500_000, 9_000_000),
        duration=beside.randint(2_000, 180_000) if video else None,
        people=beside.sample(_PEOPLE, beside.choice((1, 1, 2, 3))) if beside.random() < WITH_PEOPLE else (),
    )


def _with_zone(shot: _Shot) -> datetime:
    return shot.taken.replace(tzinfo=_zone(shot.day.town))


@cache
def _zone(town: Town) -> ZoneInfo:
    return ZoneInfo(zone_at(town.latitude, town.longitude) or "UTC")


def _caption(town: Town, chance: random.Random) -> str:
    subject = chance.choice(_SUBJECTS)
    who = " and ".join(chance.sample(_PEOPLE, chance.choice((1, 1, 2))))
    first, second = chance.choice(
        ((subject, f"in {town.place.city}"), (f"{who}, {subject}", ""), (who, f"in {town.place.city}"))
    )
    text = f"{first} {second}".strip()
    return text[0].upper() + text[1:]


def _keywords(day: _Day, chance: random.Random) -> tuple[str, ...]:
    chosen = chance.sample(_KEYWORDS, chance.choice((1, 1, 2)))
    return (*chosen, day.trip) if day.trip and chance.random() < 0.5 else tuple(chosen)


def _pick(shares: Sequence[tuple[str, float]], chance: random.Random) -> str:
    drawn = chance.random()
    for value, share in shares:
        if drawn < share:
            return value
        drawn -= share
    return shares[0][0]
