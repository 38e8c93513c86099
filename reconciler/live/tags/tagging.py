"""Reads which photos carry which tags. No call tells it in bulk (FACTS 3.1), so the cheaper way is taken.

Either one search for each tag, which also finds the tags below it, and one GET for each photo for which it
matters whether it carries both; or one GET for each photo. What an earlier reading has left saves most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from reconciler.immich.answers import AssetDetail
from reconciler.immich.keyset import OPEN, Range
from reconciler.immich.search import Selection
from reconciler.live.cost import PAGE, count_cost, detail_cost, search_cost
from reconciler.live.errand import Errand
from reconciler.live.kept.tags import TagMemory, carries, memory_of
from reconciler.live.plan import Rejected, What, read
from reconciler.live.reading import Reading
from reconciler.live.searching.choosing import tag_read, tags_one_by_one, told_apart_read
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.wording import listed
from reconciler.live.tags.deciding import Deciding
from reconciler.live.tags.memberships import (
    Found,
    TagMemberships,
    search_tags,
    searched_tags,
    told_by_search,
    wanted_tags,
)
from reconciler.live.tags.narrowing import Narrowed, narrowed
from reconciler.model.asset import Asset, AssetState, Beside
from reconciler.model.desired import Desired
from reconciler.model.groupings import ByTag
from reconciler.model.words import counted

MOMENT = timedelta(seconds=1)
"""Before the first and after the last photo, since the server keeps microseconds and shows milliseconds."""

BesideOf = Callable[[Asset], Beside]
"""What was asked of an asset's people, stack and library."""


@dataclass(slots=True)
class Tagging:
    """Reads the tags that a reading asks for: before the photos are known, or once they are."""

    errand: Errand
    reading: Reading
    desired: Desired
    facts: Facts
    memory: TagMemory | None = None
    wanted: frozenset[str] = field(init=False)
    """The tags whose photos must be known."""
    searched: frozenset[str] = field(init=False)
    """The tags to search for."""
    _found: Found | None = None
    """What was searched for while the library was scanned."""
    _waiting: tuple[int, TagMemory] | None = None
    """What is kept, to be brought up to date once the photos are known, and the number of that read."""

    def __post_init__(self) -> None:
        self.wanted = wanted_tags(self.reading, self.facts.tags)
        self.searched = searched_tags(self.wanted, self.facts.tags)

    def job(self) -> Callable[[], None] | None:
        """A job that searches for all tags while the whole library is scanned; None where that costs more."""
        if not self.searched or tags_one_by_one(self.facts.library, len(self.searched), self.facts):
            return None
        number = self._plan(self.facts.library, self.searched, one_by_one=False)
        self.memory = memory_of(self.errand.around.kept, self.facts.tags)
        if self.memory and self.memory.kept:
            self._waiting = (number, self.memory)
            return None

        def job() -> None:
            self._found = self._search(number, OPEN)

        return job

    def memberships(
        self,
        assets: Mapping[str, Asset],
        details: Mapping[str, AssetDetail],
        beside: BesideOf,
        everything: Mapping[str, Asset] | None = None,
        searches: Mapping[Selection, frozenset[str]] | None = None,
    ) -> TagMemberships:
        """The tags of these assets, of which some were read with theirs.

        `everything` are all photos, hidden ones too, where they were read to be kept; `searches` have brought
        photos, by what they have found.
        """
        if not self.wanted or not assets:
            return self._from(assets, details)
        found = self._found
        if self._waiting is not None:
            found = self._brought_up(*self._waiting, everything, details)
        if found is None:
            unread = [asset_id for asset_id in assets if asset_id not in details]
            among = narrowed(assets, searches or {}, self.searched, self.facts)
            if self._one_by_one(assets, unread, among):
                number = self._plan(len(unread), self.searched, one_by_one=True)
                return self._from(assets, dict(details) | self._details(unread, number))
            found = self._looked_for(assets, len(unread), among)
        told = self._told(found, assets, details, beside)
        if self.memory and everything is not None:
            self.memory.keep(everything, found)
        return told

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

    # What is kept

    def _brought_up(
        self,
        number: int,
        memory: TagMemory,
        everything: Mapping[str, Asset] | None,
        details: Mapping[str, AssetDetail],
    ) -> Found:
        """What an earlier reading has found, with what has changed since; or all of it anew."""
        recalled = memory.recall(everything, self.searched) if everything is not None else None
        if recalled is None:
            return self._search(number, OPEN)
        known = {key: detail.tags for key, detail in details.items() if key in recalled.changed}
        missing = self.searched - recalled.found.keys()
        unread = sorted(recalled.changed - known.keys())
        anew = search_cost(PAGE, self.facts.library).seconds * len(recalled.found)
        if detail_cost(len(unread)).seconds > anew:
            missing, unread = self.searched, []
        with self.errand.during(number):
            told, stop = self.errand.tell("tags"), self.errand.stop
            fresh = self._tagged(missing, OPEN) if missing else {}
            looked = self.errand.source.assets(unread, on_progress=told, stop=stop) if unread else {}
        known |= {asset_id: detail.tags for asset_id, detail in looked.items()}
        found = fresh | {
            path: photos | {asset_id for asset_id, tags in known.items() if carries(tags, path)}
            for path, photos in recalled.found.items()
            if path not in fresh
        }
        memory.learn(known)
        changed = counted(len(recalled.changed), "photo")
        how = f"kept since {recalled.since:%Y-%m-%d %H:%M} UTC, {changed} changed"
        if missing:
            how = f"{len(missing):,} of {len(self.searched):,} searched for anew; {how}"
        self.errand.around.meter.say(number, how)
        self.errand.came(number, sum(map(len, found.values())))
        return found

    # Tags and those below them

    def _told(
        self,
        found: Found,
        assets: Mapping[str, Asset],
        details: Mapping[str, AssetDetail],
        beside: BesideOf,
    ) -> TagMemberships:
        """What searches have found, and a look at the photos of which they leave open what decides."""
        known = frozenset(assets)
        of, unclear = told_by_search(found, self.wanted, self.facts.tags, known, branches=self._branches())
        decided = self._that_decide(unclear, of, assets, beside)
        for asset_id, tags in self._told_apart(decided, unclear, details).items():
            of[asset_id] |= tags & unclear[asset_id]
        undecided = unclear.keys() - decided
        left_open = frozenset[str]().union(*(unclear[asset_id] for asset_id in undecided))
        if undecided:
            way = f"the tags of {len(undecided):,} more photos with a tag below {listed(sorted(left_open))}"
            why = "no rule depends on whether they carry that one too"
            self.errand.rejected.append(Rejected(way, why, detail_cost(len(undecided))))
        return TagMemberships(
            self.wanted,
            {asset_id: frozenset(paths) for asset_id, paths in of.items() if paths},
            {path: len(found[path] & known) for path in left_open},
        )

    def _branches(self) -> frozenset[str]:
        """The tags that are only asked for together with those below them."""
        if self.reading.all_tags:
            return frozenset()
        groupings = [one.grouping for one in self.desired.album_sets if isinstance(one.grouping, ByTag)]
        themselves = {path for path in self.wanted if any(one.takes(path) for one in groupings)}
        return self.wanted - self.reading.tags - themselves

    def _that_decide(
        self,
        unclear: Mapping[str, set[str]],
        of: Mapping[str, set[str]],
        assets: Mapping[str, Asset],
        beside: BesideOf,
    ) -> frozenset[str]:
        """The photos for which it matters whether they carry their open tags."""
        if self.errand.around.whole or self.errand.around.complete:
            return frozenset(unclear)
        deciding = Deciding(self.desired)
        nothing: set[str] = set()
        return frozenset(
            asset_id
            for asset_id, paths in unclear.items()
            if deciding.matters(
                AssetState(
                    assets[asset_id],
                    frozenset(of.get(asset_id, nothing)),
                    beside=beside(assets[asset_id]),
                ),
                frozenset(paths),
            )
        )

    def _told_apart(
        self,
        decided: frozenset[str],
        unclear: Mapping[str, set[str]],
        details: Mapping[str, AssetDetail],
    ) -> Mapping[str, frozenset[str]]:
        """All tags of the photos for which it matters, asked one by one as far as they aren't known."""
        known = {asset_id: details[asset_id].tags for asset_id in decided if asset_id in details}
        unread = sorted(decided - known.keys())
        if not unread:
            return known
        paths = frozenset[str]().union(*(unclear[asset_id] for asset_id in unread))
        number = self.errand.will(told_apart_read(len(unread), sorted(paths)))
        remembered = self.memory.looked if self.memory else {}
        known |= {asset_id: remembered[asset_id] for asset_id in unread if asset_id in remembered}
        unread = [asset_id for asset_id in unread if asset_id not in known]
        looked = {key: detail.tags for key, detail in self._details(unread, number).items()}
        if self.memory:
            same = len(remembered.keys() & decided)
            self.errand.around.meter.say(number, f"{same:,} as kept, {len(unread):,} read")
            self.memory.learn(looked)
        return known | looked

    # Asking

    def _plan(self, photos: int, searched: Collection[str], *, one_by_one: bool) -> int:
        return self.errand.will(tag_read(photos, searched, one_by_one=one_by_one))

    def _search(self, number: int, span: Range) -> Found:
        with self.errand.during(number):
            found = self._tagged(self.searched, span)
        self.errand.came(number, sum(map(len, found.values())))
        return found

    def _tagged(self, paths: Iterable[str], span: Range) -> dict[str, frozenset[str]]:
        """The photos of each of these tags that were taken within a time."""
        errand = self.errand
        return search_tags(
            errand.source,
            paths,
            self.facts.tags,
            taken=span,
            on_progress=errand.tell("tags"),
            stop=errand.stop,
        )

    def _one_by_one(
        self, assets: Mapping[str, Asset], unread: Collection[str], among: Narrowed | None
    ) -> bool:
        """Whether a look at each photo costs less than to search for tags."""
        if among is not None:
            each = search_cost(len(assets), self.facts.library)
            return bool(among.asked) and detail_cost(len(unread)).seconds <= each.seconds * len(among.asked)
        span = _span(assets.values())
        return tags_one_by_one(len(unread), len(self.searched), self.facts, lambda: self._counts(span))

    def _looked_for(self, assets: Mapping[str, Asset], unread: int, among: Narrowed | None) -> Found:
        """Searches for the tags, among the photos that were found where these come from one search."""
        if among is None:
            return self._search(self._plan(unread, self.searched, one_by_one=False), _span(assets.values()))
        if not among.asked:
            return among.told
        number = self._plan(unread, among.asked.keys(), one_by_one=False)
        with self.errand.during(number):
            found = self.errand.each(self.errand.source.ids_of, list(among.asked.values()))
        self.errand.came(number, sum(map(len, found)))
        return {**among.told, **dict(zip(among.asked, found, strict=True))}

    def _counts(self, span: Range) -> list[int]:
        ids = [self.facts.tags[path].id for path in sorted(self.searched)]
        wanted = [replace(_tagged_with(tag_id), taken=span) for tag_id in ids]
        return self.errand.each(self.errand.source.size_of, wanted)

    def _details(self, ids: list[str], number: int) -> dict[str, AssetDetail]:
        if not ids:
            return {}
        with self.errand.during(number):
            found = self.errand.source.assets(
                ids, on_progress=self.errand.tell("tags"), stop=self.errand.stop
            )
        self.errand.came(number, len(found))
        return found

    def _from(self, assets: Iterable[str], details: Mapping[str, AssetDetail]) -> TagMemberships:
        of = {asset_id: details[asset_id].tags for asset_id in assets if asset_id in details}
        return TagMemberships(self.wanted, of)


def _tagged_with(tag_id: str) -> Selection:
    return Selection((("tagIds", (tag_id,)),), hidden=True)


def _span(assets: Iterable[Asset]) -> Range:
    """From the first to the last, as the server files them."""
    moments = [asset.file_created_at for asset in assets]
    try:
        return (min(moments) - MOMENT, max(moments) + MOMENT)
    except OverflowError:
        return OPEN
