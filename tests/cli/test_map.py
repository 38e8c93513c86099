"""The commands know by the key whether they may ask where photos were taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reconciler.cli import plan, select
from reconciler.live.cost import Cost
from reconciler.live.searching import choosing, looking
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.photo import Embedded
from tests.apply.support import key_for
from tests.cli.test_new_albums import PLANS, with_library_here

RULE = "{ box: { south: 41, west: 12, north: 42, east: 13 } }"
EXPLAINED = ["wish.yaml", "--explain", "-q"]


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """One photo in Rome and one in Tokyo, of which to read both would cost much."""
    with_library_here(tmp_path, monkeypatch)
    Path("wish.yaml").write_text(f"albums: [{{ name: Rome, match: {RULE} }}]\n", "utf-8")
    for module in (looking, choosing):
        monkeypatch.setattr(module, "scan_cost", lambda library, _passes: Cost(10_000, library, 1e6))
    with Library.create(tmp_path / "library", version="3.1.0") as made:
        made.add_assets(
            NewAsset(
                f"{name}.jpg", datetime(2024, 5, 1, tzinfo=UTC), Embedded(latitude=at[0], longitude=at[1])
            )
            for name, at in {"rome": (41.89193, 12.51133), "tokyo": (35.6895, 139.69171)}.items()
        )
        yield made


def output(command: click.Command, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_plan_tells_that_the_map_was_asked() -> None:
    said = output(plan.main, *EXPLAINED)
    assert "map      where photos were taken" in said
    assert 'search   city "Rome", country "Italy", state "Latium": 1 photo of 1' in said
    assert "the whole library\n" not in said and "rome.jpg" in said


def test_a_key_that_may_not_ask_the_map_plans_the_same(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMICH_API_KEY", key_for(library, PLANS))
    said = output(plan.main, *EXPLAINED)
    assert "not: where photos were taken" in said and "the key lacks map.read" in said
    assert "scan     the whole library" in said and "rome.jpg" in said


@pytest.mark.parametrize("more", [(), ("map.read",)])
def test_a_rule_that_is_asked_finds_it_either_way(
    library: Library, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    monkeypatch.setenv("IMMICH_API_KEY", key_for(library, [*PLANS, *more]))
    assert output(select.main, RULE, "--format", "ids", "-q").split() == ids_in_rome(library)


def ids_in_rome(library: Library) -> list[str]:
    with library.database.read() as db:
        return [
            str(found) for found in db.values("SELECT id FROM asset WHERE original_file_name = 'rome.jpg'")
        ]
