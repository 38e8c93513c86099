"""Says in plain words what YAML's parser stumbled over, be it libyaml or PyYAML's own.

Nothing of the text itself is repeated, for it may be a secret that a typing error brought to light.
"""

from __future__ import annotations

import io
import re

import yaml

Place = tuple[int, int]

_BLOCK_TEXT = 'a text that begins with > or | must be in quotes, such as ">=3"'
_STARS = {
    "*": "a text that begins with * must be in quotes, such as '*.jpg'",
    "&": "a text that begins with & must be in quotes",
    "@": "a text that begins with @ must be in quotes",
    "`": "a text that begins with ` must be in quotes",
    "%": "a text that begins with % must be in quotes",
    ">": _BLOCK_TEXT,
    "|": _BLOCK_TEXT,
    "\t": "a tab stands here; indent with spaces",
}
_COLON = (
    "a colon stands where no key can be; indent the line like its neighbours, "
    "or put a text that has a colon in quotes"
)
_INSIDE_QUOTES = (
    "a line of --- or ... stands inside a text in quotes; a closing quotation mark is missing before it"
)
_BACKSLASH = (
    "in double quotes a backslash begins an escape; use single quotes, or write \\\\ for one backslash"
)
_HALF = re.compile(r"u?[dD][89a-fA-F][0-9a-fA-F]{2}")
"""Half of a letter, as JSON writes one that takes more than four digits; behind its backslash."""
_WHOLE = (
    "two escapes for one letter, as JSON has them, can't be read; write the letter, or \\U and eight digits"
)
_NO_ITEM = (
    "this line isn't an item of the list above it; begin it with - at the same indentation, "
    "or indent it like the key it belongs to"
)
_BRACKETS = "a value is missing, or a bracket, brace or comma is too many; put a text that has one in quotes"
_GLUED_DASH = re.compile(r"\s*(-)[a-z_]+:(?:\s|$)")
_GLUED_COLON = re.compile(r"\s*(?:- +)*[a-z_]+:([^\s:/])")
_REASONS = (
    ("mapping values are not allowed", _COLON),
    (
        "sequence entries are not",
        "a list item (-) can't stand here; begin the list on a new line below its key",
    ),
    ("mapping keys are not allowed", "a text that begins with ? must be in quotes"),
    ("document indicator", _INSIDE_QUOTES),
    ("document separator", _INSIDE_QUOTES),
    ("escape c", _BACKSLASH),
    ("escape sequence", _BACKSLASH),
    ("hexdecimal number", _BACKSLASH),
    ("hexadecimal numbers", _BACKSLASH),
    ("comment or line break", _BLOCK_TEXT),
    ("chomping or indentation", _BLOCK_TEXT),
    ("'-' indicator", _NO_ITEM),
    ("node content", _BRACKETS),
    (
        "<document start>",
        "this doesn't go on with what is above; indent all top keys alike, at the left edge",
    ),
    ("directive", _STARS["%"]),
    ("maximum nesting", "this is nested more than 64 levels deep"),
    ("tab", _STARS["\t"]),
    ("tag", "a text that begins with ! must be in quotes"),
)
"""What a message of the parser contains, and what it means."""


def explain(error: yaml.YAMLError, text: str) -> tuple[Place, str]:
    """Line and column, counting from 1, and what to do about it."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return (1, 1), "this can't be read as YAML"
    problem, context = error.problem or "", error.context or ""
    here = _place(error.problem_mark) or _place(error.context_mark) or (1, 1)
    opened = _place(error.context_mark) or here
    letter = _letter(text, here)
    if "quoted scalar" in context or "double-quoted" in context:
        if "end of stream" in problem:
            return opened, "this quotation mark is never closed"
        if "escape code" in problem and _HALF.match(_line(text, here[0]), here[1] - 1):
            return here, _WHOLE
        return (opened if "document" in problem else here), _reason(problem)
    if "expected ',' or" in problem:
        return _unclosed(problem, opened, here, _line(text, here[0]))
    if "could not find expected ':'" in problem:
        return (
            opened,
            "a colon is missing here; write `key: value`, with a space behind the colon",
        )
    mark = error.problem_mark
    if "node content" in problem and mark is not None and mark.index >= len(text.rstrip()):
        return here, "the file ends in the middle of a list or mapping; a closing ] or } is missing"
    if "alias" in context or "anchor" in context:
        return opened, _STARS["*" if "alias" in context else "&"]
    if "cannot start any token" in problem and letter in _STARS:
        return here, _STARS[letter]
    if "mapping values are not allowed" in problem and (blank := _blank_missing(text, here)):
        return blank
    if "expected key" in problem or "<block end>" in problem:
        return here, _after_value(text, here)
    return here, _reason(problem)


def _reason(problem: str) -> str:
    for part, message in _REASONS:
        if part in problem:
            return message
    return f"this can't be read as YAML ({problem})" if problem.isascii() else "this can't be read as YAML"


def _unclosed(problem: str, opened: Place, here: Place, line: str) -> tuple[Place, str]:
    if "${" in line:
        return here, 'between braces write references in quotes: { api_key: "${NAME}" }'
    bracket, closing = ("{", "}") if "'}'" in problem else ("[", "]")
    found = f" (read up to line {here[0]})" if here[0] != opened[0] else ""
    return (
        opened,
        f"the {bracket} here isn't closed by {closing}, or a comma is missing between two values{found}",
    )


def _after_value(text: str, here: Place) -> str:
    line = _line(text, here[0])
    before = line[: here[1] - 1].rstrip()
    if before.endswith(("'", '"')):
        return (
            "something stands behind a text in quotes; a quotation mark inside the text is written twice "
            "('it''s'), or use the other kind of quotes around it"
        )
    if before.endswith(("]", "}")):
        return "something stands behind a closing bracket; put a text that has brackets in quotes"
    return "this line doesn't fit in with those above; indent it like its neighbours, with a key and a colon"


def _blank_missing(text: str, here: Place) -> tuple[Place, str] | None:
    """Where a blank is missing in this line or the one above, of which `name:Italy` is a text for YAML."""
    for number in (here[0] - 1, here[0]):
        line = _line(text, number)
        if found := _GLUED_DASH.match(line):
            return (number, found.start(1) + 1), "a blank is missing behind the dash that begins an item"
        if found := _GLUED_COLON.match(line):
            return (number, found.start(1) + 1), "a blank is missing behind the colon before this"
    return None


def _place(mark: yaml.Mark | None) -> Place | None:
    return None if mark is None else (mark.line + 1, mark.column + 1)


def _line(text: str, number: int) -> str:
    """One line of the text, empty where there is none."""
    lines = io.StringIO(text, newline=None)
    for count, line in enumerate(lines, start=1):
        if count == number:
            return line.rstrip("\n")
    return ""


def _letter(text: str, place: Place) -> str:
    line = _line(text, place[0])
    return line[place[1] - 1 : place[1]]
