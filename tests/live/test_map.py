"""What rules ask of coordinates is told by the map, where that costs less than to read the whole library."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from reconciler.config.cache import Cache
from reconciler.diff import compare
from reconciler.immich.answers import Marker
from reconciler.immich.errors import Kind, ServerError
from reconciler.live.cost import Cost, scan_cost
from reconciler.live.errand import Around
from reconciler.live.kept.photos import Kept
from reconciler.live.plan import ReadingPlan, What
from reconciler.live.read import read_planned
from reconciler.live.searching import choosing, looking
from reconciler.live.searching import map as on_map
from reconciler.live.searching.facts import Facts
from reconciler.live.searching.map import Map, worth_asking
from reconciler.model.asset import AssetState
from reconciler.model.live import Live
from reconciler.model.origin import InvalidFiles
from reconciler.model.places import InBox, Near
from reconciler.model.values import Coordinates
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.live.test_parts import BOXES, EDGES, POINTS, near, place, reading, rules
from tests.support.people import admin, joins, shows_all
from tests.support.world import World, world

assert place  # the fixture

ROME, FLORENCE, TOKYO, SEA = (41.89193, 12.51133), (43.77925, 11.24626), (35.6895, 139.69171), (30.0, -40.0)
NEAR_ROME = {"near": {"latitude": 41.9, "longitude": 12.5, "radius": "20km"}}
LARGE = 100_000


# The map itself


def marker(number: int, at: tuple[float, float], *names: str | None) -> Marker:
    country, state, city = (*names, None, None, None)[:3]
    return Marker(f"{number:05}", Coordinates(*at), (country, state, city))


degrees = st.sampled_from([-90.0, -45.5, -0.001, 0.0, 0.001, 45.5, 89.999, 90.0])
longitudes = st.sampled_from([-180.0, -179.999, -90.0, 0.0, 0.001, 90.0, 179.999, 180.0])
points = st.builds(Coordinates, degrees, longitudes)
conditions = st.one_of(
    st.builds(Near, points, st.sampled_from([0.0, 150.0, 20_000.0, 5_000_000.0, 20_100_000.0])),
    st.builds(InBox, degrees, longitudes, degrees, longitudes),
)


@given(places=st.lists(points, max_size=12), where=st.lists(conditions, min_size=1, max_size=3))
def test_a_photo_on_the_map_is_where_its_rule_finds_it(
    plain_asset: Any, places: list[Coordinates], where: list[Near | InBox]
) -> None:
    markers = [Marker(str(number), place, (None, None, None)) for number, place in enumerate(places)]
    states = {one.id: AssetState(replace(plain_asset, id=one.id, location=one.place)) for one in markers}
    expected = {key for key, state in states.items() if all(one.matches(state) for one in where)}
    assert Map(markers).photos(where) == expected


@pytest.fixture(scope="module")
def plain_asset(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with world(tmp_path_factory.mktemp("one"), [photo(1, None)]) as made:
        (found,) = made.reader.scan(owner_id=made.identity.user_id, hidden=True).values()
        return found


# How photos on it are read


def cities() -> list[Marker]:
    """4,000 photos in Rome, 300 in 30 places of Tuscany, 40 in Tokyo, and some without names."""
    found = [marker(number, ROME, "Italy", "Lazio", "Rome") for number in range(4000)]
    found += [marker(4000 + one, FLORENCE, "Italy", "Tuscany", f"Town {one % 30}") for one in range(300)]
    found += [marker(5000 + one, TOKYO, "Japan", "Tokyo", "Tokyo") for one in range(40)]
    found += [marker(6000 + one, SEA) for one in range(10)]
    return found + [marker(7000 + one, SEA, "Italy", "", "Nowhere") for one in range(50)]


def ids(first: int, count: int) -> list[str]:
    return [f"{number:05}" for number in range(first, first + count)]


FLAT = Facts(library=LARGE, passes=1)
IN_TWO = Facts(library=LARGE, passes=2)
STRUCTURED = Facts(library=LARGE, structured=True, by_ids=True)
WITH_TAGS = Facts(library=LARGE, structured=True)


@pytest.mark.parametrize(
    ("photos", "facts", "searched", "alone"),
    [
        (ids(0, 2000), FLAT, [{"city": "Rome", "state": "Lazio", "country": "Italy"}], 0),
        (ids(0, 10), FLAT, [], 10),  # the whole city for ten of it costs more
        (ids(4000, 300), FLAT, [{"state": "Tuscany", "country": "Italy"}], 0),
        (ids(4000, 3), FLAT, [], 3),
        (ids(5000, 40), FLAT, [{"country": "Japan", "state": "Tokyo", "city": "Tokyo"}], 0),
        (ids(5000, 5) + ids(0, 3000), FLAT, [{"city": "Rome", "state": "Lazio", "country": "Italy"}], 5),
        (ids(6000, 10), FLAT, [], 10),  # without a country are all that aren't on the map, too
        (ids(7000, 50), FLAT, [], 50),  # an empty name is none to a server before 3.0
        (ids(5000, 11), IN_TWO, [], 11),
        (ids(5000, 40), IN_TWO, [{"country": "Japan", "state": "Tokyo", "city": "Tokyo"}], 0),
        ([], FLAT, [], 0),
    ],
)
def test_the_cheapest_way(
    photos: list[str], facts: Facts, searched: list[dict[str, str]], alone: int
) -> None:
    found = Map(cities()).reading(photos, facts)
    assert [set(dict(one.selection.filters).items()) for one in found.searches] == [
        set(one.items()) for one in searched
    ]
    assert len(found.alone) == alone
    assert found.wanted == set(photos)
    assert all(one.wanted.isdisjoint(found.alone) for one in found.searches)


def test_several_places_are_one_structured_search() -> None:
    photos = ids(0, 4000) + ids(5000, 40) + ids(6000, 3)
    (search,) = Map(cities()).reading(photos, WITH_TAGS).searches
    assert [branch.conditions for branch in search.selection.branches] == [
        (("country", "eq", "Italy"), ("state", "eq", "Lazio"), ("city", "eq", "Rome")),
        (("country", "eq", "Japan"), ("state", "eq", "Tokyo"), ("city", "eq", "Tokyo")),
    ]
    assert search.rows == 4040 and len(search.wanted) == 4040


def test_ids_in_one_structured_search_cost_less_than_a_city() -> None:
    found = Map(cities()).reading(ids(0, 300), STRUCTURED)
    assert not found.searches and len(found.alone) == 300
    assert len(Map(cities()).reading(ids(0, 300), WITH_TAGS).searches) == 1


@given(st.data())
def test_nothing_is_forgotten_and_it_costs_no_more_than_one_by_one(data: st.DataObject) -> None:
    chance = random.Random(data.draw(st.integers(0, 1000)))
    names = [None, "", "A", "B", "C"]
    markers = [
        marker(number, ROME, *(chance.choice(names) for _ in range(3)))
        for number in range(chance.choice([5, 400]))
    ]
    photos = [one.id for one in markers if chance.random() < chance.choice([0.1, 0.9])]
    facts = data.draw(st.sampled_from([FLAT, IN_TWO, STRUCTURED, WITH_TAGS, Facts(library=500)]))
    known = Map(markers)
    found = known.reading(photos, facts)
    assert found.wanted == set(photos)
    assert found.cost(facts).seconds <= choosing.ids_cost(len(photos), facts).seconds
    by_id = {one.id: dict(zip(("country", "state", "city"), one.names, strict=True)) for one in markers}
    for one in found.searches:
        sought = (
            [dict(one.selection.filters)]
            if one.selection.filters
            else [{name: value for name, _, value in branch.conditions} for branch in one.selection.branches]
        )
        assert all(
            any(sought_for.items() <= by_id[asset_id].items() for sought_for in sought)
            for asset_id in one.wanted
        )


def test_what_may_be_saved_decides_whether_it_is_asked_for() -> None:
    assert worth_asking(LARGE, scan_cost(LARGE, 1).seconds)
    assert not worth_asking(LARGE, 1.0)
    assert worth_asking(4000, scan_cost(4000, 1).seconds)
    assert not worth_asking(1000, scan_cost(1000, 2).seconds)


# On a server


def photo(number: int, at: tuple[float, float] | None, **given: Any) -> NewAsset:
    taken = datetime(2024, 1, 1 + number % 28, 12, tzinfo=UTC)
    embedded = Embedded(
        taken=taken.replace(tzinfo=None).isoformat(),
        offset="+00:00",
        latitude=at[0] if at else None,
        longitude=at[1] if at else None,
    )
    return NewAsset(f"IMG_{number:04}.jpg", taken, embedded, **given)


def library() -> list[NewAsset]:
    found = [photo(number, (ROME, TOKYO, SEA, None)[number % 4]) for number in range(40)]
    found += [photo(40 + one, ROME, visibility="archive") for one in range(3)]
    found += [photo(50 + one, ROME, visibility="hidden") for one in range(2)]
    return [*found, photo(60, ROME, visibility="locked"), photo(61, ROME, trashed=True)]


@pytest.fixture(scope="module", params=["3.2.2", "3.1.0", "2.5.6"])
def rome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("rome"), library(), version=request.param) as made:
        yield made


@contextmanager
def dear_scans(seconds: float) -> Iterator[pytest.MonkeyPatch]:
    """Reading the whole library costs so much, however small it is."""
    with pytest.MonkeyPatch.context() as costs:
        for module in (looking, choosing):
            costs.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, seconds))
        yield costs


class Asked:
    """What a reading has sent, and what came of it."""

    def __init__(self, place: World, wish: dict[str, Any], around: Around, scan: float = 1e6) -> None:
        self.sent: list[str] = []
        with place.reader.transport.watched(lambda one: self.sent.append(one.template)), dear_scans(scan):
            self.live, self.plan = read_planned(
                place.desired(wish),
                place.reader,
                identity=place.identity,
                features=place.features(),
                around=around,
            )

    live: Live
    plan: ReadingPlan

    @property
    def scanned(self) -> bool:
        return any(read.what is What.SCAN for read in self.plan.reads)

    @property
    def names(self) -> set[str]:
        return {asset.file_name for asset in self.live.assets.values()}


def album(rule: Any, **more: Any) -> dict[str, Any]:
    return {"albums": [{"name": "New", "match": rule, **more}]}


def test_the_map_is_asked_once_and_only_what_lies_there_is_read(rome: World) -> None:
    boxes = [
        {"box": dict(zip(EDGES, edges, strict=True))} for edges in ((41, 12, 42, 13), (41, 12.5, 42, 13))
    ]
    wish = {
        "albums": [{"name": str(number), "match": rule} for number, rule in enumerate([NEAR_ROME, *boxes])]
    }
    found = Asked(rome, wish, Around(may_map=True))
    assert found.sent.count("/map/markers") == 1
    assert not found.scanned
    assert found.names == {f"IMG_{number:04}.jpg" for number in (*range(0, 40, 4), 40, 41, 42)}
    searches = {"3.2.2": 1, "3.1.0": 1, "2.5.6": 2}[str(rome.reader.dialect.version)]
    assert found.sent.count("/search/metadata") == searches
    asked = next(read for read in found.plan.reads if read.what is What.MAP)
    assert len(asked.because) == 3 and asked.fewest == 0
    (search,) = [read for read in found.plan.reads if read.what is What.SEARCH]
    assert "Rome" in search.about and search.about.endswith("13 photos of 13") and len(search.because) == 3
    assert found.live.unread == 0


def test_hidden_photos_are_searched_for_beside_the_map(rome: World) -> None:
    rule = {**NEAR_ROME, "any": [{"visibility": "hidden"}, {"has": "date"}]}
    found = Asked(rome, album(rule), Around(may_map=True))
    assert not found.scanned and "/map/markers" in found.sent
    added = compare(rome.desired(album(rule)), found.live).changes.albums[0].added
    expected = (*range(0, 40, 4), 40, 41, 42, 50, 51)
    assert {found.live.assets[one].file_name for one in added} == {f"IMG_{one:04}.jpg" for one in expected}


def test_what_else_a_rule_asks_may_cost_less_than_the_map(rome: World) -> None:
    found = Asked(rome, album({**NEAR_ROME, "favorite": True}), Around(may_map=True))
    assert not found.scanned and "/map/markers" not in found.sent


def reasons(plan: ReadingPlan) -> list[str]:
    """Why the map was not asked."""
    return [one.why for one in plan.rejected if one.way == "where photos were taken"]


def test_without_the_permission_the_library_is_read(rome: World) -> None:
    found = Asked(rome, album(NEAR_ROME), Around())
    assert found.scanned and "/map/markers" not in found.sent
    assert reasons(found.plan) == ["the key lacks map.read"]


def test_where_all_photos_are_read_in_any_case_the_map_is_no_use(rome: World) -> None:
    others = {"name": "Elsewhere", "match": {"lacks": "location"}}
    found = Asked(rome, {"albums": [*album(NEAR_ROME)["albums"], others]}, Around(may_map=True))
    assert found.scanned and "/map/markers" not in found.sent
    assert reasons(found.plan) == ["all photos are read in any case"]


def test_a_small_library_is_read_whole(rome: World) -> None:
    _, plan = read_planned(
        rome.desired(album(NEAR_ROME)),
        rome.reader,
        identity=rome.identity,
        features=rome.features(),
        around=Around(may_map=True),
    )
    assert [read.what for read in plan.reads if read.what in (What.MAP, What.SCAN)] == [What.SCAN]
    assert reasons(plan) == ["the scan costs less"]


@pytest.mark.parametrize(("seconds", "scanned"), [(0.3, True), (1.0, False)])
def test_where_the_map_shows_that_most_photos_are_meant_all_are_read(
    rome: World, monkeypatch: pytest.MonkeyPatch, seconds: float, scanned: bool
) -> None:
    """Searches for places are taken for dearer than they seem, beside a scan that costs about as much."""
    monkeypatch.setattr(on_map, "search_cost", lambda rows, _library, _passes=1: Cost(1, rows, rows * 0.01))
    monkeypatch.setattr(on_map, "ids_cost", lambda photos, _facts: Cost(photos, photos, photos * 0.1))
    rule = {"box": dict(zip(EDGES, (-90, -180, 90, 180), strict=True))}
    found = Asked(rome, album(rule), Around(may_map=True), scan=seconds)
    assert found.scanned is scanned
    assert found.sent.count("/map/markers") == 1


def test_what_is_kept_of_the_library_is_used_as_before(rome: World, tmp_path: Path) -> None:
    def kept(folder: Path) -> Kept:
        shelf = Cache(folder)
        return Kept(
            shelf,
            "one",
            settled=lambda: True,
            now=lambda: datetime.now(UTC),
            smallest=0,
            pause=lambda _: None,
        )

    def around(folder: Path) -> Around:
        return Around(may_map=True, sees_queues=True, settled=lambda: True, kept=kept(folder))

    assert "/map/markers" in Asked(rome, album(NEAR_ROME), around(tmp_path / "nothing yet")).sent
    everything = Asked(rome, album({"has": "location"}), around(tmp_path / "kept"))
    again = Asked(rome, album({"has": "location"}), around(tmp_path / "kept"))
    found = Asked(rome, album(NEAR_ROME), around(tmp_path / "kept"))
    assert everything.scanned and "/map/markers" not in found.sent
    assert sorted(found.sent) == sorted(again.sent)
    assert reasons(found.plan) == ["bringing up to date what is kept costs less"]
    blind = replace(around(tmp_path / "kept"), sees_queues=False, settled=lambda: None)
    assert "/map/markers" in Asked(rome, album(NEAR_ROME), blind).sent


def test_a_server_that_does_not_tell_is_read_whole(rome: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> list[Marker]:
        raise ServerError("out of memory", kind=Kind.SERVER, method="GET", path="/map/markers")

    monkeypatch.setattr(rome.reader, "markers", fails)
    found = Asked(rome, album(NEAR_ROME), Around(may_map=True))
    assert found.scanned
    assert any("doesn't tell" in one.why for one in found.plan.rejected)


def test_a_place_that_gets_another_name_meanwhile_is_found_by_the_photos_id(tmp_path: Path) -> None:
    with world(tmp_path, library(), version="3.1.0") as place:
        ids, real = place.ids(), place.reader.markers

        def then_renamed() -> list[Marker]:
            found = real()
            with place.library.database.write() as db:
                db.run("UPDATE exif SET city = 'Roma' WHERE asset_id = ?", (ids["IMG_0000.jpg"],))
                db.run("UPDATE asset SET visibility = 'locked' WHERE id = ?", (ids["IMG_0004.jpg"],))
                db.run("UPDATE asset SET deleted_at = 1 WHERE id = ?", (ids["IMG_0008.jpg"],))
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place.reader, "markers", then_renamed)
            found = Asked(place, album(NEAR_ROME), Around(may_map=True))
        assert not found.scanned
        expected = {*range(12, 40, 4), 0, 40, 41, 42}
        assert found.names == {f"IMG_{number:04}.jpg" for number in expected}
        assert found.sent.count("/assets/{id}") == 3


def test_where_rules_ask_for_other_peoples_photos_the_map_is_not_asked(tmp_path: Path) -> None:
    with world(tmp_path, library(), version="3.1.0") as place:
        ada, ben = admin(place.mounted), joins(place.mounted, "Ben", [photo(100, ROME), photo(101, TOKYO)])
        shows_all(ben, ada)
        found = Asked(place, album({**NEAR_ROME, "owner": ["me", "Ben"]}), Around(may_map=True))
        assert found.scanned and "/map/markers" not in found.sent
        assert [one.file_name for one in found.live.others.values() if one.location] != []
        assert reasons(found.plan) == ["it doesn't tell whose photos are on it"]
        mine = Asked(place, album(NEAR_ROME), Around(may_map=True))
        assert not mine.scanned and "/map/markers" in mine.sent


# Everything at once


@st.composite
def placed(draw: st.DrawFn) -> dict[str, Any]:
    """Rules that can't be met without knowing where photos were taken, whatever else they ask."""
    boxes = st.sampled_from(BOXES).map(lambda edges: {"box": dict(zip(EDGES, edges, strict=True))})
    where = st.one_of(st.sampled_from(POINTS).flatmap(near), boxes)
    alone = st.lists(where, min_size=1, max_size=2).map(lambda both: {"all": both})
    more = st.tuples(where, rules()).map(lambda both: {"all": list(both)})
    one = st.one_of(alone, more)
    return {"any": draw(st.lists(one, min_size=1, max_size=2))}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_by_the_map_and_from_the_whole_library_come_the_same_changes(
    place: World, data: st.DataObject
) -> None:
    writes = st.sampled_from(
        [{"rating": 4}, {"location": {"latitude": 41.9, "longitude": 12.5}}, {"tags": ["Family"]}]
    )
    albums = [
        {
            "name": name,
            "match": data.draw(placed()),
            "membership": data.draw(st.sampled_from(["exact", "add"])),
        }
        for name in data.draw(st.lists(st.sampled_from(["Rome", "New"]), unique=True, min_size=1, max_size=2))
    ]
    entries = [
        {"match": data.draw(placed()), **data.draw(writes)} for _ in range(data.draw(st.integers(0, 1)))
    ]
    wish = {"assets": entries, "albums": albums}
    try:
        desired = place.desired(wish)
    except InvalidFiles:  # albums that are made of each other
        reject()
    with pytest.MonkeyPatch.context() as costs:
        if data.draw(st.booleans(), label="one by one"):
            costs.setattr(on_map, "_together", lambda _rows, _facts: 1e6)
        parts, plan = reading(place, wish, whole=False, settled=data.draw(st.sampled_from([True, None])))
    if not any(read.what is What.MAP for read in plan.reads):
        reject()  # what else it asks cost less
    whole, _ = reading(place, wish, whole=True)
    assert compare(desired, parts).changes == compare(desired, whole).changes
