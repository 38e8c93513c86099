"""The reader against what real servers answered."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.immich.answers import AlbumList, AssetDetail, KeyInfo, Me, Queue, StorageTemplate
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.filters import Branch
from reconciler.immich.keyset import Window
from reconciler.immich.parse import asset_of, mark_of, moment, page_of
from reconciler.immich.reader import Reader
from reconciler.immich.scan import Begun
from reconciler.immich.search import Selection
from reconciler.immich.versions import Version
from reconciler.model.live import Tag
from reconciler.model.values import AssetType, Coordinates, Taken, Visibility
from tests.support.readers import open_reader

from .support import VERSIONS, Asked, Handler, Says, always, answering, reader_of, recorded, transport_to

both = pytest.mark.parametrize("version", VERSIONS)


def body(version: str, name: str) -> Any:
    return recorded(version, name)["body"]


def reader(version: str, *names: str) -> Reader:
    return reader_of(version, answering(version, *names))[0]


@both
def test_the_server_and_the_key(version: str) -> None:
    one = reader(version, "version", "server_config", "me", "key_reader")
    assert one.version() == Version.parse(version)
    assert one.maintenance_mode() is False
    assert one.api_key() == KeyInfo("reader", frozenset({"asset.read", "album.read", "tag.read"}))
    me = one.me()
    assert (me.name, me.email, me.is_admin) == ("Admin", "admin@example.org", True)
    identity = one.identity()
    assert (identity.user_id, identity.version, identity.url) == (me.id, version, "http://photos.test/api")


@both
def test_me_is_asked_once(version: str) -> None:
    one, wire = reader_of(version, answering(version, "me"))
    assert one.me() is one.me()
    assert len(wire.asked) == 1


@both
def test_the_version_decides_the_dialect(version: str) -> None:
    transport, wire = transport_to(answering(version, "version"))
    assert open_reader(transport).dialect.version == Version.parse(version)
    assert len(wire.asked) == 1


@both
def test_an_asset(version: str) -> None:
    said = body(version, "asset")
    detail = reader(version, "asset").asset(said["id"])
    assert detail is not None
    asset = detail.asset
    assert detail.tags == frozenset()
    assert (asset.file_name, asset.type, asset.visibility) == (
        "tokyo.jpg",
        AssetType.IMAGE,
        Visibility.TIMELINE,
    )
    assert asset.taken == Taken(datetime(2019, 11, 2, 23, tzinfo=UTC), 540)
    assert asset.zone == "UTC+9"
    assert asset.location == Coordinates(35.6895, 139.69171)
    assert (asset.make, asset.model, asset.country) == ("SONY", "ILCE-7M4", "Japan")
    assert (asset.rating, asset.description, asset.read, asset.trashed) == (None, "", True, False)
    assert asset.checksum == "Qi4ePAwE5jYXzHhMhhO9CthGT9A="
    assert asset.path.startswith("/data/upload/")


@both
def test_tags_of_an_asset_are_full_paths(version: str) -> None:
    said = body(version, "asset") | {"tags": [{"id": "1", "value": "Trips/Italy", "name": "Italy"}]}
    one, _ = reader_of(version, always(Says(200, said)))
    detail = one.asset(said["id"])
    assert detail is not None
    assert detail.tags == {"Trips/Italy"}


@both
def test_what_is_not_there_is_none(version: str) -> None:
    for name in ("no_album_access", "bad_uuid"):
        exchange = recorded(version, name)
        one, _ = reader_of(version, always(Says(exchange["status"], exchange["body"])))
        assert one.asset("x") is None


@both
def test_a_key_without_permission_is_an_error(version: str) -> None:
    exchange = recorded(version, "no_permission")
    one, _ = reader_of(version, always(Says(403, exchange["body"])))
    with pytest.raises(ServerError) as caught:
        one.asset("x")
    assert caught.value.missing_permission == "album.create"


def test_several_assets_keep_their_order_and_leave_out_what_is_missing() -> None:
    said = body("3.1.0", "asset")

    def handler(asked: Asked) -> Says:
        name = asked.path.rpartition("/")[2]
        if name == "gone":
            return Says(400, {"message": "Not found or no asset.read access"})
        return Says(200, said | {"id": name})

    one, wire = reader_of("3.1.0", handler)
    told: list[int] = []
    found = one.assets(["c", "a", "gone", "b", "a"], on_progress=told.append)
    assert list(found) == ["c", "a", "b"]
    assert all(isinstance(detail, AssetDetail) and detail.asset.id == name for name, detail in found.items())
    assert len(wire.asked) == 4
    assert told[-1] == 4


@both
def test_a_search_page_with_metadata(version: str) -> None:
    page = page_of(body(version, "search_exif"), asset_of)
    assert page.more is False
    assert [(asset.file_name, asset.favorite, asset.city) for asset in page.items] == [
        ("paris.jpg", True, "Paris")
    ]
    assert list(reader(version, "search_exif").search({"isFavorite": True})) == list(page.items)


@both
def test_a_search_page_that_is_not_the_last(version: str) -> None:
    page = page_of(body(version, "search_page"), mark_of)
    assert page.more is True
    assert len(page.items) == 3


@both
def test_tags(version: str) -> None:
    tags = reader(version, "tags").tags()
    assert [tag.path for tag in tags] == [
        "Family",
        "Places",
        "Places/Lake",
        "Sidecar tag",
        "Trips",
        "Trips/Berlin",
    ]
    assert {tag.color for tag in tags} == {None}


@pytest.mark.parametrize(
    ("color", "read"),
    [("#0f0", "#00ff00"), ("#E07A5F", "#e07a5f"), ("00ff00", "#00ff00"), (None, None), ("", None)],
)
def test_colours_have_one_form(color: str | None, read: str | None) -> None:
    one, _ = reader_of("3.1.0", always(Says(200, [{"id": "1", "value": "A", "color": color}])))
    assert one.tags() == [Tag("1", "A", read)]


@both
def test_albums_by_owner(version: str) -> None:
    """The recorded admin's own albums, and one shared with the second user as that user sees it."""
    shared = body(version, "shared_albums")
    own = body(version, "albums")
    me = body(version, "me")

    def handler(asked: Asked) -> Says:
        if asked.path == "/api/users/me":
            return Says(200, me | {"id": "somebody-else"})
        if version == "3.1.0":
            assert asked.query == {}
            return Says(200, own + shared)
        return Says(200, shared if asked.query == {"shared": "true"} else [])

    listed = reader_of(version, handler)[0].albums()
    assert listed.own == ()
    assert "Trip" in {album.name for album in listed.others}
    assert [album.name for album in reader(version, "albums", "me", "shared_albums").albums().own] == [
        "Other",
        "Trip",
    ]


@both
def test_an_album(version: str) -> None:
    other = reader(version, "albums", "me", "shared_albums").albums().own[0]
    said = body(version, "albums")[0]
    assert (other.id, other.description, other.order, other.activity) == (said["id"], "", "desc", True)
    assert (other.cover, other.asset_count) == (said["albumThumbnailAssetId"], 3)


@both
def test_members(version: str) -> None:
    said = body(version, "members")
    one, wire = reader_of(version, always(Says(201, said)))
    assert one.members("trip") == set(said["archives"][0]["assetIds"])
    assert wire.asked[0].body == {"albumId": "trip", "archiveSize": 9007199254740991}
    assert list(one.members_of(["b", "a", "b"])) == ["b", "a"]
    assert len(wire.asked) == 3


def test_members_of_several_archives_are_put_together() -> None:
    archives = {"archives": [{"assetIds": ["a"]}, {"assetIds": ["b", "c"]}]}
    one, _ = reader_of("3.1.0", always(Says(201, archives)))
    assert one.members("x") == {"a", "b", "c"}


@both
def test_queues(version: str) -> None:
    queues = reader(version, "queues").queues()
    name = body(version, "queues")[0]["name"]
    assert queues[name] == Queue(name, False, active=1, waiting=3, delayed=2, paused_jobs=4, failed=0)
    assert queues[name].pending == 10


def test_queues_by_jobs_before_there_was_a_queue_api() -> None:
    one, wire = reader_of("2.3.1", always(Says(200, body("2.5.6", "jobs"))))
    queues = one.queues()
    assert wire.asked[0].path == "/api/jobs"
    assert queues["metadataExtraction"] == Queue("metadataExtraction", False, 1, 3, 2, 4, 0)


@both
def test_counts(version: str) -> None:
    one, wire = reader_of(version, always(Says(200, {"total": 7})))
    third = version.startswith("3")
    assert one.count(hidden=True) == (7 if third else 21)
    assert one.count({"make": "Canon"}, hidden=False) == 14
    assert {json.dumps(asked.body) for asked in wire.asked[-2:]} == {
        '{"make": "Canon", "visibility": "timeline"}',
        '{"make": "Canon", "visibility": "archive"}',
    }
    assert one.library_size(hidden=False) == 7
    assert one.library_size(hidden=True) == 14


@both
def test_tagged_asks_for_marks_only(version: str) -> None:
    item = body(version, "search_page")["assets"]["items"][0]
    page = {"assets": {"items": [item], "nextPage": None}}
    one, wire = reader_of(version, always(Says(200, page)))
    assert one.tagged("t1") == {item["id"]}
    assert {asked.body["withExif"] for asked in wire.asked} == {False}
    assert {tuple(asked.body["tagIds"]) for asked in wire.asked} == {("t1",)}
    assert len(wire.asked) == (1 if version.startswith("3") else 3)
    assert one.tagged_each(["t1"]) == {"t1": {item["id"]}}


def test_recently_updated() -> None:
    item = body("3.1.0", "search_exif")["assets"]["items"][0]
    one, wire = reader_of("3.1.0", always(Says(200, {"assets": {"items": [item], "nextPage": None}})))
    found = one.recently_updated(datetime(2026, 1, 1, tzinfo=UTC), item["ownerId"])
    assert list(found) == [item["id"]]
    assert wire.asked[0].body["updatedAfter"] == "2026-01-01T00:00:00.000Z"


# Finding by name


def finding(version: str, *items: dict[str, Any]) -> tuple[Reader, list[Asked]]:
    page = {"assets": {"items": list(items), "nextPage": None}}

    def handler(asked: Asked) -> Says:
        return Says(200, body(version, "me") if asked.path == "/api/users/me" else page)

    one, wire = reader_of(version, handler)
    return one, wire.asked


def named(name: str, **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = body("3.1.0", "search_exif")["assets"]["items"][0]
    return item | {"originalFileName": name, "originalPath": f"/photos/{name}", "id": name} | more


def test_file_names_are_whole_and_in_any_case() -> None:
    one, asked = finding("3.1.0", named("IMG_1.jpg"), named("img_1.JPG"), named("XIMG_1.jpg"))
    assert [asset.id for asset in one.find(file_name="IMG_1.JPG")] == ["IMG_1.jpg", "img_1.JPG"]
    assert [request.body["originalFileName"] for request in asked if request.body] == ["IMG_1.JPG"]


def test_paths_are_exact() -> None:
    one, _ = finding("3.1.0", named("a.jpg"), named("A.jpg"))
    assert [asset.id for asset in one.find(path="/photos/a.jpg")] == ["a.jpg"]


def test_accents_are_looked_for_composed_and_decomposed() -> None:
    decomposed = "Cafe\u0301.jpg"
    one, asked = finding("3.1.0", named(decomposed))
    assert len(one.find(file_name="Caf\u00e9.jpg")) == 1
    assert len(one.find(path="/photos/Caf\u00e9.jpg")) == 1
    assert {request.body.get("originalFileName") for request in asked if request.body} == {
        "Caf\u00e9.jpg",
        decomposed,
        None,
    }


def test_a_backslash_is_no_escape() -> None:
    one, asked = finding("3.1.0", named("a\\b.jpg"))
    assert len(one.find(file_name="a\\b.jpg")) == 1
    assert asked[-1].body["originalFileName"] == "a\\\\b.jpg"


def test_other_peoples_photos_are_not_found() -> None:
    one, _ = finding("3.1.0", named("a.jpg", ownerId="somebody-else"), named("b.jpg", isTrashed=True))
    assert one.find(file_name="a.jpg") == one.find(file_name="b.jpg") == []


@both
def test_checksums(version: str) -> None:
    item = body(version, "search_exif")["assets"]["items"][0]
    one, asked = finding(version, item)
    assert [asset.id for asset in one.find(checksum=item["checksum"])] == [item["id"]]
    assert len([request for request in asked if request.body]) == (1 if version.startswith("3") else 3)


def test_an_id_is_read_directly() -> None:
    said = body("3.1.0", "asset")
    one, wire = reader_of("3.1.0", answering("3.1.0", "asset", "me"))
    assert [asset.id for asset in one.find(id=said["id"])] == [said["id"]]
    assert {asked.method for asked in wire.asked} == {"GET"}
    assert one.find(id=said["id"], file_name="other.jpg") == []


def test_nothing_to_look_for() -> None:
    one, _ = finding("3.1.0")
    with pytest.raises(ValueError, match="nothing to look for"):
        one.find()


# The storage template


def config(enabled: bool = True) -> dict[str, Any]:
    return {"storageTemplate": {"enabled": enabled, "template": "{{y}}/{{ album }}/{{filename}}"}}


def test_storage_template() -> None:
    one, _ = reader_of("3.1.0", always(Says(200, config())))
    found = one.storage_template()
    assert found == StorageTemplate(True, "{{y}}/{{ album }}/{{filename}}")
    assert found.uses_album
    assert not StorageTemplate(False, "{{album}}").uses_album


def test_a_key_that_may_not_read_the_configuration() -> None:
    one, _ = reader_of("3.1.0", always(Says(403, {"message": "Forbidden"})))
    assert one.storage_template() is None


def test_a_broken_configuration_is_no_answer() -> None:
    one, _ = reader_of("3.1.0", always(Says(200, {})))
    with pytest.raises(ServerError) as caught:
        one.storage_template()
    assert caught.value.kind is Kind.BROKEN


def test_the_newer_place_of_the_configuration_is_tried() -> None:
    def handler(asked: Asked) -> Says:
        if asked.path == "/api/admin/config":
            return Says(200, config())
        if asked.path == "/api/public/config":
            return Says(200, {"maintenanceMode": True})
        return Says(404, {"message": f"Cannot GET {asked.path}"})

    one, _ = reader_of("3.2.2", handler)
    assert one.storage_template() is not None
    assert one.maintenance_mode() is True


# Parsing


def test_unknown_words_and_fields_are_no_error() -> None:
    item = named("a.jpg", type="HOLOGRAM", visibility="vault", somethingNew={"a": 1})
    asset = asset_of(item)
    assert (asset.type, asset.visibility) == (AssetType.OTHER, Visibility.HIDDEN)


def test_an_asset_that_the_server_has_not_read() -> None:
    item = {key: value for key, value in named("a.jpg").items() if key != "exifInfo"}
    assert asset_of(item).read is False


def test_half_a_place_is_none() -> None:
    assert asset_of(named("a.jpg", exifInfo={"latitude": 1.0, "longitude": None})).location is None
    assert asset_of(named("a.jpg", exifInfo={"latitude": 0, "longitude": 0})).location == Coordinates(0, 0)


def test_a_date_without_a_zone() -> None:
    asset = asset_of(
        named("a.jpg", exifInfo={"dateTimeOriginal": "2020-01-01T00:00:00.5+00:00", "timeZone": None})
    )
    assert asset.taken == Taken(datetime(2020, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC), None)
    assert asset_of(named("a.jpg", exifInfo={"description": None})).taken is None


def test_dates_beyond_the_calendar() -> None:
    assert moment("+012024-01-01T00:00:00.000Z").year == 9999
    assert moment("-000044-03-15T00:00:00.000Z").year == 1
    with pytest.raises(ValueError, match="yesterday"):
        moment("yesterday")


@pytest.mark.parametrize(
    ("said", "zone", "offset"),
    [
        ("-000044-03-15T00:00:00.000Z", "UTC-5", None),
        ("+012024-01-01T00:00:00.000Z", "UTC+2", None),
        ("9999-06-01T00:00:00.000Z", "UTC+2", 120),
    ],
)
def test_clocks_at_the_ends_of_the_calendar(said: str, zone: str, offset: int | None) -> None:
    taken = asset_of(named("a.jpg", exifInfo={"dateTimeOriginal": said, "timeZone": zone})).taken
    assert taken is not None and taken.offset == offset
    assert taken.local.year in (1, 9999)


# A reader cannot write


READING_POSTS = ("/api/search/", "/api/download/info", "/api/assets/bulk-upload-check")


PERSON = {"id": "x", "name": "Ada", "birthDate": None, "thumbnailPath": "", "isHidden": False}


def everything(version: str) -> Handler:
    """A server that has an answer to every question a reader asks."""

    def handler(asked: Asked) -> Says:
        known = {
            "/api/server/version": body(version, "version"),
            "/api/server/config": body(version, "server_config"),
            "/api/system-config": config(),
            "/api/users": [body(version, "me")],
            "/api/users/me": body(version, "me"),
            "/api/api-keys/me": body(version, "key_all"),
            "/api/search/metadata": body(version, "search_exif"),
            "/api/search/statistics": body(version, "statistics"),
            "/api/assets/statistics": {"total": 1},
            "/api/timeline/buckets": body(version, "months"),
            "/api/tags": body(version, "tags"),
            "/api/albums": body(version, "albums"),
            "/api/download/info": body(version, "members"),
            "/api/queues": body(version, "queues"),
            "/api/queues/sidecar/jobs": [
                {"id": "1", "name": "SidecarWrite", "data": {"id": "x"}, "timestamp": 1764100000000}
            ],
            "/api/people": {"people": [PERSON], "hasNextPage": False, "total": 1, "hidden": 0},
            "/api/people/x": PERSON,
            "/api/search/person": [PERSON],
            "/api/stacks": [{"id": "x", "primaryAssetId": "x", "assets": [body(version, "asset")]}],
            "/api/libraries": [{"id": "x", "name": "NAS"}],
            "/api/search/suggestions": ["Italy"],
            "/api/map/markers": [
                {"id": "x", "lat": 1, "lon": 2.5, "city": None, "state": None, "country": "Italy"}
            ],
            "/api/partners": [{**body(version, "me"), "inTimeline": True}],
            "/api/assets/bulk-upload-check": {"results": []},
        }
        return Says(200, known.get(asked.path, body(version, "asset")))

    return handler


ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "asset": (("x",), {}),
    "assets": ((["x"],), {}),
    "jobs": (("sidecar",), {}),
    "running_jobs": (("sidecar",), {}),
    "search": (({},), {}),
    "scan": ((), {"owner_id": "x", "hidden": True}),
    "find": ((), {"file_name": "x"}),
    "begin": ((Selection(),), {}),
    "finish": ((Begun((), Window(), ()),), {"owner_id": "x", "hidden": True}),
    "begin_people": ((Selection(), {}), {}),
    "finish_people": ((Begun((), Window(), ()),), {}),
    "size_of": ((Selection(),), {}),
    "values_in_use": (("country",), {}),
    "known_files": ((["x"],), {}),
    "called": (("checksum", ["x"]), {}),
    "ids_of": ((Selection(branches=(Branch(),)),), {}),
    "recently_updated": ((datetime(2020, 1, 1, tzinfo=UTC), "x"), {}),
    "library_size": ((), {"hidden": True}),
    "thumbnail": (("x",), {}),
    "tagged": (("x",), {}),
    "tagged_each": ((["x"],), {}),
    "person": (("x",), {}),
    "people_called": (("Ada",), {}),
    "with_person": (("x",), {}),
    "members": (("x",), {}),
    "members_of": ((["x"],), {}),
    "in_album": (("x",), {"file_name": "x"}),
}


@both
def test_a_reader_never_writes(version: str) -> None:
    """Calls every public method there is; one that is added is called too, or fails for want of arguments."""
    one, wire = reader_of(version, everything(version))
    for name, _ in inspect.getmembers(Reader, inspect.isfunction):
        if name.startswith("_"):
            continue
        before = len(wire.asked)
        args, named_args = ARGUMENTS.get(name, ((), {}))
        result = getattr(one, name)(*args, **named_args)
        if inspect.isgenerator(result):
            list(result)
        assert len(wire.asked) > before or name in ("me", "identity", "finish", "finish_people"), name
    assert len(wire.asked) > 20
    for asked in wire.asked:
        assert asked.method == "GET" or (asked.method == "POST" and asked.path.startswith(READING_POSTS))


def test_the_types_that_come_out() -> None:
    one, _ = reader_of("3.1.0", everything("3.1.0"))
    assert isinstance(one.me(), Me)
    assert isinstance(one.albums(), AlbumList)
