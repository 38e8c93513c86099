"""`owner` in rules: whose photos they mean, and what can't be asked about those of other people."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.config.rules.selecting import read_match
from reconciler.config.rules.where import Selecting
from reconciler.config.text.nodes import Node, children
from reconciler.model.origin import Origin, Problem
from reconciler.model.owners import ME, OwnerIs, owners_in, owners_of, reaches_others, untold, with_owners
from reconciler.model.selectors import Selector


def read_rule(where: Selecting, node: Node | None) -> Selector | None:
    """A rule that may take in other people's photos; None without one and after an error."""
    found = None if node is None else read_match(where, node)
    if found is None or node is None or not reaches_others(owners_of(found)):
        return found
    whole = with_owners(found)
    _refuse(where, node, whole)
    return whole


def read_exclude(where: Selecting, node: Node | None, rule: Selector | None) -> Selector | None:
    """What is taken out of what a rule finds, and so asked of the same people's photos."""
    found = None if node is None else read_match(where, node)
    if found is not None and node is not None and reaches_others(owners_of(rule)):
        _refuse(where, node, found)
    return found


def read_own_rule(where: Selecting, node: Node) -> Selector | None:
    """A rule for values and tags, which can only mean the account's own photos."""
    found = read_match(where, node)
    if found is None or not reaches_others(owners_of(found)):
        return found
    for owner in _by_place(owners_in(found)):
        message = (
            "only albums may take in photos of other people: nobody but their owner can change their values "
            "and tags; write `owner: me`, or leave it out"
        )
        _tell(where, node, owner.origin, message)
    return None


def _refuse(where: Selecting, node: Node, selector: Selector) -> None:
    for key, origin in dict.fromkeys(untold(selector)):
        _tell(where, node, origin, _untold_message(key))


def _untold_message(key: str) -> str:
    return (
        f"`{key}` can't be asked of other people's photos, as the server doesn't tell it of them; write "
        "`owner: me` beside it to ask it of your own"
    )


def refused_of(rule: Selector) -> tuple[Problem, ...]:
    """What a rule that is asked about by itself, such as a named selector, can't ask."""
    if not reaches_others(owners_of(rule)):
        return ()
    found = dict.fromkeys(untold(rule))
    return tuple(Problem(_untold_message(key), origin) for key, origin in found)


def refuse_grouping(where: Selecting, node: Node, rule: Selector | None, by: str) -> None:
    """Refuses groups of other people's photos by what the server doesn't tell of them."""
    if rule is not None and reaches_others(owners_of(rule)):
        message = (
            f"photos of other people can't be grouped by {by}, as the server doesn't tell it; take `owner` "
            "out of `match`, or group by something else"
        )
        where.scope.error(node, message)


def _tell(where: Selecting, node: Node, origin: Origin | None, message: str) -> None:
    """At the condition, or at the rule where the condition stands in a selector that it uses."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if where.scope.origin(one) == origin:
            where.scope.error(one, message)
            return
        waiting += [child for _, child in children(one)]
    where.scope.error(node, f"{message} (it stands at {origin})" if origin else message)


def _by_place(owners: Iterable[OwnerIs]) -> list[OwnerIs]:
    named = {owner.origin: owner for owner in owners if owner.who != ME}
    first = Origin("", 0)
    return [named[origin] for origin in sorted(named, key=lambda origin: origin or first)]
