"""Edits of YAML text: what is meant changes, and every other letter stays."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.text.editing import Edit, NotEditable, Text, edited, scalar_text
from reconciler.model.origin import Origin

TEXT = """\
# my photos
assets:
  - match: { file: a.jpg } # the first
    description: old # why
    tags: [x, "y z"]
  - match: { file: b.jpg }
    description: |
      two
      lines
    tags:
      - p # first
      - q

albums:
  - name: Italy
    description:
    assets:
      - { checksum: c1 } # one
      - checksum: c2
        file: two.jpg
    exclude: { file: "*.dng" }
  - { name: Flow, assets: [{ id: i1 }, { id: i2 }] }
"""


def at(what: str, skip: int = 0) -> Origin:
    """Where a piece of the text begins, its first `skip` letters left out."""
    index = TEXT.index(what) + skip
    line = TEXT.count("\n", 0, index) + 1
    return Origin("f.yaml", line, index - TEXT.rfind("\n", 0, index))


def changed(*edits: Edit) -> str:
    """What differs after edits: lines that went, then lines that came."""
    before, after = TEXT.splitlines(), edited(TEXT, edits).splitlines()
    assert yaml.safe_load(edited(TEXT, edits))
    gone = [f"- {line.strip()}" for line in before if line not in after]
    return "\n".join([*gone, *(f"+ {line}" for line in after if line not in before)])


@pytest.mark.parametrize(
    ("origin", "value", "expected"),
    [
        (at("old #"), "new", "- description: old # why\n+     description: new # why"),
        (at("|\n"), "one", "- description: |\n- two\n- lines\n+     description: one"),
        (at("Italy"), '"a: b"', '- - name: Italy\n+   - name: "a: b"'),
        (at('"y z"'), "k", '- tags: [x, "y z"]\n+     tags: [x, k]'),
        (at("{ file: b.jpg }"), "{ id: i }", "- - match: { file: b.jpg }\n+   - match: { id: i }"),
        (
            at("Flow"),
            "Flowers",
            "- - { name: Flow, assets: [{ id: i1 }, { id: i2 }] }\n"
            "+   - { name: Flowers, assets: [{ id: i1 }, { id: i2 }] }",
        ),
    ],
)
def test_a_value_is_replaced(origin: Origin, value: str, expected: str) -> None:
    assert changed(Text(TEXT).replaced(origin, value)) == expected


def test_an_empty_value_is_filled() -> None:
    node = Text(TEXT).root.value[1][1].value[0].value[1][1]
    origin = Origin("f.yaml", node.start_mark.line + 1, node.start_mark.column + 1)
    assert changed(Text(TEXT).replaced(origin, "words")) == "- description:\n+     description: words"


def test_items_go() -> None:
    text = Text(TEXT)
    album, flow = at("name: Italy"), at("{ name: Flow")
    one, two = at("{ checksum: c1 }"), at("checksum: c2")
    assert changed(*text.list_changed(album, "assets", [one], [])) == "- - { checksum: c1 } # one"
    assert changed(*text.list_changed(album, "assets", [two], [])) == "- - checksum: c2\n- file: two.jpg"
    assert "    assets: []\n" in edited(TEXT, text.list_changed(album, "assets", [one, two], []))
    assert changed(*text.list_changed(flow, "assets", [at("{ id: i1 }")], [])).endswith(
        "assets: [{ id: i2 }] }"
    )
    both = text.list_changed(flow, "assets", [at("{ id: i1 }"), at("{ id: i2 }")], ["{ id: n }"])
    assert changed(*both).endswith("assets: [{ id: n }] }")
    with pytest.raises(NotEditable, match="doesn't stand"):
        text.list_changed(album, "assets", [at("{ id: i1 }")], [])


def test_items_come() -> None:
    text = Text(TEXT)
    album, flow, new = at("name: Italy"), at("{ name: Flow"), ["{ id: n }"]
    assert changed(*text.list_changed(album, "assets", [], new)) == "+       - { id: n }"
    assert 'exclude: [{ file: "*.dng" }, { id: n }]' in changed(*text.list_changed(album, "exclude", [], new))
    assert changed(*text.list_changed(flow, "assets", [], new)).endswith("{ id: i2 }, { id: n }] }")
    assert changed(*text.list_changed(flow, "exclude", [], new)).endswith("], exclude: [{ id: n }] }")
    begun = "+     share:\n+       - a\n+       - b"
    assert changed(*text.list_changed(album, "share", [], ["a", "b"])) == begun


def test_lists_of_texts() -> None:
    text = Text(TEXT)
    flow, block = at("[x,"), at("- p #")
    assert text.texts(flow) == ("x", "y z")
    assert changed(*text.list_with(flow, None, ["x", "no"])) == '- tags: [x, "y z"]\n+     tags: [x, no]'
    assert changed(*text.list_with(block, None, ["q", "r"])) == "- - p # first\n+       - r"
    assert changed(*text.list_with(block, None, ["r"])) == "- - p # first\n- - q\n+       - r"
    assert changed(*text.list_with(block, None, [])) == "- tags:\n- - p # first\n- - q\n+     tags: []"


def test_a_key_and_an_entry_come_after_what_is_there() -> None:
    text = Text(TEXT)
    assert edited(TEXT, [text.with_key(at("match: { file: a"), "rating", "4")]).splitlines()[4:6] == [
        '    tags: [x, "y z"]',
        "    rating: 4",
    ]
    lines = edited(
        TEXT, [text.after_item(at("match: { file: b"), ["match: { id: n }", "rating: 4"])]
    ).splitlines()
    assert lines[11:15] == ["      - q", "  - match: { id: n }", "    rating: 4", ""]


def test_several_edits_at_once() -> None:
    text = Text(TEXT)
    edits = [
        text.replaced(at("old #"), "new"),
        text.without_key(at("[x,")),
        text.replaced(at("Italy"), "Rome"),
    ]
    assert changed(*edits).count("\n+") == 2
    with pytest.raises(NotEditable, match="overlap"):
        edited(TEXT, [Edit(3, 9, ""), Edit(5, 6, "")])


@pytest.mark.parametrize(
    ("text", "origin"),
    [("a: &x 1\nb: *x\n", Origin("f", 1, 7)), ("a: 1\n", Origin("f", 9, 1))],
)
def test_what_stands_twice_or_nowhere_is_refused(text: str, origin: Origin) -> None:
    with pytest.raises(NotEditable):
        Text(text).replaced(origin, "2")


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
    | st.sampled_from(
        [
            "no",
            "012",
            "12",
            "1e3",
            "null",
            "~",
            "",
            " a",
            "a ",
            "a: b",
            "- x",
            "#",
            "[x",
            "2024-06-12",
            "a\nb",
            "é\u2028x",
        ]
    )
)
def test_a_text_is_written_so_that_it_is_read_as_that_text(text: str) -> None:
    for whole in (f"a: {scalar_text(text)}\n", f"a: [{scalar_text(text)}, x]\n"):
        found = yaml.load(whole, yaml.BaseLoader)["a"]
        assert (found[0] if isinstance(found, list) else found) == text


def test_keys_go() -> None:
    text = Text(TEXT)
    assert changed(text.without_key(at("[x,"))) == '- tags: [x, "y z"]'
    assert changed(text.without_key(at("old #"))) == "- description: old # why"
    assert changed(text.without_key(at("[{ id: i1"))).endswith("+   - { name: Flow }")
    with pytest.raises(NotEditable, match="same line"):
        text.without_key(at("{ file: a.jpg }"))
