"""How the live state of a plan was read, as JSON and back: what was expected, not what it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.live.cost import Cost
from reconciler.live.plan import Read, ReadingPlan, Rejected, What
from reconciler.model.codec import origin_from_json, origin_to_json

Json = Any


def reading_json(plan: ReadingPlan | None) -> dict[str, Json] | None:
    """The reads in order; None where nothing was asked of a server."""
    if plan is None:
        return None
    return {
        **_cost(plan.cost),
        "fewest": plan.fewest,
        "reads": [
            {
                "what": item.what.value,
                "about": item.about,
                "because": [origin_to_json(origin) for origin in item.because],
                "others": item.others,
                **_cost(item.cost),
                "fewest": item.fewest,
            }
            for item in plan.reads
        ],
        "rejected": [
            {"way": item.way, "why": item.why, "cost": _cost(item.cost) if item.cost else None}
            for item in plan.rejected
        ],
    }


def read_reading(data: Mapping[str, Json] | None) -> ReadingPlan | None:
    """The same from JSON. Raises KeyError and ValueError where it isn't what it should be."""
    if data is None:
        return None
    return ReadingPlan(
        tuple(
            Read(
                What(item["what"]),
                item["about"],
                _read_cost(item),
                tuple(origin_from_json(origin) for origin in item["because"]),
                item["others"],
                item["fewest"],
            )
            for item in data["reads"]
        ),
        tuple(
            Rejected(item["way"], item["why"], _read_cost(item["cost"]) if item["cost"] else None)
            for item in data["rejected"]
        ),
    )


def _cost(cost: Cost) -> dict[str, Json]:
    return {"requests": cost.requests, "rows": cost.rows, "seconds": round(cost.seconds, 3)}


def _read_cost(data: Mapping[str, Json]) -> Cost:
    return Cost(data["requests"], data["rows"], data["seconds"])
