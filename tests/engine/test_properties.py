"""The promises of the design, on libraries and wishes that nobody thought of."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reconciler.cli.applying.session import PASSES
from reconciler.diff import compare
from reconciler.diff.changes import Changes
from reconciler.plan import Plan
from reconciler.plan.operations import asset_ids, writes_sidecars
from reconciler.plan.report import Outcome
from reconciler.plan.schedule import schedule
from reconciler.sandbox.library import NewAsset
from tests.engine.wishes import USERS, libraries, shared_before, wishes
from tests.support.world import World, add_users, copy_of, share_albums, world

SETTINGS = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
Shared = dict[str, dict[str, str]]
VERSIONS = pytest.mark.parametrize("version", ["3.1.0", "2.5.6"])


@contextmanager
def shared_world(
    folder: Path, library: list[NewAsset], shared: Shared, version: str = "3.1.0"
) -> Iterator[World]:
    """A server with more users, and albums that some of them see."""
    with world(folder, library, version=version) as here:
        add_users(here.library, USERS)
        share_albums(here.library, shared)
        yield here


@VERSIONS
@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes())
def test_after_an_apply_the_next_plan_is_empty(
    version: str, library: list[NewAsset], shared: Shared, wish: dict[str, Any]
) -> None:
    """The project's master test. What the server itself undoes is named and not planned again.

    As the command does, it plans anew where the server's own work (the zone of a place) moves a photo into
    or out of a rule.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        shared_world(Path(folder), library, shared, version) as here,
    ):
        plan = here.plan(wish)
        for _ in range(PASSES):
            assume(not plan.problems)
            report = here.apply(plan)
            assert report.outcome in (Outcome.DONE, Outcome.NOTHING, Outcome.UNSETTLED), report
            assert report.waiting == "" and report.error == ""
            remembered = here.state.attempts(here.identity.user_id)
            for item in report.reverted:
                assert (item.standing.id, item.standing.aspect) in remembered
            plan = here.plan(wish)
        assert not plan.changes, plan.operations
        assert not any(here.everything()["queues"].values())


@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes())
def test_nothing_changes_but_what_the_plan_says(
    library: list[NewAsset], shared: Shared, wish: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder, shared_world(Path(folder), library, shared) as here:
        plan = here.plan(wish)
        assume(not plan.problems and plan.changes)
        before = here.everything()
        here.apply(plan)
        after = here.everything()
        _only_as_planned(plan, before, after)


def _only_as_planned(plan: Plan, before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = {change.id: change for change in plan.changes.assets}
    assert after["assets"].keys() == before["assets"].keys()
    for key, (asset, tags) in after["assets"].items():
        was, tags_before = before["assets"][key]
        change = changed.get(key)
        fields = {item.field.value for item in change.fields} if change else set()
        follows = {"updated"}
        if fields & {"taken", "location"}:
            follows |= {"file_created_at", "zone", "city", "state", "country", "taken"}
        for name in type(asset).__slots__:
            if name not in fields | follows:
                assert getattr(asset, name) == getattr(was, name), (key, name)
        moves = {move.path for move in (*change.tags_added, *change.tags_removed)} if change else set()
        assert tags ^ tags_before <= moves
    mentioned = {change.name: change for change in plan.changes.albums}
    for key, (album, members) in after["albums"].items():
        if album.name not in mentioned:
            assert before["albums"][key] == (album, members)
            continue
        was = before["albums"][key][0].shares if key in before["albums"] else ()
        touched = {item.user for item in mentioned[album.name].shares}
        assert {share.user for share in {*was} ^ {*album.shares}} == touched
    wanted = {change.path for change in plan.changes.tags}
    for path in after["tags"].keys() ^ before["tags"].keys():
        assert any(tag == path or tag.startswith(path + "/") for tag in wanted)


@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes())
def test_batched_equals_one_by_one(library: list[NewAsset], shared: Shared, wish: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, shared_world(Path(folder) / "one", library, shared) as here:
        plan = here.plan(wish)
        assume(not plan.problems and plan.changes)
        here.library.settle(30)
        with copy_of(here, Path(folder) / "other") as there:
            here.apply(plan)
            for part in _one_by_one(plan.changes):
                there.apply(replace(plan, changes=part, rounds=schedule(part, {}, plan.features)))
            one, other = here.everything(), there.everything()
            assert _without_new_ids(one) == _without_new_ids(other)


def _one_by_one(changes: Changes) -> Iterator[Changes]:
    for tag in changes.tags:
        yield Changes(tags=(tag,))
    for asset in changes.assets:
        yield Changes(assets=(asset,))
    for album in changes.albums:
        yield Changes(albums=(album,))


def _without_new_ids(everything: dict[str, Any]) -> dict[str, Any]:
    albums = sorted(
        ((album.name, album.description, album.order, album.activity, album.shares), sorted(members))
        for album, members in everything["albums"].values()
    )
    return {**everything, "albums": albums}


@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes(), seed=st.integers(0, 1000))
def test_the_order_of_files_and_answers_does_not_matter(
    library: list[NewAsset], shared: Shared, wish: dict[str, Any], seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, shared_world(Path(folder), library, shared) as here:
        desired = here.desired(wish)
        live = here.live(desired)
        shuffled = random.Random(seed)

        def mixed(items: Any) -> Any:
            listed = list(items)
            shuffled.shuffle(listed)
            return listed

        other_live = replace(
            live,
            assets=dict(mixed(live.assets.items())),
            tags=dict(mixed(live.tags.items())),
            albums=tuple(mixed(live.albums)),
        )
        other_desired = replace(
            desired, assets=tuple(mixed(desired.assets)), albums=tuple(mixed(desired.albums))
        )
        one, other = compare(desired, live), compare(other_desired, other_live)
        assert compare(desired, other_live) == one
        assert len(one.problems) == len(other.problems)
        if not one.problems:
            assert _effects(one.changes) == _effects(other.changes)


def _effects(changes: Changes) -> Any:
    """What changes, whoever asked for it."""
    return (
        [(tag.action, tag.path, tag.after) for tag in changes.tags],
        [
            (
                asset.id,
                asset.values,
                [move.path for move in asset.tags_added],
                [move.path for move in asset.tags_removed],
            )
            for asset in changes.assets
        ],
        [
            (
                album.action,
                album.name,
                album.added,
                album.removed,
                [(item.user.id, item.before, item.after) for item in album.shares],
            )
            for album in changes.albums
        ],
    )


@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes())
def test_no_photo_is_written_twice_in_a_round(
    library: list[NewAsset], shared: Shared, wish: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder, shared_world(Path(folder), library, shared) as here:
        plan = here.plan(wish)
        for part in plan.rounds:
            written = [key for item in part.operations if writes_sidecars(item) for key in asset_ids(item)]
            assert len(written) == len(set(written))
        assert sum(len(list(part.operations)) for part in plan.rounds) == plan.cost.requests


@SETTINGS
@given(library=libraries(), shared=shared_before(), wish=wishes(), stop_at=st.integers(1, 6))
def test_stopped_between_two_requests_and_run_again_it_converges(
    library: list[NewAsset], shared: Shared, wish: dict[str, Any], stop_at: int
) -> None:
    """Asked to stop after a few requests, the report is exact and the next run finishes it."""
    with tempfile.TemporaryDirectory() as folder, shared_world(Path(folder), library, shared) as here:
        plan = here.plan(wish)
        assume(not plan.problems and plan.changes)
        with _stopped_after(here, stop_at):
            report = here.apply(plan)
        assert not any(queue.paused for queue in here.reader.queues().values())
        here.interruption = type(here.interruption)()
        here.library.settle(30)
        final = here.converge(wish)
        assert final.outcome in (Outcome.DONE, Outcome.NOTHING, Outcome.UNSETTLED), (report, final)
        for _ in range(PASSES - 1):  # a place that comes back may bring a photo under another rule
            here.converge(wish)
        assert not here.plan(wish).changes
        names = [album.name for album in here.reader.albums().own]
        assert len(names) == len(set(names))


@contextmanager
def _stopped_after(here: World, writes: int) -> Iterator[None]:
    """Asks the run to stop as soon as so many requests have written something."""
    recorder = here.library.requests
    recorder.clear()
    record = recorder.add

    def counting(request: Any) -> None:
        record(request)
        if len(recorder.writes()) >= writes:
            here.interruption.request()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "add", counting)
        yield
