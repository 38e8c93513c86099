"""Why a plan is not applied."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.cli.connecting.connect import Connection
from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.plan import Plan
from reconciler.plan.budgets import way_out


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan may not be applied, as the end of a sentence, and the exit code for it."""

    why: str
    code: Exit


def refusal(plan: Plan, *, allow_missing: bool) -> Refusal | None:
    """Why a plan may not be applied; None where it may be."""
    if plan.problems:
        return Refusal("since the files contradict something (above)", Exit.INVALID)
    if plan.missing and not allow_missing:
        why = "since some of what is named is missing (above); --allow-missing goes on without them"
        return Refusal(why, Exit.ERROR)
    if plan.violations:
        why = "since more would be taken away or changed than is allowed (above)"
        if options := way_out(plan.violations):
            why += f"; to allow all of it: {options}"
        return Refusal(why, Exit.BUDGET)
    return None


def refuse_other(plan: Plan, connection: Connection) -> None:
    """Stops where a saved plan was made for another server or account."""
    if not plan.identity.same_server(connection.identity):
        stop(
            f"this plan was made for {plan.identity.user_name} at {plan.identity.url}, and this is "
            f"{connection.identity.user_name} at {connection.identity.url}: plan again",
            Exit.STALE,
        )
