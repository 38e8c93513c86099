"""immich-sandbox as it is typed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner, Result

import reconciler
from reconciler.cli import sandbox
from reconciler.sandbox.library import Library

ROOT = Path(reconciler.__file__).parent.parent
PHOTOS = ROOT / "examples" / "family-album" / "photos"
COMMAND = str(Path(sysconfig.get_path("scripts")) / "immich-sandbox")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(sandbox.main, [str(argument) for argument in arguments])


class TestHelp:
    @pytest.mark.parametrize("command", [(), ("init",), ("serve",), ("demo",)])
    def test_has_examples(self, command: tuple[str, ...]) -> None:
        result = run(*command, "--help")
        assert result.exit_code == 0
        assert "Examples:\n  immich-sandbox" in result.output.replace("    ", "  ")

    def test_imports_nothing_heavy(self) -> None:
        """So that it comes at once."""
        heavy = {"flask", "PIL", "rich", "requests", "jsonschema", "deepdiff", "sqlite3", "tzfpy"}
        code = (
            "import sys\nfrom reconciler.cli.sandbox import main\n"
            "try:\n    main(['init', '--help'])\n"
            "except SystemExit:\n    print(sorted(sys.modules), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        loaded = set(re.findall(r"'([^']+)'", done.stderr))
        assert "click" in loaded
        assert not loaded & heavy


class TestInit:
    def test_invented_photos(self, tmp_path: Path) -> None:
        result = run("init", tmp_path / "try", "--photos", "120", "--version", "2.5.6")
        assert (result.exit_code, result.output.splitlines()[0]) == (
            0,
            f"Made {tmp_path / 'try'}: Immich 2.5.6 with 120 invented photos.",
        )
        assert f"server.url sandbox:{tmp_path / 'try'}" in result.output
        with Library.open(tmp_path / "try") as library:
            assert library.version.text == "2.5.6"

    def test_more_users(self, tmp_path: Path) -> None:
        users = (
            "--user",
            "ben@example.org",
            "--user",
            "Cleo Ünal <Cleo@example.org>",
            "--user",
            "ben@example.org",
        )
        assert run("init", tmp_path / "try", *users).exit_code == 0
        with Library.open(tmp_path / "try") as library, library.database.read() as db:
            found = {row["email"]: row["name"] for row in db.rows("SELECT * FROM user WHERE NOT is_admin")}
        assert found == {"ben@example.org": "Ben", "cleo@example.org": "Cleo Ünal"}
        refused = run("init", tmp_path / "other", "--user", "Ben")
        assert refused.exit_code == 2 and "'Ben' is no user" in refused.output
        assert not (tmp_path / "other").exists()

    def test_real_photos(self, tmp_path: Path) -> None:
        source = tmp_path / "pictures"
        source.mkdir()
        (source / "a.jpg").write_bytes((PHOTOS / "IMG_0533.jpg").read_bytes())
        (source / "b.jpg").write_bytes((PHOTOS / "IMG_0533.jpg").read_bytes())
        (source / "a.xmp").write_text("<x/>")
        (source / "todo.doc").write_text("x")
        before = sorted((path.name, path.stat().st_mtime_ns) for path in source.iterdir())
        result = run("init", tmp_path / "try", "--from", source)
        assert result.exit_code == 0
        assert "Immich 3.1.0 with 1 photo (1 with a sidecar)." in result.stdout
        assert result.stderr.splitlines() == [
            "Left out 2 files:",
            f"  {source / 'b.jpg'}: the same bytes as {source / 'a.jpg'}",
            f"  {source / 'todo.doc'}: not a photo or video that Immich takes",
        ]
        assert sorted((path.name, path.stat().st_mtime_ns) for path in source.iterdir()) == before

    def test_an_existing_library_is_replaced_only_when_asked(self, tmp_path: Path) -> None:
        path = tmp_path / "try"
        assert run("init", path).exit_code == 0
        refused = run("init", path, "--photos", "3")
        assert refused.exit_code == 1
        assert "holds a sandbox library already" in refused.stderr
        assert "--force" in refused.stderr
        replaced = run("init", path, "--photos", "3", "--force")
        assert (replaced.exit_code, "3 invented photos" in replaced.stdout) == (0, True)

    def test_force_deletes_nothing_else(self, tmp_path: Path) -> None:
        path = tmp_path / "try"
        run("init", path)
        (path / "diary.txt").write_text("mine")
        result = run("init", path, "--force")
        assert result.exit_code == 1
        assert "diary.txt" in result.stderr
        assert (path / "diary.txt").read_text() == "mine"
        with Library.open(path) as library:
            assert library.admin_key is not None

    def test_a_folder_with_other_things_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "diary.txt").write_text("mine")
        result = run("init", tmp_path, "--force")
        assert result.exit_code == 1
        assert "choose a new folder" in result.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]

    def test_half_a_library_does_not_stay(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("reconciler.sandbox.invent.invent", broken)
        result = run("init", tmp_path / "try", "--photos", "5")
        assert result.exit_code == 130
        assert list((tmp_path / "try").iterdir()) == []

    @pytest.mark.parametrize(
        "arguments",
        [
            ("init",),
            ("init", "x", "--photos", "-1"),
            ("init", "x", "--from", "nowhere"),
            ("init", "x", "--external", "/photos"),
            ("init", "x", "--from", ".", "--external", "photos"),
            ("fly",),
        ],
    )
    def test_wrong_usage(self, arguments: tuple[str, ...]) -> None:
        assert run(*arguments).exit_code == 2


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A running `immich-sandbox serve`, the two lines that it prints."""
    process = subprocess.Popen(
        [COMMAND, "serve", *arguments, "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip(), process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


class TestServe:
    def test_answers_until_it_is_ended(self, tmp_path: Path) -> None:
        path = str(tmp_path / "try")
        run("init", path, "--photos", "7")
        with served(path, "--print-key") as (process, where, key):
            assert where.startswith("Immich 3.1.0 (sandbox) on http://127.0.0.1:")
            url, secret = where.split()[-1], key.removeprefix("API key: ")
            answer = requests.get(f"{url}/api/assets/statistics", headers={"x-api-key": secret}, timeout=30)
            assert answer.status_code == 200
            assert answer.json()["total"] > 0
            assert requests.get(f"{url}/api/assets/statistics", timeout=30).status_code == 401
            second = run("serve", path)
            assert second.exit_code == 1
            assert "in use by another process" in second.stderr
            replaced = run("init", path, "--force")
            assert replaced.exit_code == 1
            assert "in use by another process" in replaced.stderr
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0

    def test_the_key_is_shown_only_when_asked(self, tmp_path: Path) -> None:
        path = str(tmp_path / "try")
        run("init", path)
        with Library.open(Path(path)) as library:
            secret = library.admin_key
        assert secret is not None
        with served(path) as (_, where, key):
            assert secret not in where + key
            assert path in key
            assert "--print-key" in key

    def test_interrupting_gives_130(self, tmp_path: Path) -> None:
        path = str(tmp_path / "try")
        run("init", path)
        with served(path) as (process, _, _):
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130

    def test_another_version(self, tmp_path: Path) -> None:
        path = str(tmp_path / "try")
        run("init", path)
        with served(path, "--version", "2.5.6") as (_, where, _):
            assert where.startswith("Immich 2.5.6 ")
            answer = requests.get(f"{where.split()[-1]}/api/server/version", timeout=30)
            assert answer.json() | {"prerelease": None} == {
                "major": 2,
                "minor": 5,
                "patch": 6,
                "prerelease": None,
            }

    def test_a_lost_answer_is_a_lost_connection(self, tmp_path: Path) -> None:
        path = str(tmp_path / "try")
        run("init", path)
        with served(path, "--print-key") as (_, where, key):
            url, headers = where.split()[-1], {"x-api-key": key.removeprefix("API key: ")}
            fault = [{"kind": "reset", "path": "/server/version", "method": "GET"}]
            answer = requests.put(f"{url}/_sandbox/faults", json=fault, headers=headers, timeout=30)
            assert answer.status_code == 200, answer.text
            with pytest.raises(requests.ConnectionError):
                requests.get(f"{url}/api/server/version", timeout=30)

    def test_no_library(self, tmp_path: Path) -> None:
        result = run("serve", tmp_path)
        assert result.exit_code == 1
        assert "immich-sandbox init" in result.stderr

    def test_a_port_that_is_taken(self, tmp_path: Path) -> None:
        run("init", tmp_path / "one")
        run("init", tmp_path / "two")
        with served(str(tmp_path / "one")) as (_, where, _):
            result = run("serve", tmp_path / "two", "--port", where.rsplit(":", 1)[1])
        assert result.exit_code == 1
        assert "choose another --port" in result.stderr


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the other commands: writes down how it is called, and ends as the file `code` says."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    script = folder / "immich-apply"
    script.write_text(
        f'#!/bin/sh\necho "apply $* $IMMICH_INSTANCE_URL" >> {tmp_path}/calls\nexit $(cat {tmp_path}/code)\n'
    )
    script.chmod(0o755)
    (tmp_path / "code").write_text("0")
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return tmp_path


@pytest.fixture
def example(tmp_path: Path) -> Path:
    photos = tmp_path / "example" / "photos"
    photos.mkdir(parents=True)
    (photos / "IMG_0533.jpg").write_bytes((PHOTOS / "IMG_0533.jpg").read_bytes())
    return tmp_path / "example"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
class TestDemo:
    def test_prints_and_runs_what_a_user_would_type(self, scripts: Path, example: Path) -> None:
        result = run("demo", example)
        assert result.exit_code == 0, result.output
        assert [line for line in result.stdout.splitlines() if line.startswith("$ ")] == [
            f"$ immich-sandbox init {example}/.sandbox --from {example}/photos",
            f"$ export IMMICH_INSTANCE_URL=sandbox:{example}/.sandbox",
            f"$ immich-apply {example} --yes",
            f"$ immich-apply {example} --yes",
        ]
        called = f"apply {example} --yes sandbox:{example}/.sandbox"
        assert (scripts / "calls").read_text().splitlines() == [called, called]

    @pytest.mark.usefixtures("scripts")
    def test_no_real_server_gets_involved(
        self, scripts: Path, example: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IMMICH_INSTANCE_URL", "https://photos.example.org")
        monkeypatch.setenv("IMMICH_API_KEY", "of-the-real-server")
        (scripts / "scripts" / "immich-apply").write_text(
            f'#!/bin/sh\necho "$IMMICH_INSTANCE_URL key=$IMMICH_API_KEY" >> {scripts}/calls\n'
        )
        result = run("demo", example)
        assert "$ unset IMMICH_API_KEY" in result.stdout
        assert "of-the-real-server" not in result.output
        called = f"sandbox:{example}/.sandbox key="
        assert (scripts / "calls").read_text().splitlines() == [called, called]

    def test_keeps_the_library_unless_told_otherwise(self, example: Path) -> None:
        run("demo", example)
        with Library.open(example / ".sandbox") as library:
            first = library.admin_key
        assert "init" not in run("demo", example).stdout
        fresh = run("demo", example, "--fresh")
        assert f"$ immich-sandbox init {example}/.sandbox --from {example}/photos --force" in fresh.stdout
        with Library.open(example / ".sandbox") as library:
            assert library.admin_key != first

    def test_stops_with_the_code_of_the_command(self, scripts: Path, example: Path) -> None:
        (scripts / "code").write_text("4")
        assert run("demo", example).exit_code == 4
        assert len((scripts / "calls").read_text().splitlines()) == 1

    def test_needs_photos(self, tmp_path: Path) -> None:
        result = run("demo", tmp_path)
        assert result.exit_code == 2
        assert str(tmp_path / "photos") in result.stderr

    def test_needs_the_commands(self, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", str(example / "python"))
        monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(example))
        result = run("demo", example)
        assert result.exit_code == 1
        assert "immich-apply is not installed" in result.stderr


def test_the_commands_exist() -> None:
    assert isinstance(sandbox.main, click.Group)
    assert set(sandbox.main.commands) == {"init", "serve", "demo"}
