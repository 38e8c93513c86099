"""The schema: for editors, and as what the files are held against."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import reconciler.config
from reconciler.config import load, schema
from reconciler.config.entries.assets import _VALUES
from reconciler.config.report import Report
from reconciler.config.rules.selecting import _READERS
from reconciler.config.schema import ANNOTATIONS, language, validator
from reconciler.config.text.nodes import MapNode
from reconciler.config.text.parsing import parse
from reconciler.model.safety import Budget, Counted

TOP = Path(__file__).parents[2]
SCHEMA = json.loads((TOP / "schemas" / schema.NAME).read_text(encoding="utf-8"))


def parts(node: Any, path: str = "#") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema inside a schema."""
    yield path, node
    for key in ("properties", "definitions"):
        for name, part in node.get(key, {}).items():
            yield from parts(part, f"{path}/{key}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), Mapping):
            yield from parts(node[key], f"{path}/{key}")
    for number, part in enumerate(node.get("anyOf", [])):
        yield from parts(part, f"{path}/anyOf/{number}")


def target(part: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in part:
        part = SCHEMA["definitions"][part["$ref"].removeprefix("#/definitions/")]
    return part


def kinds(part: Mapping[str, Any]) -> set[str]:
    part = target(part)
    if "anyOf" in part:
        return set().union(*(kinds(branch) for branch in part["anyOf"]))
    return {part["type"]} if isinstance(part["type"], str) else set(part["type"])


def test_it_is_a_schema() -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), [key for key, _ in pairs]
        return dict(pairs)

    json.loads(schema.schema_text(), object_pairs_hook=once)
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["title"] and SCHEMA["$id"] and SCHEMA["description"]


def test_every_key_is_described() -> None:
    described = 0
    for path, part in parts(SCHEMA):
        for name, key in part.get("properties", {}).items():
            text = key.get("description", "")
            assert len(text) > 5 and text.endswith("."), f"{path}/{name}"
            described += 1
    assert described > 70


def test_every_mapping_is_closed() -> None:
    for path, part in parts(SCHEMA):
        if "properties" in part:
            assert part.get("additionalProperties") is False, path


def test_branches_are_told_apart_by_kind_of_value() -> None:
    """Else nobody could say which of them was meant by a faulty value."""
    found = 0
    for path, part in parts(SCHEMA):
        seen: set[str] = set()
        for branch in part.get("anyOf", []):
            assert not seen & kinds(branch), path
            seen |= kinds(branch)
            found += 1
    assert found > 10


def test_examples_and_snippets_are_valid() -> None:
    checked = 0
    for path, part in parts(SCHEMA):
        for example in part.get("examples", []):
            document = parse(yaml.safe_dump({"x": example}), "example", Report())
            assert isinstance(document, MapNode)
            assert language().accepts(part, document["x"]), f"{path}: {example}"
            checked += 1
    assert checked > 30


def test_the_quick_check_knows_every_keyword() -> None:
    for path, part in parts(SCHEMA):
        try:
            language().check(part)
        except (KeyError, ValueError) as error:
            raise AssertionError(path) from error
    assert "pattern" not in ANNOTATIONS


def test_every_key_is_read_by_the_code() -> None:
    assert set(SCHEMA["definitions"]["selector"]["properties"]) == set(_READERS)
    beside = {"match", "tags", "account", "protect"}
    assert set(SCHEMA["definitions"]["assetEntry"]["properties"]) == {*_VALUES, *beside}
    code = "".join(
        path.read_text(encoding="utf-8") for path in Path(reconciler.config.__file__).parent.rglob("*.py")
    )
    code += "".join(f'"{word}"' for word in (*Budget, *Counted))  # read by their names
    for path, part in parts(SCHEMA):
        for name in part.get("properties", {}):
            word = rf"[\"'.]{name}[\"')]|\b{name}="
            if not path.endswith(("/camera", "/place", "/has/anyOf/2")):
                assert re.search(word, code), f"{path}/{name} is never read"


KEYS = sorted({name for _, part in parts(SCHEMA) for name in part.get("properties", {})})
WORDS = st.sampled_from(
    [*KEYS, "x", "", "2024", "image", "asc", "archive", ">=3", "unrated", "#e07a5f", "60s", "*.jpg"]
)
VALUES = st.recursive(
    WORDS
    | st.integers(-2, 7)
    | st.sampled_from([None, True, False, 1.5, 3.0, 43.1, "4f0ad2a5-3d5c-4a4c-9f3a-1b2c3d4e5f60"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=4))
def test_the_quick_check_and_jsonschema_agree(document: dict[str, Any]) -> None:
    """With jsonschema on our nodes, and with jsonschema as it comes on plain values."""
    node = parse(json.dumps(document), "f", Report())
    assert node is not None
    plain = Draft7Validator(SCHEMA)
    ours: Any = validator()
    quick = language()
    assert quick.accepts(quick.schema, node) == ours.is_valid(node) == plain.is_valid(document)
    for name, definition in SCHEMA["definitions"].items():
        part = quick.schema["definitions"][name]
        expected = Draft7Validator({**definition, "definitions": SCHEMA["definitions"]}).is_valid(document)
        assert quick.accepts(part, node) == expected == ours.evolve(schema=part).is_valid(node), name


def test_the_packaged_schema_is_found_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / schema.NAME).write_text('{"packaged": true}')
    monkeypatch.setattr("reconciler.config.schema.resources.files", lambda _: tmp_path)
    assert json.loads(schema.schema_text.__wrapped__()) == {"packaged": True}


def examples() -> list[Path]:
    return sorted(path for path in (TOP / "examples").rglob("*.yaml") if "/." not in path.as_posix())


@pytest.mark.parametrize("path", examples(), ids=[path.name for path in examples()])
def test_examples_name_the_schema_for_editors(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found, "the first line tells an editor where the schema is"
    assert (path.parent / found[1]).resolve() == TOP / "schemas" / schema.NAME
    load([path.parent])
