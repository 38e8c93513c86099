"""Changes → rounds of operations: the fewest requests in which no photo gets two sidecar writes at a time.

Two queued sidecar writes of one photo may run side by side and destroy each other (FINDINGS 1, PERFORMANCE
1.2), so between two rounds everything settles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.diff.changes import (
    Action,
    AlbumField,
    AssetChange,
    Changes,
    TagChange,
)
from reconciler.model.live import Features, Tag
from reconciler.model.values import SIDECAR_FIELDS, Field, FieldValue
from reconciler.plan.lanes import album_lanes
from reconciler.plan.memberships import additions, cut
from reconciler.plan.operations import (
    TAG_BATCH,
    TAG_PAIRS,
    UPDATE_BATCH,
    AddMembers,
    AddToAlbums,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Lane,
    Operation,
    RemoveMembers,
    SidecarOperation,
    TagAssets,
    TagRef,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is checked together and then sent: `first` in order, then `lanes` side by side."""

    first: Lane
    lanes: tuple[Lane, ...]
    moves_files: bool = False

    @property
    def operations(self) -> Iterator[Operation]:
        """All operations in the order in which one worker would send them."""
        for lane in (self.first, *self.lanes):
            yield from lane


@dataclass(frozen=True, slots=True)
class Round:
    """What is sent between two settles: `first` in order, then `lanes` side by side, then those of `last`.

    `last` holds what makes files move under the storage template; only the last round has any.
    """

    first: Lane = ()
    lanes: tuple[Lane, ...] = ()
    last: tuple[Lane, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The parts of the round that are sent one after the other."""
        found = (Stage(self.first, self.lanes), Stage((), self.last, moves_files=True))
        return tuple(stage for stage in found if stage.first or stage.lanes)

    @property
    def operations(self) -> Iterator[Operation]:
        """All operations in the order in which one worker would send them."""
        for stage in self.stages:
            yield from stage.operations


def schedule(changes: Changes, tags: Mapping[str, Tag], features: Features) -> tuple[Round, ...]:
    """The rounds that carry out these changes; none where nothing changes.

    `tags` are the live tags by path; `features` tell what makes files move on this server.
    """
    by_values = _by_values(changes.assets)
    singles: list[Lane] = [
        (UpdateAsset(values, ids[0]),) for values, ids in by_values if _is_single(values, len(ids))
    ]
    groups: list[SidecarOperation] = [
        UpdateAssets(values, ids) for values, ids in by_values if not _is_single(values, len(ids))
    ]
    groups += _tag_groups(changes.assets, tags)
    movers: list[SidecarOperation] = []
    others: list[SidecarOperation] = []
    for group in groups:
        (movers if moves_files(group, features) else others).append(group)
    placed = _placed(others, movers)
    filed: list[Lane] = []
    albums: list[Lane] = []
    for lane in album_lanes(changes.albums, additions(changes.albums), features):
        (filed if any(moves_files(item, features) for item in lane) else albums).append(lane)
    rounds: list[Round] = []
    for number, members in enumerate(placed):
        lanes: list[Lane] = [(batch,) for group in members for batch in _batches(group)]
        first: Lane = ()
        last: list[Lane] = []
        if number == 0:
            first = tuple(_tag_operations(changes.tags))
            lanes = [*albums, *singles, *lanes]
        if number == len(placed) - 1:
            last = [*filed, *((batch,) for group in movers for batch in _batches(group))]
        rounds.append(Round(first, tuple(lanes), tuple(last)))
    return tuple(item for item in rounds if next(item.operations, None) is not None)


def moves_files(operation: Operation, features: Features) -> bool:
    """Whether the storage template files photos elsewhere because of this, at once or with their next edit.

    A membership alone moves no file (PERFORMANCE 1.3), but decides where the next job moves it.
    """
    match operation:
        case UpdateAssets(values=values):
            return bool(features.storage_template) and Field.TAKEN in values
        case CreateAlbum(asset_ids=ids) | AddMembers(asset_ids=ids) | RemoveMembers(asset_ids=ids):
            return features.template_uses_album and bool(ids)
        case AddToAlbums():
            return features.template_uses_album
        case UpdateAlbum(values=changed):
            return features.template_uses_album and AlbumField.NAME in changed
        case DeleteAlbum():
            return features.template_uses_album
        case _:
            return False


def _tag_operations(changes: tuple[TagChange, ...]) -> Iterator[Operation]:
    if missing := tuple(change.path for change in changes if change.action is Action.CREATE):
        yield CreateTags(missing)
    for change in changes:
        if change.color:
            yield ColorTag(TagRef(change.path, change.id), change.after)


def _is_single(values: Mapping[Field, FieldValue], count: int) -> bool:
    return count == 1 and not SIDECAR_FIELDS & values.keys()


def _by_values(changes: Iterable[AssetChange]) -> list[tuple[dict[Field, FieldValue], tuple[str, ...]]]:
    """Photos that get the very same values together, in the order of their first photo."""
    groups: dict[tuple[tuple[Field, FieldValue], ...], list[str]] = defaultdict(list)
    for change in changes:
        if change.fields:
            groups[tuple([(item.field, item.after) for item in change.fields])].append(change.id)
    return [(dict(values), tuple(ids)) for values, ids in groups.items()]


def _tag_groups(changes: tuple[AssetChange, ...], tags: Mapping[str, Tag]) -> list[SidecarOperation]:
    """Tags that come, then tags that go; not yet cut into batches."""
    groups: list[SidecarOperation] = []
    added: dict[tuple[str, ...], list[str]] = defaultdict(list)
    removed: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        if change.tags_added:
            added[tuple(move.path for move in change.tags_added)].append(change.id)
        for move in change.tags_removed:
            removed[move.path].append(change.id)

    def ref(path: str) -> TagRef:
        return TagRef(path, tags[path].id if path in tags else None)

    groups += [TagAssets(tuple(map(ref, paths)), tuple(ids)) for paths, ids in added.items()]
    groups += [UntagAssets(ref(path), tuple(ids)) for path, ids in sorted(removed.items())]
    return groups


def _placed(
    groups: Iterable[SidecarOperation], movers: Iterable[SidecarOperation]
) -> list[list[SidecarOperation]]:
    """Puts each group into the first round in which none of its photos is written yet; at least one round.

    A further round is there for `movers`, which come last, where one of their photos is written in the round
    that would be the last one.
    """
    rounds: list[list[SidecarOperation]] = [[]]
    written: list[set[str]] = [set()]
    for group in groups:
        number = 0
        while number < len(written) and not written[number].isdisjoint(group.asset_ids):
            number += 1
        if number == len(written):
            rounds.append([])
            written.append(set())
        rounds[number].append(group)
        written[number].update(group.asset_ids)
    if any(not written[-1].isdisjoint(group.asset_ids) for group in movers):
        rounds.append([])
    return rounds


def _batches(group: SidecarOperation) -> Iterator[SidecarOperation]:
    size = _batch_size(group)
    if len(group.asset_ids) <= size:
        yield group
        return
    for ids in cut(group.asset_ids, size):
        yield replace(group, asset_ids=ids)


def _batch_size(group: SidecarOperation) -> int:
    match group:
        case UpdateAssets():
            return UPDATE_BATCH
        case TagAssets(tags=tags):
            return min(TAG_BATCH, TAG_PAIRS // len(tags))
        case UntagAssets():
            return TAG_BATCH
