"""Which photos carry which tags, as far as searches tell: each also finds the tags below (FACTS 3.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Event

from reconciler.immich.keyset import OPEN, Range
from reconciler.live.reading import Reading
from reconciler.live.source import Source
from reconciler.model.live import Tag

Found = Mapping[str, frozenset[str]]
"""The photos that carry a tag or one below it, by the tag's path."""


@dataclass(frozen=True, slots=True)
class TagMemberships:
    """The tags of each asset among `read`, as far as they decide.

    `at_most` is how many may carry a tag of which that stayed open for some.
    """

    read: frozenset[str] = frozenset()
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)


def wanted_tags(reading: Reading, live_tags: Mapping[str, Tag]) -> frozenset[str]:
    """The live tags whose own photos must be known."""
    if reading.all_tags:
        return frozenset(live_tags)
    branches = reading.needs.branches
    below = (path for path in live_tags if not branches.isdisjoint(_and_above(path))) if branches else ()
    return (reading.tags & live_tags.keys()).union(below)


def _and_above(path: str) -> list[str]:
    """A tag and all tags above it."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def themselves(reading: Reading, live_tags: Mapping[str, Tag]) -> frozenset[str]:
    """The tags with others below them of which it matters whether a photo carries the tag itself."""
    named = frozenset(live_tags) if reading.all_tags else reading.tags & live_tags.keys()
    return named & _children(live_tags).keys()


def _children(live_tags: Iterable[str]) -> Mapping[str, list[str]]:
    """The nearest live tags below each tag."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in live_tags:
        found[path.rpartition("/")[0]].append(path)
    return found


def searched_tags(wanted: Iterable[str], live_tags: Mapping[str, Tag]) -> frozenset[str]:
    """The tags to search for: the wanted ones and their children, which a search for a parent also finds."""
    found, children = set(wanted), _children(live_tags)
    for path in tuple(found):
        found.update(children.get(path, ()))
    return frozenset(found)


def search_tags(
    source: Source,
    paths: Iterable[str],
    live_tags: Mapping[str, Tag],
    *,
    taken: Range = OPEN,
    on_progress: Callable[[int], None] | None = None,
    stop: Event | None = None,
) -> dict[str, frozenset[str]]:
    """The photos of each of these tags, by path; several searches at once."""
    ids = {path: live_tags[path].id for path in sorted(paths)}
    found = source.tagged_each(list(ids.values()), taken_range=taken, on_progress=on_progress, stop=stop)
    return {path: found[tag_id] for path, tag_id in ids.items()}


def told_by_search(
    found: Found,
    wanted: Iterable[str],
    live_tags: Mapping[str, Tag],
    assets: frozenset[str],
    *,
    branches: frozenset[str] = frozenset(),
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The wanted tags that each asset certainly carries itself, and those that are open, by asset.

    Open is a tag where the asset is found by one below it too: it may carry both. For tags in `branches`
    that doesn't matter.
    """
    children = _children(live_tags)
    of: dict[str, set[str]] = defaultdict(set)
    unclear: dict[str, set[str]] = defaultdict(set)
    for path in wanted:
        below: frozenset[str] = frozenset().union(*(found[child] for child in children.get(path, ())))
        for asset_id in (found[path] - below) & assets:
            of[asset_id].add(path)
        if path not in branches:
            for asset_id in found[path] & below & assets:
                unclear[asset_id].add(path)
    return of, unclear


def tags_by_search(
    source: Source, wanted: frozenset[str], live_tags: Mapping[str, Tag], assets: frozenset[str]
) -> dict[str, frozenset[str]]:
    """The wanted tags of each asset, by one search for each tag and a look at what that leaves open."""
    found = search_tags(source, searched_tags(wanted, live_tags), live_tags)
    of, unclear = told_by_search(found, wanted, live_tags, assets)
    for asset_id, detail in (source.assets(sorted(unclear)) if unclear else {}).items():
        of[asset_id] |= detail.tags & unclear[asset_id]
    return {asset_id: frozenset(paths) for asset_id, paths in of.items() if paths}
