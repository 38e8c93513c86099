"""Turns what the schema refuses into sentences: one for each fault, with its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.config.report import Scope
from reconciler.config.schema import Schema, language, validator
from reconciler.config.text.nodes import ListNode, MapNode, Scalar, Step
from reconciler.model.origin import Origin

if TYPE_CHECKING:
    from jsonschema import ValidationError

_KIND_WORDS = {
    "object": "keys and values below it (key: value)",
    "array": "a list",
    "boolean": "true or false",
    "number": "a number",
    "integer": "a whole number",
    "null": "null",
}
_TRUTH = dict.fromkeys(("true", "yes", "on", "y"), "true") | dict.fromkeys(
    ("false", "no", "off", "n"), "false"
)

NEAR = 0.75
"""How alike two words must be for one to be taken for a misspelling of the other, from 0 to 1."""

Path = tuple[Step, ...]


def check(scope: Scope, schema: Schema) -> frozenset[Path]:
    """Reports every fault of the scope's root; the paths of what is at fault, none if all is well."""
    if language().accepts(schema, scope.root):
        return frozenset()
    told: set[Path] = set()
    document: Any = scope.root
    for error in _leaves(validator().evolve(schema=dict(schema)).iter_errors(document)):
        steps: Path = tuple(error.absolute_path)
        if error.validator in ("additionalProperties", "required", "minProperties"):
            told |= _object_fault(scope, error, steps)
        elif steps not in told:
            told.add(steps)
            node: Any = error.instance
            scope.tell(scope.origin(node), (*scope.steps, *steps), _message(error, steps, scope))
    if not told:
        raise AssertionError(f"the quick check and jsonschema disagree about {scope.origin(scope.root)}")
    return frozenset(told)


def _value(error: ValidationError) -> Any:
    """What the schema says at the keyword that refused."""
    return error.validator_value


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Errors, those of anyOf replaced by those of the branch that was meant, judged by the kind of value."""
    for error in errors:
        if error.validator != "anyOf":
            yield error
            continue
        branches = [language().target(branch) for branch in _value(error)]
        meant = [index for index, branch in enumerate(branches) if _kind_fits(branch, error.instance)]
        if len(meant) != 1:
            yield error
            continue
        yield from _leaves(part for part in error.context or () if part.schema_path[0] == meant[0])


def _kind_fits(schema: Schema, node: Any) -> bool:
    if "anyOf" in schema:
        return any(_kind_fits(language().target(branch), node) for branch in schema["anyOf"])
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return any(validator().is_type(node, name) for name in types)


def _object_fault(scope: Scope, error: ValidationError, steps: Path) -> set[Path]:
    """Reports what is wrong with the keys of a mapping; the paths of what is at fault."""
    node, schema = error.instance, error.schema
    assert isinstance(node, MapNode) and isinstance(schema, Mapping)
    block = _Block(scope, node, schema, (*scope.steps, *steps))
    match error.validator:
        case "additionalProperties":
            block.tell_unknown()
            return {(*steps, key) for key in block.unknown}
        case "minProperties":
            block.tell_empty()
        case _:
            block.tell_missing()
    return {steps}


@dataclass(slots=True)
class _Block:
    """A mapping whose keys the schema refuses, with the path that leads to it."""

    scope: Scope
    node: MapNode
    schema: Schema
    path: Path
    unknown: dict[str, str | None] = field(init=False)
    """The keys that aren't known, each with the one that was probably meant."""
    missing: list[str] = field(init=False)

    def __post_init__(self) -> None:
        closed = self.schema["additionalProperties"] is False
        strange = [key for key in self.node if key not in self.known] if closed else []
        self.unknown = {key: _meant(key, self.known, self.schema) for key in strange}
        self.missing = [key for key in self.schema.get("required", ()) if key not in self.node]

    @property
    def known(self) -> Schema:
        """The keys that may be there."""
        found: Schema = self.schema.get("properties", {})
        return found

    @property
    def messages(self) -> Mapping[str, str]:
        """What the schema itself says of some faults."""
        found: Mapping[str, str] = self.schema.get("x-messages", {})
        return found

    def tell_unknown(self) -> None:
        """Each key that isn't known, at its own place."""
        for key, meant in self.unknown.items():
            path, message = self.path, self.messages.get("additionalProperties")
            if message is None and _secret(path) and meant is None:
                message = f"this key isn't known; {_known(self.known)}"
            elif message is None:
                path = (*path, key)
                message = f"there is no key {_short(key)} here; {_instead(key, meant, self.known)}"
            self.scope.tell(Origin(self.scope.file, *self.node.place(key)), path, message)

    def tell_empty(self) -> None:
        """That nothing is there, unless more can be said."""
        if not self.unknown and not self.missing:
            self._tell(self.messages.get("minProperties", "nothing is written here"))

    def tell_missing(self) -> None:
        """What is missing, unless a key that isn't known is a misspelling of it.

        jsonschema tells of each missing key by itself; the same sentence twice is kept once.
        """
        misspelt = set(self.missing) <= set(self.unknown.values())
        if misspelt or (self.unknown and "additionalProperties" in self.messages):
            return
        words = " and ".join(f"`{key}`" for key in self.missing)
        self._tell(f"{words} {'is' if len(self.missing) == 1 else 'are'} missing")

    def _tell(self, message: str) -> None:
        self.scope.tell(self.scope.origin(self.node), self.path, message)


def _instead(key: str, meant: str | None, known: Schema) -> str:
    """What to write instead of an unknown key."""
    if meant:
        return f"did you mean {meant!r}?" if meant in known else f"write {meant}"
    if "match" in known and key in language().schema["definitions"]["selector"]["properties"]:
        return "if it says which photos are meant, write it below `match`"
    if "latitude" in known and key.isdecimal():
        return "a number is written with a point (43.1), not with a comma"
    return _known(known)


def _secret(path: Path) -> bool:
    """Whether what stands there is never shown, as it may be an API key in the wrong place."""
    return path[:1] == ("server",)


def _meant(word: str, known: Iterable[str], schema: Schema, cutoff: float = NEAR) -> str | None:
    """The known word that was probably meant."""
    words = list(known)
    lower = word.strip().lower().replace("-", "_")
    synonym: str | None = schema.get("x-synonyms", {}).get(lower)
    if synonym is not None:
        return synonym
    if lower in words:
        return lower
    near = difflib.get_close_matches(lower[:40], words, n=1, cutoff=cutoff)
    if near:
        return near[0]
    begun = [known_word for known_word in words if len(lower) >= 3 and known_word.startswith(lower)]
    return begun[0] if len(begun) == 1 else None


def _known(words: Iterable[str]) -> str:
    found = list(words)
    return f"known are {_listed(found)}" if len(found) > 1 else f"only {_listed(found)} is known"


def nearest(word: str, known: Iterable[str], cutoff: float = NEAR) -> str:
    """`; did you mean 'x'?` for a word that isn't known, or nothing."""
    meant = _meant(word, known, {}, cutoff)
    return f"; did you mean {meant!r}?" if meant else ""


def _message(error: ValidationError, steps: Path, scope: Scope) -> str:
    node, schema, keyword = error.instance, error.schema, str(error.validator)
    assert isinstance(schema, Mapping)
    text = node.text if isinstance(node, Scalar) else ""
    if text in schema.get("x-refused", {}):
        return str(schema["x-refused"][text])
    messages = schema.get("x-messages", {})
    if keyword in messages and keyword != "type":
        return str(messages[keyword])
    if keyword == "minItems":
        return "the list is empty; write at least one, or leave the key out"
    if keyword == "enum" and text:
        return _not_one_of(text, _value(error), schema)
    wanted = list(dict.fromkeys(_kinds(schema)))
    own = {"pattern": schema.get("patternErrorMessage"), "type": messages.get("type")}.get(keyword)
    own = own or schema.get("errorMessage")
    secret = _secret((*scope.steps, *steps))
    hint = "" if secret else _hint(wanted, node)
    asked = own or f"write {_listed(wanted, 'or')}"
    return f"{asked}; here is {_got(node, secret)}{hint}"


def _hint(wanted: list[str], node: object) -> str:
    """What to do about quotes and words that only look like what is wanted."""
    if not isinstance(node, Scalar):
        return ""
    if (isinstance(node.value, bool) or (node.value is None and node.text)) and "text" in wanted:
        return " (put the word in quotes if it is a name)"
    if not isinstance(node.value, str):
        return ""
    lower = node.text.lower()
    if "true or false" in wanted and lower in _TRUTH:
        return f" (write {_TRUTH[lower]}, without quotes)"
    if {"a number", "a whole number"} & set(wanted) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", lower):
        return " (write it without quotes and without zeros in front)"
    return ""


def _not_one_of(text: str, values: list[str], schema: Schema) -> str:
    meant = _meant(text, values, schema)
    asked = f"; did you mean {meant!r}?" if meant else ""
    return f"{_short(text)} is not one of {_listed(values)}{asked}"


def _kinds(schema: Schema) -> list[str]:
    """What a schema wants, in words."""
    if "anyOf" in schema:
        return [word for branch in schema["anyOf"] for word in _kinds(language().target(branch))]
    if "enum" in schema:
        return [f"one of {_listed(schema['enum'], 'or')}"]
    types = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    words = ["text"] if "string" in types else []
    return words + [
        _KIND_WORDS[name] for name in types if name in _KIND_WORDS and (name != "number" or not words)
    ]


def _got(node: object, secret: bool) -> str:
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a block of keys and values"
    assert isinstance(node, Scalar)
    if node.value is None:
        return "nothing" if not node.text else "null"
    if isinstance(node.value, str):
        return "text" if secret else _short(node.text)
    return "a number" if secret else node.text[:40]


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _listed(words: Iterable[str], last: str = "and") -> str:
    found = list(words)
    return (
        ", ".join(found) if len(found) < 2 or last == "and" else f"{', '.join(found[:-1])} {last} {found[-1]}"
    )
