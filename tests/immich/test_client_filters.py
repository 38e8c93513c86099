"""Structured searches (3.2): what is sent, and reading them to the end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.immich.filters import SOMEBODY, Branch, filter_of
from reconciler.immich.keyset import Window
from reconciler.immich.reader import Reader
from reconciler.immich.search import PeopleOf, Selection, as_asked
from reconciler.immich.versions import Version, dialect_for

from .fake_library import OWNER, PARTNER, FakeLibrary, Photo
from .support import Asked, Says, reader_of

START = datetime(2015, 6, 1, tzinfo=UTC)
RATED = Branch((("rating", "gte", 3),))
ITALY = Branch((("country", "in", ("Italy", "italy")),))
OUTSIDE = {"trashedAt": {"eq": None}, "visibility": {"in": ["timeline", "archive"]}}


def test_since_when() -> None:
    versions = ((2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (4, 0))
    found = [dialect_for(Version(*pair)).structured_filter for pair in versions]
    assert found == [False, False, False, True, True, True]


@pytest.mark.parametrize(
    ("branches", "said"),
    [
        ([RATED], {"rating": {"gte": 3}}),
        ([RATED, ITALY], {"or": [{"rating": {"gte": 3}}, {"country": {"in": ["Italy", "italy"]}}]}),
        (
            [Branch((*RATED.conditions, *ITALY.conditions)), RATED],
            {"rating": {"gte": 3}},
        ),
        (
            [
                Branch((("tagIds", "any", ("t",)), *RATED.conditions)),
                Branch((("tagIds", "any", ("t",)), ("isFavorite", "eq", True))),
            ],
            {
                "tagIds": {"any": ["t"]},
                "or": [{"isFavorite": {"eq": True}}, {"rating": {"gte": 3}}],
            },
        ),
        ([Branch((("rating", "gte", 2), ("rating", "lt", 4)))], {"rating": {"gte": 2, "lt": 4}}),
        ([Branch((("city", "eq", None),))], {"city": {"eq": None}}),
        (
            [Branch((("visibility", "in", ("archive",)),))],
            {"visibility": {"in": ["archive"]}},
        ),
        (
            [Branch((("visibility", "notIn", ("timeline",)),))],
            {"visibility": {"notIn": ["timeline", "locked"]}},
        ),
    ],
    ids=str,
)
def test_what_is_said(branches: list[Branch], said: dict[str, Any]) -> None:
    """What all branches ask is said once, the trash is left out, and the locked folder is never asked for."""
    found = filter_of(branches, Window(), hidden=False)
    alternatives = found.pop("or", None)
    wanted = {**OUTSIDE, **said}
    assert sorted(alternatives or [], key=repr) == sorted(wanted.pop("or", []), key=repr)
    assert found == wanted


def test_hidden_photos_come_only_if_wanted() -> None:
    assert filter_of([RATED], Window(), hidden=True)["visibility"] == {"ne": "locked"}


def test_the_stricter_of_two_times() -> None:
    """A window within the time of the only branch; each of several branches keeps its own."""
    june, july = START, START + timedelta(days=30)
    alone = filter_of([Branch(taken=(june, None))], Window(since=july, until=july), hidden=False)
    assert alone["takenAt"] == {"gte": "2015-07-01T00:00:00.000Z", "lte": "2015-07-01T00:00:00.000Z"}
    several = filter_of([Branch(taken=(june, None)), RATED], Window(until=july), hidden=False)
    assert several["takenAt"] == {"lte": "2015-07-01T00:00:00.000Z"}
    assert {"takenAt": {"gte": "2015-06-01T00:00:00.000Z"}} in several["or"]


class StructuredLibrary(FakeLibrary):
    """Answers as 3.2: the new form only, with an offset as a cursor, and photos that were not read yet."""

    def __init__(self, photos: list[Photo], unread: int = 0) -> None:
        super().__init__(photos, stable=True, shows_all=True)
        self.unread = {photo.id for photo in photos[:unread]}

    def __call__(self, asked: Asked) -> Says:
        flat = {"page", "order", "takenAfter", "takenBefore", "visibility"}
        assert asked.path == "/api/timeline/buckets" or not asked.body.keys() & flat
        return super().__call__(asked)

    def _fitting(self, body: dict[str, Any]) -> list[Photo]:
        asked = body["filter"]
        assert asked["trashedAt"] == {"eq": None}
        within = asked.get("takenAt", {})
        flat = {"takenAfter": within.get("gte"), "takenBefore": within.get("lte")}
        shown = asked["visibility"].get("in")
        return [photo for photo in super()._fitting(flat) if shown is None or photo.visibility in shown]

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        offset = json.loads(base64.b64decode(body["cursor"]))["o"] if "cursor" in body else 0
        assert offset % body["size"] == 0
        flat = {**body, "page": offset // body["size"] + 1, "order": "desc"}
        found = super()._search(flat)["assets"]
        following = base64.b64encode(json.dumps({"o": offset + body["size"]}).encode()).decode()
        cursor = following if found["nextPage"] else None
        return {"assets": {"items": found["items"], "nextPage": None, "nextCursor": cursor}}

    def _item(self, photo: Photo) -> dict[str, Any]:
        item = super()._item(photo)
        return {**item, "exifInfo": None} if photo.id in self.unread else item


def photo(number: int, taken: datetime, owner: str = OWNER, visibility: str = "timeline") -> Photo:
    return Photo(str(UUID(int=number, version=4)), taken, START, visibility, owner)


def read(library: StructuredLibrary, connections: int = 4, *, hidden: bool = True) -> list[str]:
    one: Reader = reader_of("3.2.2", library, connections=connections)[0]
    selection = Selection(branches=(RATED,), hidden=hidden)
    begun = one.begin(selection)
    expected = one.size_of(selection) if begun.more else None
    found = one.finish(begun, owner_id=OWNER, hidden=True, expected=expected)
    return sorted(found)


@settings(max_examples=12, deadline=None)
@given(
    crowds=st.lists(
        st.tuples(st.sampled_from([1, 40, 999, 1000, 1001, 2100]), st.integers(0, 90)), max_size=3
    ),
    connections=st.integers(1, 3),
)
def test_nothing_skipped_and_nothing_twice(crowds: list[tuple[int, int]], connections: int) -> None:
    """Crowds that share an instant, which the cursor leads through, some days apart."""
    photos = [
        photo(place * 10_000 + number, START + timedelta(days=days))
        for place, (count, days) in enumerate(crowds)
        for number in range(count)
    ]
    library = StructuredLibrary(photos)
    assert read(library, connections) == sorted(one.id for one in photos)
    assert library.requests.total() <= len(photos) / 1000 + 12


def test_what_fits_on_a_page_costs_one_request() -> None:
    library = StructuredLibrary([photo(number, START + timedelta(days=number)) for number in range(1000)])
    assert len(read(library)) == 1000
    assert library.requests == {"/api/search/metadata": 1}


def test_others_and_hidden_photos_are_left_out() -> None:
    photos = [photo(1, START), photo(2, START, PARTNER), photo(3, START, visibility="hidden")]
    assert read(StructuredLibrary(photos), hidden=False) == [photos[0].id]


def answering(count: int) -> tuple[Reader, list[dict[str, Any]]]:
    """A server on which every text finds a photo, as far as the page goes."""
    asked: list[dict[str, Any]] = []

    def answer(one: Asked) -> Says:
        asked.append(one.body)
        library = StructuredLibrary([photo(len(asked) * 10 + number, START) for number in range(count)], 1)
        return library(one)

    return reader_of("3.2.2", answer, connections=1)[0], asked


@pytest.mark.parametrize(("texts", "requests"), [(1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_a_thousand_checksums_in_one_request(texts: int, requests: int) -> None:
    """With what the server has not read yet left out."""
    one, asked = answering(2)
    names = [f"{number:028}" for number in range(texts)]
    assert len(one.called("checksum", names)) == requests
    assert sorted(text for body in asked for text in body["filter"]["checksum"]["in"]) == names
    assert all(body["filter"]["visibility"] == {"ne": "locked"} for body in asked)
    assert len(asked) == requests


def test_fifty_file_names_in_one_request() -> None:
    """Each is looked for as part of a name, in any case of letters."""
    one, asked = answering(1)
    one.called("originalFileName", [f"{number}.jpg" for number in range(60)])
    assert sorted(len(body["filter"]["or"]) for body in asked if "or" in body["filter"]) == [10, 50]


def test_texts_are_asked_for_in_both_forms_of_their_accents() -> None:
    assert as_asked(["Zoë.jpg", "a.jpg"]) == ["Zoë.jpg", "Zoe\u0308.jpg", "a.jpg"]
    assert as_asked(["ü/u\u0308"]) == ["ü/u\u0308", "ü/ü", "u\u0308/u\u0308"]
    assert as_asked(["a\\b"], pattern=True) == ["a\\\\b"]


def test_who_is_on_photos_is_asked_without_the_rest_of_them() -> None:
    reader, asked = answering(3)
    people: PeopleOf = {}
    begun = reader.begin_people(Selection(hidden=True, branches=(SOMEBODY,)), people)
    assert len(reader.finish_people(begun)) == 3 and people == {}
    (body,) = asked
    assert (body["withPeople"], body["withExif"]) == (True, False)
    assert body["filter"]["hasPeople"] == {"eq": True}
