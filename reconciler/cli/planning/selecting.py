"""Asking a rule about the photos of a server: what immich-select does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import click

from reconciler.cli.connecting.accounts import parts_of, say_which
from reconciler.cli.connecting.connect import Connection
from reconciler.cli.connecting.keeping import kept_library
from reconciler.cli.errors import stop
from reconciler.cli.exits import Exit
from reconciler.cli.options.caches import files_cache
from reconciler.cli.telling.progress import Unheard, of_reading
from reconciler.config import load
from reconciler.config.faults import nearest
from reconciler.config.rules.owners import refused_of
from reconciler.config.rules.question import is_written_out, names_of_rules, rule_named
from reconciler.diff.empty import unknown_name
from reconciler.diff.references import check_references
from reconciler.diff.states import states_of
from reconciler.immich.reader import Reader
from reconciler.live.errand import Around
from reconciler.live.permissions import calls_of
from reconciler.live.read import read_live
from reconciler.live.reading import reading_for
from reconciler.model.asset import Asset, AssetState, Owner
from reconciler.model.company import is_id
from reconciler.model.desired import AssetEntry, Desired
from reconciler.model.origin import Origin
from reconciler.model.owners import owners_of, reaches_others
from reconciler.model.selectors import Selector
from reconciler.model.text import folded
from reconciler.model.values import Visibility, normal_checksum

LISTED = 20
"""Names that a message lists."""


@dataclass(frozen=True, slots=True)
class Question:
    """A rule, and the settings of the files by which the server is asked."""

    rule: Selector
    settings: Desired

    @property
    def desired(self) -> Desired:
        """A desired state that needs to know the same and nothing more."""
        entry = AssetEntry(Origin("EXPR", 1), {}, rule=self.rule)
        return replace(self.settings, tags=(), assets=(entry,), albums=(), album_sets=())


def question(text: str, paths: Sequence[str], account: str | None = None) -> Question:
    """The rule that a text means, with the files, of one account where they tell several apart.

    Stops where there is none. Raises InvalidFiles.
    """
    written_out = is_written_out(text)
    loaded = load(paths, files_cache(), expression=text if written_out else None)
    for problem in loaded.problems:
        click.echo(f"warning: {problem}", err=True)
    desired = _part_with(None if written_out else text, loaded.desired, account)
    rule = loaded.expression if written_out else rule_named(text, desired)
    if rule is None:
        names = sorted(set(names_of_rules(desired)))
        known = f"; there are {', '.join(names[:LISTED])}." if names else "."
        there = nearest(text, names, 0.6) or known
        stop(
            f"no selector, album or entry is called {text!r}{there} A rule can be written out in braces, "
            "such as '{rating: 5}', and an entry is named by FILE:LINE",
            Exit.INVALID,
        )
    if refused := refused_of(rule):
        stop("; ".join(map(str, refused)), Exit.INVALID)
    for remark in desired.evaluated:
        click.echo(f"note: {remark.value}", err=True)
    return Question(rule, desired)


def _part_with(name: str | None, desired: Desired, account: str | None) -> Desired:
    """The account's part of the files in which a rule is found, or is asked.

    Where none is named, it is the only one that has the rule, or the usual account if that has it.
    """
    parts = parts_of(desired, [account] if account else [])
    if name is not None:
        parts = tuple(part for part in parts if rule_named(name, part))
        if not parts:
            return desired
    usual = [part for part in parts if part.part_of == desired.usual]
    if len(parts) > 1 and not usual:
        say_which("it isn't said whose photos are meant", [part.part_of for part in parts])
    return parts[0] if len(parts) == 1 else usual[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every photo that was read, those that the rule means, oldest first, and how many it could mean."""

    states: Mapping[str, AssetState]
    matched: tuple[Asset, ...]
    seen: int
    whose: Mapping[str, Owner]
    """Other people whose photos may be among them, by id."""


def answer(asked: Question, connection: Connection, progress: Unheard, *, whole: bool) -> Answer:
    """Reads what the rule needs, all photos where they are wanted `whole`, and asks it.

    Where hidden photos are asked for, all are read too, since only that tells how many there are. Stops where
    the key lacks permissions.
    """
    desired, hidden = asked.desired, asked.rule.needs().hidden
    connection.require(calls_of(reading_for(desired)))

    live = read_live(
        desired,
        connection.reader,
        identity=connection.identity,
        features=connection.features(False),
        around=Around(
            whole=whole or hidden,
            settled=connection.settled,
            sees_queues=connection.sees_queues,
            may_map=connection.may(Reader.markers),
            libraries=connection.libraries,
            kept=kept_library(connection),
        ),
        on_progress=of_reading(progress),
    )
    progress.rest()
    references = check_references([asked.rule], live)
    for problem in references.missing:
        click.echo(f"warning: {problem}", err=True)
    if references.ambiguous:
        stop("; ".join(str(problem) for problem in references.ambiguous), Exit.INVALID)
    states = states_of(live)
    others = reaches_others(owners_of(asked.rule))
    looked_at = [
        state
        for state in states.values()
        if (hidden or state.asset.visibility is not Visibility.HIDDEN) and (others or state.own)
    ]
    matched = [state.asset for state in asked.rule.select(looked_at)]
    if not matched and (unknown := unknown_name(asked.rule, live)):
        click.echo(f"note: {unknown}", err=True)
    seen = len(looked_at) if live.library is None else live.library
    seen = seen if not others or live.with_others is None else max(len(looked_at), live.with_others)
    whose = {owner.id: owner for owner in live.owners if not owner.me}
    return Answer(states, tuple(sorted(matched, key=_by_day)), seen, whose)


def _by_day(asset: Asset) -> tuple[bool, float, str, str]:
    moment = asset.taken.instant.timestamp() if asset.taken else 0.0
    return asset.taken is None, moment, asset.file_name, asset.id


def photos_called(text: str, found: Answer, connection: Connection) -> list[AssetState]:
    """The photos that a text names, by id, checksum or file name. Stops where there is none among them."""
    by_id = found.states.get(text.lower())
    if by_id:
        return [by_id]
    try:
        checksum = normal_checksum(text)
    except ValueError:
        checksum = None
    named = [
        state
        for state in found.states.values()
        if state.asset.checksum == checksum or folded(state.asset.file_name) == folded(text)
    ]
    if not named:
        _stop_without(text, checksum, connection)
    return sorted(named, key=lambda state: _by_day(state.asset))


def _stop_without(text: str, checksum: str | None, connection: Connection) -> NoReturn:
    known_as = "id" if is_id(text) else "checksum" if checksum else "file_name"
    if elsewhere := connection.reader.find(**{known_as: checksum or text}):
        stop(
            f"{elsewhere[0].label} is hidden (such as the moving part of a live photo): rules leave it out "
            "unless they ask for `visibility: hidden`"
        )
    stop(
        f"no photo of this account has the id, checksum or file name {text!r}; the trash and the locked "
        "folder are left out"
    )
