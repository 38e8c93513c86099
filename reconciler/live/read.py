"""Carries out a reading: asks the server what a desired state needs to know, and nothing else."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from reconciler.live.albums.covers import read_other_covers
from reconciler.live.albums.members import Albums
from reconciler.live.errand import Around, Errand, OnProgress, quiet
from reconciler.live.kept.unchanged import mark_of, plan_look, still_stands
from reconciler.live.lists import Lists
from reconciler.live.people.company import Company
from reconciler.live.people.on_photos import People
from reconciler.live.plan import ReadingPlan
from reconciler.live.reading import reading_for
from reconciler.live.searching.choosing import Choice
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.parts import asked_of
from reconciler.live.searching.photos import Photos
from reconciler.live.source import Source
from reconciler.live.tags.memberships import TagMemberships
from reconciler.live.tags.tagging import Tagging
from reconciler.model.desired import Desired
from reconciler.model.live import Album, Features, Identity, Live
from reconciler.model.memory import no_collection
from reconciler.model.values import Visibility


def read_live(
    desired: Desired,
    source: Source,
    *,
    identity: Identity,
    features: Features,
    around: Around | None = None,
    on_progress: OnProgress = quiet,
) -> Live:
    """The live state that a plan for `desired` needs. Raises ServerError."""
    return read_planned(
        desired, source, identity=identity, features=features, around=around, on_progress=on_progress
    )[0]


def read_planned(
    desired: Desired,
    source: Source,
    *,
    identity: Identity,
    features: Features,
    around: Around | None = None,
    on_progress: OnProgress = quiet,
) -> tuple[Live, ReadingPlan]:
    """The live state that a plan for `desired` needs, and how it was read. Raises ServerError."""
    with no_collection():
        run = _Run(desired, source, identity, features, around or Around(), on_progress)
        facts = run.ask_lists()
        return run.live(facts), run.errand.plan


@dataclass(frozen=True, slots=True)
class WasRead:
    """What a reading has come to, and how it was done.

    `live` is None where the server stands as it did at an earlier reading (`Around.earlier_mark`). `mark`
    names how it stands, for a later one; empty where nothing would tell.
    """

    live: Live | None
    plan: ReadingPlan
    mark: str


def read_unless_same(
    desired: Desired,
    source: Source,
    *,
    identity: Identity,
    features: Features,
    around: Around,
    on_progress: OnProgress = quiet,
) -> WasRead:
    """Like `read_planned`, but no further than to see that nothing has changed. Raises ServerError."""
    with no_collection():
        run = _Run(desired, source, identity, features, around, on_progress)
        facts = run.ask_lists()
        if around.earlier_mark and still_stands(run.errand, facts, run.told):
            return WasRead(None, run.errand.plan, around.earlier_mark)
        live = run.live(facts)
        return WasRead(live, run.errand.plan, mark_of(run.errand, run.albums, run.photos, run.told))


class _Run:
    """One reading, step by step: the lists, what they decide, the photos, and what depends on these."""

    def __init__(
        self,
        desired: Desired,
        source: Source,
        identity: Identity,
        features: Features,
        around: Around,
        on_progress: OnProgress,
    ) -> None:
        self.desired, self.identity, self.features, self.around = desired, identity, features, around
        self.reading = reading_for(desired)
        self.errand = Errand(source, identity.user_id, self.reading.needs.hidden, around, on_progress)
        self.asked = asked_of(desired, structured=source.dialect.structured_filter)
        self.lists = Lists(self.errand, self.reading, desired)
        self.albums = Albums(self.errand, self.reading, desired)
        self.company = Company(self.errand, self.reading.needs)
        self.photos = Photos(self.errand, self.company)

    @property
    def told(self) -> tuple[Hashable, ...]:
        """What the lists have said, of which account and server."""
        return (self.identity, self.features, *self.lists.told)

    def ask_lists(self) -> Facts:
        """Asks for the lists; what is kept of the photos is unpacked meanwhile, if it is needed for sure."""
        if not self.around.earlier_mark:
            self._look_ahead()
        facts = self.lists.ask()
        self.albums.listed = self.lists.albums
        return facts

    def live(self, facts: Facts) -> Live:
        """The live state, once the lists are there."""
        self._look_ahead()
        facts = self._know(facts)
        choice = self._choose(facts)
        tagging = Tagging(self.errand, self.reading, self.desired, facts)
        spared = self._read(choice, tagging)
        people = self.company.people(self.photos.found)
        self._read_members(facts, people, spared)
        tags = self._tags(tagging)
        self.albums.keep(self.photos.everything)
        return self._put_together(choice, people, tags, tagging)

    def _look_ahead(self) -> None:
        """Begins to unpack what is kept of the photos, where all of them are read in any case."""
        kept, needs = self.around.kept, self.reading.needs
        whole = any(one.slice.anywhere.whole for one in self.asked) or self.company.scanned is not None
        if kept and whole and not needs.owners:
            kept.look_ahead()

    def _know(self, facts: Facts) -> Facts:
        """What must be known of albums and people before it is decided how to read the photos."""
        by_albums = any(one.slice.albums for one in self.asked)
        if by_albums:
            self.albums.read(self.albums.that_matter())
        if by_albums or facts.structured:
            facts = self.albums.in_facts(facts)
        self.company.meet(self.desired, facts)
        return self.company.in_facts(facts, self.asked)

    def _choose(self, facts: Facts) -> Choice:
        self._look_ahead()
        choice = self.photos.looking.choose(self.asked, self.reading.names, facts)
        if not choice.whole:
            plan_look(self.errand, facts)
        self.company.begin(choice.parts.selections)
        return choice

    def _read(self, choice: Choice, tagging: Tagging) -> list[Album]:
        """Reads the photos, and beside them what doesn't depend on them; the albums that may be spared."""
        matter, spared = self.albums.that_matter(), self.albums.told_by(choice)
        jobs = [
            self.company.job(choice.parts.selections),
            self.albums.job(one for one in matter if one.id not in spared),
            tagging.job() if choice.whole else None,
        ]
        self.photos.read(choice, self.reading.names, [job for job in jobs if job])
        return [one for one in matter if one.id in spared]

    def _read_members(self, facts: Facts, people: People, spared: list[Album]) -> None:
        """Reads whose members and which covers matter, now that the photos are known."""
        albums, photos = self.albums, self.photos
        grouped = (*photos.assets.values(), *photos.others.values())
        albums.read_all(albums.of_sets(grouped, facts.tags, people.known))
        photos.read_members(albums.to_identify(), albums.names, facts)
        read_other_covers(self.errand, self.desired, albums, photos)
        albums.read_unless(spared, photos.come_from_searches)

    def _tags(self, tagging: Tagging) -> TagMemberships:
        photos = self.photos
        return tagging.memberships(
            photos.assets, photos.details, self.company.beside, photos.everything, photos.found
        )

    def _put_together(self, choice: Choice, people: People, tags: TagMemberships, tagging: Tagging) -> Live:
        lists, photos, company = self.lists, self.photos, self.company
        in_parts = self.reading.scan and not choice.whole
        return Live(
            identity=self.identity,
            features=self.features,
            assets=photos.assets if choice.whole else dict(sorted(photos.assets.items())),
            tags=lists.tags,
            tags_read=tags.read,
            tags_of=tags.of,
            albums=lists.albums.own,
            members=self.albums.members,
            other_albums=self.albums.others,
            unread=self._unread(choice),
            library=lists.library if in_parts else None,
            tagged={**tags.at_most, **(tagging.totals(_given_by_rules(self.desired)) if in_parts else {})},
            people=people.known,
            people_of=people.of,
            stacked=company.stacked,
            libraries=company.libraries,
            users=lists.users,
            others=dict(sorted(photos.others.items())),
            owners=lists.owners,
            with_others=None if lists.shown is None else max(lists.shown, lists.library),
        )

    def _unread(self, choice: Choice) -> int:
        """Files that the server has not read yet and so leaves out of what rules ask for."""
        if not self.reading.scan:
            return 0
        if not choice.whole:
            return sum(self.photos.unseen)
        seen = sum(asset.visibility is not Visibility.HIDDEN for asset in self.photos.assets.values())
        return max(0, self.lists.library - seen)


def _given_by_rules(desired: Desired) -> frozenset[str]:
    """The tags that rules give or take."""
    wishes = [entry.tags for entry in desired.assets if entry.rule and entry.tags]
    return frozenset[str]().union(*(wish.mentioned for wish in wishes))
