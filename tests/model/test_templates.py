"""Names with placeholders: what they give, what is refused, and which albums could bear them."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from reconciler.model.templates import BadTemplate, Kind, UnknownPlaceholder, Value, read_template

KNOWN = {
    "year": Kind.YEAR,
    "month": Kind.MONTH,
    "day": Kind.DAY,
    "start": Kind.MOMENT,
    "folder": Kind.TEXT,
    "below": Kind.PATH,
}
AT = datetime(2024, 6, 8, 9, 5)
VALUES: dict[str, Value] = {
    **dict.fromkeys(("year", "month", "day", "start"), AT),
    "folder": "rome at night",
    "below": "Italy/Rome",
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{year}-{month}-{day}", "2024-06-08"),
        ("{month:%B} {year:%y}", "June 24"),
        ("{start}", "2024-06-08"),
        ("{start:%a %-d. %b %Y, %H:%M, 100%%}", "Sat 8. Jun 2024, 09:05, 100%"),
        ("{day:%A}, {month:%-m}", "Saturday, 6"),
        ("{folder:title} / {folder:upper}", "Rome At Night / ROME AT NIGHT"),
        ("{below}, {below: - }, {below:lower}", "Italy/Rome, Italy - Rome, italy/rome"),
        ("{{{folder}}}", "{rome at night}"),
        ("  {folder} ", "rome at night"),
    ],
)
def test_filled(text: str, filled: str) -> None:
    template = read_template(text, KNOWN)
    assert template.fill(VALUES) == filled
    assert re.fullmatch(template.could_be({}), filled)
    assert re.fullmatch(template.could_be(VALUES), filled)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{year} - {folder}", "rome"),
        ("{folder} ({year})", "rome ()"),
        ("{folder}, {year}", "rome"),
        ("{year}", ""),
    ],
)
def test_what_dangles_without_a_value_goes(text: str, filled: str) -> None:
    template = read_template(text, KNOWN)
    assert template.fill({"folder": "rome", "year": None}) == filled
    assert template.fill({"folder": "rome"}) == filled
    assert re.fullmatch(template.could_be({"folder": "rome"}), filled)


def test_dashes_at_the_ends_stay_where_nothing_is_missing() -> None:
    assert read_template("- {folder} -", KNOWN).fill(VALUES) == "- rome at night -"


def test_what_is_known_narrows_what_a_name_could_be() -> None:
    template = read_template("{year} {folder}", KNOWN)
    assert re.fullmatch(template.could_be({"folder": "a.b"}), "1999 a.b")
    for other in ("1999 axb", "19999 a.b", "1999 a.b.c"):
        assert not re.fullmatch(template.could_be({"folder": "a.b"}), other)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{folder", "a { stands alone here"),
        ("folder}", "a } stands alone here"),
        ("{year:%m}", "{year} has no %m; there are %Y, %y"),
        ("{month:%H}", "{month} has no %H"),
        ("{start:%Q}", "{start} has no %Q"),
        ("{start:%}", "{start} has no %"),
        ("{year:x}", "{year:x} has no part of a date"),
        ("{folder:%Y}", "{folder} is a text"),
        ("{folder:}", "nothing stands after the colon"),
    ],
)
def test_refused(text: str, said: str) -> None:
    with pytest.raises(BadTemplate, match=re.escape(said)):
        read_template(text, KNOWN)


@pytest.mark.parametrize("text", ["{Year}", "{ year }", "{}", "{0}", "{year.month}", "{year!r}"])
def test_only_known_placeholders(text: str) -> None:
    with pytest.raises(UnknownPlaceholder):
        read_template(text, KNOWN)
