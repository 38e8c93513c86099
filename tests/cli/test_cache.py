"""Commands keep what large files came to, unless they are told not to."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import validate
from reconciler.config.documents import LARGE

ENTRY = "  - match: {{ file: a{}.jpg }}\n    description: {}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one large file."""
    entries = (ENTRY.format(number, "x" * 10_000) for number in range(LARGE // 10_000 + 1))
    (tmp_path / "photos.yaml").write_text("assets:\n" + "".join(entries), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def validated(*args: str) -> str:
    result = CliRunner().invoke(validate.main, args)
    assert result.exit_code == 0, result.output
    return result.output


def test_large_files_are_kept(folder: Path) -> None:
    first = validated()
    assert len(list((folder / "cache" / "files").iterdir())) == 1
    assert validated() == first
    assert len(list((folder / "cache" / "files").iterdir())) == 1


def test_no_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert validated("--no-cache") == validated()
    assert validated("--no-cache") == validated()
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(folder / "other"))
    validated("--no-cache")
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", "")
    validated()
    assert not (folder / "other").exists()


def test_faults_are_told_again_with_their_place(folder: Path) -> None:
    with (folder / "photos.yaml").open("a", encoding="utf-8") as file:
        file.write("  - match: { file: b.jpg }\n    rating: 7\n")
    outputs = [CliRunner().invoke(validate.main, []).output for _ in range(2)]
    assert outputs[0] == outputs[1]
    assert outputs[0].startswith("photos.yaml:57:13: assets[27].rating: ")
