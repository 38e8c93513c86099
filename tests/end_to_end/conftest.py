"""One library of the example's photos for each version, made once; each test gets a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from reconciler.sandbox.library import Library
from reconciler.sandbox.settings import Pace
from tests.end_to_end.support import EXAMPLE, Served, Shell, served
from tests.sandbox.running import photos

Templates = Callable[[str], Path]
Starts = Callable[..., "Iterator[tuple[Served, Shell]]"]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The library of a version, made by the command itself."""

    @cache
    def made(version: str) -> Path:
        folder = tmp_path_factory.mktemp("template")
        result = Shell(folder).run(
            "immich-sandbox", "init", "library", "--from", EXAMPLE / "photos", "--version", version
        )
        assert result.code == 0 and "12 photos" in result.out, result.said
        return folder / "library"

    return made


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def example(tmp_path: Path, templates: Templates) -> Callable[[str], contextmanager[Served]]:  # type: ignore[valid-type]
    """Serves the example's photos as the given version."""

    @contextmanager
    def started(version: str = "3.1.0") -> Iterator[Served]:
        shutil.copytree(templates(version), tmp_path / "library")
        with served(tmp_path / "library") as server:
            yield server

    return started


@pytest.fixture
def plain(tmp_path: Path) -> Callable[..., contextmanager[Served]]:  # type: ignore[valid-type]
    """Serves invented photos; `milliseconds` is how long each of the pipeline's jobs takes."""

    @contextmanager
    def started(
        count: int = 10, version: str = "3.1.0", milliseconds: float = 1, template: bool = False
    ) -> Iterator[Served]:
        pace = Pace(job_milliseconds=dict.fromkeys(("sidecar", "metadataExtraction"), milliseconds))
        with Library.create(tmp_path / "library", version=version, pace=pace) as library:
            library.add_assets(photos(count))
            if template:
                on = {**library.config["storageTemplate"], "enabled": True}
                library.change_config({**library.config, "storageTemplate": on})
        with served(tmp_path / "library") as server:
            yield server

    return started
