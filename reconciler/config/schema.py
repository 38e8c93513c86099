"""Holds documents against the JSON Schema of the language.

Almost every entry is fine, so a quick check made from the schema looks first; only what it refuses goes to
`jsonschema`, which works on the nodes themselves, so that every error knows its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.config.text.nodes import ListNode, MapNode, Node, Scalar

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Schema = Mapping[str, Any]
Check = Callable[[Node], bool]

NAME = "immich.schema.json"

ANNOTATIONS = frozenset(
    {"$schema", "$id", "title", "description", "examples", "default", "defaultSnippets", "definitions"}
    | {"errorMessage", "patternErrorMessage", "x-messages", "x-synonyms", "x-refused"}
)
"""Keywords that refuse nothing. `x-messages` says in our words what a keyword of the same schema refuses,
`x-synonyms` what is probably meant by a wrong word, `x-refused` why a certain value can't be had."""


@cache
def schema_text() -> str:
    """The schema as it is written: beside this package when installed, at the top of a checkout otherwise."""
    packaged = resources.files("reconciler") / "schemas" / NAME
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "schemas" / NAME).read_text(encoding="utf-8")


@cache
def language() -> Language:
    """The language's schema, ready for use."""
    schema = json.loads(schema_text())
    # With it jsonschema would swap our validator for its own.
    del schema["$schema"]
    return Language(schema)


@dataclass(slots=True)
class Language:
    """A schema with the quick checks made from its parts so far."""

    schema: Schema
    _checks: dict[int, Check] = field(default_factory=dict)

    def accepts(self, schema: Schema, node: Node) -> bool:
        """Whether a node is as this part of the schema wants it."""
        return self.check(schema)(node)

    def item_schema(self, key: str) -> Schema:
        """What the items of one of the top lists must be."""
        return self.target(self.schema["properties"][key]["items"])

    def target(self, schema: Schema) -> Schema:
        """The schema itself, or what it refers to."""
        while "$ref" in schema:
            schema = self.schema["definitions"][schema["$ref"].removeprefix("#/definitions/")]
        return schema

    def check(self, schema: Schema) -> Check:
        """The quick check for a part of this schema."""
        schema = self.target(schema)
        known = self._checks.get(id(schema))
        if known is None:
            made: list[Check] = []
            # Entered before it is made, as selectors contain selectors.
            self._checks[id(schema)] = lambda node: made[0](node)
            made.append(self._make(schema))
            known = self._checks[id(schema)] = made[0]
        return known

    def _make(self, schema: Schema) -> Check:
        if unknown := schema.keys() - ANNOTATIONS - _KEYWORDS:
            raise ValueError(f"the quick check doesn't know {sorted(unknown)}")
        if "anyOf" in schema:
            branches = [self.check(branch) for branch in schema["anyOf"]]
            return lambda node: any(branch(node) for branch in branches)
        types = frozenset([schema["type"]] if isinstance(schema["type"], str) else schema["type"])
        scalar = _scalar_check(schema, types)
        items = self._list_check(schema) if "array" in types else _nothing
        pairs = self._map_check(schema) if "object" in types else _nothing

        def check(node: Node) -> bool:
            if type(node) is Scalar:
                return scalar(node)
            return items(node) if type(node) is ListNode else pairs(node)

        return check

    def _list_check(self, schema: Schema) -> Check:
        least, item = schema.get("minItems", 0), self.check(schema["items"])
        return lambda node: isinstance(node, ListNode) and len(node) >= least and all(map(item, node))

    def _map_check(self, schema: Schema) -> Check:
        checks = {key: self.check(part) for key, part in schema.get("properties", {}).items()}
        other = schema["additionalProperties"]
        rest = self.check(other) if isinstance(other, Mapping) else _nothing
        required, least = schema.get("required", ()), schema.get("minProperties", 0)

        def check(node: Node) -> bool:
            if not isinstance(node, MapNode) or len(node) < least:
                return False
            for key in required:
                if key not in node:
                    return False
            return all(checks.get(key, rest)(value) for key, value in node.items())

        return check


_KEYWORDS = frozenset(
    {"$ref", "anyOf", "type", "enum", "pattern", "minLength", "minimum", "maximum", "items", "minItems"}
    | {"properties", "required", "additionalProperties", "minProperties"}
)


def _nothing(node: Node) -> bool:  # noqa: ARG001 (one of the checks)
    return False


def _scalar_check(schema: Schema, types: frozenset[str]) -> Check:
    kinds = frozenset(kind for name in types for kind in _KINDS.get(name, ()))
    enum, least = schema.get("enum"), schema.get("minLength", 0)
    pattern = anchored(schema["pattern"]) if "pattern" in schema else None
    low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    whole = "integer" in types and "number" not in types

    def check(node: Node) -> bool:
        assert isinstance(node, Scalar)
        value = node.value
        kind = type(value)
        if kind not in kinds and not (whole and isinstance(value, float) and value.is_integer()):
            return False
        if isinstance(value, str):
            if pattern is not None and not pattern.fullmatch(value):
                return False
            return len(value) >= least and (enum is None or value in enum)
        return value is None or value is True or value is False or low <= value <= high

    return check


_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def anchored(pattern: str) -> re.Pattern[str]:
    """A pattern of the schema for fullmatch, without its ^ and $ (Python's $ lets a line break pass)."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise ValueError(f"{pattern} must begin with ^ and end with $")
    return re.compile(pattern[1:-1])


@cache
def validator() -> Validator:
    """jsonschema's validator for the language, taught to read nodes instead of plain values."""
    from jsonschema import Draft7Validator, ValidationError, validators

    def kind(name: str) -> Callable[[object, object], bool]:
        wanted = _KINDS[name]

        def check(_: object, node: object) -> bool:
            value = node.value if isinstance(node, Scalar) else ...
            if name == "integer" and isinstance(value, float):
                return value.is_integer()
            return type(value) in wanted

        return check

    def refuses(test: Callable[[Any, Any], bool]) -> Callable[..., Iterator[ValidationError]]:
        def keyword(_: object, wanted: Any, node: object, __: Schema) -> Iterator[ValidationError]:
            if isinstance(node, Scalar) and test(wanted, node.value):
                yield ValidationError("refused")

        return keyword

    def number(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    types = Draft7Validator.TYPE_CHECKER.redefine_many(
        {name: kind(name) for name in _KINDS}
        # jsonschema asks this of parts of the schema too, so plain lists and dicts must do.
        | {"array": lambda _, node: isinstance(node, list), "object": lambda _, node: isinstance(node, dict)}
    )
    keywords = {
        "enum": refuses(lambda wanted, value: value not in wanted),
        "pattern": refuses(
            lambda wanted, value: isinstance(value, str) and not anchored(wanted).fullmatch(value)
        ),
        "minLength": refuses(lambda wanted, value: isinstance(value, str) and len(value) < wanted),
        "minimum": refuses(lambda wanted, value: number(value) and value < wanted),
        "maximum": refuses(lambda wanted, value: number(value) and value > wanted),
        "items": _only_refused_items,
    }
    extend: Any = validators.extend
    made = extend(Draft7Validator, keywords, type_checker=types)
    result: Validator = made(dict(language().schema))
    return result


def _only_refused_items(validator: Any, items: Schema, node: object, _: Schema) -> Iterator[Any]:
    """`items` for those that the quick check refuses: a list may have 100,000 that are fine."""
    if isinstance(node, ListNode):
        quick = language().check(items)
        for index, item in enumerate(node):
            if not quick(item):
                yield from validator.descend(item, items, path=index)
