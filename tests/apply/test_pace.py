"""How many requests are under way at once, as the server gets slower and recovers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.protocols import Silent
from reconciler.apply.sending.pace import ENOUGH, GOOD, Pace, Rate
from reconciler.immich.tally import Sent
from reconciler.plan.report import Outcome
from tests.apply.support import Fault, here, photos


def steps(rate: Rate, answers: Iterable[str], start: float = 0.0) -> list[int]:
    """What is allowed after each of these answers, which come one after the other: good, slow or bad."""
    allowed = []
    at = start
    for answer in answers:
        seconds = 2.0 if answer == "s" else 0.1
        rate.answered("put", at, seconds, trouble=answer == "b")
        at += seconds
        allowed.append(rate.allowed)
    return allowed


def test_trouble_halves_and_good_answers_add_one() -> None:
    rate = Rate(8)
    assert steps(rate, "ggbbb") == [8, 8, 4, 2, 1]
    assert steps(rate, "b", 10) == [1]
    assert steps(rate, "g" * GOOD, 20) == [1] * (GOOD - 1) + [2]
    assert steps(rate, "g" * GOOD * 10, 30)[-1] == 8


def test_good_answers_count_only_in_a_row() -> None:
    rate = Rate(4)
    assert steps(rate, "b" + ("g" * (GOOD - 1) + "b") * 3)[-1] == 1


def test_an_answer_that_takes_three_times_as_long_as_usual_halves() -> None:
    rate = Rate(4)
    assert steps(rate, "g" * ENOUGH + "s")[-1] == 2


def test_slowness_is_judged_among_requests_of_a_kind_and_only_after_some_of_them() -> None:
    rate = Rate(4)
    assert steps(rate, "g" * (ENOUGH - 1) + "s")[-1] == 4
    rate.answered("another", 100, 30.0, trouble=False)
    assert rate.allowed == 4


def test_small_differences_say_nothing() -> None:
    rate = Rate(4)
    for at in range(ENOUGH):
        rate.answered("put", at, 0.002, trouble=False)
    rate.answered("put", 50, 0.2, trouble=False)
    assert rate.allowed == 4


def test_one_jam_halves_once_however_many_requests_meet_it() -> None:
    """All that were under way when the server had enough come back with the same news."""
    rate = Rate(8)
    for _ in range(8):
        rate.answered("put", 10.0, 1.0, trouble=True)
    assert rate.allowed == 4
    rate.answered("put", 11.0, 1.0, trouble=True)
    assert rate.allowed == 2


@given(st.integers(1, 32), st.lists(st.sampled_from("gsb"), max_size=200))
def test_it_stays_within_bounds_and_always_recovers(most: int, answers: list[str]) -> None:
    rate = Rate(most)
    assert all(1 <= allowed <= most for allowed in steps(rate, answers))
    assert steps(rate, "g" * GOOD * (most + 1), 10_000)[-1] == most


# -- as it is used -----------------------------------------------------------------------------------------


class Said(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def sent(status: int | None = 200, seconds: float = 0.1) -> Sent:
    return Sent("PUT", "/assets", status, seconds, 1, size=500)


@pytest.mark.parametrize("status", [429, 503, 502, 504, 408, None])
def test_it_is_said_once_when_it_goes_slower_and_once_when_it_is_back(status: int | None) -> None:
    said = Said()
    clock = [0.0]
    pace = Pace(4, said, lambda: clock[0])
    for answer in [status, status, 200, status, *[200] * GOOD * 4]:
        clock[0] += 1
        pace(sent(answer))
    assert said.lines == [
        "the server is slow or refuses requests: at most 2 at once instead of 4",
        "the server has recovered: up to 4 requests at once again",
    ]


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_other_errors_are_no_reason_to_go_slower(status: int) -> None:
    said = Said()
    pace = Pace(4, said, lambda: 0.0)
    for _ in range(20):
        pace(sent(status))
    assert said.lines == []


def test_no_more_than_allowed_are_under_way() -> None:
    pace = Pace(4, Silent(), lambda: 0.0)
    pace(sent(503))
    lock, now, most = threading.Lock(), [0], [0]

    def work() -> None:
        with pace.turn():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most[0] == 2 and not any(thread.is_alive() for thread in threads)


def test_an_operation_that_fails_gives_its_place_back() -> None:
    pace = Pace(1, Silent(), lambda: 0.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"), pace.turn():
            raise ValueError("no")
    with pace.turn():
        pass


def albums(count: int) -> dict[str, Any]:
    return {
        "albums": [
            {"name": f"Album {number}", "match": {"file": "IMG_0000.jpg"}, "order": "asc"}
            for number in range(count)
        ]
    }


def test_a_run_goes_slower_on_a_server_that_refuses_and_finishes(tmp_path: Path) -> None:
    with here(tmp_path, photos(1)) as place:
        place.progress = said = Said()
        plan = place.plan(albums(12))
        place.clear()
        place.faults(Fault("status", "POST", "/albums", nth=2, status=429, retry_after="0"))
        assert place.apply(plan).outcome is Outcome.DONE
        assert said.lines == [
            "the server is slow or refuses requests: at most 1 at once instead of 2",
            "the server has recovered: up to 2 requests at once again",
        ]
        assert not place.plan(albums(12)).changes


def test_after_the_run_requests_are_no_longer_watched(tmp_path: Path) -> None:
    with here(tmp_path, photos(1)) as place:
        assert place.converge(albums(2)).outcome is Outcome.DONE
        assert place.reader.transport._observers == ()
