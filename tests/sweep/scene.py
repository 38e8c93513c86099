"""A library, a wish with every kind of operation, and everything that can be seen of a library."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.sandbox.library import Library
from reconciler.sandbox.mount import mounted
from reconciler.sandbox.settings import Pace
from tests.sandbox.running import Client, photos
from tests.support.world import add_users, as_yaml
from tests.sweep.gate import Asked

THEIRS = "smartSearch"
"""A queue that an administrator had paused before."""
PAUSE = ["storageTemplateMigration", "metadataExtraction", "sidecar", THEIRS]
PACE = Pace(
    job_milliseconds={"sidecar": 4, "metadataExtraction": 2, "storageTemplateMigration": 1},
    collision_loss=1.0,
)
"""Two sidecar writes of one photo side by side destroy the file every time."""
ROME = {"latitude": 41.89193, "longitude": 12.51133}
COVERED = ("Italy", "Known", "Kept")
"""Albums whose cover is known; the server chooses that of a new one."""
USERS = {"ben@example.org": "Ben", "cleo@example.org": "Cleo", "dan@example.org": "Dan"}
NOBODY: Mapping[str, str] = {}
UNTOUCHED = ("KEEP_0000.jpg", "KEEP_0001.jpg", "IMG_0008.jpg", "IMG_0009.jpg")
WISH: dict[str, Any] = {
    "settings": {"http": {"connections": 1, "timeout": "2s"}, "window": {"pause": PAUSE}},
    "tags": [{"value": "Trips/Italy", "color": "#e07a5f"}, {"value": "Inbox", "color": "#112233"}],
    "assets": [
        {
            "match": {"file": "IMG_000[0-2].jpg"},
            "description": "The van",
            "taken": "2023-07-02T10:20:30+02:00",
            "location": ROME,
            "rating": 4,
        },
        {"match": {"file": "IMG_000[34].jpg"}, "tags": ["Trips/Italy"]},
        {"match": {"file": "IMG_0004.jpg"}, "description": "Four", "rating": 2},
        {"match": {"file": "IMG_0005.jpg"}, "favorite": True},
        {"match": {"file": "IMG_000[67].jpg"}, "tags": {"remove": ["Inbox"]}},
    ],
    "albums": [
        {
            "name": "Italy",
            "description": "Two families",
            "order": "asc",
            "cover": {"file": "IMG_0002.jpg"},
            "assets": [{"file": f"IMG_000{number}.jpg"} for number in range(4)],
            "share": ["ben@example.org", "Dan"],
        },
        {
            "name": "Known",
            "description": "new",
            "order": "asc",
            "cover": {"file": "IMG_0003.jpg"},
            "assets": [{"file": "IMG_0001.jpg"}, {"file": "IMG_0003.jpg"}],
            "share": [{"user": "ben@example.org", "role": "editor"}, "dan@example.org"],
        },
        {"name": "Old", "state": "absent"},
    ],
}


def make(folder: Path, version: str) -> None:
    """The library as it is before any run."""
    own = {2: ["Keep/This"], 4: ["Keep/This"], 6: ["Keep/This", "Inbox"], 7: ["Keep/This", "Inbox"]}
    named = [replace(asset, tags=own.get(number, ())) for number, asset in enumerate(photos(10))]
    kept = [replace(asset, file_name=f"KEEP_{number:04d}.jpg") for number, asset in enumerate(photos(2))]
    with Library.create(folder, version=version, pace=PACE) as library:
        library.add_assets([*named, *kept])
        users = add_users(library, USERS)
        on = {**library.config["storageTemplate"], "enabled": True}
        library.change_config({**library.config, "storageTemplate": on})
        with mounted(library) as running:
            client = Client(running, running.session())
            ids = {asset["originalFileName"]: asset["id"] for asset in client.assets()}

            def album(name: str, *files: str, roles: Mapping[str, str] = NOBODY, **more: Any) -> None:
                body = {"albumName": name, "assetIds": [ids[file] for file in files], **more}
                shared = [{"userId": users[email], "role": role} for email, role in roles.items()]
                client.ask("POST", "/albums", {**body, "albumUsers": shared})

            seen_by = {"ben@example.org": "viewer", "cleo@example.org": "editor"}
            album("Known", "IMG_0000.jpg", "IMG_0001.jpg", "IMG_0002.jpg", description="old", roles=seen_by)
            album("Old", "IMG_0004.jpg", roles={"ben@example.org": "viewer"})
            album("Kept", "KEEP_0000.jpg", "IMG_0001.jpg", description="left alone")
            client.ask("PUT", f"/queues/{THEIRS}", {"isPaused": True})
            client.settle()


def wish(url: str) -> str:
    """The YAML file."""
    return as_yaml({"server": {"url": url}, **WISH})


# -- what can be seen ----------------------------------------------------------------------------------

_MOVES = frozenset({"updated_at", "added_at", "created_at", "id", "asset_id", "thumbnail_id", "owner_id"})
"""Columns that say when and by which id; what they point to is compared by name."""


def seen(library: Library) -> dict[str, Any]:
    """Everything of a library once its jobs have run, by names: photos, sidecars, tags, albums, queues."""
    library.settle(30)
    with library.database.read() as db:
        names = {row["id"]: row["original_file_name"] for row in db.rows("SELECT * FROM asset")}
        tagged, members, shared = defaultdict(set), defaultdict(set), defaultdict(dict)
        for row in db.rows("SELECT asset_id, value FROM tag_asset JOIN tag ON tag.id = tag_id"):
            tagged[row["asset_id"]].add(row["value"])
        for row in db.rows("SELECT album_id, asset_id FROM album_asset"):
            members[row["album_id"]].add(names[row["asset_id"]])
        for row in db.rows("SELECT album_id, email, role FROM album_user JOIN user ON user.id = user_id"):
            shared[row["album_id"]][row["email"]] = row["role"]
        sidecars = {row["asset_id"]: _sorted(row["content"]) for row in db.rows("SELECT * FROM sidecar")}
        exif = {row["asset_id"]: _plain(row) for row in db.rows("SELECT * FROM exif")}
        return {
            "photos": {
                row["original_file_name"]: {
                    **exif[row["id"]],
                    **_plain(row),
                    "sidecar": sidecars.get(row["id"]),
                    "tagged": sorted(tagged[row["id"]]),
                }
                for row in db.rows("SELECT * FROM asset")
            },
            "tags": {row["value"]: row["color"] for row in db.rows("SELECT * FROM tag")},
            "albums": sorted(
                (
                    row["name"],
                    row["description"],
                    row["sort_order"],
                    names.get(row["thumbnail_id"]) if row["name"] in COVERED else None,
                    sorted(members[row["id"]]),
                    sorted(shared[row["id"]].items()),
                )
                for row in db.rows("SELECT * FROM album")
            ),
            "paused": sorted(name for name in library.queues.names if library.queues.is_paused(name)),
            "jobs": db.value("SELECT count(*) FROM job"),
        }


def _sorted(content: str | None) -> str | None:
    return content and json.dumps(json.loads(content), sort_keys=True)


def _plain(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in row.keys() if name not in _MOVES}  # noqa: SIM118


def differences(found: Any, wanted: Any, at: str = "") -> list[str]:
    """Where two such pictures differ, for people."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return [
            line
            for key in sorted({*found, *wanted})
            for line in differences(found.get(key), wanted.get(key), f"{at}/{key}")
        ]
    return [] if found == wanted else [f"{at}: {found!r} instead of {wanted!r}"]


def written_values(log: Iterable[Asked]) -> list[str]:
    """Photos that got two different values of one field, and tags, members and users that came and went."""
    values: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for asked in log:
        if asked.boundary is None or not asked.boundary.writes:
            continue
        body = asked.body if isinstance(asked.body, dict) else {}
        parts = asked.path.strip("/").split("/")
        ids = [*body.get("ids", ()), *body.get("assetIds", ())]
        match parts:
            case ["assets"] | ["assets", _]:
                for name in body.keys() - {"ids"}:
                    for photo in ids or parts[1:]:
                        values[photo, name].add(repr(body[name]))
            case ["tags", "assets"]:
                for photo in ids:
                    for tag in body["tagIds"]:
                        values[photo, "tag", tag].add("on")
            case ["tags" | "albums", owner, "assets"]:
                for photo in ids:
                    way = "off" if asked.method == "DELETE" else "on"
                    values[photo, parts[0].rstrip("s"), owner].add(way)
            case ["albums", owner, "users"]:
                for user in body["albumUsers"]:
                    values[user["userId"], "user", owner].add(user["role"])
            case ["albums", owner, "user", user]:
                values[user, "user", owner].add(body.get("role", "off"))
    return [
        f"{' '.join(key)}: {' and '.join(sorted(found))}" for key, found in values.items() if len(found) > 1
    ]
