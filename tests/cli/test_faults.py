"""A fault of the program itself is told in words, and so is what goes wrong beside a command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reconciler.apply.state.database import State
from reconciler.cli import plan, runs, validate
from reconciler.cli.telling.fault import without_secrets
from tests.end_to_end.support import script

KEY = "q9ZMFWU1cCd0L4uRRb7X7f7pESm7C02C8ggigjFYUlQuxA2"
FULL = Path("/dev/full")


def broken(text: str) -> Any:
    """Raises what no command expects."""

    def raises(*_: Any, **__: Any) -> Any:
        raise LookupError(text)

    return raises


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("IMMICH_RECONCILER_DEBUG", raising=False)
    return tmp_path / "state" / "faults"


def test_it_says_what_failed_where_the_traceback_is_and_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMICH_API_KEY", "secret-of-mine")
    monkeypatch.setattr(sys, "argv", ["immich-validate", "https://ada:word@photos.example.org"])
    monkeypatch.setattr("reconciler.config.load", broken(f"secret-of-mine, {KEY} and albums.yaml"))
    ended = CliRunner().invoke(validate.main, [])
    assert ended.exit_code == 70 and ended.stdout == ""
    (file,) = folder.iterdir()
    told = ended.stderr
    assert "a fault of its own and not by a mistake of yours" in told
    assert "LookupError: …, … and albums.yaml." in told and "It has left no queue paused." in told
    assert f"The traceback is in {file} " in told and "Please report it" in told
    assert "Traceback" not in told
    written = file.read_text("utf-8")
    assert "Traceback (most recent call last)" in written and "test_faults.py" in written
    assert "https://…@photos.example.org" in written
    for secret in ("secret-of-mine", KEY, "word@"):
        assert secret not in told + written


def test_it_says_what_it_was_doing_and_which_queues_are_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    State(tmp_path / "other").add_lease("https://photos.example.org/api", "sidecar", "2026-01-01T00:00:00")

    def reading(*_: Any, **__: Any) -> Any:
        from reconciler.cli.telling.progress import progress

        with progress(quiet=True) as watching:
            watching.stage("reading photos")
            raise LookupError

    monkeypatch.setattr("reconciler.apply.state.runs.Runs.all", reading)
    ended = CliRunner().invoke(runs.main, ["show", "--state-dir", str(tmp_path / "other")])
    assert ended.exit_code == 70, ended.output
    assert "fault of its own, while reading photos, and" in ended.stderr
    assert "These queues may still be paused: sidecar: immich-queues restore" in ended.stderr
    assert not folder.exists() and len(list((tmp_path / "other" / "faults").iterdir())) == 1


def test_the_traceback_is_shown_where_somebody_asks_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMICH_RECONCILER_DEBUG", "1")
    monkeypatch.setattr("reconciler.config.load", broken("so"))
    ended = CliRunner().invoke(validate.main, [])
    assert "Traceback (most recent call last)" in ended.stderr and ended.exit_code == 70
    assert folder.exists()


def test_a_state_folder_that_cant_be_written_to_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMMICH_RECONCILER_STATE_DIR", str(tmp_path / "file" / "state"))
    monkeypatch.setattr("reconciler.config.load", broken("so"))
    ended = CliRunner().invoke(plan.main, [])
    assert ended.exit_code == 70 and "set IMMICH_RECONCILER_DEBUG=1 and run it again" in ended.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no full disk here")
@pytest.mark.parametrize("command", ["immich-plan --help", "immich-runs --version", "immich-completion bash"])
def test_help_on_a_full_disk_ends_in_words(command: str) -> None:
    name, *args = command.split()
    with FULL.open("w") as full:
        ended = subprocess.run(
            [script(name), *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, "error: No space left on device\n")


def test_names_and_checksums_are_no_secrets() -> None:
    text = "reconciler.apply.queues.window 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12 ReadTimeoutErrorOfAServer"
    assert without_secrets(text) == text
