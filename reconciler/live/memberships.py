"""Which photos carry which tags. No call tells it in bulk, so the cheaper of two ways is taken (FACTS 3.1).

Either one search for each tag (which also finds the tags below it), or one GET for each photo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.immich.answers import AssetDetail
from reconciler.immich.reader import Reader
from reconciler.live.reading import Reading
from reconciler.model.asset import Asset
from reconciler.model.live import Tag


@dataclass(frozen=True, slots=True)
class TagMemberships:
    """The tags of each asset among `read`; for assets in `complete`, all their tags."""

    read: frozenset[str] = frozenset()
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()


def read_tags(
    reader: Reader,
    reading: Reading,
    live_tags: Mapping[str, Tag],
    assets: Mapping[str, Asset],
    details: Mapping[str, AssetDetail],
    on_progress: Callable[[str, int], None],
) -> TagMemberships:
    """Reads the memberships that a reading asks for, of the given assets."""
    wanted = _wanted(reading, live_tags)
    if not wanted or not assets:
        complete = {asset_id: details[asset_id].tags for asset_id in assets if asset_id in details}
        return TagMemberships(wanted, complete, frozenset(complete))
    searches = len(_searched(wanted, live_tags))
    unread = [asset_id for asset_id in assets if asset_id not in details]
    if len(unread) <= searches:
        found = dict(details) | reader.assets(unread)
        of = {asset_id: found[asset_id].tags for asset_id in assets if asset_id in found}
        return TagMemberships(wanted, of, frozenset(of))
    of = tags_by_search(reader, wanted, live_tags, frozenset(assets), on_progress)
    complete_ids = frozenset(assets) if wanted == frozenset(live_tags) else frozenset()
    return TagMemberships(wanted, of, complete_ids)


def _wanted(reading: Reading, live_tags: Mapping[str, Tag]) -> frozenset[str]:
    """The live tags whose own photos must be known."""
    if reading.all_tags:
        return frozenset(live_tags)
    named = reading.tags & live_tags.keys()
    below = {
        path
        for path in live_tags
        if any(path == branch or path.startswith(branch + "/") for branch in reading.needs.branches)
    }
    return named | below


def _children(path: str, live_tags: Mapping[str, Tag]) -> list[str]:
    """The nearest live tags below a tag."""
    below = path + "/"
    return [other for other in live_tags if other.startswith(below) and "/" not in other[len(below) :]]


def _searched(wanted: Iterable[str], live_tags: Mapping[str, Tag]) -> frozenset[str]:
    """The tags to search for: the wanted ones and their children, which a search for a parent also finds."""
    found = set(wanted)
    for path in tuple(found):
        found.update(_children(path, live_tags))
    return frozenset(found)


def tags_by_search(
    reader: Reader,
    wanted: frozenset[str],
    live_tags: Mapping[str, Tag],
    assets: frozenset[str],
    on_progress: Callable[[str, int], None],
) -> dict[str, frozenset[str]]:
    """The wanted tags of each asset, by one search for each tag and a look at what that leaves open."""
    found: dict[str, frozenset[str]] = {}
    for number, path in enumerate(sorted(_searched(wanted, live_tags)), start=1):
        found[path] = reader.tagged([live_tags[path].id]) & assets
        on_progress("tags", number)
    of: dict[str, set[str]] = defaultdict(set)
    unclear: dict[str, set[str]] = defaultdict(set)
    for path in wanted:
        below: frozenset[str] = frozenset().union(*(found[child] for child in _children(path, live_tags)))
        for asset_id in found[path] - below:
            of[asset_id].add(path)
        for asset_id in found[path] & below:
            unclear[asset_id].add(path)
    for asset_id, detail in reader.assets(sorted(unclear)).items():
        of[asset_id] |= detail.tags & unclear[asset_id]
    return {asset_id: frozenset(paths) for asset_id, paths in of.items()}
