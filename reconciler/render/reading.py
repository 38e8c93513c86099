"""How a plan was read, for a terminal: each read with its reason, what was expected and what it took."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.live.cost import Cost
from reconciler.live.meter import Took
from reconciler.live.plan import Read, ReadingPlan, What
from reconciler.model.words import counted

_TITLES = {
    What.SIZE: "count",
    What.QUEUES: "queues",
    What.TAGS: "list",
    What.ALBUMS: "list",
    What.VALUES: "values",
    What.MAP: "map",
    What.SCAN: "scan",
    What.SEARCH: "search",
    What.CHECK: "check",
    What.PHOTOS: "photos",
    What.NAMES: "find",
    What.MEMBERS: "members",
    What.LEAVING: "leaving",
    What.TAGGED: "tags",
    What.PEOPLE: "people",
    What.STACKS: "list",
    What.LIBRARIES: "list",
    What.OWNERS: "owners",
    What.COVERS: "cover",
    What.USERS: "list",
}


def reading_text(plan: ReadingPlan, took: Callable[[int], Took]) -> str:
    """Lines about every read, about what was rejected, and the requests against the fewest that answer."""
    lines = ["Reading"]
    for number, read in enumerate(plan.reads):
        lines += _read(read, took(number))
    for item in plan.rejected:
        cost = f" ({_expected(item.cost)})" if item.cost else ""
        lines.append(f"  not: {item.way}{cost}: {item.why}")
    real = [took(number) for number in range(len(plan.reads))]
    requests = sum(one.requests for one in real)
    lines.append(
        f"  in all {counted(requests, 'request')}, {sum(one.rows for one in real):,} rows; "
        f"{plan.fewest:,} is the fewest that can answer"
    )
    if requests > plan.fewest:
        extra = [read.about for number, read in enumerate(plan.reads) if real[number].requests > read.fewest]
        lines.append(f"  more than the fewest: {'; '.join(dict.fromkeys(extra))}")
    return "\n".join(lines) + "\n"


def _read(read: Read, took: Took) -> list[str]:
    real = f"{counted(took.requests, 'request')}, {took.rows:,} rows, {took.seconds:.2f} s"
    lines = [
        f"  {_TITLES[read.what]:8} {read.about}",
        f"           expected {_expected(read.cost)}; took {real}",
    ]
    if took.how:
        lines.append(f"           {took.how}")
    if read.because:
        more = f" and {read.others:,} more" if read.others else ""
        lines.append(f"           for {', '.join(origin.short for origin in read.because)}{more}")
    return lines


def _expected(cost: Cost) -> str:
    return f"{counted(cost.requests, 'request')}, {cost.rows:,} rows, {cost.seconds:.2f} s of the server"
