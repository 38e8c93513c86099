"""Dates and places as small drawings: what to draw where, without a word of markup. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.values import Coordinates, decimal

# -- dates -----------------------------------------------------------------------------------------------

AXIS = 1000.0
"""Width of a timeline in units of its own."""
TICKS = 6
"""Most marks on a timeline."""
BARS = 60
"""Bars of a timeline of many dates."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_STEPS: tuple[tuple[timedelta, str], ...] = (
    (_HOUR / 4, "%H:%M"),
    (_HOUR, "%H:%M"),
    (3 * _HOUR, "%H:%M"),
    (6 * _HOUR, "%d %b %H:%M"),
    (_DAY, "%d %b %Y"),
    (7 * _DAY, "%d %b %Y"),
)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: its place and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dates before and after on one axis from 0 to AXIS; each dot once."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many dates fall into one part of an axis, as heights from 0 to 1."""

    at: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Many dates, counted; `width` is that of one bar."""

    bars: tuple[Bar, ...]
    width: float
    ticks: tuple[Tick, ...]


def timeline(before: Iterable[datetime], after: Iterable[datetime]) -> Timeline | None:
    """Where what the clocks showed lies on one axis; None where there are no two different moments."""
    old, new = sorted(set(before)), sorted(set(after))
    axis = _Axis.of([*old, *new])
    if axis is None or not old or not new:
        return None
    return Timeline(_places(axis, old), _places(axis, new), tuple(axis.ticks()))


def histogram(before: Sequence[datetime], after: Sequence[datetime]) -> Histogram | None:
    """The dates in BARS parts of one axis; None where they are all the same."""
    axis = _Axis.of([*before, *after])
    if axis is None:
        return None
    old, new = _counted(axis, before), _counted(axis, after)
    most = max(*old, *new)
    width = AXIS / BARS
    bars = tuple(
        Bar(number * width, round(one / most, 3), round(other / most, 3))
        for number, (one, other) in enumerate(zip(old, new, strict=True))
        if one or other
    )
    return Histogram(bars, width, tuple(axis.ticks()))


def _counted(axis: _Axis, moments: Iterable[datetime]) -> list[int]:
    counts = [0] * BARS
    for moment in moments:
        counts[min(int(axis.at(moment) / AXIS * BARS), BARS - 1)] += 1
    return counts


def _places(axis: _Axis, moments: Iterable[datetime]) -> tuple[float, ...]:
    """Dots that would lie on one another are one."""
    return tuple(dict.fromkeys(float(round(axis.at(moment) / 5) * 5) for moment in moments))


@dataclass(frozen=True, slots=True)
class _Axis:
    start: datetime
    end: datetime

    @classmethod
    def of(cls, moments: Sequence[datetime]) -> _Axis | None:
        if not moments or min(moments) == max(moments):
            return None
        first, last = min(moments), max(moments)
        margin = max((last - first) * 0.12, timedelta(minutes=1))
        return cls(_shifted(first, -margin), _shifted(last, margin))

    def at(self, moment: datetime) -> float:
        return (moment - self.start) / (self.end - self.start) * AXIS

    def ticks(self) -> Iterator[Tick]:
        """Marks at round times, those that would stand on the border left out."""
        moments, form = self._round()
        for moment in moments:
            at = self.at(moment)
            if 0.03 * AXIS <= at <= 0.97 * AXIS:
                yield Tick(round(at, 1), moment.strftime(form).lstrip("0") or "0")

    def _round(self) -> tuple[list[datetime], str]:
        span = self.end - self.start
        for step, form in _STEPS:
            if span / step <= TICKS:
                midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
                begin = midnight + math.ceil((self.start - midnight) / step) * step
                return [begin + index * step for index in range(TICKS + 1)], form
        months = span / timedelta(days=30.44)
        step_months = next((step for step in _MONTHS if months / step <= TICKS), _MONTHS[-1])
        first = -(-(self.start.year * 12 + self.start.month) // step_months) * step_months
        numbers = range(first, self.end.year * 12 + self.end.month + 1, step_months)
        inside = [number for number in numbers if 12 <= number < 9999 * 12]
        form = "%b %Y" if step_months < 12 else "%Y"
        return [datetime(number // 12, number % 12 + 1, 1) for number in inside], form


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment


def span_text(before: datetime, after: datetime) -> str:
    """How far a clock moves: `2 h 30 min later`, `3 days earlier`; empty where it doesn't."""
    way = "later" if after > before else "earlier"
    seconds = round(abs((after - before).total_seconds()))
    sizes = ((365 * 86400, "year"), (86400, "day"), (3600, "h"), (60, "min"), (1, "s"))
    parts = []
    for size, unit in sizes:
        number, seconds = divmod(seconds, size)
        if number:
            ending = "s" if number > 1 and unit in ("year", "day") else ""
            parts.append(f"{number:,} {unit}{ending}")
    return f"{' '.join(parts[:2])} {way}" if parts else ""


# -- places ----------------------------------------------------------------------------------------------

UNITS = 10
"""Units of the map in a degree, as in the outline; 0/0 is 180 degrees west, 90 degrees north."""
NARROWEST = 36.0
"""Degrees that a map shows from west to east at least: less, and the outline says nothing."""
DOTS = 300
"""Most dots of a kind."""
_EARTH = 6371.0  # km


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid, in the map's units, with its label."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Map:
    """A part of the world, twice as wide as high, in the units of the outline."""

    x: float
    y: float
    width: float
    height: float
    before: tuple[tuple[float, float], ...]
    after: tuple[tuple[float, float], ...]
    meridians: tuple[Line, ...]
    parallels: tuple[Line, ...]
    path: bool
    """Whether one place becomes another, so that a line between the two says something."""


def world_map(before: Iterable[Coordinates], after: Iterable[Coordinates]) -> Map | None:
    """The part of the world with all of these places; None where there are none."""
    old, new = sorted(set(before), key=_order), sorted(set(after), key=_order)
    if not old and not new:
        return None
    x, y, width, height = _window([*old, *new])
    cell = width / 200
    return Map(
        x,
        y,
        width,
        height,
        _dots(old, cell),
        _dots(new, cell),
        tuple(_grid(x, width, 180, "EW")),
        tuple(_grid(y, height, 90, "SN")),
        path=len(old) == 1 and len(new) == 1,
    )


def _order(place: Coordinates) -> tuple[float, float]:
    return place.latitude, place.longitude


def _window(places: Sequence[Coordinates]) -> tuple[float, float, float, float]:
    xs = [(place.longitude + 180) * UNITS for place in places]
    ys = [(90 - place.latitude) * UNITS for place in places]
    width = max(1.5 * (max(xs) - min(xs)), 3 * (max(ys) - min(ys)), NARROWEST * UNITS)
    width = min(width, 360 * UNITS)
    height = width / 2
    x = min(max((max(xs) + min(xs) - width) / 2, 0), 360 * UNITS - width)
    y = min(max((max(ys) + min(ys) - height) / 2, 0), 180 * UNITS - height)
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


def _dots(places: Iterable[Coordinates], cell: float) -> tuple[tuple[float, float], ...]:
    """One dot for all that would lie on one another."""
    found = {
        (
            round(round((place.longitude + 180) * UNITS / cell) * cell, 1),
            round(round((90 - place.latitude) * UNITS / cell) * cell, 1),
        )
        for place in places
    }
    return tuple(sorted(found)[:DOTS])


def _grid(start: float, size: float, zero: int, names: str) -> Iterator[Line]:
    degrees = size / UNITS
    step = next(step for step in (5, 10, 15, 30, 45, 90) if degrees / step <= 6)
    first = math.ceil(start / UNITS / step) * step
    for number in range(first, int((start + size) / UNITS) + 1, step):
        value = number - zero if zero == 180 else zero - number
        side = names[0] if value > 0 else names[1]
        if zero == 90:
            side = "N" if value > 0 else "S"
        yield Line(number * UNITS, f"{abs(value)}°{side if value % 180 else ''}")


def distance_text(one: Coordinates, other: Coordinates) -> str:
    """How far apart two places are, as `320 m` or `1,205 km`."""
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    part = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across / 2) ** 2
    km = 2 * _EARTH * math.asin(math.sqrt(min(1.0, part)))
    if km < 1:
        return f"{round(km * 1000):,} m"
    return f"{km:,.1f} km" if km < 10 else f"{round(km):,} km"


def place_text(place: Coordinates) -> str:
    """`43.0731° N, 11.61° E`."""
    north, east = place.latitude, place.longitude
    return (
        f"{decimal(abs(north))}° {'N' if north >= 0 else 'S'}, "
        f"{decimal(abs(east))}° {'E' if east >= 0 else 'W'}"
    )
