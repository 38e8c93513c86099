"""Options that say how much a plan may take away, overwrite and change; they win over the settings."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options.shared import F, Kind

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.safety import Allowed, Limits, Safety


class LimitFor(Kind):
    """A limit such as 320, 30%, 200,30% or none, for all that is counted or for one thing: albums=3."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The limits, by what they count."""
        from reconciler.config.values.limits import BadLimit, read_counted, read_limit
        from reconciler.model.safety import everywhere

        if not isinstance(value, str):
            return value
        counted, equals, text = value.rpartition("=")
        try:
            limit = read_limit(text.split(","))
            return {read_counted(counted): limit} if equals else everywhere(limit)
        except BadLimit as error:
            self.fail(f"{value!r}: {error}", param, ctx)


class Allowance(Kind):
    """What a guard lets pass, such as empty-album=Italy."""

    name = "guard"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The guard, and whom it is about."""
        from reconciler.config.values.limits import BadLimit, read_allowed

        if not isinstance(value, str):
            return value
        try:
            return read_allowed(value)
        except BadLimit as error:
            self.fail(str(error), param, ctx)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the command line says about limits; what isn't said is as the files say."""

    limits: Mapping[str, tuple[Limits, ...]] = field(default_factory=dict)
    allow: tuple[Allowed, ...] = ()

    def over(self, safety: Safety) -> Safety:
        """The safety with these limits instead of those of the files, and these allowances beside theirs."""
        from reconciler.model.safety import Budget

        limits = {budget: dict(found) for budget, found in safety.limits.items()}
        for name, given in self.limits.items():
            for item in given:
                limits[Budget(name)] |= item
        return replace(safety, limits=limits, allow=(*safety.allow, *self.allow))

    def over_files(self, desired: Desired) -> Desired:
        """The desired state with these limits."""
        return replace(desired, safety=self.over(desired.safety))


class Approval(Kind):
    """The digest of a plan, or its first digits."""

    name = "digest"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Its hex digits."""
        from reconciler.plan.digest import BadDigest, read_approval

        try:
            return read_approval(str(value))
        except BadDigest as error:
            self.fail(str(error), param, ctx)


_LIMITS = {
    "removals": "The most that may be taken away: a number, a share (30%), none, or for one thing "
    "memberships=320 (values, tags, memberships, albums, shares). Repeatable. Default: "
    "settings.safety.removals, then 200,50%.",
    "overwrites": "The most that may be overwritten, likewise. Default: settings.safety.overwrites, "
    "then 30%.",
    "changes": "The most that may change at all, likewise. Default: settings.safety.changes, then none.",
}


def safety_options(command: F) -> F:
    """Options about limits and guards; the command gets them together as `bounds`."""

    @functools.wraps(command)
    def gathered(*args: Any, **options: Any) -> Any:
        given = {name: options.pop(f"max_{name}") for name in _LIMITS}
        limits = {name: found for name, found in given.items() if found}
        return command(*args, bounds=Bounds(limits, options.pop("allow")), **options)

    made: Any = click.option(
        "--allow",
        type=Allowance(),
        multiple=True,
        metavar="GUARD[=NAME]",
        help="Let a guard pass, such as empty-album=Inbox. Repeatable. Beside settings.safety.allow.",
    )(gathered)
    for name, text in reversed(_LIMITS.items()):
        option = click.option(f"--max-{name}", type=LimitFor(), multiple=True, metavar="LIMIT", help=text)
        made = option(made)
    return made  # type: ignore[no-any-return]
