"""Which time zone and which town a pair of coordinates belongs to.

Zones come from tzfpy. Towns come from the short list below: the cities that the recorded servers knew, the
places of the example album, and cities for invented libraries, named and spelt as Immich does (GeoNames,
plain letters).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

REACH_KM: Final = 25.0
"""A photo gets the name of the nearest town if it is no farther away than this (Immich 2.5.6 and 3.1.0)."""

_EARTH_RADIUS_KM: Final = 6371.0
_KM_PER_DEGREE: Final = math.pi * _EARTH_RADIUS_KM / 180


@dataclass(frozen=True, slots=True)
class Place:
    """The names Immich gives to a place."""

    city: str
    state: str
    country: str


@dataclass(frozen=True, slots=True)
class Town:
    """A place and where it is, in degrees."""

    place: Place
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class _Area:
    """A rectangle on the map, in degrees, where the recorded servers' zone data differ from tzfpy's."""

    south: float
    north: float
    west: float
    east: float
    zone: str


# Immich's data stretch the zones of islands and poles over places where tzfpy has nautical zones
# ("Etc/GMT+3") or another claim. These three are recorded (FINDINGS 9); elsewhere at sea tzfpy is believed.
_DIFFERENT_ZONES: Final = (
    _Area(89.0, 90.0, -180.0, 180.0, "Arctic/Longyearbyen"),
    _Area(-90.0, -89.9, -180.0, 180.0, "America/Santiago"),
    _Area(29.0, 31.0, -41.0, -39.0, "Atlantic/Azores"),
)

# city, state, country, latitude, longitude
_TOWNS: Final = (
    # known to the recorded servers
    ("Berlin", "State of Berlin", "Germany", 52.52437, 13.41053),
    ("Paris", "Ile-de-France", "France", 48.85341, 2.3488),
    ("Tokyo", "Tokyo", "Japan", 35.6895, 139.69171),
    ("New York City", "New York", "United States of America", 40.71427, -74.00597),
    ("Rome", "Latium", "Italy", 41.89193, 12.51133),
    ("Sao Paulo", "Sao Paulo", "Brazil", -23.5475, -46.63611),
    ("Reykjavik", "Capital Region", "Iceland", 64.13548, -21.89541),
    # Italy
    ("Pienza", "Tuscany", "Italy", 43.07663, 11.67876),
    ("San Quirico d'Orcia", "Tuscany", "Italy", 43.05783, 11.60520),
    ("Montalcino", "Tuscany", "Italy", 43.05669, 11.48980),
    ("Siena", "Tuscany", "Italy", 43.31822, 11.33064),
    ("Florence", "Tuscany", "Italy", 43.77925, 11.24626),
    ("Venice", "Veneto", "Italy", 45.43713, 12.33265),
    ("Milan", "Lombardy", "Italy", 45.46427, 9.18951),
    ("Naples", "Campania", "Italy", 40.85216, 14.26811),
    ("Palermo", "Sicily", "Italy", 38.13205, 13.33561),
    # the rest of Europe
    ("Hamburg", "Hamburg", "Germany", 53.55073, 9.99302),
    ("Munich", "Bavaria", "Germany", 48.13743, 11.57549),
    ("Freiburg", "Baden-Wurttemberg", "Germany", 47.9959, 7.85222),
    ("Vienna", "Vienna", "Austria", 48.20849, 16.37208),
    ("Innsbruck", "Tyrol", "Austria", 47.26266, 11.39454),
    ("Zurich", "Zurich", "Switzerland", 47.36667, 8.55),
    ("Lyon", "Auvergne-Rhone-Alpes", "France", 45.74846, 4.84671),
    ("Marseille", "Provence-Alpes-Cote d'Azur", "France", 43.29695, 5.38107),
    ("Barcelona", "Catalonia", "Spain", 41.38879, 2.15899),
    ("Madrid", "Madrid", "Spain", 40.4165, -3.70256),
    ("Sevilla", "Andalusia", "Spain", 37.38283, -5.97317),
    ("Lisbon", "Lisbon", "Portugal", 38.71667, -9.13333),
    ("London", "England", "United Kingdom", 51.50853, -0.12574),
    ("Edinburgh", "Scotland", "United Kingdom", 55.95206, -3.19648),
    ("Dublin", "Leinster", "Ireland", 53.33306, -6.24889),
    ("Amsterdam", "North Holland", "Netherlands", 52.37403, 4.88969),
    ("Copenhagen", "Capital Region", "Denmark", 55.67594, 12.56553),
    ("Stockholm", "Stockholm", "Sweden", 59.32938, 18.06871),
    ("Bergen", "Vestland", "Norway", 60.39299, 5.32415),
    ("Helsinki", "Uusimaa", "Finland", 60.16952, 24.93545),
    ("Prague", "Prague", "Czech Republic", 50.08804, 14.42076),
    ("Krakow", "Lesser Poland", "Poland", 50.06143, 19.93658),
    ("Athens", "Attica", "Greece", 37.98376, 23.72784),
    ("Istanbul", "Istanbul", "Turkey", 41.01384, 28.94966),
    # the rest of the world
    ("San Francisco", "California", "United States of America", 37.77493, -122.41942),
    ("Chicago", "Illinois", "United States of America", 41.85003, -87.65005),
    ("Honolulu", "Hawaii", "United States of America", 21.30694, -157.85833),
    ("Vancouver", "British Columbia", "Canada", 49.24966, -123.11934),
    ("Montreal", "Quebec", "Canada", 45.50884, -73.58781),
    ("Mexico City", "Mexico City", "Mexico", 19.42847, -99.12766),
    ("Lima", "Lima", "Peru", -12.04318, -77.02824),
    ("Buenos Aires", "Buenos Aires F.D.", "Argentina", -34.61315, -58.37723),
    ("Cape Town", "Western Cape", "South Africa", -33.92584, 18.42322),
    ("Nairobi", "Nairobi Area", "Kenya", -1.28333, 36.81667),
    ("Marrakesh", "Marrakesh-Safi", "Morocco", 31.63416, -7.99994),
    ("Cairo", "Cairo Governorate", "Egypt", 30.06263, 31.24967),
    ("Mumbai", "Maharashtra", "India", 19.07283, 72.88261),
    ("Kathmandu", "Bagmati Province", "Nepal", 27.70169, 85.3206),
    ("Bangkok", "Bangkok", "Thailand", 13.75398, 100.50144),
    ("Singapore", "Singapore", "Singapore", 1.28967, 103.85007),
    ("Kyoto", "Kyoto", "Japan", 35.02107, 135.75385),
    ("Sydney", "New South Wales", "Australia", -33.86785, 151.20732),
    ("Wellington", "Wellington Region", "New Zealand", -41.28664, 174.77557),
)

TOWNS: Final = tuple(
    sorted(
        (
            Town(Place(city, state, country), latitude, longitude)
            for city, state, country, latitude, longitude in _TOWNS
        ),
        key=lambda town: town.latitude,
    )
)
"""All towns, from south to north."""

_LATITUDES: Final = [town.latitude for town in TOWNS]


def zone_at(latitude: float, longitude: float) -> str | None:
    """The IANA name of the zone at these degrees (``Europe/Rome``); None where there is no such place."""
    import tzfpy

    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    for area in _DIFFERENT_ZONES:
        if area.south <= latitude <= area.north and area.west <= longitude <= area.east:
            return area.zone
    return tzfpy.get_tz(longitude, latitude) or None


def place_at(latitude: float, longitude: float) -> Place | None:
    """The nearest town within ``REACH_KM``, or None."""
    reach = REACH_KM / _KM_PER_DEGREE
    low, high = bisect_left(_LATITUDES, latitude - reach), bisect_right(_LATITUDES, latitude + reach)
    near = [(_distance_km(latitude, longitude, town), town) for town in TOWNS[low:high]]
    distance, nearest = min(near, key=lambda pair: pair[0], default=(math.inf, None))
    return nearest.place if nearest is not None and distance <= REACH_KM else None


def _distance_km(latitude: float, longitude: float, town: Town) -> float:
    north, other = math.radians(latitude), math.radians(town.latitude)
    east = math.radians(longitude - town.longitude)
    half = math.sin((north - other) / 2) ** 2 + math.cos(north) * math.cos(other) * math.sin(east / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(half))
