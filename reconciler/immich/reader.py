"""Reading from an Immich server. Nothing in here changes anything on it.

Every request is a GET, or one of the POSTs that only ask: /search/..., /download/info.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from reconciler.immich import parse
from reconciler.immich.answers import AlbumList, AssetDetail, KeyInfo, StorageTemplate
from reconciler.immich.asking import Progress, T
from reconciler.immich.errors import NOT_IMMICH, Kind, ServerError
from reconciler.immich.keyset import OPEN, Range, Window, stamp
from reconciler.immich.people import PeopleReader
from reconciler.immich.permissions import needs
from reconciler.immich.queues import QueueReader
from reconciler.immich.retry import Repeat
from reconciler.immich.search import Filters, asset_parser, fits, name_filters
from reconciler.immich.transport import Transport
from reconciler.immich.versions import Version
from reconciler.model.asset import Asset
from reconciler.model.live import Album, Identity, Tag

WHOLE_ALBUM = 2**53 - 1
"""Bytes: an archive size that no album reaches, so that download/info gives one list (FACTS 3.3)."""


def read_version(transport: Transport) -> Version:
    """The server's version; needs no permission and no valid key (GET /server/version).

    It is asked first, so what refuses it is no Immich, or not at this address.
    """
    try:
        return transport.call("GET", "/server/version", repeat=Repeat.READ, parse=parse.version_of)
    except ServerError as error:
        if error.kind in _NO_IMMICH and not 300 <= (error.status or 0) < 400:
            error.hint = _address_hint(transport.url, told=error.message == NOT_IMMICH)
        raise


_NO_IMMICH = (Kind.BROKEN, Kind.INVALID, Kind.NOT_FOUND, Kind.FORBIDDEN, Kind.UNAUTHORIZED)


def _address_hint(url: str, *, told: bool) -> str:
    """What may be wrong with the address of the API; `told` where it was said that it isn't Immich's."""
    words = [] if told else [NOT_IMMICH]
    parts = urlsplit(url)
    if path := parts.path.removesuffix("/api"):
        words.append(f"If {path} is the address of a page, leave it out: {parts.scheme}://{parts.netloc}")
    return " ".join(words)


class Reader(PeopleReader, QueueReader):
    """Reads what one account can see. Safe to use from several threads; raises ServerError."""

    # The server and the key

    @needs()
    def version(self) -> Version:
        """The server's version, asked anew."""
        return read_version(self.transport)

    @needs("user.read")
    def identity(self) -> Identity:
        """Whose account on which server."""
        me = self.me()
        return Identity(me.id, me.name, str(self.dialect.version), self.transport.url)

    @needs()
    def api_key(self) -> KeyInfo:
        """The key's name and permissions; works with any key (FACTS 2)."""
        return self._get("/api-keys/me", parse.key_of)

    @needs()
    def maintenance_mode(self) -> bool:
        """Whether the server is in maintenance mode, in which no key works (FACTS 5)."""
        said = self._first_of(self.dialect.config_paths, lambda config: bool(config.get("maintenanceMode")))
        return bool(said)

    @needs("systemConfig.read")
    def storage_template(self) -> StorageTemplate | None:
        """How the server sorts files into folders; None where the key may not read the configuration."""
        try:
            return self._first_of(self.dialect.system_config_paths, parse.template_of)
        except ServerError as error:
            if error.kind is Kind.FORBIDDEN:
                return None
            raise

    @needs("userPreference.read")
    def album_order(self) -> str | None:
        """The order of new albums, asc or desc, as the user prefers; None where the server is silent."""
        return self._get("/users/me/preferences", parse.album_order_of)

    # Assets

    @needs("asset.read")
    def asset(self, asset_id: str) -> AssetDetail | None:
        """One asset with all its tags, in the trash or not; None where there is none or no access to it.

        Immich answers 400 to both, and to an id that is none (FACTS 2).
        """
        try:
            return self._get("/assets/{id}", parse.detail_of, path={"id": asset_id})
        except ServerError as error:
            if error.kind in (Kind.NOT_FOUND, Kind.INVALID):
                return None
            raise

    @needs("asset.read")
    def assets(
        self, ids: Collection[str], *, on_progress: Progress | None = None, stop: Event | None = None
    ) -> dict[str, AssetDetail]:
        """Assets with their tags, by id in the order given; what is not found is left out. A request each."""
        wanted = list(dict.fromkeys(ids))
        details = self._at_once(self.asset, wanted, on_progress, stop)
        return {asset_id: detail for asset_id, detail in zip(wanted, details, strict=True) if detail}

    @needs("asset.read")
    def search(self, filters: Filters) -> Iterator[Asset]:
        """Every asset that fits the filters, hidden ones too, once each, one request after the other.

        Partners' assets are among them (FACTS 3.3).
        """
        seen: set[str] = set()
        for query in self._search.queries(filters, asset_parser(), hidden=True, with_exif=True):
            for items in self._search.walk(query, Window()):
                fresh = [item for item in items if item.id not in seen]
                seen.update(item.id for item in fresh)
                yield from fresh

    @needs("asset.read")
    def scan(
        self,
        *,
        owner_id: str,
        hidden: bool,
        filters: Filters | None = None,
    ) -> dict[str, Asset]:
        """The owner's library by id: not in the trash, not locked, partners' photos left out.

        `filters` are the server's own, without bounds of time. Assets without a metadata row are left out by
        the server (FACTS 3.3; compare with `library_size`).
        """
        queries = self._search.queries(filters or {}, asset_parser(), hidden=hidden, with_exif=True)
        return self.finish(self._search.begin(queries, Window()), owner_id=owner_id, hidden=hidden)

    @needs("asset.read", "user.read")
    def find(
        self,
        *,
        checksum: str | None = None,
        path: str | None = None,
        file_name: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> list[Asset]:
        """The account's own assets that fit all that is given, in the order of ids.

        Those in the trash and in the locked folder are left out. `checksum` is base64, `path` the whole
        path, `file_name` the whole name in any case of letters. Accents may be composed or not.
        """
        owner = self.me().id
        if id is not None:
            detail = self.asset(id)
            found = {detail.asset.id: detail.asset} if detail else {}
        else:
            forms = name_filters(checksum, path, file_name)
            found = {asset.id: asset for form in forms for asset in self.search(form)}
        return [
            asset
            for _, asset in sorted(found.items())
            if fits(asset, owner, checksum=checksum, path=path, file_name=file_name)
        ]

    @needs("asset.read")
    def recently_updated(self, after: datetime, owner_id: str) -> dict[str, Asset]:
        """The owner's assets whose row changed at or after an instant, hidden ones too, by id.

        An edit of metadata or tags shows here only once its jobs have run (FINDINGS 23): what settles without
        an administrator's key is seen this way.
        """
        return self.scan(owner_id=owner_id, hidden=True, filters={"updatedAfter": stamp(after)})

    @needs("asset.statistics")
    def count(self, filters: Filters | None = None, *, hidden: bool = True) -> int:
        """How many assets fit (POST /search/statistics), partners' and those without metadata counted too."""
        return self._search.count(filters or {}, hidden=hidden)

    @needs("asset.statistics")
    def library_size(self, *, hidden: bool) -> int:
        """How many assets the account has outside the trash, read by the server yet or not.

        From GET /assets/statistics. What is missing in a `scan` with exif has not been read yet.
        """
        queries: list[Mapping[str, str]] = [{}]
        if hidden:
            queries.append({"visibility": "hidden"})
        return sum(
            self._get("/assets/statistics", lambda said: int(said["total"]), query=query) for query in queries
        )

    @needs("asset.view")
    def thumbnail(self, asset_id: str) -> bytes:
        """A small picture of an asset, 250 pixels wide or high by default; WebP or JPEG as the server is set.

        Asked for once, since a plan can do without it. Raises ServerError, also where there is none yet.
        """
        return self.transport.file(
            "/assets/{id}/thumbnail", path={"id": asset_id}, query={"size": "thumbnail"}
        )

    # Tags and albums

    @needs("tag.read")
    def tags(self) -> list[Tag]:
        """All tags of the account, in the order of their paths."""
        found = self._get("/tags", lambda said: [parse.tag_of(item) for item in said])
        return sorted(found, key=lambda tag: (tag.path, tag.id))

    @needs("asset.read", "tag.read")
    def tagged(self, tag_id: str, *, taken_range: Range = OPEN) -> frozenset[str]:
        """Ids of the assets that carry this tag or one below it, hidden ones too (FACTS 3.2)."""
        return self._ids({"tagIds": [tag_id]}, hidden=True, taken_range=taken_range)

    @needs("asset.read", "tag.read")
    def tagged_each(
        self,
        tag_ids: Collection[str],
        *,
        taken_range: Range = OPEN,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> dict[str, frozenset[str]]:
        """For each tag the ids of the assets that carry it or a tag below it; several tags at once."""
        wanted = list(dict.fromkeys(tag_ids))
        read = self._at_once(partial(self.tagged, taken_range=taken_range), wanted, on_progress, stop)
        return dict(zip(wanted, read, strict=True))

    @needs("album.read", "user.read")
    def albums(self) -> AlbumList:
        """The albums, in the order of name and id.

        GET /albums writes on the server: it repairs covers that are missing or no longer members, and so
        moves `updatedAt` (FACTS 3.3).
        """
        me = self.me().id
        own: dict[str, Album] = {}
        others: dict[str, Album] = {}
        states: dict[str, str] = {}
        for query in self.dialect.album_queries:
            for album, owner, state in self._get("/albums", self._albums_with_owners, query=query):
                (own if owner == me else others)[album.id] = album
                if state:
                    states[album.id] = state
        return AlbumList(_by_name(own.values()), _by_name(others.values()), states)

    @needs("asset.download", "album.read")
    def members(self, album_id: str) -> frozenset[str]:
        """Ids of an album's members, other people's, archived and hidden ones included, trashed ones not.

        One request whatever the size (FINDINGS 33). The videos of live photos are among them although they
        are no members: leave out what is hidden. Assets without a metadata row are missing (FACTS 3.3).
        """
        return self._post(
            "/download/info",
            {"albumId": album_id, "archiveSize": WHOLE_ALBUM},
            lambda said: frozenset(one for archive in said["archives"] for one in archive["assetIds"]),
        )

    @needs("asset.download", "album.read")
    def members_of(
        self,
        album_ids: Collection[str],
        *,
        on_progress: Progress | None = None,
        stop: Event | None = None,
    ) -> dict[str, frozenset[str]]:
        """The members of several albums, by album id."""
        wanted = list(dict.fromkeys(album_ids))
        return dict(zip(wanted, self._at_once(self.members, wanted, on_progress, stop), strict=True))

    @needs("asset.read", "album.read")
    def in_album(
        self,
        album_id: str,
        *,
        checksum: str | None = None,
        path: str | None = None,
        file_name: str | None = None,
    ) -> list[Asset]:
        """An album's photos that are called so, whoever owns them, in the order of ids; see `find`.

        Before 3.0 a search in an album shows only photos of the account and its partners (FINDINGS 33), so
        the whole album is read there.
        """
        named = {"checksum": checksum, "path": path, "file_name": file_name}
        found: dict[str, Asset] = {}
        if self.dialect.search_shows_all:
            for form in name_filters(checksum, path, file_name):
                found |= {asset.id: asset for asset in self.search({**form, "albumIds": [album_id]})}
        else:
            shown = self._get(
                "/albums/{id}",
                lambda said: [parse.asset_of(item) for item in said.get("assets") or ()],
                path={"id": album_id},
            )
            found = {asset.id: asset for asset in shown}
        return [asset for _, asset in sorted(found.items()) if fits(asset, None, **named)]

    # How

    def _first_of(self, paths: Sequence[str], parsed: Callable[[Any], T]) -> T:
        """The answer of the first of these paths that the server knows."""
        for place in paths[:-1]:
            try:
                return self._get(place, parsed)
            except ServerError as error:
                if error.kind is not Kind.NOT_FOUND:
                    raise
        return self._get(paths[-1], parsed)

    def _albums_with_owners(self, said: Any) -> list[tuple[Album, str | None, str | None]]:
        owners = ((item, self.dialect.album_owner(item)) for item in said)
        return [(parse.album_of(item, owner), owner, parse.album_state(item)) for item, owner in owners]


def _by_name(albums: Iterable[Album]) -> tuple[Album, ...]:
    return tuple(sorted(albums, key=lambda album: (album.name, album.id)))
