"""Albums that are made with an order: the server may give it to them by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import apply, plan
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.photo import Embedded
from tests.apply.support import key_for

DAY = datetime(2024, 5, 1, 12, tzinfo=UTC)
PLANS = ("album.read", "asset.read", "asset.statistics", "asset.download", "user.read", "tag.read")


def with_library_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the test, whose `library` is the server, with nothing kept and no key set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", "")
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path / "state"))
    for name in ("IMMICH_API_KEY", "IMMICH_ADMIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IMMICH_INSTANCE_URL", f"sandbox:{tmp_path / 'library'}")


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Two photos of two years; the account's preference for new albums is `desc`."""
    with_library_here(tmp_path, monkeypatch)
    with Library.create(tmp_path / "library") as made:
        made.add_assets(NewAsset(f"{year}.jpg", DAY.replace(year=year), Embedded()) for year in (2023, 2024))
        yield made


def files(order: str) -> None:
    text = f'album_sets: [{{ for_each: year, name: "{{year}}", order: {order} }}]\n'
    Path("albums.yaml").write_text(text, "utf-8")


def planned() -> tuple[int, int]:
    """Requests that a plan takes, and the fewest that do it."""
    made = CliRunner().invoke(plan.main, ["albums.yaml", "--format", "json", "-q"])
    assert made.exit_code == 0, made.output
    cost = json.loads(made.stdout)["summary"]
    return cost["requests"], cost["lowerBound"]


@pytest.mark.parametrize(("order", "requests"), [("desc", 2), ("asc", 4)])
def test_what_the_server_gives_by_itself_takes_no_request(
    library: Library, order: str, requests: int
) -> None:
    files(order)
    assert planned() == (requests, requests)
    done = CliRunner().invoke(apply.main, ["albums.yaml", "--yes", "-q"])
    assert done.exit_code == 0, done.output
    with library.database.read() as db:
        assert db.values("SELECT sort_order FROM album") == [order, order]
    assert planned() == (0, 0)


def test_where_the_preference_may_not_be_read_the_order_is_sent(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMICH_API_KEY", key_for(library, PLANS))
    files("desc")
    assert planned() == (4, 4)
