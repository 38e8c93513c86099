"""Photos of other people in albums: known as such, never lost, and taken in where a rule asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.diff import compare
from reconciler.diff.changes import Comparison
from reconciler.live.cost import Cost
from reconciler.live.errand import Around
from reconciler.live.plan import ReadingPlan, What
from reconciler.live.read import read_planned
from reconciler.live.searching import choosing, looking
from reconciler.model.live import Live
from reconciler.plan import make_plan
from reconciler.plan.basis import basis_of
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.support.people import Somebody, admin, joins, put_in, shows_all
from tests.support.world import World, world

VERSIONS = ("3.1.0", "2.5.6")
ITALY, JAPAN = (41.89193, 12.51133), (35.6895, 139.69171)


def photo(name: str, place: tuple[float, float] = ITALY, **fields: Any) -> NewAsset:
    embedded = Embedded(
        taken="2024-06-01T12:00:00", offset="+02:00", latitude=place[0], longitude=place[1], rating=4
    )
    moment = datetime(2024, 6, 1, 10, tzinfo=UTC)
    return NewAsset(name, moment, replace(embedded, **fields.pop("embedded", {})), **fields)


@dataclass(frozen=True)
class Family:
    """Ada, whose server it is; Ben, whose photos are in her timeline; Carol, who edits an album of hers."""

    world: World
    ada: Somebody
    ben: Somebody
    carol: Somebody

    def id(self, name: str) -> str:
        return {**self.ada.ids(), **self.ben.ids(), **self.carol.ids()}[name]

    def ids(self, *names: str) -> list[str]:
        return [self.id(name) for name in names]

    def album(self, name: str, *members: str) -> str:
        """An album of Ada's, into which everybody has put what is theirs."""
        made: str = self.ada.ask("POST", "/albums", {"albumName": name})["id"]
        put_in(self.world.mounted, made, self.ids(*members))
        return made

    def inside(self, album: str) -> set[str]:
        names = {self.id(name): name for who in (self.ada, self.ben, self.carol) for name in who.ids()}
        return {names[one] for one in self.world.reader.members(album)}

    def read(self, wish: dict[str, Any], *, whole: bool | None = None) -> tuple[Live, ReadingPlan]:
        """Read as a whole, in parts however small the library is, or as costs are."""
        with pytest.MonkeyPatch.context() as costs:
            if whole is False:
                for module in (looking, choosing):
                    costs.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
            return read_planned(
                self.world.desired(wish),
                self.world.reader,
                identity=self.world.identity,
                features=self.world.features(),
                around=Around(settled=lambda: True, whole=bool(whole)),
            )

    def compared(self, wish: dict[str, Any], *, whole: bool | None = None) -> Comparison:
        live, _ = self.read(wish, whole=whole)
        return compare(self.world.desired(wish), live)

    def requests(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.world.library.requests.all()]


@contextmanager
def family(folder: Path, version: str) -> Iterator[Family]:
    own = [photo("a1.jpg"), photo("a2.jpg", JAPAN), photo("a3.jpg", favorite=True)]
    with world(folder, own, version=version) as made:
        ada = admin(made.mounted)
        theirs = [photo("b1.jpg"), photo("b2.jpg", JAPAN), photo("b3.jpg", visibility="archive")]
        ben = joins(made.mounted, "Ben", theirs)
        shows_all(ben, ada)
        carol = joins(made.mounted, "Carol", [photo("c1.jpg"), photo("c2.jpg", JAPAN)])
        yield Family(made, ada, ben, carol)


@pytest.fixture(scope="module", params=VERSIONS)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """The same family for tests that only read."""
    with family(tmp_path_factory.mktemp("family"), request.param) as made:
        yield made


@pytest.fixture(params=VERSIONS)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Family]:
    with family(tmp_path, request.param) as made:
        yield made


def texts(found: Comparison) -> list[str]:
    return [note.text for note in found.notes]


def albums(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"albums": list(entries)}


IN_ITALY = {"place": {"country": "Italy"}}
WAYS: Sequence[bool | None] = (True, False, None)


# -- rules about one's own photos ----------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [True, False])
def test_an_exact_album_keeps_what_others_have_put_in(home: Family, whole: bool | None) -> None:
    album = home.album("Trip", "a1.jpg", "a2.jpg", "b2.jpg", "c1.jpg", "c2.jpg")
    wish = albums({"name": "Trip", "match": IN_ITALY})

    found = home.compared(wish, whole=whole)

    (change,) = found.changes.albums
    assert change.added == (home.id("a3.jpg"),)
    assert change.removed == (home.id("a2.jpg"),)
    assert texts(found) == ["3 photos of other people are in album 'Trip' and stay"]
    assert not found.problems and not found.missing
    assert home.world.converge(wish).reverted == ()
    assert home.inside(album) == {"a1.jpg", "a3.jpg", "b2.jpg", "c1.jpg", "c2.jpg"}
    assert not home.compared(wish, whole=whole).changes


def test_shares_are_of_the_photos_that_an_album_could_lose(home: Family) -> None:
    album = home.album("Trip", "a1.jpg", "a2.jpg", "b2.jpg", "c1.jpg", "c2.jpg")
    desired = home.world.desired(albums({"name": "Trip", "match": IN_ITALY}))
    live = home.world.live(desired)
    assert basis_of(desired, live, compare(desired, live)).members == {album: 2}
    desired = home.world.desired(albums({"name": "Trip", "match": {"owner": "any", **IN_ITALY}}))
    live = home.world.live(desired)
    basis = basis_of(desired, live, compare(desired, live))
    assert basis.members == {album: 3}
    assert basis.with_others == {"Trip": 5}


def test_members_of_other_people_are_not_asked_for_one_by_one(home: Family) -> None:
    """By the list of albums and one search it is known who is not one's own, and how many show."""
    home.album("Trip", "a1.jpg", "a2.jpg", "b2.jpg", "c1.jpg", "c2.jpg")
    wish = albums({"name": "Trip", "match": IN_ITALY})
    home.world.library.requests.clear()
    home.read(wish)
    assert not [line for line in home.requests() if line.startswith("GET /assets/") and "stat" not in line]


def test_many_members_of_other_people_cost_a_search_and_not_a_look_each(home: Family) -> None:
    """Where only a part of the library is read: who of the members may have to leave is asked for at once."""
    many = joins(home.world.mounted, "Dora", [photo(f"d{number}.jpg") for number in range(60)])
    album = home.album("Trip", "a1.jpg", "a2.jpg")
    put_in(home.world.mounted, album, list(many.ids().values()))
    home.world.library.requests.clear()
    live, plan = home.read(albums({"name": "Trip", "match": {"file": "a1*"}}), whole=False)
    assert not any(read.what is What.SCAN for read in plan.reads)
    assert not [line for line in home.requests() if line.startswith("GET /assets/") and "stat" not in line]
    (leaving,) = [read for read in plan.reads if read.what is What.LEAVING]
    assert leaving.about == "members of 'Trip', who may have to leave"
    assert live.others == {}
    (change,) = compare(
        home.world.desired(albums({"name": "Trip", "match": {"file": "a1*"}})), live
    ).changes.albums
    assert change.removed == (home.id("a2.jpg"),)


def test_an_entry_says_nothing_about_photos_of_other_people(home: Family) -> None:
    """Also where a rule of an album has read them."""
    wish = {
        "assets": [{"match": IN_ITALY, "rating": 5}],
        "albums": [{"name": "Ours", "match": {"owner": "any", **IN_ITALY}}],
    }
    found = home.compared(wish)
    assert {change.id for change in found.changes.assets} == set(home.ids("a1.jpg", "a3.jpg"))
    assert home.world.converge(wish).reverted == ()
    assert not home.compared(wish).changes


# -- covers --------------------------------------------------------------------------------------------------


def named(home: Family, how: str, name: str) -> dict[str, Any]:
    if how == "id":
        return {"id": home.id(name)}
    if how == "file":
        return {"file": name}
    with home.world.library.database.read() as db:
        checksum = db.value("SELECT checksum FROM asset WHERE id = ?", (home.id(name),))
    return {"checksum": checksum}


@pytest.mark.parametrize("how", ["id", "file", "checksum"])
@pytest.mark.parametrize("rule", [None, IN_ITALY], ids=["unmanaged", "by rule"])
def test_a_cover_may_be_somebody_elses(home: Family, how: str, rule: dict[str, Any] | None) -> None:
    album = home.album("Trip", "a1.jpg", "a3.jpg", "c1.jpg")
    wish = albums({"name": "Trip", "cover": named(home, how, "c1.jpg"), **({"match": rule} if rule else {})})
    assert home.world.converge(wish).reverted == ()
    (live,) = [one for one in home.world.reader.albums().own if one.id == album]
    assert live.cover == home.id("c1.jpg")
    assert not home.compared(wish).changes


@pytest.mark.parametrize("how", ["id", "file", "checksum"])
def test_a_cover_may_come_in_with_the_rule(home: Family, how: str) -> None:
    album = home.album("Ours", "b2.jpg", "c1.jpg")
    match = {"owner": "any", **IN_ITALY}
    wish = albums({"name": "Ours", "cover": named(home, how, "b1.jpg"), "match": match})
    assert home.world.converge(wish).reverted == ()
    (live,) = [one for one in home.world.reader.albums().own if one.id == album]
    assert live.cover == home.id("b1.jpg")
    assert not home.compared(wish).changes


def test_a_cover_that_is_nobodys_in_the_album_is_missing(home: Family) -> None:
    home.album("Trip", "a1.jpg", "c1.jpg")
    for how in ("id", "file"):
        found = home.compared(albums({"name": "Trip", "cover": named(home, how, "c2.jpg")}))
        assert len(found.missing) == 1 and not found.changes


# -- owner ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whole", WAYS)
@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        ({"owner": "any"}, {"a1.jpg", "a2.jpg", "a3.jpg", "b1.jpg", "b2.jpg"}),
        ({"owner": "me", **IN_ITALY}, {"a1.jpg", "a3.jpg"}),
        ({"owner": "ben"}, {"b1.jpg", "b2.jpg"}),
        ({"owner": "BEN@example.org", **IN_ITALY}, {"b1.jpg"}),
        ({"owner": ["me", "Ben"], **IN_ITALY}, {"a1.jpg", "a3.jpg", "b1.jpg"}),
        ([{"owner": "Ben"}, IN_ITALY], {"a1.jpg", "a3.jpg", "b1.jpg", "b2.jpg"}),
        ({"any": [{"owner": "Ben"}, {"favorite": True}], **IN_ITALY}, {"a3.jpg", "b1.jpg"}),
        ({"owner": "any", "not": IN_ITALY}, {"a2.jpg", "b2.jpg"}),
        ({"owner": "any", "not": {"owner": "Ben"}, **IN_ITALY}, {"a1.jpg", "a3.jpg"}),
        ({"not": {"owner": "Ben"}, **IN_ITALY}, {"a1.jpg", "a3.jpg"}),
        ({"owner": "demo@example.org", **IN_ITALY}, {"a1.jpg", "a3.jpg"}),
        ({"owner": "any", "rating": ">=4", "file": "B*"}, {"b1.jpg", "b2.jpg"}),
        ({"owner": "any", "visibility": "archive"}, set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_a_rule_takes_in_whose_photos_it_names(
    seen: Family, match: Any, wanted: set[str], whole: bool | None
) -> None:
    found = seen.compared(albums({"name": "Ours", "match": match}), whole=whole)
    assert not found.problems and not found.missing
    (change,) = found.changes.albums
    assert set(change.added) == set(seen.ids(*wanted))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("match", "left"),
    [
        ({"owner": "Ben", **IN_ITALY}, {"a1.jpg", "a2.jpg", "b1.jpg", "b3.jpg", "c1.jpg", "c2.jpg"}),
        ({"owner": "any", **IN_ITALY}, {"a1.jpg", "a3.jpg", "b1.jpg", "b3.jpg", "c1.jpg", "c2.jpg"}),
        (IN_ITALY, {"a1.jpg", "a3.jpg", "b1.jpg", "b2.jpg", "b3.jpg", "c1.jpg", "c2.jpg"}),
    ],
    ids=["ben", "any", "own"],
)
def test_an_exact_album_loses_only_photos_of_those_whom_its_rule_names(
    home: Family, match: dict[str, Any], left: set[str], whole: bool | None
) -> None:
    """What Ben has archived isn't shown, so nothing is known of it, and it stays."""
    members = ("a1.jpg", "a2.jpg", "b1.jpg", "b2.jpg", "b3.jpg", "c1.jpg", "c2.jpg")
    album = home.album("Ours", *members)
    wish = albums({"name": "Ours", "match": match})
    plan = make_plan(home.compared(wish, whole=whole), home.read(wish, whole=whole)[0], ())
    assert home.world.apply(plan).reverted == ()
    assert home.inside(album) == left
    assert not home.compared(wish, whole=whole).changes


def test_named_photos_are_ones_own_and_leave_with_their_line(home: Family) -> None:
    album = home.album("Ours", "a1.jpg", "a2.jpg", "b2.jpg")
    match = {"owner": "Ben", **IN_ITALY}
    assert (
        home.world.converge(albums({"name": "Ours", "match": match, "assets": [{"file": "a1.jpg"}]})).reverted
        == ()
    )
    assert home.inside(album) == {"a1.jpg", "b1.jpg"}


def test_whose_own_photos_stay_is_told(home: Family) -> None:
    home.album("Ours", "a1.jpg", "b2.jpg", "c1.jpg")
    found = home.compared(albums({"name": "Ours", "match": {"owner": "Ben", **IN_ITALY}}))
    assert texts(found)[-2:] == [
        "1 photo of your own is in album 'Ours' and stays",
        "1 photo of other people is in album 'Ours' and stays",
    ]


def test_whose_photos_come_and_go_is_told(home: Family) -> None:
    home.album("Ours", "a1.jpg", "b2.jpg", "c1.jpg")
    found = home.compared(albums({"name": "Ours", "match": {"owner": "any", **IN_ITALY}}))
    assert texts(found) == [
        "of the photos that come into album 'Ours', 1 belongs to Ben (ben@example.org)",
        "of the photos that leave album 'Ours', 1 belongs to Ben (ben@example.org)",
        "1 photo of other people is in album 'Ours' and stays",
    ]
    assert [note.sample for note in found.notes[:2]] == [("b1.jpg (2024-06-01)",), ("b2.jpg (2024-06-01)",)]


def test_album_sets_group_photos_of_those_whom_they_name(home: Family) -> None:
    wish = {"album_sets": [{"for_each": "country", "name": "{country}", "match": {"owner": "any"}}]}
    assert home.world.converge(wish).reverted == ()
    found = {album.name: home.inside(album.id) for album in home.world.reader.albums().own}
    assert found == {"Italy": {"a1.jpg", "a3.jpg", "b1.jpg"}, "Japan": {"a2.jpg", "b2.jpg"}}
    assert not home.compared(wish).changes


def test_a_set_that_is_pruned_keeps_an_album_with_photos_of_people_it_is_not_about(home: Family) -> None:
    for owner, stays in (("me", True), ("any", False)):
        name = f"{owner} {{country}}"
        match = {"owner": owner, **IN_ITALY}
        first = {"for_each": "country", "name": name, "match": match, "prune": True}
        home.world.converge({"album_sets": [first]})
        (album,) = [one for one in home.world.reader.albums().own if one.name == f"{owner} Italy"]
        if stays:
            put_in(home.world.mounted, album.id, home.ids("b1.jpg"))
        with home.world.library.database.write() as db:
            db.run("UPDATE exif SET country = NULL")
        user = home.world.identity.user_id
        known = home.world.state.known_albums(user)
        desired = home.world.desired({"album_sets": [first]})
        live = read_planned(
            desired,
            home.world.reader,
            identity=home.world.identity,
            features=home.world.features(),
            around=Around(known=known),
        )[0]
        changes = compare(desired, live, known=known).changes.albums
        assert [change.action.value for change in changes] == (["update"] if stays else ["delete"])
        with home.world.library.database.write() as db:
            db.run("UPDATE exif SET country = CASE WHEN longitude < 100 THEN 'Italy' ELSE 'Japan' END")


# -- who is meant --------------------------------------------------------------------------------------------


def test_who_is_meant_must_be_there_be_one_and_show_the_photos(home: Family) -> None:
    joins(home.world.mounted, "ben", email="other@example.org")
    joins(home.world.mounted, "Dora")
    shows_all(joins(home.world.mounted, "Dora", email="dora2@example.org"), home.ada)
    shows_all(joins(home.world.mounted, "dora", email="dora3@example.org"), home.ada)

    def told(who: str) -> list[str]:
        found = home.compared(albums({"name": "Ours", "match": {"owner": who}}))
        return [str(problem) for problem in (*found.missing, *found.problems)]

    assert told("ben") == []
    (unknown,) = told("Carrol")
    assert unknown.endswith("the server knows no user 'Carrol'; did you mean 'Carol'?")
    assert "wish.yaml:4:12: " in unknown
    (unshown,) = told("carol")
    assert "photos of Carol (carol@example.org) aren't shown to this account" in unshown
    (several,) = told("Dora")
    assert "2 users are called 'Dora': write the address of the one that is meant: " in several
    assert "Dora (dora2@example.org)" in several and "dora (dora3@example.org)" in several


def test_an_exact_album_stays_as_it_is_when_a_partner_withdraws(home: Family) -> None:
    album = home.album("Ours", "b1.jpg", "b2.jpg", "b3.jpg")
    home.ben.ask("DELETE", f"/partners/{home.ada.id}")
    for who in ("any", ["any", "Ben"]):
        found = home.compared(albums({"name": "Ours", "match": {"owner": who, "rating": 1}}))
        assert not found.changes
    assert home.inside(album) == {"b1.jpg", "b2.jpg", "b3.jpg"}


# -- reading -------------------------------------------------------------------------------------------------


def test_other_people_cost_a_list_and_a_count(seen: Family) -> None:
    """And the list of partners says why it is asked for."""
    match: list[dict[str, Any]] = [IN_ITALY, {"owner": "any", **IN_ITALY}]
    own, others = (albums({"name": "Ours", "match": one}) for one in match)
    seen.read(own)
    asked = []
    for wish in (own, others):
        seen.world.library.requests.clear()
        seen.read(wish)
        asked.append(seen.requests())
    more = list(asked[1])
    for line in asked[0]:
        more.remove(line)
    assert sorted(more) == ["GET /partners?direction=shared-with", "POST /search/statistics"]
    (read,) = [one for one in seen.read(others)[1].reads if one.what is What.OWNERS]
    assert (read.about, read.because[0].line, read.cost.requests) == ("whose photos are shown: any", 2, 1)


def test_nobody_elses_photos_are_held_where_no_rule_asks_for_them(seen: Family) -> None:
    live, _ = seen.read(albums({"name": "Ours", "match": IN_ITALY}))
    assert (live.others, live.owners, live.with_others) == ({}, (), None)
