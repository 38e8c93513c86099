"""The command immich-export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.export import FIELDS, PARTS, USUAL, main
from reconciler.cli.plan import main as plan
from reconciler.config.text.formatting import formatted
from reconciler.render import export
from reconciler.sandbox.library import Library, NewAsset
from reconciler.sandbox.photo import Embedded

DAY = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sandbox, and the environment that names it."""
    with Library.create(tmp_path / "library") as library:
        library.add_assets(
            [
                NewAsset("plain.jpg", DAY),
                NewAsset(
                    "evil\nalbums: [] # .jpg", DAY + timedelta(1), Embedded(description="Hello", rating=3)
                ),
                NewAsset(
                    "scan.jpg", DAY, Embedded(tags=("Old",)), path="/nas/scan.jpg", external_library="NAS"
                ),
                NewAsset("secret.jpg", DAY, Embedded(rating=1), trashed=True),
            ]
        )
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("IMMICH_INSTANCE_URL", f"sandbox:{tmp_path / 'library'}")
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path / "state"))
    return home


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["--quiet", *words])


def test_a_folder_with_a_file_for_each_key(folder: Path) -> None:
    done = CliRunner().invoke(main, ["-o", "out"])
    assert done.exit_code == 0, done.output
    assert "exported: 1 tag, 0 albums, 2 photos" in done.stderr
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["photos.yaml", "tags.yaml"]
    text = (folder / "out" / "photos.yaml").read_text("utf-8")
    assert "path: " in text and '"/nas/scan.jpg"' in text and "tags: [Old]" in text
    assert "# evil albums: [] # .jpg (2024-05-02)" in text
    assert "plain.jpg" not in text and "secret.jpg" not in text and "taken: " not in text
    assert formatted(text) == text
    planned = CliRunner().invoke(plan, ["--quiet", "--exit-code", "out"])
    assert (planned.exit_code, planned.stdout) == (0, "Nothing to do: the server is as the files say.\n")


def test_files_that_are_there_are_not_replaced(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "photos.yaml").write_text("mine")
    done = run("-o", "out")
    assert done.exit_code == 2 and "out/photos.yaml: there already; --force replaces it" in done.output
    assert (folder / "out" / "photos.yaml").read_text() == "mine"
    (folder / "notes").write_text("mine")
    done = run("-o", "notes", "--force")
    assert done.exit_code == 2 and "notes: this is a file; name a folder, or a file that" in done.output
    assert run("-o", "out", "--force").exit_code == 0
    assert "Hello" in (folder / "out" / "photos.yaml").read_text()


def test_parts_and_fields(folder: Path) -> None:
    assert run("--only", "tags").stdout == "tags:\n  - value: Old\n"
    assert run("--only", "tags", "-o", "-").stdout == "tags:\n  - value: Old\n"
    ratings = run("--only", "assets", "--fields", "rating,taken").stdout
    assert "rating: 3" in ratings and "taken: " in ratings
    assert "tags" not in ratings and "description" not in ratings
    assert run("-o", "all.yaml", "--fields", "all").stdout == ""
    assert (folder / "all.yaml").read_text("utf-8").startswith("tags:\n")
    wrong = run("--fields", "rating,stars")
    assert wrong.exit_code == 2 and "'stars' is not one of description, taken," in wrong.output


def test_with_several_accounts_the_files_say_whose_they_are(folder: Path) -> None:
    (folder / "server.yaml").write_text(
        "server:\n  url: ${IMMICH_INSTANCE_URL}\n  accounts:\n    ada: { api_key: '${NOBODYS:-}' }\n"
        "    ben: { api_key: '${NOBODYS:-}' }\ndefaults: { account: ada }\n"
    )
    done = run("--only", "tags", "server.yaml")
    assert done.exit_code == 0, done.output
    assert done.stdout == "account: ada\ntags:\n  - value: Old\n"


def test_the_names_are_those_of_the_renderer() -> None:
    assert tuple(export.Part) == PARTS
    assert tuple(export.Exportable) == FIELDS
    assert tuple(export.USUAL) == tuple(USUAL.split(","))
