"""Files → documents. Large ones are read in pieces, side by side, or from the cache if they are as before."""

from __future__ import annotations

import hashlib
import os
import sys
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from pathlib import Path

from reconciler.config.cache import Cache
from reconciler.config.entries.accounts import Accounts
from reconciler.config.entries.assets import read_entry
from reconciler.config.items import sound_items
from reconciler.config.read_pieces import NotAPiece, ReadPiece, from_bytes, to_bytes
from reconciler.config.reading import Clock
from reconciler.config.report import Report, Scope
from reconciler.config.rules.where import Selecting
from reconciler.config.schema import schema_text
from reconciler.config.text.files import SourceFile, decoded, read, read_bytes
from reconciler.config.text.nodes import ListNode, MapNode, Scalar
from reconciler.config.text.parsing import parse
from reconciler.config.text.pieces import KEY, Cut, Piece, cut

LARGE = 256 * 1024
"""Bytes from which on a file is cut and kept: smaller ones are parsed in the time that looking takes."""

PAYS = 4
"""Pieces from which on other processes help: starting them takes as long as parsing one or two."""


NO_ACCOUNTS = Accounts()
Asked = tuple[Piece, Clock, Accounts]
"""A piece, and what else its entries depend on."""


@dataclass(slots=True)
class Document:
    """A file with its top keys. Where it was cut, the list of photos is not in `root` but in `cut`."""

    file: SourceFile
    root: MapNode
    hash: str = ""
    cut: Cut | None = None


@dataclass(slots=True)
class Documents:
    """Reads files; what is wrong with one goes to the report."""

    report: Report
    cache: Cache | None = None
    pieces: dict[SourceFile, tuple[ReadPiece, ...]] = field(default_factory=dict)
    """What the pieces of large files came to."""
    hashes: dict[str, str] = field(default_factory=dict)
    """SHA-256 of what is in each file, in hex, by its name."""

    def read(self, files: Iterable[SourceFile]) -> list[Document]:
        """The documents of these files."""
        return [found for file in files if (found := self._document(file)) is not None]

    def _document(self, file: SourceFile) -> Document | None:
        raw = read_bytes(file, self.report)
        text = None if raw is None else decoded(raw, file.name, self.report)
        if raw is None or text is None:
            return None
        self.hashes[file.name] = hashlib.sha256(raw).hexdigest()
        if len(raw) >= LARGE and (made := _cut(file, text)):
            root, whole = made
            return Document(file, root, self.hashes[file.name], whole)
        found = parse(text, file.name, self.report)
        return None if found is None else Document(file, found)

    def read_pieces(self, documents: Sequence[Document], clock: Clock, accounts: Accounts) -> None:
        """Reads the lists that were cut out of large files. A file whose list is odd is parsed as a whole.

        What depends on the moment of the run is not kept, so that moment is left out.
        """
        clock = replace(clock, now=Clock().now)
        fresh = [
            (document, document.cut)
            for document in documents
            if document.cut and not self._from_cache(document, clock, accounts)
        ]
        pieces = [
            (piece, clock, accounts.within(Scope(Report(), document.file.name, document.root)))
            for document, whole in fresh
            for piece in whole.pieces
        ]
        if self.cache is None and not _others_help(pieces):
            for document, _ in fresh:
                self._parse_whole(document)
            return
        found = _read_all(pieces)
        for document, whole in fresh:
            self._take(document, list(islice(found, len(whole.pieces))), _key(document, clock, accounts))

    def _take(self, document: Document, found: Sequence[bytes | None], key: str) -> None:
        """Takes in what the pieces of a file came to, and keeps it."""
        sound = [data for data in found if data is not None]
        if len(sound) < len(found):
            self._parse_whole(document)
            return
        self.pieces[document.file] = tuple(map(from_bytes, sound))
        if self.cache is not None:
            self.cache.put(key, sound)

    def _parse_whole(self, document: Document) -> None:
        text = read(document.file, self.report)
        root = None if text is None else parse(text, document.file.name, self.report)
        document.cut, document.root = None, root or MapNode(1, 1)

    def _from_cache(self, document: Document, clock: Clock, accounts: Accounts) -> bool:
        found = None if self.cache is None else self.cache.get(_key(document, clock, accounts))
        if found is None:
            return False
        try:
            self.pieces[document.file] = tuple(map(from_bytes, found))
        except NotAPiece:
            return False
        return True


def _cut(file: SourceFile, text: str) -> tuple[MapNode, Cut] | None:
    """The top keys of a file without its list of photos, and that; None where the one needs the other."""
    whole = cut(file.name, text)
    if whole is None:
        return None
    told = Report()
    root = parse(whole.rest, file.name, told)
    if root is None or told.told or root.place(KEY)[0] != whole.line:
        return None
    listed = root[KEY]
    return (root, whole) if isinstance(listed, Scalar) and listed.text == "" else None


def read_piece(piece: Piece, clock: Clock, accounts: Accounts = NO_ACCOUNTS) -> ReadPiece | None:
    """The items of a piece; None where it can't be parsed by itself. `accounts` are as within its file."""
    report = Report()
    root = parse(piece.text, piece.file, report)
    listed = root.get(KEY) if root else None
    if report.told or not isinstance(listed, ListNode):
        return None
    entries = {}
    told = 0
    for index, scope, node in sound_items(report, piece.file, KEY, listed):
        entry = read_entry(scope, node, Selecting(scope, clock, accounts=accounts))
        if entry is not None and entry.rule is None and report.told == told:
            entries[index] = entry
        told = report.told
    places = tuple(index for index in range(len(listed)) if index not in entries)
    rest = ListNode(listed.line, listed.column)
    rest += (listed[index] for index in places)
    return ReadPiece(len(listed), places, rest, entries)


def _piece_bytes(asked: Asked) -> bytes | None:
    kept = read_piece(*asked)
    return None if kept is None else to_bytes(kept)


def _read_all(pieces: Sequence[Asked]) -> Iterator[bytes | None]:
    """The pieces as bytes, in order; None for one that can't be parsed by itself."""
    if not _others_help(pieces):
        yield from map(_piece_bytes, pieces)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    try:
        with ProcessPoolExecutor(_processors(), multiprocessing.get_context("fork")) as pool:
            for data in pool.map(_piece_bytes, pieces):
                yield data
                done += 1
    except (BrokenProcessPool, OSError):
        # no memory or no permission for more processes: then without them
        yield from map(_piece_bytes, pieces[done:])


def _others_help(pieces: Sequence[Asked]) -> bool:
    """Whether other processes pay, and may be started: one with threads can't be copied safely."""
    if len(pieces) < PAYS or _processors() < 2:
        return False
    import multiprocessing
    import threading

    return "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _key(document: Document, clock: Clock, accounts: Accounts) -> str:
    """All that the entries of a file depend on."""
    return f"{document.hash} {document.file.name} {clock!r} {accounts!r} {_program()}"


@cache
def _program() -> str:
    """This program, the language and what is known of time zones, as a hash."""
    from importlib.metadata import PackageNotFoundError, version

    made = hashlib.sha256(f"{sys.version} {schema_text()}".encode())
    for room in ("config", "model"):
        for path in sorted(Path(__file__).parents[1].joinpath(room).rglob("*.py")):
            made.update(path.read_bytes())
    for folder in zoneinfo.TZPATH:
        table = Path(folder, "tzdata.zi")
        if table.is_file():
            made.update(table.read_bytes()[:64])
    for package in ("tzdata", "tzfpy", "PyYAML"):
        try:
            made.update(f"{package} {version(package)}".encode())
        except PackageNotFoundError:
            made.update(package.encode())
    return made.hexdigest()
