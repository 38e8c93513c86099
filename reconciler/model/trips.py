"""Trips: photos that follow one another in time, away from home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.asset import AssetState
from reconciler.model.groupings import DATES, Group, most_frequent
from reconciler.model.places import distance
from reconciler.model.selectors import NOTHING, Needs
from reconciler.model.templates import Kind, Value
from reconciler.model.values import Coordinates


@dataclass(frozen=True, slots=True)
class ByTrip:
    """A new trip begins after a `gap` without a photo; at home there is none.

    `homes` are points around which, up to `away` metres, photos belong to no trip. The key is the moment of
    the first photo (ISO, UTC), by which a trip is known again although photos of it come and go.
    """

    gap: timedelta
    homes: tuple[Coordinates, ...] = ()
    away: float = 0.0

    @property
    def text(self) -> str:
        """The same for the same wish: thresholds may change without making other trips of them."""
        return "trip"

    @property
    def placeholders(self) -> Mapping[str, Kind]:
        return {**DATES, **dict.fromkeys(("days", "country", "city"), Kind.TEXT)}

    def groups(self, states: Sequence[AssetState]) -> dict[str, Group]:
        found = {}
        for trip in self._trips(states):
            key = _instant(trip[0]).isoformat()
            found[key] = Group(key, self._values(trip), trip)
        return found

    def values(self, key: str) -> Mapping[str, Value] | None:  # noqa: ARG002 (a key says nothing of a trip)
        return None

    def needs(self) -> Needs:
        return NOTHING

    def successor(self, key: str, groups: Mapping[str, Group]) -> str | None:
        if key in groups:
            return key
        begun = datetime.fromisoformat(key)
        spans = [
            (name, _instant(group.states[0]), _instant(group.states[-1])) for name, group in groups.items()
        ]
        for slack in (timedelta(), self.gap):
            for name, start, end in spans:
                if start - slack <= begun <= end:
                    return name
        return None

    def _trips(self, states: Sequence[AssetState]) -> Iterator[list[AssetState]]:
        """Photos without a place count as being where those around them are."""
        dated = sorted(
            (state for state in states if state.asset.taken),
            key=lambda state: (_instant(state), state.asset.id),
        )
        trip: list[AssetState] = []
        waiting: list[AssetState] = []
        at_home = False
        before: datetime | None = None
        for state in dated:
            at = _instant(state)
            if before is not None and at - before > self.gap:
                if trip:
                    yield trip
                trip, waiting, at_home = [], [], False
            before = at
            place = state.asset.location
            if self.homes and place is None and not trip:
                if not at_home:
                    waiting.append(state)
            elif self.homes and place is not None and self._at_home(place):
                if trip:
                    yield trip
                trip, waiting, at_home = [], [], True
            else:
                trip += [*waiting, state]
                waiting = []
        if trip:
            yield trip

    def _at_home(self, place: Coordinates) -> bool:
        return any(distance(place, home) <= self.away for home in self.homes)

    def _values(self, trip: Sequence[AssetState]) -> dict[str, Value]:
        taken = [state.asset.taken.local for state in trip if state.asset.taken]
        assets = [state.asset for state in trip]
        days = (max(taken).date() - min(taken).date()).days + 1
        return {
            "days": str(days),
            "country": most_frequent(assets, "country"),
            "city": most_frequent(assets, "city"),
        }


def _instant(state: AssetState) -> datetime:
    assert state.asset.taken is not None
    return state.asset.taken.instant
