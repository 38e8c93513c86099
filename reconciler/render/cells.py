"""Text as a terminal shows it: made harmless, measured in cells, cut and broken to a width."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from rich.cells import get_character_cell_size

MARKS_LIMIT = 4
"""So many marks without a width of their own may stand on one letter; more would run over other lines."""

_JOINERS = "\u200c\u200d"
_EMOJI_FORM = "\ufe0f"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_WITHOUT_MARKS = re.compile(
    "[\0-\u02ff\u0370-\u0482\u2010-\u20cf\u2100-\u2bff\u3041-\u3096\u30a1-\u9fff\uac00-\ud7a3]*"
)
"""Latin, Greek and Cyrillic letters, signs, Japanese, Chinese, Korean: there is no mark among them."""
_NAMED = {"\n": " ⏎ ", "\t": "\\t", "\r": "\\r"}
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def plain(text: str) -> str:
    """The text on one line, with everything that could steer a terminal written out.

    A line break becomes `⏎`; control characters, bidi overrides, invisible characters and lone surrogates
    become `\\x1b` or `\\u202e`. The joiners that scripts and emoji need stay.
    """
    if text.isprintable() and (text.isascii() or _WITHOUT_MARKS.fullmatch(text)):
        return text
    letters: list[str] = []
    marks = 0
    can_be_joined = False
    for letter in text.replace("\r\n", "\n"):
        category = unicodedata.category(letter)
        joins = letter in _JOINERS and can_be_joined
        marks = marks + 1 if joins or category in ("Mn", "Me") else 0
        harmful = marks > MARKS_LIMIT or (category in _HARMFUL and not joins)
        letters.append(_written_out(letter) if harmful else letter)
        can_be_joined = not (harmful or letter.isascii()) and category[0] in "LMS"
    return "".join(letters)


def _written_out(letter: str) -> str:
    code = ord(letter)
    if letter in _NAMED:
        return _NAMED[letter]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cells(text: str) -> int:
    """How many cells the text takes; where terminals differ (emoji made of parts), the most."""
    if text.isascii():
        return len(text)
    return sum(map(_size, text))


@cache
def _size(letter: str) -> int:
    if letter == _EMOJI_FORM:
        return 1
    return 2 if ord(letter) in _SKIN_TONES else get_character_cell_size(letter)


def clip(text: str, room: int) -> str:
    """The text cut at its end, with `…` where something is left out."""
    if cells(text) <= room:
        return text
    return _head(text, room - 1).rstrip().rstrip(_JOINERS) + "…"


def clip_start(text: str, room: int) -> str:
    """The text cut at its start: for paths, whose end says most."""
    if cells(text) <= room:
        return text
    return "…" + _tail(text, room - 1)


def clip_middle(text: str, room: int) -> str:
    """The text cut in its middle: for names of files, which end in a type and a day."""
    if cells(text) <= room:
        return text
    tail = _tail(text, min(20, max((room - 1) // 2, room - 12)))
    return _head(text, room - 1 - cells(tail)).rstrip(_JOINERS) + "…" + tail


def clip_pair(before: str, after: str, room: int) -> tuple[str, str]:
    """Both texts cut to the room, in such a way that what differs can be seen."""
    shared = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        shared += 1
    return _clip_around(before, shared, room), _clip_around(after, shared, room)


def _clip_around(text: str, place: int, room: int) -> str:
    if cells(text) <= room or cells(text[:place]) + 8 <= room:
        return clip(text, room)
    rest = text[max(place - room // 3, 0) :]
    return "…" + _tail(text, room - 1) if cells(rest) < room else clip("…" + rest, room)


def broken(text: str, room: int) -> list[str]:
    """The text in pieces of at most the room, broken at a space where there is one."""
    pieces = []
    while cells(text) > room:
        piece = _head(text, room) or text[0]
        words = piece.rpartition(" ")[0]
        if words.strip() and not text[len(piece) :].startswith(" "):
            piece = words
        pieces.append(piece)
        text = text[len(piece) :].removeprefix(" ")
    return [*pieces, text] if text else pieces


def _head(text: str, room: int) -> str:
    used = 0
    for index, letter in enumerate(text):
        used += _size(letter)
        if used > room:
            return text[:index]
    return text


def _tail(text: str, room: int) -> str:
    used = 0
    for index in range(len(text) - 1, -1, -1):
        used += _size(text[index])
        if used > room:
            return text[index + 1 :]
    return text
