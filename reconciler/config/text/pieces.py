"""Cuts the long list of photos out of a large file, into pieces that can be parsed each by itself.

Cut only where an item of the list begins, so what is read is the same as of the whole file; where that isn't
sure, nothing is cut, and whatever is odd about a piece has the whole file parsed after all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

KEY = "assets"
SIZE = 1024 * 1024
"""Letters of a piece, about 4,000 entries."""

_HEAD = re.compile(rf"^{KEY}:[ \t]*(?:#[^\n]*)?\n", re.MULTILINE)
_FIRST = re.compile(r"(?:[ ]*(?:#[^\n]*)?\n)*( *)- ")
_END = re.compile(r"^(?![ \n#]|- )", re.MULTILINE)
"""A line at the left edge that is no item, no comment and not empty: the next key, or the document's end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some items of the list: a text of its own, in which every line has the number it has in the file."""

    file: str
    before: int
    """Lines of the file before the first item, less the one for the key."""
    items: str

    @property
    def text(self) -> str:
        """The items as a file."""
        return "\n" * self.before + f"{KEY}:\n{self.items}"


@dataclass(frozen=True, slots=True)
class Cut:
    """A file without the items of its long list, and these."""

    rest: str
    line: int
    """Where the list's key stands."""
    pieces: tuple[Piece, ...]


def cut(file: str, text: str, size: int = SIZE) -> Cut | None:
    """The file in pieces; None where it can't be told where its list begins and ends."""
    heads = list(_HEAD.finditer(text))
    if len(heads) != 1 or "\r" in text:
        return None
    start = heads[0].end()
    first = _FIRST.match(text, start)
    if first is None:
        return None
    # The last line may lack its end.
    end = found.start() if (found := _END.search(text, start)) else len(text)
    line = text.count("\n", 0, start)
    item = re.compile(rf"^{first[1]}- ", re.MULTILINE)
    pieces = tuple(_pieces(file, text, (start, end), line, item, size))
    return Cut(text[:start] + "\n" * text.count("\n", start, end) + text[end:], line, pieces)


def _pieces(
    file: str, text: str, span: tuple[int, int], line: int, item: re.Pattern[str], size: int
) -> Iterator[Piece]:
    at, end = span
    while at < end:
        found = item.search(text, at + size, end) if at + size < end else None
        stop = found.start() if found else end
        yield Piece(file, line - 1, text[at:stop])
        line += text.count("\n", at, stop)
        at = stop
