"""Others who edit all the time: what isn't of this run's photos is not waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.earlier.idle import wait_until_idle
from reconciler.apply.protocols import Interruption, Silent
from reconciler.apply.queues.ours import Ours
from reconciler.immich.answers import Job, Queue
from reconciler.immich.errors import Kind, ServerError
from reconciler.immich.reader import Reader
from reconciler.immich.writer import Writer
from reconciler.plan.report import Outcome
from reconciler.sandbox.settings import Pace
from tests.apply.support import PROMPT, Here, here, key_for, photos

MANY = 12
BUSY = Pace(job_milliseconds={"sidecar": 150, "metadataExtraction": 5, "storageTemplateMigration": 1})
WISH: dict[str, Any] = {
    "assets": [
        {"match": {"file": "IMG_0000.jpg"}, "description": "Ours", "tags": ["Sea"]},
        {"match": {"file": "IMG_0001.jpg"}, "rating": 4},
    ]
}


@contextmanager
def editing(place: Here, *names: str) -> Iterator[None]:
    """Somebody edits these photos without end, so that some wait at every moment."""
    enough = threading.Event()
    found = [place.ids()[name] for name in names]

    def waiting() -> int:
        counts = place.library.queues.counts("sidecar")
        return counts.active + counts.waiting + counts.paused

    def edit() -> None:
        turn = 0
        while not enough.wait(0.002):
            if waiting() > MANY:
                continue
            turn += 1
            place.other.ask("PUT", f"/assets/{found[turn % len(found)]}", {"description": f"Theirs {turn}"})

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        while not waiting():
            assert editor.is_alive()
        yield
    finally:
        enough.set()
        editor.join()


@pytest.mark.parametrize("version", ["2.5.6", "3.1.0"])
def test_a_run_ends_though_others_keep_the_queues_full(tmp_path: Path, version: str) -> None:
    with here(tmp_path, photos(6), pace=BUSY, version=version) as place:
        place.limits = replace(PROMPT, others=0.1)
        plan = place.plan(WISH)
        with editing(place, "IMG_0003.jpg", "IMG_0004.jpg", "IMG_0005.jpg"):
            report = place.apply(plan)
            assert place.library.queues.counts("sidecar").active
        assert report.outcome is Outcome.DONE
        assert {tally.field: (tally.applied, tally.settled) for tally in report.fields} == {
            "description": (1, 1),
            "tags": (1, 1),
            "tag list": (1, 1),
            "rating": (1, 1),
        }
        assert place.paused() == set()
        assert not place.plan(WISH).changes


def test_a_run_ends_though_more_jobs_wait_than_the_server_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Writer.update_assets

    def written(writer: Writer, *args: Any) -> None:
        monkeypatch.setattr("reconciler.immich.queues.JOBS_LISTED", 1)
        write(writer, *args)

    monkeypatch.setattr(Writer, "update_assets", written)
    with here(tmp_path, photos(6), pace=BUSY) as place:
        place.limits = replace(PROMPT, others=0.1)
        plan = place.plan({"assets": WISH["assets"][1:]})
        monkeypatch.setattr("reconciler.apply.queues.ours.LATE", 1.0)
        with editing(place, "IMG_0003.jpg", "IMG_0004.jpg", "IMG_0005.jpg"):
            report = place.apply(plan)
            assert place.library.queues.counts("sidecar").active
        assert report.outcome is Outcome.DONE
        assert [(tally.field, tally.settled) for tally in report.fields] == [("rating", 1)]


def test_without_the_right_to_see_jobs_it_is_waited_for_all(tmp_path: Path) -> None:
    with here(tmp_path, photos(6), pace=BUSY) as place:
        place.limits = replace(PROMPT, others=0.1, settle=1.0)
        allowed = ["queue.read", "queue.update", "server.about", "user.read", "apiKey.read"]
        transport = place.reader.transport
        admin = Reader(
            type(transport)(
                place.mounted.base_url, key_for(place.library, allowed), adapter=place.mounted.adapter
            ),
            place.reader.dialect,
        )
        place.admin = admin
        plan = place.plan({"assets": WISH["assets"][1:]})
        with editing_once_written(place):
            report = place.apply(plan)
        assert report.outcome is Outcome.UNSETTLED
        assert "jobs are still waiting after 1 s" in report.waiting
        assert place.paused() == set()


@contextmanager
def editing_once_written(place: Here) -> Iterator[None]:
    """Somebody begins to edit another photo right after the first write."""
    write = Writer.update_assets
    with pytest.MonkeyPatch.context() as patch:
        others = ExitStack()

        def written(writer: Writer, *args: Any) -> None:
            write(writer, *args)
            others.enter_context(editing(place, "IMG_0005.jpg"))

        patch.setattr(Writer, "update_assets", written)
        with others:
            yield


def test_the_jobs_of_an_earlier_run_are_not_those_of_others(tmp_path: Path) -> None:
    with here(tmp_path, photos(6), pace=BUSY) as place, editing(place, "IMG_0005.jpg"):
        limits = replace(PROMPT, others=0.1, settle=2)
        wait = (place.reader, Silent(), Interruption(), limits)
        assert "jobs are still waiting" in wait_until_idle(*wait)
        assert wait_until_idle(*wait, frozenset({place.ids()["IMG_0000.jpg"]})) == ""


class Listed:
    """A reader of queues whose jobs are given."""

    def __init__(self, **jobs: list[Job]) -> None:
        self.jobs_of = jobs
        self.running: list[Job] = []
        self.transport = self
        self.ahead = 100.0

    def jobs(self, name: str) -> tuple[Job, ...] | None:
        found = tuple(self.jobs_of.get(name, ()))
        return None if Job("unlisted", 0) in found else found

    def running_jobs(self, _name: str) -> tuple[Job, ...]:
        return tuple(self.running)


def queue(name: str, waiting: int, *, paused: bool = False) -> Queue:
    return Queue(name, paused, 0, waiting, 0, 0, 0)


def test_whose_jobs_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server's clock, which is 100 seconds ahead here."""
    now = [1000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    reader = Listed()
    mine = Ours(reader, frozenset({"a"}))  # type: ignore[arg-type]
    both = ("sidecar", "metadataExtraction")

    def gone(*, sidecar: list[Job] | None = None, reading: list[Job] | None = None) -> bool:
        reader.jobs_of = {"sidecar": sidecar or [], "metadataExtraction": reading or []}
        queues = {
            "sidecar": queue("sidecar", len(sidecar or [])),
            "metadataExtraction": queue("metadataExtraction", len(reading or [])),
        }
        return mine.gone(queues, both)

    assert gone(sidecar=[Job("b", 1000)], reading=[Job(None, 1000)])
    assert not gone(sidecar=[Job("b", 1000)], reading=[Job("unlisted", 0)])
    assert not gone(sidecar=[Job("b", 1000), Job("a", 1099)])
    # of more jobs than are listed, those that run tell how far the queue has come
    for running, passed in (
        ([Job("b", 1000)], False),
        ([Job("b", 1000), Job("c", 1200)], True),
        ([Job("a", 1000), Job("c", 1200)], False),
        ([Job("a", 1200)], True),
    ):
        reader.running = running
        assert gone(reading=[Job("unlisted", 0)]) is passed
    now[0] += 60
    assert gone(sidecar=[Job("a", 1150)])  # written by somebody else, later
    # while one of ours was written, its reading may be queued until then
    assert not gone(sidecar=[Job("a", 1099)], reading=[])
    assert not gone(reading=[Job("a", 1162)])
    now[0] += 60
    assert gone(reading=[Job("a", 1200)])


@pytest.mark.parametrize(
    ("kind", "told"), [(Kind.FORBIDDEN, False), (Kind.NOT_FOUND, False), (Kind.BROKEN, True)]
)
def test_only_a_key_that_may_not_see_jobs_is_never_asked_again(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, told: bool
) -> None:
    reader = Listed()
    asked: list[str] = []

    def refuse(name: str) -> None:
        asked.append(name)
        raise ServerError("no", kind=kind, method="GET", path="/jobs")

    monkeypatch.setattr(reader, "jobs", refuse)
    mine = Ours(reader, frozenset({"a"}))  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(ServerError) if told else nullcontext():
            assert not mine.gone({"sidecar": queue("sidecar", 1)}, ("sidecar",))
    assert len(asked) == (2 if told else 1)


def test_what_somebody_keeps_paused_is_not_waited_for() -> None:
    mine = Ours(Listed(sidecar=[Job("a", 0)]), frozenset({"a"}))  # type: ignore[arg-type]
    assert mine.gone({"sidecar": queue("sidecar", 1, paused=True)}, ("sidecar",))
    assert not mine.gone({"sidecar": queue("sidecar", 1)}, ("sidecar",))
    nobody = Ours(Listed(), frozenset())  # type: ignore[arg-type]
    assert not nobody.gone({"sidecar": queue("sidecar", 1)}, ("sidecar",))
