"""What the files asked for when it was last seen to be so: the third side, beside the files and the server.

With it a plan can tell what the files have changed since, what somebody has changed on the server, and what
both have. It holds aspects that were as wished; of all others nothing is known.
"""

from __future__ import annotations

import gzip
import zlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from reconciler.model.codec import value_from_json, value_to_json
from reconciler.model.values import Field, FieldValue

VERSION = 1
KIND = "immich-applied"
Json = Any
K = TypeVar("K", bound=Hashable)


class BadApplied(ValueError):
    """The file doesn't hold an applied state that this version can read; the message says why."""


@dataclass(frozen=True, slots=True)
class AppliedTags:
    """What was asked of a photo's tags: `on` were wished and there, `off` were not to be there.

    With `exact`, no others were there either.
    """

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    exact: bool = False

    def knows(self, path: str) -> bool | None:
        """Whether the photo had the tag; None where that isn't known."""
        if path in self.on:
            return True
        return False if self.exact or path in self.off else None


@dataclass(frozen=True, slots=True)
class AppliedShare:
    """Who was to see an album: roles by the user's id, None for no access. With `exact`, nobody else did."""

    roles: Mapping[str, str | None] = field(default_factory=dict)
    exact: bool = False

    def knows(self, user: str) -> bool:
        """Whether it is known what the user was allowed."""
        return self.exact or user in self.roles


@dataclass(frozen=True, slots=True)
class AppliedAlbum:
    """An album as it was asked for: fields by name; `members` and `share` are None where not managed.

    With `exact`, no others of the account's photos were in it.
    """

    name: str
    fields: Mapping[str, str | bool | None] = field(default_factory=dict)
    members: frozenset[str] | None = None
    exact: bool = False
    share: AppliedShare | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """Everything that was as wished, of one account: by asset id, album id and tag path.

    `user` is the account's id on the server, which tells servers apart as well.
    """

    user: str
    fields: Mapping[Field, Mapping[str, FieldValue]] = field(default_factory=dict)
    tags: Mapping[str, AppliedTags] = field(default_factory=dict)
    albums: Mapping[str, AppliedAlbum] = field(default_factory=dict)
    colors: Mapping[str, str | None] = field(default_factory=dict)

    def __or__(self, later: Applied) -> Applied:
        """With what was seen later in the place of what was known before. Both are of one account."""
        fields = {
            name: {**self.fields.get(name, {}), **later.fields.get(name, {})}
            for name in Field
            if name in self.fields or name in later.fields
        }
        return Applied(
            later.user,
            fields,
            {**self.tags, **later.tags},
            {**self.albums, **later.albums},
            {**self.colors, **later.colors},
        )


def to_bytes(applied: Applied) -> bytes:
    """As gzipped JSON, grouped by value; the same state gives the same bytes.

    Pressed lightly: pressing harder takes four times as long and saves a tenth.
    """
    document = {
        "kind": KIND,
        "version": VERSION,
        "user": applied.user,
        "fields": {
            name.value: _grouped(
                (orjson.dumps(value_to_json(value)).decode(), key) for key, value in of.items()
            )
            for name, of in sorted(applied.fields.items())
            if of
        },
        "tags": [
            {"on": list(on), "off": list(off), "exact": exact, "photos": photos}
            for (on, off, exact), photos in _grouped(
                ((tuple(sorted(tags.on)), tuple(sorted(tags.off)), tags.exact), asset)
                for asset, tags in applied.tags.items()
            )
        ],
        "albums": {
            key: {
                "name": album.name,
                "fields": dict(sorted(album.fields.items())),
                "members": None if album.members is None else sorted(album.members),
                "exact": album.exact,
                "share": _share(album.share),
            }
            for key, album in sorted(applied.albums.items())
        },
        "colors": dict(sorted(applied.colors.items())),
    }
    return gzip.compress(orjson.dumps(document), compresslevel=1, mtime=0)


def from_bytes(data: bytes) -> Applied:
    """Reads what `to_bytes` wrote, unpacked or not. Raises BadApplied on anything else."""
    try:
        document = orjson.loads(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadApplied(f"this is no applied state: it can't be unpacked ({error})") from None
    if not isinstance(document, dict) or document.get("kind") != KIND or document.get("version") != VERSION:
        raise BadApplied(
            f"this is no applied state, or not of version {VERSION}: apply once to write it anew"
        )
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadApplied(
            f"this applied state can't be read ({error!r}): apply once to write it anew"
        ) from None


def _read(document: Mapping[str, Json]) -> Applied:
    fields: dict[Field, dict[str, FieldValue]] = {}
    for key, groups in document["fields"].items():
        name = Field(key)
        of = fields[name] = {}
        for text, photos in groups:
            of |= dict.fromkeys(photos, value_from_json(name, orjson.loads(text)))
    tags: dict[str, AppliedTags] = {}
    for group in document["tags"]:
        one = AppliedTags(frozenset(group["on"]), frozenset(group["off"]), bool(group["exact"]))
        tags |= dict.fromkeys(group["photos"], one)
    albums = {
        key: AppliedAlbum(
            album["name"],
            album["fields"],
            None if album["members"] is None else frozenset(album["members"]),
            bool(album["exact"]),
            _read_share(album.get("share")),
        )
        for key, album in document["albums"].items()
    }
    return Applied(document["user"], fields, tags, albums, document["colors"])


def _share(share: AppliedShare | None) -> Json:
    return None if share is None else {"roles": dict(sorted(share.roles.items())), "exact": share.exact}


def _read_share(data: Mapping[str, Json] | None) -> AppliedShare | None:
    return None if data is None else AppliedShare(dict(data["roles"]), bool(data["exact"]))


def _grouped(items: Iterable[tuple[K, str]]) -> list[tuple[K, list[str]]]:
    """The ids of each key, in a fixed order."""
    found: dict[K, list[str]] = defaultdict(list)
    for key, asset in items:
        found[key].append(asset)
    return [(key, sorted(found[key])) for key in sorted(found, key=repr)]
