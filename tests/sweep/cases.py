"""What is the same in all sweeps: the course that is disturbed, the choice of cases, and their count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.sweep.bench import Bench
from tests.sweep.gate import Asked, Boundary
from tests.sweep.scene import THEIRS, UNTOUCHED, differences, written_values

FULL = os.environ.get("RECONCILER_SWEEP") == "full"
"""Whether every case is tried, which takes many minutes, and not only a fixed choice of them."""
VERSIONS = ("3.1.0", "2.5.6")

NO_CHANGES = ("immich-plan", "--exit-code")

T = TypeVar("T")
Record = Callable[[str, object], None]


@dataclass(frozen=True, slots=True)
class Course:
    """An undisturbed run: what was asked, and what is there afterwards."""

    bench: Bench
    before: dict[str, Any]
    apply: tuple[Asked, ...]
    after: dict[str, Any]
    applied: Path
    """A folder to begin from with the run done."""
    undo: tuple[Asked, ...]
    undone: dict[str, Any]

    def label(self, requests: Sequence[Asked], at: Boundary) -> str:
        """The request in words."""
        return next((str(asked) for asked in requests if asked.boundary == at), "")


def course(bench: Bench) -> Course:
    """Runs the scene's wish and takes it back, undisturbed, and looks whether that is right to begin with."""
    before = bench.seen()
    ended = bench.run("immich-apply", "--yes")
    assert ended.code == 0, ended.said
    apply, after = tuple(bench.gate.log), bench.seen()
    assert_right(before, after)
    applied = bench.keep("applied")
    bench.fresh(applied)
    ended = bench.run("immich-undo", "--yes")
    assert ended.code == 0, ended.said
    undo, undone = tuple(bench.gate.log), bench.seen()
    assert [album[0] for album in undone["albums"]] == ["Kept", "Known", "Old"]
    assert [album[5] for album in undone["albums"]] == [album[5] for album in before["albums"]]
    return Course(bench, before, apply, after, applied, undo, undone)


def assert_right(before: dict[str, Any], after: dict[str, Any]) -> None:
    """The wish is fulfilled, in the files too, and nothing else has changed."""
    photos = after["photos"]
    for name in UNTOUCHED:
        assert photos[name] == before["photos"][name]
    van = photos["IMG_0002.jpg"]
    assert van["rating"] == 4 and van["tagged"] == ["Keep/This"] and van["locked"] == 0
    for part in ("The van", "2023-07-02T10:20:30", "Keep/This", '"rating": 4', "41.89193"):
        assert part in van["sidecar"]
    assert "2023-07-02" in van["original_path"]
    assert photos["IMG_0005.jpg"]["is_favorite"] and photos["IMG_0006.jpg"]["tagged"] == ["Keep/This"]
    both = photos["IMG_0004.jpg"]
    assert both["description"] == "Four" and both["tagged"] == ["Keep/This", "Trips/Italy"]
    assert '"Four"' in both["sidecar"] and "Trips/Italy" in both["sidecar"]
    names = [album[0] for album in after["albums"]]
    assert names == ["Italy", "Kept", "Known"] and after["albums"][1] == before["albums"][0]
    assert after["albums"][2][3:5] == ("IMG_0003.jpg", ["IMG_0001.jpg", "IMG_0003.jpg"])
    assert after["albums"][0][5] == [("ben@example.org", "viewer"), ("dan@example.org", "viewer")]
    assert after["albums"][2][5] == [("ben@example.org", "editor"), ("dan@example.org", "viewer")]
    assert before["paused"] == after["paused"] == [THEIRS] and not after["jobs"]


def boundaries(requests: Iterable[Asked], *, every: int = 1) -> list[Boundary]:
    """All requests that write, and every so-manieth of those that read."""
    return [
        asked.boundary
        for asked in requests
        if asked.boundary and (asked.boundary.writes or not asked.boundary.number % every)
    ]


@dataclass(slots=True)
class Tally:
    """How many cases there were, and which of them went wrong."""

    what: str
    tried: int = 0
    wrong: list[str] = field(default_factory=list)

    def case(self, name: str, act: Callable[[], Iterable[str]]) -> None:
        """One case; `act` gives what is wrong afterwards."""
        self.tried += 1
        try:
            found = list(act())
        except AssertionError as error:
            found = [str(error)]
        if found:
            self.wrong.append("\n   ".join([name, *found]))

    def close(self, record: Record) -> None:
        """Gives the count to the summary, and fails where anything was wrong."""
        assert self.tried
        record(f"survived:{self.what}", f"{self.tried - len(self.wrong)}/{self.tried}")
        assert not self.wrong, f"{len(self.wrong)} of {self.tried} went wrong:\n" + "\n".join(self.wrong)


def shard(cases: Sequence[T], number: int, of: int) -> list[T]:
    """Every `of`-th case from the `number`-th on."""
    return list(cases[number::of])


def finished(
    bench: Bench, wanted: dict[str, Any], log: Sequence[Asked], nothing_left: Sequence[str] = NO_CHANGES
) -> Iterable[str]:
    """What is not as it must be once a disturbed run was followed by another; `log` holds both."""
    if leases := bench.leases():
        yield f"leases are left: {leases}"
    yield from differences(bench.seen(), wanted)
    yield from (f"written twice: {line}" for line in written_values(log))
    planned = bench.run(*nothing_left)
    if planned.code or not planned.out.startswith("Nothing "):
        yield f"there is something left to do ({planned.code}): {planned.said}"
