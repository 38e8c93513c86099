"""What belongs together in a plan, for every renderer: pure, in a fixed order, without a word of text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from reconciler.diff.changes import Action, AssetChange, TagChange, TagMove, Undone
from reconciler.model.memory import no_collection
from reconciler.model.origin import Origin
from reconciler.model.values import Field, FieldValue, value_text
from reconciler.plan.operations import TagAssets, UntagAssets, UpdateAssets
from reconciler.plan.plan import Plan

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def grouped(items: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    """The items of each key, keys in the order in which they first come."""
    found: dict[K, list[T]] = defaultdict(list)
    for key, item in items:
        found[key].append(item)
    return dict(found)


@dataclass(frozen=True, slots=True)
class Target:
    """What a field becomes, and the line that asks for it."""

    field: Field
    after: FieldValue
    origin: Origin


@dataclass(frozen=True, slots=True)
class PhotoGroup:
    """Photos that become the same in the same respects because of the same lines."""

    targets: tuple[Target, ...]
    added: tuple[TagMove, ...]
    removed: tuple[TagMove, ...]
    photos: tuple[AssetChange, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The photos' ids, in the order of the plan."""
        return tuple(change.id for change in self.photos)

    @property
    def causes(self) -> tuple[Origin, ...]:
        """Every line that asks for something here, each once, in order."""
        found = {item.origin for item in self.targets}
        found |= {move.origin for move in (*self.added, *self.removed)}
        return tuple(sorted(found))

    def befores(self, field: Field) -> tuple[tuple[FieldValue, int], ...]:
        """The values that the photos have now and how many have each, the most frequent first."""
        numbers = Counter(
            item.before for change in self.photos for item in change.fields if item.field is field
        )
        return tuple(sorted(numbers.items(), key=lambda pair: (-pair[1], value_text(pair[0]))))


@no_collection()
def photo_groups(changes: Iterable[AssetChange]) -> tuple[PhotoGroup, ...]:
    """Photos by equal change and cause, in the order of the lines that ask."""
    groups = grouped((_key(change), change) for change in changes)
    found = [PhotoGroup(*key, photos=tuple(photos)) for key, photos in groups.items()]
    return tuple(sorted(found, key=lambda group: group.causes[:1]))


def _key(change: AssetChange) -> tuple[tuple[Target, ...], tuple[TagMove, ...], tuple[TagMove, ...]]:
    targets = tuple(Target(item.field, item.after, item.origin) for item in change.fields)
    return targets, change.tags_added, change.tags_removed


def tag_groups(changes: Iterable[TagChange]) -> tuple[tuple[TagChange, ...], ...]:
    """Tags that the same line makes come together, unless they have a colour to tell of."""

    def key(change: TagChange) -> tuple[str, str, int]:
        alone = change.path if change.color or change.action is not Action.CREATE else ""
        return alone, change.origin.file, change.origin.line

    return tuple(tuple(group) for group in grouped((key(change), change) for change in changes).values())


def undone_groups(undone: Iterable[Undone]) -> tuple[tuple[Undone, ...], ...]:
    """Wishes that were undone in the same way, in the order of the lines that ask."""

    def key(item: Undone) -> tuple[str, ...]:
        tried = item.attempt
        return (tried.aspect, tried.wanted, tried.came_back, tried.reason, tried.at, item.origin.short)

    found = [tuple(group) for group in grouped((key(item), item) for item in undone).values()]
    return tuple(sorted(found, key=lambda group: (group[0].origin, group[0].attempt.aspect)))


# -- lines of files, for annotations -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineOfPhotos:
    """What one line of a file does to photos: the same values and tags, for these ids."""

    targets: tuple[tuple[Field, FieldValue], ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    ids: tuple[str, ...]


_Line = tuple[str, int]
_What = tuple[tuple[tuple[Field, FieldValue], ...], tuple[str, ...], tuple[str, ...]]


def photo_lines(changes: Iterable[AssetChange]) -> Mapping[_Line, tuple[LineOfPhotos, ...]]:
    """What each line (file, number) does to photos, in the order of the files."""
    pairs = ((line, (what, change.id)) for change in changes for line, what in _lines_of(change))
    return {
        line: tuple(LineOfPhotos(*what, ids=tuple(ids)) for what, ids in grouped(found).items())
        for line, found in sorted(grouped(pairs).items())
    }


def _lines_of(change: AssetChange) -> Iterator[tuple[_Line, _What]]:
    origins = [item.origin for item in change.fields]
    origins += [move.origin for move in (*change.tags_added, *change.tags_removed)]
    for line in dict.fromkeys((origin.file, origin.line) for origin in origins):

        def here(origin: Origin, line: _Line = line) -> bool:
            return (origin.file, origin.line) == line

        yield (
            line,
            (
                tuple((item.field, item.after) for item in change.fields if here(item.origin)),
                tuple(move.path for move in change.tags_added if here(move.origin)),
                tuple(move.path for move in change.tags_removed if here(move.origin)),
            ),
        )


# -- photos that need more than one round ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RepeatedWrites:
    """How many photos need more than one sidecar write, by the first reason that applies."""

    values_and_tags: int = 0
    tags_on_and_off: int = 0
    several_tags_off: int = 0


def repeated_writes(plan: Plan) -> RepeatedWrites:
    """Counted from the operations."""
    valued: set[str] = set()
    tagged: set[str] = set()
    untagged: Counter[str] = Counter()
    for operation in plan.operations:
        match operation:
            case UpdateAssets():
                valued.update(operation.asset_ids)
            case TagAssets():
                tagged.update(operation.asset_ids)
            case UntagAssets():
                untagged.update(operation.asset_ids)
    both = valued & (tagged | untagged.keys())
    on_and_off = (tagged & untagged.keys()) - both
    several = {photo for photo, times in untagged.items() if times > 1} - both - on_and_off
    return RepeatedWrites(len(both), len(on_and_off), len(several))
