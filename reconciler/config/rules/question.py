"""A rule that somebody asks about: written out in braces, or the name of one in the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from reconciler.config import faults
from reconciler.config.report import Report, Scope
from reconciler.config.rules.owners import read_rule
from reconciler.config.rules.where import Selecting
from reconciler.config.schema import language
from reconciler.config.text.nodes import without
from reconciler.config.text.parsing import parse
from reconciler.model.desired import AlbumEntry, AlbumSet, AssetEntry, Desired
from reconciler.model.origin import Origin, Problem
from reconciler.model.owners import with_owners
from reconciler.model.selectors import All, AnyOf, Not, Selector
from reconciler.model.text import folded

FILE = "EXPR"
"""How messages call the place of a rule that is written out."""

_WRITTEN_OUT = re.compile(r"\s*[{\[]|.*\w:(\s|$)", re.DOTALL)
_PLACE = re.compile(r"(.+):(\d+)(?::\d+)?")


def is_written_out(text: str) -> bool:
    """Whether a text is a rule by itself and not the name of one."""
    return _WRITTEN_OUT.match(text) is not None and not _PLACE.fullmatch(text)


def read_expression(text: str, where: Selecting, report: Report) -> Selector | None:
    """A rule that is written out, such as `{rating: ">=4"}`; None after an error."""
    if text.lstrip().startswith("["):
        message = "write keys in braces, such as {rating: 5}; for one of several blocks {any: [{...}, {...}]}"
        report.add(Problem(message, Origin(FILE, 1)))
        return None
    node = parse(text, FILE, report)
    if node is None:
        return None
    scope = Scope(report, FILE, node)
    refused = faults.check(scope, language().schema["definitions"]["match"])
    sound = without(node, refused) if refused else node
    return None if sound is None else read_rule(replace(where, scope=scope), sound)


def rule_named(text: str, desired: Desired) -> Selector | None:
    """The rule of this name in the files: a selector's, an album's, or that of what stands at `FILE:LINE`."""
    if text in desired.selectors:
        return with_owners(desired.selectors[text])
    for album in desired.albums:
        if folded(album.name) == folded(text):
            return album_rule(album)
    if place := _PLACE.fullmatch(text):
        return _rule_at(place[1], int(place[2]), desired)
    return None


def _rule_at(file: str, line: int, desired: Desired) -> Selector | None:
    """The rule of an entry, album or set, by its own line or that of a value of it, as plans show them."""

    def stands_there(*places: Origin | None) -> bool:
        return any(place is not None and (place.file, place.line) == (file, line) for place in places)

    for entry in desired.assets:
        values = (setting.origin for setting in entry.values.values())
        if stands_there(entry.origin, entry.tags.origin if entry.tags else None, *values):
            return _entry_rule(entry)
    for album in desired.albums:
        if stands_there(album.origin, *_asking(album)):
            return album_rule(album)
    for album_set in desired.album_sets:
        if stands_there(album_set.origin, album_set.name.origin, *_asking(album_set)):
            return set_rule(album_set)
    return None


def _asking(album: AlbumEntry | AlbumSet) -> Iterator[Origin]:
    """The lines of what is asked of an album beside its photos."""
    for asked in (album.renamed_from, album.description, album.order, album.activity, album.share):
        if asked is not None:
            yield asked.origin
    if isinstance(album, AlbumEntry) and album.cover is not None:
        yield album.cover.origin


def names_of_rules(desired: Desired) -> Iterator[str]:
    """What `rule_named` knows, places left out."""
    yield from desired.selectors
    yield from (album.name for album in desired.albums if album.manages_members)


def album_rule(album: AlbumEntry) -> Selector | None:
    """Who an album asks for: what its rule finds and doesn't exclude, and who is named."""
    found: list[Selector] = []
    if album.rule:
        found.append(_without(album.rule, album.exclude) if album.exclude else album.rule)
    found += [photo.selector for photo in album.photos or ()]
    if not found:
        return None
    return found[0] if len(found) == 1 else with_owners(AnyOf(tuple(found)))


def set_rule(album_set: AlbumSet) -> Selector:
    """Every photo that a set groups; those without a date, folder or whatever groups included."""
    rule = album_set.rule or All(())
    return _without(rule, album_set.exclude) if album_set.exclude else rule


def _without(rule: Selector, exclude: Selector) -> Selector:
    parts = rule.parts if isinstance(rule, All) else (rule,)
    return All((*parts, Not(exclude)))


def _entry_rule(entry: AssetEntry) -> Selector | None:
    return entry.rule or (entry.name.selector if entry.name else None)
