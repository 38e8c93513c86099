"""How selectors compare text: case and the composing of accents don't count; `*` and `?` as in file names."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

_WILD = re.compile(r"[*?\[]")


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """The form in which two texts are compared; a Mac's decomposed accents equal everybody else's."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def composed(text: str) -> str:
    """The text with its accents composed, as everybody but a Mac writes them."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def search_regex(pattern: str) -> re.Pattern[str]:
    """A regular expression to look for in composed texts, in any case of letters. Raises re.error."""
    return re.compile(composed(pattern), re.IGNORECASE)


def is_pattern(text: str) -> bool:
    """Whether the text has wildcards."""
    return _WILD.search(text) is not None


@dataclass(frozen=True, slots=True)
class TextMatcher:
    """Matches a whole text against any of several words or patterns."""

    patterns: tuple[str, ...]
    _exact: frozenset[str] = field(init=False, compare=False, repr=False)
    _wild: re.Pattern[str] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        plain = [text for text in self.patterns if not is_pattern(text)]
        wild = [fnmatch.translate(folded(text)) for text in self.patterns if is_pattern(text)]
        object.__setattr__(self, "_exact", frozenset(folded(text) for text in plain))
        object.__setattr__(self, "_wild", re.compile("|".join(wild)) if wild else None)

    @classmethod
    def of(cls, patterns: Iterable[str]) -> TextMatcher:
        """A matcher for any of these."""
        return cls(tuple(patterns))

    def matches(self, text: str | None) -> bool:
        """Whether the text is one of the words or fits one of the patterns; no text fits nothing."""
        if text is None:
            return False
        plain = folded(text)
        return plain in self._exact or (self._wild is not None and self._wild.match(plain) is not None)


def folder_regex(pattern: str) -> re.Pattern[str]:
    """A pattern for a folder and everything below it.

    `/photos/2024` starts at the root, `2024/italy` at any folder; `*` stays within one name, `**` crosses.
    Matched against a folder's path with a slash after it.
    """
    rooted = pattern.startswith("/")
    parts = [part for part in folded(pattern).split("/") if part]
    body = "".join("(?:[^/]+/)*" if part == "**" else _one_name(part) + "/" for part in parts)
    return re.compile(("/" if rooted else "(?:.*/)?") + body)


def _one_name(part: str) -> str:
    pieces = {"*": "[^/]*", "?": "[^/]"}
    return "".join(pieces.get(letter, re.escape(letter)) for letter in part)
