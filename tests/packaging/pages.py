"""Reads README.md and docs/*.md: their code blocks, sections, tables and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import reconciler

ROOT = Path(reconciler.__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: its language, the word behind that, and its text."""

    page: Path
    line: int
    language: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(language: str, pages: tuple[Path, ...] = PAGES) -> list[Block]:
    """All blocks of a language, in order."""
    return [block for page in pages for block in _blocks_of(page) if block.language == language]


def _blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[1], found[2] or "", found[3])


def section(page: Path, heading: str) -> str:
    """The text below a heading, up to the next one, without blocks of code."""
    parts = _HEADING.split(prose(page))
    found = [text for title, text in zip(parts[2::3], parts[3::3], strict=True) if title == heading]
    assert len(found) == 1, f"{page.name} has {len(found)} headings {heading!r}"
    return found[0]


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _BLOCK.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """What may stand behind # in a link to a page, as GitHub makes it from the headings."""
    titles = (title.lower() for _, title in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    """Where a page's links and pictures lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def rows(text: str) -> list[list[str]]:
    """The rows of a text's tables, without heads, each cell trimmed."""
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for at, row in enumerate(cells) if not _is_rule(row) and not _is_head(cells, at)]


def _is_rule(row: list[str]) -> bool:
    return all(re.fullmatch(r"-+", cell) for cell in row)


def _is_head(cells: list[list[str]], at: int) -> bool:
    return at + 1 < len(cells) and _is_rule(cells[at + 1])


def code(cell: str) -> list[str]:
    """The pieces of code in a text."""
    return re.findall(r"`([^`\n]+)`", cell)


def commands(text: str) -> list[str]:
    """The lines of a shell block that are commands."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]
