"""Explains a difference once `==` has found one: which lines or words of a caption change.

DeepDiff tells the lines; it is never asked whether there is a difference (it takes 0.3 ms for an object).
It knows no words, so these are told by difflib.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST = 1_000_000
"""Product of the numbers of words up to which two texts are compared; it takes a quarter of a second."""
ALIKE = 0.3
"""Texts that share less than this are told as a whole: picking the few words out would only confuse."""


class Part(StrEnum):
    """What becomes of a piece of a text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


def changed_words(before: str, after: str) -> tuple[tuple[Part, str], ...]:
    """The pieces of both texts in order: those that stay, go and come; the words in them are whole."""
    if not before or not after:
        return _whole(before, after)
    old, new = WORDS.findall(before), WORDS.findall(after)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    # only what lies between is left to difflib, which takes longest for what both share
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(gone) * len(come) > LONGEST:
        return _whole(before, after)
    matcher = SequenceMatcher(None, gone, come, autojunk=False)
    same = head + tail + sum(block.size for block in matcher.get_matching_blocks())
    if 2 * same < ALIKE * (len(old) + len(new)):
        return _whole(before, after)
    parts = [(Part.SAME, "".join(old[:head]))]
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            parts.append((Part.SAME, "".join(gone[a:b])))
        else:
            parts += _whole("".join(gone[a:b]), "".join(come[c:d]))
    parts.append((Part.SAME, "".join(old[len(old) - tail :])))
    return tuple(part for part in parts if part[1])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _whole(before: str, after: str) -> tuple[tuple[Part, str], ...]:
    return tuple(part for part in ((Part.GONE, before), (Part.NEW, after)) if part[1])


def changed_lines(before: str, after: str) -> tuple[str, ...]:
    """The lines that go (`-…`) and come (`+…`) between two texts of several lines, in order.

    Empty where neither has several lines: then the texts themselves say it best.
    """
    if "\n" not in before and "\n" not in after:
        return ()
    from deepdiff import DeepDiff

    found = DeepDiff(before, after).get("values_changed", {}).get("root", {}).get("diff", "")
    lines = (line for line in found.splitlines() if not line.startswith(("---", "+++", "@@")))
    return tuple(line for line in lines if line.startswith(("+", "-")))
