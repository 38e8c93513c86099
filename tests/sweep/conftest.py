"""A sandbox for each version, and a run on it that nothing disturbs, made once for all cases of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.sweep.bench import bench
from tests.sweep.cases import Course, course
from tests.sweep.forks import Forks, warm

Courses = Callable[[str], Course]


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    with warm() as running:
        yield running


@pytest.fixture(scope="session")
def courses(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Iterator[Courses]:
    """The course of an undisturbed run, by version."""
    with ExitStack() as stack:

        @cache
        def made(version: str) -> Course:
            folder = tmp_path_factory.mktemp("sweep")
            return course(stack.enter_context(bench(folder, forks, version)))

        yield made
