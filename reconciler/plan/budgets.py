"""Whether a plan takes away, overwrites or changes more than it may, and what would let it pass. Pure.

Counting is done on the changes themselves, against a `Basis`; so a saved plan can be judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.diff.changes import Changes
from reconciler.model.safety import Budget, Counted, Limit, Safety
from reconciler.plan.basis import Basis
from reconciler.plan.counts import Count, counts
from reconciler.plan.guards import guarded, quoted, some
from reconciler.plan.protection import protected
from reconciler.plan.violation import Violation

_WORDS = {
    (Budget.REMOVALS, Counted.VALUES): ("photo", "would lose a value"),
    (Budget.REMOVALS, Counted.TAGS): ("tag", "would come off photos"),
    (Budget.REMOVALS, Counted.MEMBERSHIPS): ("photo", "would leave albums"),
    (Budget.REMOVALS, Counted.ALBUMS): ("album", "would be deleted"),
    (Budget.REMOVALS, Counted.SHARES): ("user", "would lose access to albums"),
    (Budget.OVERWRITES, Counted.VALUES): ("photo", "would have a value overwritten"),
    (Budget.OVERWRITES, Counted.ALBUMS): ("album", "would have a name or description overwritten"),
    (Budget.OVERWRITES, Counted.SHARES): ("user", "would have another role in albums"),
    (Budget.CHANGES, Counted.VALUES): ("photo", "would get other values"),
    (Budget.CHANGES, Counted.TAGS): ("photo", "would get or lose tags"),
    (Budget.CHANGES, Counted.MEMBERSHIPS): ("photo", "would join or leave albums"),
    (Budget.CHANGES, Counted.ALBUMS): ("album", "would be made, changed or deleted"),
    (Budget.CHANGES, Counted.SHARES): ("user", "would get or lose access to albums, or have another role"),
}


def judge(changes: Changes, labels: Mapping[str, str], basis: Basis, safety: Safety) -> tuple[Violation, ...]:
    """Everything that keeps the changes from being applied.

    What is protected comes first, then guards, then budgets. Where nothing changes nothing is wrong.
    """
    if not changes:
        return ()
    return (
        *protected(changes, labels, basis),
        *guarded(changes, basis, safety),
        *_budgets(changes, basis, safety),
    )


def way_out(violations: Iterable[Violation]) -> str:
    """The options that let all of it pass; empty where something is protected, as none do then."""
    options = [item.option for item in violations]
    return " ".join(options) if all(options) else ""


def _budgets(changes: Changes, basis: Basis, safety: Safety) -> Iterator[Violation]:
    for (budget, counted), count in counts(changes, basis).items():
        why = exceeded(count, safety.limit(budget, counted), safety.floor)
        if not why:
            continue
        noun, does = _WORDS[budget, counted]
        ordered = sorted(count.parts.items(), key=lambda pair: (-pair[1], pair[0]))
        names = ", ".join(some([f"{name} ({number:,})" for name, number in ordered]))
        yield Violation(
            rule=f"{budget} of {counted}",
            text=f"{count.total:,} {noun if count.total == 1 else f'{noun}s'} {does} ({why}): {names}",
            resources=tuple(name for name, _ in ordered),
            option=f"--max-{budget} {counted}={count.total}",
            origin=count.origin,
        )


def exceeded(count: Count, limit: Limit, floor: int) -> str:
    """Why a number is more than it may be, in words; empty where it isn't."""
    if limit.count is not None and count.total > limit.count:
        return f"at most {limit.count:,} may"
    if limit.share is None:
        return ""
    if count.wholes is not None:
        for name, number in sorted(count.parts.items(), key=lambda pair: (-pair[1], pair[0])):
            whole = count.wholes.get(name, 0)
            if number > floor and number * 100 > whole * limit.share and whole:
                return f"{number:,} of the {whole:,} of {quoted(name)}, at most {limit.share:g}% may"
    elif count.whole is not None and count.total > floor and count.total * 100 > count.whole * limit.share:
        return f"of {count.whole:,} {count.whole_name}, at most {limit.share:g}% may"
    return ""
