"""Where selectors are read, and what reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.config.entries.accounts import Accounts
from reconciler.config.reading import Clock
from reconciler.config.report import Scope
from reconciler.config.text.nodes import Node
from reconciler.model.selectors import All, AnyOf, Selector


@dataclass(frozen=True, slots=True)
class Selecting:
    """Where selectors are read: whose problems, by which clock, inside which album's own rule.

    `named` reads what `selector:` names. `accounts` are those that entries may name.
    """

    scope: Scope
    clock: Clock
    album: str | None = None
    named: Callable[[Selecting, Node], Selector | None] = field(default=lambda _where, _node: None)
    accounts: Accounts = field(default_factory=Accounts)


Reader = Callable[[Selecting, Node], Selector | None]


def joined(kind: type[All] | type[AnyOf], parts: list[Selector | None]) -> Selector | None:
    """One selector of several; of a single one that itself; None where one of them is in error."""
    whole = tuple(part for part in parts if part is not None)
    if len(whole) < len(parts):
        return None
    return whole[0] if len(whole) == 1 else kind(whole)
