"""A plan sends as few requests as can be, does just what it says with them, and its lower bound is one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AlbumField,
    AlbumFieldChange,
    AssetChange,
    Changes,
    FieldChange,
    TagMove,
)
from reconciler.model.live import Features
from reconciler.model.origin import Origin
from reconciler.model.values import Field
from reconciler.plan import memberships
from reconciler.plan.memberships import additions
from reconciler.plan.operations import (
    AddMembers,
    AddToAlbums,
    Operation,
    TagAssets,
    UntagAssets,
    UpdateAsset,
    UpdateAssets,
    asset_ids,
    writes_sidecars,
)
from reconciler.plan.schedule import schedule

HERE = Origin("a.yaml", 1)


def album(name: str, added: list[str], *, cover: bool = False) -> AlbumChange:
    fields = (AlbumFieldChange(AlbumField.COVER, None, added[0], HERE),) if cover else ()
    return AlbumChange(Action.UPDATE, name, HERE, f"id of {name}", fields, tuple(sorted(added)))


def sent(changes: Changes) -> list[Operation]:
    return [item for part in schedule(changes, {}, Features()) for item in part.operations]


def pairs(operations: list[Operation]) -> Counter[tuple[str, str]]:
    """Which photo comes into which album, and how often."""
    found: Counter[tuple[str, str]] = Counter()
    for operation in operations:
        if isinstance(operation, AddMembers):
            found.update((operation.album.name, photo) for photo in operation.asset_ids)
        elif isinstance(operation, AddToAlbums):
            found.update((each.name, photo) for each in operation.albums for photo in operation.asset_ids)
    return found


def fewest(wanted: dict[str, frozenset[str]]) -> int:
    """The fewest calls that put just these photos into just these albums, by trying all there are."""
    calls = set()
    for size in range(1, len(wanted) + 1):
        for names in combinations(wanted, size):
            if photos := frozenset.intersection(*(wanted[name] for name in names)):
                calls.add(frozenset((name, photo) for name in names for photo in photos))
    everything = {(name, photo) for name, photos in wanted.items() for photo in photos}
    for number in range(len(everything) + 1):
        for chosen in combinations(calls, number):
            if frozenset().union(*chosen) == everything:
                return number
    raise AssertionError


WANTED = st.dictionaries(
    st.sampled_from("ABCDE"), st.frozensets(st.sampled_from("uvwxyz"), min_size=1), max_size=5
)


@given(WANTED)
@settings(max_examples=150, deadline=None)
def test_albums_get_their_photos_and_no_others(wanted: dict[str, frozenset[str]]) -> None:
    changes = [album(name, sorted(photos)) for name, photos in sorted(wanted.items())]
    operations = sent(Changes(albums=tuple(changes)))
    assert pairs(operations) == {(name, photo): 1 for name, photos in wanted.items() for photo in photos}
    least = fewest(wanted)
    slack = additions(changes).slack
    assert len(operations) - slack <= least <= len(operations)
    assert len(operations) <= len(wanted), "never more than album by album"


@given(WANTED, st.integers(min_value=1, max_value=3), st.integers(min_value=6, max_value=9))
@settings(max_examples=100, deadline=None)
def test_batches_hold_what_they_may(wanted: dict[str, frozenset[str]], photos: int, together: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memberships, "ALBUM_BATCH", photos)
        patch.setattr(memberships, "ALBUM_PAIRS", together)
        patch.setattr("reconciler.plan.lanes.ALBUM_BATCH", photos)
        changes = [album(name, sorted(members)) for name, members in sorted(wanted.items())]
        operations = sent(Changes(albums=tuple(changes)))
        slack = additions(changes).slack
    found = pairs(operations)
    assert found == {(name, photo): 1 for name, members in wanted.items() for photo in members}
    for operation in operations:
        if isinstance(operation, AddToAlbums):
            assert len(operation.albums) * len(operation.asset_ids) <= together
        else:
            assert len(asset_ids(operation)) <= photos
    assert 0 <= slack <= max(0, len(operations) - 1)
    assert len(operations) <= sum(-(-len(members) // photos) for members in wanted.values())


@pytest.mark.parametrize(
    ("wanted", "requests", "bound"),
    [
        ({"A": "xy", "B": "xy", "C": "xy"}, 1, 1),
        ({"A": "xy", "B": "y"}, 2, 2),
        ({"A": "uvx", "B": "uvy", "C": "z"}, 3, 3),
        ({"A": "xy", "B": "yz", "C": "xz", "D": "x"}, 3, 3),
        ({"A": "x", "B": "y"}, 2, 2),
    ],
)
def test_known_cases(wanted: dict[str, str], requests: int, bound: int) -> None:
    changes = tuple(album(name, list(photos)) for name, photos in wanted.items())
    assert len(sent(Changes(albums=changes))) == requests
    assert requests - additions(changes).slack == bound


def test_an_album_that_gets_a_cover_stays_by_itself() -> None:
    changes = (album("A", ["x"], cover=True), album("B", ["x"]), album("C", ["x"]))
    operations = sent(Changes(albums=changes))
    assert [type(item).__name__ for item in operations] == ["AddMembers", "UpdateAlbum", "AddToAlbums"]


def moves(paths: frozenset[str]) -> tuple[TagMove, ...]:
    return tuple(TagMove(path, HERE) for path in sorted(paths))


@st.composite
def photos(draw: st.DrawFn) -> tuple[AssetChange, ...]:
    found = []
    for number in range(draw(st.integers(min_value=0, max_value=8))):
        values = draw(
            st.dictionaries(st.sampled_from([Field.DESCRIPTION, Field.RATING]), st.sampled_from([1, 2]))
        )
        if draw(st.booleans()):
            values[Field.FAVORITE] = True
        tags = draw(st.frozensets(st.sampled_from("abcd")))
        gone = draw(st.frozensets(st.sampled_from("abcd"))) - tags
        fields = tuple(FieldChange(name, None, value, HERE) for name, value in sorted(values.items()))
        if fields or tags or gone:
            found.append(AssetChange(f"photo {number}", fields, moves(tags), moves(gone)))
    return tuple(found)


@given(photos())
@settings(deadline=None)
def test_photos_share_requests_as_far_as_they_can(changes: tuple[AssetChange, ...]) -> None:
    """What differs can't share a request, as a photo is written once in a round; what is the same does."""
    rounds = schedule(Changes(assets=changes), {}, Features())
    operations = [item for part in rounds for item in part.operations]
    values = {change.fields for change in changes if change.fields}
    added = {change.tags_added for change in changes if change.tags_added}
    removed = {move.path for change in changes for move in change.tags_removed}
    kinds = Counter(type(item) for item in operations)
    assert kinds[UpdateAssets] + kinds[UpdateAsset] == len(values)
    assert kinds[TagAssets] == len(added)
    assert kinds[UntagAssets] == len(removed)
    for part in rounds:
        written = Counter(
            photo for item in part.operations if writes_sidecars(item) for photo in asset_ids(item)
        )
        assert set(written.values()) <= {1}
    done: dict[str, list[object]] = defaultdict(list)
    for item in operations:
        match item:
            case UpdateAssets(values=found, asset_ids=ids):
                for photo in ids:
                    done[photo] += found.items()
            case UpdateAsset(values=found, asset_id=photo):
                done[photo] += found.items()
            case TagAssets(tags=tags, asset_ids=ids):
                for photo in ids:
                    done[photo] += [("+", tag.path) for tag in tags]
            case UntagAssets(tag=tag, asset_ids=ids):
                for photo in ids:
                    done[photo].append(("-", tag.path))
    assert {photo: sorted(map(repr, found)) for photo, found in done.items()} == {
        change.id: sorted(
            map(
                repr,
                [
                    *((item.field, item.after) for item in change.fields),
                    *(("+", move.path) for move in change.tags_added),
                    *(("-", move.path) for move in change.tags_removed),
                ],
            )
        )
        for change in changes
    }
