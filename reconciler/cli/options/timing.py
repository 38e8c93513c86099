"""Options that say when and how fast: each wins over the setting of the same meaning in the files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options.grouped import Grouped
from reconciler.cli.options.shared import F, Kind

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

USUAL_QUIET = 100
"""Jobs at which a server counts as quiet where nobody says another number."""
_AS_WRITTEN = -1
_QUIET = "--wait-for-quiet"


class Duration(Kind):
    """A time such as 45m, in the bounds of a setting; a mere number is seconds. Becomes seconds."""

    name = "time"

    def __init__(self, setting: str) -> None:
        self.setting = setting

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        from reconciler.config.values.times import BOUNDS, BadTime, read_duration

        if isinstance(value, float):
            return value
        text = str(value)
        try:
            return read_duration(text if text[-1:].isalpha() else f"{text}s", *BOUNDS[self.setting])
        except BadTime as error:
            self.fail(f"{text!r}: {error}", param, ctx)


class HoursOfDay(Kind):
    """Hours such as 01:00-06:00."""

    name = "from-to"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The hours."""
        from reconciler.config.values.times import BadTime, read_hours

        if not isinstance(value, str):
            return value
        try:
            return read_hours(value)
        except BadTime as error:
            self.fail(f"{value!r}: {error}", param, ctx)


class Zone(Kind):
    """The name of a time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, once it is known to be one."""
        from reconciler.config.values.times import BadTime, read_zone

        try:
            return read_zone(str(value)).key
        except BadTime as error:
            self.fail(str(error), param, ctx)


class Backlog(Kind):
    """A number of jobs; without a number that of the files, or the usual one."""

    name = "n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        text = str(value)
        if text == "":
            return _AS_WRITTEN
        if not (text.isascii() and text.isdigit() and len(text) <= 8):
            self.fail(f"{text!r} is no number of jobs: write {_QUIET} or {_QUIET}={USUAL_QUIET}", param, ctx)
        return int(text)


class Queues(Kind):
    """Which queues are paused: a word for several, or their names with commas between."""

    name = "queues"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """`pipeline`, `heavy`, `none`, or the names."""
        if not isinstance(value, str):
            return value
        if value in ("pipeline", "heavy", "none"):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if not all(name.isascii() and name.isalpha() for name in names):
            text = "write pipeline, heavy, none, or queues such as sidecar,metadataExtraction"
            self.fail(f"{value!r}: {text}", param, ctx)
        return names


class WithQuiet(Grouped):
    """A command whose --wait-for-quiet may stand without a number, also before the name of a file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the words of the command line."""
        end = args.index("--") if "--" in args else len(args)
        given = [f"{_QUIET}=" if word == _QUIET else word for word in args[:end]]
        return super().parse_args(ctx, [*given, *args[end:]])


_HTTP: Mapping[str, Callable[[F], F]] = {
    "timeout": click.option(
        "--timeout",
        type=Duration("timeout"),
        metavar="TIME",
        help="How long to wait for one answer. Default: settings.http.timeout, then 60s.",
    ),
    "connect_timeout": click.option(
        "--connect-timeout",
        type=Duration("connect_timeout"),
        metavar="TIME",
        help="How long to wait for a connection. Default: settings.http.connect_timeout, then 10s.",
    ),
    "retries": click.option(
        "--retries",
        type=click.IntRange(0, 20),
        metavar="N",
        help="How often a request is tried again. Default: settings.http.retries, then 10.",
    ),
    "backoff": click.option(
        "--backoff",
        type=Duration("backoff"),
        metavar="TIME",
        help="The longest wait between two tries. Default: settings.http.backoff, then 30s.",
    ),
    "deadline": click.option(
        "--deadline",
        type=Duration("deadline"),
        metavar="TIME",
        help="How long after its first try a request is still tried again. Default: settings.http.deadline, "
        "then 5m.",
    ),
    "connections": click.option(
        "--connections",
        type=click.IntRange(1, 32),
        metavar="N",
        help="How many requests at once. Default: settings.http.connections, then 4.",
    ),
}

_WINDOW: Mapping[str, Callable[[F], F]] = {
    "pause": click.option(
        "--pause",
        type=Queues(),
        metavar="QUEUES",
        help="Which queues to pause: pipeline, heavy, none, or their names with commas between. Default: "
        "settings.window.pause, then pipeline.",
    ),
    "hours": click.option(
        "--hours",
        type=HoursOfDay(),
        metavar="FROM-TO",
        help="Write only in these hours of the day, such as 01:00-06:00. Default: settings.window.hours.",
    ),
    "timezone": click.option(
        "--timezone",
        type=Zone(),
        metavar="ZONE",
        help="The zone of the hours. Default: settings.window.timezone, defaults.timezone, this machine's.",
    ),
    "outside": click.option(
        "--outside",
        type=click.Choice(["exit", "wait"]),
        help="What to do outside the hours. Default: settings.window.outside, then exit.",
    ),
    "max_duration": click.option(
        "--max-duration",
        type=Duration("max_duration"),
        metavar="TIME",
        help="Stop after this time; the next run does the rest. Default: settings.window.max_duration.",
    ),
    "wait_for_quiet": click.option(
        _QUIET,
        type=Backlog(),
        metavar="[=N]",
        help="Begin only when the server's queues have at most N jobs. Default: settings.window.quiet; "
        f"without =N that or {USUAL_QUIET}.",
    ),
    "right_now": click.option(
        "--now",
        "right_now",
        is_flag=True,
        help="Begin at once, whatever the settings say about hours and a quiet server.",
    ),
    "running_timeout": click.option(
        "--running-timeout",
        type=Duration("running_timeout"),
        metavar="TIME",
        help="How long to wait for jobs that run when the queues are paused. Default: "
        "settings.window.running_timeout, then 10m.",
    ),
    "settle_timeout": click.option(
        "--settle-timeout",
        type=Duration("settle_timeout"),
        metavar="TIME",
        help="How long to wait for the jobs that the edits cause. Default: settings.window.settle_timeout, "
        "then 1h.",
    ),
    "without_window": click.option(
        "--without-window",
        is_flag=True,
        help="Write to an Immich older than 2.4 also without an administrator's key, although jobs can undo "
        "edits there. Default: settings.window.without_window.",
    ),
    "migrate": click.option(
        "--migrate",
        is_flag=True,
        help="Have the server move files into the folders of their albums at the end, where its storage "
        "template goes by albums. Default: settings.window.migrate.",
    ),
}

WHEN = tuple(name for name in _WINDOW if name != "migrate")
"""The options that say when and how a run holds the queues."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about times and speed; what isn't said is as the files say."""

    http: Mapping[str, Any] = field(default_factory=dict)
    window: Mapping[str, Any] = field(default_factory=dict)

    def over(self, desired: Desired) -> Desired:
        """The desired state with these settings instead of those of the files."""
        from reconciler.model.desired import Outside

        window = dict(self.window)
        quiet = window.pop("wait_for_quiet", None)
        if quiet is not None:
            written = desired.window.quiet
            window["quiet"] = quiet if quiet != _AS_WRITTEN else USUAL_QUIET if written is None else written
        if window.pop("right_now", False):
            window |= {"hours": None, "quiet": None}
        if "outside" in window:
            window["outside"] = Outside(window["outside"])
        return replace(
            desired,
            http=replace(desired.http, **self.http),
            window=replace(desired.window, **window),
        )


def timing_options(*window: str) -> Callable[[F], F]:
    """Options about speed, and those of WHEN that are named; the command gets them together as `asked`."""

    def decorated(command: F) -> F:
        @functools.wraps(command)
        def gathered(*args: Any, **options: Any) -> Any:
            http = _given(options, tuple(_HTTP))
            when = _given(options, window)
            if when.get("right_now") and {"hours", "wait_for_quiet"} & when.keys():
                raise click.UsageError("--now can't be given together with --hours or --wait-for-quiet")
            return command(*args, asked=Asked(http, when), **options)

        made: Any = gathered
        for option in reversed([*(_WINDOW[name] for name in window), *_HTTP.values()]):
            made = option(made)
        return made  # type: ignore[no-any-return]

    return decorated


def _given(options: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Takes out of the options those with these names, and leaves out those that nobody has given."""
    found = {name: options.pop(name) for name in names}
    return {name: value for name, value in found.items() if value is not None and value is not False}
