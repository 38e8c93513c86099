"""A live state as JSON and back, so that a plan can be made without a server.

Only what differs from the usual is written, which keeps a library of many photos small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.model.asset import Asset, Person
from reconciler.model.codec import taken_from_text, value_to_json
from reconciler.model.live import Album, Features, Identity, Live, Tag
from reconciler.model.values import AssetType, Coordinates, Visibility, utc

VERSION = 1
KIND = "immich-live"
Json = Any

_NUMBERS = ("width", "height", "duration")
_TEXTS = ("zone", "city", "state", "country", "make", "model", "lens", "library_id", "motion_id")


class BadSnapshot(ValueError):
    """The file is not a snapshot that this version can read; the message says why."""


def to_bytes(live: Live) -> bytes:
    """The live state as indented UTF-8 JSON; the same state gives the same bytes."""
    document = {
        "kind": KIND,
        "version": VERSION,
        "server": {
            "url": live.identity.url,
            "version": live.identity.version,
            "userId": live.identity.user_id,
            "userName": live.identity.user_name,
        },
        "features": {
            "clearsEmbeddedDescription": live.features.clears_embedded_description,
            "keepsLastTagOff": live.features.keeps_last_tag_off,
            "storageTemplate": live.features.storage_template,
            "templateUsesAlbum": live.features.template_uses_album,
            "canHoldWindow": live.features.can_hold_window,
        },
        "assets": [_asset(live.assets[key]) for key in sorted(live.assets)],
        "tags": [
            {"id": tag.id, "path": tag.path, "color": tag.color}
            for tag in sorted(live.tags.values(), key=lambda tag: tag.path)
        ],
        "tagsRead": sorted(live.tags_read),
        "tagsOf": {key: sorted(live.tags_of[key]) for key in sorted(live.tags_of)},
        "tagsComplete": sorted(live.tags_complete),
        "albums": [_album(album) for album in live.albums],
        "members": {key: sorted(live.members[key]) for key in sorted(live.members)},
        "otherAlbums": dict(sorted(live.other_albums.items())),
        "unread": live.unread,
        **(
            {}
            if live.library is None
            else {"library": live.library, "tagged": dict(sorted(live.tagged.items()))}
        ),
        **_company(live),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def from_bytes(data: bytes) -> Live:
    """The live state of a snapshot. What is left out of an asset has its usual value. Raises BadSnapshot."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadSnapshot(f"this is not a snapshot: it isn't JSON ({error})") from None
    if not isinstance(document, dict) or document.get("kind") != KIND or document.get("version") != VERSION:
        raise BadSnapshot(f"this is not a snapshot of a live state, or not of version {VERSION}")
    try:
        return _live(document)
    except (KeyError, TypeError, ValueError) as error:
        raise BadSnapshot(f"this snapshot can't be read ({error!r})") from None


def _live(document: Mapping[str, Json]) -> Live:
    server, features = document["server"], document.get("features", {})
    owner = server["userId"]
    assets = (_read_asset(item, owner) for item in document["assets"])
    people = tuple(Person(item["id"], item.get("name", "")) for item in document.get("people", ()))
    return Live(
        identity=Identity(owner, server["userName"], server["version"], server["url"]),
        features=Features(
            clears_embedded_description=features.get("clearsEmbeddedDescription", True),
            keeps_last_tag_off=features.get("keepsLastTagOff", True),
            storage_template=features.get("storageTemplate"),
            template_uses_album=features.get("templateUsesAlbum", False),
            can_hold_window=features.get("canHoldWindow", True),
        ),
        assets={asset.id: asset for asset in assets},
        tags={
            item["path"]: Tag(item["id"], item["path"], item.get("color"))
            for item in document.get("tags", ())
        },
        tags_read=frozenset(document.get("tagsRead", ())),
        tags_of={key: frozenset(paths) for key, paths in document.get("tagsOf", {}).items()},
        tags_complete=frozenset(document.get("tagsComplete", ())),
        albums=tuple(_read_album(item) for item in document.get("albums", ())),
        members={key: frozenset(ids) for key, ids in document.get("members", {}).items()},
        other_albums=document.get("otherAlbums", {}),
        unread=document.get("unread", 0),
        library=document.get("library"),
        tagged=document.get("tagged", {}),
        people=people,
        people_of=_people_of(document, people),
        stacked=frozenset(document.get("stacked", ())),
        libraries=document.get("libraries", {}),
    )


def _company(live: Live) -> dict[str, Json]:
    """People, stacks and libraries, each left out where nothing of it was read."""
    data: dict[str, Json] = {
        "people": [{"id": person.id, "name": person.name} for person in live.people],
        "peopleOf": {
            key: sorted(person.id for person in live.people_of[key]) for key in sorted(live.people_of)
        },
        "stacked": sorted(live.stacked),
        "libraries": dict(sorted(live.libraries.items())),
    }
    return {key: value for key, value in data.items() if value}


def _people_of(document: Mapping[str, Json], people: Iterable[Person]) -> dict[str, frozenset[Person]]:
    by_id = {person.id: person for person in people}
    return {
        key: frozenset(by_id.get(person_id, Person(person_id)) for person_id in ids)
        for key, ids in document.get("peopleOf", {}).items()
    }


def _asset(asset: Asset) -> dict[str, Json]:
    data: dict[str, Json] = {
        "id": asset.id,
        "checksum": asset.checksum,
        "file": asset.file_name,
        "path": asset.path,
        "type": asset.type.value,
        "fileCreatedAt": asset.file_created_at.isoformat(),
        "added": asset.added.isoformat(),
        "updated": asset.updated.isoformat(),
        "description": asset.description,
        "taken": value_to_json(asset.taken),
        "location": value_to_json(asset.location),
        "rating": asset.rating,
        "favorite": asset.favorite,
        "visibility": asset.visibility.value,
    }
    data |= {name: getattr(asset, name) for name in (*_TEXTS, *_NUMBERS)}
    usual = {"description": "", "favorite": False, "visibility": "timeline"}
    return {key: value for key, value in data.items() if value is not None and value != usual.get(key)}


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


def _album(album: Album) -> dict[str, Json]:
    return {
        "id": album.id,
        "name": album.name,
        "description": album.description,
        "order": album.order,
        "activity": album.activity,
        "cover": album.cover,
        "assetCount": album.asset_count,
    }


def _read_album(data: Mapping[str, Json]) -> Album:
    return Album(
        data["id"],
        data["name"],
        data.get("description", ""),
        data.get("order"),
        data.get("activity", True),
        data.get("cover"),
        data.get("assetCount", 0),
    )
