"""What budgets count: how much a plan takes away, overwrites and changes. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.diff.changes import Action, AlbumChange, AlbumField, AssetChange, Changes, ShareChange
from reconciler.model.origin import Origin
from reconciler.model.safety import Budget, Counted
from reconciler.model.values import Field
from reconciler.plan.basis import Basis

Key = tuple[Budget, Counted]


@dataclass(frozen=True, slots=True)
class Count:
    """How much of something there is in a plan: in all, and by what it belongs to.

    `parts` are the numbers of single albums, tags or lines. A share is taken of `whole`, which is called
    `whole_name` (None where nothing says how large it is), or, of each part, of its number in `wholes`.
    """

    total: int
    parts: Mapping[str, int]
    origin: Origin | None = None
    whole: int | None = None
    whole_name: str = ""
    wholes: Mapping[str, int] | None = None


def counts(changes: Changes, basis: Basis) -> dict[Key, Count]:
    """Everything that budgets look at; what doesn't happen in the changes isn't in it."""
    found = _of_photos(changes.assets, basis) | _of_albums(changes.albums, basis)
    return {key: count for key, count in found.items() if count.total}


# -- photos --------------------------------------------------------------------------------------------------


class _Lines:
    """Photos by the lines that are the cause: each photo once in all, and once for each line."""

    def __init__(self) -> None:
        self.photos = 0
        self.places: list[tuple[str, int, int]] = []
        """File, line and column of each; tuples, since a plan may have a hundred thousand."""

    def add(self, origins: Collection[Origin]) -> None:
        """One photo, and the lines that do something to it."""
        if origins:
            self.photos += 1
            self.places += {(origin.file, origin.line, origin.column) for origin in origins}

    def count(self, library: int | None) -> Count:
        """The number of photos, against those of the library."""
        parts: dict[str, int] = defaultdict(int)
        for (file, line, _), number in Counter(self.places).items():
            parts[f"{file}:{line}"] += number
        return Count(self.photos, parts, self.first, library, "in the library")

    @property
    def first(self) -> Origin | None:
        """The first of the lines."""
        return Origin(*min(self.places)) if self.places else None


def _of_photos(assets: Iterable[AssetChange], basis: Basis) -> dict[Key, Count]:
    lost, over, changed, tagged = _Lines(), _Lines(), _Lines(), _Lines()
    off: Counter[str] = Counter()
    taking_off = _Lines()
    for change in assets:
        if change.fields:
            taken = [item for item in change.fields if there(item.field, item.before)]
            lost.add([item.origin for item in taken if not there(item.field, item.after)])
            over.add([item.origin for item in taken if there(item.field, item.after)])
            changed.add([item.origin for item in change.fields])
        if change.tags_added or change.tags_removed:
            tagged.add([move.origin for move in (*change.tags_added, *change.tags_removed)])
            taking_off.add([move.origin for move in change.tags_removed])
            off.update(move.path for move in change.tags_removed)
    return {
        (Budget.REMOVALS, Counted.VALUES): lost.count(basis.library),
        (Budget.REMOVALS, Counted.TAGS): Count(off.total(), off, taking_off.first, wholes=basis.tagged),
        (Budget.OVERWRITES, Counted.VALUES): over.count(basis.library),
        (Budget.CHANGES, Counted.VALUES): changed.count(basis.library),
        (Budget.CHANGES, Counted.TAGS): tagged.count(basis.library),
    }


def there(field: Field, value: object) -> bool:
    """Whether a value is one that somebody could miss: any but none, an empty caption and no heart."""
    return value is True if field is Field.FAVORITE else value is not None and value != ""


# -- albums --------------------------------------------------------------------------------------------------


def _of_albums(albums: tuple[AlbumChange, ...], basis: Basis) -> dict[Key, Count]:
    there = [change for change in albums if change.action is not Action.DELETE]
    leaving = [change for change in there if change.removed]
    moving = [change for change in there if change.added or change.removed]
    photos: set[str] = set()
    photos = photos.union(*(moves for change in moving for moves in (change.added, change.removed)))
    return {
        (Budget.REMOVALS, Counted.MEMBERSHIPS): Count(
            sum(len(change.removed) for change in leaving),
            {change.name: len(change.removed) for change in leaving},
            _first(leaving),
            wholes={change.name: own_before(change, basis) for change in leaving},
        ),
        (Budget.REMOVALS, Counted.ALBUMS): _whole_albums(
            [change for change in albums if change.action is Action.DELETE], basis
        ),
        (Budget.OVERWRITES, Counted.ALBUMS): _whole_albums(list(filter(rewritten, there)), basis),
        (Budget.CHANGES, Counted.MEMBERSHIPS): Count(
            len(photos),
            {change.name: len(change.added) + len(change.removed) for change in moving},
            _first(moving),
            max((basis.with_others.get(change.name, 0) for change in moving), default=0) or basis.library,
            "in the library",
        ),
        (Budget.CHANGES, Counted.ALBUMS): _whole_albums(list(albums), basis),
        **_of_shares(there, basis),
    }


def _of_shares(albums: list[AlbumChange], basis: Basis) -> dict[Key, Count]:
    def count(chosen: Callable[[AlbumChange], Collection[ShareChange]]) -> Count:
        touched = [change for change in albums if chosen(change)]
        parts = {change.name: len(chosen(change)) for change in touched}
        return Count(sum(parts.values()), parts, _first(touched), basis.shared, "in all albums")

    return {
        (Budget.REMOVALS, Counted.SHARES): count(lambda change: change.unshared),
        (Budget.OVERWRITES, Counted.SHARES): count(lambda change: change.other_roles),
        (Budget.CHANGES, Counted.SHARES): count(lambda change: change.shares),
    }


def own_before(change: AlbumChange, basis: Basis) -> int:
    """How many photos an album has before, without those that stay in it whatever its rule says."""
    return basis.members.get(change.id or "", change.size_before)


def rewritten(change: AlbumChange) -> bool:
    """Whether a name or description that an album has becomes another, or goes."""
    return any(
        item.field in (AlbumField.NAME, AlbumField.DESCRIPTION) and item.before not in (None, "")
        for item in change.fields
    )


def _whole_albums(albums: list[AlbumChange], basis: Basis) -> Count:
    sizes = {change.name: max(change.size_before, change.size_after) for change in albums}
    return Count(len(albums), sizes, _first(albums), basis.albums, "of the account")


def _first(albums: Iterable[AlbumChange]) -> Origin | None:
    return min((change.origin for change in albums), default=None)
