"""Plans one after the other on the same library, and what must hold after each."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.apply.queues.window import QueuesBusy, restore
from reconciler.immich.errors import ServerError
from reconciler.plan.report import Outcome, Report
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.settings import Pace
from tests.apply.support import Here, here, set_storage_template
from tests.soak import wishes
from tests.soak.faults import Chances
from tests.soak.model import Album, Model, Photo
from tests.support.world import add_users

PER_LIBRARY = 25
"""Plans in a row on one library."""
ATTEMPTS = 8
"""Runs of one wish; a run that says that something is left is followed by another."""
PACE = Pace(
    {"sidecar": 2, "metadataExtraction": 1, "storageTemplateMigration": 0},
    collision_loss=1.0,
    spread=0.5,
)
"""Two sidecar writes of one photo side by side always destroy the file."""
PAUSED_BY_ADMIN = ("thumbnailGeneration", "smartSearch", "videoConversion")


class Differs(AssertionError):
    """The library isn't what it must be. The message says how to see it again."""


@dataclass
class Count:
    """What happened so far."""

    plans: int = 0
    right: int = 0
    faults: int = 0
    survived: int = 0
    failures: list[str] = field(default_factory=list)

    def note(self, faults: int, problem: str) -> None:
        """One more plan, amid so many faults; with what is wrong afterwards, if anything."""
        self.plans += 1
        self.faults += faults
        if problem:
            self.failures.append(problem)
        else:
            self.right += 1
            self.survived += faults

    def __str__(self) -> str:
        return (
            f"{self.plans:,} plans: {self.right:,} as the model says; "
            f"faults injected: {self.faults:,}, survived {self.survived:,}"
        )


def soak(plans: int, seed: int, *, first: int = 0) -> Iterator[Count]:
    """Counts after every plan. `first` is the first library, for seeing a failure again."""
    count, number = Count(), first
    while count.plans < plans:
        yield from _one_library(
            f"{seed}-{number}", seed, number, min(PER_LIBRARY, plans - count.plans), count
        )
        number += 1


def _one_library(name: str, seed: int, number: int, plans: int, count: Count) -> Iterator[Count]:
    dice = random.Random(name)
    version = ("3.1.0", "2.5.6")[number % 2]
    assets, model = wishes.library(dice)
    with (
        tempfile.TemporaryDirectory() as folder,
        here(Path(folder), assets, version=version, pace=PACE) as place,
    ):
        add_users(place.library, wishes.USERS)
        place.pause_setting = dice.choice(["pipeline", "pipeline", "heavy"])
        place.with_admin = dice.random() < 0.85
        set_storage_template(place.library, dice.random() < 0.3)
        for queue in PAUSED_BY_ADMIN:
            if dice.random() < 0.3:
                place.library.queues.pause(queue)
        for plan in range(plans):
            wish = wishes.wish(dice, model)
            case = Case(place, model, wish, f"{name}-{plan}")
            problem = ""
            try:
                model = case.carry_out()
            except AssertionError as found:
                again = f"python -m tests.soak --seed {seed} --library {number} --plans {plan + 1}"
                problem = f"{found}\n{case.told()}\nimmich {version}; to see it again: {again}"
            count.note(case.faults.struck, problem)
            yield count
            if problem:
                return  # what follows on a library that is wrong says nothing


@dataclass
class Case:
    """One wish on one library."""

    place: Here
    model: Model
    wish: wishes.Wish
    name: str
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.faults = Chances(self.name)

    def carry_out(self) -> Model:
        """Applies the wish amid faults, as often as the report asks for it; what the library holds now."""
        place = self.place
        paused = _paused(place)
        wanted, reverts = self.model.after(self.wish), self.model.reverts(self.wish)
        with self._misbehaving():
            report = self._until_settled(reverts)
        _same(f"after «{report.outcome}»", wanted, seen(place))
        if reverts is not (report.outcome is Outcome.UNSETTLED):
            raise Differs(f"the report says «{report.outcome}», while reverted by the server: {reverts}")
        if _paused(place) != paused:
            raise Differs(f"paused before: {sorted(paused)}, now: {sorted(_paused(place))}")
        if place.state.leases("sandbox"):
            raise Differs("leases are left")
        if again := place.plan(self.wish).operations:
            raise Differs(f"the next plan is not empty: {[item.text for item in again]}")
        return wanted

    @contextmanager
    def _misbehaving(self) -> Iterator[None]:
        self.place.library.faults = self.faults
        try:
            yield
        finally:
            self.place.library.faults = Faults()

    def _until_settled(self, reverts: bool) -> Report:
        for _ in range(ATTEMPTS):
            try:
                self._restored()
                plan = self.place.plan(self.wish)
                assert not plan.problems, plan.problems
                report = self.place.apply(plan)
            except (ServerError, QueuesBusy) as error:
                self.reports.append(f"{type(error).__name__}: {error}")
                self.place.settled()
                continue
            self.reports.append(f"{report.outcome} {report.waiting} {report.error} {_reverted(report)}")
            if report.outcome in (Outcome.DONE, Outcome.NOTHING):
                return report
            untrue = [item for item in report.reverted if not item.standing.name.startswith("locked")]
            if report.outcome is Outcome.UNSETTLED and untrue:
                raise Differs("photos lost what was written")
            if report.outcome is Outcome.UNSETTLED and reverts and not report.waiting:
                return report
            self.place.settled()  # as the next run waits for the jobs of the one before
        raise Differs(f"no end after {ATTEMPTS} runs")

    def _restored(self) -> None:
        """The next start gives back what a run has left paused."""
        while self.place.state.leases("sandbox"):
            window = self.place.tools().window()
            assert window
            restore(window)
            self.place.settled()

    def told(self) -> str:
        """A small reproduction: what was there, what was wished for, what struck."""
        before = json.dumps(_plain(self.model), ensure_ascii=False, default=str)
        wish = json.dumps(self.wish, ensure_ascii=False)
        struck = "\n  ".join(self.faults.hits)
        return f"before: {before}\nwish: {wish}\nruns: {self.reports}\nstruck:\n  {struck}"


def _reverted(report: Report) -> list[str]:
    return [f"{item.standing.name} {item.standing.aspect}: {item.reason}" for item in report.reverted]


def _paused(place: Here) -> set[str]:
    queues = place.library.queues
    return {name for name in queues.names if queues.is_paused(name)}


def _same(when: str, wanted: Model, found: Model) -> None:
    one, other = _plain(wanted), _plain(found)
    differing = [
        f"{path}: should be {one.get(path)!r}, is {other.get(path)!r}"
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    ]
    if differing:
        raise Differs(f"{when}: " + "; ".join(differing))


def _plain(model: Model) -> dict[str, Any]:
    """Everything that must be the same, by what it is about."""
    found: dict[str, Any] = {f"tag {path}": color or "plain" for path, color in model.tags.items()}
    for name, photo in model.photos.items():
        for aspect in (*wishes.ASPECTS, "taken", "location"):
            value = getattr(photo, aspect)
            if aspect == "taken":
                value = datetime.fromisoformat(value).astimezone(UTC).isoformat()
            found[f"{name} {aspect}"] = sorted(value) if aspect == "tags" else value
    for name, album in model.albums.items():
        shared = sorted(album.shared.items())
        found[f"album {name}"] = (album.description, album.order, sorted(album.members), shared)
    return found


def seen(place: Here) -> Model:
    """What the library holds, asked with plain requests, once all jobs are done."""
    place.settled()
    ask, found = place.other.ask, Model()
    names: dict[str, str] = {}
    for visibility in ("timeline", "archive"):
        for asset in place.other.assets(visibility=visibility):
            exif, name = asset["exifInfo"], asset["originalFileName"]
            names[asset["id"]] = name
            placed = exif["latitude"] is not None
            found.photos[name] = Photo(
                description=exif["description"],
                rating=exif["rating"],
                favorite=asset["isFavorite"],
                visibility=asset["visibility"],
                taken=exif["dateTimeOriginal"],
                location=(exif["latitude"], exif["longitude"]) if placed else None,
                tags={tag["value"] for tag in ask("GET", f"/assets/{asset['id']}")["tags"]},
            )
    for album in ask("GET", "/albums"):
        info = ask("POST", "/download/info", {"albumId": album["id"]})
        members = {names[asset] for part in info["archives"] for asset in part["assetIds"]}
        if album["albumName"] in found.albums:
            raise Differs(f"two albums are called {album['albumName']}")
        roles = {one["user"]["email"]: one["role"] for one in album["albumUsers"] if one["role"] != "owner"}
        found.albums[album["albumName"]] = Album(album["description"] or "", album["order"], members, roles)
    found.tags = {tag["value"]: tag.get("color") for tag in ask("GET", "/tags")}
    return found
