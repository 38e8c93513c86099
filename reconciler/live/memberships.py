"""Which photos carry which tags. No call tells it in bulk, so the cheaper of two ways is taken (FACTS 3.1).

Either one search for each tag (which also finds the tags below it), or one GET for each photo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from reconciler.immich.answers import AssetDetail
from reconciler.immich.reader import Reader
from reconciler.immich.search import OPEN, Range, Selection
from reconciler.live.choosing import listed, tag_read, tags_one_by_one
from reconciler.live.cost import count_cost
from reconciler.live.errand import Errand
from reconciler.live.parts import Facts
from reconciler.live.plan import What, read
from reconciler.live.reading import Reading
from reconciler.model.asset import Asset
from reconciler.model.live import Tag

Found = Mapping[str, frozenset[str]]
"""The photos that carry a tag or one below it, by the tag's path."""

MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TagMemberships:
    """The tags of each asset among `read`; for assets in `complete`, all their tags."""

    read: frozenset[str] = frozenset()
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()


def wanted_tags(reading: Reading, live_tags: Mapping[str, Tag]) -> frozenset[str]:
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


def searched_tags(wanted: Iterable[str], live_tags: Mapping[str, Tag]) -> frozenset[str]:
    """The tags to search for: the wanted ones and their children, which a search for a parent also finds."""
    found = set(wanted)
    for path in tuple(found):
        found.update(_children(path, live_tags))
    return frozenset(found)


def search_tags(
    reader: Reader | Errand,
    paths: Iterable[str],
    live_tags: Mapping[str, Tag],
    on_progress: Callable[[int], None],
    *,
    taken: Range = OPEN,
) -> dict[str, frozenset[str]]:
    """The photos of each of these tags, by path; several searches at once."""
    ids = {path: live_tags[path].id for path in sorted(paths)}
    if isinstance(reader, Errand):
        found = reader.source.tagged_each(
            list(ids.values()), taken_range=taken, on_progress=on_progress, stop=reader.stop
        )
    else:
        found = reader.tagged_each(list(ids.values()), on_progress=on_progress)
    return {path: found[tag_id] for path, tag_id in ids.items()}


def own_tags(
    found: Found,
    wanted: Iterable[str],
    live_tags: Mapping[str, Tag],
    assets: frozenset[str],
    details: Callable[[list[str]], Mapping[str, AssetDetail]],
    *,
    branches: frozenset[str] = frozenset(),
) -> dict[str, frozenset[str]]:
    """The wanted tags that each asset carries itself.

    Who is found by a tag and by one below it may carry both: `details` tells. For tags in `branches` it
    doesn't matter.
    """
    of: dict[str, set[str]] = defaultdict(set)
    unclear: dict[str, set[str]] = defaultdict(set)
    for path in wanted:
        below: frozenset[str] = frozenset().union(*(found[child] for child in _children(path, live_tags)))
        for asset_id in (found[path] - below) & assets:
            of[asset_id].add(path)
        if path not in branches:
            for asset_id in found[path] & below & assets:
                unclear[asset_id].add(path)
    for asset_id, detail in (details(sorted(unclear)) if unclear else {}).items():
        of[asset_id] |= detail.tags & unclear[asset_id]
    return {asset_id: frozenset(paths) for asset_id, paths in of.items()}


def tags_by_search(
    reader: Reader,
    wanted: frozenset[str],
    live_tags: Mapping[str, Tag],
    assets: frozenset[str],
    on_progress: Callable[[str, int], None],
) -> dict[str, frozenset[str]]:
    """The wanted tags of each asset, by one search for each tag and a look at what that leaves open."""
    searched = searched_tags(wanted, live_tags)
    found = search_tags(reader, searched, live_tags, lambda done: on_progress("tags", done))
    return own_tags(found, wanted, live_tags, assets, reader.assets)


@dataclass(slots=True)
class Tagging:
    """Reads the tags that a reading asks for: before the photos are known, or once they are."""

    errand: Errand
    reading: Reading
    facts: Facts
    found: Found | None = None

    @property
    def wanted(self) -> frozenset[str]:
        """The tags whose photos must be known."""
        return wanted_tags(self.reading, self.facts.tags)

    @property
    def searched(self) -> frozenset[str]:
        """The tags to search for."""
        return searched_tags(self.wanted, self.facts.tags)

    def job(self) -> Callable[[], None] | None:
        """A job that searches for all tags while the whole library is scanned; None where that costs more."""
        if not self.searched or tags_one_by_one(self.facts.library, len(self.searched), self.facts):
            return None
        number = self._plan(self.facts.library, one_by_one=False)
        return lambda: self._search(number, OPEN)

    def memberships(self, assets: Mapping[str, Asset], details: Mapping[str, AssetDetail]) -> TagMemberships:
        """The tags of these assets, of which some were read with theirs."""
        if not self.wanted or not assets:
            complete = {asset_id: details[asset_id].tags for asset_id in assets if asset_id in details}
            return TagMemberships(self.wanted, complete, frozenset(complete))
        if self.found is None:
            unread = [asset_id for asset_id in assets if asset_id not in details]
            span = _span(assets.values())
            alone = tags_one_by_one(len(unread), len(self.searched), self.facts, lambda: self._counts(span))
            number = self._plan(len(unread), one_by_one=alone)
            if alone:
                return self._from(assets, dict(details) | self._details(unread, number))
            self._search(number, span)
        assert self.found is not None
        of = own_tags(
            self.found,
            self.wanted,
            self.facts.tags,
            frozenset(assets),
            lambda ids: self._told_apart(ids, details),
            branches=frozenset() if self.reading.all_tags else self.wanted - self.reading.tags,
        )
        everything = self.reading.all_tags and self.wanted == frozenset(self.facts.tags)
        return TagMemberships(self.wanted, of, frozenset(assets) if everything else frozenset())

    def totals(self, paths: Iterable[str]) -> dict[str, int]:
        """How many photos carry these tags, or one below."""
        there = sorted(frozenset(paths) & self.facts.tags.keys())
        if not there:
            return {}
        cost = count_cost(self.facts.library, len(there))
        number = self.errand.will(read(What.SIZE, f"how many photos have {listed(there)}", cost, fewest=0))
        ids = [self.facts.tags[path].id for path in there]
        with self.errand.during(number):
            counts = self.errand.each(self.errand.source.size_of, [_tagged_with(tag_id) for tag_id in ids])
        return dict(zip(there, counts, strict=True))

    def _plan(self, photos: int, *, one_by_one: bool) -> int:
        return self.errand.will(tag_read(photos, self.searched, one_by_one, ()))

    def _search(self, number: int, span: Range) -> None:
        with self.errand.during(number):
            told = self.errand.tell("tags")
            self.found = search_tags(self.errand, self.searched, self.facts.tags, told, taken=span)
        self.errand.came(number, sum(len(ids) for ids in self.found.values()))

    def _counts(self, span: Range) -> list[int]:
        ids = [self.facts.tags[path].id for path in sorted(self.searched)]
        wanted = [replace(_tagged_with(tag_id), taken=span) for tag_id in ids]
        return self.errand.each(self.errand.source.size_of, wanted)

    def _told_apart(self, ids: list[str], details: Mapping[str, AssetDetail]) -> Mapping[str, AssetDetail]:
        unread = [asset_id for asset_id in ids if asset_id not in details]
        known = {asset_id: details[asset_id] for asset_id in ids if asset_id in details}
        if not unread:
            return known
        number = self._plan(len(unread), one_by_one=True)
        return known | self._details(unread, number)

    def _details(self, ids: list[str], number: int) -> dict[str, AssetDetail]:
        with self.errand.during(number):
            found = self.errand.source.assets(
                ids, on_progress=self.errand.tell("tags"), stop=self.errand.stop
            )
        self.errand.came(number, len(found))
        return found

    def _from(self, assets: Iterable[str], details: Mapping[str, AssetDetail]) -> TagMemberships:
        of = {asset_id: details[asset_id].tags for asset_id in assets if asset_id in details}
        return TagMemberships(self.wanted, of, frozenset(of))


def _tagged_with(tag_id: str) -> Selection:
    return Selection((("tagIds", (tag_id,)),), hidden=True)


def _span(assets: Iterable[Asset]) -> Range:
    """From the first to the last, as the server files them."""
    moments = [asset.file_created_at for asset in assets]
    try:
        return (min(moments) - MOMENT, max(moments) + MOMENT)
    except OverflowError:
        return OPEN
