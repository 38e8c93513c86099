"""A JSON document as text with its checksum, made in pieces: its long lists are never there as a whole.

A document is a dict in reading order, with `Many` for each long list. Whoever reads the text sees one that is
indented; the checksum covers another one, dense and with sorted keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

PIECE = 1_000
"""Items of a long list that are JSON values at the same time."""
CHECKSUM = "checksum"

Json = Any
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Many(Generic[T]):
    """A long list: its items, and what makes a JSON value of one."""

    items: Sequence[T]
    json: Callable[[T], Json]

    def pieces(self) -> Iterator[list[Json]]:
        """The values of so many items at a time."""
        for start in range(0, len(self.items), PIECE):
            yield [self.json(item) for item in self.items[start : start + PIECE]]


def plain(document: Mapping[str, Json]) -> dict[str, Json]:
    """The document as JSON values, its checksum among them."""
    made = {
        key: [item for piece in value.pieces() for item in piece] if isinstance(value, Many) else value
        for key, value in document.items()
    }
    return {**made, CHECKSUM: checksum(made)}


def checksum(document: Mapping[str, Json]) -> str:
    """`sha256:` and the hash of JSON values without their checksum, keys sorted."""
    rest = {key: value for key, value in document.items() if key != CHECKSUM}
    return f"sha256:{hashlib.sha256(_dense(rest)).hexdigest()}"


def text_of(document: Mapping[str, Json]) -> list[bytes]:
    """The text of what `plain` returns, in pieces: indented, in UTF-8, the last line ended."""
    covered = hashlib.sha256(b"{")
    found: dict[str, list[bytes]] = {key: [] for key in document}
    for number, key in enumerate(sorted(document)):
        covered.update(b"," if number else b"")
        for dense, indented in _entry(key, document[key]):
            covered.update(dense)
            found[key].append(indented)
    covered.update(b"}")
    ending = _indented({CHECKSUM: f"sha256:{covered.hexdigest()}"})
    return [b"{\n", *(piece for key in document for piece in (*found[key], b",\n")), ending[2:], b"\n"]


def _entry(key: str, value: Json) -> Iterator[tuple[bytes, bytes]]:
    """A key and its value in pieces of both texts, the dense one and the indented one."""
    if not isinstance(value, Many) or not value.items:
        entry = {key: [] if isinstance(value, Many) else value}
        yield _dense(entry)[1:-1], _indented(entry)[2:-2]
        return
    name = _dense(key)
    yield name + b":[", b"  " + name + b": [\n"
    for number, piece in enumerate(value.pieces()):
        if number:
            yield b",", b",\n"
        # in a list of its own the piece is indented as far as in the document
        yield _dense(piece)[1:-1], _indented([piece])[len("[\n  [\n") : -len("\n  ]\n]")]
    yield b"]", b"\n  ]"


def _dense(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _indented(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)
