"""The recipes for a machine of one's own: the hooks, the timer, the line for cron, the scripts."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import subprocess
from pathlib import Path

import yaml

from reconciler.cli.exits import Exit
from tests.recipes.conftest import Home
from tests.recipes.forge import inbox
from tests.recipes.jobs import CI, ROOT, path_with_commands


def test_the_hooks(tmp_path: Path) -> None:
    hooks = {
        hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    }
    assert hooks.keys() == {"immich-validate", "immich-format"}
    photos = tmp_path / "photos.yaml"
    photos.write_text("albums: [{name: x}]\n")

    def run(name: str, *files: str) -> subprocess.CompletedProcess[str]:
        assert all(re.search(hooks[name]["files"], file) for file in files)
        words = [*shlex.split(hooks[name]["entry"]), *files]
        env = {**os.environ, "PATH": path_with_commands()}
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert run("immich-validate").returncode == 0
    assert run("immich-format", "photos.yaml").returncode == 0
    assert photos.read_text() == "albums: [{ name: x }]\n"
    photos.write_text("albums: [{ nam: x }]\n")
    failed = run("immich-validate")
    assert failed.returncode == 2 and "did you mean 'name'?" in failed.stdout
    assert re.search(hooks["immich-format"]["exclude"], ".pre-commit-config.yaml")
    assert not re.search(hooks["immich-format"]["exclude"], "trips/italy.yaml")


def at_home(command: str, home: Home) -> str:
    """A command of a recipe with the places of this machine."""
    for there, here in (
        ("/opt/immich-reconciler/bin/", ""),
        ("/etc/immich-reconciler/key", str(home.base / "key")),
        ("%d/key", str(home.base / "key")),
        ("/var/lib/immich-reconciler", str(home.base / "state")),
        ("/srv/photos", str(home.checkout)),
        ("http://127.0.0.1:2283", home.server.url),
        ("/usr/bin/git", "git"),
    ):
        command = command.replace(there, here)
    return command


def test_the_service_applies_and_gives_the_queues_back(home: Home) -> None:
    (home.base / "key").write_text(home.server.key)
    unit = configparser.RawConfigParser(strict=False, dict_type=_Doubled)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(CI / "systemd" / "immich-apply.service")
    service = unit["Service"]
    env = {"PATH": path_with_commands(), "HOME": str(home.base)}
    for line in at_home(service["Environment"], home).split("\n"):
        name, _, value = line.partition("=")
        env[name] = value
    folder = at_home(service["WorkingDirectory"], home)
    for key in ("ExecStart", "ExecStopPost"):
        words = shlex.split(at_home(service[key], home))
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert home.server.albums() == ["All"]
    timer = configparser.RawConfigParser()
    timer.read(CI / "systemd" / "immich-apply.timer")
    assert timer["Timer"]["OnCalendar"] == "*-*-* 01:00"


class _Doubled(dict):  # type: ignore[type-arg]
    """Keeps every value of a key that a unit has several times, a line each."""

    def __setitem__(self, key: object, value: object) -> None:
        if isinstance(value, list) and key in self and isinstance(self[key], list):
            value = [*self[key], *value]
        super().__setitem__(key, value)


def test_the_lines_for_cron(home: Home) -> None:
    (home.base / "key").write_text(home.server.key)
    lines = [
        line for line in (CI / "cron" / "immich-apply").read_text().splitlines() if line and line[0] != "#"
    ]
    jobs = [line for line in lines if line[0].isdigit()]
    env = {"HOME": str(home.base)} | dict(at_home(line, home).split("=", 1) for line in lines[: -len(jobs)])
    env["PATH"] = path_with_commands()
    assert [job.split()[:6] for job in jobs] == [
        [*"01***", "immich-reconciler"],
        [*"06***", "immich-reconciler"],
    ]
    for job in jobs:
        command = at_home(job.split(None, 6)[6], home)
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=env, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), command
    assert home.server.albums() == ["All"]


def test_somebody_is_told_of_what_went_wrong(home: Home) -> None:
    (home.checkout / "albums.yaml").write_text("albums: [{ nam: x }]\n")
    env = {"PATH": path_with_commands(), "HOME": str(home.base)}
    command = ["/bin/sh", "ci/notify.sh", "immich-validate"]

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=home.checkout, env=env | more, capture_output=True, text=True, check=False
        )

    with inbox() as (url, posts):
        told = run(NOTIFY=url)
    assert told.returncode == 2 and "did you mean 'name'?" in told.stdout
    assert told.stdout.endswith("immich-validate: something is wrong in the files (2)\n")
    ((title, text),) = posts
    assert title == "immich-validate: something is wrong in the files (2)"
    assert "did you mean 'name'?" in text
    kept = run(NOTIFY=url, KEEP="4 2")
    assert (kept.returncode, kept.stdout, kept.stderr) == (2, "", "")
    nobody = run(NOTIFY=url)  # nobody listens there any more
    assert nobody.returncode == 2 and "nobody was told" in nobody.stderr


def test_every_exit_code_has_its_words() -> None:
    text = (CI / "scripts" / "notify.sh").read_text("utf-8")
    assert {int(code) for code in re.findall(r"^  (\d+)\) why=", text, re.MULTILINE)} == {
        int(code) for code in Exit if code
    }


def test_the_commands_of_the_container_are_there() -> None:
    text = (ROOT / "Containerfile").read_text("utf-8")
    command = yaml.safe_load(re.findall(r"^CMD (.*)$", text, re.MULTILINE)[0])
    assert command == ["immich-plan"]
    assert all(Path(path_with_commands().partition(os.pathsep)[0], name).exists() for name in command)
    assert "USER reconciler" in text


def test_without_a_snapshot_the_way_out_is_told(home: Home) -> None:
    runner = home.runner(key=False)
    code, said = runner.sh("fetch", "sh ci/fetch-snapshot.sh live.json.gz", {}, shell=("bash", "-c"))
    assert code == 1 and "there is no branch live yet: apply once on main" in said
