"""Files → the desired state, or everything that is wrong with them."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.config import faults
from reconciler.config.albums import read_album, read_tag
from reconciler.config.entries import read_entry
from reconciler.config.files import Found, find, read
from reconciler.config.general import General
from reconciler.config.nodes import ListNode, MapNode, path_text, without
from reconciler.config.parsing import parse
from reconciler.config.reading import Clock
from reconciler.config.report import Report, Scope
from reconciler.config.schema import language
from reconciler.model.desired import AlbumEntry, AssetEntry, Desired, TagEntry
from reconciler.model.origin import Origin, Problem

_LISTS = ("tags", "assets", "albums")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The desired state, with warnings about what was written oddly."""

    desired: Desired
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Document:
    file: Found
    root: MapNode


def load(paths: Sequence[str | Path] = (".",)) -> Loaded:
    """Reads every YAML file of these files and folders, merged. Raises InvalidFiles with all that is wrong.

    Paths in messages are relative to the current directory. References stay unresolved.
    """
    with _no_collection():
        return _load(paths)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pauses the search for circles of objects: there are none among nodes, and it is a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _load(paths: Sequence[str | Path]) -> Loaded:
    report = Report()
    files = find(list(paths) or ["."], report)
    documents = [_Document(file, root) for file in files if (root := _parsed(file, report)) is not None]
    general = General()
    for document in documents:
        _read_top(document, general, report)
    server, clock = general.server(), general.clock()
    lists = _Lists(report, clock)
    for document in documents:
        lists.read(document)
    lists.check()
    desired = Desired(
        tags=tuple(entry for _, entry in lists.tags),
        assets=tuple(lists.assets),
        albums=tuple(entry for _, entry in lists.albums),
        server=server,
        account=general.account(server),
        http=general.http(),
        window=general.window(clock),
        files=tuple(file.name for file in files),
    )
    report.check()
    return Loaded(desired, report.warnings())


def _parsed(file: Found, report: Report) -> MapNode | None:
    text = read(file, report)
    return None if text is None else parse(text, file.name, report)


def _read_top(document: _Document, general: General, report: Report) -> None:
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
    scope = Scope(report, document.file.name, hollow)
    general.gather(scope, faults.check(scope, language().schema), document.file.folder)


def _meant_for_us(root: MapNode, known: Iterable[str]) -> bool:
    """Whether any key looks like a misspelling of one of ours."""
    return any(faults.nearest(key, known) for key in root)


@dataclass(slots=True)
class _Lists:
    """The entries of the long lists of all files, in order."""

    report: Report
    clock: Clock
    tags: list[tuple[Problem, TagEntry]] = field(default_factory=list)
    assets: list[AssetEntry] = field(default_factory=list)
    albums: list[tuple[Problem, AlbumEntry]] = field(default_factory=list)

    def read(self, document: _Document) -> None:
        """The lists of one file."""
        for scope, node in self._items(document, "tags"):
            if tag := read_tag(scope, node):
                self.tags.append((_named(scope, node, "value"), tag))
        for scope, node in self._items(document, "assets"):
            if entry := read_entry(scope, node, self.clock):
                self.assets.append(entry)
        for scope, node in self._items(document, "albums"):
            if album := read_album(scope, node, self.clock):
                self.albums.append((_named(scope, node, "name"), album))

    def _items(self, document: _Document, key: str) -> Iterator[tuple[Scope, MapNode]]:
        """The items of a list with what is at fault in them left out."""
        found = document.root.get(key)
        if not isinstance(found, ListNode):
            return
        schema = language().item_schema(key)
        for index, node in enumerate(found):
            scope = Scope(self.report, document.file.name, node, (key, index))
            refused = faults.check(scope, schema)
            sound = without(node, refused) if refused else node
            if isinstance(sound, MapNode):
                yield scope, sound

    def check(self) -> None:
        """Refuses what is declared twice."""
        self._once("tag", [(place, entry.path) for place, entry in self.tags])
        self._once("album", [(place, entry.name) for place, entry in self.albums])
        self._once(
            "id",
            [
                (replace(place, path=f"{_item(place)}.id"), entry.id)
                for place, entry in self.albums
                if entry.id
            ],
        )
        self._check_renames()

    def _once(self, what: str, named: Sequence[tuple[Problem, str]]) -> None:
        first: dict[str, Problem] = {}
        for place, name in named:
            before = first.setdefault(name, place)
            if before is not place:
                message = f"the {what} {name!r} is already declared at {before.origin}; keep one of the two"
                self.report.add(replace(place, message=message))

    def _check_renames(self) -> None:
        """Refuses former names that another album has or had, as the outcome would depend on the order."""
        owners = {entry.name: place.origin for place, entry in self.albums}
        for place, entry in self.albums:
            former = entry.renamed_from
            if former is None:
                continue
            other = owners.get(former.value)
            if other is not None and former.value != entry.name:
                message = (
                    f"{former.value!r} is the name of the album declared at {other}; an album has one name"
                )
                path = f"{_item(place)}.renamed_from"
                self.report.add(Problem(message, former.origin, path))
            owners.setdefault(former.value, former.origin)


def _item(place: Problem) -> str:
    """The path of the entry that is named at this place."""
    return place.path.rpartition(".")[0]


def _named(scope: Scope, node: MapNode, key: str) -> Problem:
    """A problem that is still without a message, at what names an entry."""
    return Problem("", scope.origin(node[key]), path_text(scope.path(node[key])))
