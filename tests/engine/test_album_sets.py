"""Album sets against a server: made, taken over, renamed, emptied, and never a photo in the wrong album."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from reconciler.diff.changes import Action
from reconciler.immich.writer import Writer
from reconciler.plan import Plan
from reconciler.plan.report import Outcome
from reconciler.sandbox.library import NewAsset
from reconciler.sandbox.photo import Embedded
from tests.support.world import World, world

MONTHS: dict[str, Any] = {"for_each": "month", "name": "{year}-{month}"}


def photo(number: int, month: int, day: int = 10, **embedded: Any) -> NewAsset:
    taken = datetime(2024, month, day, 12, number)
    return NewAsset(
        file_name=f"IMG_{number}.jpg",
        file_created_at=taken.replace(tzinfo=UTC),
        embedded=Embedded(taken=taken.isoformat(), offset="+00:00", **embedded),
    )


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    photos = [
        photo(1, 1, make="Canon"),
        photo(2, 1, rating=5),
        photo(3, 2, make="Sony", tags=("Trips/Italy",)),
        photo(4, 3, tags=("Trips/Peru", "Family")),
    ]
    with world(tmp_path, photos) as made:
        yield made


def albums(here: World) -> dict[str, list[str]]:
    """The files in each album."""
    found = here.everything()
    names = {key: asset.file_name for key, (asset, _) in found["assets"].items()}
    return {album.name: sorted(names[key] for key in members) for album, members in found["albums"].values()}


def sets(*found: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"album_sets": list(found), **more}


def actions(plan: Plan) -> list[tuple[Action, str]]:
    return [(change.action, change.name) for change in plan.changes.albums]


def apply(here: World, wish: dict[str, Any]) -> None:
    """Applies, and proves that nothing is left to do."""
    report = here.converge(wish)
    assert report.outcome in (Outcome.DONE, Outcome.NOTHING), report
    assert not here.plan(wish).changes


BY_MONTH = {"2024-01": ["IMG_1.jpg", "IMG_2.jpg"], "2024-02": ["IMG_3.jpg"], "2024-03": ["IMG_4.jpg"]}


def test_one_request_makes_an_album_with_its_photos(here: World) -> None:
    plan = here.plan(sets(MONTHS))
    assert plan.cost.requests == 3
    apply(here, sets(MONTHS))
    assert albums(here) == BY_MONTH


def test_what_was_made_is_read_back_by_counting(here: World) -> None:
    """One request for each album that is made, and none more to see what is in it."""
    plan = here.plan(sets(MONTHS))
    here.library.requests.clear()
    assert here.apply(plan).settled == 3 + 4
    asked = [(request.method, request.path) for request in here.library.requests.all()]
    assert asked.count(("POST", "/albums")) == 3
    assert not [path for _, path in asked if path.startswith(("/download", "/albums/"))]


def test_an_album_that_counts_otherwise_is_read(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody takes a photo out again right after it was put in."""
    plan = here.plan(sets(MONTHS))
    create = Writer.create_album

    def interfered(writer: Writer, *args: Any, **more: Any) -> Any:
        made = create(writer, *args, **more)
        album = next(album for album in here.reader.albums().own if album.asset_count)
        members = here.reader.members(album.id)
        writer.remove_members(album.id, sorted(members)[:1])
        return made

    monkeypatch.setattr(Writer, "create_album", interfered)
    report = here.apply(plan)
    assert report.outcome is Outcome.UNSETTLED and report.reverted


@pytest.mark.parametrize(
    ("wish", "made"),
    [
        ({"for_each": "year", "name": "{year}"}, {"2024": 4}),
        ({"for_each": "camera", "name": "{make}"}, {"Canon": 1, "Sony": 1}),
        ({"for_each": {"tag": "Trips"}, "name": "{tag}"}, {"Italy": 1, "Peru": 1}),
        ({"for_each": "tag", "name": "{path}", "only": "Fam*"}, {"Family": 1}),
        ({"for_each": {"trip": "40d"}, "name": "{start}..{end}"}, {"2024-01-10..2024-03-10": 4}),
        (
            {"for_each": {"trip": "30d"}, "name": "{start}", "min_photos": 2},
            {"2024-02-10": 2, "2024-01-10": 2},
        ),
        ({**MONTHS, "match": {"rating": 5}}, {"2024-01": 1}),
        ({**MONTHS, "exclude": {"camera": {"make": "*"}}, "except": ["2024-03"]}, {"2024-01": 1}),
    ],
)
def test_groups(here: World, wish: dict[str, Any], made: dict[str, int]) -> None:
    apply(here, sets(wish))
    assert {name: len(files) for name, files in albums(here).items()} == made


def test_people(here: World) -> None:
    """Everybody who has a name, or those who are asked for; the album that is there is taken over."""
    here.library.add_assets(
        NewAsset(
            file_name=f"P_{number}.jpg",
            file_created_at=datetime(2024, 5, 1, number, tzinfo=UTC),
            embedded=Embedded(taken=f"2024-05-01T0{number}:00:00", offset="+00:00"),
            people=people,
        )
        for number, people in enumerate([("Ada",), ("Ada", "Ben"), ("Carl", "")])
    )
    here.library.settle(30)
    apply(here, {"albums": [{"name": "Ben", "match": {"file": "P_0.jpg"}}]})
    apply(
        here,
        sets({"for_each": {"person": ["Ada", "ben"]}, "name": "With {person}", "renamed_from": "{person}"}),
    )
    assert albums(here) == {"With Ada": ["P_0.jpg", "P_1.jpg"], "With Ben": ["P_1.jpg"]}
    apply(here, sets({"for_each": "person", "name": "{person}", "except": "A*"}))
    assert albums(here).keys() == {"With Ada", "Ben", "Carl"}, "the same set, of others"
    plan = here.plan(sets({"for_each": {"person": "Zoe"}, "name": "{person}"}))
    assert "Zoe" in plan.missing[0].message


def test_folders(here: World) -> None:
    folder = here.live(here.desired(sets(MONTHS))).assets.popitem()[1].folder
    root = folder.split("/")[1]
    wish = {"for_each": {"folder": f"/{root}", "levels": "all"}, "name": "{year} {folder}"}
    apply(here, sets(wish))
    assert sum(len(files) for files in albums(here).values()) == 4


def test_an_album_of_the_name_is_taken_over(here: World) -> None:
    apply(here, {"albums": [{"name": "2024-01", "match": {"file": "IMG_[14].jpg"}}]})
    plan = here.plan(sets(MONTHS))
    (change,) = [change for change in plan.changes.albums if change.action is Action.UPDATE]
    assert (len(change.added), len(change.removed)) == (1, 1)
    apply(here, sets(MONTHS))
    assert albums(here) == BY_MONTH


def test_a_photo_moves_with_its_date_in_the_same_plan(here: World) -> None:
    """Also into a month of which there was no photo, and whose album is there with another."""
    apply(here, {"albums": [{"name": "2021-05", "assets": [{"file": "IMG_4.jpg"}]}]})
    entry = {"match": {"file": "IMG_2.jpg"}, "taken": "2021-05-06T07:08:09+00:00"}
    apply(here, sets(MONTHS, assets=[entry]))
    assert albums(here) == {**BY_MONTH, "2024-01": ["IMG_1.jpg"], "2021-05": ["IMG_2.jpg"]}


def test_a_tag_of_the_same_plan_makes_a_group(here: World) -> None:
    wish = sets({"for_each": {"tag": "Trips"}, "name": "{tag}"})
    apply(here, {**wish, "assets": [{"match": {"file": "IMG_1.jpg"}, "tags": ["Trips/Iceland"]}]})
    assert albums(here)["Iceland"] == ["IMG_1.jpg"]


def test_rules_see_the_albums_of_sets(here: World) -> None:
    entry = {"match": {"album": "2024-02"}, "rating": 3}
    apply(here, sets(MONTHS, assets=[entry]))
    rated = [asset for asset, _ in here.everything()["assets"].values() if asset.rating == 3]
    assert [asset.file_name for asset in rated] == ["IMG_3.jpg"]


def test_its_own_albums_do_not_count_for_in_album(here: World) -> None:
    by_hand = {"name": "Best", "match": {"rating": 5}}
    wish = sets({**MONTHS, "match": {"in_album": False}}, albums=[by_hand])
    apply(here, wish)
    assert albums(here) == {**BY_MONTH, "2024-01": ["IMG_1.jpg"], "Best": ["IMG_2.jpg"]}


def test_rules_that_set_each_other_off_are_a_problem(here: World) -> None:
    entry = {"match": {"album": "2024-02"}, "taken": "2024-03-01T12:00:00+00:00"}
    back = {"match": {"album": "2024-03"}, "taken": "2024-02-01T12:00:00+00:00"}
    plan = here.plan(sets(MONTHS, assets=[entry, back]))
    assert any("without end" in problem.message for problem in plan.problems)


class TestRenaming:
    NEW: ClassVar[dict[str, Any]] = {**MONTHS, "name": "{month:%B} {year}"}

    def test_another_pattern_renames(self, here: World) -> None:
        apply(here, sets(MONTHS))
        plan = here.plan(sets(self.NEW))
        assert {change.action for change in plan.changes.albums} == {Action.UPDATE}
        assert plan.cost.requests == 3
        apply(here, sets(self.NEW))
        assert list(albums(here)) and set(albums(here)) == {"January 2024", "February 2024", "March 2024"}

    def test_names_may_change_places(self, tmp_path: Path) -> None:
        """The new name of one album is the old name of another."""
        days = [
            photo(number, month, day=day)
            for number, (month, day) in enumerate([(1, 1), (1, 2), (2, 2), (2, 3)])
        ]
        with world(tmp_path, days) as here:
            apply(here, sets({"for_each": "month", "name": "{start:%-d}"}))
            before = {album.id: album.name for album in here.reader.albums().own}
            assert sorted(before.values()) == ["1", "2"]
            apply(here, sets({"for_each": "month", "name": "{end:%-d}"}))
            after = {album.id: album.name for album in here.reader.albums().own}
            assert after == {key: str(int(name) + 1) for key, name in before.items()}

    def test_a_trip_is_renamed_with_its_dates(self, here: World) -> None:
        wish = {"for_each": {"trip": "20d"}, "name": "Trip {start}"}
        apply(here, sets(wish))
        before = {album.id for album in here.reader.albums().own}
        entry = {"match": {"file": "IMG_3.jpg"}, "taken": "2024-02-15T12:00:00+00:00"}
        apply(here, sets(wish, assets=[entry]))
        assert {album.id for album in here.reader.albums().own} == before
        assert albums(here)["Trip 2024-02-15"] == ["IMG_3.jpg"]

    def test_albums_taken_over_are_remembered_too(self, here: World) -> None:
        apply(here, {"albums": [{"name": "2024-02", "match": {"file": "IMG_3.jpg"}}]})
        apply(here, sets(MONTHS))
        known = here.state.known_albums(here.identity.user_id)
        assert len(next(iter(known.of.values()))) == 2, "the one that did not change is told by the command"

    def test_renamed_from_does_without_memory(self, here: World) -> None:
        apply(here, sets(MONTHS))
        here.state.path.unlink()
        wish = sets({**self.NEW, "renamed_from": MONTHS["name"]})
        apply(here, wish)
        assert len(albums(here)) == 3
        assert not here.plan(wish).changes

    def test_without_either_albums_are_made_anew(self, here: World) -> None:
        apply(here, sets(MONTHS))
        here.state.path.unlink()
        plan = here.plan(sets(self.NEW))
        assert {change.action for change in plan.changes.albums} == {Action.CREATE}

    def test_a_set_that_narrows_otherwise_is_the_same_set(self, here: World) -> None:
        apply(here, sets(MONTHS))
        plan = here.plan(sets({**self.NEW, "match": {"type": "image"}}))
        assert {change.action for change in plan.changes.albums} == {Action.UPDATE}


class TestGone:
    WISH: ClassVar[dict[str, Any]] = {"for_each": {"tag": "Trips"}, "name": "{tag}"}
    OFF: ClassVar[dict[str, Any]] = {"match": {"file": "IMG_3.jpg"}, "tags": {"remove": ["Trips/Italy"]}}

    def test_an_album_without_a_group_is_emptied_and_told(self, here: World) -> None:
        apply(here, sets(self.WISH))
        wish = sets(self.WISH, assets=[self.OFF])
        apply(here, wish)
        assert albums(here) == {"Italy": [], "Peru": ["IMG_4.jpg"]}
        (note,) = here.plan(wish).notes
        assert "'Italy'" in note.text and "prune: true" in note.text

    def test_prune_deletes_it(self, here: World) -> None:
        apply(here, sets(self.WISH))
        wish = sets({**self.WISH, "prune": True}, assets=[self.OFF])
        assert (Action.DELETE, "Italy") in actions(here.plan(wish))
        apply(here, wish)
        assert albums(here) == {"Peru": ["IMG_4.jpg"]}

    def test_prune_deletes_nothing_that_no_run_has_made(self, here: World) -> None:
        apply(here, {"albums": [{"name": "Norway"}, {"name": "2023-01"}]})
        apply(here, sets({**self.WISH, "prune": True}, {**MONTHS, "prune": True, "min_photos": 2}))
        assert {"Norway", "2023-01"} <= albums(here).keys()

    def test_groups_that_are_left_out_are_let_go_of(self, here: World) -> None:
        apply(here, sets(self.WISH))
        plan = here.plan(sets({**self.WISH, "prune": True, "except": "Italy"}, assets=[self.OFF]))
        assert not plan.changes.albums

    def test_a_group_that_falls_below_stays_in_step(self, here: World) -> None:
        apply(here, sets({**MONTHS, "min_photos": 2}))
        assert list(albums(here)) == ["2024-01"]
        entry = {"match": {"file": "IMG_2.jpg"}, "taken": "2024-02-10T12:00:00+00:00"}
        wish = sets({**MONTHS, "min_photos": 2}, assets=[entry])
        apply(here, wish)
        assert albums(here) == {"2024-01": ["IMG_1.jpg"], "2024-02": ["IMG_2.jpg", "IMG_3.jpg"]}
        assert any("fewer than 2" in note.text for note in here.plan(wish).notes)
        apply(here, sets({**MONTHS, "min_photos": 2, "prune": True}, assets=[entry]))
        assert list(albums(here)) == ["2024-02"]


class TestNothingToMake:
    """A set that makes no album says so, and why."""

    def told(self, here: World, **keys: Any) -> str:
        plan = here.plan(sets({"name": "x {start}", **keys}))
        assert not plan.changes
        (note,) = plan.notes
        assert note.origin and note.origin.line == 2
        return note.text

    def test_a_folder_that_is_not_there(self, here: World) -> None:
        assert "below '/nowhere'" in self.told(here, for_each={"folder": "/nowhere"})

    def test_a_rule_that_matches_nothing(self, here: World) -> None:
        assert "no photo belongs" in self.told(here, for_each="month", match={"file": "nothing.jpg"})

    def test_groups_that_are_too_small(self, here: World) -> None:
        assert "has 500 photos (`min_photos`)" in self.told(here, for_each="month", min_photos=500)

    def test_groups_that_are_left_out(self, here: World) -> None:
        assert "`only` and `except`" in self.told(here, for_each="year", only="1999")

    def test_one_that_makes_any_says_nothing(self, here: World) -> None:
        assert not here.plan(sets(MONTHS)).notes


class TestNames:
    def test_one_name_by_hand_and_by_a_set(self, here: World) -> None:
        plan = here.plan(sets(MONTHS, albums=[{"name": "2024-01", "description": "x"}]))
        (problem,) = plan.problems
        assert "'2024-01'" in problem.message and "wish.yaml:5" in problem.message
        assert problem.origin and problem.origin.line == 3

    def test_one_name_by_two_sets(self, here: World) -> None:
        plan = here.plan(
            sets(MONTHS, {"for_each": "month", "name": "{year}-{month}", "match": {"rating": 5}})
        )
        (problem,) = plan.problems
        assert "the set at" in problem.message

    def test_one_name_for_two_groups(self, here: World) -> None:
        plan = here.plan(sets({"for_each": "month", "name": "{year}"}))
        (problem,) = plan.problems
        assert "'2024-01', '2024-02'" in problem.message and "{month}" in problem.message

    def test_nothing_left_of_a_name(self, here: World) -> None:
        plan = here.plan(sets({"for_each": "camera", "name": "{model}"}))
        assert len(plan.problems) == 2
