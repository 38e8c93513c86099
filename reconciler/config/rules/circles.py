"""Things that are made of each other: named selectors, and albums that ask for each other's photos."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from reconciler.config.report import Place, Report
from reconciler.model.conditions import InAlbum
from reconciler.model.desired import AlbumEntry
from reconciler.model.selectors import conditions_of
from reconciler.model.text import folded

Placed = tuple[Place, AlbumEntry]
"""An album, and the place of its name."""


def circles(asked: Mapping[str, Collection[str]]) -> list[list[str]]:
    """The circles among names that ask for others; each begins with the name that comes first."""
    order = {name: number for number, name in enumerate(asked)}
    rest = {name: [other for other in others if other in asked] for name, others in asked.items()}
    found: list[list[str]] = []
    while True:
        try:
            TopologicalSorter(rest).prepare()
        except CycleError as error:
            # each of its names is asked for by the next, and the first comes again at the end
            ring: list[str] = list(reversed(error.args[1][1:]))
            start = ring.index(min(ring, key=order.__getitem__))
            found.append(ring[start:] + ring[:start])
            for name in ring:
                rest[name] = [other for other in rest[name] if other not in ring]
        else:
            return sorted(found, key=lambda ring: order[ring[0]])


def check_albums(report: Report, albums: Sequence[Placed]) -> None:
    """Tells each circle of albums with all its lines: who is in them would depend on who is in them."""
    by_name = {folded(entry.name): (place, entry) for place, entry in albums}
    asked = {name: _asked(entry) for name, (_, entry) in by_name.items()}
    for ring in circles(asked):
        _tell(report, [by_name[name] for name in ring])


def _asked(entry: AlbumEntry) -> list[str]:
    """The albums whose members an album's own rule asks for, by folded name."""
    rules = [rule for rule in (entry.rule, entry.exclude) if rule]
    found = (condition for rule in rules for condition in conditions_of(rule))
    return sorted({folded(condition.name) for condition in found if isinstance(condition, InAlbum)})


def _tell(report: Report, ring: Sequence[Placed]) -> None:
    place, entry = ring[0]
    if len(ring) == 1:
        message = (
            f"the rule of {entry.name!r} asks who is in {entry.name!r} itself; take that out "
            "(`membership: add` keeps what is in it)"
        )
    else:
        steps = " → ".join(f"{one.name!r} ({at.origin})" for at, one in [*ring, ring[0]])
        message = f"these albums are made of each other: {steps}; take one of the steps out"
    report.add(place.problem(message))
