"""What is sent for albums goes in an order that shows nobody too much, and in as few calls as ever."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diff.changes import Action, AlbumChange, Changes, ShareChange
from reconciler.model.live import Features
from reconciler.model.origin import Origin
from reconciler.model.sharing import User
from reconciler.plan.operations import AddToAlbums, Lane, Operation, UnshareAlbum, asset_ids
from reconciler.plan.schedule import schedule

HERE = Origin("a.yaml", 1)
LOSES = ShareChange(User("u-1", "ben@example.org"), "viewer", None, HERE)
GETS = ShareChange(User("u-2", "cleo@example.org"), None, "viewer", HERE)
TURNS = ShareChange(User("u-3", "dan@example.org"), "viewer", "editor", HERE)


def album(name: str, added: str, *shares: ShareChange) -> AlbumChange:
    return AlbumChange(Action.UPDATE, name, HERE, f"id of {name}", (), tuple(added), shares=shares)


def lanes(*changes: AlbumChange) -> list[Lane]:
    (found,) = schedule(Changes(albums=changes), {}, Features())
    assert not found.first
    return [*found.lanes, *found.last]


def shown(lane: Lane) -> list[str]:
    return [f"{type(item).__name__} {'+'.join(names(item))}" for item in lane]


def names(operation: Operation) -> list[str]:
    if isinstance(operation, AddToAlbums):
        return [one.name for one in operation.albums]
    return [operation.album.name]  # type: ignore[union-attr]


def test_a_call_for_several_albums_has_a_lane_of_its_own() -> None:
    found = lanes(album("A", "xy"), album("B", "xy"), album("C", "z", GETS))
    assert [shown(lane) for lane in found] == [["AddMembers C", "ShareAlbum C"], ["AddToAlbums A+B"]]


def test_access_that_ends_or_begins_puts_it_between() -> None:
    found = lanes(album("A", "xy", LOSES, GETS), album("B", "xy"), album("C", "xy", TURNS))
    assert [shown(lane) for lane in found] == [
        ["UnshareAlbum A", "AddToAlbums A+B+C", "ShareAlbum A", "SetRole C"]
    ]


def test_calls_that_have_such_an_album_in_common_follow_one_another() -> None:
    found = lanes(
        album("A", "wx"),
        album("B", "wxyz", LOSES),
        album("C", "yz"),
        album("D", "wx", GETS),
        album("E", "yz"),
    )
    assert sum(isinstance(item, AddToAlbums) for lane in found for item in lane) > 1
    order(found, {"B", "D"})


ALBUMS = st.dictionaries(
    st.sampled_from("ABCDE"),
    st.tuples(
        st.frozensets(st.sampled_from("uvwxyz"), min_size=1),
        st.lists(st.sampled_from([LOSES, GETS, TURNS]), unique=True),
    ),
    min_size=1,
    max_size=5,
)


@given(ALBUMS)
@settings(max_examples=150, deadline=None)
def test_nobody_sees_too_much_whatever_the_albums(
    wanted: dict[str, tuple[frozenset[str], list[ShareChange]]],
) -> None:
    changes = [album(name, "".join(sorted(ids)), *shares) for name, (ids, shares) in sorted(wanted.items())]
    found = lanes(*changes)
    order(found, {name for name, (_, shares) in wanted.items() if shares})
    plain = lanes(*(album(change.name, "".join(change.added)) for change in changes))
    calls = [sum(bool(asset_ids(item)) for lane in some for item in lane) for some in (found, plain)]
    assert calls[0] == calls[1], "the order costs no request"


def order(found: list[Lane], guarded: set[str]) -> None:
    """Of these albums, all is in one lane: first who loses access, then the photos, then who gets it."""
    for name in guarded:
        (lane,) = [lane for lane in found if any(name in names(item) for item in lane)]
        steps = [
            0 if isinstance(item, UnshareAlbum) else 1 if asset_ids(item) else 2
            for item in lane
            if name in names(item)
        ]
        assert steps == sorted(steps)
