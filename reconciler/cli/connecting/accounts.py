"""Which accounts a command is about, where the files tell several apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NoReturn

import click

from reconciler.cli.connecting.connect import Connection
from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.model.desired import Desired
from reconciler.plan import Plan


def parts_of(desired: Desired, names: Sequence[str]) -> tuple[Desired, ...]:
    """What is asked of each account, in the order of `server.accounts`; only of those in `names`, if any.

    Where neither an entry nor a file names an account, all of it is asked of one: of the one in `names`, then
    of the usual one. Stops where that can't be told, or where a name isn't listed.
    """
    spoken = desired.accounts
    for name in names:
        if name not in desired.server.accounts:
            known = ", ".join(desired.server.accounts) or "none"
            stop(f"no account {name!r} under server.accounts (there: {known})", Exit.INVALID)
    if not spoken:
        if len(set(names)) > 1:
            stop(
                "the files don't say whose their entries are, so all of it would be asked of each account: "
                "name one account, or write `account` at the entries or once at the top of a file",
                Exit.INVALID,
            )
        return (replace(desired, account=names[0]) if names else desired,)
    wanted = [name for name in desired.server.accounts if name in (names or spoken)]
    for name in wanted:
        if name not in spoken:
            click.echo(f"note: the files ask nothing of {name} (only of {', '.join(spoken)})", err=True)
    return tuple(desired.of(name) for name in wanted)


def plans_meant(plans: Sequence[Plan], names: Sequence[str]) -> Sequence[Plan]:
    """Of the plans of several accounts those in `names`, if any are given. Stops where there are none."""
    if len(plans) == 1 or not names:
        return plans
    found = [plan for plan in plans if plan.account in names]
    if not found:
        stop(f"these plans have nothing of {', '.join(names)}", Exit.INVALID)
    return found


def say_which(why: str, names: Iterable[str]) -> NoReturn:
    """Stops a command that takes one account."""
    listed = list(names)
    stop(f"{why}: say which with --account ({', '.join(listed)})", Exit.INVALID)


def refuse_twins(connections: Iterable[tuple[str, Connection]]) -> None:
    """Stops where two accounts of the files turn out to be one on the server."""
    seen: dict[str, str] = {}
    for name, connection in connections:
        who = connection.identity
        first = seen.setdefault(who.user_id, name)
        if first != name:
            stop(f"the keys of {first} and {name} belong to the same user, {who.user_name}", Exit.INVALID)
