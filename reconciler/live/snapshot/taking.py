"""Reads what a snapshot shall hold: what planning certain files needs, or all that files can ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.live.errand import Around, OnProgress, quiet
from reconciler.live.read import read_live
from reconciler.live.reading import reading_for
from reconciler.live.snapshot.covers import asks_checksums, covered_by
from reconciler.live.snapshot.document import Snapshot, without_names
from reconciler.live.source import Source
from reconciler.model.album_sets import KnownAlbums
from reconciler.model.asset import AssetState
from reconciler.model.attempts import Attempts
from reconciler.model.desired import AssetEntry, Desired, TagEntry
from reconciler.model.live import Features, Identity
from reconciler.model.origin import Origin
from reconciler.model.selectors import Needs, OneByOne


@dataclass(frozen=True, slots=True)
class Wanting(OneByOne):
    """A rule that matches nothing, and for which much has to be read."""

    wanted: Needs

    def matches(self, state: AssetState) -> bool:  # noqa: ARG002 (one of the selectors)
        """No photo."""
        return False

    def needs(self) -> Needs:
        """All that is wanted."""
        return self.wanted


def everything(desired: Desired, *, libraries: bool) -> Desired:
    """The files with a rule that needs all there is; the names of libraries where the key may read them."""
    needs = Needs(
        all_tags=True,
        all_albums=True,
        hidden=True,
        everyone=True,
        stacks=True,
        libraries=libraries,
        users=True,
    )
    return replace(desired, assets=(*desired.assets, AssetEntry(Origin("", 0), {}, rule=Wanting(needs))))


def curation(settings: Desired, *, tags: bool, albums: bool, photos: bool, tags_of: bool) -> Desired:
    """As if files asked for the list of tags, for all albums, for every photo with or without its tags.

    What these files ask for is left out.
    """
    nowhere = Origin("", 0)
    needs = Needs(all_tags=photos and tags_of, all_albums=albums, hidden=True)
    return Desired(
        server=settings.server,
        account=settings.account,
        http=settings.http,
        tags=(TagEntry("", nowhere),) if tags else (),
        assets=(AssetEntry(nowhere, {}, rule=Wanting(needs)),) if photos or albums else (),
    )


@dataclass(frozen=True, slots=True)
class Taking:
    """How a snapshot is taken: of everything or not, with names of people or not; what earlier runs know."""

    everything: bool
    names: bool
    made: datetime
    attempts: Attempts
    known: KnownAlbums


def take(
    desired: Desired,
    source: Source,
    taking: Taking,
    *,
    identity: Identity,
    features: Features,
    around: Around,
    on_progress: OnProgress = quiet,
) -> Snapshot:
    """The snapshot; with a rule in the files it has all photos, so that other rules can be planned by it.

    Raises ServerError.
    """
    reading = reading_for(desired)
    whole = reading.scan
    live = read_live(
        desired,
        source,
        identity=identity,
        features=features,
        around=replace(around, whole=whole, complete=True, known=taking.known),
        on_progress=on_progress,
    )
    covers = covered_by(
        reading, whole=whole, checksums=taking.everything or asks_checksums(desired), names=taking.names
    )
    if not covers.checksums:
        blank, others = (
            {key: replace(asset, checksum="") for key, asset in of.items()}
            for of in (live.assets, live.others)
        )
        live = replace(live, assets=blank, others=others)
    attempts = {key: one for key, one in taking.attempts.items() if key[0] in live.assets}
    live = live if taking.names else without_names(live)
    return Snapshot(live, covers, taking.made, attempts, taking.known)
