"""Taking a run back: the plan that leads from what it wrote to what was there before. Pure.

The values that the run wrote are the before-values of that plan, so what somebody has changed since is left
alone like in any other plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.apply.check import touched_by
from reconciler.apply.earlier.undo_albums import AlbumUndo
from reconciler.apply.state.journal import What
from reconciler.apply.state.runs import Past
from reconciler.apply.written import Sent, written
from reconciler.diff.changes import (
    Action,
    AssetChange,
    Changes,
    FieldChange,
    Note,
    TagChange,
    TagMove,
)
from reconciler.diff.notes import SAMPLE, notes_for
from reconciler.live.touched import Touched
from reconciler.model.attempts import NO_ATTEMPTS, Attempts
from reconciler.model.live import Live
from reconciler.model.origin import Origin
from reconciler.model.values import Field, FieldValue, Taken, same_instant, value_text
from reconciler.plan import Plan
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    TagAssets,
    UnshareAlbum,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
    users,
)
from reconciler.plan.plan import refiled_by
from reconciler.plan.schedule import schedule

NO_DATE = "photos keep their date: they had none before, and Immich can't take a date away"
NO_ZONE = "dates had no time zone before; the instant comes back, with the zone UTC"
TAGS_STAY = "tags that the run made stay: Immich doesn't tell whether somebody uses them by now"
FILES_ASK = "the files may still ask for it: the next immich-apply then does it again"


@dataclass(frozen=True, slots=True)
class Undoing:
    """What leads back, and in words what doesn't."""

    changes: Changes
    cannot: tuple[Note, ...] = ()


def taken_changes(past: Past) -> Changes:
    """The part of a run's changes that the server has taken, or may have taken."""
    return written(past.changes, [sent for _, sent in past.taken()])


def touched_by_undo(past: Past) -> Touched:
    """What must be read to take a run back: what it touched, and who is in the albums it made or deleted."""
    changes = taken_changes(past)
    touched = touched_by(changes)
    photos: set[str] = set()
    membered: set[str] = set()
    for change in changes.albums:
        if change.action is Action.CREATE:
            photos |= {*change.added}
            membered.add(change.name)
        elif change.action is Action.UPDATE:
            membered.add(change.id or change.name)
        elif change.id and change.id in past.deleted:
            photos |= past.deleted[change.id][1]
    return replace(touched, assets=touched.assets | photos, membered=touched.membered | membered)


def inverse(past: Past, live: Live, attempts: Attempts = NO_ATTEMPTS) -> Undoing:
    """The changes that take back what the run wrote, as far as that can be done.

    `live` must hold what `touched_by_undo` names. `attempts` are the wishes that the server has undone: what
    it put there by itself isn't somebody's edit, and goes as well.
    """
    changes = taken_changes(past)
    causes = _causes(past)
    told = _Told()
    assets = tuple(
        back for change in changes.assets if (back := _asset(change, _Now(live, attempts), causes, told))
    )
    albums = AlbumUndo(past, live, causes)
    album_changes = tuple(found for change in changes.albums if (found := albums.change(change)))
    tags = _tags(changes.tags, assets, live, causes, told)
    labels = _labels(past, live)
    ordered = Changes(
        tags,
        tuple(sorted(assets, key=lambda change: (labels.get(change.id, ""), change.id))),
        tuple(sorted(album_changes, key=lambda change: (change.name, change.id or ""))),
    )
    return Undoing(ordered, (*told.notes(labels), *albums.notes))


def undo_plan(past: Past, live: Live, attempts: Attempts = NO_ATTEMPTS) -> Plan:
    """The plan that takes a run back, with everything that a reader should know before agreeing."""
    undoing = inverse(past, live, attempts)
    changes = undoing.changes
    values = tuple(
        replace(change, tags_added=(), tags_removed=())
        for change in changes.assets
        if change.fields and change.id in live.assets
    )
    notes = (*undoing.cannot, *notes_for(Changes(assets=values), live))
    if changes and past.plan.files and past.run.what is not What.UNDO:
        notes = (*notes, Note(FILES_ASK))
    return Plan(
        identity=live.identity,
        changes=changes,
        labels=_labels(past, live),
        rounds=schedule(changes, live.tags, live.features),
        notes=notes,
        files=past.plan.files,
        features=live.features,
        migrates=past.plan.migrates and live.features.can_hold_window and any(refiled_by(changes)),
        account=past.plan.account,
    )


def _labels(past: Past, live: Live) -> dict[str, str]:
    found = {**past.plan.labels, **{asset.id: asset.label for asset in live.assets.values()}}
    return dict(sorted(found.items()))


Causes = Mapping[tuple[str, str, str], Origin]
"""Which operation did it, by what it was about: `photo` and id, or `tag` or `album` and name; and aspect."""


def _causes(past: Past) -> Causes:
    found: dict[tuple[str, str, str], Origin] = {}
    for number, sent in past.taken():
        origin = Origin(f"run {past.run.id}", number)
        for key in _about(sent):
            found.setdefault(key, origin)
    return found


def _about(sent: Sent) -> Iterator[tuple[str, str, str]]:
    match sent.operation:
        case UpdateAssets(values=values) | UpdateAsset(values=values):
            yield from (("photo", photo, name.value) for photo in sent.taken for name in values)
        case TagAssets(tags=tags):
            yield from (("photo", photo, f"tag+{tag.path}") for photo in sent.taken for tag in tags)
        case UntagAssets(tag=tag):
            yield from (("photo", photo, f"tag-{tag.path}") for photo in sent.taken)
        case CreateTags(paths=paths):
            yield from (("tag", path, "") for path in paths)
        case ColorTag(tag=tag):
            yield ("tag", tag.path, "")
        case CreateAlbum(name=name):
            yield ("album", name, "")
        case UpdateAlbum(album=album, values=changed):
            yield ("album", album.name, "")
            yield from (("album", album.name, item.value) for item in changed)
        case DeleteAlbum(album=album) | AddMembers(album=album) | RemoveMembers(album=album):
            yield ("album", album.name, "")
        case AddToAlbums(albums=albums):
            yield from (("album", album.name, "") for album in albums)
        case ShareAlbum(album=album) | SetRole(album=album) | UnshareAlbum(album=album):
            yield ("album", album.name, "")
            yield from (("album", album.name, user.id) for user in users(sent.operation))


@dataclass(slots=True)
class _Told:
    """Collects what can't be taken back: photos by reason, and tags that stay."""

    photos: dict[str, list[tuple[str, Origin]]] = field(default_factory=lambda: defaultdict(list))
    tags: list[tuple[str, Origin]] = field(default_factory=list)

    def notes(self, labels: Mapping[str, str]) -> Iterator[Note]:
        for text, hits in self.photos.items():
            names = sorted(labels.get(asset, asset) for asset, _ in hits)
            yield Note(text, min(origin for _, origin in hits), len(hits), tuple(names[:SAMPLE]))
        if self.tags:
            listed = ", ".join(path for path, _ in self.tags)
            yield Note(f"{TAGS_STAY} ({listed})", min(origin for _, origin in self.tags))


@dataclass(frozen=True, slots=True)
class _Now:
    """How photos stand, and which values the server has put there by itself."""

    live: Live
    attempts: Attempts

    def before(self, asset_id: str, item: FieldChange) -> FieldValue:
        """The value that stands for what the run wrote: that itself, or what the server made of it."""
        asset = self.live.assets.get(asset_id)
        if asset is None:
            return item.after
        now = asset.value(item.field)
        attempt = self.attempts.get((asset_id, item.field.value))
        if attempt and (attempt.wanted, attempt.came_back) == (value_text(item.after), value_text(now)):
            return now
        if isinstance(now, Taken) and isinstance(item.after, Taken) and same_instant(now, item.after):
            return now  # where the place decides the zone, the offset written never showed (FINDINGS 10)
        return item.after


def _asset(change: AssetChange, now: _Now, causes: Causes, told: _Told) -> AssetChange | None:
    def moves(items: Iterable[TagMove], sign: str) -> tuple[TagMove, ...]:
        return tuple(
            TagMove(move.path, causes["photo", change.id, f"tag{sign}{move.path}"]) for move in items
        )

    fields = tuple(
        back
        for item in change.fields
        if (back := _field(change.id, item, now, causes["photo", change.id, item.field.value], told))
    )
    undone = AssetChange(change.id, fields, moves(change.tags_removed, "-"), moves(change.tags_added, "+"))
    return undone if fields or undone.tags_added or undone.tags_removed else None


def _field(asset_id: str, item: FieldChange, now: _Now, origin: Origin, told: _Told) -> FieldChange | None:
    after = item.before
    if item.field is Field.TAKEN:
        if after is None:
            told.photos[NO_DATE].append((asset_id, origin))
            return None
        if isinstance(after, Taken) and after.offset is None:
            told.photos[NO_ZONE].append((asset_id, origin))
            after = Taken(after.instant, 0)
    return FieldChange(item.field, now.before(asset_id, item), after, origin)


def _tags(
    changes: Iterable[TagChange], assets: Iterable[AssetChange], live: Live, causes: Causes, told: _Told
) -> tuple[TagChange, ...]:
    found: dict[str, TagChange] = {}
    for change in changes:
        origin = causes["tag", change.path, ""]
        if change.action is Action.CREATE:
            if change.path in live.tags:
                told.tags.append((change.path, origin))
        else:
            found[change.path] = replace(change, origin=origin, before=change.after, after=change.before)
    for asset in assets:
        for move in asset.tags_added:
            if move.path not in live.tags and move.path not in found:
                found[move.path] = TagChange(Action.CREATE, move.path, move.origin)
    return tuple(found[path] for path in sorted(found))
