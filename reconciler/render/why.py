"""Why a photo is meant by a rule or not: every condition, whether it holds, and what the photo has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.asset import AssetState
from reconciler.model.selectors import All, AnyOf, Named, Not, Selector
from reconciler.render.cells import plain
from reconciler.render.conditions import actual, words
from reconciler.render.matched import VERSION, photo_json


@dataclass(frozen=True, slots=True)
class Reason:
    """One selector about one photo; `has` is what the photo has, empty where `parts` tell it."""

    holds: bool
    words: str
    has: str = ""
    parts: tuple[Reason, ...] = ()


def reason(selector: Selector, state: AssetState) -> Reason:
    """Why the photo is meant, or why not."""
    match selector:
        case All(parts) | AnyOf(parts):
            inner = tuple(reason(part, state) for part in parts)
        case Not(part) | Named(_, part):
            inner = (reason(part, state),)
        case _:
            inner = ()
    return Reason(selector.matches(state), words(selector), actual(selector, state), inner)


def reason_lines(told: Reason, depth: int = 0) -> Iterator[str]:
    """A line for each selector, its parts below it: `✗ rating is 4 to 5: unrated`."""
    mark = "✓" if told.holds else "✗"
    value = f": {told.has}" if told.has else ""
    yield f"{'  ' * depth}{mark} {told.words}{value}"
    for part in told.parts:
        yield from reason_lines(part, depth + 1)


def reason_json(told: Reason) -> dict[str, Any]:
    """The same as JSON."""
    data: dict[str, Any] = {"holds": told.holds, "words": told.words}
    if told.has:
        data["has"] = told.has
    if told.parts:
        data["parts"] = [reason_json(part) for part in told.parts]
    return data


Asked = tuple[Selector, AssetState]
"""A rule, and a photo that it is asked about."""


def why_text(asked: Sequence[Asked]) -> str:
    """The reasons for each photo, below its name."""
    return "\n\n".join(_one_text(rule, state) for rule, state in asked)


def _one_text(rule: Selector, state: AssetState) -> str:
    told = reason(rule, state)
    verdict = "is matched" if told.holds else "is not matched"
    head = f"{plain(state.asset.label)}, id {state.asset.id}: {verdict}"
    return "\n".join([head, *(f"  {line}" for line in reason_lines(told))])


def why_json(asked: Sequence[Asked]) -> dict[str, Any]:
    """The same as JSON."""
    photos = [{**photo_json(state.asset), "why": reason_json(reason(rule, state))} for rule, state in asked]
    return {"version": VERSION, "photos": photos}
