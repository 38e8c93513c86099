"""A disk that is full, a folder that can't be written, a database that can't be read: words, and no harm."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.support import Served, Shell
from tests.end_to_end.test_stopping import piped, untouched
from tests.end_to_end.test_whole_path import asking

WISH = """
assets:
  - { match: { file: "IMG_*.jpg" }, rating: 4, tags: [Sea, Trips/Italy] }
  - { match: { file: "IMG_0000.jpg" }, description: The first }
albums:
  - { name: Good, match: { rating: 4 } }
"""
COMMANDS = [
    ("immich-apply", "--yes"),
    ("immich-apply", "--resume"),
    ("immich-plan",),
    ("immich-undo", "--yes"),
    ("immich-runs",),
    ("immich-runs", "verify"),
    ("immich-queues", "status"),
    ("immich-queues", "restore"),
]


@pytest.fixture
def place(shell: Shell, plain: Any) -> Iterator[tuple[Shell, Served]]:
    with plain(4, milliseconds=1) as server:
        asking(shell, server)
        shell.write("wish.yaml", WISH)
        yield shell, server


def finished(shell: Shell, server: Served) -> None:
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 0, applied.said
    assert server.paused() == set() and server.albums() == ["Good"]
    assert {item["exifInfo"]["rating"] for item in server.assets().values()} == {4}
    assert shell.run("immich-plan", "--exit-code").code == 0


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma user_version = 99")


def broken(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def cut_off(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("pragma journal_mode = delete")
    os.truncate(path, 5000)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (newer, "written by a newer version of this program: update it"),
        (broken, "state.db in it is damaged"),
        (cut_off, "state.db in it is damaged"),
    ],
    ids=["newer", "broken", "cut off"],
)
def test_a_database_that_cannot_be_read_is_told_by_every_command(
    place: tuple[Shell, Served], harm: Callable[[Path], None], words: str
) -> None:
    shell, server = place
    state = shell.folder / "state"
    assert shell.run("immich-apply", "--yes", "--no-wait").code == 4
    shell.write("wish.yaml", WISH.replace("4", "5"))
    harm(state / "state.db")
    for path in state.glob("state.db-*"):
        path.unlink()
    server.ask("DELETE", "/_sandbox/requests")
    for command in COMMANDS:
        result = shell.run(*command)
        assert result.code == 1 and words in result.err, f"{command}: {result.said}"
    assert untouched(server)
    shutil.rmtree(state)
    shell.write("wish.yaml", WISH)
    finished(shell, server)


def test_a_folder_that_is_none_is_told_by_every_command_that_writes(place: tuple[Shell, Served]) -> None:
    shell, server = place
    (shell.folder / "state").write_text("a file where the folder should be")
    server.ask("DELETE", "/_sandbox/requests")
    applied = shell.run("immich-apply", "--yes")
    assert applied.code == 1 and "the state folder" in applied.err and "--state-dir" in applied.err
    assert untouched(server)
    assert shell.run("immich-apply", "--yes", "--state-dir", "elsewhere").code == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(place: tuple[Shell, Served]) -> None:
    shell, server = place
    assert shell.run("immich-apply", "--yes").code == 0
    shell.write("wish.yaml", WISH.replace("4", "5"))
    state = shell.folder / "state"
    state.chmod(0o500)
    server.ask("DELETE", "/_sandbox/requests")
    try:
        applied = shell.run("immich-apply", "--yes")
    finally:
        state.chmod(0o700)
    assert applied.code == 1 and "can't be written to" in applied.err and untouched(server)


@pytest.mark.parametrize("blocks", [8, 64, 80, 96, 112, 128, 192])
def test_a_disk_that_fills_up_at_any_moment(
    place: tuple[Shell, Served], blocks: int, record_property: Callable[[str, object], None]
) -> None:
    """Files may not grow beyond so many KiB, which strikes before the run, in its middle, or at its end."""
    shell, server = place
    filling = piped(shell, f"ulimit -f {blocks}; immich-apply --yes -v")
    assert filling.code in (0, 1, 4), filling.said
    if filling.code:
        assert re.search(r"state folder \S+ can't be used: ", " ".join(filling.said.split())), filling.said
    assert server.paused() == set()
    finished(shell, server)
    record_property("survived:a disk that fills up", "1/1")
