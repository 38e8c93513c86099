"""A short soak in every run of the tests; the long one is `python -m tests.soak`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.soak.running import Count, soak

PLANS = 100


@pytest.mark.parametrize("seed", [11, 12])
def test_random_plans_amid_faults_end_as_the_model_says(
    seed: int, record_property: Callable[[str, object], None]
) -> None:
    count = Count()
    for count in soak(PLANS, seed):  # noqa: B007
        pass
    record_property("survived:random plans amid faults", f"{count.right}/{count.plans}")
    record_property("survived:faults at random in these", f"{count.survived}/{count.faults}")
    assert count.faults > PLANS and count.plans == count.right == PLANS, "\n\n".join(count.failures)
