"""What the files protect, and would lose something all the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from reconciler.diff.changes import Action, AlbumChange, AlbumField, AssetChange, Changes
from reconciler.model.origin import Origin
from reconciler.plan.basis import Basis
from reconciler.plan.counts import there
from reconciler.plan.guards import quoted, some
from reconciler.plan.violation import PROTECT, Violation


def protected(changes: Changes, labels: Mapping[str, str], basis: Basis) -> Iterator[Violation]:
    """Photos, albums and tags with `protect: true` that would lose something, with the line that says so."""
    yield from _photos(changes, labels, basis)
    for change in changes.albums:
        where = basis.albums_protected.get(change.name)
        if where and (what := _from_album(change)):
            yield Violation(
                PROTECT, f"album {quoted(change.name)} is protected, and {what}", (change.name,), origin=where
            )
    yield from _tags(changes, basis)


def _photos(changes: Changes, labels: Mapping[str, str], basis: Basis) -> Iterator[Violation]:
    if not basis.photos_protected:
        return
    losing = {change.id for change in changes.assets if _loses(change)}
    losing = losing.union(*(change.removed for change in changes.albums))
    by_line: dict[Origin, list[str]] = defaultdict(list)
    for photo, origin in basis.photos_protected.items():
        if photo in losing:
            by_line[origin].append(labels.get(photo, photo))
    for origin, found in sorted(by_line.items()):
        names = sorted(found)
        who = f"{names[0]} is" if len(names) == 1 else f"{len(names):,} photos are"
        which = f": {', '.join(some(names))}" if len(names) > 1 else ""
        text = f"{who} protected, and something would be taken away or overwritten{which}"
        yield Violation(PROTECT, text, tuple(names), origin=origin)


def _loses(change: AssetChange) -> bool:
    return bool(change.tags_removed) or any(there(item.field, item.before) for item in change.fields)


def _from_album(change: AlbumChange) -> str:
    """What an album would lose, as the end of a sentence; empty where it loses nothing."""
    if change.action is Action.DELETE:
        return "it would be deleted"
    if change.removed:
        number = len(change.removed)
        return f"{number:,} {'photo' if number == 1 else 'photos'} would leave it"
    if any(item.field is AlbumField.DESCRIPTION and item.before for item in change.fields):
        return "its description would be overwritten"
    if change.unshared:
        users = ", ".join(some([item.user.label for item in change.unshared]))
        return f"{users} would lose access to it"
    return ""


def _tags(changes: Changes, basis: Basis) -> Iterator[Violation]:
    off: dict[str, int] = defaultdict(int)
    for asset in changes.assets:
        for move in asset.tags_removed:
            off[move.path] += 1
    recoloured = {change.path for change in changes.tags if change.color and change.before}
    for path, where in sorted(basis.tags_protected.items()):
        if number := off.get(path, 0):
            what = f"would come off {number:,} {'photo' if number == 1 else 'photos'}"
        elif path in recoloured:
            what = "its colour would be overwritten"
        else:
            continue
        yield Violation(PROTECT, f"tag {quoted(path)} is protected, and {what}", (path,), origin=where)
