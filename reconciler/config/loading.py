"""Files → the desired state, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.config import faults
from reconciler.config.cache import Cache
from reconciler.config.documents import Document, Documents
from reconciler.config.entries.general import General
from reconciler.config.lists import Lists
from reconciler.config.report import Report, Scope
from reconciler.config.rules.named import Definition, Definitions
from reconciler.config.rules.question import read_expression
from reconciler.config.rules.where import Selecting
from reconciler.config.schema import language
from reconciler.config.text.files import find
from reconciler.config.text.nodes import ListNode, MapNode, without
from reconciler.model.desired import Desired
from reconciler.model.memory import no_collection
from reconciler.model.origin import Origin, Problem
from reconciler.model.selectors import Selector

_LISTS = ("tags", "assets", "albums", "album_sets")
_SELECTORS = "selectors"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The desired state, with warnings about what was written oddly."""

    desired: Desired
    problems: tuple[Problem, ...] = ()
    expression: Selector | None = None
    """The rule that was asked about."""


def load(
    paths: Sequence[str | Path] = (".",),
    cache: Cache | None = None,
    *,
    now: datetime | None = None,
    expression: str | None = None,
) -> Loaded:
    """Reads every YAML file of these files and folders, merged. Raises InvalidFiles with all that is wrong.

    Paths in messages are relative to the current directory. References stay unresolved. With a cache, large
    files that haven't changed since are not parsed again. `now` is the moment by which rules such as
    `last 30 days` are counted; None is the present. An `expression` is a rule to be read with the files; it
    needs none.
    """
    with no_collection():
        return _load(paths, cache, now or datetime.now(UTC), expression)


def _load(paths: Sequence[str | Path], cache: Cache | None, now: datetime, expression: str | None) -> Loaded:
    report = Report()
    needed = bool(paths) or expression is None
    files = find(list(paths) or ["."], report if needed else Report())
    reader = Documents(report, cache)
    documents = reader.read(files)
    general = General()
    for document in documents:
        _read_top(document, general, report)
    server, clock = general.server(), general.clock(now)
    accounts = general.accounts(server)
    reader.read_pieces(documents, clock, accounts)
    definitions = Definitions(report)
    for document in documents:
        _define(document, definitions, report)
    where = Selecting(Scope(report, "", MapNode(1, 1)), clock, named=definitions.use, accounts=accounts)
    selectors = definitions.check(where)
    lists = Lists(report, where)
    for document in documents:
        lists.read(document, reader.pieces.get(document.file, ()))
    account = general.account(server)
    lists.check(account or next(iter(server.accounts), None))
    desired = Desired(
        tags=tuple(entry for _, entry in lists.tags),
        assets=tuple(lists.assets),
        albums=tuple(entry for _, entry in lists.albums),
        album_sets=tuple(entry for _, entry in lists.album_sets),
        server=server,
        account=account,
        http=general.http(),
        window=general.window(clock),
        safety=general.safety(),
        files=tuple(file.name for file in files),
        hashes=reader.hashes,
        selectors=selectors,
    )
    lists.check_whose(desired)
    asked = None if expression is None else read_expression(expression, where, report)
    report.check()
    desired = replace(desired, evaluated=report.remarks())
    return Loaded(desired, report.warnings(), asked)


def _read_top(document: Document, general: General, report: Report) -> None:
    """Checks the top keys without looking into the long lists, and takes in what stands once."""
    root = document.root
    known = language().schema["properties"]
    if root and not root.keys() & known.keys() and not _meant_for_us(root, known):
        first = next(iter(root))
        message = (
            f"no key of this file is known; there are {', '.join(known)}. If the file belongs to another "
            "program, name the files to be read, or move it out of this folder"
        )
        report.add(Problem(message, Origin(document.file.name, *root.place(first)), first))
        return
    hollow = root.copied()
    for key in _LISTS:
        node = hollow.get(key)
        if isinstance(node, ListNode):
            hollow[key] = ListNode(node.line, node.column)
    named = hollow.get(_SELECTORS)
    if isinstance(named, MapNode):
        hollow[_SELECTORS] = MapNode(named.line, named.column)
    scope = Scope(report, document.file.name, hollow)
    general.gather(scope, faults.check(scope, language().schema), document.file.folder)


def _define(document: Document, definitions: Definitions, report: Report) -> None:
    """Takes in the named rules of one file, what is at fault in them left out."""
    found = document.root.get(_SELECTORS)
    if not isinstance(found, MapNode):
        return
    schema = language().schema["definitions"]["match"]
    for name, node in found.items():
        scope = Scope(report, document.file.name, node, (_SELECTORS, name))
        refused = faults.check(scope, schema)
        sound = without(node, refused) if refused else node
        origin = Origin(document.file.name, *found.place(name))
        definitions.add(Definition(name, origin, scope, sound))


def _meant_for_us(root: MapNode, known: Iterable[str]) -> bool:
    """Whether any key looks like a misspelling of one of ours."""
    return any(faults.nearest(key, known) for key in root)
