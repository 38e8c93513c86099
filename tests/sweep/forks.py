"""The commands in processes of their own that start within milliseconds.

A warm process, which has everything imported and runs no thread, forks for each command. Only the waits
between two looks and two tries are shorter there than for a user; that the companion's process id is written
down is all that is added.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds after which a command that should long have ended is killed, and the test fails."""
COMPANION = "companion.pid"
"""The file, in the folder of a command, that names its companion."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; `code` is negative where a signal ended it."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass(slots=True)
class Forks:
    """The warm process, as seen from the test."""

    process: subprocess.Popen[bytes]
    _count: int = 0
    _buffer: bytes = field(default=b"")

    def start(self, folder: Path, env: Mapping[str, str], command: str, *args: str) -> Running:
        """Starts a command in a folder, with nothing but this environment."""
        self._count += 1
        out, err = folder / f"out-{self._count}", folder / f"err-{self._count}"
        (folder / COMPANION).unlink(missing_ok=True)
        task = {
            "command": command,
            "args": args,
            "folder": str(folder),
            "env": dict(env),
            "out": str(out),
            "err": str(err),
        }
        return Running(self, self._ask(task), folder, out, err)

    def wait(self, pid: int) -> int:
        return self._ask({"wait": pid})

    def _ask(self, task: Mapping[str, Any]) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(task).encode() + b"\n")
        self.process.stdin.flush()
        descriptor = self.process.stdout.fileno()
        late = False
        while b"\n" not in self._buffer:
            if not select.select([descriptor], [], [], PATIENCE)[0]:
                assert "wait" in task and not late, "the warm process hangs"
                os.kill(task["wait"], signal.SIGABRT)  # faulthandler says where it hangs
                late = True
                continue
            part = os.read(descriptor, 4096)
            assert part, "the warm process has died"
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        assert not late, f"no end within {PATIENCE:g} seconds: {task}"
        return int(line)


@dataclass(frozen=True, slots=True)
class Running:
    """A command that runs."""

    forks: Forks
    pid: int
    folder: Path
    out: Path
    err: Path

    def kill(self, *, companion: bool) -> None:
        """kill -9; with `companion` as in a power cut: the companion first, so that it notices nothing."""
        if companion:
            self.kill_companion()
        os.kill(self.pid, signal.SIGKILL)

    def kill_companion(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(int((self.folder / COMPANION).read_text(encoding="utf-8")), signal.SIGKILL)

    def ended(self) -> Ended:
        """Waits for the end. Whatever a command says, it is no traceback."""
        code = self.forks.wait(self.pid)
        ended = Ended(code, self.out.read_text(encoding="utf-8"), self.err.read_text(encoding="utf-8"))
        assert "Traceback" not in ended.said, ended.said
        return ended


@contextmanager
def warm() -> Iterator[Forks]:
    """The warm process, for as long as it is needed."""
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "tests.sweep.forks"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Forks(process)
    finally:
        assert process.stdin and process.stdout
        process.stdin.close()
        process.wait(timeout=PATIENCE)
        process.stdout.close()


# -- in the warm process -------------------------------------------------------------------------------


def _serve() -> None:
    """Answers one line for each line: the process id of what was started, or the code of what has ended."""
    commands = _imported()
    for line in sys.stdin.buffer:
        task = json.loads(line)
        if "wait" in task:
            answer = os.waitstatus_to_exitcode(os.waitpid(task["wait"], 0)[1])
        else:
            answer = os.fork()
            if not answer:
                _be(commands[task["command"]], task)
        os.write(1, f"{answer}\n".encode())


def _imported() -> dict[str, Any]:
    from reconciler.apply.protocols import Limits
    from reconciler.cli import apply, plan, queues, runs, undo
    from reconciler.cli.applying import again, session
    from reconciler.cli.connecting import connect
    from reconciler.cli.planning import fresh
    from reconciler.cli.telling import progress
    from reconciler.immich.retry import RetryPolicy
    from reconciler.render import documents, terminal_report

    del again, fresh, progress, documents, terminal_report  # only to have them imported
    quick = partial(Limits, poll_first=0.01, poll_most=0.03, idle_looks=2)
    mock.patch.object(session, "Limits", quick).start()
    mock.patch.object(connect, "RetryPolicy", partial(RetryPolicy, base=0.02)).start()
    _report_companions()
    for name in ("filelock", "jsonschema", "requests", "rich.console", "rich.table", "tzfpy", "platformdirs"):
        __import__(name)
    return {
        "immich-apply": apply.main,
        "immich-plan": plan.main,
        "immich-queues": queues.main,
        "immich-runs": runs.main,
        "immich-undo": undo.main,
    }


def _report_companions() -> None:
    from reconciler.apply.queues.companion import Charge, Companion

    start = Companion.start

    def reported(charge: Charge) -> Companion:
        companion = start(charge)
        Path(COMPANION).write_text(str(companion.process.pid), encoding="utf-8")
        return companion

    mock.patch.object(Companion, "start", reported).start()


def _be(command: Any, task: Mapping[str, Any]) -> NoReturn:
    """The rest of the forked process's life."""
    code = 70
    try:
        os.chdir(task["folder"])
        os.environ.clear()
        os.environ.update(task["env"])
        for number, path, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, task["out"], os.O_WRONLY | os.O_CREAT),
            (2, task["err"], os.O_WRONLY | os.O_CREAT),
        ):
            descriptor = os.open(path, flags, 0o600)
            os.dup2(descriptor, number)
            os.close(descriptor)
        command.main(task["args"], prog_name=task["command"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
