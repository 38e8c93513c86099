"""Which queues a window holds."""

from __future__ import annotations

import pytest

from reconciler.apply.queues.choice import NEVER, UnknownQueue, choose

THERE = [
    "backgroundTask",
    "backupDatabase",
    "library",
    "metadataExtraction",
    "migration",
    "notAllThatOld",
    "ocr",
    "sidecar",
    "storageTemplateMigration",
    "thumbnailGeneration",
]


def test_the_pipeline_comes_in_the_order_in_which_a_job_wanders() -> None:
    assert choose("pipeline", THERE) == ("sidecar", "metadataExtraction", "storageTemplateMigration")


def test_heavy_adds_what_the_server_has_and_nothing_else() -> None:
    assert choose("heavy", THERE)[3:] == ("thumbnailGeneration", "ocr", "library")


def test_none_holds_nothing() -> None:
    assert choose("none", THERE) == ()


def test_a_list_may_name_queues_that_nobody_here_has_heard_of() -> None:
    assert choose(("notAllThatOld", "sidecar"), THERE) == ("sidecar", "notAllThatOld")


@pytest.mark.parametrize("name", sorted(NEVER))
def test_the_servers_own_upkeep_is_never_held(name: str) -> None:
    with pytest.raises(UnknownQueue, match=name):
        choose((name,), THERE)


def test_a_queue_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownQueue, match="no queue sidecars; it has library, metadataExtraction"):
        choose(("sidecars",), THERE)


def test_a_pipeline_queue_that_a_version_lacks_is_no_error() -> None:
    assert choose("pipeline", ["sidecar"]) == ("sidecar",)
