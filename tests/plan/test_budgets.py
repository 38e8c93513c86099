"""Budgets, guards and protection: what stops a plan, what doesn't, and what lets it pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.diff.compare import compare
from reconciler.model.asset import Asset, Owner
from reconciler.model.live import Album, Identity, Live, Tag
from reconciler.model.origin import InvalidFiles
from reconciler.model.safety import Allowed, Budget, Counted, Guard, Limit, Safety
from reconciler.model.values import AssetType, Taken, utc
from reconciler.plan import Plan, document, make_plan
from reconciler.plan.basis import Former, basis_of
from reconciler.plan.budgets import way_out

ME = Identity("u-1", "Ada", "3.1.0", "https://photos.example.org")
NOON = utc("2024-06-01T12:00:00Z")


def photos(number: int, **values: object) -> list[Asset]:
    """`IMG_0000.jpg` and so on, all with the same values."""
    made = []
    for index in range(number):
        name, asset_id = f"IMG_{index:04}.jpg", f"p-{index:04}"
        what: dict[str, object] = {"library_id": None, **values}
        made.append(
            Asset(asset_id, "u-1", f"c{index}", name, f"/{name}", AssetType.IMAGE, NOON, NOON, NOON, **what)  # type: ignore[arg-type]
        )
    return made


def server(
    assets: Iterable[Asset], albums: dict[str, int] | None = None, tags: dict[str, int] | None = None
) -> Live:
    """These photos; each album and each tag has the first so many of them."""
    there = {asset.id: asset for asset in assets}
    ids = list(there)
    tagged: dict[str, set[str]] = {}
    for path, number in (tags or {}).items():
        for asset in ids[:number]:
            tagged.setdefault(asset, set()).add(path)
    names = albums or {}
    return Live(
        ME,
        assets=there,
        tags={path: Tag(f"t-{path}", path) for path in tags or {}},
        tags_read=frozenset(tags or {}),
        tags_of={asset: frozenset(paths) for asset, paths in tagged.items()},
        albums=tuple(Album(f"a-{name}", name, asset_count=number) for name, number in names.items()),
        members={f"a-{name}": frozenset(ids[:number]) for name, number in names.items()},
    )


def plan(folder: Path, text: str, live: Live, former: Former | None = None) -> Plan:
    """The plan of this YAML against a server."""
    (folder / "photos.yaml").write_text(text, "utf-8")
    desired = load([folder / "photos.yaml"]).desired
    comparison = compare(desired, live)
    assert not comparison.problems
    basis = basis_of(desired, live, comparison, former)
    return make_plan(comparison, live, desired.files, basis=basis, safety=desired.safety)


def rules(made: Plan) -> list[str]:
    return [violation.rule for violation in made.violations]


ALL = "assets:\n  - match: { type: image }\n    "


class TestFirstRuns:
    """What only adds stops nothing, however much it is."""

    def test_values_tags_and_albums_for_a_whole_library(self, tmp_path: Path) -> None:
        text = ALL + "rating: 3\n    description: x\n    favorite: true\n    tags: [New]\n"
        text += "albums:\n  - name: All\n    match: { type: image }\n"
        made = plan(tmp_path, text, server(photos(300)))
        assert len(made.changes.assets) == 300
        assert made.violations == ()

    def test_a_small_library_is_all_changed(self, tmp_path: Path) -> None:
        made = plan(tmp_path, ALL + "description: y\n", server(photos(50, description="x")))
        assert len(made.changes.assets) == 50
        assert made.violations == ()

    def test_two_photos_that_leave_an_album(self, tmp_path: Path) -> None:
        text = "albums:\n  - name: Inbox\n    match: { rating: 5 }\n"
        assert plan(tmp_path, text, server(photos(9), {"Inbox": 2})).violations == ()


class TestBudgets:
    def test_removals_beyond_their_number(self, tmp_path: Path) -> None:
        live = server(photos(1000), {"Italy": 900})
        text = (
            "albums:\n  - name: Italy\n    match: { file: IMG_00* }\n    assets: [{ file: IMG_0999.jpg }]\n"
        )
        made = plan(tmp_path, text, live)
        (beyond,) = made.violations
        assert beyond.rule == "removals of memberships"
        assert beyond.text == "800 photos would leave albums (at most 200 may): Italy (800)"
        assert beyond.option == "--max-removals memberships=800"
        assert beyond.resources == ("Italy",)
        assert beyond.origin and beyond.origin.line == 2
        passing = Safety({**made.safety.limits, Budget.REMOVALS: {Counted.MEMBERSHIPS: Limit(800)}})
        assert made.judged(passing).violations == ()
        short = Safety({**made.safety.limits, Budget.REMOVALS: {Counted.MEMBERSHIPS: Limit(799)}})
        assert rules(made.judged(short)) == ["removals of memberships"]

    def test_a_share_of_an_album(self, tmp_path: Path) -> None:
        live = server(photos(500), {"Italy": 120, "Rome": 400})
        text = (
            "albums:\n  - name: Italy\n    match: { file: IMG_005* }\n"
            "  - name: Rome\n    match: { file: 'IMG_0[0-2]*' }\n"
        )
        made = plan(tmp_path, text, live)
        assert [beyond.text for beyond in made.violations] == [
            "210 photos would leave albums (at most 200 may): Italy (110), Rome (100)"
        ]
        half = "settings:\n  safety: { removals: { memberships: 50% } }\n"
        (beyond,) = plan(tmp_path, half + text, live).violations
        assert "110 of the 120 of 'Italy', at most 50% may" in beyond.text

    def test_tags_that_come_off(self, tmp_path: Path) -> None:
        live = server(photos(400), tags={"Trips": 150, "Family": 400})
        text = ALL + "tags: { remove: [Trips] }\n"
        (beyond,) = plan(tmp_path, text, live).violations
        assert beyond.text == (
            "150 tags would come off photos (150 of the 150 of 'Trips', at most 50% may): Trips (150)"
        )

    def test_values_that_go_and_that_are_overwritten(self, tmp_path: Path) -> None:
        live = server(photos(300, description="x", rating=3))
        made = plan(tmp_path, ALL + "description: ''\n    rating: 4\n", live)
        assert rules(made) == ["removals of values", "overwrites of values"]
        assert made.violations[1].text == (
            "300 photos would have a value overwritten (of 300 in the library, at most 30% may): "
            f"{made.files[0]}:4 (300)"
        )

    def test_a_share_of_the_library_counts_only_above_the_floor(self, tmp_path: Path) -> None:
        live = server(photos(100, rating=3))
        text = "assets:\n  - match: { file: 'IMG_00[0-4]*' }\n    rating: 4\n"
        assert plan(tmp_path, text, live).violations == ()
        low = "settings:\n  safety: { floor: 10 }\n"
        assert rules(plan(tmp_path, low + text, live)) == ["overwrites of values"]

    def test_hearts_and_the_archive(self, tmp_path: Path) -> None:
        live = server(photos(100, favorite=True))
        made = plan(tmp_path, ALL + "favorite: false\n    visibility: archive\n", live)
        assert rules(made) == ["removals of values", "overwrites of values"]
        assert plan(tmp_path, ALL + "favorite: true\n", server(photos(100))).violations == ()

    def test_changes_count_what_is_added_where_a_limit_is_written(self, tmp_path: Path) -> None:
        live = server(photos(100))
        text = ALL + "rating: 3\n    tags: [New]\nalbums:\n  - { name: A, match: { type: image } }\n"
        made = plan(tmp_path, "settings:\n  safety: { changes: 30% }\n" + text, live)
        assert rules(made) == ["changes of values", "changes of tags", "changes of memberships"]
        one = "settings:\n  safety: { changes: { albums: 0, tags: [500, 100%] } }\n"
        assert rules(plan(tmp_path, one + text, live)) == ["changes of albums"]

    def test_changes_count_what_goes_as_well(self, tmp_path: Path) -> None:
        limits = "settings: { safety: { changes: { tags: 3, memberships: 3 } } }\n"
        live = server(photos(9), {"Italy": 6}, {"Trips": 4})
        text = (
            limits
            + ALL
            + "tags: { remove: [Trips] }\nalbums:\n  - { name: Italy, match: { file: IMG_0000.jpg } }\n"
        )
        made = plan(tmp_path, text, live)
        assert [item.text.partition(" (")[0] for item in made.violations] == [
            "4 photos would get or lose tags",
            "5 photos would join or leave albums",
        ]

    def test_named_photos_have_no_share_of_a_library_that_was_not_read(self, tmp_path: Path) -> None:
        live = server(photos(100, rating=3))
        named = "".join(f"  - match: {{ file: IMG_{n:04}.jpg }}\n    rating: 4\n" for n in range(100))
        assert plan(tmp_path, "assets:\n" + named, live).violations == ()
        limit = "settings:\n  safety: { overwrites: 99 }\n"
        assert rules(plan(tmp_path, limit + "assets:\n" + named, live)) == ["overwrites of values"]

    def test_deleted_and_renamed_albums(self, tmp_path: Path) -> None:
        live = server(photos(1), {"A": 1, "B": 1, "C": 0})
        text = (
            "settings:\n  safety: { removals: { albums: 1 }, overwrites: { albums: 0 } }\n"
            "albums:\n  - { name: A, state: absent }\n  - { name: B, state: absent }\n"
            "  - { name: D, renamed_from: C }\n"
        )
        made = plan(tmp_path, text, live)
        assert rules(made) == ["removals of albums", "overwrites of albums"]
        assert way_out(made.violations) == "--max-removals albums=2 --max-overwrites albums=1"


class TestGuards:
    EMPTY = "albums:\n  - name: Italy 2024\n    match: { rating: 5 }\n"

    def test_a_rule_that_suddenly_matches_nothing(self, tmp_path: Path) -> None:
        made = plan(tmp_path, self.EMPTY, server(photos(9), {"Italy 2024": 5}))
        (beyond,) = made.violations
        assert beyond.rule == "empty-album"
        assert beyond.text == "album 'Italy 2024' would lose all of its 5 photos: none is found for it"
        assert beyond.option == "--allow 'empty-album=Italy 2024'"

    def test_an_empty_list(self, tmp_path: Path) -> None:
        text = "albums:\n  - { name: Italy 2024, assets: [] }\n"
        assert rules(plan(tmp_path, text, server(photos(9), {"Italy 2024": 5}))) == ["empty-album"]

    def test_not_where_others_come_or_where_members_may_stay(self, tmp_path: Path) -> None:
        live = server(photos(9), {"Italy 2024": 5})
        other = "albums:\n  - { name: Italy 2024, assets: [{ file: IMG_0008.jpg }] }\n"
        assert plan(tmp_path, other, live).violations == ()
        assert plan(tmp_path, self.EMPTY + "    membership: add\n", live).violations == ()

    @pytest.mark.parametrize("allowed", ["empty-album=Italy 2024", "empty-album=Italy*", "empty-album=*"])
    def test_it_is_let_pass_by_name(self, tmp_path: Path, allowed: str) -> None:
        live = server(photos(9), {"Italy 2024": 5})
        setting = f"settings:\n  safety: {{ allow: ['{allowed}'] }}\n"
        assert plan(tmp_path, setting + self.EMPTY, live).violations == ()

    def test_another_name_lets_nothing_pass(self, tmp_path: Path) -> None:
        live = server(photos(9), {"Italy 2024": 5})
        setting = "settings:\n  safety: { allow: [empty-album=Italy, empty-albums] }\n"
        assert rules(plan(tmp_path, setting + self.EMPTY, live)) == ["empty-album"]

    def test_most_albums(self, tmp_path: Path) -> None:
        names = ["A", "B", "C", "D", "E"]
        live = server(photos(9), dict.fromkeys(names, 4))
        entries = "".join(f"  - {{ name: {name}, match: {{ rating: 5 }} }}\n" for name in names[:3])
        entries += "".join(f"  - {{ name: {name}, match: {{ file: '*' }} }}\n" for name in names[3:])
        made = plan(tmp_path, "albums:\n" + entries, live)
        assert rules(made) == [*["empty-album"] * 3, "empty-albums"]
        assert made.violations[-1].resources == ("A", "B", "C")
        assert "3 of the 5 albums that have photos" in made.violations[-1].text
        one_by_one = made.judged(Safety(allow=(Allowed(Guard.EMPTY_ALBUM, "*"),)))
        assert rules(one_by_one) == ["empty-albums"]
        more = "albums:\n" + entries + "  - { name: F, match: { file: '*' } }\n"
        six = server(photos(9), dict.fromkeys([*names, "F"], 4))
        assert "empty-albums" not in rules(plan(tmp_path, more, six))

    def test_a_rule_that_suddenly_matches_everything(self, tmp_path: Path) -> None:
        live = server(photos(200), {"Italy": 12}, {"Trips": 12})
        text = "albums:\n  - { name: Italy, match: { file: '*' } }\n" + ALL + "tags: [Trips, New]\n"
        made = plan(tmp_path, text, live)
        assert rules(made) == ["whole-library", "whole-library"]
        assert [beyond.text for beyond in made.violations] == [
            "album 'Italy' has 12 and would have 200 of the 200 photos of the library",
            "tag 'Trips' has 12 and would have 200 of the 200 photos of the library",
        ]
        assert way_out(made.violations) == "--allow whole-library=Italy --allow whole-library=Trips"

    def test_what_has_most_of_the_library_already_may_have_the_rest(self, tmp_path: Path) -> None:
        live = server(photos(200), {"All": 190})
        text = "albums:\n  - { name: All, match: { file: '*' } }\n"
        assert plan(tmp_path, text, live).violations == ()

    def test_an_album_that_takes_in_others_is_measured_on_all_that_it_may_take(self, tmp_path: Path) -> None:
        theirs = [
            replace(asset, id=f"o-{asset.id}", owner_id="u-2", rating=5 if number < 220 else None)
            for number, asset in enumerate(photos(400))
        ]
        live = replace(
            server(photos(200), {"Ours": 12}),
            others={asset.id: asset for asset in theirs},
            owners=(Owner("u-1", "Ada", me=True), Owner("u-2", "Ben")),
            with_others=600,
        )
        ours = "albums:\n  - { name: Ours, match: { owner: any, MORE } }\n"
        some = "any: [{ owner: me, file: IMG_* }, { rating: 5 }]"
        assert plan(tmp_path, ours.replace("MORE", some), live).violations == ()
        (beyond,) = plan(tmp_path, ours.replace("MORE", "type: image"), live).violations
        assert beyond.text == "album 'Ours' has 12 and would have 600 of the 600 photos of the library"

    def test_an_album_of_others_alone_can_be_emptied_too(self, tmp_path: Path) -> None:
        theirs = {f"o-{asset.id}": replace(asset, id=f"o-{asset.id}", owner_id="u-2") for asset in photos(4)}
        live = replace(
            server(photos(9), {"Theirs": 0}),
            members={"a-Theirs": frozenset(theirs)},
            others=theirs,
            owners=(Owner("u-1", "Ada", me=True), Owner("u-2", "Ben")),
        )
        text = "albums:\n  - { name: Theirs, match: { owner: Ben, rating: 5 } }\n"
        assert rules(plan(tmp_path, text, live)) == ["empty-album"]

    def test_most_of_the_named_photos_are_missing(self, tmp_path: Path) -> None:
        names = "".join(f"  - match: {{ file: {name} }}\n    rating: 3\n" for name in "abc")
        text = f"assets:\n{names}  - match: {{ file: IMG_0001.jpg }}\n    rating: 3\n"
        (beyond,) = plan(tmp_path, text, server(photos(9))).violations
        assert (beyond.rule, beyond.option) == ("missing-photos", "--allow missing-photos")
        assert beyond.text.startswith("3 of the 4 photos that the files name are not there")

    def test_most_of_the_files_are_gone(self, tmp_path: Path) -> None:
        former = Former(5, ("a.yaml", "b.yaml", "c.yaml"))
        text = ALL + "rating: 3\n"
        (beyond,) = plan(tmp_path, text, server(photos(9)), former).violations
        assert (beyond.rule, beyond.resources) == ("missing-files", former.gone)
        assert plan(tmp_path, text, server(photos(9)), Former(6, former.gone)).violations == ()
        assert plan(tmp_path, text, server(photos(9, rating=3)), former).violations == (), "nothing changes"


class TestProtection:
    def test_an_album_keeps_its_photos_and_its_description(self, tmp_path: Path) -> None:
        live = server(photos(9), {"Italy": 5})
        text = "albums:\n  - name: Italy\n    protect: true\n    match: { file: IMG_0000.jpg }\n"
        (beyond,) = plan(tmp_path, text, live).violations
        assert beyond.text == "album 'Italy' is protected, and 4 photos would leave it"
        assert beyond.option == "" and way_out([beyond]) == ""
        assert beyond.origin and beyond.origin.line == 2
        more = "albums:\n  - { name: Italy, protect: true, match: { file: '*' }, description: x }\n"
        assert plan(tmp_path, more, live).violations == ()
        described = replace(live, albums=(replace(live.albums[0], description="Two families, one van."),))
        (beyond,) = plan(tmp_path, more, described).violations
        assert beyond.text == "album 'Italy' is protected, and its description would be overwritten"

    def test_every_album_of_a_set_keeps_its_photos(self, tmp_path: Path) -> None:
        live = server(photos(9, taken=Taken(NOON, 0)), {"Year 2024": 5, "Other": 3})
        text = (
            "album_sets:\n  - for_each: year\n    name: Year {year}\n    protect: true\n"
            "    match: { file: IMG_0000.jpg }\nalbums:\n  - { name: Other, match: { file: IMG_0000.jpg } }\n"
        )
        (beyond,) = plan(tmp_path, text, live).violations
        assert beyond.text == "album 'Year 2024' is protected, and 4 photos would leave it"
        assert beyond.origin and beyond.origin.line == 2
        assert plan(tmp_path, text.replace("    protect: true\n", ""), live).violations == ()

    def test_photos_keep_values_tags_and_albums(self, tmp_path: Path) -> None:
        live = server(photos(9, description="x"), {"Italy": 3}, {"Trips": 1})
        keep = "  - match: { file: 'IMG_000[01].jpg' }\n    protect: true\n"
        for changed in (
            "  - match: { file: IMG_0000.jpg }\n    description: y\n",
            "  - match: { file: IMG_0000.jpg }\n    tags: { remove: [Trips] }\n",
            "albums:\n  - { name: Italy, match: { file: IMG_0002.jpg } }\n",
        ):
            made = plan(tmp_path, f"assets:\n{keep}{changed}", live)
            assert rules(made) == ["protect"], changed
            assert "IMG_0000.jpg" in made.violations[0].resources
        fine = "  - match: { file: '*' }\n    rating: 3\n    tags: [Trips]\n"
        other = "  - match: { file: IMG_0005.jpg }\n    description: ''\n"
        assert plan(tmp_path, f"assets:\n{keep}{fine}{other}", live).violations == ()

    def test_a_tag_comes_off_nothing(self, tmp_path: Path) -> None:
        live = server(photos(9), tags={"Trips": 3})
        text = "tags:\n  - { value: Trips, protect: true }\n" + ALL + "tags: { remove: [Trips] }\n"
        (beyond,) = plan(tmp_path, text, live).violations
        assert beyond.text == "tag 'Trips' is protected, and would come off 3 photos"

    def test_a_tag_keeps_its_colour(self, tmp_path: Path) -> None:
        live = server(photos(1), tags={"Trips": 1})
        text = "tags:\n  - { value: Trips, color: '#112233', protect: true }\n"
        assert plan(tmp_path, text, live).violations == (), "it had none"
        coloured = replace(live, tags={"Trips": Tag("t-Trips", "Trips", "#e07a5f")})
        (beyond,) = plan(tmp_path, text, coloured).violations
        assert beyond.text == "tag 'Trips' is protected, and its colour would be overwritten"

    def test_no_allowance_lets_it_pass(self, tmp_path: Path) -> None:
        live = server(photos(9), {"Italy": 5})
        text = "albums:\n  - { name: Italy, protect: true, assets: [] }\n"
        made = plan(tmp_path, text, live)
        assert rules(made) == ["protect", "empty-album"]
        assert rules(made.judged(Safety(allow=(Allowed(Guard.EMPTY_ALBUM, "*"),)))) == ["protect"]


def test_a_saved_plan_carries_the_verdict_and_can_be_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    live = server(photos(300, rating=3), {"Italy": 5}, {"Trips": 60})
    text = (
        "tags:\n  - { value: Trips, protect: true }\n" + ALL + "rating: 4\n    tags: { remove: [Trips] }\n"
        "albums:\n  - { name: Italy, match: { rating: 1 } }\n"
    )
    made = plan(tmp_path, text, live)
    assert rules(made) == ["protect", "empty-album", "removals of tags", "overwrites of values"]
    again = document.from_bytes(document.to_bytes(made))
    assert (again.violations, again.basis, again.safety) == (made.violations, made.basis, made.safety)
    open_wide = Safety({budget: {} for budget in Budget}, allow=(Allowed(Guard.EMPTY_ALBUM, "*"),))
    assert again.judged(open_wide) == made.judged(open_wide)
    assert rules(again.judged(open_wide)) == ["protect"]


class TestSettings:
    def test_a_limit_for_all_and_for_one(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text("settings:\n  safety: { removals: [20, 5%], floor: 3 }\n")
        (tmp_path / "b.yaml").write_text("settings:\n  safety: { changes: { tags: 7 }, overwrites: none }\n")
        safety = load([tmp_path]).desired.safety
        assert safety.limit(Budget.REMOVALS, Counted.ALBUMS) == Limit(20, 5)
        assert safety.limit(Budget.CHANGES, Counted.TAGS) == Limit(7)
        assert safety.limit(Budget.CHANGES, Counted.VALUES) == Limit()
        assert safety.limit(Budget.OVERWRITES, Counted.VALUES) == Limit()
        assert safety.floor == 3

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("removals: [20, 30]", "write a number (200), a share (30%), both"),
            ("removals: 130%", "130% is more than all there is"),
            ("removals: lots", "write a number (200), a share (30%), both ([200, 30%]), none"),
            ("removals: { value: 3 }", "did you mean 'values'"),
            ("allow: [empty-albun=Inbox]", "did you mean 'empty-album'"),
            ("allow: [empty-album]", "say which: empty-album=NAME"),
            ("allow: [missing-photos=x]", "write missing-photos alone"),
            ("deletions: 3", "removals"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, written: str, said: str) -> None:
        (tmp_path / "a.yaml").write_text(f"settings:\n  safety: {{ {written} }}\n")
        with pytest.raises(InvalidFiles) as refused:
            load([tmp_path / "a.yaml"])
        (problem,) = refused.value.problems
        assert said in problem.message
        assert problem.origin and problem.origin.line == 2

    def test_a_limit_that_is_none_is_told_where_it_stands(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text(
            "settings:\n  safety:\n    removals:\n      tags: 130%\n      albums: 5\n"
        )
        with pytest.raises(InvalidFiles) as refused:
            load([tmp_path / "a.yaml"])
        (problem,) = refused.value.problems
        assert problem.origin and problem.origin.line == 4
        assert problem.path == "settings.safety.removals.tags"
