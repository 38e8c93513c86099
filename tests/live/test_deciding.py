"""Whether a photo carries a tag beside one below it is only asked where something depends on it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from reconciler.diff import compare
from reconciler.immich.tally import Sent
from reconciler.live.errand import Around
from reconciler.live.plan import ReadingPlan
from reconciler.live.read import read_planned
from reconciler.live.tags import tagging
from reconciler.model.live import Live
from reconciler.model.origin import InvalidFiles
from reconciler.sandbox.library import NewAsset
from tests.live.test_parts import VERSIONS, invented, rules
from tests.support.world import World, world

TAGS = ["Trips", "Trips/Italy", "Trips/Italy/Rome", "Family"]


def photo(number: int, chance: random.Random) -> NewAsset:
    """One that often carries a tag and another below it."""
    made = invented(number, chance)
    tags = tuple(chance.sample(TAGS, chance.randint(0, 3)))
    return replace(made, embedded=replace(made.embedded, tags=tags))


@pytest.fixture(scope="module", params=VERSIONS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    chance = random.Random(11)
    found = [photo(number, chance) for number in range(60)]
    with world(tmp_path_factory.mktemp("library"), found, version=request.param) as made:
        yield made


def reading(place: World, wish: dict[str, Any], *, complete: bool) -> tuple[Live, ReadingPlan, int]:
    """Read by searches, with a look at all open tags or at those that decide; and how many were asked."""
    sent: list[str] = []

    def note(one: Sent) -> None:
        sent.append(one.template)

    with (
        pytest.MonkeyPatch.context() as costs,
        place.reader.transport.watched(note),
    ):
        costs.setattr(tagging, "tags_one_by_one", lambda *_args: False)
        live, plan = read_planned(
            place.desired(wish),
            place.reader,
            identity=place.identity,
            features=place.features(),
            around=Around(settled=lambda: True, complete=complete),
        )
    return live, plan, sent.count("/assets/{id}")


def tag_wishes() -> st.SearchStrategy[Any]:
    tags = st.lists(st.sampled_from([*TAGS, "New"]), min_size=1, max_size=2, unique=True)
    return tags.flatmap(
        lambda some: st.sampled_from([some, {"add": some}, {"remove": some}, {"exact": some}])
    )


@st.composite
def wishes(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Rules that ask for tags, write them, and write what others ask for; album sets by tag."""
    some = st.sampled_from([*TAGS, "Trips/*", "Trips/Italy/*"]).map(lambda tag: {"tags": [tag]})
    ruled = st.one_of(
        some,
        some.map(lambda one: {"not": one}),
        st.tuples(some, rules()).map(lambda both: {"all": list(both)}),
        st.tuples(some, rules()).map(lambda both: {"any": list(both)}),
    )
    values = st.sampled_from([{"rating": 4}, {"favorite": True}, {"description": "Sunset"}])
    writes = st.one_of(tag_wishes().map(lambda tags: {"tags": tags}), values)
    entries = [{"match": draw(ruled), **draw(writes)} for _ in range(draw(st.integers(0, 2)))]
    if draw(st.booleans()):
        entries.append({"match": {"file": draw(st.sampled_from(names))}, "tags": draw(tag_wishes())})
    albums: list[dict[str, Any]] = [{"name": "New", "match": draw(ruled)}]
    if draw(st.booleans()):
        albums[0]["exclude"] = draw(some)
    wish: dict[str, Any] = {"assets": entries, "albums": albums}
    if draw(st.integers(0, 3)) == 0:
        grouped = draw(st.sampled_from(["tag", {"tag": "Trips"}]))
        wish["album_sets"] = [{"for_each": grouped, "name": "By {path}", "match": draw(ruled)}]
    return wish


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_not_asked_changes_nothing(place: World, data: st.DataObject) -> None:
    wish = data.draw(wishes(sorted(place.ids())))
    try:
        desired = place.desired(wish)
    except InvalidFiles:  # rules that are made of each other
        reject()
    some, _, few = reading(place, wish, complete=False)
    everything, _, many = reading(place, wish, complete=True)
    assert few <= many
    one, other = compare(desired, some), compare(desired, everything)
    assert one.changes == other.changes
    assert (one.problems, one.missing, one.notes) == (other.problems, other.missing, other.notes)


BOTH = {"Trips", "Trips/Italy"}


@pytest.fixture(params=VERSIONS)
def few(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Ten photos have a tag below «Trips», five of them «Trips» too, five a high rating; two have none."""
    chance = random.Random(3)
    found = []
    for number in range(12):
        made = invented(number, chance)
        tags = (("Trips", "Trips/Italy") if number < 5 else ("Trips/Italy",)) if number < 10 else ()
        embedded = replace(made.embedded, rating=5 if 5 <= number < 10 else 1, tags=tags)
        found.append(replace(made, visibility="timeline", embedded=embedded))
    with world(tmp_path, found, version=request.param) as made_world:
        yield made_world


EXACTLY = {"tags": ["Trips"]}
ALL = {"taken": "1990.."}


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        ({"albums": [{"name": "A", "match": EXACTLY}]}, 10),
        ({"albums": [{"name": "A", "match": {"tags": ["Trips/*"]}}]}, 0),
        ({"albums": [{"name": "A", "match": {"tags": ["Trips"], "rating": ">=4"}}]}, 5),
        ({"albums": [{"name": "A", "match": {"any": [EXACTLY, {"rating": ">=4"}]}}]}, 5),
        ({"albums": [{"name": "A", "match": {"has": "tags"}}]}, 0),
        ({"albums": [{"name": "A", "match": {"rating": ">=4"}, "exclude": EXACTLY}]}, 5),
        ({"albums": [{"name": "A", "match": {"tags": ["Trips", "Elsewhere"]}}]}, 0),
        # the rating may become 4 or more
        (
            {
                "assets": [{"match": {"file": "*"}, "rating": 5}],
                "albums": [{"name": "A", "match": {"tags": ["Trips"], "rating": ">=4"}}],
            },
            10,
        ),
        ({"assets": [{"match": {"rating": ">=4"}, "tags": ["Trips"]}]}, 5),
        ({"assets": [{"match": {"rating": ">=4"}, "tags": ["Elsewhere"]}]}, 0),
        ({"assets": [{"match": {"rating": ">=4"}, "tags": {"exact": ["Trips/Italy"]}}]}, 5),
        ({"assets": [{"match": {"rating": ">=4"}, "tags": {"remove": ["Trips"]}}]}, 5),
        ({"album_sets": [{"for_each": "tag", "name": "{path}"}]}, 10),
        ({"album_sets": [{"for_each": {"tag": "Trips"}, "name": "{path}"}]}, 0),
    ],
)
def test_only_photos_for_which_it_decides_are_asked(few: World, wish: dict[str, Any], asked: int) -> None:
    wish = {
        "albums": [{"name": "Everything", "match": {"not": {"favorite": False}}}, *wish.get("albums", ())]
    } | {key: value for key, value in wish.items() if key != "albums"}
    live, plan, found = reading(few, wish, complete=False)
    assert found == asked
    told = [item for item in plan.reads if "that may carry Trips" in item.about]
    assert [item.cost.requests for item in told] == ([asked] if asked else [])
    everything, _, _ = reading(few, wish, complete=True)
    desired = few.desired(wish)
    assert compare(desired, live).changes == compare(desired, everything).changes
