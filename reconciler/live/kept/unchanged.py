"""Whether the server still stands as it did at an earlier reading, told by what is read each time anyway.

A reading ends with a mark. It names the photos as they are kept (`Kept.token`) and what the lists have told:
how large the library is, the tags, the albums with what tells that their members are the same, the users. By
the reasons in `photos` and `members`, equal lists and unchanged photos mean equal members and tags. Where
a reading has asked for anything that this doesn't cover, it has no mark: who is on the photos, stacks and the
names of external libraries change without a trace, however they were come by.
"""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import blake2b

from reconciler.live.albums.members import Albums
from reconciler.live.errand import Errand
from reconciler.live.meter import AHEAD
from reconciler.live.plan import What
from reconciler.live.searching.choosing import unchanged_read
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.photos import Photos

LISTS = frozenset({What.SIZE, What.QUEUES, What.TAGS, What.ALBUMS, What.USERS})
"""Reads whose answers are a part of the mark, or of which nothing stays."""


def still_stands(errand: Errand, facts: Facts, lists: Hashable) -> bool:
    """Whether lists that were just read, and all photos, are as the earlier mark says."""
    kept, (token, _, told) = errand.around.kept, errand.around.earlier_mark.partition(" ")
    if not token or kept is None or errand.others or facts.library < kept.smallest or told != _told(lists):
        return False
    with errand.during(AHEAD):
        same = kept.same_as(token, errand.source, errand.owner, stop=errand.stop)
    if same:
        plan_look(errand, facts)
    return same


def plan_look(errand: Errand, facts: Facts) -> None:
    """Plans the look that was taken at all photos, where that has not become a part of reading them."""
    if errand.around.meter.took(AHEAD).requests:
        errand.around.meter.hand_over(errand.will(unchanged_read(facts)))


def mark_of(errand: Errand, albums: Albums, photos: Photos, lists: Hashable) -> str:
    """The mark of a reading that has come to its end; empty where it has none."""
    kept = errand.around.kept
    if kept is None or not kept.token or photos.everything is None:
        return ""
    scans = sum(read.what is What.SCAN for read in errand.reads)
    if scans != 1 or not all(_covered(errand, number, albums) for number in range(len(errand.reads))):
        return ""
    return f"{kept.token} {_told(lists)}"


def _covered(errand: Errand, number: int, albums: Albums) -> bool:
    match errand.reads[number].what:
        case What.TAGGED:
            return not errand.around.meter.took(number).requests
        case What.MEMBERS:
            return albums.all_kept()
        case what:
            return what in LISTS or what is What.SCAN


def _told(lists: Hashable) -> str:
    return blake2b(repr(lists).encode(), digest_size=16).hexdigest()
