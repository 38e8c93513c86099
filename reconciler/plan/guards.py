"""What stops a plan whatever its numbers are: the signs of a disaster. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from reconciler.diff.changes import Action, AlbumChange, Changes
from reconciler.model.origin import Origin
from reconciler.model.safety import Guard, Safety
from reconciler.plan.basis import Basis
from reconciler.plan.counts import own_before
from reconciler.plan.violation import Violation, allowance

ALMOST_ALL = 0.9
"""From this part of the library on, an album or tag counts as having all of it."""
MANY_NEW = 0.5
"""Less than this part of the library that comes at once is no sudden change."""
SEVERAL = 3
"""Fewer albums, photos or files are no sign of a disaster."""
NAMES = 5
"""How many resources a message names."""


def guarded(changes: Changes, basis: Basis, safety: Safety) -> Iterator[Violation]:
    """What runs into a guard that isn't told to let it pass."""
    emptied = [change for change in changes.albums if empties(change, basis)]
    for change in emptied:
        if not safety.allows(Guard.EMPTY_ALBUM, change.name):
            yield _empty_album(change, basis)
    if len(emptied) >= SEVERAL and len(emptied) * 2 > basis.filled and not safety.allows(Guard.EMPTY_ALBUMS):
        yield _empty_albums(emptied, basis)
    yield from _whole_library(changes, basis, safety)
    missing = basis.missing
    if missing >= SEVERAL and missing * 2 > basis.named and not safety.allows(Guard.MISSING_PHOTOS):
        yield Violation(
            Guard.MISSING_PHOTOS,
            f"{missing:,} of the {basis.named:,} photos that the files name are not there; this may not be "
            "the server that they were written for",
            option=allowance(Guard.MISSING_PHOTOS),
        )
    gone = basis.gone_files
    if len(gone) >= SEVERAL and len(gone) * 2 > basis.former_files and not safety.allows(Guard.MISSING_FILES):
        yield Violation(
            Guard.MISSING_FILES,
            f"{len(gone):,} of the {basis.former_files:,} files that were applied last are not there any "
            f"more: {', '.join(some(gone))}",
            gone,
            allowance(Guard.MISSING_FILES),
        )


def empties(change: AlbumChange, basis: Basis) -> bool:
    """Whether an album that has several photos of the account's own loses all of them and gets none.

    One that its album set has no group for any more does so, too; one that the files say is absent doesn't.
    """
    number = own_before(change, basis)
    if number < SEVERAL or change.action is Action.CREATE:
        return False
    if change.action is Action.DELETE:
        return change.made_by is not None
    return not change.added and len(change.removed) >= number


def _empty_album(change: AlbumChange, basis: Basis) -> Violation:
    number = own_before(change, basis)
    does = f"would lose all of its {number:,} photos: none is found for it"
    if change.action is Action.DELETE:
        does = f"with {number:,} photos would be deleted: its set has no group for it"
    text = f"album {quoted(change.name)} {does}"
    option = allowance(Guard.EMPTY_ALBUM, change.name)
    return Violation(Guard.EMPTY_ALBUM, text, (change.name,), option, change.origin)


def _empty_albums(emptied: list[AlbumChange], basis: Basis) -> Violation:
    names = tuple(change.name for change in emptied)
    text = (
        f"{len(emptied):,} of the {basis.filled:,} albums that have photos would lose all of them: "
        f"{', '.join(some([quoted(name) for name in names]))}"
    )
    origin = min(change.origin for change in emptied)
    return Violation(Guard.EMPTY_ALBUMS, text, names, allowance(Guard.EMPTY_ALBUMS), origin)


def _whole_library(changes: Changes, basis: Basis, safety: Safety) -> Iterator[Violation]:
    """Albums and tags that had a part of the library and would have (almost) all of it."""
    library = basis.library
    if library is None or library < max(1, safety.floor):
        return
    for kind, name, before, added, after, origin in (
        *_grown_albums(changes, basis),
        *_grown_tags(changes, basis),
    ):
        whole = basis.with_others.get(name, library) if kind == "album" else library
        sudden = before > 0 and after >= whole * ALMOST_ALL and added >= whole * MANY_NEW
        if sudden and not safety.allows(Guard.WHOLE_LIBRARY, name):
            text = (
                f"{kind} {quoted(name)} has {before:,} and would have {after:,} of the {whole:,} photos of "
                "the library"
            )
            option = allowance(Guard.WHOLE_LIBRARY, name)
            yield Violation(Guard.WHOLE_LIBRARY, text, (name,), option, origin)


_Grown = tuple[str, str, int, int, int, Origin]


def _grown_albums(changes: Changes, basis: Basis) -> Iterator[_Grown]:
    for change in changes.albums:
        if change.action is Action.UPDATE and change.added:
            before = own_before(change, basis)
            after = before + len(change.added) - len(change.removed)
            yield "album", change.name, before, len(change.added), after, change.origin


def _grown_tags(changes: Changes, basis: Basis) -> Iterator[_Grown]:
    added: dict[str, list[Origin]] = defaultdict(list)
    for asset in changes.assets:
        for move in asset.tags_added:
            added[move.path].append(move.origin)
    for path, origins in sorted(added.items()):
        before = basis.tagged.get(path, 0)
        yield "tag", path, before, len(origins), before + len(origins), min(origins)


def quoted(name: str) -> str:
    """A name in the middle of a sentence."""
    return f"'{name}'"


def some(names: Sequence[str]) -> list[str]:
    """The first few names, and how many more there are."""
    more = len(names) - NAMES
    return [*names[:NAMES], *([f"and {more:,} more"] if more > 0 else [])]
