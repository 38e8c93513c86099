"""Plans for a part: what is meant, what comes along, what is left out, and that nothing is lost by it."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from reconciler.diff import compare
from reconciler.diff.changes import Changes, Narrowing
from reconciler.diff.target import BadTarget, narrow, read_target
from reconciler.plan import Plan, make_plan
from reconciler.plan.document import from_bytes, to_bytes
from reconciler.plan.report import Outcome
from reconciler.render.html import plan_html
from reconciler.render.markdown import plan_markdown
from reconciler.render.terminal import plan_text
from tests.apply.support import photos
from tests.render import plans as made
from tests.support.world import World, copy_of, world


def part(*targets: str) -> tuple[Changes, Narrowing]:
    plan = made.family()
    return narrow(plan.changes, plan.labels, [read_target(text) for text in targets])


def names(changes: Changes) -> set[str]:
    return {
        *(f"tag {item.path}" for item in changes.tags),
        *(f"photo {item.id}" for item in changes.assets),
        *(f"album {item.name}" for item in changes.albums),
    }


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (["album:Italy*"], {"album Italy 2024"}),
        (["album:ITALY 2024"], {"album Italy 2024"}),
        (["album:scans-tmp"], {"album Old scans"}),
        (["album:a-3"], {"album Trash album"}),
        (["albums:*scans*", "album:Trash*"], {"album Old scans", "album Trash album"}),
        (["photo:IMG_0541.jpg"], {"photo p-541"}),
        (["photo:IMG_054*"], {"photo p-540", "photo p-541"}),
        (["photo:IMG_0541.jpg (2024-06-12)"], {"photo p-541"}),
        (["p-541"], {"photo p-541"}),
        (["tag:Family"], {"tag Family"}),
        (["Fam*"], {"tag Family"}),
        (["IMG_0001.jpg"], {"photo p-1", "tag Trips/Italy"}),
        (["album:nothing like it"], set()),
    ],
)
def test_what_is_meant(targets: list[str], expected: set[str]) -> None:
    assert names(part(*targets)[0]) == expected


def test_a_kind_is_all_of_it() -> None:
    plan = made.family()
    for word in ("albums", "album", "Albums"):
        changes, narrowing = part(word)
        assert changes == Changes(albums=plan.changes.albums)
        assert (narrowing.tags, narrowing.photos, narrowing.albums) == (4, 130, 0)
    assert part("tags", "photos", "albums")[0] == plan.changes
    assert not part("tags", "photos", "albums")[1]


def test_tags_that_a_photo_needs_come_along() -> None:
    changes, narrowing = part("photo:IMG_0001.jpg", "photo:IMG_0540.jpg")
    assert [item.path for item in changes.tags] == ["Trips/Italy"]
    assert changes.tags[0].color
    assert narrowing == Narrowing(
        ("photo:IMG_0001.jpg", "photo:IMG_0540.jpg"), tags=3, photos=128, albums=3, needed=("Trips/Italy",)
    )
    assert part("photo:IMG_0001.jpg", "tag:Trips/Italy")[1].needed == ()


def test_a_target_that_fits_nothing_is_told() -> None:
    assert part("album:Italy*", "album:Itly")[1].unmatched == ("album:Itly",)


@pytest.mark.parametrize("text", ["", " ", "album:", "albm:Italy", "Rome: spring"])
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(BadTarget):
        read_target(text)


def narrowed_plan(*targets: str) -> Plan:
    plan = made.family()
    changes, narrowing = part(*targets)
    return replace(plan, changes=changes, narrowing=narrowing)


def test_every_view_says_that_it_is_a_part() -> None:
    plan = narrowed_plan("album:Italy*", "photo:nobody")
    for text in (plan_text(plan, width=200, color=False), unescape(plan_html(plan))):
        told = (
            'Only --target "album:Italy*" --target "photo:nobody": 130 photos, 2 albums, 4 tags are left out.'
        )
        assert told in text
        assert 'No change fits "photo:nobody".' in text
    assert "130 photos, 2 albums, 4 tags are left out" in plan_markdown(plan)
    saved = json.loads(to_bytes(plan))
    assert saved["narrowed"]["leftOut"] == {"tags": 4, "photos": 130, "albums": 2}
    assert from_bytes(to_bytes(plan)).narrowing == plan.narrowing


def test_nothing_to_do_in_a_part_is_not_called_nothing_to_do() -> None:
    text = plan_text(narrowed_plan("album:nobody"), width=100, color=False)
    assert "are left out" in text and "Nothing to do here." in text
    assert "as the files say" not in text


WISH = {
    "tags": [{"value": "Sea", "color": "#112233"}, {"value": "Sand"}],
    "assets": [
        {"match": {"file": "IMG_0001.jpg"}, "tags": ["Sea"], "rating": 4},
        {"match": {"file": "IMG_0002.jpg"}, "tags": ["Sea", "Sky"], "description": "Far out"},
    ],
    "albums": [
        {"name": "Beach", "match": {"tags": ["Sea"]}},
        {"name": "Rest", "match": {"not": {"tags": ["Sea"]}}},
    ],
}


def planned(place: World, *targets: str) -> Plan:
    desired = place.desired(WISH)
    live = place.live(desired)
    return make_plan(compare(desired, live, targets=[read_target(text) for text in targets]), live)


@pytest.mark.parametrize(
    "targets", [["album:Beach"], ["photo:IMG_0002.jpg"], ["tags"], ["albums", "photo:IMG_0001*"]]
)
def test_a_part_and_then_the_whole_is_the_whole(tmp_path: Path, targets: list[str]) -> None:
    with world(tmp_path / "one", photos(4)) as place:
        place.everything()
        (tmp_path / "two").mkdir()
        with copy_of(place, tmp_path / "two") as other:
            first = planned(place, *targets)
            assert first.changes and first.narrowing
            assert place.apply(first).outcome is Outcome.DONE
            assert not planned(place, *targets).changes
            assert place.apply(planned(place)).outcome is Outcome.DONE
            assert not planned(place).changes
            other.apply(planned(other))
            assert shape(place) == shape(other)


def shape(place: World) -> object:
    found = place.everything()
    names = {key: asset.file_name for key, (asset, _) in found["assets"].items()}
    assets = {
        asset.file_name: (asset.rating, asset.description, tags) for asset, tags in found["assets"].values()
    }
    albums = {album.name: {names[one] for one in members} for album, members in found["albums"].values()}
    return assets, albums, found["tags"]
