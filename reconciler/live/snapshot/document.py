"""A live state as JSON and back, so that a plan can be made without a server.

One format in two forms: photos as a list of objects, in which what is usual may be left out, for people who
write one; and as columns (`columns`), in which other parts name photos by their numbers, as immich-snapshot
writes them. The reader takes both, compressed or not.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from reconciler.live.snapshot.columns import by_photo, from_columns, numbered, to_columns, unnumbered
from reconciler.live.snapshot.covers import Covers, covers_json, read_covers
from reconciler.model.album_sets import NOTHING_KNOWN, KnownAlbums, SetKey
from reconciler.model.asset import Asset, Owner, Person
from reconciler.model.attempts import NO_ATTEMPTS, Attempt, Attempts
from reconciler.model.codec import taken_from_text
from reconciler.model.live import Album, Features, Identity, Live, Tag
from reconciler.model.memory import no_collection
from reconciler.model.sharing import Share, User
from reconciler.model.values import AssetType, Coordinates, Visibility, utc

VERSION = 1
KIND = "immich-live"
Json = Any

_GZIP = b"\x1f\x8b"
_LARGEST = 1 << 30
"""Bytes that a snapshot may have once it is unpacked: a file that claims more is none of ours."""
_NUMBERS = ("width", "height", "duration")
_TEXTS = ("zone", "city", "state", "country", "make", "model", "lens", "library_id", "motion_id")


class BadSnapshot(ValueError):
    """The file is not a snapshot that this version can read, or not a fitting one; the message says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A live state, what was asked for it, and when (`made`, UTC), with what earlier runs have left behind.

    `covers` and `made` are None in one that was written by hand.
    """

    live: Live
    covers: Covers | None = None
    made: datetime | None = None
    attempts: Attempts = field(default_factory=lambda: NO_ATTEMPTS)
    known: KnownAlbums = NOTHING_KNOWN


def to_bytes(snapshot: Snapshot) -> bytes:
    """The snapshot as compressed JSON; the same snapshot gives the same bytes."""
    return gzip.compress(orjson.dumps(document_of(snapshot)), compresslevel=9, mtime=0)


def without_names(live: Live) -> Live:
    """The same without names of people: of those on photos, of the account, and of the server's users."""
    people = {person.id: Person(person.id) for person in live.people}
    return replace(
        live,
        identity=replace(live.identity, user_name="somebody"),
        owners=tuple(replace(one, name="", email="") for one in live.owners),
        people=tuple(people.values()),
        people_of={
            photo: frozenset(Person(person.id) for person in found) for photo, found in live.people_of.items()
        },
        users=tuple(User(user.id, "") for user in live.users),
        albums=tuple(
            replace(album, shares=tuple(Share(User(share.user.id, ""), share.role) for share in album.shares))
            for album in live.albums
        ),
    )


def document_of(snapshot: Snapshot) -> dict[str, Json]:
    """The snapshot as JSON values."""
    live, covers = snapshot.live, snapshot.covers or Covers()
    assets = sorted(live.assets.values(), key=lambda asset: (asset.file_created_at, asset.id))
    numbers = {asset.id: number for number, asset in enumerate(assets)}

    def of_each(ids: Mapping[str, Iterable[str]]) -> dict[str, Json]:
        return {key: numbered(ids[key], numbers) for key in sorted(ids)}

    return {
        "kind": KIND,
        "version": VERSION,
        "made": snapshot.made.isoformat() if snapshot.made else None,
        "covers": covers_json(covers),
        "server": {
            "url": live.identity.url,
            "version": live.identity.version,
            "userId": live.identity.user_id,
            "userName": live.identity.user_name,
        },
        "features": _features(live.features),
        "assets": to_columns(assets, checksums=covers.checksums),
        "tags": [
            {"id": tag.id, "path": tag.path, "color": tag.color}
            for tag in sorted(live.tags.values(), key=lambda tag: tag.path)
        ],
        "tagsRead": sorted(live.tags_read),
        "photosOfTags": of_each(_photos_of(live.tags_of)),
        "albums": [_album(album, covers.shares) for album in live.albums],
        "members": of_each(live.members),
        "otherAlbums": dict(sorted(live.other_albums.items())),
        "unread": live.unread,
        "library": live.library,
        "tagged": dict(sorted(live.tagged.items())),
        "people": [{"id": person.id, "name": person.name} for person in live.people],
        "photosOfPeople": of_each(
            _photos_of({photo: [one.id for one in persons] for photo, persons in live.people_of.items()})
        ),
        "stacked": numbered(live.stacked, numbers),
        "libraries": dict(sorted(live.libraries.items())),
        "users": [_user(user) for user in live.users] if covers.users else [],
        **_other_people(live, checksums=covers.checksums),
        "attempts": [
            [one.asset_id, one.aspect, one.wanted, one.came_back, one.reason, one.at]
            for _, one in sorted(snapshot.attempts.items())
        ],
        "knownAlbums": [
            [key.by, key.narrowed, group, album]
            for key, groups in snapshot.known.of.items()
            for group, album in groups.items()
        ],
    }


def _photos_of(of_photos: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The photos of each tag or person, by those of each photo."""
    found: dict[str, list[str]] = {}
    for photo, keys in of_photos.items():
        for key in keys:
            found.setdefault(key, []).append(photo)
    return found


def _features(features: Features) -> dict[str, Json]:
    return {
        "clearsEmbeddedDescription": features.clears_embedded_description,
        "keepsLastTagOff": features.keeps_last_tag_off,
        "storageTemplate": features.storage_template,
        "templateUsesAlbum": features.template_uses_album,
        "canHoldWindow": features.can_hold_window,
    }


def _read_features(data: Mapping[str, Json]) -> Features:
    return Features(
        clears_embedded_description=data.get("clearsEmbeddedDescription", True),
        keeps_last_tag_off=data.get("keepsLastTagOff", True),
        storage_template=data.get("storageTemplate"),
        template_uses_album=data.get("templateUsesAlbum", False),
        can_hold_window=data.get("canHoldWindow", True),
    )


def _other_people(live: Live, *, checksums: bool) -> dict[str, Json]:
    """Whose photos rules may mean beside the account's own, and these; nothing where no rule does."""
    if not live.owners and not live.others:
        return {}
    whose: dict[str, list[Asset]] = {}
    for asset in sorted(live.others.values(), key=lambda one: (one.file_created_at, one.id)):
        whose.setdefault(asset.owner_id, []).append(asset)
    return {
        "owners": [
            {"id": one.id, "name": one.name, "email": one.email, "me": one.me, "shown": one.shown}
            for one in live.owners
        ],
        "others": {owner: to_columns(whose[owner], checksums=checksums) for owner in sorted(whose)},
        "withOthers": live.with_others,
    }


def read_snapshot(data: bytes) -> Snapshot:
    """A snapshot in either form, compressed or not. Raises BadSnapshot."""
    return snapshot_of(json_of(data))


def json_of(data: bytes) -> Json:
    """What is in a file, compressed or not. Raises BadSnapshot."""
    if data.startswith(_GZIP):
        data = _unpacked(data)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadSnapshot(f"this is not a snapshot: it isn't JSON ({error})") from None


def snapshot_of(document: Json) -> Snapshot:
    """The snapshot that `document_of` made JSON values of, or somebody by hand. Raises BadSnapshot."""
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise BadSnapshot("this is not a snapshot of a live state: make one with immich-snapshot")
    if document.get("version") != VERSION:
        found = document.get("version")
        raise BadSnapshot(f"this snapshot has version {found!r}, this program reads {VERSION}: make it anew")
    try:
        with no_collection():
            live = _live(document)
        known: dict[SetKey, dict[str, str]] = {}
        for grouped, narrowed, group, album in document.get("knownAlbums", ()):
            known.setdefault(SetKey(grouped, narrowed), {})[group] = album
        attempts = [Attempt(*item) for item in document.get("attempts", ())]
        return Snapshot(
            live,
            read_covers(document["covers"]) if document.get("covers") else None,
            datetime.fromisoformat(document["made"]) if document.get("made") else None,
            {(item.asset_id, item.aspect): item for item in attempts},
            KnownAlbums(known),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise BadSnapshot(f"this snapshot can't be read ({error!r})") from None


def _unpacked(data: bytes) -> bytes:
    try:
        stream = zlib.decompressobj(wbits=31)
        found = stream.decompress(data, _LARGEST)
    except zlib.error as error:
        raise BadSnapshot(f"this snapshot is damaged: it can't be unpacked ({error})") from None
    if not stream.eof:
        raise BadSnapshot("this snapshot is damaged: it ends too early, or is too large to be one")
    return found


def _live(document: Mapping[str, Json]) -> Live:
    server = document["server"]
    owner = server["userId"]
    photos = document["assets"]
    if isinstance(photos, dict):
        assets = from_columns(photos, owner)
    else:
        assets = [_read_asset(item, owner) for item in photos]
    ids = [asset.id for asset in assets]
    people = tuple(Person(item["id"], item.get("name", "")) for item in document.get("people", ()))
    return Live(
        identity=Identity(owner, server["userName"], server["version"], server["url"]),
        features=_read_features(document.get("features", {})),
        assets=dict(zip(ids, assets, strict=True)),
        tags={
            item["path"]: Tag(item["id"], item["path"], item.get("color"))
            for item in document.get("tags", ())
        },
        tags_read=frozenset(document.get("tagsRead", ())),
        tags_of=_tags_of(document, ids),
        albums=tuple(_read_album(item) for item in document.get("albums", ())),
        members={key: unnumbered(items, ids) for key, items in document.get("members", {}).items()},
        other_albums=document.get("otherAlbums", {}),
        unread=document.get("unread", 0),
        library=document.get("library"),
        tagged=document.get("tagged", {}),
        people=people,
        people_of=_people_of(document, people, ids),
        stacked=unnumbered(document.get("stacked", ()), ids),
        libraries=document.get("libraries", {}),
        users=tuple(_read_user(item) for item in document.get("users", ())),
        others={
            asset.id: asset
            for owner_id, columns in document.get("others", {}).items()
            for asset in from_columns(columns, owner_id)
        },
        owners=tuple(
            Owner(one["id"], one["name"], one["email"], one["me"], one["shown"])
            for one in document.get("owners", ())
        ),
        with_others=document.get("withOthers"),
    )


def _tags_of(document: Mapping[str, Json], ids: list[str]) -> Mapping[str, frozenset[str]]:
    if "photosOfTags" in document:
        return by_photo(document["photosOfTags"], ids)
    return {key: frozenset(paths) for key, paths in document.get("tagsOf", {}).items()}


def _people_of(
    document: Mapping[str, Json], people: Iterable[Person], ids: list[str]
) -> dict[str, frozenset[Person]]:
    known = {person.id: person for person in people}
    if "photosOfPeople" in document:
        found: Mapping[str, Iterable[str]] = by_photo(document["photosOfPeople"], ids)
    else:
        found = document.get("peopleOf", {})
    return {
        photo: frozenset(known.get(person, Person(person)) for person in persons)
        for photo, persons in found.items()
    }


def _read_asset(data: Mapping[str, Json], owner: str) -> Asset:
    place = data.get("location")
    taken = data.get("taken")
    created = utc(data.get("fileCreatedAt") or "1970-01-01T00:00:00Z")
    others: dict[str, Json] = {name: data.get(name) for name in (*_TEXTS, *_NUMBERS)}
    return Asset(
        id=data["id"],
        owner_id=owner,
        checksum=data.get("checksum", ""),
        file_name=data["file"],
        path=data.get("path", ""),
        type=AssetType(data.get("type", "image")),
        file_created_at=created,
        added=utc(data["added"]) if "added" in data else created,
        updated=utc(data["updated"]) if "updated" in data else created,
        description=data.get("description", ""),
        taken=taken_from_text(taken) if taken else None,
        location=Coordinates(place["latitude"], place["longitude"]) if place else None,
        rating=data.get("rating"),
        favorite=data.get("favorite", False),
        visibility=Visibility(data.get("visibility", "timeline")),
        **others,
    )


def _album(album: Album, shares: bool) -> dict[str, Json]:
    """`shares`: with who it is shared with."""
    found: dict[str, Json] = {
        "id": album.id,
        "name": album.name,
        "description": album.description,
        "order": album.order,
        "activity": album.activity,
        "cover": album.cover,
        "assetCount": album.asset_count,
    }
    if shares:
        found["shares"] = [{**_user(share.user), "role": share.role} for share in album.shares]
    return found


def _read_album(data: Mapping[str, Json]) -> Album:
    return Album(
        data["id"],
        data["name"],
        data.get("description", ""),
        data.get("order"),
        data.get("activity", True),
        data.get("cover"),
        data.get("assetCount", 0),
        tuple(Share(_read_user(item), item["role"]) for item in data.get("shares", ())),
    )


def _user(user: User) -> dict[str, Json]:
    return {"id": user.id, "email": user.email, "name": user.name}


def _read_user(data: Mapping[str, Json]) -> User:
    return User(data["id"], data.get("email", ""), data.get("name", ""))
