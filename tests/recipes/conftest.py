"""A repository of photos with the recipes' scripts, its forge, and a server at home."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.sandbox.library import Library
from reconciler.sandbox.settings import Pace
from tests.end_to_end.support import Served, served
from tests.recipes.forge import TOKEN
from tests.recipes.jobs import CI, Runner, path_with_commands
from tests.sandbox.running import photos

YAML = """\
albums:
  - name: All
    match: { file: "*" }
"""
MORE = """\
assets:
  - match: { file: "*" }
    description: By the sea
"""


@dataclass
class Home:
    """A repository with its checkout, and the server whose key only the runner at home has."""

    origin: Path
    checkout: Path
    server: Served
    base: Path

    def runner(self, *, key: bool, **more: str) -> Runner:
        """A runner with a fresh clone; without the key it knows neither key nor address."""
        folder = self.base / f"run-{len(list(self.base.glob('run-*')))}"
        self.git("clone", "--quiet", str(self.origin), str(folder), at=self.base)
        secrets = {"IMMICH_INSTANCE_URL": self.server.url, "IMMICH_API_KEY": self.server.key} if key else {}
        env = {
            "PATH": path_with_commands(),
            "HOME": str(self.base),
            "GITHUB_STEP_SUMMARY": str(self.base / "summary.md"),
            **secrets,
            **more,
        }
        return Runner(folder, env, self.base / "artifacts")

    def commit(self, **files: str) -> None:
        """Writes files into the checkout and pushes them."""
        for name, text in files.items():
            (self.checkout / f"{name}.yaml").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "more")
        self.git("push", "--quiet", "origin", "main")

    def git(self, *words: str, at: Path | None = None) -> str:
        """What git prints."""
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run(
            ["git", *who, *words], cwd=at or self.checkout, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    base = tmp_path
    pace = Pace(job_milliseconds=dict.fromkeys(("sidecar", "metadataExtraction"), 1))
    with Library.create(base / "library", version="3.1.0", pace=pace) as library:
        library.add_assets(photos(5))
    with served(base / "library") as server:
        there = Home(base / "origin.git", base / "photos", server, base)
        there.git("init", "--quiet", "--bare", str(there.origin), at=base)
        there.git("init", "--quiet", str(there.checkout), at=base)
        there.git("remote", "add", "origin", str(there.origin))
        shutil.copytree(CI / "scripts", there.checkout / "ci")
        there.commit(albums=YAML)
        yield there


@pytest.fixture
def expressions(home: Home) -> dict[str, str]:
    """What the workflows' expressions stand for."""
    return {
        "github.repository": "ada/photos",
        "github.event.number": "7",
        "github.event.workflow_run.id": "1",
        "github.token": TOKEN,
        "secrets.IMMICH_API_KEY": home.server.key,
    }
