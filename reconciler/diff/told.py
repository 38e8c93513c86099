"""What is told of assets beside their changes: conflicts, loops, and wishes that the server undid before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter

from reconciler.diff.changes import Note, Undone
from reconciler.diff.converge import Outcome
from reconciler.diff.notes import SAMPLE
from reconciler.diff.wishes import Conflict
from reconciler.model.asset import Asset
from reconciler.model.origin import Origin, Problem


@dataclass(slots=True)
class Told:
    """Conflicts, loops and undone wishes of all assets, each told once with a count."""

    again: list[Undone] = field(default_factory=list)
    conflicts: dict[Conflict, list[str]] = field(default_factory=lambda: defaultdict(list))
    loops: dict[tuple[Origin, ...], list[str]] = field(default_factory=lambda: defaultdict(list))
    zones: list[tuple[Origin, Asset]] = field(default_factory=list)

    def take(self, outcome: Outcome) -> None:
        """Adds what there is to tell of one asset."""
        asset = outcome.start.asset
        if outcome.zone_ruled and asset.taken:
            self.zones.append((outcome.zone_ruled, asset))
        for conflict in outcome.conflicts:
            self.conflicts[conflict].append(asset.label)
        if outcome.looping:
            self.loops[outcome.looping].append(asset.label)
        for aspect in sorted(outcome.undone):
            attempt, origin = outcome.undone[aspect]
            self.again.append(Undone(attempt, asset.label, origin))

    @property
    def undone(self) -> tuple[Undone, ...]:
        """The wishes that were undone before, in order of the assets' ids."""
        return tuple(sorted(self.again, key=lambda item: item.attempt.asset_id))

    def notes(self) -> Iterable[Note]:
        """What the place makes of dates, line by line."""
        by_line: dict[Origin, list[Asset]] = defaultdict(list)
        for origin, asset in self.zones:
            by_line[origin].append(asset)
        for origin, assets in sorted(by_line.items(), key=itemgetter(0)):
            first = min(assets, key=attrgetter("id"))
            labels = sorted(asset.label for asset in assets)
            text = (
                f"the place decides the zone ({first.zone}), so the offset written here doesn't show; "
                f"write {first.taken} to say the same"
            )
            yield Note(text, origin, len(assets), tuple(labels[:SAMPLE]))

    def problems(self) -> Iterable[Problem]:
        """Conflicts and loops, each once."""
        for conflict, labels in sorted(self.conflicts.items()):
            text = f"disagrees with {conflict.other} about {conflict.about} of {_some(labels)}"
            yield Problem(
                text + ": narrow one of the two, or name the photo in an entry of its own", conflict.one
            )
        for origins, labels in sorted(self.loops.items()):
            whose = f"this and {_lines(origins[1:])} set each other" if origins[1:] else "this sets itself"
            text = f"{whose} off without end on {_some(labels)}"
            yield Problem(text + ": make the rules exclude each other", origins[0])


def _lines(origins: Sequence[Origin]) -> str:
    first, more = ", ".join(map(str, origins[:SAMPLE])), len(origins) - SAMPLE
    return f"{first} and {more} more" if more > 0 else first


def _some(labels: list[str]) -> str:
    first = sorted(labels)[0]
    return first if len(labels) == 1 else f"{first} and {len(labels) - 1} more"
