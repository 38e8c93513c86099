"""Which words of a caption change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff.explain import Part, changed_words

SAME, GONE, NEW = Part.SAME, Part.GONE, Part.NEW
texts = st.lists(st.sampled_from(["a", "b", "Köln", " ", "  ", "\n", ",", "!"]), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("a lake at noon", "a lake at noon", [(SAME, "a lake at noon")]),
        ("a lake at noon", "New! a lake at noon", [(NEW, "New! "), (SAME, "a lake at noon")]),
        ("a lake at noon", "a lake at noon, cold", [(SAME, "a lake at noon"), (NEW, ", cold")]),
        ("a b c d e", "a b x d e", [(SAME, "a b "), (GONE, "c"), (NEW, "x"), (SAME, " d e")]),
        ("a a", "a a a", [(SAME, "a a"), (NEW, " a")]),
        ("one two three", "four", [(GONE, "one two three"), (NEW, "four")]),
        ("", "new", [(NEW, "new")]),
        ("old", "", [(GONE, "old")]),
        ("", "", []),
    ],
)
def test_words_that_change(before: str, after: str, parts: list[tuple[Part, str]]) -> None:
    assert list(changed_words(before, after)) == parts


@given(texts, texts)
def test_the_pieces_are_both_texts(before: str, after: str) -> None:
    parts = changed_words(before, after)
    assert "".join(text for part, text in parts if part is not NEW) == before
    assert "".join(text for part, text in parts if part is not GONE) == after
    assert all(text for _, text in parts)


def test_one_word_of_a_long_text_is_told() -> None:
    words = [f"word{number}" for number in range(2_000)]
    before, after = " ".join(words), " ".join([*words[:1_500], "other", *words[1_501:]])
    assert [text for part, text in changed_words(before, after) if part is not SAME] == ["word1500", "other"]


def test_long_texts_that_differ_throughout_are_told_as_a_whole() -> None:
    before, after = (" ".join(f"{start}{number}" for number in range(1_000)) for start in ("a", "b"))
    assert list(changed_words(before, after)) == [(GONE, before), (NEW, after)]
