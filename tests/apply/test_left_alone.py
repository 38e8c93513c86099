"""What others have changed while a run is under way stays as they left it, whatever kind of request it is."""

from __future__ import annotations

import pytest

from reconciler.apply.sending.narrow import MOVED, Moved, moved_since
from reconciler.diff.changes import Action, AlbumChange, AlbumField, AssetChange, Changes, FieldChange
from reconciler.model.live import Album
from reconciler.model.origin import Origin
from reconciler.model.values import Field
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    AlbumRef,
    ColorTag,
    CreateAlbum,
    CreateTags,
    DeleteAlbum,
    Operation,
    RemoveMembers,
    SetRole,
    ShareAlbum,
    TagAssets,
    TagRef,
    UnshareAlbum,
    UntagAssets,
    UpdateAlbum,
    UpdateAsset,
    UpdateAssets,
    UserRef,
)
from reconciler.plan.report import Fate, OperationReport
from reconciler.plan.standing import Kind, Standing, State
from tests.diff.lives import asset, live

TRIP, SEA = AlbumRef("Trip", "album-1"), AlbumRef("Sea", "album-2")
BEN, CLEO = UserRef("u-ben", "Ben", "viewer"), UserRef("u-cleo", "Cleo", "viewer")
TAG = TagRef("Sea", "tag-1")
STARS = {Field.RATING: 4}
LINE = Origin("albums.yaml", 1)
LABELS = {"a1": "IMG_0001.jpg", "a2": "IMG_0002.jpg"}

Where = tuple[Kind, str, str]
TRIP_ITSELF: Where = (Kind.ALBUM, "Trip", "album")
BENS_ROLE: Where = (Kind.SHARE, "Trip/u-ben", "share")


def moved(*where: Where) -> Moved:
    """Somebody has changed these: what they belong to, which one it is, and the aspect."""
    return Moved.of(
        Standing(kind, identity, identity, aspect, "before", "after", "something else", State.OTHER)
        for kind, identity, aspect in where
    )


@pytest.mark.parametrize(
    ("operation", "changed", "left"),
    [
        (UpdateAssets(STARS, ("a1", "a2")), (Kind.PHOTO, "a1", "rating"), UpdateAssets(STARS, ("a2",))),
        (UpdateAssets(STARS, ("a1",)), (Kind.PHOTO, "a1", "rating"), None),
        (UpdateAsset({Field.FAVORITE: True}, "a1"), (Kind.PHOTO, "a1", "favorite"), None),
        (TagAssets((TAG,), ("a1", "a2")), (Kind.PHOTO, "a2", "tag+Sea"), TagAssets((TAG,), ("a1",))),
        (UntagAssets(TAG, ("a1", "a2")), (Kind.PHOTO, "a2", "tag-Sea"), UntagAssets(TAG, ("a1",))),
        (ColorTag(TAG, "#112233"), (Kind.TAG, "Sea", "color"), None),
        (CreateAlbum("Trip", "", ("a1",)), TRIP_ITSELF, None),
        (UpdateAlbum(TRIP, {AlbumField.ORDER: "asc"}), (Kind.ALBUM, "Trip", "order"), None),
        (UpdateAlbum(TRIP, {AlbumField.ORDER: "asc"}), TRIP_ITSELF, None),
        (AddMembers(TRIP, ("a1",)), TRIP_ITSELF, None),
        (RemoveMembers(TRIP, ("a1",)), TRIP_ITSELF, None),
        (DeleteAlbum(TRIP), TRIP_ITSELF, None),
        (AddToAlbums((TRIP, SEA), ("a1",)), TRIP_ITSELF, AddToAlbums((SEA,), ("a1",))),
        (AddToAlbums((TRIP,), ("a1",)), TRIP_ITSELF, None),
        (ShareAlbum(TRIP, (BEN, CLEO)), BENS_ROLE, ShareAlbum(TRIP, (CLEO,))),
        (ShareAlbum(TRIP, (BEN,)), BENS_ROLE, None),
        (ShareAlbum(TRIP, (BEN, CLEO)), TRIP_ITSELF, None),
        (SetRole(TRIP, BEN), BENS_ROLE, None),
        (SetRole(TRIP, BEN), TRIP_ITSELF, None),
        (UnshareAlbum(TRIP, BEN), BENS_ROLE, None),
        (UnshareAlbum(TRIP, BEN), TRIP_ITSELF, None),
    ],
    ids=lambda item: type(item).__name__ if not isinstance(item, tuple) else " ".join(item[1:]),
)
def test_only_the_rest_of_a_request_is_sent(
    operation: Operation, changed: Where, left: Operation | None
) -> None:
    narrowed = moved(changed).narrowed(operation, LABELS)
    assert narrowed is not None and narrowed.operation == left


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (UpdateAssets(STARS, ("a1", "a2")), (Kind.PHOTO, "a1", "description")),
        (UpdateAssets(STARS, ("a1", "a2")), (Kind.PHOTO, "a3", "rating")),
        (TagAssets((TAG,), ("a1",)), (Kind.PHOTO, "a1", "tag+Trips")),
        (ColorTag(TAG, "#112233"), (Kind.TAG, "Trips", "color")),
        (CreateTags(("Sea",)), (Kind.TAG, "Sea", "tag")),
        (UpdateAlbum(TRIP, {AlbumField.ORDER: "asc"}), (Kind.ALBUM, "Trip", "description")),
        (AddMembers(TRIP, ("a1",)), (Kind.ALBUM, "Trip", "description")),
        (AddToAlbums((TRIP, SEA), ("a1",)), (Kind.ALBUM, "Others", "album")),
        (ShareAlbum(TRIP, (BEN,)), (Kind.SHARE, "Trip/u-cleo", "share")),
        (SetRole(TRIP, BEN), (Kind.SHARE, "Sea/u-ben", "share")),
    ],
)
def test_what_a_request_does_not_write_keeps_nothing_of_it_back(operation: Operation, changed: Where) -> None:
    assert moved(changed).narrowed(operation, LABELS) is None


def test_the_account_names_the_photos_that_were_left_alone() -> None:
    whole = UpdateAssets(STARS, ("a1", "a2"))
    narrowed = moved((Kind.PHOTO, "a1", "rating")).narrowed(whole, LABELS)
    assert narrowed is not None and narrowed.operation is not None
    told = narrowed.told(whole, OperationReport(narrowed.operation.text, 1, Fate.WRITTEN))
    assert (told.fate, told.photos, told.text) == (Fate.PARTLY, 2, whole.text)
    assert [(failure.name, failure.reason) for failure in told.failures] == [("IMG_0001.jpg", MOVED)]

    every = moved((Kind.PHOTO, "a1", "rating"), (Kind.PHOTO, "a2", "rating")).narrowed(whole, LABELS)
    assert every is not None and every.operation is None
    told = every.told(whole, None)
    assert (told.fate, told.error, told.photos, len(told.failures)) == (Fate.NOT_SENT, MOVED, 2, 2)


def test_an_album_that_is_there_by_now_has_moved_only_where_it_was_to_be_made() -> None:
    made = AlbumChange(Action.CREATE, "Trip", LINE)
    deleted = AlbumChange(Action.DELETE, "Sea", LINE, "album-2")
    there = live([], albums=(Album("album-1", "Trip"),))
    operations = (CreateAlbum("Trip", "", ()), DeleteAlbum(SEA))
    found = moved_since(Changes(albums=(made, deleted)), operations, there, LABELS)
    assert [(item.id, item.state) for item in found.drifted] == [("Trip", State.AFTER)]


def test_photos_with_another_value_have_moved_and_those_that_are_gone_too() -> None:
    wish = FieldChange(Field.RATING, None, 4, LINE)
    changes = Changes(assets=tuple(AssetChange(f"a{number}", (wish,)) for number in (1, 2, 3, 4)))
    there = live([asset(1), asset(2, rating=2), asset(3, rating=4)])
    found = moved_since(changes, [UpdateAssets(STARS, ("a1", "a2", "a3", "a4"))], there, LABELS)
    assert [(item.id, item.state) for item in found.drifted] == [("a2", State.OTHER), ("a4", State.GONE)]
