"""Makes reconciler/render/pages/world.path: the outline of the land for the maps in the HTML page.

npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz package/land-50m.json
.venv/bin/python docs/make_world.py package/land-50m.json

The data is Natural Earth's (naturalearthdata.com, 1:50m land), which is in the public domain.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "reconciler" / "render" / "pages" / "world.path"
UNIT = 10
"""Units of the path in a degree; 0/0 is 180 degrees west, 90 degrees north."""
TOLERANCE = 0.15
"""Degrees by which the outline may be off."""
SMALLEST = 0.03
"""Square degrees; smaller islands are left out."""
SOUTHERNMOST = -60.0
"""The Antarctic is left out."""

Point = tuple[float, float]


def rings(topology: dict[str, Any]) -> Iterator[list[Point]]:
    """The outlines in degrees, from TopoJSON's arcs of differences."""
    (sx, sy), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * sx + dx, y * sy + dy))
        arcs.append(points)
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for ring in polygon:
                points = []
                for index in ring:
                    arc = arcs[index] if index >= 0 else arcs[~index][::-1]
                    points += arc[1:] if points else arc
                yield points


def simplified(points: list[Point], tolerance: float) -> list[Point]:
    """Douglas and Peucker's way: a point stays where leaving it out would be seen."""
    if len(points) < 3:
        return points
    (ax, ay), (bx, by) = points[0], points[-1]
    length = math.hypot(bx - ax, by - ay)

    def off(point: Point) -> float:
        x, y = point
        if length == 0:
            return math.hypot(x - ax, y - ay)
        return abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length

    far = max(range(1, len(points) - 1), key=lambda index: off(points[index]))
    if off(points[far]) <= tolerance:
        return [points[0], points[-1]]
    return simplified(points[: far + 1], tolerance)[:-1] + simplified(points[far:], tolerance)


def unrolled(points: list[Point]) -> list[Point]:
    """A ring that crosses the date line goes on beyond 180 degrees instead of jumping to the other side."""
    found = points[:1]
    for x, y in points[1:]:
        found.append((x - 360 * round((x - found[-1][0]) / 360), y))
    return found


def cut(points: list[Point]) -> Iterator[list[Point]]:
    """The ring within 180 degrees east and west; what lies beyond comes in on the other side."""
    for turn in (-360, 0, 360):
        moved = [(x + turn, y) for x, y in points]
        kept = half(half(moved, lambda x: 180 - x, 180), lambda x: x + 180, -180)
        if len(kept) > 2:
            yield kept


def half(points: list[Point], inside: Callable[[float], float], border: float) -> list[Point]:
    """The part of a ring on one side of a meridian (Sutherland and Hodgman)."""
    found: list[Point] = []
    for (ax, ay), (bx, by) in zip(points[-1:] + points[:-1], points, strict=True):
        if (inside(ax) >= 0) != (inside(bx) >= 0):
            found.append((border, ay + (by - ay) * (border - ax) / (bx - ax)))
        if inside(bx) >= 0:
            found.append((bx, by))
    return found


def area(points: list[Point]) -> float:
    """Square degrees within a ring."""
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


def path(points: list[Point]) -> str:
    """One ring as an SVG path of whole numbers, each step from the one before."""
    steps = []
    last = (0, 0)
    for index, (x, y) in enumerate(points):
        here = (round((x + 180) * UNIT), round((90 - y) * UNIT))
        step = (here[0] - last[0], here[1] - last[1])
        if index == 0:
            steps.append(f"M{here[0]} {here[1]}")
        elif step != (0, 0):
            sign = "" if steps[-1].startswith("M") or step[0] < 0 else " "
            lead = "l" if steps[-1].startswith("M") else sign
            steps.append(f"{lead}{step[0]}{'' if step[1] < 0 else ' '}{step[1]}")
        last = here
    return "".join(steps) + "z"


def main(source: str) -> None:
    """Writes the outline."""
    sys.setrecursionlimit(10_000)
    whole = rings(json.loads(Path(source).read_text("utf-8")))
    land = [part for ring in whole for part in cut(unrolled(ring)) if area(part) >= SMALLEST]
    north = [ring for ring in land if max(y for _, y in ring) > SOUTHERNMOST]
    half = [ring[: len(ring) // 2 + 1] for ring in north]
    rest = [ring[len(ring) // 2 :] for ring in north]
    outlines = [
        simplified(one, TOLERANCE)[:-1] + simplified(other, TOLERANCE)[:-1]
        for one, other in zip(half, rest, strict=True)
    ]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("".join(path(ring) for ring in outlines if len(ring) > 2) + "\n", "ascii")


if __name__ == "__main__":
    main(sys.argv[1])
