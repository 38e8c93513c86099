"""Reader and writer against the embedded server, which answers as the recorded ones did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.search import Selection
from reconciler.immich.transport import Transport
from reconciler.immich.writer import Writer
from reconciler.model.asset import Asset
from reconciler.model.values import Coordinates, Field, Taken, Visibility, same_place
from reconciler.sandbox.invent import invent
from reconciler.sandbox.library import Library
from reconciler.sandbox.mount import mounted
from reconciler.sandbox.settings import Pace
from tests.support.readers import open_reader

from .support import VERSIONS

COUNT = 1_400
QUICK = Pace(job_milliseconds={"sidecar": 1, "metadataExtraction": 1, "storageTemplateMigration": 0})


class Server:
    """A library of invented photos, with a reader and a writer of its admin."""

    def __init__(self, library: Library, transport: Transport) -> None:
        self.library = library
        self.transport = transport
        self.reader: Reader = open_reader(transport)
        self.writer = Writer(transport, self.reader.dialect)

    def scan(self, *, hidden: bool = True) -> dict[str, Asset]:
        return self.reader.scan(owner_id=self.reader.me().id, hidden=hidden)

    def counted(self, work: Callable[[], object]) -> int:
        before = self.transport.tally.total
        work()
        return self.transport.tally.total - before


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A library of 40 photos of its own, for tests that change it."""
    yield from _serving(tmp_path / "library", request.param, 40)


@pytest.fixture(scope="module", params=VERSIONS)
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A library over several pages, for tests that only read."""
    yield from _serving(tmp_path_factory.mktemp("large") / "library", request.param, COUNT)


def _serving(path: Path, version: str, count: int) -> Iterator[Server]:
    with Library.create(path, version=version, pace=QUICK) as library:
        library.add_assets(invent(count))
        with mounted(library) as running:
            assert running.admin_key
            transport = Transport(running.base_url, running.admin_key, adapter=running.adapter)
            yield Server(library, transport)
            transport.close()


def test_the_whole_library(large: Server) -> None:
    requests = large.counted(lambda: large.scan())
    assert requests <= COUNT / 1000 + 10
    found = large.scan()
    assert len(found) == large.reader.library_size(hidden=True) == large.reader.count()
    assert all(asset.read for asset in found.values())
    in_sight = large.scan(hidden=False)
    assert set(in_sight) == {key for key, asset in found.items() if asset.visibility is not Visibility.HIDDEN}
    assert len(in_sight) == large.reader.library_size(hidden=False) == large.reader.count(hidden=False)


def test_what_is_found_by_name_is_what_the_scan_has(large: Server) -> None:
    assets = large.scan()
    for asset in sorted(assets.values(), key=lambda one: one.id)[:5]:
        same_checksum = large.reader.find(checksum=asset.checksum)
        assert same_checksum == [asset]
        assert large.reader.find(path=asset.path) == [asset]
        assert large.reader.find(id=asset.id) == [asset]
        named = [one for one in assets.values() if one.file_name.lower() == asset.file_name.lower()]
        assert large.reader.find(file_name=asset.file_name.lower()) == sorted(named, key=lambda one: one.id)


def test_details_agree_with_the_scan(large: Server) -> None:
    assets = large.scan()
    chosen = sorted(assets)[:20]
    details = large.reader.assets([*chosen, str(uuid4()), "no-uuid"])
    assert {key: detail.asset for key, detail in details.items()} == {key: assets[key] for key in chosen}


def test_a_range_of_time(large: Server) -> None:
    assets = sorted(large.scan().values(), key=lambda one: one.file_created_at)
    ends = (assets[100].file_created_at, assets[1200].file_created_at)
    begun = large.reader.begin(Selection(taken=ends, hidden=True))
    found = large.reader.finish(begun, owner_id=large.reader.me().id, hidden=True)
    assert set(found) == {one.id for one in assets if ends[0] <= one.file_created_at <= ends[1]}


def test_values_are_written_and_settle(server: Server) -> None:
    ids = sorted(key for key, asset in server.scan().items() if asset.visibility is Visibility.TIMELINE)[:3]
    taken = Taken(datetime(2024, 6, 12, 18, 41, 0, 250_000, tzinfo=UTC), 120)
    place = Coordinates(43.0731, 0.000001)
    server.writer.update_assets(
        ids,
        {Field.DESCRIPTION: "Sunset", Field.TAKEN: taken, Field.LOCATION: place, Field.RATING: 5},
    )
    server.writer.update_asset(ids[0], {Field.FAVORITE: True, Field.VISIBILITY: Visibility.ARCHIVE})
    server.library.settle(60)
    for asset in (server.scan()[key] for key in ids):
        assert (asset.description, asset.rating) == ("Sunset", 5)
        assert asset.taken is not None and asset.taken.instant == taken.instant
        assert asset.location is not None and same_place(asset.location, place)
    assert server.scan()[ids[0]].favorite
    assert server.scan()[ids[0]].visibility is Visibility.ARCHIVE
    server.writer.update_assets(ids, {Field.RATING: None, Field.DESCRIPTION: ""})
    server.library.settle(60)
    assert {(asset.rating) for asset in map(server.scan().__getitem__, ids)} == {None}


def test_one_bad_id_and_nothing_is_changed(server: Server) -> None:
    ids = sorted(server.scan())[:2]
    before = {key: server.scan()[key].rating for key in ids}
    with pytest.raises(ServerError) as caught:
        server.writer.update_assets([*ids, str(uuid4())], {Field.RATING: 3})
    assert caught.value.kind is Kind.NOT_FOUND
    assert {key: server.scan()[key].rating for key in ids} == before


def test_tags(server: Server) -> None:
    made = server.writer.upsert_tags(["New Trips/Italy", "New Trips//Italy", "New Best"])
    assert list(made) == ["New Trips/Italy", "New Best"]
    ids = sorted(server.scan())[:3]
    assert server.writer.tag_assets([made["New Trips/Italy"]], ids) == 3
    assert server.writer.tag_assets([made["New Trips/Italy"]], ids) == 0
    server.library.settle(60)
    by_path = {tag.path: tag.id for tag in server.reader.tags()}
    parent, leaf = by_path["New Trips"], by_path["New Trips/Italy"]
    assert server.reader.tagged(parent) == set(ids)
    assert server.reader.tagged_each([leaf, made["New Best"]]) == {
        leaf: set(ids),
        made["New Best"]: frozenset(),
    }
    server.writer.set_tag_color(leaf, "#e07a5f")
    assert {tag.color for tag in server.reader.tags() if tag.id == leaf} == {"#e07a5f"}
    results = server.writer.untag_assets(leaf, [ids[0], ids[0]])
    assert [result.ok for result in results] == [True]
    server.library.settle(60)
    detail = server.reader.asset(ids[0])
    assert detail is not None and "New Trips/Italy" not in detail.tags


def test_albums(server: Server) -> None:
    ids = sorted(key for key, asset in server.scan().items() if asset.visibility is not Visibility.HIDDEN)
    album = server.writer.create_album("Italy", "one van", ids[:2]).id
    assert all(result.ok for result in server.writer.add_members(album, ids[1:4]))
    unknown = str(uuid4())
    refused = [result for result in server.writer.add_members(album, [unknown]) if not result.ok]
    assert [(result.id, result.error) for result in refused] == [(unknown, "no_permission")]
    server.writer.update_album(album, name="Italy 2024", order="asc", activity=False, cover=ids[3])
    assert all(result.ok for result in server.writer.remove_members(album, [ids[0], unknown]))
    shown = {one.id: one for one in server.reader.albums().own}[album]
    assert (shown.name, shown.description, shown.order) == ("Italy 2024", "one van", "asc")
    assert (shown.activity, shown.cover, shown.asset_count) == (False, ids[3], 3)
    assert server.reader.members(album) == set(ids[1:4])
    assert server.reader.members_of([album]) == {album: frozenset(ids[1:4])}
    server.writer.delete_album(album)
    assert album not in {one.id for one in server.reader.albums().own}
    with pytest.raises(ServerError) as caught:
        server.writer.delete_album(album)
    assert caught.value.kind is Kind.NOT_FOUND


def test_queues(server: Server) -> None:
    server.writer.pause("sidecar")
    server.writer.pause("sidecar")
    ids = sorted(server.scan())[:4]
    server.writer.update_assets(ids, {Field.RATING: 2})
    sidecar = server.reader.queues()["sidecar"]
    assert (sidecar.paused, sidecar.paused_jobs, sidecar.waiting) == (True, 4, 0)
    server.writer.resume("sidecar")
    server.library.settle(60)
    assert server.reader.queues()["sidecar"].pending == 0
    with pytest.raises(ServerError, match="cannot be paused"):
        server.writer.pause("backgroundTask")


def test_what_settled_lately(server: Server) -> None:
    owner = server.reader.me().id
    newest = max(asset.updated for asset in server.scan().values()) + timedelta(milliseconds=1)
    assert server.reader.recently_updated(newest, owner) == {}
    chosen = min(server.scan())
    server.writer.update_assets([chosen], {Field.DESCRIPTION: "just now"})
    server.library.settle(60)
    found = server.reader.recently_updated(newest, owner)
    assert [asset.description for asset in found.values()] == ["just now"]


def test_a_wrong_key_is_named(server: Server) -> None:
    wrong = Transport(
        server.transport.url, "not-the-key", adapter=server.transport._session.get_adapter("http://x")
    )
    reader = open_reader(wrong)
    with pytest.raises(ServerError, match="wrong or was deleted") as caught:
        reader.api_key()
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert "all" in server.reader.api_key().permissions
