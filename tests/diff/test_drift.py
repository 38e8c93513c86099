"""Who is behind a change, and taking it over into the files, on states that nobody thought of."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.config import load
from reconciler.diff import compare
from reconciler.diff.accepting import accept
from reconciler.diff.converged import after as applied_after
from reconciler.diff.converged import applied_of, without
from reconciler.diff.drift import Cause, Drift, aspects, drift_of
from reconciler.diff.whole import whole_of
from reconciler.model.applied import Applied, BadApplied, from_bytes, to_bytes
from reconciler.model.desired import Desired
from reconciler.model.live import Live, Tag
from reconciler.model.sharing import Share
from reconciler.model.values import Coordinates
from tests.diff.lives import ADA, BEN, BOTH, USERS, after, asset, live

TEXTS = st.sampled_from(["", "By the sea", 'a: "b" # c', "- no", "012"])
COORDINATES = st.sampled_from([None, Coordinates(43.5, 11.25), Coordinates(-33.0, 151.2)])
SETS = st.frozensets(st.sampled_from(["Sea", "Trips/Italy", "x: y"]), max_size=3)
NUMBERS = range(1, 6)
FEW = st.sampled_from(NUMBERS)
COLORS = st.sampled_from([None, "#112233", "#445566"])


def read(text: str) -> Desired:
    """The desired state of one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photos.yaml"
        path.write_text(text)
        return load([path]).desired


def name(number: int) -> dict[str, str]:
    return {"file": f"IMG_{number:04d}.jpg"}


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file with entries for single photos, rules, and albums."""
    entries: list[dict[str, Any]] = []
    for number in draw(st.lists(st.sampled_from(NUMBERS), unique=True, max_size=4)):
        entry: dict[str, Any] = {"match": name(number), "favorite": draw(st.booleans())}
        if draw(st.booleans()):
            entry |= {"description": draw(TEXTS), "rating": draw(st.sampled_from([None, 3, 5]))}
        if draw(st.booleans()):
            wish = sorted(draw(SETS))
            entry["tags"] = {"exact": wish} if draw(st.booleans()) or not wish else wish
        entries.append(entry)
    rule = {"match": {"file": "IMG_*"}, "visibility": "archive"}
    albums: list[dict[str, Any]] = [
        {
            "name": "Named",
            "assets": [name(number) for number in draw(st.sets(st.sampled_from(NUMBERS), min_size=1))],
        },
        {"name": "Ruled", "description": draw(TEXTS), "match": {"file": "IMG_000[123]*"}},
    ]
    if draw(st.booleans()):
        albums[1]["exclude"] = name(3)
    for album in albums:
        if draw(st.booleans()):
            album["share"] = draw(shares())
    tags = [{"value": "Sea", "color": draw(st.sampled_from(["#112233", None]))}]
    document = {"tags": tags, "assets": [*entries, rule], "albums": albums}
    return yaml.safe_dump(document, sort_keys=False, default_flow_style=draw(st.sampled_from([None, False])))


def shares() -> st.SearchStrategy[Any]:
    """Whom an album is shared with, in every form."""
    emails = st.lists(st.sampled_from([user.email for user in USERS[1:]]), unique=True, max_size=3)
    roles = st.sampled_from(["viewer", "editor"])
    items = emails.flatmap(
        lambda found: st.tuples(
            *(st.just(one) | st.builds(dict, user=st.just(one), role=roles) for one in found)
        )
    ).map(list)
    some = items.filter(bool)
    return (
        items
        | items.map(lambda found: {"exact": found})
        | some.map(lambda found: {"add": found})
        | emails.filter(bool).map(lambda found: {"remove": found})
    )


@st.composite
def somebody(draw: st.DrawFn, state: Live) -> Live:
    """The same server after somebody has used it."""
    assets, tags_of = dict(state.assets), dict(state.tags_of)
    members = dict(state.members)
    for key in draw(st.lists(st.sampled_from(sorted(assets)), max_size=3)):
        assets[key] = replace(
            assets[key],
            description=draw(TEXTS),
            rating=draw(st.sampled_from([None, 1, 3])),
            favorite=draw(st.booleans()),
        )
        tags_of[key] = draw(SETS)
    for key in draw(st.lists(st.sampled_from(sorted(members)), max_size=2)) if members else ():
        members[key] = draw(st.frozensets(st.sampled_from(sorted(assets))))
    tags = {
        path: Tag(f"t-{path}", path, draw(st.sampled_from([None, "#112233", "#445566"])))
        for path in ("Sea", "Trips/Italy", "x: y")
    }
    albums = tuple(
        replace(album, description=draw(TEXTS), shares=draw(st.just(album.shares) | others()))
        for album in state.albums
    )
    return replace(
        state,
        assets=assets,
        tags_of=tags_of,
        members=members,
        tags=tags,
        tags_read=frozenset(tags),
        albums=albums,
    )


def others() -> st.SearchStrategy[tuple[Share, ...]]:
    """Whom somebody may have shared an album with."""
    one = st.builds(Share, st.sampled_from(USERS[1:]), st.sampled_from(["viewer", "editor", "boss"]))
    return st.lists(one, unique_by=lambda share: share.user.id, max_size=3).map(tuple)


def converged(text: str) -> tuple[Desired, Live]:
    desired = read(text)
    start = live([asset(number) for number in NUMBERS], users=USERS)
    comparison = compare(desired, start)
    assume(not comparison.problems)
    there = after(start, comparison.changes)
    assert not compare(desired, there).changes
    return desired, there


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_where_the_files_stay_every_change_is_somebodys(data: st.DataObject) -> None:
    desired, there = converged(data.draw(files()))
    applied = applied_of(whole_of(desired, there), there)
    touched = data.draw(somebody(there))
    comparison = compare(desired, touched)
    found = drift_of(comparison.changes, applied, comparison.labels)
    assert all(drift.cause is Cause.SERVER for drift in found)
    wanted = {what for what in aspects(comparison.changes) if not _whole(what)}
    assert len(found) == len(wanted)


def _whole(what: tuple[object, ...]) -> bool:
    """That an album changes at all is told by what changes on it; a tag by its colour."""
    return len(what) == 3 or (len(what) == 5 and not what[3])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_accepted_is_asked_for_and_nothing_else_changes(data: st.DataObject) -> None:
    text = data.draw(files())
    desired, there = converged(text)
    touched = data.draw(somebody(there))
    comparison = compare(desired, touched)
    found = drift_of(comparison.changes, applied_of(whole_of(desired, there), there), comparison.labels)
    taken = accept(desired, touched, found, lambda _: text)
    assert len(taken.taken) + len(taken.refused) == len(found)
    for new in taken.files.values():
        try:
            later = compare(read(new), touched)
        except Exception as error:
            raise AssertionError(f"{text}\n->\n{new}") from error
        left = {(item.kind, item.id, item.aspect) for item in taken.taken}
        again = drift_of(later.changes, applied_of(whole_of(desired, there), there), later.labels)
        assert not left & {(item.kind, item.id, item.aspect) for item in again}, new
        assert set(aspects(later.changes)) <= set(aspects(comparison.changes)), new


def one(drifts: tuple[Drift, ...], aspect: str) -> Drift:
    (found,) = [drift for drift in drifts if drift.aspect == aspect]
    return found


BEFORE = "assets:\n  - match: { file: IMG_0001.jpg }\n    description: Sunset\n    rating: 4\n"


def test_files_server_and_both() -> None:
    desired = read(BEFORE)
    start = live([asset(1)])
    there = after(start, compare(desired, start).changes)
    applied = applied_of(whole_of(desired, there), there)
    now = read(BEFORE.replace("rating: 4", "rating: 5") + "    favorite: true\n")
    touched = live([asset(1, description="Dusk", rating=3)])
    comparison = compare(now, touched)
    found = drift_of(comparison.changes, applied, comparison.labels)
    assert len(found) == 2
    caption, rating = one(found, "description"), one(found, "rating")
    assert (caption.cause, caption.found, caption.wanted) == (Cause.SERVER, '"Dusk"', '"Sunset"')
    assert (rating.cause, rating.applied, rating.found, rating.wanted) == (Cause.BOTH, "4", "3", "5")


def test_who_has_a_role_that_files_cannot_ask_for_is_refused_once_and_the_others_are_accepted() -> None:
    """Immich 2.5 takes any text for a role."""
    text = "albums:\n  - name: Trip\n    share: [other.ben@example.org]\n"
    desired, start = read(text), live([], users=USERS)
    there = after(start, compare(desired, start).changes)
    [album] = there.albums
    shared = replace(album, shares=(Share(BEN, "boss"), Share(BOTH, "editor")))
    touched = replace(there, albums=(shared,))
    comparison = compare(desired, touched)
    found = drift_of(comparison.changes, applied_of(whole_of(desired, there), there), comparison.labels)
    taken = accept(desired, touched, found, lambda _: text)
    assert [(drift.aspect, why) for drift, why in taken.refused] == [
        ("share:ben@example.org", "the role 'boss' is none that files can ask for")
    ]
    assert [drift.aspect for drift in taken.taken] == ["share:other.ben@example.org"]
    [new] = taken.files.values()
    assert new == text.replace("other.ben@example.org", '{ user: "other.ben@example.org", role: editor }')


def test_a_saved_plan_is_remembered_and_an_undo_forgotten() -> None:
    desired = read(BEFORE)
    start = live([asset(1)])
    changes = compare(desired, start).changes
    applied = applied_after(Applied(ADA), changes)
    there = after(start, changes)
    assert applied.fields == applied_of(whole_of(desired, there), there).fields
    assert not any(without(applied, changes).fields.values())


@settings(deadline=None, max_examples=30)
@given(files())
def test_it_is_kept_and_read_back_the_same(text: str) -> None:
    desired, there = converged(text)
    applied = applied_of(whole_of(desired, there), there)
    assert from_bytes(to_bytes(applied)) == applied
    assert to_bytes(from_bytes(to_bytes(applied))) == to_bytes(applied)
    assert applied | applied == applied


DAMAGED = bytearray(to_bytes(Applied("me", colors={f"tag {number}": "#e07a5f" for number in range(20)})))
DAMAGED[12] ^= 0xFF
OUT_OF_TIME = b"""{
  "kind": "immich-applied", "version": 1, "user": "me", "tags": [], "albums": {}, "colors": {},
  "fields": {"taken": [["\\"0001-01-01T00:00:00+14:00\\"", ["p1"]]]}
}"""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"\x1f\x8bx",
        b'{"kind": "immich-applied", "version": 1}',
        b"[1]",
        bytes(DAMAGED),
        OUT_OF_TIME,
    ],
)
def test_anything_else_is_told(data: bytes) -> None:
    with pytest.raises(BadApplied, match="applied state"):
        from_bytes(data)
