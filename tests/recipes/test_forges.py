"""The recipes for forges: a pull request is planned without a key and told in a comment, a merge applied."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
import yaml

from tests.end_to_end.support import until
from tests.recipes.conftest import MORE, Home
from tests.recipes.forge import TOKEN, Forge, forge
from tests.recipes.jobs import CI, Outcome, Runner, actions, gitlab

PUSH = {"github.event_name == 'push'": True, "github.event_name == 'schedule'": False}
NIGHT = {"github.event_name == 'push'": False, "github.event_name == 'schedule'": True}


class Kind(Protocol):
    """One kind of forge, as its recipe sees it."""

    update: str

    def merge(self, runner: Runner) -> Outcome: ...
    def request(self, runner: Runner, at: Forge) -> Outcome: ...
    def night(self, runner: Runner) -> Outcome: ...


@dataclass
class GitHub:
    home: Home
    expressions: dict[str, str]
    update: str = "PATCH"

    def merge(self, runner: Runner, holds: Mapping[str, bool] = PUSH) -> Outcome:
        runner.expressions = self.expressions
        return self._at_home(runner, CI / "github" / "apply.yml", holds)

    def night(self, runner: Runner) -> Outcome:
        return self.merge(runner, NIGHT)

    def request(self, runner: Runner, at: Forge) -> Outcome:
        runner.expressions = {**self.expressions, "github.api_url": at.url}
        planned = actions(runner, CI / "github" / "plan.yml", "plan", {})
        other = self.home.runner(key=False)
        other.expressions = runner.expressions
        commented = actions(other, CI / "github" / "comment.yml", "comment", {})
        return Outcome(planned.code or commented.code, {**planned.said, **commented.said})

    def _at_home(self, runner: Runner, workflow: Path, holds: Mapping[str, bool]) -> Outcome:
        return actions(runner, with_home(workflow, runner, self.home), "apply", holds)


@dataclass
class Forgejo(GitHub):
    def merge(self, runner: Runner, holds: Mapping[str, bool] = PUSH) -> Outcome:
        runner.expressions = self.expressions
        return self._at_home(runner, CI / "forgejo" / "photos.yml", holds)

    def request(self, runner: Runner, at: Forge) -> Outcome:
        runner.expressions = {**self.expressions, "github.api_url": at.url}
        return actions(runner, CI / "forgejo" / "photos.yml", "plan", {})


@dataclass
class GitLab:
    home: Home
    expressions: dict[str, str]
    update: str = "PUT"

    def merge(self, runner: Runner) -> Outcome:
        runner.env |= {
            "PROJECT_TOKEN": TOKEN,
            "CI_SERVER_HOST": "gitlab.example.org",
            "CI_PROJECT_PATH": "ada/photos",
        }
        # the address with the token leads to the repository at hand
        url = f"https://ci:{TOKEN}@gitlab.example.org/ada/photos.git"
        self.home.git("config", f"url.{self.home.origin}.insteadOf", url, at=runner.folder)
        return gitlab(runner, "apply", self.home.base / "state")

    def night(self, runner: Runner) -> Outcome:
        return gitlab(runner, "compare", self.home.base / "state")

    def request(self, runner: Runner, at: Forge) -> Outcome:
        runner.env |= {
            "PROJECT_TOKEN": TOKEN,
            "CI_API_V4_URL": at.url,
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
        }
        checked, planned = (
            gitlab(runner, "validate", self.home.base / "state"),
            gitlab(runner, "plan", self.home.base / "state"),
        )
        commented = gitlab(runner, "comment", self.home.base / "state")
        said = {
            f"{job} {part}": text
            for job, one in enumerate((checked, planned, commented))
            for part, text in one.said.items()
        }
        return Outcome(checked.code or planned.code or commented.code, said)


def with_home(workflow: Path, runner: Runner, home: Home) -> Path:
    """The workflow with the address of the server at hand, as a user puts in theirs."""
    text = workflow.read_text("utf-8").replace("https://photos.example.org", home.server.url)
    text = text.replace("/var/lib/immich-reconciler", str(home.base / "state"))
    path = runner.folder.with_suffix(".yml")
    path.write_text(text)
    return path


@pytest.fixture(params=[GitHub, GitLab, Forgejo], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest, home: Home, expressions: dict[str, str]) -> Kind:
    made: Kind = request.param(home, expressions)
    return made


def test_from_a_pull_request_to_the_library(home: Home, kind: Kind) -> None:
    done = kind.merge(home.runner(key=True))
    assert done.code == 0, done.text
    assert home.server.albums() == ["All"]
    assert "the snapshot is in branch live" in done.text
    with forge(kind.update) as at:
        before = len(home.server.requests())
        home.commit(captions=MORE)
        asked = kind.request(home.runner(key=False), at)
        assert asked.code == 0, asked.text
        assert "By the sea" in at.comments[4] and at.comments[4].startswith("<!-- immich-plan")
        home.commit(captions=MORE.replace("By the sea", "In the hills"))
        asked = kind.request(home.runner(key=False), at)
        assert asked.code == 0, asked.text
        assert len(at.comments) == 4 and "In the hills" in at.comments[4]
        assert at.comments[2] == "what about <!-- immich-plan --> here?"
        assert TOKEN not in asked.text and home.server.key not in asked.text
        seen = [item for item in home.server.requests()[before:] if not item["path"].startswith("/_sandbox")]
        assert not seen, "a pull request asks nothing of the server"
    assert kind.merge(home.runner(key=True)).code == 0
    assert {item["exifInfo"]["description"] for item in home.server.assets().values()} == {"In the hills"}
    assert kind.night(home.runner(key=True)).code == 0


def test_wrong_files_are_marked_and_not_planned(home: Home, kind: Kind) -> None:
    assert kind.merge(home.runner(key=True)).code == 0
    home.commit(captions="assets:\n  - match: { fil: x }\n    rating: 9\n")
    with forge(kind.update) as at:
        asked = kind.request(home.runner(key=False), at)
        assert asked.code != 0
        assert len(at.comments) == 3
    assert kind.merge(home.runner(key=True)).code == 2
    assert home.server.paused() == set()


def test_a_change_by_hand_is_noticed_at_night(home: Home, kind: Kind) -> None:
    assert kind.merge(home.runner(key=True)).code == 0
    (album,) = home.server.ask("GET", "/api/albums")
    some = next(iter(home.server.assets().values()))["id"]
    home.server.ask("DELETE", f"/api/albums/{album['id']}/assets", {"ids": [some]})
    assert kind.night(home.runner(key=True)).code == 7


def test_a_killed_job_leaves_no_queue_paused(home: Home, kind: Kind) -> None:
    home.commit(captions=MORE)
    home.server.faults({"kind": "latency", "method": "PUT", "path": "/assets", "seconds": 30})

    def killed(name: str, process: subprocess.Popen[str]) -> None:
        if name in ("Apply", "script"):
            until(home.server.paused, "queues are paused")
            os.killpg(process.pid, signal.SIGKILL)

    runner = home.runner(key=True)
    runner.around = killed
    done = kind.merge(runner)
    assert done.code != 0
    assert home.server.paused() == set()
    home.server.faults()


@pytest.mark.parametrize("path", sorted(CI.rglob("*.y*ml")), ids=lambda path: path.name)
def test_no_recipe_holds_a_key_and_every_expression_is_safe(path: Path) -> None:
    """What others may write (titles, branches) never gets into a script: only numbers."""
    text = path.read_text("utf-8")
    assert yaml.safe_load(text)
    scripts = re.findall(r"run: \|?((?:.*\n)(?:          .*\n)*)", text)
    for script in scripts:
        assert set(re.findall(r"\$\{\{\s*(.*?)\s*\}\}", script)) <= {"github.event.number"}


def test_the_pull_request_needs_no_secret() -> None:
    for path in (CI / "github" / "plan.yml", CI / "github" / "comment.yml"):
        assert "secrets." not in path.read_text("utf-8")
