"""Who sees an album and who should: users by e-mail or name, every form of `share`, what is said."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.config import load
from reconciler.diff import compare
from reconciler.diff.changes import Comparison
from reconciler.model.live import Album, Live
from reconciler.model.sharing import Share, User
from tests.diff.lives import BEN, BOTH, CLEO, USERS, after, asset, live

Roles = dict[User, str]
EMAILS = {user.id: user.email for user in USERS}


def planned(share: Any, now: Roles | None = None, users: tuple[User, ...] = USERS) -> Comparison:
    """What differs where an album shall be shared like this; `now`: who sees it, None for no album yet."""
    return compare(desired(share), state(now, users))


def desired(share: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(yaml.safe_dump({"albums": [{"name": "Trip", "share": share}]}))
        return load([path]).desired


def state(now: Roles | None, users: tuple[User, ...] = USERS) -> Live:
    shares = tuple(Share(user, role) for user, role in (now or {}).items())
    albums = () if now is None else (Album("one", "Trip", shares=shares),)
    return live([asset(1)], albums=albums, users=users)


def told(comparison: Comparison) -> list[tuple[str, str | None, str | None]]:
    (album,) = comparison.changes.albums or (None,)
    return [(item.user.email, item.before, item.after) for item in album.shares] if album else []


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (["ben@example.org"], [("ben@example.org", None, "viewer"), ("cleo@example.org", "editor", None)]),
        ([{"user": "CLEO ünal"}], [("cleo@example.org", "editor", "viewer")]),
        ([{"user": "Cleo@Example.org", "role": "editor"}], []),
        ([], [("cleo@example.org", "editor", None)]),
        ({"exact": []}, [("cleo@example.org", "editor", None)]),
        ({"add": ["ben@example.org"]}, [("ben@example.org", None, "viewer")]),
        ({"add": ["cleo@example.org"]}, [("cleo@example.org", "editor", "viewer")]),
        ({"remove": ["Cleo Ünal"]}, [("cleo@example.org", "editor", None)]),
        ({"remove": ["ben@example.org"]}, []),
        ({"remove": ["somebody who has left"]}, []),
    ],
)
def test_every_form(share: Any, wanted: list[tuple[str, str | None, str | None]]) -> None:
    comparison = planned(share, {CLEO: "editor"})
    assert told(comparison) == wanted
    assert not (comparison.problems or comparison.missing or comparison.notes)
    there = after(state({CLEO: "editor"}), comparison.changes)
    assert not compare(desired(share), there).changes


def test_what_is_not_written_is_not_managed() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text("albums: [{ name: Trip, description: ours }]")
        (change,) = compare(load([path]).desired, state({CLEO: "editor"})).changes.albums
    assert change.shares == () and change.fields


def test_a_new_album_is_shared() -> None:
    assert told(planned(["ben@example.org", {"user": "Cleo Ünal", "role": "editor"}])) == [
        ("ben@example.org", None, "viewer"),
        ("cleo@example.org", None, "editor"),
    ]


def test_a_role_that_is_none_is_set_right() -> None:
    """Immich 2.5 keeps any text as a role."""
    assert told(planned(["cleo@example.org"], {CLEO: "boss"})) == [("cleo@example.org", "boss", "viewer")]
    assert told(planned([], {CLEO: "boss"})) == [("cleo@example.org", "boss", None)]


def test_a_name_that_two_have_is_an_error_with_both_emails() -> None:
    (problem,) = planned(["Ben"], {}).problems
    assert "ben@example.org, other.ben@example.org" in problem.message
    assert problem.origin is not None and problem.origin.line == 4


def test_one_user_under_two_names_is_an_error() -> None:
    (problem,) = planned(["cleo@example.org", {"user": "Cleo Ünal", "role": "editor"}], {}).problems
    assert "same user" in problem.message


def test_the_owner_is_told_and_passed_over() -> None:
    comparison = planned(["ada@example.org", "ben@example.org"], {BEN: "viewer"})
    assert not (comparison.changes or comparison.problems)
    assert "the account itself" in comparison.notes[0].text


def test_an_unknown_user_is_missing_with_the_nearest_and_nobody_loses_access() -> None:
    comparison = planned(["bne@example.org", "cleo@example.org"], {BEN: "viewer"})
    (problem,) = comparison.missing
    assert "did you mean 'ben@example.org'?" in problem.message and "nobody loses access" in problem.message
    assert told(comparison) == [("cleo@example.org", None, "viewer")]


def test_an_unknown_user_on_a_server_that_hides_them() -> None:
    (problem,) = planned(["ben@example.org"], {}, USERS[:1]).missing
    assert "Public users" in problem.message


def test_whoever_sees_the_album_already_is_known_even_where_users_are_hidden() -> None:
    assert told(planned(["ben@example.org"], {BEN: "editor", BOTH: "viewer"}, USERS[:1])) == [
        ("ben@example.org", "editor", "viewer"),
        ("other.ben@example.org", "viewer", None),
    ]


def test_an_email_wins_over_a_name_that_looks_like_one() -> None:
    odd = replace(BOTH, name="ben@example.org")
    assert told(planned(["ben@example.org"], {}, (*USERS[:3], odd))) == [("ben@example.org", None, "viewer")]


def test_the_albums_of_a_set_are_shared_and_told_once() -> None:
    wish = """
album_sets:
  - for_each: month
    name: "{month:%B} {year}"
    share: [ben@example.org, nobody@example.org]
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(wish)
        comparison = compare(load([path]).desired, live([asset(1), asset(2)], users=USERS))
    (change,) = comparison.changes.albums
    assert [item.user for item in change.shares] == [BEN]
    assert len(comparison.missing) == 1
