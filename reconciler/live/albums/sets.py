"""Which of the albums that are there may belong to an album set, so that their members are read. Pure.

Rather too many than too few: an album whose members are not known would be planned wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

from reconciler.model.album_sets import KnownAlbums
from reconciler.model.asset import Asset, AssetState, Person
from reconciler.model.desired import AlbumSet, Desired
from reconciler.model.groupings import ByDate, ByPerson, ByTag
from reconciler.model.live import Album
from reconciler.model.templates import Template, Value
from reconciler.model.trips import ByTrip


def may_be_of_sets(
    desired: Desired,
    assets: Collection[Asset],
    tags: Iterable[str],
    people: Iterable[Person],
    known: KnownAlbums,
) -> Callable[[Album], bool]:
    """Tells of an album whether a set may make or have made it; `tags` are all paths that there are."""
    ids = {album_id for groups in known.of.values() for album_id in groups.values()}
    names: set[str] = set()
    patterns: set[str] = set()
    wished = frozenset().union(*(entry.tags.mentioned for entry in desired.assets if entry.tags))
    by_date = all(isinstance(album_set.grouping, ByDate | ByTrip) for album_set in desired.album_sets)
    states = [] if by_date else [AssetState(asset) for asset in assets]
    everybody = tuple(people)
    for album_set in desired.album_sets:
        groups = list(_groups(album_set, states, {*tags, *wished}, everybody))
        for template in _templates(album_set):
            for values in groups:
                if all(part.name in values for part in template.placeholders):
                    names.add(template.fill(values))
                else:
                    patterns.add(template.could_be(values))
    regex = re.compile("|".join(sorted(patterns))) if patterns else None
    return lambda album: (
        album.id in ids
        or album.name in names
        or (regex is not None and regex.fullmatch(album.name) is not None)
    )


def _templates(album_set: AlbumSet) -> list[Template]:
    wanted = (album_set.name, album_set.renamed_from)
    return [setting.value for setting in wanted if setting is not None]


def _groups(
    album_set: AlbumSet, states: list[AssetState], tags: Collection[str], people: Collection[Person]
) -> Iterable[Mapping[str, Value]]:
    """What is sure of the placeholders of each group. Dates are not: the same plan may change them."""
    grouping = album_set.grouping
    if isinstance(grouping, ByDate | ByTrip):
        return ({},)
    if isinstance(grouping, ByTag):
        keys = [tag for tag in tags if grouping.takes(tag)]
    elif isinstance(grouping, ByPerson):
        keys = [person.name for person in people if grouping.takes(person)]
    else:
        keys = list(grouping.groups(states))
    found = [grouping.values(key) for key in sorted(keys)]
    return [values for values in found if values is not None]
