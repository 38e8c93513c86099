"""Photos that come into albums, in the fewest calls: one album at a time, or several albums at once.

`PUT /albums/assets` puts every photo of a call into every album of it, but tells only whether anything was
new (FINDINGS 32). So it is taken only where it saves requests.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.diff.changes import Action, AlbumChange, AlbumField
from reconciler.plan.operations import ALBUM_BATCH, ALBUM_PAIRS, AddToAlbums, AlbumRef

Albums = tuple[int, ...]
"""Numbers of albums, ascending."""
Groups = Mapping[Albums, tuple[str, ...]]
"""Which photos come into which albums together."""


@dataclass(frozen=True, slots=True)
class Additions:
    """How photos come into albums: those of `joint` by calls for several albums, the rest album by album.

    `rest` are the photos of each album by its name; `slack` is how many calls this may be above the fewest.
    """

    joint: tuple[AddToAlbums, ...]
    rest: Mapping[str, tuple[str, ...]]
    slack: int = 0


def additions(changes: Iterable[AlbumChange]) -> Additions:
    """The calls for what comes into albums that are there; new albums are made with their first photos.

    An album that gets another cover stays by itself, as the cover must be in it first.
    """
    albums = [change for change in changes if _may_share(change)]
    by_albums: dict[Albums, list[str]] = defaultdict(list)
    for photo, found in _albums_of(albums).items():
        by_albums[tuple(found)].append(photo)
    if all(len(numbers) == 1 for numbers in by_albums):
        return Additions((), {change.name: change.added for change in albums})
    joint: list[AddToAlbums] = []
    rest: dict[str, list[str]] = defaultdict(list)
    slack = 0
    for part in _apart(by_albums):
        groups = min((_by_albums(part, albums), part), key=_calls)
        slack += _calls(groups) - _fewest(part)
        for numbers, photos in groups.items():
            if _alone(numbers, photos):
                for number in numbers:
                    rest[albums[number].name] += photos
            else:
                refs = tuple(AlbumRef(albums[number].name, albums[number].id) for number in numbers)
                joint += (AddToAlbums(refs, batch) for batch in cut(photos, _most(refs)))
    return Additions(tuple(joint), {name: tuple(sorted(photos)) for name, photos in rest.items()}, slack)


def cut(ids: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
    """The ids in batches."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _may_share(change: AlbumChange) -> bool:
    covered = any(item.field is AlbumField.COVER for item in change.fields)
    return change.action is Action.UPDATE and bool(change.added) and not covered


def _albums_of(albums: Sequence[AlbumChange]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, change in enumerate(albums):
        for photo in change.added:
            found[photo].append(number)
    return found


def _apart(by_albums: Mapping[Albums, list[str]]) -> Iterator[dict[Albums, tuple[str, ...]]]:
    """The groups in parts that have no album in common: each part is a question of its own."""
    leader: dict[int, int] = {}

    def led(number: int) -> int:
        while leader.setdefault(number, number) != number:
            number = leader[number]
        return number

    for numbers in by_albums:
        first = led(numbers[0])
        for number in numbers[1:]:
            leader[led(number)] = first
    parts: dict[int, dict[Albums, tuple[str, ...]]] = defaultdict(dict)
    for numbers, photos in by_albums.items():
        parts[led(numbers[0])][numbers] = tuple(photos)
    yield from parts.values()


def _by_albums(part: Groups, albums: Sequence[AlbumChange]) -> dict[Albums, tuple[str, ...]]:
    """Albums that get the very same photos together."""
    same: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number in sorted({number for numbers in part for number in numbers}):
        same[albums[number].added].append(number)
    return {tuple(numbers): photos for photos, numbers in same.items()}


def _calls(groups: Groups) -> int:
    return sum(_calls_of(numbers, photos) for numbers, photos in groups.items())


def _calls_of(numbers: Albums, photos: Sequence[str]) -> int:
    alone = _each_alone(numbers, photos)
    return alone if len(numbers) == 1 else min(alone, _batches(len(photos), _most(numbers)))


def _most(albums: Sequence[object]) -> int:
    """Photos of one call for several albums."""
    return min(ALBUM_BATCH, ALBUM_PAIRS // len(albums))


def _each_alone(numbers: Albums, photos: Sequence[str]) -> int:
    return len(numbers) * _batches(len(photos), ALBUM_BATCH)


def _alone(numbers: Albums, photos: Sequence[str]) -> bool:
    """Whether calls for each album by itself are no more than calls for all of them."""
    return _each_alone(numbers, photos) <= _calls_of(numbers, photos)


def _batches(number: int, size: int) -> int:
    return -(-number // size)


def _fewest(part: Groups) -> int:
    """A number of calls below which it can't be done, whoever groups it.

    Either by size, or by pairs of album and photo of which no two fit into one call: a call for both would
    also put the one photo into the other album, where it isn't wanted.
    """
    sizes: dict[int, int] = defaultdict(int)
    for numbers, photos in part.items():
        for number in numbers:
            sizes[number] += len(photos)
    largest = _batches(max(sizes.values()), ALBUM_BATCH)
    if len(sizes) == 1:
        return largest
    by_size = max(largest, _batches(sum(sizes.values()), ALBUM_PAIRS))
    rarest: dict[int, Albums] = {}
    for numbers in sorted(part, key=lambda numbers: (len(numbers), numbers)):
        for number in numbers:
            rarest.setdefault(number, numbers)
    by_album = _none_together(rarest.items())
    by_photo = _none_together(
        (min(numbers, key=lambda number: (sizes[number], number)), numbers) for numbers in part
    )
    return max(by_size, by_album, by_photo)


MOST_PAIRS = 400
"""Pairs of album and photo that are looked at for the bound; fewer only make it smaller."""


def _none_together(pairs: Iterable[tuple[int, Albums]]) -> int:
    """How many of these pairs were taken, one after the other, that fit into a call with none before."""
    taken: list[tuple[int, Albums]] = []
    for count, (number, numbers) in enumerate(pairs):
        if count == MOST_PAIRS:
            break
        if all(number not in others or other not in numbers for other, others in taken):
            taken.append((number, numbers))
    return len(taken)
