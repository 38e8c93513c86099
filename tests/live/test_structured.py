"""What is asked of a server that takes a structured filter (3.2), for which rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.config import load
from reconciler.immich.filters import filter_of
from reconciler.immich.keyset import Window
from reconciler.immich.search import Selection, window_of
from reconciler.live.searching.branches import YEARS
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.parts import Parts, asked_of
from reconciler.live.searching.structured import structured_parts_of
from reconciler.live.searching.wording import described
from reconciler.model.live import Tag
from tests.support.world import as_yaml

TAGS = {
    path: Tag(path.lower(), path) for path in ("Trips", "Trips/Italy", "Trips/Italy/Rome", "Family", "A/B")
}
FACTS = Facts(
    library=100_000,
    tags=TAGS,
    albums={"rome": ("r",), "others": ("o", "o2"), "new": ()},
    people={"ada": ("p1",), "ben": ("p2", "p3"), "nobody": ()},
    libraries={"nas": ("l",)},
    values={"country": frozenset({"Italy", "ITALY", "Japan"}), "make": frozenset({"Canon", "Sony"})},
    settled=True,
    structured=True,
    left_alone=frozenset({"r", "o"}),
)
SHOWN = {"visibility": {"in": ["timeline", "archive"]}, "trashedAt": {"eq": None}}


def parts(folder: Path, *rules: Any, facts: Facts = FACTS) -> Parts:
    albums = [{"name": f"New {number}", "match": rule} for number, rule in enumerate(rules)]
    path = folder / "wish.yaml"
    path.write_text(as_yaml({"albums": albums, "defaults": {"timezone": "UTC"}}), "utf-8")
    return structured_parts_of(asked_of(load([path]).desired, structured=True), facts)


def filters(found: Parts) -> list[dict[str, Any]]:
    """What each search asks besides leaving out what doesn't show."""
    assert not found.whole
    said = [filter_of(one.branches, _window(one), hidden=one.hidden) for one in found.selections]
    return [{key: value for key, value in one.items() if SHOWN.get(key) != value} for one in said]


def _window(selection: Selection) -> Window:
    return window_of(selection.taken, selection.added)


TIMELINE_OR_ARCHIVE = [{"visibility": {"in": ["timeline"]}}, {"visibility": {"in": ["archive"]}}]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"rating": ">=3"}, {"rating": {"gte": 3}}),
        ({"rating": "2..3"}, {"rating": {"gte": 2, "lt": 4}}),
        ({"rating": 5}, {"rating": {"gte": 5}}),
        ({"not": {"rating": "<=3"}, "favorite": True}, None),
        ({"tags": {"any": ["Family", "Trips/*"]}}, {"tagIds": {"any": ["family", "trips"]}}),
        ({"tags": ["Family", "Trips"]}, {"tagIds": {"all": ["family", "trips"]}}),
        ({"tags": ["A/*"]}, {"tagIds": {"any": ["a/b"]}}),
        (
            {"tags": {"all": ["Family"], "none": ["Trips/Italy/Rome"]}},
            {"tagIds": {"any": ["family"], "none": ["trips/italy/rome"]}},
        ),
        ({"tags": {"all": ["Family"], "none": ["Trips"]}}, {"tagIds": {"any": ["family"]}}),
        (
            {"tags": {"all": ["Family"], "none": ["Trips/*"]}},
            {"tagIds": {"any": ["family"], "none": ["trips"]}},
        ),
        (
            {"people": {"any": ["Ada", "BEN"]}, "favorite": True},
            {"personIds": {"any": ["p1", "p2", "p3"]}, "isFavorite": {"eq": True}},
        ),
        ({"people": {"only": ["Ben"]}}, {"personIds": {"any": ["p2", "p3"]}}),
        ({"people": ["Ada"], "not": {"people": "Ben"}}, {"personIds": {"any": ["p1"], "none": ["p2", "p3"]}}),
        ({"album": ["Rome", "Others"]}, {"albumIds": {"any": ["o", "o2", "r"]}}),
        ({"album": {"all": ["Rome"], "none": ["Others"]}}, {"albumIds": {"any": ["r"], "none": ["o"]}}),
        ({"in_album": False}, {"albumIds": {"none": ["o", "r"]}}),
        ({"lacks": "tags"}, {"hasTags": {"eq": False}}),
        ({"has": "description"}, {"description": {"ne": ""}}),
        ({"file": "IMG_*.jpg"}, {"originalFileName": {"startsWith": "IMG_", "endsWith": ".jpg"}}),
        ({"file": "*rome*"}, {"originalFileName": {"like": "rome"}}),
        ({"file": "a*rome*b"}, {"originalFileName": {"startsWith": "a", "like": "rome", "endsWith": "b"}}),
        ({"file": "Zoë*.heic"}, {"originalFileName": {"endsWith": ".heic", "like": "Zo"}}),
        ({"file": "IMG_[12]*.jpg"}, {"originalFileName": {"startsWith": "IMG_"}}),
        ({"folder": "/photos/2024"}, {"originalPath": {"startsWith": "/photos/2024/"}}),
        ({"folder": "/photos/*/italy"}, {"originalPath": {"startsWith": "/photos/", "like": "/italy/"}}),
        ({"folder": "2024/italy"}, {"originalPath": {"like": "2024/italy/"}}),
        ({"type": ["image", "video"], "favorite": True}, None),
        (
            {"not": {"type": "video"}, "favorite": True},
            {"isFavorite": {"eq": True}, "type": {"notIn": ["VIDEO"]}},
        ),
        ({"visibility": "archive"}, {"visibility": {"in": ["archive"]}}),
        ({"not": {"library": None}}, {"libraryId": {"ne": None}}),
        ({"library": None, "rating": 5}, {"libraryId": {"eq": None}, "rating": {"gte": 5}}),
        ({"people": "Ada", "has": "people"}, {"personIds": {"any": ["p1"]}, "hasPeople": {"eq": True}}),
        ({"lacks": "lens"}, {"or": [{"lensModel": {"eq": None}}, {"lensModel": {"eq": ""}}]}),
        ({"rating": None, "favorite": True}, None),
        (
            {"place": {"country": "italy"}},
            {
                "or": [
                    {"country": {"in": ["ITALY", "Italy"]}, "visibility": {"in": ["timeline"]}},
                    {"country": {"ne": ""}, "visibility": {"in": ["archive"]}},
                ]
            },
        ),
        (
            {"place": {"country": "Nowhere"}},
            {"country": {"ne": ""}, "visibility": {"in": ["archive"]}},
        ),
        (
            {"taken": "2024-06-02"},
            {"takenAt": {"gte": "2024-06-01T00:00:00.000Z", "lte": "2024-06-04T00:00:00.000Z"}},
        ),
        (
            {"added": "2024-06-02"},
            {"createdAt": {"gte": "2024-06-01T23:59:59.000Z", "lte": "2024-06-03T00:00:01.000Z"}},
        ),
        (
            {"not": {"added": "2024-06-02"}, "favorite": True},
            {
                "isFavorite": {"eq": True},
                "or": [
                    {"createdAt": {"lte": "2024-06-02T00:00:01.000Z"}},
                    {"createdAt": {"gte": "2024-06-02T23:59:59.000Z"}},
                ],
            },
        ),
    ],
    ids=str,
)
def test_one_search_for_one_rule(tmp_path: Path, rule: Any, said: dict[str, Any] | None) -> None:
    found = filters(parts(tmp_path, rule))
    assert len(found) == 1
    if said is not None:
        alternatives = (found[0].pop("or", []), {**said}.pop("or", []))
        assert found == [{key: value for key, value in said.items() if key != "or"}]
        assert sorted(alternatives[0], key=repr) == sorted(alternatives[1], key=repr)


@pytest.mark.parametrize(
    "rule",
    [
        {"has": "location"},
        {"lacks": "people"},
        {"lacks": "description"},
        {"rating": None},
        {"not": {"tags": ["Family"]}},
        {"not": {"people": "Ada"}},
        {"not": {"taken": "2024"}},
        {"in_album": True},
        {"library": None},
        {"stacked": False},
        {"any": [{"favorite": True}, {"not": {"tags": ["Family"]}}]},
        {"not": {"file": "IMG_*"}},
    ],
    ids=str,
)
def test_what_leaves_too_little_out_is_not_searched_for(tmp_path: Path, rule: Any) -> None:
    assert parts(tmp_path, rule).whole


@pytest.mark.parametrize(
    "rule", [{"people": "Nobody"}, {"album": "New"}, {"rating": 3, "not": {"rating": ">=3"}}]
)
def test_where_nothing_can_be_nothing_is_asked(tmp_path: Path, rule: Any) -> None:
    found = parts(tmp_path, rule)
    assert not found.whole
    if "rating" not in rule:
        assert not found.selections


def test_alternatives_that_compare_fields_are_one_search(tmp_path: Path) -> None:
    """Of several rules too, with the lines that ask for it."""
    found = parts(
        tmp_path, {"any": [{"rating": 5}, {"favorite": True}]}, {"type": "video"}, {"taken": "2024-06-02"}
    )
    (said,) = filters(found)
    assert sorted(said["or"], key=repr) == [
        {"isFavorite": {"eq": True}},
        {"rating": {"gte": 5}},
        {"takenAt": {"gte": "2024-06-01T00:00:00.000Z", "lte": "2024-06-04T00:00:00.000Z"}},
        {"type": {"eq": "VIDEO"}},
    ]
    ((because),) = found.selections.values()
    assert len(because) == 3


def test_rules_that_differ_in_their_tags_only_are_one_search(tmp_path: Path) -> None:
    rules = [{"tags": [path], "rating": ">=4"} for path in ("Family", "Trips", "A/B")]
    assert filters(parts(tmp_path, *rules)) == [
        {"tagIds": {"any": ["a/b", "family", "trips"]}, "rating": {"gte": 4}}
    ]


def test_all_photos_of_people_are_asked_for_person_by_person(tmp_path: Path) -> None:
    """Which also tells who is on which, so that nobody's are read twice."""
    found = filters(parts(tmp_path, {"people": {"any": ["Ada", "Ben"]}}, {"people": "Ada", "rating": 5}))
    assert found == [{"personIds": {"any": ["p1"]}}, {"personIds": {"any": ["p2", "p3"]}}]


def test_tags_people_and_parts_of_texts_stay_by_themselves(tmp_path: Path) -> None:
    """The database finds them by an index only where no `or` joins them to others."""
    rules = [{"tags": ["Family"]}, {"people": "Ada"}, {"folder": "2024"}, {"favorite": True}, {"rating": 5}]
    found = filters(parts(tmp_path, *rules))
    assert len(found) == 4
    assert [sorted(one) for one in found].count(["or"]) == 1


def test_a_search_within_another_is_left_out(tmp_path: Path) -> None:
    rules = [
        {"tags": {"any": ["Family", "Trips"]}},
        {"tags": ["Family"], "rating": 5},
        {"tags": ["Family", "A/B"]},
        {"rating": ">=3"},
        {"rating": "4..5", "favorite": True},
    ]
    found = parts(tmp_path, *rules)
    assert sorted(filters(found), key=repr) == [
        {"rating": {"gte": 3}},
        {"tagIds": {"any": ["family", "trips"]}},
    ]
    assert sorted(len(why) for why in found.selections.values()) == [2, 3]


def test_days_that_meet_are_asked_for_once(tmp_path: Path) -> None:
    found = parts(tmp_path, [{"taken": f"2024-06-0{day}"} for day in (1, 2, 3)])
    assert filters(found) == [
        {"takenAt": {"gte": "2024-05-31T00:00:00.000Z", "lte": "2024-06-05T00:00:00.000Z"}}
    ]


@pytest.mark.parametrize("days", ["12-24..12-26", "12-30..01-02", "02-29"])
def test_days_of_every_year_are_asked_for_year_by_year(tmp_path: Path, days: str) -> None:
    (said,) = filters(parts(tmp_path, {"taken": days, "tags": ["Family"]}))
    assert said["tagIds"] == {"any": ["family"]}
    bounds = [one["takenAt"] for one in said["or"]]
    assert len(YEARS) < len(bounds) <= len(YEARS) + 2
    assert [one["lte"] for one in bounds if "gte" not in one] == ["1980-01-02T00:00:00.000Z"]
    assert [one["gte"][:7] for one in bounds if "lte" not in one] == ["2040-12"]
    around = {
        "12-24..12-26": ("2019-12-23", "2019-12-28"),
        "12-30..01-02": ("2019-12-29", "2020-01-04"),
        "02-29": ("2019-02-28", "2019-03-03"),
    }[days]
    assert any({*one.values()} == {f"{end}T00:00:00.000Z" for end in around} for one in bounds)


def test_dates_are_not_asked_while_edits_wait(tmp_path: Path) -> None:
    facts = Facts(library=100_000, structured=True)
    assert parts(tmp_path, {"taken": "12-24"}, facts=facts).whole
    assert parts(tmp_path, {"taken": "2024"}, facts=facts).whole


def test_an_album_that_photos_may_leave_is_not_left_out(tmp_path: Path) -> None:
    """What leaves it in the same run comes to match."""
    rule = {"favorite": True, "album": {"none": ["Others"]}}
    left = Facts(albums=FACTS.albums, structured=True, left_alone=frozenset({"r"}))
    assert filters(parts(tmp_path, rule, facts=left)) == [{"isFavorite": {"eq": True}}]


def test_many_alternatives_are_asked_in_hundreds(tmp_path: Path) -> None:
    rules = [{"taken": f"20{year:02}-{month:02}-05"} for year in range(24) for month in range(1, 13)]
    found = filters(parts(tmp_path, *rules))
    assert [len(one["or"]) for one in found] == [100, 100, 88]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"rating": "2..3"}, "rating from 2, rating below 4"),
        ({"tags": {"any": ["Family", "A/B"]}}, "tag A/B or Family"),
        ({"tags": ["Family", "A/B"]}, "tag A/B, Family"),
        ({"people": "Ada", "not": {"people": "Ben"}}, "person ada, no person ben or ben"),
        ({"file": "IMG_*.jpg"}, 'file ending with ".jpg", file beginning with "IMG_"'),
        ({"any": [{"rating": 5}, {"favorite": True}]}, "favorite yes or rating from 5"),
        ({"lacks": "tags"}, "any tag no"),
        ({"lacks": "lens"}, "no lens or no lens"),
        ({"has": "description"}, "any description"),
        ({"taken": "12-24..12-26", "favorite": True}, "favorite yes, in 63 stretches of time"),
        ({"taken": "2024-06-02", "favorite": True}, "favorite yes, taken 2024-06-01..2024-06-04"),
    ],
    ids=str,
)
def test_in_words(tmp_path: Path, rule: Any, words: str) -> None:
    (selection,) = parts(tmp_path, rule).selections
    assert described(selection, FACTS) == words
