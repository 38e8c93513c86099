"""The sandbox answers what real Immich servers answered, scenario by scenario."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from .harness import HERE, SCENARIOS, Difference, differences, play, played

KNOWN: list[dict[str, Any]] = tomllib.loads((HERE / "known_differences.toml").read_text(encoding="utf-8"))[
    "difference"
]


@pytest.mark.parametrize(("scenario", "version"), played())
def test_answers_as_recorded(scenario: str, version: str, tmp_path: Path) -> None:
    found = play(scenario, version, tmp_path / "library")

    known = [entry for entry in KNOWN if entry["scenario"] == scenario and version in entry["versions"]]
    unexpected = [difference for difference in found if not any(_is(difference, entry) for entry in known)]
    outdated = [entry for entry in known if not any(_is(difference, entry) for difference in found)]

    assert not unexpected, "\n".join(str(difference) for difference in unexpected)
    assert not outdated, f"no longer different, take it off the list: {outdated}"


def test_the_list_of_known_differences_is_short_and_explained() -> None:
    assert len(KNOWN) <= 3
    assert all(len(entry["reason"]) > 20 and entry["scenario"] in SCENARIOS for entry in KNOWN)


@pytest.mark.parametrize(
    ("recorded", "answered", "path"),
    [
        ({"status": 200, "body": {"a": 1}}, {"status": 400, "body": {"a": 1}}, "status"),
        ({"status": 200, "body": {"a": 1}}, {"status": 200, "body": {"a": True}}, "a"),
        ({"status": 200, "body": {"a": [1, 2]}}, {"status": 200, "body": {"a": [1]}}, "a"),
        ({"status": 200, "body": {}}, {"status": 200, "body": {"extra": 1}}, "extra"),
        ({"status": 400, "body": {"message": "no"}}, {"status": 400, "body": {"message": "yes"}}, "body"),
    ],
)
def test_the_comparison_sees_differences(recorded: Any, answered: Any, path: str) -> None:
    assert [place for place, _ in differences(recorded, answered)] == [path]


def test_of_errors_only_status_and_message_count() -> None:
    recorded = {"status": 400, "body": {"message": "Validation failed", "errors": [1]}}
    answered = {"status": 400, "body": {"message": "Validation failed", "errors": []}}

    assert not list(differences(recorded, answered))


def _is(difference: Difference, entry: dict[str, Any]) -> bool:
    return bool(difference.step == entry["step"] and difference.path == entry["path"])
