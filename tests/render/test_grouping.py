"""What belongs together."""

from __future__ import annotations

from hypothesis import given, settings

from reconciler.diff.changes import Action, TagChange
from reconciler.model.values import Field
from reconciler.plan import Plan
from reconciler.render.grouping import (
    RepeatedWrites,
    photo_groups,
    photo_lines,
    repeated_writes,
    tag_groups,
    undone_groups,
)
from tests.render import plans as made
from tests.render.plans import at, change
from tests.render.strategies import plans


def test_the_same_values_from_the_same_line_are_one_group() -> None:
    (group,) = photo_groups(made.trip_photos())
    assert len(group.photos) == 128
    assert group.causes == (at(14),)
    assert group.befores(Field.RATING) == ((None, 120), (2, 8))


def test_another_value_line_or_tag_is_another_group() -> None:
    photos = [
        change("a", (Field.RATING, None, 4, 1)),
        change("b", (Field.RATING, None, 5, 1)),
        change("c", (Field.RATING, None, 4, 2)),
        change("d", (Field.RATING, None, 4, 1), add=(("T", 1),)),
        change("e", (Field.RATING, None, 4, 1), remove=(("T", 1),)),
    ]
    assert len(photo_groups(photos)) == 5


def test_groups_stand_in_the_order_of_the_lines() -> None:
    photos = [change("a", add=(("T", 9),)), change("b", add=(("T", 2),)), change("c", add=(("T", 9),))]
    assert [group.ids for group in photo_groups(photos)] == [("b",), ("a", "c")]


@settings(max_examples=40, deadline=None)
@given(plans())
def test_every_photo_is_in_one_group(plan: Plan) -> None:
    ids = [photo for group in photo_groups(plan.changes.assets) for photo in group.ids]
    assert sorted(ids) == sorted(item.id for item in plan.changes.assets)


def test_tags_of_one_line_come_together_but_for_those_with_a_colour() -> None:
    tags = [
        TagChange(Action.CREATE, "A", at(1)),
        TagChange(Action.CREATE, "B", at(1)),
        TagChange(Action.CREATE, "C", at(1), None, True, None, "#fff"),
        TagChange(Action.CREATE, "D", at(2)),
    ]
    assert [[tag.path for tag in group] for group in tag_groups(tags)] == [["A", "B"], ["C"], ["D"]]


def test_wishes_undone_alike_come_together() -> None:
    groups = undone_groups(made.undone().undone)
    assert [len(group) for group in groups] == [9, 1, 1]


def test_lines_know_which_photos_they_change_and_how() -> None:
    photos = [change(f"p-{n}", (Field.RATING, n, 4, 9), add=(("T", 14),)) for n in range(3)]
    lines = photo_lines([*photos, change("q", (Field.RATING, None, 5, 9))])
    found = {
        number: [(part.targets, part.added, len(part.ids)) for part in parts]
        for (_, number), parts in lines.items()
    }
    assert found == {
        9: [(((Field.RATING, 4),), (), 3), (((Field.RATING, 5),), (), 1)],
        14: [((), ("T",), 3)],
    }
    assert list(lines) == [("family.yaml", 9), ("family.yaml", 14)]


def test_why_photos_are_written_more_than_once() -> None:
    assert repeated_writes(made.rounds()) == RepeatedWrites(12, 2, 1)
    assert repeated_writes(made.long_texts()) == RepeatedWrites()
