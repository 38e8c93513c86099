"""Commands keep what large files came to, unless they are told not to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import plan, validate
from reconciler.cli.connecting import keeping
from reconciler.config.documents import LARGE
from reconciler.live.searching import choosing
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.mount import open_sandbox

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


def planned(*args: str) -> tuple[bytes, str]:
    """The saved plan, and how the library was read."""
    result = CliRunner().invoke(plan.main, ["wish.yaml", "-o", "plan.json", "--explain", "--quiet", *args])
    assert result.exit_code == 0, result.output
    return Path("plan.json").read_bytes(), result.output


def test_a_library_is_kept_and_read_anew_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(keeping, "SMALLEST", 0)
    (tmp_path / "wish.yaml").write_text(
        "server: { url: 'sandbox:library' }\nalbum_sets: [{ for_each: year, name: '{year}' }]\n"
    )
    moments = [datetime(2020 + number % 3, 5, 1, tzinfo=UTC) for number in range(9)]
    with Library.create(tmp_path / "library", version="3.1.0") as library:
        library.add_assets(NewAsset(file_name=f"{n}.jpg", file_created_at=at) for n, at in enumerate(moments))
    fresh, said = planned("--no-cache")
    assert "kept" not in said and not (tmp_path / "cache").exists()
    first, said = planned()
    assert "all read: nothing is kept from an earlier time" in said
    again, said = planned()
    assert "kept since" in said and "0 changed" in said
    asked, said = planned("--refresh")
    assert "all read: it was asked for" in said
    assert fresh == first == again == asked
    with mounted_key(tmp_path) as key:
        assert not any(key.encode() in path.read_bytes() for path in (tmp_path / "cache").rglob("*.kept"))


NOTHING = "server: { url: 'sandbox:library' }\nassets: [{ match: { taken: 2021 }, favorite: false }]\n"
STOOD = "whether any photo has changed"


@pytest.fixture
def hearts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files that ask for no change, of which the plan was kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(keeping, "SMALLEST", 0)
    (tmp_path / "wish.yaml").write_text(NOTHING)
    moments = [datetime(2020 + number % 3, 5, 1, tzinfo=UTC) for number in range(9)]
    with Library.create(tmp_path / "library", version="3.1.0") as library:
        library.add_assets(NewAsset(file_name=f"{n}.jpg", file_created_at=at) for n, at in enumerate(moments))
    # what is kept is weighed against searches, and for nine photos these cost less
    monkeypatch.setattr(choosing, "STAKE", 1e9)
    _, said = planned()
    assert STOOD not in said and "all read" in said
    return tmp_path


def test_the_last_plan_is_given_again_as_long_as_nothing_changes(hearts: Path) -> None:
    fresh, _ = planned("--no-cache")
    for _ in range(2):
        again, said = planned()
        assert again == fresh
        assert STOOD in said and "the whole library" not in said
    with open_sandbox(hearts / "library") as mounted:
        assert mounted.admin_key
        ask, api = mounted.session(), mounted.base_url
        ask.headers["x-api-key"] = mounted.admin_key
        found = ask.post(f"{api}/search/metadata", json={"originalFileName": "1.jpg"}).json()
        one = found["assets"]["items"][0]["id"]
        ask.put(f"{api}/assets/{one}", json={"isFavorite": True}).raise_for_status()
    seen, said = planned()
    assert b'"1.jpg (2021-05-01)"' in seen and STOOD not in said
    assert planned("--no-cache")[0] == seen


@pytest.mark.parametrize("what", ["other files", "a limit", "a target", "migration", "all anew", "spoiled"])
def test_the_last_plan_is_not_that_of(hearts: Path, what: str) -> None:
    words = {"a limit": ["--max-changes=1"], "a target": ["--target=photo:1*"], "all anew": ["--refresh"]}
    if what == "other files":
        (hearts / "wish.yaml").write_text(NOTHING.replace("false", "true"))
    if what == "migration":
        words[what] = ["--migrate"]
    if what == "spoiled":
        for path in (hearts / "cache").rglob("*.kept"):
            path.write_bytes(path.read_bytes()[:-1])
    plan, said = planned(*words.get(what, []))
    assert STOOD not in said
    assert (b'"favorite"' in plan) == (what == "other files")


@contextmanager
def mounted_key(folder: Path) -> Iterator[str]:
    with open_sandbox(folder / "library") as mounted:
        assert mounted.admin_key
        yield mounted.admin_key
