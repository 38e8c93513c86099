"""What is known of the server when it is decided how to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.immich.selections import TOGETHER
from reconciler.live.cost import BY_ID, REQUEST, ROW, Cost, detail_cost
from reconciler.live.searching.slices import Slice
from reconciler.model.live import Tag


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known so far; what is None was not asked for."""

    library: int = 0
    """How many photos searches show, without hidden ones; 0 where that doesn't matter."""
    passes: int = 1
    """How many searches together show the whole library."""
    hidden: bool = False
    """Whether hidden photos are asked for."""
    tags: Mapping[str, Tag] = field(default_factory=dict)
    """All tags, by path."""
    albums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The ids of the albums with a name that rules give, by that name, folded."""
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The ids of the photos in albums, by the album's id, as far as they were read."""
    people: Mapping[str, tuple[str, ...]] | None = None
    """The ids of persons by what rules call them, folded."""
    libraries: Mapping[str, tuple[str, ...]] | None = None
    """The ids of external libraries, likewise."""
    stacked: frozenset[str] | None = None
    """The ids of the photos in stacks."""
    values: Mapping[str, frozenset[str]] | None = None
    """The words that photos of the timeline have, by field (`TextField`)."""
    settled: bool = False
    """Whether no edit waits in the queues, so that photos are filed by the date they show (FINDINGS 18)."""
    structured: bool = False
    """Whether the server takes a structured filter (3.2+)."""
    by_ids: bool = False
    """Whether several photos are asked for in one request by their ids: it does, and nobody needs tags."""
    left_alone: frozenset[str] = frozenset()
    """The ids of albums that no entry and no set may mean."""
    on_map: Mapping[Slice, frozenset[str]] = field(default_factory=dict)
    """The photos that fit what slices ask of coordinates, of those that are read by what the map tells."""
    told_apart: bool = False
    """Whether a tag itself is asked for that has tags below it, which no search tells apart."""


def ids_cost(photos: int, facts: Facts) -> Cost:
    """Photos whose ids are known: one by one, with their tags, or several in one search."""
    if not facts.by_ids:
        return detail_cost(photos)
    requests = -(-photos // TOGETHER["id"])
    return Cost(requests, photos, requests * REQUEST + photos * (ROW + BY_ID))
