"""Plans and reports with any text in them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from reconciler.diff.changes import (
    Action,
    AlbumChange,
    AlbumField,
    AlbumFieldChange,
    AssetChange,
    Changes,
    Comparison,
    FieldChange,
    Note,
    ShareChange,
    TagChange,
    TagMove,
    Undone,
)
from reconciler.model.attempts import Attempt
from reconciler.model.live import Features, Identity, Live
from reconciler.model.origin import Origin, Problem
from reconciler.model.sharing import User
from reconciler.model.values import Coordinates, Field, Taken, Visibility
from reconciler.plan import Plan, make_plan
from reconciler.plan.report import Fate, ItemFailure, OperationReport, Outcome, Report, Reverted, WindowReport
from reconciler.plan.standing import Kind, Standing, State

NASTY = (
    "\x00\x07\x1b\r\n\t\x7f\x85\x9b\u00ad\u061c\u200b\u200d\u202e\u2028\u2066\u3000\ufe0f\ufeff\u0301\ud800"
    '日ｆ👩🏽🇮[]\\"%'
)
letters = st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=()))
LONG = (
    NASTY * 4,
    "日本の写真" * 30,
    "\u0301" * 90,
    "👩🏽\u200d" * 40,
    "an-endless-name-" * 12,
    "ordinary words in a long caption " * 8,
)
nasty = st.text(letters, max_size=12) | st.sampled_from(LONG)
encodable = st.text(max_size=12)


def origins(text: st.SearchStrategy[str]) -> st.SearchStrategy[Origin]:
    """Any place in a file of any name."""
    return st.builds(Origin, text, st.integers(1, 99), st.integers(1, 9))


moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
dates = st.builds(
    Taken, moments.map(lambda at: at.replace(tzinfo=UTC)), st.none() | st.integers(-14 * 60, 14 * 60)
)
coordinates = st.builds(Coordinates, st.floats(-90, 90), st.floats(-180, 180))


def fields(text: st.SearchStrategy[str], place: st.SearchStrategy[Origin]) -> st.SearchStrategy[FieldChange]:
    """A change of any field."""
    values = {
        Field.DESCRIPTION: text,
        Field.TAKEN: st.none() | dates,
        Field.LOCATION: st.none() | coordinates,
        Field.RATING: st.none() | st.integers(1, 5),
        Field.FAVORITE: st.booleans(),
        Field.VISIBILITY: st.sampled_from(Visibility),
    }
    return st.one_of(
        *(st.builds(FieldChange, st.just(name), value, value, place) for name, value in values.items())
    )


@st.composite
def plans(draw: st.DrawFn, text: st.SearchStrategy[str] = nasty) -> Plan:
    """Any plan, sensible or not; some of its photos become the same."""
    place = origins(text)
    moves = st.lists(st.builds(TagMove, text, place), max_size=3).map(tuple)
    same = draw(st.lists(fields(text, place), max_size=3, unique_by=lambda item: item.field))
    several = st.lists(fields(text, place), max_size=3, unique_by=lambda item: item.field)
    assets = [
        AssetChange(
            f"p-{n}",
            tuple(draw(st.just(same) | several)),
            draw(moves),
            draw(moves),
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    album_field = st.builds(
        AlbumFieldChange,
        st.sampled_from(AlbumField),
        st.none() | text | st.booleans(),
        st.none() | text | st.booleans(),
        place,
    )
    user = st.builds(User, text, text, text)
    role = st.sampled_from([None, "viewer", "editor"])
    share = st.builds(ShareChange, user, role | text, role, place)
    ids = st.lists(text, max_size=8).map(tuple)
    album = st.builds(
        AlbumChange,
        st.sampled_from(Action),
        text,
        place,
        st.none() | text,
        st.lists(album_field, max_size=3, unique_by=lambda item: item.field).map(tuple),
        ids,
        ids,
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.none(),
        st.lists(share, max_size=3).map(tuple),
    )
    tag = st.builds(
        TagChange,
        st.sampled_from([Action.CREATE, Action.UPDATE]),
        text,
        place,
        st.none() | text,
        st.booleans(),
        st.none() | text,
        st.none() | text,
    )
    problems = st.lists(st.builds(Problem, text, st.none() | place, text), max_size=3).map(tuple)
    attempt = st.builds(
        Attempt,
        text,
        st.sampled_from(["description", "taken", "rating"]) | text.map("tag+".__add__),
        text,
        text,
        text,
        text,
    )
    comparison = Comparison(
        Changes(
            tuple(draw(st.lists(tag, max_size=3))), tuple(assets), tuple(draw(st.lists(album, max_size=3)))
        ),
        draw(problems),
        draw(problems),
        tuple(draw(st.lists(st.builds(Note, text, st.none() | place, st.integers(0, 99), ids), max_size=3))),
        tuple(draw(st.lists(st.builds(Undone, attempt, text, place), max_size=3))),
        {item.id: draw(text) for item in assets},
    )
    features = draw(
        st.builds(Features, st.booleans(), st.booleans(), st.none() | st.booleans(), st.booleans())
    )
    identity = draw(st.builds(Identity, text, text, text, text))
    return make_plan(comparison, Live(identity, features), tuple(draw(st.lists(text, max_size=2))))


def reports(text: st.SearchStrategy[str] = nasty) -> st.SearchStrategy[Report]:
    """Any report, sensible or not."""
    aspects = st.sampled_from(
        ["description", "taken", "album", "tag", "color", "member+", "order"]
    ) | text.map("tag-".__add__)
    standing = st.builds(
        Standing,
        st.sampled_from(Kind),
        text,
        text,
        aspects,
        text,
        text,
        text,
        st.sampled_from(State),
    )
    operation = st.builds(
        OperationReport,
        text,
        st.integers(0, 99),
        st.sampled_from(Fate),
        text,
        st.lists(st.builds(ItemFailure, text, text, text), max_size=3).map(tuple),
    )
    several = st.lists(text, max_size=3).map(tuple)
    return st.builds(
        Report,
        st.sampled_from(Outcome),
        st.lists(operation, max_size=4).map(tuple),
        st.lists(standing, max_size=4).map(tuple),
        st.integers(0, 99),
        st.lists(st.builds(Reverted, standing, text), max_size=4).map(tuple),
        text,
        st.builds(WindowReport, several, several, text, several),
        text,
        st.lists(st.tuples(text, st.integers(0, 99)), max_size=3).map(tuple),
    )
