"""Conditions on how large a picture is and how long a video."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.asset import Asset, AssetState
from reconciler.model.selectors import Plain


class Measure(StrEnum):
    """What can be measured of an asset. `duration` is in milliseconds, `width` and `height` in pixels."""

    DURATION = "duration"
    WIDTH = "width"
    HEIGHT = "height"
    MEGAPIXELS = "megapixels"


def megapixels(asset: Asset) -> float | None:
    """Millions of pixels; None where the size isn't known."""
    if asset.width is None or asset.height is None:
        return None
    return asset.width * asset.height / 1_000_000


_READ: Mapping[Measure, Callable[[Asset], float | None]] = {
    Measure.DURATION: lambda asset: asset.duration,
    Measure.WIDTH: lambda asset: asset.width,
    Measure.HEIGHT: lambda asset: asset.height,
    Measure.MEGAPIXELS: megapixels,
}


def measured(asset: Asset, measure: Measure) -> float | None:
    """The number; None where it isn't known or there is none."""
    return _READ[measure](asset)


@dataclass(frozen=True, slots=True)
class NumberWithin(Plain):
    """A measure lies from `low` to `high`, both included unless said otherwise; None leaves a side open.

    What has no such measure never does.
    """

    measure: Measure
    low: float | None = None
    high: float | None = None
    above: bool = False
    """Whether `low` itself is left out."""
    below: bool = False
    """Whether `high` itself is left out."""

    def matches(self, state: AssetState) -> bool:
        return self._holds(measured(state.asset, self.measure))

    def _holds(self, number: float | None) -> bool:
        if number is None:
            return False
        if self.low is not None and (number < self.low or (self.above and number == self.low)):
            return False
        return self.high is None or number < self.high or (number == self.high and not self.below)

    def select(self, states: Sequence[AssetState]) -> list[AssetState]:
        read, holds = _READ[self.measure], self._holds
        return [state for state in states if holds(read(state.asset))]


class Shape(StrEnum):
    """How a picture stands, as it is shown."""

    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"
    SQUARE = "square"


def shape_of(asset: Asset) -> Shape | None:
    """How it stands; None where its size isn't known."""
    if not asset.width or not asset.height:
        return None
    if asset.width == asset.height:
        return Shape.SQUARE
    return Shape.LANDSCAPE if asset.width > asset.height else Shape.PORTRAIT


@dataclass(frozen=True, slots=True)
class ShapeIs(Plain):
    """Stands in one of these ways."""

    shapes: frozenset[Shape]

    def matches(self, state: AssetState) -> bool:
        return shape_of(state.asset) in self.shapes
