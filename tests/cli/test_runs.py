"""How runs are shown."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from reconciler.cli import runs
from tests.apply.journalling import journalled
from tests.apply.support import here, photos


def test_names_are_shown_whole(tmp_path: Path) -> None:
    """One without a blank is wider than the column that it stands in."""
    name = "Q" * 200
    with here(tmp_path, photos(2)) as place:
        journalled(place, place.plan({"albums": [{"name": name, "match": {"file": "IMG_*"}}]}))
        folder = str(place.state.folder)
    shown = CliRunner().invoke(runs.main, ["show", "--state-dir", folder])
    assert shown.exit_code == 0 and "…" not in shown.output and shown.output.count("Q") == len(name)
