"""Where words and files go: streams that are closed or of another encoding, disks that are full."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.plan import main as plan
from reconciler.cli.telling.output import write_file
from tests.end_to_end.support import script


def full_disk() -> Iterator[bytes]:
    """Pieces of which the second doesn't fit."""
    yield b"half"
    raise OSError(28, "No space left on device")


class TestWriteFile:
    def test_a_file_is_replaced_with_its_mode(self, tmp_path: Path) -> None:
        path = tmp_path / "plan.json"
        path.write_bytes(b"old")
        path.chmod(0o640)
        write_file(path, [b"new", b"er"])
        assert path.read_bytes() == b"newer"
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert [one.name for one in tmp_path.iterdir()] == ["plan.json"]

    def test_what_was_there_survives_a_full_disk(self, tmp_path: Path) -> None:
        path = tmp_path / "photos.yaml"
        path.write_bytes(b"ten years of captions")
        with pytest.raises(OSError, match=r"No space left on device: '.*photos\.yaml'"):
            write_file(path, full_disk())
        assert path.read_bytes() == b"ten years of captions"
        assert [one.name for one in tmp_path.iterdir()] == ["photos.yaml"]

    def test_what_a_link_points_to_is_written(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "file")
        write_file(tmp_path / "link", [b"x"])
        assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_bytes() == b"x"

    def test_a_device_is_written_to(self) -> None:
        write_file(Path(os.devnull), [b"x"])
        assert not Path(os.devnull).is_file()


class TestStreams:
    @pytest.fixture
    def wrong(self, tmp_path: Path) -> Path:
        (tmp_path / os.fsdecode(b"caf\xe9 \xe2\x86\x92.yaml")).write_text("albums:\n  - nmae: x\n")
        return tmp_path

    def run(self, words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            ["bash", "-c", f"{script('immich-validate')} {words}"],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done

    @pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8:strict"])
    def test_files_and_pipes_get_utf_8(self, wrong: Path, encoding: str) -> None:
        done = self.run("--format json", wrong, PYTHONIOENCODING=encoding)
        (problem,) = json.loads(done.stdout)["problems"]
        assert (done.returncode, problem["file"]) == (2, "caf\udce9 →.yaml")

    def test_closed_streams_are_no_error(self, wrong: Path) -> None:
        assert self.run("<&- >&- 2>&-", wrong).returncode == 2


@pytest.mark.parametrize(
    ("option", "instead"), [("-o", "--format json"), ("--html", "--format html")], ids=["plan", "page"]
)
def test_standard_output_is_no_file_for_a_plan(option: str, instead: str) -> None:
    refused = CliRunner().invoke(plan, [option, "-"])
    assert refused.exit_code == 2 and f"'-' is no name of a file; {instead} prints it" in refused.output
