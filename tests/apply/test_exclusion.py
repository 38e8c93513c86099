"""One run at a time on a server; one that only waits for its time lets others go first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.apply.protocols import Interruption, Silent
from reconciler.apply.state.database import State, StateUnusable
from reconciler.apply.state.exclusion import AnotherRun, another_run, only_run

NOW = "2026-01-02T03:04:05+00:00"


def now() -> str:
    return NOW


@dataclass
class Naps(Interruption):
    """Nobody sleeps; something happens meanwhile."""

    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def wait(self, seconds: float) -> bool:
        assert seconds > 0
        self.meanwhile.pop(0)()
        return self.requested


class Told(Silent):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, text: str, total: int | None = None) -> None:
        del total
        self.stages.append(text)


def test_two_runs_exclude_each_other_and_the_message_names_the_other(tmp_path: Path) -> None:
    import os

    state = State(tmp_path)
    with only_run(state, "server", now):
        text = f"another run is at work on this server (process {os.getpid()}, since {NOW})"
        assert another_run(state, "server").startswith(text)
        with pytest.raises(AnotherRun, match="wait until it is done"), only_run(state, "server", now):
            pass
        with only_run(state, "another server", now):
            pass
    assert another_run(state, "server") == ""


def test_while_it_is_let_go_others_have_it_and_theirs_is_not_taken_away(tmp_path: Path) -> None:
    state = State(tmp_path)
    with only_run(state, "server", now) as ours:
        ours.let_go()
        assert another_run(state, "server") == ""
        with only_run(state, "server", lambda: "later"):
            ours.let_go()  # of what isn't ours any more
            (who,) = tmp_path.glob("run-*.json")
            assert json.loads(who.read_text())["at"] == "later"
            with pytest.raises(AnotherRun):
                ours.take()
        ours.take()
        assert NOW in another_run(state, "server")
    assert another_run(state, "server") == "" and not list(tmp_path.glob("run-*.json"))


def test_taken_again_once_the_other_is_done(tmp_path: Path) -> None:
    state, told = State(tmp_path), Told()
    with only_run(state, "server", now) as ours:
        ours.let_go()
        other = only_run(state, "server", now)
        other.__enter__()
        naps = Naps(meanwhile=[lambda: None, lambda: other.__exit__(None, None, None)])
        assert ours.take_when_free(told, naps)
        assert naps.meanwhile == [] and NOW in another_run(state, "server")
        assert told.stages[0].startswith("waiting: another run is at work on this server (process ")


def test_waiting_for_the_other_can_be_cut_short(tmp_path: Path) -> None:
    state = State(tmp_path)
    naps = Naps()
    naps.meanwhile.append(lambda: naps.request("its hours ended"))
    with only_run(state, "server", now) as ours:
        ours.let_go()
        with only_run(state, "server", now):
            assert not ours.take_when_free(Told(), naps)


def test_without_a_folder_there_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnusable, match="--state-dir"), only_run(State(tmp_path / "file"), "server", now):
        pass
