"""Writing to an Immich server. Only `apply/` may import this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, TypeVar

import orjson

from reconciler.immich import parse
from reconciler.immich.answers import ItemResult, Made
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.permissions import needs
from reconciler.immich.retry import Repeat
from reconciler.immich.transport import Look, Transport
from reconciler.immich.versions import Dialect
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, decimal, normal_tag, offset_text

T = TypeVar("T")

NOBODY: Mapping[str, str] = {}
MOST_TAG_PAIRS = 32_766
"""Tags times assets of one call; the server fails on more (FACTS 4, PERFORMANCE 2.5)."""


class Writer:
    """Changes what one account has on the server. Raises ServerError.

    Every write but `create_album` is harmless to repeat; the transport repeats it when it fails in passing.
    Sharing takes a `look` whether it is done already, since the server refuses it a second time.
    What writes sidecars takes a `look`, which is asked before: of a photo that is written twice, two sidecar
    writes wait side by side, and they may destroy its sidecar (PERFORMANCE 1.2).
    """

    def __init__(self, transport: Transport, dialect: Dialect) -> None:
        self.transport = transport
        self.dialect = dialect
        self._patched: set[str] = set()

    # Tags

    @needs("tag.create")
    def upsert_tags(self, paths: Sequence[str]) -> dict[str, str]:
        """Makes the tags that are missing, parents included; normalised path to id, in the order given.

        By PUT /tags, since a tag made by POST isn't found by searches at first (FINDINGS 26).
        """
        wanted = list(dict.fromkeys(normal_tag(path) for path in paths))
        if not all(wanted):
            raise ValueError("a tag's path is empty")
        if not wanted:
            return {}

        def ids(said: Any) -> dict[str, str]:
            found = {item["value"]: str(item["id"]) for item in said}
            return {path: found[path] for path in wanted}

        return self._write("PUT", "/tags", ids, body={"tags": wanted})

    @needs("tag.update")
    def set_tag_color(self, tag_id: str, color: str | None) -> None:
        """Gives a tag a colour (`#rrggbb`), or takes it away."""
        self._change("/tags/{id}", {"color": color}, path={"id": tag_id})

    @needs("tag.asset")
    def tag_assets(self, tag_ids: Sequence[str], asset_ids: Sequence[str], look: Look | None = None) -> int:
        """Puts every tag on every asset; how many pairs were new, 0 where `look` finds it done.

        Ids without access are passed over by the server without a word. Raises ValueError over
        `MOST_TAG_PAIRS`: the caller makes its batches too large.
        """
        tags, assets = _once(tag_ids), _once(asset_ids)
        if len(tags) * len(assets) > MOST_TAG_PAIRS:
            raise ValueError(f"{len(tags)} tags on {len(assets)} assets are over {MOST_TAG_PAIRS} pairs")
        if not tags or not assets:
            return 0
        body = {"tagIds": tags, "assetIds": assets}
        return self._write(
            "PUT", "/tags/assets", lambda said: int(said["count"]) if said else 0, body=body, look=look
        )

    @needs("tag.asset")
    def untag_assets(
        self, tag_id: str, asset_ids: Sequence[str], look: Look | None = None
    ) -> list[ItemResult]:
        """Takes a tag off assets; one that doesn't carry it counts as done."""
        return self._items("DELETE", "/tags/{id}/assets", tag_id, asset_ids, fine="not_found", look=look)

    # Albums

    @needs("album.create")
    def create_album(
        self,
        name: str,
        description: str = "",
        asset_ids: Sequence[str] = (),
        roles: Mapping[str, str] = NOBODY,
    ) -> Made:
        """Makes an album, shared with these users (by id).

        Never sent twice: after a ServerError that is `uncertain`, look whether the album is there. Assets
        without access are left out without a word, and which asset becomes the cover is up to the server
        (FINDINGS 35). An unknown user is refused, and then no album is made.
        """
        body: dict[str, Any] = {"albumName": name, "description": description}
        if members := _once(asset_ids):
            body["assetIds"] = members
        if roles:
            body["albumUsers"] = _users(roles)
        return self._write(
            "POST", "/albums", lambda said: parse.made_of(said, members), body=body, repeat=Repeat.NEVER
        )

    @needs("album.update")
    def update_album(
        self,
        album_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        order: str | None = None,
        activity: bool | None = None,
        cover: str | None = None,
    ) -> None:
        """Sets what is given of an album; None leaves a thing as it is. `cover` must be a member."""
        given = {
            "albumName": name,
            "description": description,
            "order": order,
            "isActivityEnabled": activity,
            "albumThumbnailAssetId": cover,
        }
        body = {field: value for field, value in given.items() if value is not None}
        if body:
            self._write("PATCH", "/albums/{id}", _nothing, path={"id": album_id}, body=body)

    @needs("album.delete")
    def delete_album(self, album_id: str) -> None:
        """Deletes an album and its shared links for good; its photos stay.

        An album that is gone after a try whose answer was lost counts as done.
        """
        try:
            self._write("DELETE", "/albums/{id}", _nothing, path={"id": album_id})
        except ServerError as error:
            if not (error.kind is Kind.NOT_FOUND and error.uncertain):
                raise

    @needs("albumUser.create")
    def share_album(self, album_id: str, roles: Mapping[str, str], look: Look | None = None) -> None:
        """Shares an album with users, by id, who get these roles.

        An unknown user is refused, and then nobody is added. Somebody who sees it already keeps their role
        from 3.0 on, and makes 2.5 refuse the whole (FINDINGS 38): so a lost answer takes a `look`.
        """
        if roles:
            body = {"albumUsers": _users(roles)}
            self._write("PUT", "/albums/{id}/users", _nothing, path={"id": album_id}, body=body, look=look)

    @needs("albumUser.update")
    def set_role(self, album_id: str, user_id: str, role: str) -> None:
        """Gives a user of an album another role; nothing happens to one who doesn't see it (FINDINGS 38)."""
        path = {"id": album_id, "user": user_id}
        self._write("PUT", "/albums/{id}/user/{user}", _nothing, path=path, body={"role": role})

    @needs("albumUser.delete")
    def unshare_album(self, album_id: str, user_id: str, look: Look | None = None) -> None:
        """Takes access to an album from a user; one who has none is refused, so a lost answer takes a `look`.

        Photos that the user has put in stay (FINDINGS 38).
        """
        path = {"id": album_id, "user": user_id}
        self._write("DELETE", "/albums/{id}/user/{user}", _nothing, path=path, look=look)

    @needs("albumAsset.create")
    def add_members(self, album_id: str, asset_ids: Sequence[str]) -> list[ItemResult]:
        """Adds assets to an album; one that is in it already counts as done."""
        return self._items("PUT", "/albums/{id}/assets", album_id, asset_ids, fine="duplicate")

    @needs("albumAsset.create")
    def add_to_albums(self, album_ids: Sequence[str], asset_ids: Sequence[str]) -> bool:
        """Adds every asset to every album; True where anything was new or nothing was left to add.

        Albums and assets without access are passed over without a word as long as one is fine (FINDINGS 32),
        so what was added must be read back.
        """
        albums, assets = _once(album_ids), _once(asset_ids)
        if not albums or not assets:
            return True
        return self._write("PUT", "/albums/assets", _added, body={"albumIds": albums, "assetIds": assets})

    @needs("albumAsset.delete")
    def remove_members(self, album_id: str, asset_ids: Sequence[str]) -> list[ItemResult]:
        """Takes assets out of an album; one that isn't in it counts as done."""
        return self._items("DELETE", "/albums/{id}/assets", album_id, asset_ids, fine="not_found")

    # Assets

    @needs("asset.update")
    def update_assets(
        self, asset_ids: Sequence[str], values: Mapping[Field, FieldValue], look: Look | None = None
    ) -> None:
        """Gives all these assets the same values, or none of them where one id is bad (kind not_found).

        Queues one sidecar write for every id, whatever the values (FINDINGS 19).
        """
        if asset_ids and values:
            self._change("/assets", {"ids": _once(asset_ids), **self._fields(values)}, look=look)

    @needs("asset.update")
    def write_sidecars(self, asset_ids: Sequence[str]) -> None:
        """Has the server write the sidecars of these assets and read them again; changes no value.

        A photo of which nothing waits to be written is only read (FINDINGS 19, 23). Kind not_found where one
        id is bad.
        """
        if asset_ids:
            self._change("/assets", {"ids": _once(asset_ids)})

    @needs("asset.update")
    def update_asset(self, asset_id: str, values: Mapping[Field, FieldValue]) -> None:
        """Gives one asset values; a favourite or visibility alone queues no sidecar write (FINDINGS 19)."""
        if values:
            self._change("/assets/{id}", self._fields(values), path={"id": asset_id})

    # Queues

    @needs("queue.update")
    def pause(self, queue: str) -> None:
        """Pauses a queue; jobs that run go on to their end. Needs an administrator's key."""
        self._hold(queue, paused=True)

    @needs("queue.update")
    def resume(self, queue: str) -> None:
        """Resumes a queue. Needs an administrator's key."""
        self._hold(queue, paused=False)

    @needs("job.create")
    def start_storage_migration(self) -> None:
        """Has the server file every photo as its storage template says. Needs an administrator's key.

        Fails with 400 while anything in that queue runs (PERFORMANCE 1.3).
        """
        command = {"command": "start", "force": False}
        self._write("PUT", "/jobs/{name}", _nothing, path={"name": "storageTemplateMigration"}, body=command)

    # How

    def _hold(self, queue: str, *, paused: bool) -> None:
        path = {"name": queue}
        if self.dialect.queue_api:
            body = {"isPaused": paused}
            self._write("PUT", "/queues/{name}", _nothing, path=path, body=body, upkeep=not paused)
        else:
            command = {"command": "pause" if paused else "resume", "force": False}
            self._write("PUT", "/jobs/{name}", _nothing, path=path, body=command, upkeep=not paused)

    def _items(
        self,
        method: str,
        template: str,
        owner_id: str,
        asset_ids: Sequence[str],
        *,
        fine: str,
        look: Look | None = None,
    ) -> list[ItemResult]:
        ids = _once(asset_ids)
        if not ids:
            return []
        return self._write(
            method,
            template,
            lambda said: parse.results_of(said, fine=fine) if said is not None else [],
            path={"id": owner_id},
            body={"ids": ids},
            look=look,
        )

    def _change(
        self,
        template: str,
        body: Mapping[str, Any],
        path: Mapping[str, str] | None = None,
        look: Look | None = None,
    ) -> None:
        """A PUT that has a PATCH beside it in 3.x, should the PUT be gone (FACTS 1)."""
        if template not in self._patched:
            try:
                return self._write("PUT", template, _nothing, path=path, body=body, look=look)
            except ServerError as error:
                if not (self.dialect.patch_twins and error.status in (404, 405)):
                    raise
        self._write("PATCH", template, _nothing, path=path, body=body, look=look)
        self._patched.add(template)
        return None

    def _write(
        self,
        method: str,
        template: str,
        parsed: Callable[[Any], T],
        *,
        path: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        repeat: Repeat = Repeat.HARMLESS,
        upkeep: bool = False,
        look: Look | None = None,
    ) -> T:
        return self.transport.call(
            method, template, repeat=repeat, parse=parsed, path=path, body=body, upkeep=upkeep, look=look
        )

    def _fields(self, values: Mapping[Field, FieldValue]) -> dict[str, Any]:
        """The values in the server's words."""
        body: dict[str, Any] = {}
        for field in sorted(values):
            body |= self._field(field, values[field])
        return body

    def _field(self, field: Field, value: FieldValue) -> dict[str, Any]:
        match field, value:
            case Field.DESCRIPTION, str() | None:
                return {"description": value or ""}
            case Field.TAKEN, Taken():
                return {"dateTimeOriginal": date_text(value)}
            case Field.LOCATION, Coordinates():
                return {"latitude": _plain(value.latitude), "longitude": _plain(value.longitude)}
            case Field.LOCATION, None:
                return {"latitude": 0, "longitude": 0}
            case Field.RATING, None:
                return {"rating": self.dialect.unrated}
            case Field.RATING, int():
                return {"rating": value}
            case Field.FAVORITE, bool():
                return {"isFavorite": value}
            case Field.VISIBILITY, str():
                return {"visibility": str(value)}
        raise TypeError(f"{field.value} can't be set to {value!r}")


def date_text(taken: Taken) -> str:
    """A date as PUT takes it: with its clock's offset, or `Z` where none is known; milliseconds if any."""
    milliseconds = taken.instant.microsecond // 1000
    if taken.offset is None:
        local, suffix = taken.instant.astimezone(UTC).replace(tzinfo=None), "Z"
    else:
        local, suffix = taken.local, offset_text(taken.offset)
    return local.isoformat(timespec="milliseconds" if milliseconds else "seconds") + suffix


def _plain(degrees: float) -> orjson.Fragment:
    """A coordinate as plain digits: 2.5.6 refuses 1e-07 (FINDINGS 9)."""
    return orjson.Fragment(decimal(degrees))


def _once(ids: Sequence[str]) -> list[str]:
    """Without repeats: an id given twice is queued twice (FINDINGS 19)."""
    return list(dict.fromkeys(ids))


def _added(said: Any) -> bool:
    """Whether something was new, or everything was there."""
    return said is None or bool(said["success"]) or said.get("error") == "duplicate"


def _users(roles: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"userId": user_id, "role": role} for user_id, role in roles.items()]


def _nothing(said: Any) -> None:
    """The answer doesn't matter."""
