"""Puts YAML into a file and loads it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from reconciler.config import Loaded, load
from reconciler.model.desired import AlbumEntry, AssetEntry
from reconciler.model.origin import InvalidFiles, Problem
from reconciler.model.selectors import Selector


def loaded(folder: Path, text: str) -> Loaded:
    """What a single file holds."""
    file = folder / "in.yaml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return load([file])


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    """What is wrong with a single file."""
    with pytest.raises(InvalidFiles) as caught:
        loaded(folder, text)
    return caught.value.problems


def messages(folder: Path, text: str) -> list[str]:
    """The sentences only."""
    return [problem.message for problem in problems(folder, text)]


def entry(folder: Path, values: str, match: str = "{ file: a.jpg }", top: str = "") -> AssetEntry:
    """The only entry of `assets`; `values` are lines in flow style."""
    found = loaded(folder, f"{top}\nassets:\n  - {{ match: {match}, {values} }}\n").desired.assets
    assert len(found) == 1
    return found[0]


def album(folder: Path, keys: str) -> AlbumEntry:
    """The only album, called A."""
    found = loaded(folder, f"albums:\n  - {{ name: A, {keys} }}\n").desired.albums
    assert len(found) == 1
    return found[0]


def rule(folder: Path, match: str, top: str = "") -> Selector:
    """The rule of an album called A."""
    found = loaded(folder, f"{top}\nalbums:\n  - {{ name: A, match: {match} }}\n").desired.albums[0].rule
    assert found is not None
    return found
