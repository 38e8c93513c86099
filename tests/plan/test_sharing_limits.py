"""How many users may lose access to albums before somebody has to agree."""

from __future__ import annotations

import pytest

from reconciler.diff.changes import Action, AlbumChange, Changes, ShareChange
from reconciler.model.origin import Origin
from reconciler.model.safety import DEFAULTS, Budget, Counted, Limit, Safety, everywhere
from reconciler.model.sharing import User
from reconciler.plan.basis import Basis
from reconciler.plan.budgets import judge


def album(name: str, users: int, before: str | None, after: str | None) -> AlbumChange:
    at = Origin("a.yaml", 3)
    shares = tuple(
        ShareChange(User(f"u{number}", f"u{number}@example.org"), before, after, at)
        for number in range(users)
    )
    return AlbumChange(Action.UPDATE, name, at, f"id-{name}", shares=shares)


def told(*albums: AlbumChange, shared: int, safety: Safety | None = None) -> list[str]:
    found = judge(Changes(albums=albums), {}, Basis(albums=9, shared=shared), safety or Safety())
    return [f"{item.rule}: {item.text} {item.option}" for item in found]


def test_a_few_may_lose_access() -> None:
    assert told(album("Trip", 50, "viewer", None), shared=50) == []


def test_most_of_all_may_not() -> None:
    (said,) = told(*(album(f"{year}", 3, "viewer", None) for year in range(2000, 2018)), shared=100)
    assert said.startswith(
        "removals of shares: 54 users would lose access to albums (of 100 in all albums, at most 50% may): "
    )
    assert said.endswith("--max-removals shares=54")
    assert told(*(album(f"{year}", 3, "viewer", None) for year in range(2000, 2018)), shared=200) == []


def test_nor_more_than_two_hundred() -> None:
    (said,) = told(*(album(f"{year}", 20, "editor", None) for year in range(2000, 2011)), shared=1000)
    assert "220 users would lose access to albums (at most 200 may)" in said


def test_another_role_is_an_overwriting_and_access_a_change() -> None:
    assert told(album("Trip", 60, "viewer", "editor"), shared=100)[0].startswith(
        "overwrites of shares: 60 users"
    )
    assert told(album("Trip", 60, None, "editor"), shared=100) == []
    strict = Safety({**{key: everywhere(limit) for key, limit in DEFAULTS.items()}})
    limits = {**strict.limits, Budget.CHANGES: {Counted.SHARES: Limit(10)}}
    (said,) = told(album("Trip", 60, None, "editor"), shared=0, safety=Safety(limits))
    assert "60 users would get or lose access to albums, or have another role (at most 10 may)" in said


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE])
def test_nobody_loses_access_to_a_new_album(action: Action) -> None:
    change = AlbumChange(action, "Trip", Origin("a.yaml", 3), shares=album("x", 300, None, "viewer").shares)
    assert told(change, shared=0) == []
