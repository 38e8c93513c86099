"""Reads how much: durations, pixels, distances, and comparisons of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.measures import Measure

_COMPARED = re.compile(r"(>=|<=|>|<) *(.+)")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2})", re.ASCII)
_PART = r"\d{1,9}(?:\.\d{1,6})?(?:ms|min|[hms])"
_PARTS = re.compile(f"{_PART}(?: *{_PART})*", re.ASCII)
_ONE_PART = re.compile(r"(\d+)(?:\.(\d+))?(ms|min|h|m|s)", re.ASCII)
_UNITS = {"h": 3_600_000.0, "m": 60_000.0, "min": 60_000.0, "s": 1000.0, "ms": 1.0}
_NUMBER = re.compile(r"(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)
_DISTANCE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) *(km|mi|m)", re.ASCII)
_METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}
FARTHEST = 20_100_000.0
"""Metres. No two points of the earth are further apart."""

FORMS: Mapping[Measure, str] = {
    Measure.DURATION: 'write a length such as "<30s", ">=1m30s", 10s..2m or "1:30"',
    Measure.WIDTH: 'write pixels such as 1920, ">=4000" or 1000..2000',
    Measure.HEIGHT: 'write pixels such as 1080, ">=3000" or 1000..2000',
    Measure.MEGAPIXELS: 'write a number such as 12, ">=20" or 8..16',
}


class BadAmount(ValueError):
    """A text that is no such amount; the message says why and what to write."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, and the size of its last digit: `1.5` has steps of a tenth."""

    value: float
    step: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `low` to `high`, both included unless `above` or `below` leave them out; None is open."""

    low: float | None = None
    high: float | None = None
    above: bool = False
    below: bool = False


def read_bounds(text: str, measure: Measure) -> Bounds:
    """A comparison, a range or a number by itself. Raises BadAmount.

    By itself a duration means the whole of its smallest unit (`30s`: up to 31 s), megapixels mean what is
    rounded to it, and pixels exactly that many.
    """
    form = FORMS[measure]
    read = _duration if measure is Measure.DURATION else _number

    def amount(part: str) -> float:
        return read(part.strip(), form).value

    text = text.strip()
    if compared := _COMPARED.fullmatch(text):
        return _compared(compared[1], amount(compared[2]))
    first, dots, last = text.partition("..")
    if dots:
        low, high = (amount(part) if part.strip() else None for part in (first, last))
        if low is None and high is None:
            raise BadAmount(f"two dots alone are no range; {form}")
        if low is not None and high is not None and low > high:
            raise BadAmount(f"the range ends before it begins; write {last.strip()}..{first.strip()}")
        return Bounds(low, high)
    whole = read(text, form)
    match measure:
        case Measure.DURATION:
            return Bounds(whole.value, whole.value + whole.step, below=True)
        case Measure.MEGAPIXELS:
            return Bounds(whole.value - whole.step / 2, whole.value + whole.step / 2, below=True)
        case _:
            return Bounds(whole.value, whole.value)


def _compared(sign: str, number: float) -> Bounds:
    if sign[0] == ">":
        return Bounds(low=number, above=sign == ">")
    return Bounds(high=number, below=sign == "<")


def _number(text: str, form: str) -> Amount:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise BadAmount(form)
    return Amount(float(text), 10.0 ** -len(found[2] or ""))


def _duration(text: str, form: str) -> Amount:
    """Milliseconds."""
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return Amount(((hours * 60 + minutes) * 60 + seconds) * 1000.0, 1000.0)
    if not _PARTS.fullmatch(text):
        raise BadAmount(form)
    total, step = 0.0, 0.0
    for whole, fraction, unit in _ONE_PART.findall(text):
        total += float(f"{whole}.{fraction or 0}") * _UNITS[unit]
        step = _UNITS[unit] / 10.0 ** len(fraction)
    return Amount(total, step)


def read_distance(text: str) -> float:
    """Metres of a text such as `2km`. Raises BadAmount."""
    found = _DISTANCE.fullmatch(text.strip())
    if not found:
        raise BadAmount("write a distance with its unit, such as 500m, 2km or 1.5mi")
    metres = float(found[1]) * _METRES[found[2]]
    if not 0 < metres <= FARTHEST:
        raise BadAmount("write a distance from 1m to 20000km; without a radius, `has: location` finds all")
    return metres
