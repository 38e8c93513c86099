"""What real servers (2.5.6 and 3.1.0) made of captions, tags and offsets once their jobs had run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.model.round_trip import caption_as_read, keeps, kept_clock, tag_as_read
from reconciler.model.values import Field, Taken, same

CHANGED = {
    "1e3": "1000",
    "1E3": "1000",
    "1e400": "Infinity",
    "1.50": "1.5",
    "2.0": "2",
    "0.10": "0.1",
    "1e-3": "0.001",
    "1e+5": "100000",
    "1e20": "100000000000000000000",
    "1e21": "1e+21",
    "1e22": "1e+22",
    "12.50": "12.5",
    "1234567890.12345678901": "1234567890.1234567",
    "1.0000000000000001": "1",
    "True": "true",
    "TRUE": "true",
    "&lt;": "<",
    "a &amp; b": "a & b",
    "&#65;": "A",
    "&#x41;": "A",
    "&#128512;": "😀",
    "&apos;": "'",
    "&hellip;": "…",
    "&copy; 2024": "© 2024",
}
LOST = ["0", "0.0", "0e5", "-0", "-0.0", "false", "False", "FALSE", "null", "undefined", "undef"]
KEPT = [
    *("0123", "00", "007", "42", "-5", "3.14", "+5", ".5", "5.", "0x10", "1E", "1e-7", "0.000001", "1.5e-7"),
    *("12345678901234567890", "123456789012345", "9007199254740993", "1,000", "12 mm"),
    *("true", "Null", "NULL", "Undefined", "UNDEF", "nil", "NaN", "Infinity", "True story", "2024-01-01"),
    *("&nosuch;", "&amp", "&AMP;", "&Amp;", "x &lt y", "a & b", "<b>", "%s", "a\\nb", "é", "e\u0301"),
]


@pytest.mark.parametrize("text", CHANGED)
def test_captions_and_tags_that_come_back_otherwise(text: str) -> None:
    assert caption_as_read(text) == tag_as_read(text) == CHANGED[text]


@pytest.mark.parametrize("text", LOST)
def test_captions_that_are_lost(text: str) -> None:
    assert caption_as_read(text) == ""


@pytest.mark.parametrize("text", KEPT)
def test_what_comes_back_as_it_was(text: str) -> None:
    assert caption_as_read(text) == tag_as_read(text) == text


def test_tags_that_stand_for_nothing() -> None:
    assert {text: tag_as_read(text) for text in ("-0", "0", "false", "undefined", "null", "undef")} == {
        "-0": "0",
        "0": "0",
        "false": "false",
        "undefined": "undefined",
        "null": "",
        "undef": "",
    }
    assert tag_as_read("Trips/1e3") == "Trips/1e3"


@pytest.mark.parametrize(
    ("offset", "kept"),
    [(-270, False), (450, False), (-720, False), (20, False), (345, True), (840, True), (0, True)],
)
def test_offsets_that_are_kept(offset: int, kept: bool) -> None:
    taken = Taken(datetime(2010, 6, 12, 14, 30, tzinfo=UTC), offset)
    assert keeps(taken) is kept
    near = kept_clock(taken)
    assert keeps(near) and near.instant == taken.instant
    assert (near == taken) is kept
    assert keeps(Taken(taken.instant))


def test_a_clock_that_no_sidecar_keeps_is_as_good_as_any_other() -> None:
    there = Taken(datetime(2010, 6, 12, 14, 30, tzinfo=UTC), -270)
    assert same(Field.TAKEN, there, kept_clock(there))
    assert same(Field.TAKEN, Taken(there.instant, 0), there)
    assert not same(Field.TAKEN, there, Taken(datetime(2010, 6, 12, 14, 31, tzinfo=UTC), -300))
    assert not same(Field.TAKEN, Taken(there.instant, -240), Taken(there.instant, -300))
