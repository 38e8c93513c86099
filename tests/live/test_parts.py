"""What the server picks out and the rule then judges is what the rule finds in the whole library."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from reconciler.diff import compare
from reconciler.diff.states import states_of
from reconciler.live.cost import Cost
from reconciler.live.errand import Around
from reconciler.live.plan import ReadingPlan, What
from reconciler.live.read import read_planned
from reconciler.live.searching import choosing, looking
from reconciler.live.searching.facts import Facts
from reconciler.model.live import Live
from reconciler.model.origin import InvalidFiles, Origin
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.sandbox.running import Client
from tests.support.people import admin, joins, put_in, shows_all
from tests.support.world import World, world

VERSIONS = ("3.2.2", "3.1.0", "2.5.6")
FILES = [
    "IMG_{}.jpg",
    "img_{}.JPG",
    "Straße {}.jpg",
    "STRASSE {}.JPG",
    "Zoe\u0308 {}.jpg",
    "Zoë {}.heic",
    "ﬁsh [{}].jpg",
]
FOLDERS = [
    "/photos/2024/Italy",
    "/photos/2024/italy/Rome",
    "/Photos/Ünï",
    "/photos/u\u0308ni\u0308/x",
    "/scans",
]
MAKES = [None, "Canon", "CANON", "canon ", "Sony", "Müller", "MU\u0308LLER"]
CAPTIONS = [None, "Sunset", "SUNSET at Café", "cafe\u0301 noir", "100% straße", "STRASSE", "a_b"]
TAGS = ["Trips", "Trips/Italy", "Trips/Italy/Rome", "trips", "Family"]
PLACES = [None, (41.89193, 12.51133), (41.9, 12.5), (35.6895, 139.69171), (64.1355, -21.8954), (30.0, -40.0)]
POINTS = [(41.9, 12.5), (30, -40), (35.7, 139.7), (-30, 179)]
BOXES = [(41.895, 12, 42, 13), (30, -40, 65, -21), (-90, -180, 90, 180), (0, 139, 40, -20)]
OFFSETS = [None, "+14:00", "-12:00", "+02:00", "-03:30"]
PEOPLE = ["Ada", "Ben", "Zoe\u0308", ""]
ALBUMS = ["Rome", "ROME", "Others"]
PARTS = ["rating", "tags", "description", "place", "camera", "lens", "date", "people"]


def invented(number: int, chance: random.Random) -> NewAsset:
    """A photo whose texts differ by case, accents and their composing, near the ends of a few days."""
    taken = datetime(2024, 6, chance.randint(1, 4)) + timedelta(minutes=chance.choice([0, 1, 719, 720, 1439]))
    place = chance.choice(PLACES)
    name = chance.choice(FILES).format(number)
    dated = chance.random() < 0.9
    return NewAsset(
        file_name=name,
        file_created_at=taken.replace(tzinfo=UTC),
        path=f"{chance.choice(FOLDERS)}/{name}",
        embedded=Embedded(
            taken=taken.isoformat() if dated else None,
            offset=chance.choice(OFFSETS) if dated else None,
            latitude=place[0] if place else None,
            longitude=place[1] if place else None,
            make=chance.choice(MAKES),
            model=chance.choice([None, "EOS R5", "eos r6"]),
            description=chance.choice(CAPTIONS),
            rating=chance.choice([None, None, 1, 3, 5]),
            tags=tuple(chance.sample(TAGS, chance.randint(0, 2))),
        ),
        visibility=chance.choice(["timeline", "timeline", "timeline", "archive", "hidden"]),
        favorite=chance.random() < 0.3,
        people=tuple(chance.sample(PEOPLE, chance.randint(0, 2))),
        stack=chance.choice(["one", "two", *[None] * 8]),
        external_library=chance.choice(["NAS", "nas 2", *[None] * 6]),
    )


@pytest.fixture(scope="module", params=VERSIONS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    chance = random.Random(7)
    found = [invented(number, chance) for number in range(70)]
    names = {one.file_name for one in found}
    found += [replace(invented(number, chance), trashed=True) for number in range(70, 76)]
    with world(tmp_path_factory.mktemp("library"), found, version=request.param) as made:
        ids = sorted(asset_id for name, asset_id in made.ids().items() if name in names)
        made.converge(
            {
                "albums": [
                    {"name": name, "assets": [{"id": one} for one in ids[start : start + 12]]}
                    for name, start in (("Rome", 0), ("Others", 8))
                ]
            }
        )
        with made.library.database.write() as db:  # not read by the server yet
            db.run("DELETE FROM exif WHERE asset_id IN (?, ?)", (ids[3], ids[40]))
            moved = "UPDATE exif SET latitude = 41.9, longitude = 12.5 WHERE asset_id IN (?, ?, ?)"
            db.run(moved, (ids[5], ids[20], ids[50]))  # the names of their places wait for the jobs
        yield made


def reading(
    place: World, wish: dict[str, Any], *, whole: bool, settled: bool | None = True
) -> tuple[Live, ReadingPlan]:
    """Read as a whole, or in parts however small the library is."""
    with pytest.MonkeyPatch.context() as costs:
        if not whole:
            for module in (looking, choosing):
                costs.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
        return read_planned(
            place.desired(wish),
            place.reader,
            identity=place.identity,
            features=place.features(),
            around=Around(settled=lambda: settled, whole=whole, may_map=True),
        )


def in_parts(plan: ReadingPlan) -> bool:
    return not any(read.what is What.SCAN for read in plan.reads)


def any_case(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from([text, text.upper(), text.lower()])


TEXTS = {
    "file": [
        "IMG_1.jpg",
        "img_*.jpg",
        "strasse *",
        "Zoë *",
        "zoe\u0308 *",
        "*sh*",
        "fish*",
        "*[[]*",
        "*.heic",
        "?MG_2*",
    ],
    "folder": [
        "/photos/2024",
        "2024/italy",
        "italy/rome",
        "ünï",
        "/photos/*/italy",
        "/photos/**/rome",
        "/scans",
    ],
    "path": ["/photos/2024/*", "*rome*", "/scans/IMG_3.jpg"],
}


EDGES = ("south", "west", "north", "east")


def near(point: tuple[float, float]) -> st.SearchStrategy[dict[str, Any]]:
    reaches = st.sampled_from(["100m", "2km", "500km", "9000km"])
    return reaches.map(lambda reach: {"near": {"latitude": point[0], "longitude": point[1], "radius": reach}})


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    texts = [
        st.sampled_from(texts).flatmap(any_case).map(lambda text, key=key: {key: text})  # type: ignore[misc]
        for key, texts in TEXTS.items()
    ]
    days = [
        "2024-06-02",
        "..2024-06-01",
        "2024-06-03..",
        "2024-06-01..2024-06-02",
        "2024-06",
        "2024-06-02T00:00:00Z..2024-06-03T00:00:00Z",
        "06-02",
        "05-30..06-01",
        "06-03..05-20",
    ]
    return st.one_of(
        *texts,
        st.sampled_from(days).map(lambda taken: {"taken": taken}),
        st.sampled_from(["canon", "Canon*", "müller", "MULLER", "*"]).map(
            lambda make: {"camera": {"make": make}}
        ),
        st.sampled_from([["EOS R5", "eos r6"], ["eos*"]]).map(lambda model: {"camera": {"model": model}}),
        st.sampled_from(["italy", "ITALY", "I*", "Japan", "nowhere"]).map(
            lambda name: {"place": {"country": name}}
        ),
        st.sampled_from(["sunset", "café", "CAFE", "straße", "strasse", "100%", "a_b"]).map(
            lambda text: {"description": text}
        ),
        st.sampled_from([*TAGS, "Trips/*", "Gone"]).map(lambda tag: {"tags": [tag]}),
        st.sampled_from([["Trips", "Family"], ["Trips/Italy", "Trips/Italy/Rome"]]).map(
            lambda tags: {"tags": {"any": tags}}
        ),
        st.sampled_from([">=3", "1..3", 5, None]).map(lambda rating: {"rating": rating}),
        st.sampled_from(ALBUMS).map(lambda album: {"album": album}),
        st.sampled_from(POINTS).flatmap(near),
        st.lists(st.sampled_from(POINTS).flatmap(near), min_size=2, max_size=3).map(
            lambda points: {"near": [one["near"] for one in points]}
        ),
        st.sampled_from(BOXES).map(lambda edges: {"box": dict(zip(EDGES, edges, strict=True))}),
        st.booleans().map(lambda heart: {"favorite": heart}),
        st.sampled_from(["timeline", "archive", "hidden", ["timeline", "archive"]]).map(
            lambda where: {"visibility": where}
        ),
        st.sampled_from(["image", "video"]).map(lambda kind: {"type": kind}),
        st.sampled_from(["..2020", "2020..", "06-02"]).map(lambda added: {"added": added}),
        st.sampled_from(PARTS).map(lambda part: {"has": part}),
        st.sampled_from(PARTS).map(lambda part: {"lacks": part}),
        st.booleans().map(lambda inside: {"in_album": inside}),
        st.sampled_from(
            [["ada"], ["Ada", "BEN"], ["ZO\u00cb"], {"any": ["Ada", "Ben"]}, {"none": ["Ben"]}]
        ).map(lambda people: {"people": people}),
        st.booleans().map(lambda stacked: {"stacked": stacked}),
        st.sampled_from(["nas", "NAS 2", None]).map(lambda library: {"library": library}),
    )


def rules() -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(conditions(), min_size=1, max_size=3)
    return st.recursive(
        several.map(lambda found: {key: value for one in found for key, value in one.items()}),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda found: {"any": found}),
            st.lists(inner, min_size=1, max_size=3).map(lambda found: {"all": found}),
            inner.map(lambda found: {"not": found}),
        ),
        max_leaves=5,
    )


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Any]:
    """Rules that write what other rules ask for, and albums that photos have to leave."""
    writes = st.sampled_from(
        [
            {"tags": ["Trips/Italy"]},
            {"rating": 4},
            {"favorite": True},
            {"visibility": "archive"},
            {"description": "Sunset"},
            {"location": {"latitude": 41.9, "longitude": 12.5}},
        ]
    )
    entries = [{"match": draw(rules()), **draw(writes)} for _ in range(draw(st.integers(0, 2)))]
    albums = [
        {"name": name, "match": draw(rules()), "membership": draw(st.sampled_from(["exact", "add"]))}
        for name in draw(st.lists(st.sampled_from(["Rome", "New"]), unique=True, max_size=2))
    ]
    if draw(st.integers(0, 5)) == 0:
        albums.append({"name": "Others", "state": "absent"})
    if not entries and not albums:
        albums = [{"name": "New", "match": draw(rules())}]
    return {"assets": entries, "albums": albums}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(wish=wishes())
def test_parts_and_the_whole_library_give_the_same_changes(place: World, wish: dict[str, Any]) -> None:
    try:
        desired = place.desired(wish)
    except InvalidFiles:  # albums that are made of each other
        reject()
    parts, _ = reading(place, wish, whole=False)
    whole, _ = reading(place, wish, whole=True)
    assert compare(desired, parts).changes == compare(desired, whole).changes


# -- with a partner in the timeline


@pytest.fixture(scope="module", params=VERSIONS)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Ada's photos, Ben's in her timeline, and Carol's, of which she sees what is in an album of hers."""
    chance = random.Random(11)
    found = [invented(number, chance) for number in range(40)]
    with world(tmp_path_factory.mktemp("shared"), found, version=request.param) as made:
        ada = admin(made.mounted)
        ben = joins(made.mounted, "Ben", [invented(number, chance) for number in range(100, 140)])
        carol = joins(made.mounted, "Carol", [invented(number, chance) for number in range(200, 215)])
        shows_all(ben, ada)
        shows_all(carol, ada, in_timeline=False)
        ids = {who: sorted(who.ids().values()) for who in (ada, ben, carol)}
        for name, start in (("Rome", 0), ("Others", 8)):
            album = ada.ask("POST", "/albums", {"albumName": name})["id"]
            put_in(made.mounted, album, [one for who in ids for one in ids[who][start : start + 12]])
        yield made


UNTOLD = {"tags", "favorite", "people", "stacked"}
"""What is refused of other people's photos; `has` and `lacks` with tags or people too."""
UNSETTLED = {"in_album"}
"""What depends on the other album, by which two may set each other off."""
WHOSE = [["me"], ["any"], ["Ben"], ["me", "ben@example.org"], ["BEN", "any"]]


def told(rule: Any) -> Any:
    """The rule without what the server doesn't tell of other people's photos."""
    if isinstance(rule, list):
        return [told(one) for one in rule]
    if not isinstance(rule, dict):
        return rule
    kept = {key: told(value) for key, value in rule.items() if key not in UNTOLD | UNSETTLED}
    kept |= {key: "rating" for key in ("has", "lacks") if kept.get(key) in ("tags", "people")}
    return kept or {"rating": 3}


def shared_rules() -> st.SearchStrategy[dict[str, Any]]:
    """Rules that name people at the top, in some of several blocks, or nowhere."""
    whose = st.sampled_from(WHOSE).map(lambda names: {"owner": names})
    plain: st.SearchStrategy[dict[str, Any]] = rules().map(told)
    both = st.tuples(whose, plain).map(lambda found: {"all": list(found)})
    mixed = st.lists(st.one_of(plain, both), min_size=1, max_size=3).map(lambda found: {"any": found})
    besides = st.tuples(both, whose).map(lambda found: {"all": [found[0]], "not": found[1]})
    return st.one_of(both, mixed, besides, plain)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_with_partners_too_parts_and_the_whole_give_the_same(shared: World, data: st.DataObject) -> None:
    """And what comes in is what a look at each photo by itself finds, of those whom a rule may mean."""
    names = data.draw(st.lists(st.sampled_from(["Rome", "New"]), unique=True, min_size=1, max_size=2))
    albums = [
        {
            "name": name,
            "match": data.draw(shared_rules()),
            "membership": data.draw(st.sampled_from(["exact", "add"])),
        }
        for name in names
    ]
    wish = {"albums": albums}
    try:
        desired = shared.desired(wish)
    except InvalidFiles:  # albums that are made of each other
        reject()
    parts, _ = reading(shared, wish, whole=False)
    whole, _ = reading(shared, wish, whole=True)
    found = compare(desired, whole)
    assert not found.missing and not found.problems
    assert compare(desired, parts).changes == found.changes
    states = states_of(whole)
    assert {key for key, state in states.items() if not state.own} <= _of(shared, "Ben")
    changes = {change.name: change for change in found.changes.albums}
    for entry in desired.albums:
        assert entry.rule is not None
        if entry.rule.needs().albums:
            continue  # what it finds depends on what the other album gets
        reaches = any(owner.who != "me" for owner in entry.owners)
        asked = [one for one in states.values() if one.own or reaches]
        hidden = entry.rule.needs().hidden
        shown = [one for one in asked if hidden or one.asset.visibility.value != "hidden"]
        wanted = {one.asset.id for one in shown if entry.rule.matches(one)}
        inside = {one.asset.id for one in states.values() if entry.name in one.albums}
        change = changes.get(entry.name)
        assert set(change.added if change else ()) == wanted - inside
        if change and not reaches:
            assert {*change.removed} <= whole.assets.keys()


def _of(place: World, name: str) -> set[str]:
    sql = "SELECT asset.id FROM asset JOIN user ON user.id = owner_id WHERE user.name = ?"
    with place.library.database.read() as db:
        return set(db.values(f"{sql} AND visibility = 'timeline'", (name,)))


@pytest.mark.parametrize(
    "rule", [{"file": "IMG_*"}, {"description": "cafe"}, {"taken": "2024-06-02"}, {"album": "Rome"}], ids=str
)
def test_filters_are_pushed_down_for_photos_of_partners_too(shared: World, rule: dict[str, Any]) -> None:
    live, plan = reading(
        shared, {"albums": [{"name": "New", "match": {"owner": "any", **rule}}]}, whole=False
    )
    assert in_parts(plan)
    assert 0 < len(live.others) < 40
    assert {asset.visibility.value for asset in live.others.values()} == {"timeline"}
    assert {asset.owner_id for asset in live.others.values()} == {
        owner.id for owner in live.owners if owner.name == "Ben"
    }


IN_PARTS = [
    {"folder": "2024/italy"},
    {"file": "IMG_*"},
    {"description": "sunset"},
    {"tags": ["Trips/*"]},
    {"taken": "2024-06-02"},
    {"rating": ">=3"},
    {"favorite": True},
    {"album": "Rome"},
    {"place": {"country": "italy"}},
    {"camera": {"make": "c*"}},
    {"people": "ada"},
    {"people": {"any": ["Ben", "ZO\u00cb"]}},
    {"people": ["Ada", "Ben"], "taken": "2024-06"},
    {"library": "nas"},
    {"stacked": True},
    {"stacked": True, "favorite": True},
    {"not": {"favorite": False}},
    {"any": [{"favorite": True}, {"rating": 5, "not": {"tags": ["Family"]}}]},
]
IN_PARTS_AS_STRUCTURED: list[dict[str, Any]] = [
    {"in_album": False},
    {"lacks": "tags"},
    {"lacks": "place"},
    {"has": "description"},
    {"taken": "06-02"},
    {"not": {"rating": None}},
    {"any": [{"rating": 3}, {"rating": None, "favorite": True}]},
    {"not": {"visibility": "timeline"}},
    {"not": {"type": "image"}},
]
"""Only from 3.2 on."""
WHOLE = [
    {"has": "location"},
    *IN_PARTS_AS_STRUCTURED[:1],
    {"not": {"tags": ["Family"]}},
    {"rating": None},
    {"people": {"none": ["Ada"]}},
    {"stacked": False},
    {"library": None},
    {"file": "?*"},
    {"any": [{"favorite": True}, {"has": "date"}]},
]


@pytest.mark.parametrize("rule", IN_PARTS, ids=str)
def test_what_the_server_can_pick_out_is_not_scanned_for(place: World, rule: dict[str, Any]) -> None:
    live, plan = reading(place, {"albums": [{"name": "New", "match": rule}]}, whole=False)
    assert in_parts(plan)
    assert 0 < len(live.assets) < 60
    assert live.library == place.reader.library_size(hidden=False)
    assert all(read.because for read in plan.reads if read.what is What.SEARCH)


@pytest.mark.parametrize("rule", IN_PARTS_AS_STRUCTURED, ids=str)
def test_a_structured_filter_can_pick_out_more(place: World, rule: dict[str, Any]) -> None:
    """In one search; what is picked out is what the rule finds in the whole library, or a little more."""
    if not place.reader.dialect.structured_filter:
        pytest.skip("before 3.2")
    live, plan = reading(place, {"albums": [{"name": "New", "match": rule}]}, whole=False)
    assert in_parts(plan)
    assert len([read for read in plan.reads if read.what is What.SEARCH]) == 1
    assert len(live.assets) < 60


@pytest.mark.parametrize("rule", WHOLE, ids=str)
def test_what_no_filter_covers_is_scanned_for(place: World, rule: dict[str, Any]) -> None:
    if place.reader.dialect.structured_filter and rule in IN_PARTS_AS_STRUCTURED:
        pytest.skip("the structured filter covers it")
    live, plan = reading(place, {"albums": [{"name": "New", "match": rule}]}, whole=False)
    assert not in_parts(plan)
    assert live.library is None


def test_who_is_on_photos_is_searched_for_and_nobody_asked_twice(place: World) -> None:
    sent: list[str] = []
    with place.reader.transport.watched(lambda one: sent.append(one.template)):
        live, plan = reading(
            place, {"albums": [{"name": "New", "match": {"people": "Ada", "rating": 5}}]}, whole=False
        )
    assert sent.count("/search/person") == 1
    told = "person ada, rating from 5" if place.reader.dialect.structured_filter else "person ada, rating 5"
    assert [read.about for read in plan.reads if read.what is What.SEARCH] == [told]
    wanted = {person.id for person in live.people if person.name == "Ada"}
    assert all(wanted & {one.id for one in live.people_of[asset]} for asset in live.assets)


def test_nobody_of_that_name_is_on_no_photo(place: World) -> None:
    live, plan = reading(place, {"albums": [{"name": "New", "match": {"people": "Nobody"}}]}, whole=False)
    assert not live.assets and in_parts(plan)


def test_a_small_library_is_scanned_since_that_costs_less(place: World) -> None:
    _, plan = read_planned(
        place.desired({"albums": [{"name": name, "match": {"tags": [name]}} for name in TAGS]}),
        place.reader,
        identity=place.identity,
        features=place.features(),
    )
    assert not in_parts(plan)
    way = "1 search" if place.reader.dialect.structured_filter else "5 searches"
    assert [(item.way, item.why) for item in plan.rejected] == [(way, "the scan costs less")]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("settled", [False, None])
def test_a_date_that_waits_to_be_written_is_seen(tmp_path: Path, version: str, settled: bool | None) -> None:
    """The server files it by its former date until the jobs have run; so dates aren't asked of it then."""
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    found = [NewAsset(f"{number}.jpg", moment, Embedded(taken="2020-01-01T00:00:00")) for number in range(3)]
    wish = {"albums": [{"name": "New", "match": {"taken": "2024-06-02"}}]}
    with world(tmp_path, found, version=version) as place:
        client = Client(place.mounted, place.mounted.session())
        for queue in ("sidecar", "metadataExtraction"):
            client.ask("PUT", f"/jobs/{queue}", {"command": "pause", "force": False})
        moved = place.ids()["1.jpg"]
        client.ask("PUT", f"/assets/{moved}", {"dateTimeOriginal": "2024-06-02T12:00:00+00:00"})
        live, plan = reading(place, wish, whole=False, settled=settled)
        assert not in_parts(plan)
        assert any("taken" in item.way for item in plan.rejected)
        (album,) = compare(place.desired(wish), live).changes.albums
        assert album.added == (moved,)


def test_a_photo_is_not_read_twice(place: World) -> None:
    """A search within another one, and days that meet, are asked once."""
    days = [{"taken": f"2024-06-0{day}"} for day in (1, 2, 3)]
    wish = {"albums": [{"name": "New", "match": [*days, {"taken": "2024-06-02", "favorite": True}]}]}
    _, plan = reading(place, wish, whole=False)
    assert [read.about for read in plan.reads if read.what is What.SEARCH] == ["taken 2024-05-31..2024-06-05"]


def test_the_same_is_read_in_the_same_way(place: World) -> None:
    wish = {"albums": [{"name": "New", "match": [{"rating": 5}, {"tags": ["Trips"]}, {"folder": "scans"}]}]}
    assert reading(place, wish, whole=False)[1] == reading(place, wish, whole=False)[1]


@pytest.mark.parametrize("rule", [{"file": "IMG_*"}, {"folder": "2024/italy"}], ids=str)
def test_what_a_count_overlooks_is_not_counted_in_vain(place: World, rule: dict[str, Any]) -> None:
    """A count takes no names and no paths, and tells how large the library is, which speaks for a scan."""
    sent: list[str] = []
    wish = {"albums": [{"name": "New", "match": rule}]}
    with place.reader.transport.watched(lambda one: sent.append(one.template)):
        _, plan = reading(place, wish, whole=False, settled=None)
    assert in_parts(plan)
    assert "/search/statistics" not in sent


def test_both_reads_of_photos_by_checksum_tell_the_lines_that_ask() -> None:
    line = Origin("a.yaml", 3)
    lookups = choosing.Lookups({}, {f"checksum {number}": frozenset({line}) for number in range(500)})
    reads = choosing.lookup_reads(lookups, Facts(library=100_000, passes=3), may_check=True)
    assert reads.check and reads.checked
    assert (reads.check.because, reads.checked.because) == ((line,), (line,))
