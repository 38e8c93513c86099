"""Conditions on where a photo was taken, by its coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from reconciler.model.asset import AssetState
from reconciler.model.selectors import Plain
from reconciler.model.values import Coordinates

EARTH_RADIUS = 6_371_008.8
"""Metres; the mean radius of the earth, taken for a ball. Off by half a percent at most."""


def distance(one: Coordinates, other: Coordinates) -> float:
    """Metres between two points along the surface (haversine), right at the poles and across 180 degrees."""
    low, high = radians(one.latitude), radians(other.latitude)
    half_up = sin((high - low) / 2)
    half_around = sin(radians(other.longitude - one.longitude) / 2)
    chord = half_up * half_up + cos(low) * cos(high) * half_around * half_around
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(chord)))


@dataclass(frozen=True, slots=True)
class Near(Plain):
    """Taken within `radius` metres of a point, the edge included."""

    center: Coordinates
    radius: float

    @property
    def latitudes(self) -> tuple[float, float]:
        """What lies further south or north is not meant."""
        reach = self.radius / (radians(1) * EARTH_RADIUS) * 1.000001
        return self.center.latitude - reach, self.center.latitude + reach

    def holds(self, place: Coordinates) -> bool:
        """Whether a point is near."""
        return distance(self.center, place) <= self.radius

    def matches(self, state: AssetState) -> bool:
        place = state.asset.location
        return place is not None and self.holds(place)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        # to ask the latitude first is a tenth of the work
        low, high = self.latitudes
        return [
            state
            for state in states
            if (place := state.asset.location) is not None
            and low <= place.latitude <= high
            and distance(self.center, place) <= self.radius
        ]


@dataclass(frozen=True, slots=True)
class InBox(Plain):
    """Taken between two latitudes and, going east, from one longitude to another; edges included.

    A box whose `west` is greater than its `east` lies across 180 degrees.
    """

    south: float
    west: float
    north: float
    east: float

    @property
    def latitudes(self) -> tuple[float, float]:
        """What lies further south or north is not meant."""
        return self.south, self.north

    def holds(self, place: Coordinates) -> bool:
        """Whether a point lies within."""
        if not self.south <= place.latitude <= self.north:
            return False
        if self.west <= self.east:
            # 180 degrees east and west are the same line
            return self.west <= place.longitude <= self.east or (
                abs(place.longitude) == 180 and 180 in (abs(self.west), abs(self.east))
            )
        return place.longitude >= self.west or place.longitude <= self.east

    def matches(self, state: AssetState) -> bool:
        place = state.asset.location
        return place is not None and self.holds(place)


Where = Near | InBox
"""A condition on coordinates and nothing else."""
