"""Photos of other people in the commands: asked for by hand, planned, applied, and planned again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from reconciler.cli import apply, plan, select, snapshot
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.photo import Embedded
from reconciler.sandbox.store import users

VERSIONS = ("3.1.0", "2.5.6")
FILES = """
server: { url: "sandbox:library" }
selectors:
  ours: { owner: any, rating: ">=3" }
albums:
  - name: Ours
    match: { selector: ours }
    cover: { file: b4.jpg }
"""


@pytest.fixture(params=VERSIONS, autouse=True)
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files, and a library with photos of two people, of whom one shows the other his."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMMICH_RECONCILER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path / "state"))
    for name in ("IMMICH_API_KEY", "IMMICH_INSTANCE_URL", "IMMICH_ADMIN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with Library.create(tmp_path / "library", version=request.param) as library:
        moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
        photos = [
            NewAsset(f"{who}{stars}.jpg", moment, Embedded(taken="2024-05-01T12:00:00", rating=stars))
            for who in "ab"
            for stars in (1, 4)
        ]
        with library.database.write() as db:
            ben = users.insert(db, email="ben@example.org", name="Ben", password="x", is_admin=False)
            (ada,) = db.values("SELECT id FROM user WHERE is_admin")
            partner = (
                "INSERT INTO partner (shared_by, shared_with, in_timeline, created_at) VALUES (?, ?, 1, 0)"
            )
            db.run(partner, (ben, ada))
        library.add_assets([*photos[:2], *(replace(photo, owner=ben) for photo in photos[2:])])
    (tmp_path / "photos.yaml").write_text(FILES, encoding="utf-8")
    return tmp_path


def run(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "-q"])


def test_a_rule_shows_whose_photos_it_finds() -> None:
    lines = run(select.main, "ours").stdout.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["a4.jpg", "b4.jpg"]
    assert [line.endswith("  of Ben (ben@example.org)") for line in lines[:2]] == [False, True]
    assert lines[2] == "2 photos of 4"
    told = json.loads(run(select.main, "{owner: Ben}", "--format", "json").stdout)
    assert {photo["owner"]["email"] for photo in told["photos"]} == {"ben@example.org"}
    why = run(select.main, "Ours", "--why", "b1.jpg").stdout.splitlines()
    assert why[0].startswith("b1.jpg (2024-05-01), id ") and why[0].endswith(": is not matched")
    assert [line.strip() for line in why[1:]] == [
        "✗ selector ours",
        "✗ all of these",
        "✓ is anybody's: Ben (ben@example.org)",
        "✗ rating is 3 to 5: 1",
    ]


def test_who_is_nobody_is_told(folder: Path) -> None:
    result = run(select.main, "{owner: Bena}")
    assert "EXPR:1:9: the server knows no user 'Bena'; did you mean 'Ben'?" in result.stderr
    assert result.stdout == "0 photos of 4\n"
    (folder / "photos.yaml").write_text(FILES.replace("any", "Bena"), encoding="utf-8")
    refused = run(plan.main)
    assert refused.exit_code == 1
    assert "the server knows no user 'Bena'; did you mean 'Ben'?" in " ".join(refused.output.split())


def test_what_is_not_told_of_them_is_refused_by_name_too(folder: Path) -> None:
    text = FILES.replace("albums:", "  hearts: { owner: any, favorite: true }\nalbums:")
    (folder / "photos.yaml").write_text(text, encoding="utf-8")
    for rule, place in (("hearts", "photos.yaml:5:35"), ("{owner: Ben, tags: [Trips]}", "EXPR:1:21")):
        result = run(select.main, rule)
        assert result.exit_code == 2 and place in result.stderr
        assert "can't be asked of other people's photos" in result.stderr


def test_they_are_planned_and_applied_once(folder: Path) -> None:
    shown = run(plan.main, "--no-color")
    assert "of the photos that come into album 'Ours', 1 belongs to Ben (ben@example.org)" in " ".join(
        shown.stdout.split()
    )
    done = run(apply.main, "--yes")
    assert done.exit_code == 0, done.output
    again = run(plan.main, "--exit-code")
    assert again.exit_code == 0, again.output
    with Library.open(folder / "library") as library, library.database.read() as db:
        inside = "SELECT original_file_name FROM asset JOIN album_asset ON asset_id = id"
        assert sorted(db.values(inside)) == ["a4.jpg", "b4.jpg"]
        cover = "SELECT original_file_name FROM asset JOIN album ON thumbnail_id = asset.id"
        assert db.values(cover) == ["b4.jpg"]


def test_a_snapshot_plans_the_same(folder: Path) -> None:
    assert run(snapshot.main).exit_code == 0
    offline = run(plan.main, "--snapshot", "live.json.gz", "--format", "json").stdout
    online = run(plan.main, "--format", "json").stdout
    assert json.loads(offline)["albums"] == json.loads(online)["albums"] != []
    more = run(plan.main, "--snapshot", "live.json.gz")
    assert more.exit_code == 0
    own = FILES.replace("owner: any, ", "").replace("b4", "a4")
    (folder / "photos.yaml").write_text(own, encoding="utf-8")
    assert run(snapshot.main).exit_code == 0
    (folder / "photos.yaml").write_text(FILES, encoding="utf-8")
    lacking = run(plan.main, "--snapshot", "live.json.gz")
    assert lacking.exit_code != 0 and "photos of other people: any" in lacking.output
