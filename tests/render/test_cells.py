"""Text made harmless, measured and cut."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.render.cells import broken, cells, clip, clip_middle, clip_pair, clip_start, plain
from tests.render.strategies import letters

texts = st.text(letters, max_size=80)


def test_no_mark_is_among_what_is_taken_for_plain_at_once() -> None:
    marks = (chr(code) for code in range(0x110000) if category(chr(code)) in ("Mn", "Me"))
    assert not [mark for mark in marks if plain("a" + mark * 5) == "a" + mark * 5]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb\nc", "a ⏎ b ⏎ c"),
        ("tab\there\r", "tab\\there\\r"),
        ("abc\u202egpj", "abc\\u202egpj"),
        ("csi \x9b", "csi \\x9b"),
        ("\ufeffbom", "\\ufeffbom"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("Ita\u200dly", "Ita\\u200dly"),
        ("e\u0301tude", "e\u0301tude"),
        ("z" + "\u0301" * 5, "z" + "\u0301" * 4 + "\\u0301"),
        ("日本", "日本"),
    ],
    ids=ascii,
)
def test_what_could_steer_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert ascii(plain(text)) == ascii(shown)


@pytest.mark.parametrize(("text", "size"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("❤\ufe0f", 2)])
def test_cells(text: str, size: int) -> None:
    assert cells(text) == size


@given(texts.map(plain), st.integers(10, 60))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text: str, room: int) -> None:
    assert cell_len(text) <= cells(text)
    for cut in (clip, clip_start, clip_middle):
        assert cells(cut(text, room)) <= room
        assert cut(text, cells(text)) == text
        assert ("…" in cut(text, room)) == (cells(text) > room or "…" in text)


@given(texts.map(plain), st.integers(4, 60))
def test_what_is_broken_fits_and_loses_nothing_but_spaces(text: str, room: int) -> None:
    pieces = broken(text, room)
    assert all(cells(piece) <= room for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


@given(st.text("ab c", min_size=1, max_size=200), st.text("xy", min_size=1), st.text("zw", min_size=1))
def test_two_texts_that_differ_still_do_after_the_cut(start: str, one: str, other: str) -> None:
    before, after = clip_pair(start + one, start + other, 30)
    assert before != after
    assert max(cells(before), cells(after)) <= 30


def test_names_keep_their_ends() -> None:
    assert (
        clip_middle("a-name-that-is-much-too-long.jpg (2024-06-12)", 31) == "a-name-that…ng.jpg (2024-06-12)"
    )
    assert clip_start("very/long/path/to/family.yaml:14", 16) == "…/family.yaml:14"
    assert clip("a long caption", 8) == "a long…"
