"""Photos that are named one by one are asked for many at a time from 3.2 on, and are the same."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.diff import compare
from reconciler.immich.reader import Reader
from reconciler.live.cost import Cost
from reconciler.live.errand import Around
from reconciler.live.read import read_planned
from reconciler.live.searching import choosing, looking
from reconciler.live.tags import tagging
from reconciler.live.touched import Touched, read_touched
from reconciler.model.live import Live
from tests.live.test_parts import invented
from tests.support.people import admin, joins, shows_all
from tests.support.world import World, world

NOBODY = "00000000-0000-4000-8000-000000000000"
ANCIENT = "00000000-0000-1000-8000-000000000000"
"""Looks like an id, but is of a kind that the server refuses in a filter."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Ada's photos, some of them hidden, in the trash, or not read yet, and Ben's, two of them copies."""
    chance = random.Random(5)
    found = [invented(number, chance) for number in range(50)]
    found += [replace(invented(number, chance), trashed=True) for number in range(50, 54)]
    with world(tmp_path_factory.mktemp("library"), found, version="3.2.2") as made:
        copies = [
            replace(invented(100 + number, chance), checksum=checksum, visibility="timeline")
            for number, checksum in enumerate(_told(made, "checksum")[:2])
        ]
        ben = joins(made.mounted, "Ben", [*copies, *(invented(number, chance) for number in range(200, 204))])
        shows_all(ben, admin(made.mounted))
        with made.library.database.write() as db:
            db.run("DELETE FROM exif WHERE asset_id IN (SELECT id FROM asset ORDER BY id LIMIT 3)", ())
        yield made


def _told(place: World, column: str, where: str = "TRUE") -> list[str]:
    """A column of every photo of everybody, whatever state it is in."""
    with place.library.database.read() as db:
        rows = db.rows(f"SELECT {column} AS told FROM asset WHERE {where} ORDER BY id")
    return [row["told"].hex() if isinstance(row["told"], bytes) else row["told"] for row in rows]


def flat(place: World) -> Reader:
    """A reader that doesn't know of the structured filter."""
    return Reader(place.reader.transport, replace(place.reader.dialect, structured_filter=False))


def read(place: World, reader: Reader, wish: Any) -> tuple[Live, Counter[str]]:
    sent: Counter[str] = Counter()
    desired, identity, features = place.desired(wish), place.identity, place.features()
    with reader.transport.watched(lambda one: sent.update([one.template])):
        live, _ = read_planned(
            desired,
            reader,
            identity=identity,
            features=features,
            around=Around(settled=lambda: True),
        )
    return live, sent


def forms(text: str) -> list[str]:
    """A text with its accents composed and decomposed, and in other cases of letters."""
    return [text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text), text.swapcase()]


def in_one_form(text: str) -> bool:
    """Whether its accents are all composed or all decomposed; else one by one it isn't found."""
    return text in (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_same_photos_as_one_by_one(place: World, data: st.DataObject) -> None:
    """By checksum, path, file name and id: own, hidden, trashed, unread, other people's, and none at all."""
    known: dict[str, list[str]] = {
        "checksum": [*_told(place, "checksum"), "0" * 40],
        "path": [*_told(place, "original_path"), "/no/such.jpg", "/50%/a_b\\c.jpg"],
        "file": [*_told(place, "original_file_name"), "nothing.jpg", "a_b%\\.jpg"],
        "id": [*_told(place, "id", "id IN (SELECT asset_id FROM exif)"), NOBODY, ANCIENT],
    }
    for key in ("path", "file"):
        known[key] = [text for text in known[key] if "[" not in text and in_one_form(text)]
    names = []
    for key in data.draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=8)):
        text = data.draw(st.sampled_from(known[key]))
        if key in ("path", "file"):
            text = data.draw(st.sampled_from(forms(text)))
        names.append({key: text})
    if data.draw(st.booleans()):
        wish: Any = {"assets": [{"match": name, "rating": 4} for name in names]}
    else:
        wish = {"albums": [{"name": "New", "assets": names}]}
    desired = place.desired(wish)
    together, _ = read(place, place.reader, wish)
    alone, _ = read(place, flat(place), wish)
    assert together.assets == alone.assets
    found, wanted = compare(desired, together), compare(desired, alone)
    assert (found.changes, found.missing, found.problems) == (wanted.changes, wanted.missing, wanted.problems)


@pytest.mark.parametrize("key", ["checksum", "path", "id"])
def test_one_request_instead_of_one_for_each(place: World, key: str) -> None:
    assets = place.reader.assets(sorted(place.ids().values()))
    told = [text for one in assets.values() if "[" not in (text := getattr(one.asset, key))][:15]
    wish = {"assets": [{"match": {key: one}, "rating": 4} for one in told]}
    live, sent = read(place, place.reader, wish)
    _, before = read(place, flat(place), wish)
    assert len(live.assets) == 15
    assert sent == {"/search/metadata": 1}
    assert before.total() >= 15


def test_photos_whose_tags_are_wanted_are_asked_for_one_by_one(place: World) -> None:
    """Nothing else tells their tags."""
    ids = sorted(place.ids().values())[:5]
    wish = {"assets": [{"match": {"id": one}, "tags": ["Trips"]} for one in ids]}
    _, sent = read(place, place.reader, wish)
    assert sent["/assets/{id}"] == 5


def test_photos_without_tags_are_not_asked_for_theirs(place: World) -> None:
    """The search has told."""
    wish = {"albums": [{"name": "New", "match": {"lacks": "tags", "taken": "2024-06"}}]}
    live, sent = read(place, place.reader, wish)
    assert not sent["/assets/{id}"]
    assert (
        compare(place.desired(wish), live).changes
        == compare(place.desired(wish), read(place, flat(place), wish)[0]).changes
    )


@pytest.mark.parametrize(
    ("rule", "searches"),
    [
        ({"tags": ["Family"]}, 1),
        ({"tags": ["Trips/*"]}, 3),
        ({"tags": {"any": ["Family", "trips"]}, "type": "image"}, 3),
        ({"tags": ["Family", "trips"]}, 1),
        ({"type": "image", "tags": {"all": ["Family"], "none": ["trips"]}}, 2),
    ],
    ids=str,
)
def test_tags_are_searched_for_among_what_was_found(place: World, rule: Any, searches: int) -> None:
    """One search for the photos, and one for each tag, or below it, that not all of them carry."""
    wish = {"albums": [{"name": "New", "match": rule}]}
    with pytest.MonkeyPatch.context() as costs:
        for module in (looking, choosing):
            costs.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
        for module in (tagging, choosing):
            costs.setattr(module, "detail_cost", lambda photos: Cost(photos, photos, 1e3 * photos))
        live, sent = read(place, place.reader, wish)
        alone, before = read(place, flat(place), wish)
    assert compare(place.desired(wish), live).changes == compare(place.desired(wish), alone).changes
    assert live.assets
    assert sent["/search/metadata"] == searches
    assert sent.total() <= before.total()


def test_photos_in_no_album_are_not_looked_for_in_albums(place: World) -> None:
    """The search has told, unless other photos come along."""
    ids = sorted(place.ids().values())
    for number in range(3):
        place.converge({"albums": [{"name": f"Old {number}", "assets": [{"id": one} for one in ids[::9]]}]})
    alone = {"albums": [{"name": "Loose", "match": {"in_album": False, "type": "image"}}]}
    others = {"albums": [*alone["albums"], {"name": "Loved", "match": {"favorite": True}}]}
    asked = []
    for wish in (alone, others):
        with pytest.MonkeyPatch.context() as costs:
            for module in (looking, choosing):
                costs.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
            live, sent = read(place, place.reader, wish)
            before, _ = read(place, flat(place), wish)
        found = compare(place.desired(wish), live).changes
        assert found == compare(place.desired(wish), before).changes
        assert found.albums[0].added
        asked.append(sent["/download/info"])
    assert asked[0] == 0
    assert asked[1] >= 3


def test_members_that_may_leave_are_asked_for_together(place: World) -> None:
    ids = sorted(place.ids().values())
    place.converge({"albums": [{"name": "Mixed", "assets": [{"id": one} for one in ids[:20]]}]})
    wish = {"albums": [{"name": "Mixed", "match": {"id": ids[30]}}]}
    live, sent = read(place, place.reader, wish)
    assert not sent["/assets/{id}"]
    alone, before = read(place, flat(place), wish)
    assert compare(place.desired(wish), live).changes == compare(place.desired(wish), alone).changes
    assert sent.total() < before.total()


def test_what_a_plan_touches_is_read_again_in_one_request(place: World) -> None:
    """Before it writes and once it has: without tags together, with tags one by one."""
    ids = sorted(place.ids().values())[:30]
    touched = Touched(assets=frozenset(ids), tagged=frozenset(ids[:4]))
    sent: Counter[str] = Counter()
    found, identity, features = [], place.identity, place.features()
    for reader in (place.reader, flat(place)):
        with reader.transport.watched(lambda one: sent.update([one.template])):
            found.append(read_touched(reader, touched, identity=identity, features=features))
    assert found[0].assets == found[1].assets
    assert list(found[0].assets) == sorted(ids)
    assert all(found[0].tags_of[one] == found[1].tags_of[one] for one in ids[:4])
    assert sent == {"/search/metadata": 1, "/assets/{id}": 4 + 30}
