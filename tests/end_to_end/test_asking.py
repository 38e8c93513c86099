"""The question before anything is written, on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.end_to_end.support import PATIENCE, Shell, script, until
from tests.end_to_end.test_whole_path import asking

CTRL_C = b"\x03"


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Our end and the program's end of a terminal."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def read_until(terminal_end: int, text: str) -> str:
    """What the program says until it has said the text, or has ended."""
    said = ""
    deadline = time.monotonic() + PATIENCE
    while text not in said:
        ready, _, _ = select.select([terminal_end], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"neither {text!r} nor the end came: {said!r}"
        try:
            piece = os.read(terminal_end, 4096).decode("utf-8", "replace")
        except OSError:
            break
        if not piece:
            break
        said += piece
    return said


@pytest.mark.parametrize(
    ("answer", "code", "writes"),
    [(b"y\n", 0, ["PUT /assets"]), (b"n\n", 1, []), (CTRL_C, 130, [])],
    ids=["yes", "no", "Ctrl-C"],
)
def test_it_asks_on_a_terminal(shell: Shell, plain: Any, answer: bytes, code: int, writes: list[str]) -> None:
    with plain(2) as server, terminal() as (ours, theirs):
        asking(shell, server)
        shell.write("wish.yaml", "assets:\n- match: { file: 'IMG_*' }\n  rating: 3\n")
        process = started(shell, theirs, "immich-apply")
        shown = read_until(ours, "Apply this plan?")
        assert "rating" in shown and "2 photos" in shown
        if answer == CTRL_C:
            # one that comes just before the program begins to read is only noticed with the next key
            until(lambda: os.write(ours, CTRL_C) and _over(process, 0.3), "the end after Ctrl-C")
        else:
            os.write(ours, answer)
        rest = read_until(ours, "\0")
        assert process.wait(timeout=PATIENCE) == code
        assert "Traceback" not in shown + rest
        assert ("nothing was written" in rest) is (answer == b"n\n") and "error" not in rest
        assert server.writes() == writes and server.paused() == set()


def test_results_go_to_the_file_although_progress_goes_to_the_terminal(shell: Shell, plain: Any) -> None:
    with plain(2) as server, terminal() as (ours, theirs):
        asking(shell, server)
        shell.write("wish.yaml", "assets:\n- match: { file: 'IMG_*' }\n  rating: 3\n")
        with (shell.folder / "out.txt").open("w") as out:
            process = subprocess.Popen(
                [script("immich-apply"), "--yes"],
                cwd=shell.folder,
                env=shell.variables(TERM="xterm"),
                stdin=theirs,
                stdout=out,
                stderr=theirs,
            )
        os.close(theirs)
        moving = read_until(ours, "\0")
        assert process.wait(timeout=PATIENCE) == 0
        told = (shell.folder / "out.txt").read_text("utf-8")
        assert "rating" in told and "Done: everything is written and has settled." in told
        assert "\x1b" not in told and "reading photos" in moving and "Done:" not in moving


def started(shell: Shell, theirs: int, name: str, *args: str) -> subprocess.Popen[bytes]:
    """A command with the program's end of a terminal, which it closes when it ends."""
    process = subprocess.Popen(
        [script(name), *args],
        cwd=shell.folder,
        env=shell.variables(TERM="xterm"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: _make_terminal(theirs),
    )
    os.close(theirs)
    return process


def agreed_to(shell: Shell, name: str, *args: str) -> int:
    """Runs a command on a terminal, says yes to its question, and gives its exit code."""
    with terminal() as (ours, theirs):
        process = started(shell, theirs, name, *args)
        read_until(ours, "Apply this plan?")
        os.write(ours, b"y\n")
        read_until(ours, "\0")
        return process.wait(timeout=PATIENCE)


def _over(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _make_terminal(end: int) -> None:
    """Makes it the terminal of the new session, so that Ctrl-C reaches the program as a signal."""
    import fcntl
    import termios

    fcntl.ioctl(end, termios.TIOCSCTTY, 0)


def test_a_terminal_without_any_skills_gets_plain_lines(shell: Shell, plain: Any) -> None:
    with plain(2) as server, terminal() as (ours, theirs):
        asking(shell, server)
        shell.write("wish.yaml", "assets:\n- match: { file: 'IMG_*' }\n  rating: 3\n")
        process = subprocess.Popen(
            [script("immich-plan")],
            cwd=shell.folder,
            env=shell.variables(TERM="dumb"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = read_until(ours, "\0")
        assert process.wait(timeout=PATIENCE) == 0
        assert shown.startswith("… reading photos") and "rating" in shown and "\x1b" not in shown
