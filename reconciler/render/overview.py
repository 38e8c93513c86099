"""What a page says before it goes into single changes: sizes, removals, cost, causes, dates, places. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.diff.changes import Action
from reconciler.model.origin import Problem
from reconciler.model.values import Coordinates, Field, FieldValue, Taken
from reconciler.model.words import counted
from reconciler.plan.plan import Plan
from reconciler.render import summary, words
from reconciler.render.cells import plain
from reconciler.render.drifted import drift_lines, drift_summary
from reconciler.render.grouping import undone_groups
from reconciler.render.lines import LineOfPlan, plan_lines, telling
from reconciler.render.pictures import Histogram, Map, histogram, world_map

CAUSES = 12
"""Lines of the files that are told at once."""

_VERBS = {Action.CREATE: "new", Action.UPDATE: "changed", Action.DELETE: "deleted"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One number at the top of the page."""

    number: int
    noun: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A problem, a note, or what was undone before: a sentence, its line, and some photos."""

    text: str
    at: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The top of the page; texts are plain, one line each."""

    title: str
    narrowed: tuple[str, ...]
    tiles: tuple[Tile, ...]
    nothing: str
    removals: tuple[str, ...]
    costs: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    causes: tuple[LineOfPlan, ...]
    more_causes: tuple[LineOfPlan, ...]
    problems: tuple[Told, ...]
    missing: tuple[Told, ...]
    violations: tuple[Told, ...]
    stopped: str
    drift: tuple[Told, ...]
    drift_text: str
    undone: tuple[Told, ...]
    notes: tuple[Told, ...]
    dates: Histogram | None
    dates_text: str
    map: Map | None
    map_text: str


def overview(plan: Plan) -> Overview:
    """Everything that the top of the page tells of a plan."""
    dates = list(_values(plan, Field.TAKEN))
    places = list(_values(plan, Field.LOCATION))
    causes, more = telling(plan_lines(plan), CAUSES)
    return Overview(
        title=summary.sizes(plan) or "no changes",
        narrowed=summary.narrowed(plan),
        tiles=tuple(_tiles(plan)),
        nothing="" if plan.changes else summary.nothing(plan),
        removals=summary.removal_list(plan),
        costs=summary.cost_table(plan),
        order=tuple(filter(None, (summary.rounds(plan), *summary.order(plan)))),
        causes=causes,
        more_causes=more,
        problems=tuple(_problem(item) for item in plan.problems),
        missing=tuple(_problem(item) for item in plan.missing),
        violations=tuple(Told(plain(item.message), words.place(item.origin)) for item in plan.violations),
        stopped=plain(summary.stopped(plan)),
        drift=tuple(
            Told(line.text, words.place(line.origin), _named(line.photos[: words.SAMPLE], len(line.photos)))
            for line in drift_lines(plan)
        ),
        drift_text=drift_summary(plan),
        undone=tuple(_undone(plan)),
        notes=tuple(
            Told(plain(note.text), words.place(note.origin), _named(note.sample, note.count))
            for note in plan.notes
        ),
        dates=_dates(dates) if len(dates) > 1 else None,
        dates_text=counted(len(dates), "photo"),
        map=_map(places) if len(places) > 1 else None,
        map_text=counted(len(places), "photo"),
    )


def _tiles(plan: Plan) -> Iterator[Tile]:
    changes = plan.changes
    kinds = (
        ("album", [change.action for change in changes.albums]),
        ("photo", [Action.UPDATE] * len(changes.assets)),
        ("tag", [change.action for change in changes.tags]),
    )
    for noun, actions in kinds:
        if actions:
            parts = [f"{actions.count(action):,} {_VERBS[action]}" for action in Action if action in actions]
            yield Tile(len(actions), noun if len(actions) == 1 else f"{noun}s", tuple(parts))
    into = sum(len(change.added) for change in changes.albums)
    out = sum(len(change.removed) for change in changes.albums if change.action is not Action.DELETE)
    if into or out:
        parts = [*([f"{into:,} come in"] if into else []), *([f"{out:,} leave"] if out else [])]
        yield Tile(into + out, "album members" if into + out > 1 else "album member", tuple(parts))


def _values(plan: Plan, name: Field) -> Iterator[tuple[FieldValue, FieldValue]]:
    for change in plan.changes.assets:
        for item in change.fields:
            if item.field is name:
                yield item.before, item.after


def _dates(pairs: list[tuple[FieldValue, FieldValue]]) -> Histogram | None:
    old = [before.local for before, _ in pairs if isinstance(before, Taken)]
    new = [after.local for _, after in pairs if isinstance(after, Taken)]
    return histogram(old, new)


def _map(pairs: list[tuple[FieldValue, FieldValue]]) -> Map | None:
    old = [before for before, _ in pairs if isinstance(before, Coordinates)]
    new = [after for _, after in pairs if isinstance(after, Coordinates)]
    return world_map(old, new)


def _problem(problem: Problem) -> Told:
    return Told(plain(problem.words), words.place(problem.origin))


def _undone(plan: Plan) -> Iterator[Told]:
    for group in undone_groups(plan.undone):
        tried = group[0].attempt
        what = words.asked(tried.aspect, tried.wanted)
        now = words.found(tried.aspect, tried.came_back)
        reason = f": {plain(tried.reason)}" if tried.reason else ""
        text = f"{what}, tried on {plain(tried.at[:10])}, but {now}{reason}"
        names = [item.label for item in group]
        yield Told(text, words.place(group[0].origin), _named(names[: words.SAMPLE], len(names)))


def _named(sample: tuple[str, ...] | list[str], number: int) -> tuple[str, ...]:
    names = tuple(plain(label) for label in sample)
    return (*names, f"and {number - len(names):,} more") if names and number > len(names) else names
