"""Albums that album sets make, each set in one piece: a heading with numbers, and an album in a few words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler.diff.changes import Action, AlbumChange, AlbumField
from reconciler.model.origin import Origin
from reconciler.model.words import counted
from reconciler.render import summary, words

SHOWN = 12
"""Albums of one set that are told by name."""

_DONE = {Action.CREATE: "new", Action.UPDATE: "changed", Action.DELETE: "deleted"}


@dataclass(frozen=True, slots=True)
class SetGroup:
    """The albums of one set that change, and the line that asks for them."""

    title: str
    origin: Origin
    albums: tuple[AlbumChange, ...]

    @property
    def numbers(self) -> str:
        """`3 new albums, 12 changed`."""
        actions = Counter(change.action for change in self.albums)
        parts: list[str] = []
        for action, word in _DONE.items():
            if number := actions[action]:
                parts.append(f"{number:,} {word}" if parts else counted(number, f"{word} album"))
        return ", ".join(parts)


def by_set(albums: Iterable[AlbumChange]) -> tuple[list[AlbumChange], list[SetGroup]]:
    """The albums that are written one by one, and those of each set, in the order of the files."""
    alone: list[AlbumChange] = []
    sets: dict[tuple[Origin, str], list[AlbumChange]] = defaultdict(list)
    for change in albums:
        if change.made_by is None:
            alone.append(change)
        else:
            sets[change.origin, change.made_by.title].append(change)
    return alone, [SetGroup(title, origin, tuple(found)) for (origin, title), found in sorted(sets.items())]


def brief(change: AlbumChange, show: Callable[[str], str]) -> str:
    """What happens to one album, without its name; `show` writes a name."""
    if change.action is Action.DELETE:
        return summary.stays(change)
    parts = [f"was {show(str(item.before))}" for item in change.fields if item.field is AlbumField.NAME]
    if change.action is Action.CREATE:
        parts.append(counted(len(change.added), "photo"))
    elif change.added or change.removed:
        moves = [f"{sign} {len(ids):,}" for sign, ids in (("+", change.added), ("-", change.removed)) if ids]
        parts.append(f"{' '.join(moves)} ({change.size_before:,} → {counted(change.size_after, 'photo')})")
    others = [item.field.value for item in change.fields if item.field is not AlbumField.NAME]
    if others and change.action is Action.UPDATE:
        parts.append(f"other {', '.join(others)}")
    if change.shares:
        signs = Counter(words.share(item)[0] for item in change.shares)
        parts.append(f"share {' '.join(f'{sign} {signs[sign]:,}' for sign in '+-~' if signs[sign])}")
    return ", ".join(parts)
