"""The project as somebody gets it: the README's commands in a fresh copy, and a wheel far away from it."""

from __future__ import annotations

import fcntl
import html
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml

from tests.packaging.pages import README, ROOT, blocks, code, commands, rows, section
from tests.recipes.jobs import Outcome, Runner, steps

pytestmark = pytest.mark.timeout(600)

CONTRIBUTING = ROOT / "docs" / "contributing.md"
LEFT_BEHIND = (".git", ".venv", "venv", ".sandbox", "build", "dist", "*.egg-info", "__pycache__", ".*_cache")
LONG = (
    "RECONCILER_SWEEP=full .venv/bin/python -m pytest tests/sweep",
    ".venv/bin/python -m tests.soak --plans 2000 --seed 1",
    ".venv/bin/python -m tests.races",
    ".venv/bin/python -m tests.benchmarks",
)
NOT_RUN = {
    "python3 -m venv .venv && .venv/bin/pip install --quiet -e '.[dev]' && .venv/bin/python -m pytest": (
        "it runs these very tests; .ci/run runs it"
    ),
    **dict.fromkeys(LONG, "it takes many minutes; a smaller part of it is among these tests"),
}
DEMO, KEEP_KEY, *OWN_SERVER = [
    line for block in blocks("sh", (README,)) for line in commands(block.text) if line not in NOT_RUN
]
COMMANDS = tuple(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"])


def environment(home: Path) -> dict[str, str]:
    """The environment without anything of this checkout or of anybody's Immich.

    `python3` is the Python that these tests run with, but not its virtual environment.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("IMMICH_", "PYTHON", "VIRTUAL_ENV", "COV_", "PYTEST_"))
        and name not in ("NO_COLOR", "COLUMNS")
    }
    first = str(Path(sys.base_prefix) / "bin")
    return {
        **kept,
        "PATH": f"{first}{os.pathsep}{kept['PATH']}",
        "IMMICH_RECONCILER_STATE_DIR": str(home / "state"),
    }


def run(
    command: str | list[str], folder: Path, env: dict[str, str], *, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Runs a line of shell or a program, and expects an exit code."""
    done = subprocess.run(
        ["bash", "-c", command] if isinstance(command, str) else command,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@dataclass(frozen=True, slots=True)
class Fresh:
    """A fresh copy in which the README's first command has run, and what it printed."""

    folder: Path
    env: dict[str, str]
    printed: str


@dataclass(frozen=True, slots=True)
class Away:
    """A virtual environment outside the checkout, with the project installed from a wheel."""

    folder: Path
    env: dict[str, str]

    def command(self, name: str) -> str:
        """The installed command."""
        return str(self.folder / "venv" / "bin" / name)

    def run(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs an installed command in the folder."""
        return run([self.command(words[0]), *words[1:]], self.folder, self.env, code=code)


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Whether a folder has still to be filled; workers that run side by side fill it once."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".done")
        yield not done.exists()
        done.touch()


def common(name: str, factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all workers of a run share."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    folder = common("fresh", tmp_path_factory)
    copy, env, printed = folder / "immich-reconciler", environment(folder), folder / "printed.txt"
    with once(folder) as missing:
        if missing:
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_BEHIND))
            printed.write_text(run(DEMO, copy, env).stdout, "utf-8")
    return Fresh(copy, env, printed.read_text("utf-8"))


@pytest.fixture(scope="module")
def away(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Away:
    folder = common("away", tmp_path_factory)
    env = environment(folder)
    with once(folder) as missing:
        if missing:
            folder.mkdir()
            pip = str(fresh.folder / ".venv" / "bin" / "pip")
            run([pip, "wheel", "--quiet", "--no-deps", "-w", ".", str(fresh.folder)], folder, fresh.env)
            (wheel,) = folder.glob("*.whl")
            run("python3 -m venv venv", folder, env)
            run([str(folder / "venv" / "bin" / "pip"), "install", "--quiet", wheel.name], folder, env)
    return Away(folder, env)


class TestReadme:
    def test_the_first_command_prints_what_is_shown(self, fresh: Fresh) -> None:
        (shown,) = [block for block in blocks("text", (README,)) if block.kind == "demo"]
        printed = iter(fresh.printed.splitlines())
        for line in shown.text.splitlines():
            if line != "…":
                assert line in printed, f"{line!r} isn't printed, or not at this place:\n{fresh.printed}"

    def test_the_picture_shows_what_is_printed(self, fresh: Fresh) -> None:
        """docs/make_picture.py draws it anew. Lines break elsewhere in it, and digest and folder differ."""
        svg = (ROOT / "docs" / "images" / "plan.svg").read_text("utf-8")
        drawn = html.unescape("".join(re.findall(r"<text [^>]*>([^<]*)</text>", svg))).replace("\xa0", " ")
        printed = fresh.printed.replace("examples/family-album/", "")

        def words(text: str) -> list[str]:
            return re.sub(r"Digest: \w+", "", text).split()

        plan = printed.partition("Changes for ")[2].partition("\n\nWritten:")[0]
        told, shown = plan.partition("Plan:"), drawn.partition("Plan:")
        assert words(shown[2]) == words(told[2])
        assert set(words(shown[0].partition("Changes for")[2])) - {"…"} <= set(words(told[0]))

    def test_the_first_command_leaves_no_traces_in_the_copy(self, fresh: Fresh) -> None:
        new = {path.name for path in fresh.folder.iterdir()} - {path.name for path in ROOT.iterdir()}
        assert new <= {".venv"}

    def test_every_command_is_run_here_or_is_known_not_to_be(self) -> None:
        assert DEMO.endswith("immich-sandbox demo")
        assert KEEP_KEY == "(umask 077; cat > ~/.immich-key)"
        assert OWN_SERVER == [
            "export IMMICH_API_KEY_FILE=~/.immich-key",
            "immich-validate",
            "immich-plan",
            "immich-apply",
        ]
        told = {line for block in blocks("sh", (README, CONTRIBUTING)) for line in commands(block.text)}
        assert told >= NOT_RUN.keys()

    def test_on_your_own_server(self, away: Away, tmp_path: Path) -> None:
        """The README's steps as they stand, with a served sandbox and a key of the listed permissions."""
        permissions = [name for row in rows(section(README, "On your own server")) for name in code(row[1])]
        away.run("immich-sandbox", "init", "own", "--from", str(ROOT / "examples/family-album/photos"))
        with serving(away, "own") as (url, admin_key):
            key = new_key(url, admin_key, permissions)
            subprocess.run(
                ["bash", "-c", KEEP_KEY], input=f"{key}\n", env={"HOME": str(tmp_path)}, text=True, check=True
            )
            assert (tmp_path / ".immich-key").stat().st_mode & 0o777 == 0o600
            first = next(block for block in blocks("yaml", (README,)) if block.kind == "")
            (tmp_path / "photos.yaml").write_text(first.text.replace("https://photos.example.org", url))
            path = f"{away.folder / 'venv' / 'bin'}{os.pathsep}{away.env['PATH']}"
            env = {**away.env, "HOME": str(tmp_path), "PATH": path}
            before, *last = "; ".join(OWN_SERVER[:-1]), OWN_SERVER[-1]
            planned = run(f"set -e; {before}", tmp_path, env).stdout
            assert "Sunset over Val d'Orcia" in planned
            assert '+ album "Italy 2024"' in planned
            applied = in_terminal(f"{OWN_SERVER[0]}; {last[0]}", tmp_path, env, answer="y\n")
            assert "Apply this plan? [y/N]: " in applied
            assert "Queues held still and given back" in applied
            assert run(f"set -e; {before}", tmp_path, env).stdout.splitlines()[-1].startswith("Nothing to do")


@contextmanager
def serving(away: Away, library: str) -> Iterator[tuple[str, str]]:
    """The sandbox on a port: its address and its admin's key."""
    words = [away.command("immich-sandbox"), "serve", library, "--port", "0", "--print-key"]
    with subprocess.Popen(words, cwd=away.folder, env=away.env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = re.search(r"http://\S+", process.stdout.readline())
            key = process.stdout.readline().removeprefix("API key: ").strip()
            assert address
            yield address[0], key
        finally:
            process.terminate()


def new_key(url: str, admin_key: str, permissions: list[str]) -> str:
    """A key that may do what is listed, made as Immich's web page makes it."""
    body = json.dumps({"name": "reconciler", "permissions": permissions}).encode()
    headers = {"x-api-key": admin_key, "content-type": "application/json"}
    with urlopen(Request(f"{url}/api/api-keys", body, headers), timeout=30) as answer:
        secret: str = json.load(answer)["secret"]
    return secret


def in_terminal(command: str, folder: Path, env: dict[str, str], *, answer: str) -> str:
    """Runs a line of shell in a terminal, types an answer, and gives what the terminal showed."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=env, stdin=child, stdout=child, stderr=child
    )
    os.close(child)
    os.write(parent, answer.encode())
    shown = b""
    while True:
        try:
            chunk = os.read(parent, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(parent)
    assert process.wait(timeout=60) == 0, shown.decode()
    return shown.decode()


def test_the_action_installs_the_commands_and_runs_one(away: Away, tmp_path: Path) -> None:
    """With the wheel for the checkout and this installation's dependencies, as both are installed above."""
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (tmp_path / "photos.yaml").write_text("albums: [{ name: x }]\n")
    (wheel,) = away.folder.glob("*.whl")
    (packages,) = (away.folder / "venv").rglob("site-packages")
    env = {**away.env, "GITHUB_PATH": str(tmp_path / "path"), "PYTHONPATH": str(packages)}
    env |= {"PIP_NO_DEPS": "1", "PIP_IGNORE_INSTALLED": "1"}
    expressions = {
        "github.action_path": str(wheel),
        "runner.temp": str(tmp_path / "temp"),
        "inputs.run": "immich-validate photos.yaml && command -v immich-validate",
        "inputs.python": action["inputs"]["python"]["default"],
    }
    runner = Runner(tmp_path, env, tmp_path / "artifacts", expressions)
    outcome = Outcome()
    steps(runner, action["runs"]["steps"], {}, {"inputs.run != ''": True}, outcome)
    assert outcome.code == 0, outcome.text
    said = outcome.said["Run"].splitlines()
    assert said[0].startswith("photos.yaml: fine") and said[1].startswith(str(tmp_path / "temp"))
    assert (tmp_path / "path").read_text().strip() == str(tmp_path / "temp" / "immich-reconciler" / "bin")


class TestWheel:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_help(self, away: Away, command: str) -> None:
        assert away.run(command, "--help").stdout.startswith(f"Usage: {command} ")

    def test_nothing_of_the_checkout_is_used(self, away: Away) -> None:
        program = "import reconciler, pathlib; print(pathlib.Path(reconciler.__file__).parent)"
        place = away.run("python", "-I", "-c", program).stdout.strip()
        assert Path(place).is_relative_to(away.folder / "venv")

    def test_the_schemas_are_inside(self, away: Away) -> None:
        (package,) = (away.folder / "venv").rglob("site-packages/reconciler")
        inside = sorted(path.name for path in (package / "schemas").iterdir())
        assert inside == sorted(path.name for path in (ROOT / "schemas").iterdir())

    def test_validate(self, away: Away) -> None:
        example = away.folder / "example.yaml"
        shutil.copy(ROOT / "examples" / "family-album" / "immich.yaml", example)
        assert away.run("immich-validate", "example.yaml").stdout == (
            "example.yaml: fine: 2 tags, 8 entries for photos, 2 albums\n"
        )
        (away.folder / "wrong.yaml").write_text("albums:\n  - nmae: x\n")
        assert "did you mean 'name'?" in away.run("immich-validate", "wrong.yaml", code=2).stdout

    def test_sandbox_and_plan(self, away: Away) -> None:
        away.run("immich-sandbox", "init", "library", "--photos", "50")
        (away.folder / "plan-me.yaml").write_text(
            "albums:\n  - name: All\n    match: { file: '*' }\n", encoding="utf-8"
        )
        planned = away.run(
            "immich-plan", "--server", "sandbox:library", "--exit-code", "plan-me.yaml", code=3
        )
        assert '+ album "All"' in planned.stdout
        done = away.run("immich-apply", "--server", "sandbox:library", "--yes", "plan-me.yaml")
        assert "Done: everything is written and has settled." in done.stdout
        again = away.run("immich-apply", "--server", "sandbox:library", "--yes", "plan-me.yaml")
        assert again.stdout.splitlines()[-1].startswith("Nothing to do")

    def test_what_is_published(self, away: Away) -> None:
        (data,) = (away.folder / "venv").rglob("immich_reconciler-*.dist-info")
        said = (data / "METADATA").read_text("utf-8")
        assert re.search(r"^License-Expression: MIT$", said, re.MULTILINE)
        assert "# Immich Reconciler" in said
        assert [path.name for path in data.rglob("LICENSE")] == ["LICENSE"]
