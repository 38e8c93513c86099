"""Changes → batched operations in rounds; the plan object and its file."""

from reconciler.plan.plan import PIPELINE, Cost, Plan, make_plan

__all__ = ["PIPELINE", "Cost", "Plan", "make_plan"]
