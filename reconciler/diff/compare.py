"""(desired, live) → everything that differs, with the line that is the cause of each difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.diff.albums import AlbumDiff, Matched, MemberSets
from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AssetChange,
    Changes,
    Comparison,
    FieldChange,
    Note,
    SetAlbum,
    TagChange,
    TagMove,
)
from reconciler.diff.converge import Outcome
from reconciler.diff.empty import notes_on_empty
from reconciler.diff.notes import notes_for
from reconciler.diff.references import check_references
from reconciler.diff.sharing import Sharing, resolve_users
from reconciler.diff.target import Target, is_meant, narrow
from reconciler.diff.whole import Whole, whole_of
from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums
from reconciler.model.asset import READ
from reconciler.model.attempts import NO_ATTEMPTS, Attempts
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.memory import no_collection
from reconciler.model.values import Field, normal_color

FIELDS = tuple(Field)
NO_MOVES: tuple[TagMove, ...] = ()


def compare(
    desired: Desired,
    live: Live,
    attempts: Attempts = NO_ATTEMPTS,
    known: KnownAlbums = NOTHING_KNOWN,
    targets: Sequence[Target] = (),
) -> Comparison:
    """Compares what the files ask for with what the server has; with `targets`, only that part is kept.

    `known` are the albums that earlier runs have made for album sets. The outcome is the same for the same
    input, whatever the order of assets in `live`. Problems and missing photos are told in any case.
    """
    with no_collection():
        return differences(whole_of(desired, live, attempts, known), live, targets)


def differences(whole: Whole, live: Live, targets: Sequence[Target] = ()) -> Comparison:
    """What differs, once it is worked out what becomes of everything."""
    desired, matched, outcomes, told = whole.desired, whole.matched, whole.outcomes, whole.told
    assets = tuple(
        change for outcome in outcomes.changed if outcome.edited and (change := _asset_change(outcome))
    )
    sharing = resolve_users(desired.shares, live)
    albums = _albums(whole, live, sharing)
    tags = _tags(desired, live, assets)
    references = check_references(desired.rules, live)
    labels = _labels(assets, albums.changes, live)
    changes = Changes(
        tags, _by_label(assets, labels), tuple(sorted(albums.changes, key=lambda item: item.name))
    )
    empty = () if targets else notes_on_empty(whole, live, (one.origin for one in references.missing))
    narrowing = None
    undone, album_notes = told.undone, tuple(albums.notes)
    if targets:
        all_albums = changes.albums
        changes, narrowing = narrow(changes, labels, targets)
        labels = _labels(changes.assets, changes.albums, live)
        left_out = {album.origin for album in all_albums} - {album.origin for album in changes.albums}
        album_notes = tuple(note for note in album_notes if note.origin not in left_out)
        undone = tuple(item for item in undone if is_meant(item, targets))
    return Comparison(
        changes=changes,
        problems=(
            *whole.names.ambiguous,
            *whole.sets.problems,
            *matched.problems,
            *albums.problems,
            *references.ambiguous,
            *sharing.problems,
            *told.problems(),
        ),
        missing=(*whole.names.missing, *references.missing, *sharing.missing),
        notes=(
            *_evaluated(desired),
            *notes_for(changes, live),
            *told.notes(),
            *whole.sets.notes,
            *sharing.notes,
            *album_notes,
            *empty,
        ),
        undone=undone,
        labels=labels,
        set_albums=_set_albums(desired, matched),
        narrowing=narrowing,
        protected=outcomes.protected,
    )


def _set_albums(desired: Desired, matched: Matched) -> tuple[SetAlbum, ...]:
    """The live albums of sets, as far as they stay."""
    return tuple(
        SetAlbum(entry.made_by, matched.live[entry.name].id)
        for entry in desired.albums
        if entry.made_by and not entry.absent and entry.name in matched.live
    )


def _evaluated(desired: Desired) -> Iterable[Note]:
    """What the files leave to the day of the run, and what it came to."""
    return (Note(item.value, item.origin) for item in desired.evaluated)


def _asset_change(outcome: Outcome) -> AssetChange | None:
    """What changes on an asset; None where it ends up as it was."""
    asset, tags = outcome.start.asset, outcome.start.tags
    found = []
    for name in FIELDS:
        setting = outcome.values.get(name)
        if setting and (before := READ[name](asset)) != setting.value:
            found.append(FieldChange(name, before, setting.value, setting.origin))
    fields = tuple(found)
    added = removed = NO_MOVES
    if outcome.tags != tags:
        lines = outcome.lines
        added = tuple(TagMove(path, lines[path]) for path in sorted(outcome.tags - tags))
        removed = tuple(TagMove(path, lines[path]) for path in sorted(tags - outcome.tags))
    return AssetChange(asset.id, fields, added, removed) if fields or added or removed else None


def _albums(whole: Whole, live: Live, sharing: Sharing) -> AlbumDiff:
    diff = AlbumDiff(live, whole.names.ids, sharing)
    for entry in whole.desired.albums:
        if entry.name in whole.matched.unclear:
            continue
        album = whole.matched.live.get(entry.name)
        inside = live.members.get(album.id, frozenset()) if album else frozenset[str]()
        now = inside & whole.outcomes.states.keys()
        diff.compare(entry, album, MemberSets(now, whole.outcomes.members(entry.name, now)))
    return diff


def _tags(desired: Desired, live: Live, assets: tuple[AssetChange, ...]) -> tuple[TagChange, ...]:
    changes: dict[str, TagChange] = {}
    for entry in desired.tags:
        tag = live.tags.get(entry.path)
        wanted = normal_color(entry.color.value) if entry.color else None
        if tag is None:
            changes[entry.path] = TagChange(
                Action.CREATE, entry.path, entry.origin, color=bool(wanted), after=wanted
            )
        elif entry.color and normal_color(tag.color) != wanted:
            changes[entry.path] = TagChange(
                Action.UPDATE,
                entry.path,
                entry.color.origin,
                tag.id,
                color=True,
                before=normal_color(tag.color),
                after=wanted,
            )
    named = frozenset(changes)
    for change in assets:
        for move in change.tags_added:
            if move.path in live.tags or move.path in named:
                continue
            # whichever photo comes first, the first line that asks for the tag is told
            before = changes.get(move.path)
            if before is None or move.origin < before.origin:
                changes[move.path] = TagChange(Action.CREATE, move.path, move.origin)
    return tuple(changes[path] for path in sorted(changes))


def _by_label(assets: tuple[AssetChange, ...], labels: Mapping[str, str]) -> tuple[AssetChange, ...]:
    return tuple(sorted(assets, key=lambda change: (labels[change.id], change.id)))


def _labels(assets: Iterable[AssetChange], albums: Iterable[AlbumChange], live: Live) -> dict[str, str]:
    """A label for each photo that is mentioned, by id, in order of id."""
    mentioned = {change.id for change in assets}
    for album in albums:
        mentioned |= {*album.added, *album.removed}
        for item in album.fields:
            mentioned |= {value for value in (item.before, item.after) if isinstance(value, str)}
    return {asset: photo.label for asset in sorted(mentioned) if (photo := live.asset(asset))}
