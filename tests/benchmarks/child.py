"""Runs one measurement in a process of its own, so that neither memory nor warm caches are shared.

`python -m tests.benchmarks.child MODULE FUNCTION ARGUMENTS`: prints what the function measured, as JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MB = 1024.0 * 1024.0


@dataclass(slots=True)
class Spent:
    """What a child has used: seconds by the clock and of the processor for each part, and memory at most."""

    wall: dict[str, float] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    """Megabytes: the child's, and for each core as much as the largest of the processes that it started."""
    result: Any = None

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measures what happens within. Garbage from before is collected first."""
        gc.collect()
        wall, processor = time.perf_counter(), _processor()
        try:
            yield
        finally:
            self.wall[name] = time.perf_counter() - wall
            self.processor[name] = _processor() - processor


def _processor() -> float:
    """Seconds of the processor, those of finished processes that were started included."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def peak_memory() -> float:
    """Megabytes that this process has used at most."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent used before this program was started in its place
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (MB if sys.platform == "darwin" else 1024)


def measure(function: Callable[..., Any], *arguments: Any, env: dict[str, str] | None = None) -> Spent:
    """Has a child call `function(spent, *arguments)`; it measures parts of its work into `spent`.

    What it returns comes back as `result`, and must be JSON like the arguments. Raises CalledProcessError.
    """
    command = [sys.executable, "-m", __name__, function.__module__, function.__name__, json.dumps(arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, check=True, text=True
    )
    return Spent(**json.loads(done.stdout.splitlines()[-1]))


def installed(folder: Path) -> dict[str, str]:
    """The environment of commands that are there as after an installation: pip compiles what it installs.

    The compiled code is kept in the folder; the first command that is run makes it.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """The sandbox `library` in a folder, behind a server of its own process: its address, and a key."""
    program = Path(sys.executable).with_name("immich-sandbox")
    command = [str(program), "serve", "library", "--port", "0", "--print-key"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        said = [server.stdout.readline().split()[-1] for _ in range(2)]
        yield said[0], said[1]
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """The child's side."""
    module, name, arguments = sys.argv[1:]
    spent = Spent()
    spent.result = getattr(importlib.import_module(module), name)(spent, *json.loads(arguments))
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 * (os.cpu_count() or 1)
    spent.memory = peak_memory() + workers
    print(json.dumps({name: getattr(spent, name) for name in ("wall", "processor", "memory", "result")}))


if __name__ == "__main__":
    main()
