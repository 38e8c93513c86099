"""The long lists of all files → entries, and what is wrong with them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from reconciler.config.documents import Document
from reconciler.config.entries.accounts import refuse_nobodys
from reconciler.config.entries.album_sets import read_set
from reconciler.config.entries.albums import read_album, read_tag
from reconciler.config.entries.assets import read_entry
from reconciler.config.entries.twice import check_once
from reconciler.config.items import sound_items
from reconciler.config.read_pieces import ReadPiece
from reconciler.config.report import Place, Report, Scope
from reconciler.config.rules.where import Selecting
from reconciler.config.text.nodes import Node
from reconciler.model.desired import AlbumEntry, AlbumSet, AssetEntry, Desired, E, Entry, TagEntry


@dataclass(slots=True)
class Lists:
    """The entries of the long lists of all files, in order."""

    report: Report
    where: Selecting
    tags: list[tuple[Place, TagEntry]] = field(default_factory=list)
    assets: list[AssetEntry] = field(default_factory=list)
    albums: list[tuple[Place, AlbumEntry]] = field(default_factory=list)
    album_sets: list[tuple[Place, AlbumSet]] = field(default_factory=list)

    def read(self, document: Document, pieces: Sequence[ReadPiece] = ()) -> None:
        """The lists of one file; `pieces` are those of its photos that were read before."""
        file, root = document.file.name, document.root
        where = replace(self.where, accounts=self.where.accounts.within(Scope(self.report, file, root)))
        for _, scope, node in sound_items(self.report, file, "tags", root.get("tags")):
            if tag := read_tag(scope, node, where):
                self.tags.append((scope.place(node["value"]), tag))
        self.assets += (entry for _, entry in self._entries(file, where, root.get("assets")))
        start = 0
        for piece in pieces:
            self._take(file, where, piece, start)
            start += piece.count
        for _, scope, node in sound_items(self.report, file, "albums", root.get("albums")):
            if album := read_album(scope, node, where):
                self.albums.append((scope.place(node["name"]), album))
        for _, scope, node in sound_items(self.report, file, "album_sets", root.get("album_sets")):
            if album_set := read_set(scope, node, where):
                self.album_sets.append((scope.place(node["for_each"]), album_set))

    def _entries(
        self, file: str, where: Selecting, found: Node | None, places: Sequence[int] | None = None
    ) -> Iterator[tuple[int, AssetEntry]]:
        for index, scope, node in sound_items(self.report, file, "assets", found, places):
            if entry := read_entry(scope, node, where):
                yield index, entry

    def _take(self, file: str, where: Selecting, piece: ReadPiece, start: int) -> None:
        """The entries of a piece and those that it left to be read now, in the order of the file."""
        if not piece.places:
            self.assets += piece.entries.values()
            return
        rest = self._entries(file, where, piece.rest, [start + place for place in piece.places])
        found = {start + place: entry for place, entry in piece.entries.items()} | dict(rest)
        self.assets += (found[index] for index in sorted(found))

    def check(self, usual: str | None) -> None:
        """Refuses what one account has twice; `usual` is the account of entries that name none."""
        entries: list[Entry] = [entry for _, entry in self.tags]
        entries += [entry for _, entry in self.albums]
        entries += [entry for _, entry in self.album_sets]
        for account in dict.fromkeys(entry.account or usual for entry in entries):
            tags, albums = _of(self.tags, account, usual), _of(self.albums, account, usual)
            check_once(self.report, tags, albums, _of(self.album_sets, account, usual))

    def check_whose(self, desired: Desired) -> None:
        """Refuses entries of which nothing says whose they are, where others say it."""
        if desired.usual is None and desired.accounts:
            lists: tuple[Iterable[Entry], ...] = (
                desired.tags,
                desired.assets,
                desired.albums,
                desired.album_sets,
            )
            nobodys = (entry.origin for entries in lists for entry in entries if entry.account is None)
            refuse_nobodys(self.report, desired.server.accounts, nobodys)


def _of(kind: Iterable[tuple[Place, E]], account: str | None, usual: str | None) -> list[tuple[Place, E]]:
    """Those of one account."""
    return [(place, entry) for place, entry in kind if (entry.account or usual) == account]
