"""A library's curation in the files' own language: what is on the server now, to go on with in files."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.config.text.editing import scalar_text
from reconciler.config.text.nodes import plain_value
from reconciler.config.values.zone_of_place import moved_to
from reconciler.model.asset import Asset
from reconciler.model.live import Album, Live
from reconciler.model.round_trip import keeps, kept_clock
from reconciler.model.sharing import Role, Share
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, Visibility

_NO_COMMENT = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
"""What can't stand in a comment on one line."""


class Part(StrEnum):
    """What can be exported, by its key in the files."""

    TAGS = "tags"
    ALBUMS = "albums"
    ASSETS = "assets"


class Exportable(StrEnum):
    """What can be exported of a photo, by its key in the files."""

    DESCRIPTION = "description"
    TAKEN = "taken"
    LOCATION = "location"
    RATING = "rating"
    TAGS = "tags"
    FAVORITE = "favorite"
    VISIBILITY = "visibility"


USUAL = tuple(kind for kind in Exportable if kind not in (Exportable.TAKEN, Exportable.LOCATION))
"""What is exported unless somebody asks otherwise: the server doesn't tell whose dates and places are."""

HEADS: Mapping[Part, str] = {
    Part.TAGS: "",
    Part.ALBUMS: (
        "# Each album has just the photos below: others leave it with the next immich-apply.\n"
        "# With `membership: add` at an album they stay.\n"
    ),
    Part.ASSETS: "",
}


_TO_FILL_IN = "# Write a caption behind each `description:`, and take out the entries that shall get none.\n"


@dataclass(frozen=True, slots=True)
class Exported:
    """One part as YAML, empty where there is none of it; how many of what it has; what it leaves out."""

    part: Part
    text: str
    count: int
    left_out: tuple[str, ...] = ()


def exported(live: Live, part: Part, wanted: Collection[Exportable] = USUAL) -> Exported:
    """One part of a live state that holds all of it. A plan of the result has nothing to do."""
    match part:
        case Part.TAGS:
            found = list(_tags(live))
            left: tuple[str, ...] = ()
        case Part.ALBUMS:
            left = tuple(_albums_left_out(live))
            found = list(_albums(live))
        case Part.ASSETS:
            found = list(_assets(live, wanted))
            unread = sum(not asset.read for asset in live.assets.values())
            left = (f"{unread:,} photos that the server has not read yet",) if unread else ()
    text = f"{HEADS[part]}{part}:\n" + "".join(found) if found else ""
    return Exported(part, text, len(found), left)


# -- tags --------------------------------------------------------------------------------------------------


def _tags(live: Live) -> Iterator[str]:
    for path, tag in sorted(live.tags.items()):
        color = f'    color: "{tag.color}"\n' if tag.color else ""
        yield f"  - value: {scalar_text(path)}\n{color}"


# -- albums ------------------------------------------------------------------------------------------------


def _albums(live: Live) -> Iterator[str]:
    named = _Named(live.assets.values())
    twice = _names_twice(live)
    for album in sorted(live.albums, key=lambda album: (album.name, album.id)):
        if album.name and album.name not in twice:
            yield "".join(_album(album, live, named))


def _album(album: Album, live: Live, named: _Named) -> Iterator[str]:
    inside = live.members.get(album.id, frozenset())
    yield f"  - name: {scalar_text(album.name)}\n"
    if album.description:
        yield f"    description: {scalar_text(album.description)}\n"
    if album.order:
        yield f"    order: {album.order}\n"
    if not album.activity:
        yield "    activity: false\n"
    cover = live.assets.get(album.cover or "")
    if cover and cover.id in inside:
        yield f"    cover: {{ {named(cover)} }}\n"
    if any(map(_can_be_written, album.shares)):
        yield f"    share: {_shares(album.shares)}\n"
    others = len(inside - live.assets.keys())
    if others:
        yield f"    # {others:,} more are in it that are other people's, in the trash or locked; they stay\n"
    own = _in_order(live.assets[one] for one in inside if one in live.assets)
    shown = [asset for asset in own if asset.visibility is not Visibility.HIDDEN]
    yield "    assets:\n" if shown else "    assets: []\n"
    for asset in shown:
        yield f"      - {named(asset)} # {_comment(asset)}\n"


def _shares(shares: Collection[Share]) -> str:
    """Who sees an album; whoever can't be written is not to lose access for that."""
    known = [share for share in shares if _can_be_written(share)]
    listed = f"[{', '.join(map(_share, known))}]"
    return listed if len(known) == len(shares) else f"{{ add: {listed} }}"


def _share(share: Share) -> str:
    who = scalar_text(share.user.email)
    return who if share.role == Role.VIEWER else f"{{ user: {who}, role: {share.role} }}"


def _can_be_written(share: Share) -> bool:
    return bool(share.user.email) and share.role in set(Role)


def _names_twice(live: Live) -> set[str]:
    return {name for name, count in Counter(album.name for album in live.albums).items() if count > 1}


def _albums_left_out(live: Live) -> Iterator[str]:
    for name in sorted(_names_twice(live)):
        yield f"the albums called {name!r}: several of one name can't be told apart in files"
    if any(not album.name for album in live.albums):
        yield "albums without a name"
    for album in live.albums:
        for share in album.shares:
            if not _can_be_written(share):
                yield (
                    f"that {share.user.label} sees the album {album.name!r} as {share.role!r}: "
                    f"files know only {' and '.join(Role)}, and users by their e-mail"
                )


# -- photos ------------------------------------------------------------------------------------------------


def _assets(live: Live, wanted: Collection[Exportable]) -> Iterator[str]:
    named = _Named(live.assets.values())
    parts = {asset.motion_id for asset in live.assets.values() if asset.motion_id}
    for asset in _in_order(live.assets.values()):
        if not asset.read or asset.id in parts:
            continue
        lines = [f"    {key}: {text}\n" for key, text in _values(asset, live, wanted)]
        if lines:
            yield f"  # {_comment(asset)}\n  - match: {{ {named(asset)} }}\n{''.join(lines)}"


def to_fill_in(found: Collection[Asset]) -> str:
    """An entry for each of these photos with the caption it has, or room for one, which has to be filled."""
    named = _Named(found)
    entries = [
        f"  # {_comment(asset)}\n  - match: {{ {named(asset)} }}\n"
        f"    description:{f' {scalar_text(asset.description)}' if asset.description else ''}\n"
        for asset in found
    ]
    return f"{_TO_FILL_IN}assets:\n{''.join(entries)}" if entries else ""


def _values(asset: Asset, live: Live, wanted: Collection[Exportable]) -> Iterator[tuple[str, str]]:
    for kind in wanted:
        if kind is Exportable.TAGS:
            if tags := sorted(live.tags_of.get(asset.id, ())):
                yield kind, f"[{', '.join(map(scalar_text, tags))}]"
        elif kind is Exportable.TAKEN:
            if asset.taken:
                yield kind, _taken(asset.taken, asset.location if Exportable.LOCATION in wanted else None)
        elif text := _WRITTEN[kind](asset.value(Field(kind))):
            yield kind, text


def _taken(taken: Taken, place: Coordinates | None) -> str:
    """By the clock of the place, where that is written too: files must not say otherwise (FINDINGS 10)."""
    there = moved_to(taken, place) if place else None
    if there:
        return str(Taken(taken.instant, there.offset))
    # no zone and +00:00 are the same, and a date needs one of them in a file
    return str(taken if taken.offset is not None and keeps(taken) else kept_clock(taken))


def _location(value: FieldValue) -> str:
    if value is None:
        return ""
    latitude, longitude = str(value).split(", ")
    return f"{{ latitude: {latitude}, longitude: {longitude} }}"


_WRITTEN: Mapping[Exportable, Callable[[FieldValue], str]] = {
    Exportable.DESCRIPTION: lambda value: scalar_text(str(value)) if value else "",
    Exportable.LOCATION: _location,
    Exportable.RATING: lambda value: str(value) if value else "",
    Exportable.FAVORITE: lambda value: "true" if value else "",
    Exportable.VISIBILITY: lambda value: "" if value is Visibility.TIMELINE else str(value),
}
"""How a value is written; empty for what a photo has where nobody has done anything."""


class _Named:
    """Names photos so that they are found again: by checksum, in external libraries by their path."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        paths = Counter(asset.path for asset in assets if asset.library_id)
        self._twice = {path for path, count in paths.items() if count > 1}

    def __call__(self, asset: Asset) -> str:
        if not asset.library_id:
            return f"checksum: {_hex(asset.checksum)}"
        return f"id: {asset.id}" if asset.path in self._twice else f"path: {scalar_text(asset.path)}"


def _hex(checksum: str) -> str:
    """As programs that make checksums print it; in quotes where YAML would take it for a number."""
    digits = base64.b64decode(checksum).hex()
    return digits if plain_value(digits) == digits else f'"{digits}"'


def _in_order(assets: Iterable[Asset]) -> list[Asset]:
    return sorted(assets, key=lambda asset: (asset.file_created_at, asset.file_name, asset.id))


def _comment(asset: Asset) -> str:
    """What a photo is called, for whoever reads the file."""
    return _NO_COMMENT.sub(" ", asset.label).strip()
