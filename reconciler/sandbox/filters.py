"""The structured filter of a search, from 3.2 on, as SQL (FACTS 10).

`ne`, `notIn` and `notLike` find only what has a value, in SQLite as in the server's database.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox.errors import Failed, bad_request
from reconciler.sandbox.search import (
    CARRIES_ANY_TAG,
    SEARCH,
    STATISTICS,
    VISIBILITIES,
    Query,
    normal_checksum,
)
from reconciler.sandbox.store.database import GIVEN, plain
from reconciler.sandbox.versions import Version

Branch = Mapping[str, Mapping[str, Any]]

_COMPARISONS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_LISTS = {"in": "IN", "notIn": "NOT IN"}
# each with its pattern; the text itself may hold wildcards, which the server does not disarm
_PATTERNS = {
    "like": ("LIKE", "%{}%"),
    "notLike": ("NOT LIKE", "%{}%"),
    "startsWith": ("LIKE", "{}%"),
    "endsWith": ("LIKE", "%{}"),
}
_MOST_VALUES = 65_520
"""In all lists of one search together: a statement of the server's database has 65,535 places in all."""
_WHOLE = {"rating": 2**31, "fileSizeInBytes": 2**63}


def _operators(operand: v.Field, *names: str, nullable: bool = False) -> v.Field:
    """One field's operators, of which at least one must be given; `eq` and `ne` may ask for null."""
    kinds = {name: v.listed(operand, minimum=1) if name in _LISTS else operand for name in names}
    if nullable:
        kinds |= {name: operand.or_null() for name in ("eq", "ne")}
    missing = f"At least one of the following fields is required: {', '.join(names)}"
    return v.nested(kinds, empty=missing)


def _set() -> v.Field:
    names = ("any", "all", "none")
    missing = f"At least one of the following fields is required: {', '.join(names)}"
    return v.nested(dict.fromkeys(names, v.listed(v.uuid4(), minimum=1)), empty=missing)


_TEXT = ("eq", "ne", "in", "notIn")
_RANGE = ("eq", "ne", "lt", "lte", "gt", "gte")
_DATES = ("eq", "ne", "gt", "gte", "lt", "lte")  # in another order in the server's messages
_CHECKSUM = _operators(v.text(), *_TEXT)
_NAME = _operators(v.text(), *_TEXT, nullable=True)
_PATTERN = v.nested(
    {
        **dict.fromkeys(("eq", "ne"), v.text().or_null()),
        **dict.fromkeys(("in", "notIn"), v.listed(v.text(), minimum=1)),
        **dict.fromkeys(_PATTERNS, v.text(filled=True)),
    },
    empty=f"At least one of the following fields is required: {', '.join((*_TEXT, *_PATTERNS))}",
)

# the column that each field compares, and what it may be compared with
_COLUMNS: Mapping[str, tuple[str, v.Field]] = {
    "id": ("asset.id", _operators(v.uuid4(), "eq", "ne")),
    "libraryId": ("library_id", _operators(v.uuid4(), "eq", "ne", nullable=True)),
    "type": ("type", _operators(v.one_of("IMAGE", "VIDEO", "AUDIO", "OTHER"), *_TEXT)),
    "visibility": ("visibility", _operators(v.one_of(*VISIBILITIES), *_TEXT)),
    "city": ("city", _NAME),
    "state": ("state", _NAME),
    "country": ("country", _NAME),
    "make": ("make", _NAME),
    "model": ("model", _NAME),
    "lensModel": ("lens_model", _NAME),
    "description": ("description", _PATTERN),
    "originalFileName": ("original_file_name", _PATTERN),
    "originalPath": ("original_path", _PATTERN),
    "rating": ("rating", _operators(v.number(), *_RANGE, "in", "notIn", nullable=True)),
    "fileSizeInBytes": ("file_size", _operators(v.number(), *_RANGE, "in", "notIn")),
    "takenAt": ("file_created_at", _operators(v.instant(), *_DATES)),
    "createdAt": ("asset.created_at", _operators(v.instant(), *_DATES)),
    "updatedAt": ("asset.updated_at", _operators(v.instant(), *_DATES)),
    "trashedAt": ("deleted_at", _operators(v.instant(), *_DATES, nullable=True)),
    "checksum": ("checksum", _CHECKSUM),
}
_FLAGS = {
    "isFavorite": "is_favorite",
    "isMotion": "(live_photo_video_id IS NOT NULL)",
    "isOffline": "is_offline",
    "isEncoded": "(type = 'VIDEO')",
    "hasAlbums": "(asset.id IN (SELECT asset_id FROM album_asset))",
    "hasPeople": "(asset.id IN (SELECT asset_id FROM face))",
    "hasTags": "(asset.id IN (SELECT asset_id FROM tag_asset))",
}
_SETS = {
    "personIds": f"asset.id IN (SELECT asset_id FROM face WHERE person_id IN {GIVEN})",
    "tagIds": CARRIES_ANY_TAG,
    "albumIds": f"asset.id IN (SELECT asset_id FROM album_asset WHERE album_id IN {GIVEN})",
}
_ENCODED_PATH = "('encoded-video/' || owner_id || '/' || asset.id || '.mp4')"
_BRANCH: v.Schema = {
    **{name: operators for name, (_, operators) in _COLUMNS.items()},
    **dict.fromkeys(_FLAGS, v.nested({"eq": v.flag().needed()})),
    **dict.fromkeys(_SETS, _set()),
    "ocr": v.nested({"matches": v.text(filled=True).needed()}),
    "encodedVideoPath": _CHECKSUM,
}
_FILTER = v.nested(
    {
        **_BRANCH,
        "or": v.listed(
            v.nested(_BRANCH, closed=True, empty="At least one filter condition is required"), minimum=1
        ),
    },
    closed=True,
)
_ORDER_COLUMNS = {
    "fileCreatedAt": "file_created_at",
    "localDateTime": "local_date_time",
    "fileSizeInBytes": "file_size",
    "rating": "rating",
}
_ORDER = v.nested({"field": v.one_of(*_ORDER_COLUMNS), "direction": v.one_of("asc", "desc")})
_NEW_FIELDS = ("filter", "orderBy", "cursor")
_BOTH = {*_NEW_FIELDS, "size", "withExif", "withPeople", "withStacked"}
_STRUCTURED_SEARCH: v.Schema = {**SEARCH, "filter": _FILTER, "orderBy": _ORDER, "cursor": v.text(filled=True)}
_STRUCTURED_STATISTICS: v.Schema = {**STATISTICS, "filter": _FILTER}


def search_fields(version: Version) -> v.Schema:
    return _STRUCTURED_SEARCH if version.structured_search else SEARCH


def statistics_fields(version: Version) -> v.Schema:
    return _STRUCTURED_STATISTICS if version.structured_search else STATISTICS


def is_structured(asked: Mapping[str, Any], version: Version) -> bool:
    """Whether a checked request is one of the new form; raises ApiError 400 where it mixes both forms."""
    new = [name for name in _NEW_FIELDS if name in asked]
    if not new:
        return False
    problems = []
    for name in asked.keys() - _BOTH:
        message = f"Deprecated field {name} cannot be combined with {'/'.join(new)}"
        problems.append(v.Problem((name,), (message,), "custom", message))
    if problems:
        raise v.validation_error(problems, version)
    return True


def albums_in(asked: Mapping[str, Any]) -> set[str]:
    """Every album that the filter names: the caller must be allowed to read each of them."""
    sets = [branch.get("albumIds", {}) for branch in _branches(asked)]
    return {album.lower() for one in sets for albums in one.values() for album in albums}


def may_find_locked(asked: Mapping[str, Any]) -> bool:
    """Whether the filter asks for what lies in the locked folder, which is then refused."""
    top = asked.get("filter", {}).get("visibility")
    named = [branch["visibility"] for branch in _branches(asked) if "visibility" in branch]
    return any(_admits_locked(condition) for condition in ([top] if top else named))


def query_for(
    asked: Mapping[str, Any], owners: Sequence[str], caller: str, *, locked_open: bool, counting: bool = False
) -> Query:
    """The query for checked fields; access to the albums must be checked before.

    `owners` are those whose photos are in the caller's timeline. Photos in the trash are found like others.
    Raises Failed where the server's database refuses the statement.
    """
    _check_size(asked)
    top, branches = asked.get("filter", {}), list(_branches(asked))[1:]
    query = Query(needs_exif=True)
    if asked.get("withStacked") is False and not counting:
        query.add("stack_id IS NULL")
    query.add("(visibility <> 'locked' OR owner_id = ?)", caller)
    if not locked_open and "visibility" not in top:
        query.add("visibility <> 'locked'")
    _add_branch(query, top)
    by_branch = not _in_albums(top) and any(_in_albums(branch) for branch in branches)
    if not _in_albums(top) and not by_branch:
        query.add_owners(owners)
    if branches:
        alternatives = []
        for branch in branches:
            one = Query()
            _add_branch(one, branch)
            if by_branch and not _in_albums(branch):
                one.add_owners(owners)
            alternatives.append(one)
        any_of = _either([one.where for one in alternatives])
        query.add(any_of, *(param for one in alternatives for param in one.params))
    return query


def order_of(asked: Mapping[str, Any]) -> str:
    """What follows ORDER BY: the newest first unless asked otherwise, and what has no value last."""
    wanted = asked.get("orderBy", {})
    column = _ORDER_COLUMNS[wanted.get("field", "fileCreatedAt")]
    direction = "ASC" if wanted.get("direction") == "asc" else "DESC"
    return f"{column} {direction} NULLS LAST, asset.id {direction}"


def offset_of(asked: Mapping[str, Any]) -> int:
    """Where the page of the cursor begins. Raises ApiError 400 for a cursor that is none."""
    if "cursor" not in asked:
        return 0
    text = asked["cursor"].encode()
    try:
        offset = json.loads(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))["offset"]
    except (ValueError, binascii.Error, LookupError, TypeError):
        offset = None
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise bad_request("Invalid cursor")
    return offset


def cursor_at(offset: int) -> str:
    text = json.dumps({"offset": offset}, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _branches(asked: Mapping[str, Any]) -> Iterator[Branch]:
    top = asked.get("filter", {})
    yield {name: value for name, value in top.items() if name != "or"}
    yield from top.get("or", [])


def _admits_locked(condition: Mapping[str, Any]) -> bool:
    return (
        condition.get("eq", "locked") == "locked"
        and condition.get("ne") != "locked"
        and "locked" in condition.get("in", ["locked"])
        and "locked" not in condition.get("notIn", [])
    )


def _in_albums(branch: Branch) -> bool:
    """Whether the branch finds photos of certain albums only, and so those of all their owners."""
    return bool({"any", "all"} & branch.get("albumIds", {}).keys())


def _either(conditions: Sequence[str]) -> str:
    """Any of them, in pairs of pairs: SQLite refuses a thousand in a row, the server does not."""
    if len(conditions) == 1:
        return f"({conditions[0]})"
    middle = len(conditions) // 2
    return f"({_either(conditions[:middle])} OR {_either(conditions[middle:])})"


def _check_size(asked: Mapping[str, Any]) -> None:
    lists = (
        operand
        for branch in _branches(asked)
        for name, operators in branch.items()
        if name not in _SETS
        for operand in operators.values()
        if isinstance(operand, list)
    )
    if sum(map(len, lists)) > _MOST_VALUES:
        raise Failed("more values than a statement can have")


def _add_branch(query: Query, branch: Branch) -> None:
    for name, operators in branch.items():
        if name in _COLUMNS:
            _add_comparisons(query, name, _COLUMNS[name][0], operators)
        elif name in _FLAGS:
            query.add(f"{_FLAGS[name]} = ?", int(operators["eq"]))
        elif name in _SETS:
            _add_set(query, _SETS[name], operators)
        elif name == "encodedVideoPath":
            query.add("type = 'VIDEO'")
            _add_comparisons(query, name, _ENCODED_PATH, operators)
        elif name == "ocr":
            query.add("FALSE")  # no text is ever recognised here


def _add_comparisons(query: Query, name: str, column: str, operators: Mapping[str, Any]) -> None:
    operand = _OPERANDS.get(name, _as_it_is)
    for operator, value in operators.items():
        if operator in _PATTERNS:
            comparison, pattern = _PATTERNS[operator]
            if operator == "endsWith" and (len(value) - len(value.rstrip("\\"))) % 2:
                raise Failed("a pattern that ends in the middle of an escape")
            query.add(f"plain({column}) {comparison} ? ESCAPE '\\'", pattern.format(plain(value)))
        elif operator in _LISTS:
            values = json.dumps([operand(name, one) for one in value])
            query.add(f"{column} {_LISTS[operator]} {GIVEN}", values)
        elif value is None:
            query.add(f"{column} IS {'NOT ' if operator == 'ne' else ''}NULL")
        else:
            query.add(f"{column} {_COMPARISONS[operator]} ?", operand(name, value))


def _add_set(query: Query, sql: str, operators: Mapping[str, Sequence[str]]) -> None:
    wanted = {operator: [one.lower() for one in ids] for operator, ids in operators.items()}
    if "any" in wanted:
        query.add(sql, json.dumps(wanted["any"]))
    for one in dict.fromkeys(wanted.get("all", ())):
        query.add(sql, json.dumps([one]))
    if "none" in wanted:
        query.add(f"NOT {sql}", json.dumps(wanted["none"]))


def _as_it_is(_name: str, value: Any) -> Any:
    return value


def _whole(name: str, value: float) -> int:
    """The server's columns hold whole numbers, and its database fails on others."""
    if value != int(value) or not -_WHOLE[name] <= value < _WHOLE[name]:
        raise Failed("not a number of this column")
    return int(value)


_OPERANDS: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(_WHOLE, _whole),
    **dict.fromkeys(("id", "libraryId"), lambda _name, value: value.lower()),
    "checksum": lambda _name, value: normal_checksum(value),
}
