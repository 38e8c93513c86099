"""A plan for a part of what the files ask: what is named, and what that needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.diff.changes import Action, AlbumChange, AlbumField, Changes, Narrowing, Undone
from reconciler.model.text import TextMatcher

_DAY = re.compile(r" \(\d{4}-\d{2}-\d{2}\)$")
"""What a photo's label has behind the name of its file."""


class TargetKind(StrEnum):
    """What a target can be narrowed to."""

    TAG = "tag"
    PHOTO = "photo"
    ALBUM = "album"


class BadTarget(ValueError):
    """The text names no target; the message says what does."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target as it was written: a kind, a pattern for names, or both. No kind means every kind."""

    text: str
    kind: TargetKind | None
    names: TextMatcher

    def fits(self, kind: TargetKind, *names: str | None) -> bool:
        """Whether a thing of this kind with one of these names is meant."""
        return self.kind in (None, kind) and any(map(self.names.matches, names))


def read_target(text: str) -> Target:
    """`albums`, `album:Italy*` or `Italy*`. Raises BadTarget."""
    kinds = {name: kind for kind in TargetKind for name in (kind.value, f"{kind.value}s")}
    said, colon, pattern = text.partition(":")
    kind = kinds.get(said.strip().lower())
    if colon and kind is None:
        raise BadTarget(
            f"{said!r} is none of tag, photo, album; for a name with a colon in it write the kind before it, "
            f"such as album:{text}"
        )
    if not text.strip() or (colon and not pattern.strip()):
        raise BadTarget("write a kind (tags, photos, albums), a name (Italy*), or both (album:Italy*)")
    name = pattern.strip() if colon else "*" if kind else text.strip()
    return Target(text, kind, TextMatcher.of([name]))


def narrow(
    changes: Changes, labels: Mapping[str, str], targets: Sequence[Target]
) -> tuple[Changes, Narrowing]:
    """What the targets name, with the tags that it needs and that aren't there yet; and what is left out.

    Applying it and then the whole is the same as applying the whole: what is left out is planned again, and
    no part undoes another, since every photo and album is compared with what the files ask in the end.
    """
    hits: set[str] = set()

    def named(kind: TargetKind, names: Iterable[str | None]) -> bool:
        fitting = [target.text for target in targets if target.fits(kind, *names)]
        hits.update(fitting)
        return bool(fitting)

    assets = tuple(item for item in changes.assets if named(TargetKind.PHOTO, photo_names(item.id, labels)))
    albums = tuple(item for item in changes.albums if named(TargetKind.ALBUM, _album_names(item)))
    asked = {item.path for item in changes.tags if named(TargetKind.TAG, (item.path, item.id))}
    used = {move.path for item in assets for move in item.tags_added}
    needed = {item.path for item in changes.tags if item.action is Action.CREATE and item.path in used}
    tags = tuple(item for item in changes.tags if item.path in asked | needed)
    narrowing = Narrowing(
        tuple(target.text for target in targets),
        tags=len(changes.tags) - len(tags),
        photos=len(changes.assets) - len(assets),
        albums=len(changes.albums) - len(albums),
        needed=tuple(sorted(needed - asked)),
        unmatched=tuple(target.text for target in targets if target.text not in hits),
    )
    return Changes(tags, assets, albums), narrowing


def is_meant(undone: Undone, targets: Iterable[Target]) -> bool:
    """Whether a wish that was undone before is about a photo that the targets name."""
    photo = undone.attempt.asset_id
    names = photo_names(photo, {photo: undone.label})
    return any(target.fits(TargetKind.PHOTO, *names) for target in targets)


def photo_names(photo: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """By what a photo can be meant: its id, its file, and its file with the day."""
    label = labels.get(photo, photo)
    return photo, label, _DAY.sub("", label)


def _album_names(change: AlbumChange) -> tuple[str | None, ...]:
    """Its name, its id, and the name that it has so far."""
    before = [str(item.before) for item in change.fields if item.field is AlbumField.NAME and item.before]
    return change.name, change.id, *before
