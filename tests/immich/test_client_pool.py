"""Bounded concurrency."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from reconciler.immich.pool import Stopped, bounded


@pytest.mark.parametrize("workers", [1, 3])
def test_results_keep_the_order_of_the_items(workers: int) -> None:
    done: list[int] = []
    result = bounded(lambda number: number * number, range(40), workers=workers, on_done=done.append)
    assert result == [number * number for number in range(40)]
    assert done[-1] == 40
    assert done == sorted(done)


def test_never_more_at_once_than_allowed() -> None:
    lock, together = threading.Lock(), threading.Barrier(3, timeout=10)
    running = most = 0

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()
        with lock:
            running -= 1

    bounded(work, range(9), workers=3)
    assert most == 3


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_error_stops_the_rest(workers: int) -> None:
    started: list[int] = []

    def work(number: int) -> None:
        started.append(number)
        if number == 2:
            raise LookupError("two")

    stop = threading.Event()
    with pytest.raises(LookupError, match="two"):
        bounded(work, range(1000), workers=workers, stop=stop)
    assert len(started) < 30
    assert stop.is_set() or workers == 1


def test_items_are_taken_as_they_are_needed() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    def fail(number: int) -> None:
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"\d"):
        bounded(fail, items(), workers=2)
    assert taken <= 8


@pytest.mark.parametrize("workers", [1, 2])
def test_stopped_from_outside(workers: int) -> None:
    stop = threading.Event()
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        stop.set()

    with pytest.raises(Stopped):
        bounded(work, range(100), workers=workers, stop=stop)
    assert 0 < len(done) < 10


def test_an_interrupt_leaves_no_thread_behind() -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bounded(lambda number: number, range(20), workers=2, on_done=interrupted)
    assert not [one for one in threading.enumerate() if one.name.startswith("immich")]


def test_nothing_to_do() -> None:
    assert bounded(str, [], workers=4) == []
