"""What becomes of texts and dates once the server has written them into a sidecar and read them back.

Seen on 2.5.6 and 3.1.0 alike. Immich writes and reads its sidecars with ExifTool. On the way in, the names of
letters (`&amp;`) become the letters. On the way out, a text that looks like a number or a word of JSON is
read as such, and turned into a text again. A date with an offset that no clock of today has can't be read at
all: the date of the file, or the one embedded in it, comes back instead.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from html.entities import name2codepoint

from reconciler.model.values import KEPT_OFFSETS, Taken, normal_description

FIRST_YEAR = 2
"""The first year of which dates are kept."""

_LETTER = re.compile(r"&(#x?[0-9a-fA-F]+|[A-Za-z0-9]+);")
_NUMBER = re.compile(r"-?(\d|[1-9]\d{1,14})(\.\d{1,16})?(e[-+]?\d{1,3})?", re.IGNORECASE | re.ASCII)
_NOTHING = frozenset({"null", "undef", "undefined"})


def caption_as_read(text: str) -> str:
    """A caption as it comes back; empty where it is lost."""
    read = _as_read(normal_description(text))
    return "" if read in ("0", "false", *_NOTHING) else normal_description(read)


def tag_as_read(path: str) -> str:
    """A tag's full path as it comes back on a photo; empty where another tag comes that nobody meant."""
    read = _as_read(path)
    return "" if read in ("null", "undef") else read


def kept_clock(taken: Taken) -> Taken:
    """The same moment by the nearest clock that the server keeps."""
    offset = taken.offset or 0
    return Taken(taken.instant, min(KEPT_OFFSETS, key=lambda kept: (abs(kept - offset), kept)))


def keeps(taken: Taken) -> bool:
    """Whether the server keeps such a date."""
    return taken.local.year >= FIRST_YEAR and (taken.offset or 0) in KEPT_OFFSETS


def _as_read(text: str) -> str:
    if "&" in text:
        text = _LETTER.sub(lambda found: _letter(found[1], found[0]), text)
    if _NUMBER.fullmatch(text):
        return _number(float(text))
    return text.lower() if text.lower() in ("true", "false") else text


def _letter(name: str, written: str) -> str:
    if not name.startswith("#"):
        code = 39 if name == "apos" else name2codepoint.get(name)
        return written if code is None else chr(code)
    digits = name[1:]
    try:
        return chr(int(digits[1:], 16) if digits.startswith("x") else int(digits))
    except (ValueError, OverflowError):
        return written


def _number(value: float) -> str:
    """A number as JavaScript writes it."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        plain = format(Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    digits, _, power = repr(value).partition("e")
    return f"{digits.removesuffix('.0')}e{int(power):+d}"
