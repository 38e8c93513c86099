"""A long --help in parts: the options of the command itself, and those that several commands have."""

from __future__ import annotations

from collections.abc import Mapping

import click

from reconciler.cli.errors import Plain

OWN = "Options"
SHARED: Mapping[str, tuple[str, ...]] = {
    "Options for limits": ("--max-removals", "--max-overwrites", "--max-changes", "--allow"),
    "Options for the time": (
        "--pause",
        "--hours",
        "--timezone",
        "--outside",
        "--max-duration",
        "--wait-for-quiet",
        "--now",
        "--running-timeout",
        "--settle-timeout",
        "--without-window",
    ),
    "Options for the server": ("--server", "--account", "--state-dir"),
    "Options for requests": (
        "--timeout",
        "--connect-timeout",
        "--retries",
        "--backoff",
        "--deadline",
        "--connections",
    ),
    "Options for what is shown": ("--full", "--quiet", "--verbose", "--no-color", "--version", "--help"),
}
"""The parts of a long --help, as docs/commands.md has them."""

_PART_OF = {option: part for part, options in SHARED.items() for option in options}


class Grouped(Plain):
    """A command with so many options that they are shown in parts."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options, those of this command alone first."""
        parts: dict[str, list[tuple[str, str]]] = {part: [] for part in (OWN, *SHARED)}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                parts[_PART_OF.get(param.opts[-1], OWN)].append(record)
        for part, records in parts.items():
            if records:
                with formatter.section(part):
                    formatter.write_dl(records)
