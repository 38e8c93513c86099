"""YAML text to nodes: places, scalars, and what is refused. Both of PyYAML's parsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from reconciler.config.report import Report
from reconciler.config.text import parsing
from reconciler.config.text.nodes import ListNode, MapNode, Node, Scalar, plain_value
from reconciler.config.text.parsing import parse
from reconciler.model.origin import InvalidFiles


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(
        parsing, "LOADER", yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader
    )
    yield


def read(text: str) -> MapNode:
    report = Report()
    node = parse(text, "f", report)
    report.check()
    assert node is not None
    return node


def wrong(text: str) -> list[str]:
    report = Report()
    parse(text, "f", report)
    with pytest.raises(InvalidFiles) as caught:
        report.check()
    return [str(problem) for problem in caught.value.problems]


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node]
    return {key: plain(value) for key, value in node.items()}


def test_places() -> None:
    node = read("a: 1\nbc:\n  - x\n  - { y: z }\n")
    assert (node.line, node.column, node.place("bc")) == (1, 1, (2, 1))
    items = node["bc"]
    assert isinstance(items, ListNode)
    assert [(item.line, item.column) for item in items] == [(3, 5), (4, 5)]
    inner = items[1]
    assert isinstance(inner, MapNode)
    assert (inner["y"].line, inner["y"].column) == (4, 10)


def test_letters_outside_the_basic_plane_count_as_one() -> None:
    node = read('a: { "😀é": x, b: y }\n')["a"]
    assert isinstance(node, MapNode)
    assert node.place("b") == (1, 15)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("Y", "Y"), ("n", "n"),
        ("true", True), ("True", True), ("TRUE", True), ("tRue", "tRue"), ("false", False),
        ("null", None), ("~", None), ("Null", None), ("nUll", "nUll"),
        ("012", "012"), ("0533", "0533"), ("-012", "-012"), ("007.5", "007.5"), ("0", 0), ("-0", 0),
        ("12", 12), ("+12", 12),
        ("0o17", 15), ("0x1F", 31), ("0b1", "0b1"), ("1_000", "1_000"), ("60:30", "60:30"),
        ("1.5", 1.5), ("-.5", -0.5), ("1e3", 1000.0), ("1.", 1.0), (".", "."), ("-", "-"), ("+", "+"),
        ("1e999", "1e999"), ("2024-06-12", "2024-06-12"), ("2024-06", "2024-06"), ("1e5x", "1e5x"),
        ("9" * 41, int("9" * 41)), ("9" * 42, 1e42), ("9" * 5000, "9" * 5000), ("=", "="),
        ("12345678e01", 12345678e01), ("１２", "１２"), ("2024-06-12T20:41:00Z", "2024-06-12T20:41:00Z"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found = plain_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.inf", "+.INF"])
def test_what_is_no_number(text: str) -> None:
    assert wrong(f"a: {text}\n") == [
        f"f:1:4: a: {text} is no number that can be used here; if it is a name, put it in quotes"
    ]
    assert plain(read(f"a: '{text}'")) == {"a": text}


def test_quotes_make_text() -> None:
    assert plain(read("a: '12'\nb: \"true\"\nc: |\n  5\nd: ''\ne:\n")) == {
        "a": "12",
        "b": "true",
        "c": "5\n",
        "d": "",
        "e": None,
    }


def test_scalars_keep_how_they_were_written() -> None:
    node = read("a: 0x1F\nb: 1.50\nc: True\n")
    assert [part.text for part in node.values() if isinstance(part, Scalar)] == ["0x1F", "1.50", "True"]


def test_an_alias_is_the_node_of_its_anchor() -> None:
    node = read("a: &x [1, 2]\nb: *x\nc: &y z\nd: *y\n")
    assert node["a"] is node["b"]
    assert plain(node["d"]) == "z"


def test_a_few_million_laughs() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "the aliases (*) stand for more than 250,000 values" in wrong("\n".join(lines))[0]


def test_a_bomb_of_mappings() -> None:
    lines = ["a0: &a0 { x: y, z: w }"]
    lines += [f"a{n}: &a{n} {{ x: *a{n - 1}, y: *a{n - 1} }}" for n in range(1, 40)]
    assert "stand for more than" in wrong("\n".join(lines))[0]


def test_aliases_cannot_go_around_the_limit_of_depth() -> None:
    deep = "[" * 40 + "x" + "]" * 40
    text = f"a: &a {deep}\nb: {'[' * 30}*a{']' * 30}\n"
    assert wrong(text) == [
        f"f:2:34: b{'[0]' * 30}: with what this alias stands for it is nested more than 64 levels deep"
    ]


def test_depth() -> None:
    assert plain(read("a: " + "[" * 63 + "]" * 63))
    assert "nested more than 64 levels" in wrong("a: " + "[" * 64 + "]" * 64)[0]
    assert "nested more than 64 levels" in wrong("a: " + "[" * 1_000_000)[0]
    assert (
        "nested more than 64 levels" in wrong("a:\n" + "".join(" " * 2 * n + "- a:\n" for n in range(200)))[0]
    )


def test_an_anchor_on_a_key_and_on_what_is_open() -> None:
    assert plain(read("&k a: *k\n")) == {"a": "a"}
    assert "the very block" in wrong("a: &x { b: *x }\n")[0]


def test_more_values_than_can_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MOST_NODES", 100)
    assert "more than 100 values; split the file" in wrong("a: [" + "x," * 200 + "]")[0]


def test_more_keys_than_anything_has() -> None:
    text = "".join(f"k{number}: 1\n" for number in range(100_000))
    assert wrong(text) == [
        "f:1001:1: k1000: one block has more than 1,000 keys; the items of a list begin with `- `"
    ]


@pytest.mark.parametrize("piece", ["x", "[", "a: {", "- ", "\t", "?", "a: b\n", "'", "*", "{a: b, "])
def test_garbage_ends_early(piece: str) -> None:
    size = 10_000_000 if parsing.LOADER is yaml.CSafeLoader else 500_000
    assert wrong(piece * (size // len(piece)))


def test_nothing_at_all() -> None:
    for text in ("", "\n", "# x\n", "---\n", "--- ~\n", "null\n"):
        report = Report()
        assert parse(text, "f", report) is None
        report.check()
