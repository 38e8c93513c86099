"""The files that commands are given: YAML, and saved plans."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.options.caches import files_cache
from reconciler.model.desired import Desired
from reconciler.plan import Plan


def load_files(paths: Sequence[str]) -> Desired:
    """The desired state of the files, warnings shown. Raises InvalidFiles."""
    from reconciler.config import load

    loaded = load(paths, files_cache())
    for problem in loaded.problems:
        click.echo(f"warning: {problem}", err=True)
    return loaded.desired


def settings_from(paths: Sequence[str]) -> Desired:
    """Only the settings of the files, for commands that plan nothing; without files the environment's."""
    from reconciler.config.report import Report
    from reconciler.config.text.files import find

    return load_files(paths) if paths or find(["."], Report()) else Desired()


def read_plans(path: str) -> tuple[Plan, ...]:
    """A saved plan, or those of several accounts; `-` is standard input. Raises BadPlanFile and OSError."""
    from reconciler.plan.several import from_bytes

    return from_bytes(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
