"""After a change only the rules that look at what has changed are asked again: the answer is that of all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diff.converge import converge
from reconciler.diff.rules import AlbumRule, Hits, Rules, hits_after, hits_of
from reconciler.model.asset import Asset, AssetState
from reconciler.model.attempts import NO_ATTEMPTS
from reconciler.model.conditions import (
    DescriptionContains,
    FavoriteIs,
    Has,
    HasTag,
    InAlbum,
    InAnyAlbum,
    InFolder,
    Part,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    VisibilityIs,
)
from reconciler.model.desired import AlbumEntry, AssetEntry, Setting, TagsWish
from reconciler.model.origin import Origin
from reconciler.model.places import Near
from reconciler.model.selectors import All, AnyOf, Named, Needs, Not, Plain, Selector
from reconciler.model.values import Coordinates, Field, Taken, Visibility
from tests.diff.lives import NOON, asset

TAGS = ["Sea", "Sea/Storm", "Snow"]
ALBUMS = ["Best", "Sea", "Winter"]

simple: list[st.SearchStrategy[Selector]] = [
    st.builds(HasTag, st.sampled_from(TAGS), st.booleans()),
    st.builds(InAlbum, st.sampled_from(ALBUMS)),
    st.builds(InAnyAlbum, st.none() | st.sampled_from(ALBUMS)),
    st.builds(Has, st.sampled_from([Part.TAGS, Part.RATING, Part.DESCRIPTION]), st.booleans()),
    st.builds(RatingWithin, st.integers(1, 5)),
    st.builds(VisibilityIs, st.sampled_from([*map(frozenset, [{Visibility.HIDDEN}, {Visibility.ARCHIVE}])])),
    st.just(TakenWithin(datetime(2024, 6, 2), None)),
    st.just(TakenBetween(NOON + timedelta(days=1), None)),
    st.just(DescriptionContains("Waves")),
    st.builds(FavoriteIs, st.booleans()),
    st.just(Near(Coordinates(43.0, 11.0), 1000.0)),
    st.builds(Has, st.sampled_from([Part.LOCATION, Part.DATE]), st.booleans()),
]
conditions: st.SearchStrategy[Selector] = st.one_of(simple)
selectors: st.SearchStrategy[Selector] = st.recursive(
    conditions,
    lambda some: (
        st.builds(Not, some)
        | st.builds(Named, st.just("N"), some)
        | st.lists(some, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([All(parts), AnyOf(parts)]))
    ),
    max_leaves=4,
)


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    entries = draw(st.lists(selectors, max_size=4))
    albums = draw(st.lists(st.tuples(selectors, st.none() | selectors), max_size=3))
    return Rules(
        {},
        tuple(AssetEntry(Origin("a.yaml", at), {}, rule=rule) for at, rule in enumerate(entries)),
        tuple(
            AlbumRule(AlbumEntry(name, Origin("b.yaml", at), rule=rule, exclude=out), frozenset())
            for at, (name, (rule, out)) in enumerate(zip(ALBUMS, albums, strict=False))
        ),
        grouped=draw(st.sampled_from([{}, {"a1": frozenset({"2024"})}])),
    )


def states() -> st.SearchStrategy[AssetState]:
    def some(names: list[str]) -> st.SearchStrategy[frozenset[str]]:
        return st.frozensets(st.sampled_from(names), max_size=3)

    assets: st.SearchStrategy[Asset] = st.builds(
        asset,
        st.just(1),
        rating=st.none() | st.integers(1, 5),
        visibility=st.sampled_from([Visibility.TIMELINE, Visibility.HIDDEN, Visibility.ARCHIVE]),
        description=st.sampled_from(["", "Waves", "Snow"]),
        favorite=st.booleans(),
        taken=st.sampled_from([None, Taken(NOON, 120), Taken(NOON + timedelta(days=2), 0)]),
        location=st.sampled_from([None, Coordinates(43.0, 11.0), Coordinates(0.0, 11.0)]),
    )
    return st.builds(AssetState, assets, some(TAGS), some([*ALBUMS, "Another"]))


@settings(deadline=None, max_examples=500)
@given(rules(), states(), states(), st.booleans())
def test_asked_again_is_asked_anew(some: Rules, before: AssetState, state: AssetState, edited: bool) -> None:
    state = state if edited else replace(state, asset=before.asset)
    assert hits_after(hits_of(before, some), before, state, some) == hits_of(state, some)


@dataclass(frozen=True)
class Counting(Plain):
    """Matches everything and counts how often it was asked."""

    asked: list[Any]

    def matches(self, state: AssetState) -> bool:
        self.asked.append(state)
        return True

    def needs(self) -> Needs:
        return Needs()


def test_a_tag_sets_off_only_rules_that_look_at_tags() -> None:
    asked: list[Any] = []
    tag = AssetEntry(
        Origin("a.yaml", 1), {}, TagsWish(Origin("a.yaml", 1), add=frozenset({"Sea"})), rule=All(())
    )
    value: Setting[Any] = Setting("Waves", Origin("a.yaml", 2))
    caption = AssetEntry(Origin("a.yaml", 2), {Field.DESCRIPTION: value}, rule=HasTag("Sea"))
    album = AlbumRule(AlbumEntry("Best", Origin("a.yaml", 3), rule=Counting(asked)), frozenset())
    some = Rules({}, (tag, caption), (album,))
    start = AssetState(replace(asset(1), description="Waves"))
    outcome = converge(start, hits_of(start, some), some, NO_ATTEMPTS)
    assert outcome.tags == {"Sea"} and outcome.albums == {"Best"} and not outcome.values
    assert len(asked) == 1
    start = AssetState(asset(1))
    outcome = converge(start, hits_of(start, some), some, NO_ATTEMPTS)
    assert outcome.values == {Field.DESCRIPTION: value}
    assert len(asked) == 3, "asked again once another field has changed"


def test_a_value_sets_off_only_rules_that_look_at_it() -> None:
    asked: list[Any] = []

    class Asked(InFolder):
        """In a folder, which no file can change."""

        def matches(self, state: AssetState) -> bool:
            asked.append(state)
            return InFolder.matches(self, state)

    at = Origin("a.yaml", 1)
    stars = AssetEntry(at, {Field.RATING: Setting(3, at)}, rule=All(()))
    rated = AlbumRule(AlbumEntry("Best", at, rule=RatingWithin(3, 5)), frozenset())
    folders = tuple(
        AlbumRule(AlbumEntry(f"{number}", at, rule=All((Asked((f"/data/{number}",)),))), frozenset())
        for number in range(20)
    )
    some = Rules({}, (stars,), (rated, *folders))
    start = AssetState(asset(1))
    outcome = converge(start, Hits((stars,)), some, NO_ATTEMPTS)
    assert outcome.values.keys() == {Field.RATING} and outcome.albums == {"Best"}
    assert not asked
