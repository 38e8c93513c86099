"""Blocks of keys → selectors, and the names of single photos."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.config.dates import BadDate, read_span
from reconciler.config.nodes import ListNode, MapNode, Node, Scalar
from reconciler.config.reading import Clock, items, mapping, scalar, scalars, texts
from reconciler.config.report import Scope
from reconciler.model.conditions import (
    AddedBetween,
    ChecksumIs,
    DescriptionContains,
    DescriptionFits,
    FavoriteIs,
    Has,
    HasTag,
    IdIs,
    InAlbum,
    InAnyAlbum,
    InFolder,
    Part,
    RatingWithin,
    TakenBetween,
    TakenWithin,
    TextField,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.desired import PhotoName
from reconciler.model.selectors import All, AnyOf, Not, Selector
from reconciler.model.text import TextMatcher, is_pattern
from reconciler.model.values import AssetType, Visibility, normal_checksum, normal_tag

NAMING = frozenset({"id", "checksum", "path", "file"})
"""The keys by which one photo can be named; `taken` may narrow a file."""


@dataclass(frozen=True, slots=True)
class Selecting:
    """Where selectors are read: whose problems, by which clock, and inside which album's own rule."""

    scope: Scope
    clock: Clock
    album: str | None = None


Reader = Callable[[Selecting, Node], Selector | None]


def read_match(where: Selecting, node: Node) -> Selector | None:
    """A block of keys, or a list of them of which one must hold; None after an error."""
    if isinstance(node, ListNode):
        return _joined(AnyOf, [_read_block(where, mapping(item)) for item in node])
    return _read_block(where, mapping(node))


def _read_block(where: Selecting, node: MapNode) -> Selector | None:
    return _joined(All, [_READERS[key](where, value) for key, value in node.items()])


def _joined(kind: type[All] | type[AnyOf], parts: list[Selector | None]) -> Selector | None:
    """One selector of several; of a single one that itself; None where one of them is in error."""
    whole = tuple(part for part in parts if part is not None)
    if len(whole) < len(parts):
        return None
    return whole[0] if len(whole) == 1 else kind(whole)


def _ids(where: Selecting, node: Node) -> Selector:  # noqa: ARG001 (one of the readers)
    return IdIs(frozenset(text.lower() for text in texts(node)))


def _checksums(where: Selecting, node: Node) -> Selector | None:
    found = [read_checksum(where.scope, part) for part in scalars(node)]
    known = frozenset(checksum for checksum in found if checksum is not None)
    return ChecksumIs(known) if len(known) and None not in found else None


def read_checksum(scope: Scope, node: Scalar) -> str | None:
    """A checksum in base64; None after an error."""
    try:
        return normal_checksum(node.text.strip())
    except ValueError as error:
        scope.error(node, str(error))
        return None


def _text(field: TextField) -> Callable[[Selecting, Node], Selector]:
    def read(where: Selecting, node: Node) -> Selector:  # noqa: ARG001 (one of the readers)
        return TextIs(field, TextMatcher.of(texts(node)))

    return read


def _folders(where: Selecting, node: Node) -> Selector | None:
    for part in scalars(node):
        if not part.text.strip("/"):
            where.scope.error(part, "this would be every folder; name one, such as 2024/italy")
            return None
    return InFolder(texts(node))


def _types(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return TypeIs(frozenset(AssetType(text) for text in texts(node)))


def _taken(where: Selecting, node: Node) -> Selector | None:
    try:
        span = read_span(scalar(node).text)
    except BadDate as error:
        where.scope.error(node, str(error))
        return None
    aware = any(end is not None and end.tzinfo is not None for end in (span.start, span.end))
    return TakenBetween(span.start, span.end) if aware else TakenWithin(span.start, span.end)


def _added(where: Selecting, node: Node) -> Selector | None:
    try:
        span = read_span(scalar(node).text)
        return AddedBetween(_in_zone(span.start, where.clock, 0), _in_zone(span.end, where.clock, 1))
    except BadDate as error:
        where.scope.error(node, str(error))
    except OverflowError:
        where.scope.error(node, "this is outside the years 1 to 9999")
    return None


def _in_zone(moment: datetime | None, clock: Clock, fold: int) -> datetime | None:
    """The instant of a date by the default clock; `fold` 1 is the second of an hour that came twice."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=clock.zone or UTC, fold=fold).astimezone(UTC)


def _block_of(readers: Mapping[str, Reader]) -> Reader:
    """A reader of a block whose keys each have a reader of their own."""

    def read(where: Selecting, node: Node) -> Selector | None:
        return _joined(All, [readers[key](where, value) for key, value in mapping(node).items()])

    return read


def _tags(where: Selecting, node: Node) -> Selector | None:
    return _all_any_none(where, node, _tag, All)


def _tag(where: Selecting, node: Scalar) -> Selector | None:
    branch = node.text.endswith("/*")
    path = normal_tag(node.text.removesuffix("/*") if branch else node.text)
    if not path:
        where.scope.error(node, "a tag needs a name; for photos that have any tag write `has: tags`")
        return None
    if "*" in path:
        where.scope.error(
            node, "only a * after the last slash stands for other tags: Trips/* is Trips and all below"
        )
        return None
    return HasTag(path, branch)


def _albums(where: Selecting, node: Node) -> Selector | None:
    return _all_any_none(where, node, lambda _, part: InAlbum(part.text), AnyOf)


def _all_any_none(
    where: Selecting,
    node: Node,
    read: Callable[[Selecting, Scalar], Selector | None],
    plain: type[All] | type[AnyOf],
) -> Selector | None:
    """A name, a list of names joined by `plain`, or names below `all`, `any` and `none`."""
    if not isinstance(node, MapNode):
        return _joined(plain, [read(where, part) for part in scalars(node)])
    parts: list[Selector | None] = []
    for key, value in node.items():
        one = _joined(All if key == "all" else AnyOf, [read(where, part) for part in scalars(value)])
        parts.append(Not(one) if one is not None and key == "none" else one)
    return _joined(All, parts)


def _in_album(where: Selecting, node: Node) -> Selector:
    selector = InAnyAlbum(where.album)
    return selector if scalar(node).value else Not(selector)


def _favorite(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return FavoriteIs(scalar(node).value is True)


_COMPARED = re.compile(r"(>=|<=|>|<) *([1-5])")


def _rating(where: Selecting, node: Node) -> Selector | None:
    value = scalar(node).value
    if value is None or value == "unrated":
        return RatingWithin(unrated=True, low=1, high=0)
    if not isinstance(value, str):
        return RatingWithin(int(value), int(value))
    low, high = _rating_range(value)
    if low > high:
        where.scope.error(node, f"no rating is {value}; ratings go from 1 to 5, and a range from low to high")
        return None
    return RatingWithin(low, high)


def _rating_range(text: str) -> tuple[int, int]:
    if compared := _COMPARED.fullmatch(text):
        sign, stars = compared[1], int(compared[2])
        return {">=": (stars, 5), ">": (stars + 1, 5), "<=": (1, stars), "<": (1, stars - 1)}[sign]
    low, _, high = text.partition("..")
    return int(low), int(high or low)


def _visibility(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return VisibilityIs(frozenset(Visibility(text) for text in texts(node)))


def _description(where: Selecting, node: Node) -> Selector | None:
    if isinstance(node, Scalar):
        return _contains(where, node)
    return _block_of({"contains": _contains, "regex": _fits})(where, node)


def _contains(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return DescriptionContains(scalar(node).text)


def _fits(where: Selecting, node: Node) -> Selector | None:
    try:
        with warnings.catch_warnings():
            # Python would warn on stderr of what later versions may read differently.
            warnings.simplefilter("ignore")
            return DescriptionFits(scalar(node).text)
    except (re.error, OverflowError, RecursionError) as error:
        where.scope.error(node, f"this is no regular expression: {error}")
        return None


def _has(where: Selecting, node: Node) -> Selector | None:  # noqa: ARG001
    if isinstance(node, MapNode):
        return _joined(All, [Has(Part(key), scalar(value).value is True) for key, value in node.items()])
    return _joined(All, [Has(Part(text)) for text in texts(node)])


def _several(kind: type[All] | type[AnyOf]) -> Callable[[Selecting, Node], Selector | None]:
    def read(where: Selecting, node: Node) -> Selector | None:
        return _joined(kind, [_read_block(where, mapping(item)) for item in items(node)])

    return read


def _not(where: Selecting, node: Node) -> Selector | None:
    inner = read_match(where, node)
    return None if inner is None else Not(inner)


_READERS: Mapping[str, Reader] = {
    "id": _ids,
    "checksum": _checksums,
    "path": _text(TextField.PATH),
    "folder": _folders,
    "file": _text(TextField.FILE),
    "type": _types,
    "taken": _taken,
    "added": _added,
    "camera": _block_of(
        {"make": _text(TextField.MAKE), "model": _text(TextField.MODEL), "lens": _text(TextField.LENS)}
    ),
    "place": _block_of(
        {"country": _text(TextField.COUNTRY), "state": _text(TextField.STATE), "city": _text(TextField.CITY)}
    ),
    "tags": _tags,
    "album": _albums,
    "in_album": _in_album,
    "favorite": _favorite,
    "rating": _rating,
    "visibility": _visibility,
    "description": _description,
    "has": _has,
    "any": _several(AnyOf),
    "all": _several(All),
    "not": _not,
}


def is_name(node: Node) -> bool:
    """Whether a block names one photo: by checksum, path, id or file, each once and without wildcards."""
    if not isinstance(node, MapNode) or not NAMING & node.keys() or node.keys() - NAMING - {"taken"}:
        return False
    if "taken" in node and "file" not in node:
        return False
    return all(
        isinstance(value, Scalar) and not (key in ("path", "file") and is_pattern(value.text))
        for key, value in node.items()
    )


def read_name(where: Selecting, node: MapNode) -> PhotoName | None:
    """The name of one photo, from a block that is one; None after an error."""
    parts = {key: scalar(value) for key, value in node.items()}
    found = {key: _READERS[key](where, value) for key, value in parts.items()}
    selector = _joined(All, list(found.values()))
    if selector is None:
        return None
    written = {key: part.text for key, part in parts.items()}
    checksum = found.get("checksum")
    return PhotoName(
        selector=selector,
        text=_name_text(written),
        origin=where.scope.origin(node),
        id=written["id"].lower() if "id" in written else None,
        checksum=next(iter(checksum.checksums)) if isinstance(checksum, ChecksumIs) else None,
        path=written.get("path"),
        file=written.get("file"),
    )


def _name_text(written: Mapping[str, str]) -> str:
    """How messages name the photo: `IMG_0533.jpg (2024-06-12)`, `checksum 2fd4...`."""
    words = [f"{key} {written[key]}" for key in ("path", "checksum", "id") if key in written]
    if "file" in written:
        taken = f" ({written['taken']})" if "taken" in written else ""
        words.insert(0, written["file"] + taken)
    return ", ".join(words)


def read_photo(where: Selecting, node: MapNode) -> PhotoName | None:
    """The name of one photo where nothing else may stand; None after an error."""
    scope = where.scope
    if node.damaged:
        return None
    if not NAMING & node.keys():
        scope.error(
            node, "`taken` alone names no photo; write file, checksum, path or id, or put a rule into `match`"
        )
    elif "taken" in node and "file" not in node:
        scope.error(node["taken"], "`taken` only narrows a file name; write `file` with it, or leave it out")
    elif is_name(node):
        return read_name(where, node)
    else:
        for key in ("path", "file"):
            part = node.get(key)
            if isinstance(part, Scalar) and is_pattern(part.text):
                scope.error(
                    part,
                    f"{part.text!r} has wildcards (* ? [), so it is a rule, which belongs into `match`; "
                    "a file that is really called so can be named by its checksum",
                )
    return None
