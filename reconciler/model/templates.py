"""Texts with placeholders, such as `{year} - {folder}`: read strictly, filled for one group at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = str | datetime | None
"""What a placeholder stands for: a text, a date by the clock of the place, or nothing."""


class Kind(StrEnum):
    """What may stand after a placeholder's colon: each date has the parts that are the same in its group."""

    TEXT = "text"
    PATH = "path"
    """A path whose names can be joined by something else than slashes."""
    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    MOMENT = "moment"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_DATES: Mapping[str, tuple[Callable[[datetime], str], str, frozenset[Kind]]] = {
    code: (write, pattern, frozenset(kinds))
    for kinds, codes in (
        (
            (Kind.YEAR, Kind.MONTH, Kind.DAY, Kind.MOMENT),
            {
                "%Y": (lambda at: f"{at.year:04}", r"\d{4}"),
                "%y": (lambda at: f"{at.year % 100:02}", r"\d{2}"),
            },
        ),
        (
            (Kind.MONTH, Kind.DAY, Kind.MOMENT),
            {
                "%m": (lambda at: f"{at.month:02}", r"\d{2}"),
                "%-m": (lambda at: f"{at.month}", r"\d{1,2}"),
                "%B": (lambda at: MONTHS[at.month - 1], r"[A-Z][a-z]+"),
                "%b": (lambda at: MONTHS[at.month - 1][:3], r"[A-Z][a-z]+"),
            },
        ),
        (
            (Kind.DAY, Kind.MOMENT),
            {
                "%d": (lambda at: f"{at.day:02}", r"\d{2}"),
                "%-d": (lambda at: f"{at.day}", r"\d{1,2}"),
                "%A": (lambda at: DAYS[at.weekday()], r"[A-Z][a-z]+"),
                "%a": (lambda at: DAYS[at.weekday()][:3], r"[A-Z][a-z]+"),
            },
        ),
        (
            (Kind.MOMENT,),
            {
                "%H": (lambda at: f"{at.hour:02}", r"\d{2}"),
                "%M": (lambda at: f"{at.minute:02}", r"\d{2}"),
            },
        ),
    )
    for code, (write, pattern) in codes.items()
}
"""As in strftime, but in English on every machine: how a part is written, what it can be, who has it."""

_USUAL = {Kind.YEAR: "%Y", Kind.MONTH: "%m", Kind.DAY: "%d", Kind.MOMENT: "%Y-%m-%d"}
_TEXTS: Mapping[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower, "title": str.title}
_CODE = re.compile(r"%-?[A-Za-z%]|%")
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_DANGLING = " \t-–—·|,;:/_"


class BadTemplate(ValueError):
    """A text that can't be used as a template; the message says why and what to write."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder; `form` is what stands after its colon, the usual form where nothing does."""

    name: str
    kind: Kind
    form: str = ""

    def text(self, value: Value) -> str:
        """The value in the form that is asked for; nothing where there is none."""
        if value is None:
            return ""
        if isinstance(value, datetime):
            return _CODE.sub(lambda found: _written(found.group(), value), self.form or _USUAL[self.kind])
        if self.kind is Kind.PATH and self.form and self.form not in _TEXTS:
            return self.form.join(value.split("/"))
        return _TEXTS[self.form](value) if self.form in _TEXTS else value

    @property
    def pattern(self) -> str:
        """A regular expression for all that it can be."""
        if self.kind in (Kind.TEXT, Kind.PATH):
            return ".*"
        form, end = "", 0
        whole = self.form or _USUAL[self.kind]
        for found in _CODE.finditer(whole):
            form += re.escape(whole[end : found.start()])
            form += "%" if found.group() == "%%" else _DATES[found.group()][1]
            end = found.end()
        return f"(?:{form}{re.escape(whole[end:])})?"


def _written(code: str, at: datetime) -> str:
    return "%" if code == "%%" else _DATES[code][0](at)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders. Two are equal if they are written alike."""

    text: str
    parts: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Its placeholders in order."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    def fill(self, values: Mapping[str, Value]) -> str:
        """The text for one group, without blanks around it.

        Where a placeholder has nothing to stand for, what would dangle at either end goes as well: of
        `{year} - {folder}` without a year, the dash.
        """
        found = [(part, self._filled(part, values)) for part in self.parts]
        text = "".join(part for _, part in found).strip()
        empty = any(isinstance(part, Placeholder) and not filled for part, filled in found)
        return text.strip(_DANGLING) if empty else text

    def _filled(self, part: str | Placeholder, values: Mapping[str, Value]) -> str:
        return part if isinstance(part, str) else part.text(values.get(part.name))

    def could_be(self, values: Mapping[str, Value]) -> str:
        """A regular expression for every text that it can give where only these values are known."""
        parts = []
        for part in self.parts:
            if isinstance(part, Placeholder):
                known = part.name in values
                parts.append(re.escape(part.text(values[part.name])) if known else part.pattern)
            else:
                parts.append("".join(_maybe(letter) for letter in part))
        return r"\s*" + "".join(parts) + r"\s*"


def _maybe(letter: str) -> str:
    """A letter that may be left out where it dangles."""
    return re.escape(letter) + ("?" if letter in _DANGLING else "")


def read_template(text: str, known: Mapping[str, Kind]) -> Template:
    """Reads a template in which these placeholders may stand. Raises BadTemplate, UnknownPlaceholder."""
    parts: list[str | Placeholder] = []
    end = 0
    for found in _TOKEN.finditer(text):
        if before := text[end : found.start()]:
            parts.append(before)
        end = found.end()
        if found.group() in ("{{", "}}"):
            parts.append(found.group()[0])
        elif found.group(1) is None:
            raise BadTemplate(
                f"a {found.group()} stands alone here; write {found.group() * 2} for the sign itself"
            )
        else:
            parts.append(_placeholder(found.group(1), known))
    if text[end:]:
        parts.append(text[end:])
    return Template(text, tuple(parts))


class UnknownPlaceholder(BadTemplate):
    """A placeholder that isn't known where it stands."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"there is no placeholder {{{name[:40]}}} here")


def _placeholder(inside: str, known: Mapping[str, Kind]) -> Placeholder:
    name, _, form = inside.partition(":")
    if name not in known:
        raise UnknownPlaceholder(name, tuple(known))
    kind = known[name]
    if ":" in inside and not form:
        raise BadTemplate(f"nothing stands after the colon of {{{inside}}}; leave the colon out")
    if form and kind is Kind.TEXT and form not in _TEXTS:
        raise BadTemplate(
            f"{{{name}}} is a text: after its colon there can be {', '.join(_TEXTS)}, not {form!r}"
        )
    if kind not in (Kind.TEXT, Kind.PATH):
        _check_date(name, kind, form)
    return Placeholder(name, kind, form)


def _check_date(name: str, kind: Kind, form: str) -> None:
    codes = [code for code in _CODE.findall(form) if code != "%%"]
    allowed = [code for code, (_, _, kinds) in _DATES.items() if kind in kinds]
    if form and not codes:
        raise BadTemplate(f"{{{name}:{form}}} has no part of a date; there are {', '.join(allowed)}")
    for code in codes:
        if code not in allowed:
            raise BadTemplate(f"{{{name}}} has no {code}; there are {', '.join(allowed)}")
