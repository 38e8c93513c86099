"""What the writer sends, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from reconciler.immich.answers import ItemResult
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.writer import MOST_TAG_PAIRS, Writer, date_text
from reconciler.model.values import Coordinates, Field, FieldValue, Taken, Visibility

from .support import VERSIONS, Asked, Says, always, answering, in_turn, recorded, writer_of

both = pytest.mark.parametrize("version", VERSIONS)
EVENING = datetime(2024, 6, 12, 18, 41, tzinfo=UTC)


def sent(
    work: Callable[[Writer], object], answer: Says | None = None, version: str = "3.1.0"
) -> tuple[Any, list[Asked]]:
    writer, wire = writer_of(version, always(answer or Says(204)))
    return work(writer), wire.asked


def fields(values: dict[Field, FieldValue], version: str = "3.1.0") -> dict[str, Any]:
    _, asked = sent(lambda writer: writer.update_assets(["a"], values), version=version)
    body: dict[str, Any] = asked[0].body
    assert body.pop("ids") == ["a"]
    return body


@pytest.mark.parametrize(
    ("values", "body"),
    [
        ({Field.DESCRIPTION: "Sunset"}, {"description": "Sunset"}),
        ({Field.DESCRIPTION: ""}, {"description": ""}),
        ({Field.TAKEN: Taken(EVENING, 120)}, {"dateTimeOriginal": "2024-06-12T20:41:00+02:00"}),
        ({Field.LOCATION: Coordinates(43.0731, 11.61)}, {"latitude": 43.0731, "longitude": 11.61}),
        ({Field.LOCATION: None}, {"latitude": 0, "longitude": 0}),
        ({Field.RATING: 5}, {"rating": 5}),
        ({Field.FAVORITE: False}, {"isFavorite": False}),
        ({Field.VISIBILITY: Visibility.ARCHIVE}, {"visibility": "archive"}),
        (
            {Field.RATING: 4, Field.DESCRIPTION: "x", Field.FAVORITE: True},
            {"rating": 4, "description": "x", "isFavorite": True},
        ),
    ],
)
@both
def test_values(version: str, values: dict[Field, FieldValue], body: dict[str, Any]) -> None:
    assert fields(values, version) == body


def test_a_rating_is_taken_away_by_zero_where_the_release_answers_400_to_null() -> None:
    assert fields({Field.RATING: None}, "2.4.0") == {"rating": 0}
    assert fields({Field.RATING: None}, "2.5.6") == {"rating": 0}
    assert fields({Field.RATING: None}, "3.1.0") == {"rating": None}


@pytest.mark.parametrize("degrees", [1e-06, -1e-06, 0.0, 1.5e-05, 90.0, -179.123457])
def test_coordinates_have_no_exponent(degrees: float) -> None:
    place = Coordinates(0.0, degrees)
    _, asked = sent(lambda writer: writer.update_asset("a", {Field.LOCATION: place}))
    number = asked[0].raw.rpartition(b":")[2].strip(b"} ")
    assert b"e" not in number.lower()
    assert float(number) == degrees


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.RATING, "5"),
        (Field.FAVORITE, 1),
        (Field.TAKEN, None),
        (Field.VISIBILITY, None),
        (Field.LOCATION, 1),
    ],
)
def test_values_of_the_wrong_kind_are_not_sent(field: Field, value: FieldValue) -> None:
    writer, wire = writer_of("3.1.0", always(Says(204)))
    with pytest.raises(TypeError, match=field.value):
        writer.update_assets(["a"], {field: value})
    assert not wire.asked


@pytest.mark.parametrize(
    ("taken", "text"),
    [
        (Taken(EVENING, 120), "2024-06-12T20:41:00+02:00"),
        (Taken(EVENING, -210), "2024-06-12T15:11:00-03:30"),
        (Taken(EVENING, 0), "2024-06-12T18:41:00+00:00"),
        (Taken(EVENING, None), "2024-06-12T18:41:00Z"),
        (Taken(EVENING.replace(microsecond=250_000), 120), "2024-06-12T20:41:00.250+02:00"),
        (Taken(EVENING.replace(microsecond=999), 120), "2024-06-12T20:41:00+02:00"),
        (Taken(datetime(867, 1, 1, tzinfo=UTC), 0), "0867-01-01T00:00:00+00:00"),
    ],
)
def test_dates(taken: Taken, text: str) -> None:
    assert date_text(taken) == text


def test_ids_are_sent_once() -> None:
    _, asked = sent(lambda writer: writer.update_assets(["b", "a", "b"], {Field.RATING: 1}))
    assert asked[0].body["ids"] == ["b", "a"]


def test_one_photo_alone() -> None:
    _, asked = sent(lambda writer: writer.update_asset("a", {Field.FAVORITE: True}))
    assert (asked[0].method, asked[0].path, asked[0].body) == ("PUT", "/api/assets/a", {"isFavorite": True})


@pytest.mark.parametrize(
    "work",
    [
        lambda writer: writer.update_assets([], {Field.RATING: 1}),
        lambda writer: writer.update_assets(["a"], {}),
        lambda writer: writer.update_asset("a", {}),
        lambda writer: writer.update_album("a"),
        lambda writer: writer.add_members("a", []),
        lambda writer: writer.tag_assets([], ["a"]),
        lambda writer: writer.upsert_tags([]),
    ],
)
def test_nothing_to_do_is_no_request(work: Callable[[Writer], object]) -> None:
    """A bulk PUT without a value would queue a job for every photo all the same."""
    _, asked = sent(work)
    assert not asked


# Tags


@both
def test_upsert_tags(version: str) -> None:
    writer, wire = writer_of(version, answering(version, "upsert_tags"))
    said = recorded(version, "upsert_tags")["body"][0]
    assert writer.upsert_tags(["Places//Lake", "Places/Lake"]) == {"Places/Lake": said["id"]}
    assert wire.asked[0].body == {"tags": ["Places/Lake"]}


def test_a_tag_that_was_not_made_is_an_error() -> None:
    writer, _ = writer_of("3.1.0", always(Says(200, [])))
    with pytest.raises(ServerError, match="unexpected form"):
        writer.upsert_tags(["A"])
    with pytest.raises(ValueError, match="empty"):
        writer.upsert_tags(["/"])


def test_colours() -> None:
    _, asked = sent(lambda writer: (writer.set_tag_color("t", "#00ff00"), writer.set_tag_color("t", None)))
    assert [request.body for request in asked] == [{"color": "#00ff00"}, {"color": None}]


@both
def test_tagging(version: str) -> None:
    request = recorded(version, "tag_assets")["request"]["body"]
    writer, wire = writer_of(version, answering(version, "tag_assets"))
    assert writer.tag_assets(request["tagIds"], request["assetIds"]) == 2
    assert wire.asked[0].body == request


def test_too_many_pairs_are_not_sent() -> None:
    writer, wire = writer_of("3.1.0", always(Says(200, {"count": 0})))
    assets = [str(number) for number in range(MOST_TAG_PAIRS)]
    writer.tag_assets(["t"], assets)
    with pytest.raises(ValueError, match="pairs"):
        writer.tag_assets(["t"], [*assets, "one more"])
    assert len(wire.asked) == 1


@both
def test_untagging(version: str) -> None:
    request = recorded(version, "untag_assets")["request"]
    tag, asset = request["path"].split("/")[2], request["body"]["ids"][0]
    writer, _ = writer_of(version, answering(version, "untag_assets"))
    assert writer.untag_assets(tag, [asset]) == [ItemResult(asset, True)]
    results, _ = sent(
        lambda writer: writer.untag_assets("t", ["a"]),
        Says(200, [{"id": "a", "success": False, "error": "not_found"}]),
    )
    assert results == [ItemResult("a", True)]


# Albums


@both
def test_adding_members(version: str) -> None:
    request = recorded(version, "add_members")["request"]
    writer, wire = writer_of(version, answering(version, "add_members"))
    results = writer.add_members(request["path"].split("/")[2], request["body"]["ids"])
    assert [(result.ok, result.error) for result in results] == [
        (True, None),
        (True, None),
        (True, None),
        (False, "no_permission"),
        (False, "no_permission"),
    ]
    assert len(wire.asked[0].body["ids"]) == len(set(request["body"]["ids"]))


@both
def test_removing_members(version: str) -> None:
    request = recorded(version, "remove_members")["request"]
    writer, _ = writer_of(version, answering(version, "remove_members"))
    results = writer.remove_members(request["path"].split("/")[2], request["body"]["ids"])
    assert len(results) == 4
    assert all(result.ok for result in results)


@both
def test_creating_an_album(version: str) -> None:
    writer, wire = writer_of(version, answering(version, "create_album"))
    made, said = writer.create_album("Trip", "two vans", ["a", "a", "b"]), recorded(version, "create_album")
    assert (made.id, made.members) == (said["body"]["id"], ("a", "b"))
    assert made.state == f"2 {said['body']['updatedAt']} "
    assert wire.asked[0].body == {"albumName": "Trip", "description": "two vans", "assetIds": ["a", "b"]}


def test_sharing_an_album() -> None:
    roles = {"ben": "viewer", "cleo": "editor"}
    users = [{"userId": user, "role": role} for user, role in roles.items()]
    _, asked = sent(lambda writer: writer.share_album("x", roles))
    assert (asked[0].method, asked[0].path, asked[0].body) == (
        "PUT", "/api/albums/x/users", {"albumUsers": users},
    )  # fmt: skip
    _, asked = sent(lambda writer: writer.set_role("x", "ben", "editor"))
    assert (asked[0].method, asked[0].path, asked[0].body) == (
        "PUT", "/api/albums/x/user/ben", {"role": "editor"},
    )  # fmt: skip
    _, asked = sent(lambda writer: writer.unshare_album("x", "ben"))
    assert (asked[0].method, asked[0].path, asked[0].body) == ("DELETE", "/api/albums/x/user/ben", None)
    assert sent(lambda writer: writer.share_album("x", {}))[1] == []


@both
def test_a_new_album_has_its_users_in_the_same_request(version: str) -> None:
    writer, wire = writer_of(version, answering(version, "create_album"))
    writer.create_album("Trip", "", [], {"ben": "viewer"})
    assert wire.asked[0].body["albumUsers"] == [{"userId": "ben", "role": "viewer"}]


def test_an_album_is_never_created_twice() -> None:
    writer, wire = writer_of("3.1.0", always(requests.ReadTimeout()))
    with pytest.raises(ServerError) as caught:
        writer.create_album("Trip")
    assert caught.value.uncertain
    assert len(wire.asked) == 1


def test_updating_an_album_sends_what_is_given() -> None:
    _, asked = sent(
        lambda writer: writer.update_album("x", description="", activity=False, order="asc", cover="c")
    )
    assert (asked[0].method, asked[0].path) == ("PATCH", "/api/albums/x")
    assert asked[0].body == {
        "description": "",
        "isActivityEnabled": False,
        "order": "asc",
        "albumThumbnailAssetId": "c",
    }
    _, asked = sent(lambda writer: writer.update_album("x", name="New"))
    assert asked[0].body == {"albumName": "New"}


def test_an_album_that_a_lost_request_has_deleted() -> None:
    gone = Says(400, {"message": "Not found or no album.delete access"})
    answers: list[Says | Exception] = [requests.ConnectionError("reset"), gone]
    writer, wire = writer_of("3.1.0", in_turn(*answers))
    writer.delete_album("x")
    assert len(wire.asked) == 2
    with pytest.raises(ServerError) as caught:
        sent(lambda writer: writer.delete_album("x"), gone)
    assert caught.value.kind is Kind.NOT_FOUND


# Queues


def test_pausing() -> None:
    _, asked = sent(lambda writer: (writer.pause("sidecar"), writer.resume("sidecar")), Says(200, {}))
    assert [(request.path, request.body) for request in asked] == [
        ("/api/queues/sidecar", {"isPaused": True}),
        ("/api/queues/sidecar", {"isPaused": False}),
    ]


def test_pausing_before_there_was_a_queue_api() -> None:
    _, asked = sent(
        lambda writer: (writer.pause("sidecar"), writer.resume("sidecar")), Says(200, {}), "2.3.0"
    )
    assert [(request.path, request.body["command"]) for request in asked] == [
        ("/api/jobs/sidecar", "pause"),
        ("/api/jobs/sidecar", "resume"),
    ]


# PUT and PATCH


def only_patch(asked: Asked) -> Says:
    return (
        Says(204)
        if asked.method == "PATCH"
        else Says(404, {"message": f"Cannot {asked.method} {asked.path}"})
    )


def test_patch_where_put_is_gone() -> None:
    writer, wire = writer_of("3.2.0", only_patch)
    writer.update_assets(["a"], {Field.RATING: 1})
    writer.update_assets(["b"], {Field.RATING: 1})
    assert [asked.method for asked in wire.asked] == ["PUT", "PATCH", "PATCH"]


def test_no_patch_where_there_never_was_one() -> None:
    writer, wire = writer_of("2.5.6", only_patch)
    with pytest.raises(ServerError):
        writer.update_assets(["a"], {Field.RATING: 1})
    assert [asked.method for asked in wire.asked] == ["PUT"]


def test_writes_are_repeated_when_they_fail_in_passing() -> None:
    answers: list[Says | Exception] = [Says(503), requests.ConnectionError("reset"), Says(204)]
    writer, wire = writer_of("3.1.0", in_turn(*answers))
    writer.update_assets(["a"], {Field.RATING: 1})
    assert len(wire.asked) == 3


@pytest.mark.parametrize("version", ["2.3.1", "3.1.0"])
@pytest.mark.parametrize(("resume", "tries"), [(True, 3), (False, 1)])
def test_a_queue_is_given_back_with_as_many_tries_at_the_end_of_a_run(
    version: str, resume: bool, tries: int
) -> None:
    writer, wire = writer_of(version, in_turn(Says(503), Says(503), Says(200, {})))
    writer.transport.end_with(lambda: 0.1)  # 0.5 s before the first new try
    if resume:
        writer.resume("sidecar")
    else:
        with pytest.raises(ServerError):
            writer.pause("sidecar")
    assert len(wire.asked) == tries
