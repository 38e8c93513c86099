"""Several calls at once, within a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import islice
from threading import Event
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


class Stopped(Exception):
    """The work was called off before it was done."""


def bounded(
    function: Callable[[A], B],
    items: Iterable[A],
    *,
    workers: int,
    on_done: Callable[[int], None] | None = None,
    stop: Event | None = None,
) -> list[B]:
    """`function` of every item, at most `workers` at once; results in the order of the items.

    `on_done` is called in the caller's thread with how many are done. The first error sets `stop`, lets
    what is under way finish, starts nothing more and is raised; so does an interrupt. `stop` set from
    outside ends the work with Stopped. Calls that share a `stop` may run inside each other: the error that
    set it is the one raised.
    """
    halt = stop or Event()
    if workers <= 1:
        return list(_one_by_one(function, items, on_done, halt))
    results: dict[int, B] = {}
    waiting = enumerate(items)
    under_way: dict[Future[B], int] = {}
    executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="immich")
    try:
        while True:
            for index, item in islice(waiting, 2 * workers - len(under_way)):
                under_way[executor.submit(copy_context().run, function, item)] = index
            if not under_way:
                return [results[index] for index in sorted(results)]
            if halt.is_set():
                raise _cause(under_way)
            done, _ = wait(under_way, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=under_way.__getitem__):
                if isinstance(future.exception(), Stopped):
                    raise _cause(under_way)
                results[under_way.pop(future)] = future.result()
            if done and on_done:
                on_done(len(results))
    except BaseException:
        halt.set()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _cause(under_way: Iterable[Future[B]]) -> BaseException:
    """Why the work was stopped: an error of what is still under way, once that has ended, else Stopped."""
    futures = list(under_way)
    wait(futures)
    errors = [error for future in futures if not future.cancelled() and (error := future.exception())]
    return next((error for error in errors if not isinstance(error, Stopped)), Stopped())


def _one_by_one(
    function: Callable[[A], B], items: Iterable[A], on_done: Callable[[int], None] | None, halt: Event
) -> Iterator[B]:
    for count, item in enumerate(items, 1):
        if halt.is_set():
            raise Stopped
        yield function(item)
        if on_done:
            on_done(count)
