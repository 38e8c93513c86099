"""Options about when and how fast: read, checked, and stronger than the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reconciler.apply.check import OnDrift
from reconciler.cli import apply
from reconciler.cli import plan as planned
from reconciler.cli.applying import session
from reconciler.cli.options.timing import _HTTP, _WINDOW
from reconciler.cli.planning import files
from reconciler.config import load
from reconciler.model.desired import Desired, Hours, Http, Outside, WindowSettings

FILE = """
defaults: { timezone: Europe/Rome }
settings:
  window:
    hours: "01:00-06:00"
    outside: wait
    max_duration: 45m
    quiet: 30
    running_timeout: 90s
    settle_timeout: 2h
  http: { timeout: 2m, connect_timeout: 5s, retries: 3, backoff: 10s, deadline: 1m, connections: 8 }
"""


@pytest.fixture
def written(tmp_path: Path) -> Desired:
    path = tmp_path / "photos.yaml"
    path.write_text(FILE, encoding="utf-8")
    return load([path]).desired


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> tuple[Result, Mapping[str, Any]]:
    """Reads the command line of immich-apply without applying; what the session was given."""
    given: dict[str, Any] = {}

    class Session:
        def __init__(self, *_: Any, **options: Any) -> None:
            given.update(options)

        def apply_files(self, paths: tuple[str, ...], _ask: Any) -> int:
            given["paths"] = paths
            return 0

    monkeypatch.setattr(session, "Session", Session)
    return CliRunner().invoke(apply.main, args), given


def over(monkeypatch: pytest.MonkeyPatch, desired: Desired, *args: str) -> Desired:
    result, given = run(monkeypatch, *args)
    assert result.exit_code == 0, result.output
    changed: Desired = given["asked"].over(desired)
    return changed


def test_what_the_files_say(written: Desired) -> None:
    assert written.window == WindowSettings(
        hours=Hours(60, 360),
        timezone="Europe/Rome",
        outside=Outside.WAIT,
        max_duration=2700.0,
        quiet=30,
        running_timeout=90.0,
        settle_timeout=7200.0,
    )
    assert written.http == Http(
        timeout=120.0, connect_timeout=5.0, retries=3, backoff=10.0, deadline=60.0, connections=8
    )


def test_without_options_the_files_count(monkeypatch: pytest.MonkeyPatch, written: Desired) -> None:
    assert over(monkeypatch, written) == written


def test_every_option_wins_over_the_files(monkeypatch: pytest.MonkeyPatch, written: Desired) -> None:
    args = [
        *("--hours", "22:30-05:00", "--timezone", "Asia/Tokyo", "--outside", "exit"),
        *("--max-duration", "1h", "--wait-for-quiet=7", "--running-timeout", "0s", "--settle-timeout", "90"),
        *("--timeout", "1.5s", "--connect-timeout", "1m", "--retries", "0", "--backoff", "2s"),
        *("--deadline", "24h", "--connections", "1", "--pause", "heavy", "--without-window"),
    ]
    changed = over(monkeypatch, written, *args)
    assert changed.window == WindowSettings(
        pause="heavy",
        without_window=True,
        hours=Hours(1350, 300),
        timezone="Asia/Tokyo",
        outside=Outside.EXIT,
        max_duration=3600.0,
        quiet=7,
        running_timeout=0.0,
        settle_timeout=90.0,
    )
    assert changed.http == Http(
        timeout=1.5, connect_timeout=60.0, retries=0, backoff=2.0, deadline=86400.0, connections=1
    )


def test_every_setting_has_its_option() -> None:
    assert {*_HTTP} == {*Http.__slots__}
    # the option for `quiet` is called after what it does
    settings = {*WindowSettings.__slots__} - {"quiet"} | {"wait_for_quiet"}
    assert {*_WINDOW} - {"right_now"} == settings


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("none", "none"),
        ("pipeline", "pipeline"),
        ("sidecar", ("sidecar",)),
        ("sidecar,metadataExtraction", ("sidecar", "metadataExtraction")),
        ("sidecar, library", ("sidecar", "library")),
    ],
)
def test_queues_by_name(
    monkeypatch: pytest.MonkeyPatch, written: Desired, text: str, pause: str | tuple[str, ...]
) -> None:
    assert over(monkeypatch, written, "--pause", text).window.pause == pause


@pytest.mark.parametrize(
    ("files", "args", "quiet"),
    [
        ("{ quiet: 30 }", ["--wait-for-quiet"], 30),
        ("{}", ["--wait-for-quiet"], 100),
        ("{ quiet: 30 }", ["--wait-for-quiet=0"], 0),
        ("{ quiet: 30 }", [], 30),
        ("{}", [], None),
    ],
)
def test_waiting_for_quiet_takes_a_number_or_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: str, args: list[str], quiet: int | None
) -> None:
    path = tmp_path / "photos.yaml"
    path.write_text(f"settings:\n  window: {files}\n", encoding="utf-8")
    assert over(monkeypatch, load([path]).desired, *args).window.quiet == quiet


def test_a_file_behind_it_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    _, given = run(monkeypatch, "--wait-for-quiet", "photos.yaml", "--", "--wait-for-quiet")
    assert given["paths"] == ("photos.yaml", "--wait-for-quiet")


def test_now_heeds_neither_hours_nor_quiet_but_the_end(
    monkeypatch: pytest.MonkeyPatch, written: Desired
) -> None:
    window = over(monkeypatch, written, "--now").window
    assert window.hours is None and window.quiet is None and window.max_duration == 2700.0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--hours", "25:00-06:00"], "there is no time 25:00"),
        (["--hours", "01:00-01:00"], "end when they begin"),
        (["--hours", "night"], "01:00-06:00"),
        (["--timezone", "Europe/Room"], "did you mean 'Europe/Rome'"),
        (["--outside", "skip"], "exit"),
        (["--pause", "sidecar;library"], "write pipeline, heavy, none, or queues such as"),
        (["--pause", ""], "write pipeline"),
        (["--max-duration", "0s"], "from 1s to 168h"),
        (["--max-duration", "soon"], "such as 90s, 45m or 2h"),
        (["--wait-for-quiet=soon"], "--wait-for-quiet=100"),
        (["--timeout", "2h"], "from 1s to 1h"),
        (["--retries", "21"], "21"),
        (["--connections", "0"], "0"),
        (["--now", "--hours", "01:00-06:00"], "--now"),
        (["--now", "--wait-for-quiet"], "--now"),
        (["--on-drift", "ask"], "skip"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_happens(
    monkeypatch: pytest.MonkeyPatch, args: list[str], words: str
) -> None:
    result, given = run(monkeypatch, *args)
    assert result.exit_code == 2 and words in result.output and not given


@pytest.mark.parametrize(
    ("args", "drift"),
    [([], None), (["--on-drift", "skip"], OnDrift.SKIP), (["--on-drift", "stop"], OnDrift.STOP)],
)
def test_what_to_do_about_drift(
    monkeypatch: pytest.MonkeyPatch, args: list[str], drift: OnDrift | None
) -> None:
    assert run(monkeypatch, *args)[1]["on_drift"] is drift


def test_planning_takes_those_about_speed_only(monkeypatch: pytest.MonkeyPatch, written: Desired) -> None:
    seen: list[Desired] = []

    def connect(desired: Desired, *_: Any) -> Any:
        seen.append(desired)
        raise SystemExit(0)

    monkeypatch.setattr(files, "load_files", lambda _paths: written)
    monkeypatch.setattr("reconciler.cli.planning.looking.open_place", connect)
    assert CliRunner().invoke(planned.main, ["--timeout", "9s", "--connections", "2"]).exit_code == 0
    assert seen[0].http.timeout == 9.0 and seen[0].http.connections == 2 and seen[0].http.retries == 3
    assert CliRunner().invoke(planned.main, ["--hours", "01:00-06:00"]).exit_code == 2


def test_the_connection_is_made_as_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, written: Desired
) -> None:
    """Down to the transport: no key that does nothing."""
    from reconciler.cli.connecting import connect

    made: list[dict[str, Any]] = []

    def transport(_url: str, _key: str, **options: Any) -> Any:
        made.append(options)
        raise SystemExit(0)

    monkeypatch.setattr(connect, "Transport", transport)
    monkeypatch.setenv("IMMICH_API_KEY", "key")
    with (
        pytest.raises(SystemExit),
        connect.connect(written, connect.Ask(server="http://localhost:1")),
    ):
        pass
    (options,) = made
    retry = options["retry"]
    assert (options["read_timeout"], options["connect_timeout"], options["connections"]) == (120, 5, 8)
    assert (retry.retries, retry.cap, retry.deadline) == (3, 10, 60)
