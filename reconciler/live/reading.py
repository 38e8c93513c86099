"""What must be read to plan a desired state, decided before anything is asked. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.desired import Desired, PhotoName
from reconciler.model.selectors import Needs, combined
from reconciler.model.values import Field

FEW = 20
"""Up to this many photos are looked up one by one without asking how large the library is."""
FEW_PEOPLE = 5
"""The photos of up to this many persons are asked for without asking how large the library is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The questions a desired state puts to the server."""

    scan: bool
    """Whether rules look for photos, so that the whole library may have to be read."""
    names: tuple[PhotoName, ...]
    """The photos to look up."""
    needs: Needs
    """What rules and groupings need beyond the photos."""
    tags: frozenset[str]
    """The paths of the tags whose photos must be known, beside those of whole branches (`needs.branches`)."""
    all_tags: bool
    """Whether every tag of every photo concerned must be known."""
    read_tags: bool
    """Whether the list of tags is asked for."""
    albums: bool
    """Whether the list of albums is asked for."""
    shares: bool
    """Whether it matters who albums are shared with."""
    users: bool
    """Whether everybody on the server must be known."""
    dates: bool
    """Whether dates are managed, so that the storage template matters."""

    @property
    def asks_size(self) -> bool:
        """Whether it matters how large the library is: for rules, and for many names."""
        return self.scan or len(self.names) > FEW

    @property
    def others(self) -> bool:
        """Whether albums of other people matter."""
        return self.needs.all_albums or bool(self.needs.albums)


def reading_for(desired: Desired) -> Reading:
    """The reading that a desired state needs."""
    needs = combined(desired.rules)
    for album_set in desired.album_sets:
        needs |= album_set.grouping.needs()
    wishes = [entry.tags for entry in desired.assets if entry.tags]
    wished = frozenset().union(*(wish.mentioned for wish in wishes))
    all_tags = needs.all_tags or any(wish.exact is not None for wish in wishes)
    return Reading(
        scan=bool(desired.rules or desired.album_sets),
        names=tuple(dict.fromkeys(desired.names)),
        needs=needs,
        tags=wished | needs.tags,
        all_tags=all_tags,
        read_tags=bool(desired.tags or wishes or needs.tags or needs.branches or all_tags),
        albums=bool(desired.albums or desired.album_sets or needs.albums or needs.all_albums),
        shares=bool(desired.shares),
        users=needs.users or any(wish.mentioned for wish in desired.shares),
        dates=any(Field.TAKEN in entry.values for entry in desired.assets),
    )
