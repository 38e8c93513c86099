"""The command immich-select."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.select import main
from reconciler.config import load
from reconciler.live.errand import Around
from reconciler.live.read import read_live
from reconciler.model.live import Live
from reconciler.model.origin import InvalidFiles
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.store import users

DAY = datetime(2024, 5, 1, 12, tzinfo=UTC)
FILES = """
server: { url: "sandbox:library" }
selectors:
  good: { rating: ">=4" }
  ada: { people: Ada, selector: good }
assets:
  - match: { selector: ada }
    favorite: true
  - match: { file: 3.jpg }
    rating: 5
albums:
  - name: Best of May
    match: [{ selector: good }, { file: 1.jpg }]
    exclude: { file: 4.jpg }
    assets: [{ file: 0.jpg }]
  - name: Untouched
album_sets:
  - { for_each: year, name: "Best of {year}", match: { selector: good }, exclude: { file: 4.jpg } }
  - { for_each: month, name: "{year}-{month:%m}", exclude: { selector: good } }
  - { for_each: person, name: "{person}" }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library and files that know it."""
    folder = tmp_path_factory.mktemp("select")
    with Library.create(folder / "library") as library:
        library.add_assets(
            NewAsset(
                f"{number}.jpg",
                DAY - timedelta(days=number),
                Embedded(rating=number or None),
                people=["Ada"] if number % 2 else [],
                visibility="hidden" if number == 5 else "timeline",
            )
            for number in range(6)
        )
    (folder / "photos.yaml").write_text(FILES, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", "")
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path))
    for name in ("IMMICH_API_KEY", "IMMICH_INSTANCE_URL", "IMMICH_ADMIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "-q"])


def files(*arguments: str) -> list[str]:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["version"] == 1 and told["of"] == 5 and told["count"] == len(told["photos"])
    return [photo["file"] for photo in told["photos"]]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("{rating: '>=3'}", ["4.jpg", "3.jpg"]),
        ("rating: 4", ["4.jpg"]),
        ("{selector: good, not: {people: Ada}}", ["4.jpg"]),
        ("{people: Ada, taken: 04-28..04-29}", ["3.jpg"]),
        ("good", ["4.jpg"]),
        ("ada", []),
        ("best of may", ["1.jpg", "0.jpg"]),
        ("photos.yaml:9", ["3.jpg"]),
        ("photos.yaml:10", ["3.jpg"]),
        ("photos.yaml:12", ["1.jpg", "0.jpg"]),
        ("photos.yaml:18", []),
        ("photos.yaml:19", ["3.jpg", "2.jpg", "1.jpg", "0.jpg"]),
        ("photos.yaml:20", ["4.jpg", "3.jpg", "2.jpg", "1.jpg", "0.jpg"]),
    ],
)
def test_what_is_found(rule: str, found: list[str]) -> None:
    assert files(rule) == found


def test_as_text_and_as_ids() -> None:
    text = run("{rating: '>=3'}").stdout.splitlines()
    assert [line.split()[:2] for line in text[:-1]] == [["4.jpg", "2024-04-27"], ["3.jpg", "2024-04-28"]]
    assert text[-1] == "2 photos of 5"
    assert run("{rating: '>=3'}", "--format", "ids").stdout.split() == [line.split()[2] for line in text[:-1]]
    assert run("ada").stdout == "0 photos of 5\n"
    assert run("ada", "--format", "ids").stdout == ""


def test_what_is_counted_from_today_is_told() -> None:
    result = run("{taken: this year}")
    assert result.stderr.startswith('note: "this year" is 2')


def test_why() -> None:
    told = run("ada", "--why", "3.JPG").stdout.splitlines()
    photo = run("{file: 3.jpg}", "--format", "ids").stdout.strip()
    assert told == [
        f"3.jpg (2024-04-28), id {photo}: is not matched",
        "  ✗ selector ada",
        "    ✗ all of these",
        "      ✓ Ada is on it: Ada",
        "      ✗ selector good",
        "        ✗ rating is 4 to 5: 3",
    ]
    assert run("ada", "--why", photo.upper()).stdout.splitlines() == told
    as_json = json.loads(run("ada", "--why", photo, "--format", "json").stdout)
    assert as_json["photos"][0]["why"]["parts"][0]["parts"][0]["holds"] is True
    checksum = as_json["photos"][0]["checksum"]
    assert run("ada", "--why", checksum).stdout.splitlines() == told


def test_a_tag_or_album_that_is_not_there_is_told_where_nothing_matches() -> None:
    nothing = run("{tags: [Nowhere]}")
    assert nothing.stdout == "0 photos of 5\n" and "note: there is no tag 'Nowhere'" in nothing.stderr
    assert "there is no album 'Nowhere'" in run("{album: Nowhere}").stderr
    assert "note" not in run("{rating: 4, not: {tags: [Nowhere]}}").stderr


def test_entries_to_write_captions_into(tmp_path: Path) -> None:
    text = run("{file: ['3.jpg', '4.jpg']}", "--format", "yaml").stdout
    assert "# 4.jpg (2024-04-27)" in text and text.count("    description:\n") == 2
    file = tmp_path / "captions.yaml"
    file.write_text(text)
    with pytest.raises(InvalidFiles) as unfilled:
        load([file])
    assert ["no value stands here" in str(problem) for problem in unfilled.value.problems] == [True, True]
    file.write_text(text.replace("description:\n", "description: By the sea\n"))
    assert all(entry.name and entry.name.checksum for entry in load([file]).desired.assets)
    assert run("{rating: 5, file: x}", "--format", "yaml").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["goood"], 2, "no selector, album or entry is called 'goood'; did you mean 'good'? A rule can be"),
        (["Untouched"], 2, "no selector, album or entry is called 'Untouched'"),
        (["photos.yaml:14"], 2, "no selector, album or entry is called 'photos.yaml:14'"),
        (["{rating: 9}"], 2, "EXPR:1:10: rating: write 1 to 5"),
        (["{}"], 2, "EXPR:1:1: this would find every photo"),
        (["[{rating: 5}]"], 2, "EXPR:1:1: write keys in braces"),
        (["{rating: 5"], 2, "EXPR:1:"),
        (["{selector: godo}"], 2, "EXPR:1:12: selector: no selector 'godo' is defined under `selectors`"),
        (["good", "--why", "9.jpg"], 1, "has the id, checksum or file name '9.jpg'"),
        (["good", "--why", "5.jpg"], 1, "5.jpg (2024-04-26) is hidden"),
        (["good", "--why", "5.jpg", "--format", "ids"], 2, "--why tells about one photo"),
        (["good", "--why", "5.jpg", "--format", "yaml"], 2, "--why tells about one photo"),
        (["{people: Bda}"], 0, "warning: EXPR:1:10: the server knows no person 'Bda'; did you mean 'Ada'?"),
    ],
)  # fmt: skip
def test_what_is_refused(arguments: list[str], code: int, said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, said in result.stderr) == (code, True), result.output
    assert "Traceback" not in result.output


def test_a_library_by_name_takes_an_administrator(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "warning: EXPR:1:11: the server has no external library 'NAS'" in run("{library: NAS}").stderr
    with Library.open(folder / "library") as library, library.database.write() as db:
        user = users.insert(db, email="ben@example.org", name="Ben", password="long enough", is_admin=False)
        key = users.new_secret()
        users.insert_key(db, user, "ben", ["all"], key)
    monkeypatch.setenv("IMMICH_API_KEY", key)
    refused = run("{library: NAS}")
    assert refused.exit_code == 1
    assert "takes an administrator's key: set IMMICH_ADMIN_API_KEY" in refused.stderr
    assert run("{library: null}").stdout == "0 photos of 0\n"


def test_without_files(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert files("{rating: 4}", "--server", f"sandbox:{folder / 'library'}") == ["4.jpg"]
    assert "no *.yaml or *.yml file" in run("good", "--server", f"sandbox:{folder / 'library'}").stderr


def test_what_was_read_before_is_brought_up_to_date(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("reconciler.cli.connecting.keeping.SMALLEST", 1)
    rule = "{rating: '>=3', has: date}"
    whole = run(rule, "--why", "4.jpg", "-v", "--server", f"sandbox:{folder / 'library'}")
    again = run(rule, "--why", "4.jpg", "-v", "--server", f"sandbox:{folder / 'library'}")
    assert "is matched" in whole.stdout and again.stdout == whole.stdout
    # what has changed is only believed between two looks at the queues
    assert whole.stderr.count("GET /queues") == 0
    assert again.stderr.count("GET /queues") == 2
    for option in ("--refresh", "--no-cache"):
        anew = run(rule, "--why", "4.jpg", "-v", option, "--server", f"sandbox:{folder / 'library'}")
        assert anew.stdout == whole.stdout and anew.stderr.count("GET /queues") == 0


def test_all_photos_are_read_only_where_all_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def noted(*args: Any, around: Around, **others: Any) -> Live:
        asked.append(around.whole)
        return read_live(*args, around=around, **others)

    monkeypatch.setattr("reconciler.cli.planning.selecting.read_live", noted)
    assert run("{file: 3.jpg}").stdout.splitlines()[-1] == "1 photo of 5"
    assert run("{visibility: hidden}").stdout.splitlines()[-1] == "1 photo of 6"
    assert "is not matched" in run("{file: 3.jpg}", "--why", "4.jpg").stdout
    assert asked == [False, True, True]
