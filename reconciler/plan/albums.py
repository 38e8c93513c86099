"""What changes on an album, as JSON values and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.diff.changes import Action, AlbumChange, AlbumField, AlbumFieldChange, ShareChange
from reconciler.model.album_sets import SetKey, SetMember
from reconciler.model.codec import origin_from_json, origin_to_json
from reconciler.model.sharing import User

Json = Any


def album_json(change: AlbumChange) -> dict[str, Json]:
    """The change, keys in reading order."""
    return {
        "action": change.action.value,
        "album": change.name,
        "id": change.id,
        "at": origin_to_json(change.origin),
        "fields": [
            {
                "field": item.field.value,
                "before": item.before,
                "after": item.after,
                "at": origin_to_json(item.origin),
            }
            for item in change.fields
        ],
        "add": list(change.added),
        "remove": list(change.removed),
        "share": [_share(item) for item in change.shares],
        "sizeBefore": change.size_before,
        "sizeAfter": change.size_after,
        "set": _set(change.made_by) if change.made_by else None,
    }


def _set(member: SetMember) -> dict[str, Json]:
    return {
        "name": member.title,
        "group": member.group,
        "forEach": member.set.by,
        "narrowed": member.set.narrowed,
    }


def _read_set(data: Mapping[str, Json] | None) -> SetMember | None:
    if data is None:
        return None
    return SetMember(data["name"], SetKey(data["forEach"], data["narrowed"]), data["group"])


def read_album(data: Mapping[str, Json]) -> AlbumChange:
    """What `album_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
    fields = tuple(
        AlbumFieldChange(
            AlbumField(item["field"]), item["before"], item["after"], origin_from_json(item["at"])
        )
        for item in data["fields"]
    )
    return AlbumChange(
        Action(data["action"]),
        data["album"],
        origin_from_json(data["at"]),
        data["id"],
        fields,
        tuple(data["add"]),
        tuple(data["remove"]),
        data["sizeBefore"],
        data["sizeAfter"],
        _read_set(data.get("set")),
        tuple(_read_share(item) for item in data.get("share", ())),
    )


def _share(change: ShareChange) -> dict[str, Json]:
    user = change.user
    return {
        "user": user.email,
        "id": user.id,
        "name": user.name,
        "before": change.before,
        "after": change.after,
        "at": origin_to_json(change.origin),
    }


def _read_share(data: Mapping[str, Json]) -> ShareChange:
    user = User(data["id"], data["user"], data["name"])
    return ShareChange(user, data["before"], data["after"], origin_from_json(data["at"]))
