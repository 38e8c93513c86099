"""Checks what a request says, and says what is wrong in the words of either version (FACTS 7).

2.x has a list of sentences, 3.x a list of issues; only the parts clients read are told apart here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.sandbox.clock import parse_instant
from reconciler.sandbox.errors import ApiError
from reconciler.sandbox.versions import Version

UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
COLOR = re.compile(r"#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
STRICT_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: sentences for 2.x, one issue for 3.x."""

    path: tuple[str | int, ...]
    sentences: tuple[str, ...]
    code: str
    message: str
    alone: bool = False
    """2.x answers with the sentence itself instead of a list of one."""

    def issue(self) -> dict[str, Any]:
        return {"code": self.code, "path": list(self.path), "message": self.message}


Check = Callable[["Context", Any], Any]


@dataclass(frozen=True, slots=True)
class Context:
    """Where a value stands: its field's name, and the version that judges it."""

    name: str
    path: tuple[str | int, ...]
    version: Version
    from_query: bool
    in_list: bool = False

    @property
    def subject(self) -> str:
        return f"each value in {self.name}" if self.in_list else self.name

    def fail(self, *endings: str, code: str = "invalid_type", message: str, alone: bool = False) -> _Invalid:
        """`endings` follow the field's name in the sentences of 2.x."""
        sentences = tuple(f"{self.subject} {ending}" for ending in endings)
        return _Invalid([Problem(self.path, sentences, code, message, alone)])

    def wrong_type(self, value: Any, wanted: str, *endings: str) -> _Invalid:
        return self.fail(*endings, message=f"Invalid input: expected {wanted}, received {_type_name(value)}")


class _Invalid(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Field:
    """What a field must be. Without `required` it may be missing, with `nullable` it may be null."""

    check: Check
    required: bool = False
    nullable: bool = False
    nullable_old: bool | None = None
    """Whether null is allowed in 2.x, where that differs."""

    def allows_null(self, version: Version) -> bool:
        if version.old_error_form and self.nullable_old is not None:
            return self.nullable_old
        return self.nullable

    def needed(self) -> Field:
        return replace(self, required=True)

    def or_null(self, *, old: bool | None = None) -> Field:
        return replace(self, nullable=True, nullable_old=old)


Schema = Mapping[str, Field]


def read_fields(
    schema: Schema,
    given: Any,
    version: Version,
    *,
    from_query: bool = False,
    path: tuple[str | int, ...] = (),
) -> dict[str, Any]:
    """The fields of the schema that are given, checked; unknown ones are dropped (FACTS 7).

    Raises ApiError 400 with all problems at once.
    """
    values, problems = _read(schema, given, version, from_query, path)
    if problems:
        raise validation_error(problems, version)
    return values


def validation_error(problems: Sequence[Problem], version: Version) -> ApiError:
    if not version.old_error_form:
        return ApiError(400, "Validation failed", [problem.issue() for problem in problems])
    if any(problem.alone for problem in problems):
        return ApiError(400, next(problem.sentences[0] for problem in problems if problem.alone))
    return ApiError(400, [sentence for problem in problems for sentence in problem.sentences])


def custom_problem(
    message: str, version: Version, *sentences: str, path: tuple[str | int, ...] = ()
) -> ApiError:
    """A rule over several fields that is not kept."""
    return validation_error([Problem(path, sentences or (message,), "custom", message)], version)


def _read(
    schema: Schema, given: Any, version: Version, from_query: bool, path: tuple[str | int, ...]
) -> tuple[dict[str, Any], list[Problem]]:
    fields: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, field in schema.items():
        value = fields.get(name, _NOTHING)
        if value is _NOTHING and not field.required:
            continue
        if value is None and field.allows_null(version):
            values[name] = None
            continue
        shown = ".".join(str(part) for part in (*path, name))
        try:
            values[name] = field.check(Context(shown, (*path, name), version, from_query), value)
        except _Invalid as invalid:
            problems += invalid.problems
    return values, problems


# -- kinds of fields ---------------------------------------------------------------------


def text(*, filled: bool = False, filled_in_old: bool = False, color: bool = False) -> Field:
    """A string; `filled`: not empty; `filled_in_old`: not empty in 2.x."""

    def check(at: Context, value: Any) -> str:
        must_be_filled = filled or (filled_in_old and at.version.old_error_form)
        if not isinstance(value, str):
            endings = ("should not be empty", "must be a string") if must_be_filled else ("must be a string",)
            raise at.wrong_type(value, "string", *(("must be a hexadecimal color",) if color else endings))
        if must_be_filled and not value:
            raise at.fail(
                "should not be empty",
                code="too_small",
                message="Too small: expected string to have >=1 characters",
            )
        if color and not COLOR.fullmatch(value):
            raise at.fail(
                "must be a hexadecimal color",
                code="invalid_format",
                message="Invalid string: must match pattern",
            )
        return value

    return Field(check)


def uuid4(*, filled_in_old: bool = False) -> Field:
    def check(at: Context, value: Any) -> str:
        if not isinstance(value, str):
            empty = ("should not be empty",) if filled_in_old else ()
            endings = (
                ("must be a UUID",)
                if at.in_list or at.from_query
                else ("must be a UUID", *empty, "must be a string")
            )
            raise at.wrong_type(value, "string", *endings)
        if not UUID_4.fullmatch(value):
            raise at.fail("must be a UUID", code="invalid_format", message="Invalid UUID")
        return value

    return Field(check)


def flag() -> Field:
    """A boolean; as text `true` or `false` in queries and forms, and everywhere in 2.x."""

    def check(at: Context, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if (at.from_query or at.version.lenient) and value in ("true", "false"):
            return bool(value == "true")
        if at.from_query:
            raise at.fail(
                "must be a boolean value",
                code="invalid_value",
                message='Invalid option: expected one of "true"|"false"',
            )
        raise at.wrong_type(value, "boolean", "must be a boolean value")

    return Field(check)


def whole(minimum: int | None = None, maximum: int | None = None, *, convert: bool = False) -> Field:
    """An integer; `convert`: 2.x takes it as text too."""

    def check(at: Context, value: Any) -> int:
        if convert and (at.version.lenient or at.from_query) and isinstance(value, str) and _is_number(value):
            value = float(value)
        limits = [
            *([f"must not be less than {minimum}"] if minimum is not None else []),
            *([f"must not be greater than {maximum}"] if maximum is not None else []),
        ]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise at.wrong_type(value, "number", *limits, "must be an integer number")
        if value != int(value):
            raise at.fail("must be an integer number", message="Invalid input: expected int, received number")
        if minimum is not None and value < minimum:
            raise at.fail(
                limits[0], code="too_small", message=f"Too small: expected number to be >={minimum}"
            )
        if maximum is not None and value > maximum:
            raise at.fail(limits[-1], code="too_big", message=f"Too big: expected number to be <={maximum}")
        return int(value)

    return Field(check)


def number() -> Field:
    """A number, whole or not, of a structured filter: only 3.2 has it."""

    def check(at: Context, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise at.wrong_type(value, "number", "must be a number")
        return value

    return Field(check)


def degrees(kind: str, limit: int) -> Field:
    """A latitude or longitude. 2.x refuses numbers that it prints with an exponent (FINDINGS 9)."""

    def check(at: Context, value: Any) -> float:
        endings = (f"must be a {kind} string or number",)
        if value is None or value is _NOTHING:
            raise at.wrong_type(value, "number", "should not be empty", *endings)
        if at.version.lenient and isinstance(value, str) and _is_number(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise at.wrong_type(value, "number", *endings)
        if abs(value) > limit:
            side = ("too_big", f"Too big: expected number to be <={limit}")
            if value < 0:
                side = ("too_small", f"Too small: expected number to be >=-{limit}")
            raise at.fail(*endings, code=side[0], message=side[1])
        if at.version.lenient and 0 < abs(value) < 1e-6:
            raise at.fail(*endings, message="Invalid input")
        return float(value)

    return Field(check)


def one_of(*allowed: str, filled_in_old: bool = False) -> Field:
    def check(at: Context, value: Any) -> str:
        if value in allowed and isinstance(value, str):
            return value
        empty = ("should not be empty",) if filled_in_old and value is _NOTHING else ()
        raise at.fail(
            *empty,
            f"must be one of the following values: {', '.join(allowed)}",
            code="invalid_value",
            message="Invalid option: expected one of " + "|".join(f'"{name}"' for name in allowed),
        )

    return Field(check)


def instant() -> Field:
    """A date of a filter or a form, in milliseconds; 3.x wants date, time and offset (FACTS 7)."""

    def check(at: Context, value: Any) -> int:
        found = parse_instant(value) if isinstance(value, str) else None
        if found is None or not (at.version.lenient or STRICT_INSTANT.fullmatch(value)):
            raise at.fail(
                "must be a date string",
                code="invalid_format",
                message=f"Invalid input: expected ISO 8601 datetime string, received {_type_name(value)}",
                alone=True,
            )
        return found[0]

    return Field(check)


def listed(item: Field, *, minimum: int = 0, filled: bool = False) -> Field:
    """A list. `filled`: in other words, not empty.

    A single value in a query counts as a list of one before 3.0 only (seen on 2.5.6 and 3.1.0).
    """

    def check(at: Context, value: Any) -> list[Any]:
        if at.from_query and isinstance(value, str) and at.version.old_error_form:
            value = [value]
        if value is _NOTHING and at.version.old_error_form:
            raise _missing_list(at, item)
        if not isinstance(value, list):
            raise at.wrong_type(value, "array", "must be an array")
        if len(value) < (least := max(minimum, filled)):
            raise at.fail(
                "should not be empty" if filled else f"must contain at least {least} elements",
                code="too_small",
                message=f"Too small: expected array to have >={least} items",
            )
        return _items(at, item, value)

    return Field(check)


def nested(schema: Schema, *, closed: bool = False, empty: str | None = None) -> Field:
    """An object with fields of its own. `closed`: and no others; `empty`: what to say where none is given."""

    def check(at: Context, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise at.wrong_type(value, "object", "must be an object")
        found, problems = _read(schema, value, at.version, at.from_query, at.path)
        if closed and (others := [name for name in value if name not in schema]):
            names = ", ".join(f'"{name}"' for name in others)
            message = f"Unrecognized key{'s' if len(others) > 1 else ''}: {names}"
            problems.append(Problem(at.path, (message,), "unrecognized_keys", message))
        if not problems and not found and empty is not None:
            problems.append(Problem(at.path, (empty,), "custom", empty))
        if problems:
            raise _Invalid(problems)
        return found

    return Field(check)


def _items(at: Context, item: Field, values: Iterable[Any]) -> list[Any]:
    found, problems = [], []
    for index, value in enumerate(values):
        try:
            found.append(item.check(replace(at, path=(*at.path, index), in_list=True), value))
        except _Invalid as invalid:
            problems += invalid.problems
    if problems:
        # 2.x has one sentence for all wrong items of a list
        sentences = dict.fromkeys(sentence for problem in problems for sentence in problem.sentences)
        first, *others = problems
        raise _Invalid(
            [replace(first, sentences=tuple(sentences)), *(replace(p, sentences=()) for p in others)]
        )
    return found


def _missing_list(at: Context, item: Field) -> _Invalid:
    try:
        item.check(replace(at, in_list=True), _NOTHING)
        each: tuple[str, ...] = ()
    except _Invalid as invalid:
        each = invalid.problems[0].sentences
    message = "Invalid input: expected array, received undefined"
    sentences = (*each, f"{at.name} should not be empty", f"{at.name} must be an array")
    return _Invalid([Problem(at.path, sentences, "invalid_type", message)])


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", value.strip()) is not None


def _type_name(value: Any) -> str:
    if value is _NOTHING:
        return "undefined"
    if value is None:
        return "null"
    names = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "unknown")
