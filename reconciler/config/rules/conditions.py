"""The keys of a selector that ask something of a photo → conditions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping

from reconciler.config.reading import mapping, mappings, number, point, scalar, scalars, texts
from reconciler.config.report import Scope
from reconciler.config.rules.when import added, taken
from reconciler.config.rules.where import Reader, Selecting, joined
from reconciler.config.text.nodes import MapNode, Node, Scalar
from reconciler.config.values.amounts import BadAmount, read_bounds, read_distance
from reconciler.model.company import LibraryIs, OnlyPeople, PersonIs, Stacked
from reconciler.model.conditions import (
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
    TextField,
    TextFits,
    TextIs,
    TypeIs,
    VisibilityIs,
)
from reconciler.model.measures import Measure, NumberWithin, Shape, ShapeIs
from reconciler.model.owners import ANYBODY, ME, OwnerIs
from reconciler.model.places import InBox, Near
from reconciler.model.selectors import All, AnyOf, Not, Selector
from reconciler.model.text import TextMatcher
from reconciler.model.values import AssetType, Visibility, normal_checksum, normal_tag


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


def _patterns(field: TextField) -> Reader:
    """Names with wildcards, or `{ glob: ..., regex: ... }`."""
    whole = _text(field)
    block = _block_of({"glob": whole, "regex": _regex(lambda pattern: TextFits(field, pattern))})
    return lambda where, node: (block if isinstance(node, MapNode) else whole)(where, node)


def _folders(where: Selecting, node: Node) -> Selector | None:
    for part in scalars(node):
        if not part.text.strip("/"):
            where.scope.error(part, "this would be every folder; name one, such as 2024/italy")
            return None
    return InFolder(texts(node))


def _types(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return TypeIs(frozenset(AssetType(text) for text in texts(node)))


def _block_of(readers: Mapping[str, Reader]) -> Reader:
    """A reader of a block whose keys each have a reader of their own."""

    def read(where: Selecting, node: Node) -> Selector | None:
        return joined(All, [readers[key](where, value) for key, value in mapping(node).items()])

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
    return HasTag(path, branch, where.scope.origin(node))


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
        return joined(plain, [read(where, part) for part in scalars(node)])
    parts: list[Selector | None] = []
    for key, value in node.items():
        one = joined(All if key == "all" else AnyOf, [read(where, part) for part in scalars(value)])
        parts.append(Not(one) if one is not None and key == "none" else one)
    return joined(All, parts)


def _in_album(where: Selecting, node: Node) -> Selector:
    selector = InAnyAlbum(where.album)
    return selector if scalar(node).value else Not(selector)


def _favorite(where: Selecting, node: Node) -> Selector:
    return FavoriteIs(scalar(node).value is True, where.scope.origin(node))


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
    return _block_of({"contains": _contains, "regex": _regex(DescriptionFits)})(where, node)


def _contains(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return DescriptionContains(scalar(node).text)


def _regex(made: Callable[[str], Selector]) -> Reader:
    def read(where: Selecting, node: Node) -> Selector | None:
        try:
            with warnings.catch_warnings():
                # Python would warn on stderr of what later versions may read differently.
                warnings.simplefilter("ignore")
                return made(scalar(node).text)
        except (re.error, OverflowError, RecursionError) as error:
            where.scope.error(node, f"this is no regular expression: {error}")
            return None

    return read


def _has(where: Selecting, node: Node) -> Selector | None:
    origin = where.scope.origin
    if isinstance(node, MapNode):
        found = [Has(Part(key), scalar(value).value is True, origin(value)) for key, value in node.items()]
        return joined(All, [*found])
    return joined(All, [Has(Part(part.text), True, origin(part)) for part in scalars(node)])


def _lacks(where: Selecting, node: Node) -> Selector | None:
    return joined(All, [Has(Part(part.text), False, where.scope.origin(part)) for part in scalars(node)])


def _people(where: Selecting, node: Node) -> Selector | None:
    if not isinstance(node, MapNode):
        return _all_any_none(where, node, _person, All)
    rest = node.copied()
    only = rest.pop("only", None)
    found: list[Selector | None] = []
    if only is not None:
        found.append(OnlyPeople(tuple(_person(where, part) for part in scalars(only))))
    if rest:
        found.append(_all_any_none(where, rest, _person, All))
    return joined(All, found)


def _person(where: Selecting, node: Scalar) -> PersonIs:
    return PersonIs(node.text, where.scope.origin(node))


def _stacked(where: Selecting, node: Node) -> Selector:
    return Stacked(scalar(node).value is True, where.scope.origin(node))


def _owners(where: Selecting, node: Node) -> Selector | None:
    return joined(AnyOf, [_owner(where, part) for part in scalars(node)])


def _owner(where: Selecting, node: Scalar) -> OwnerIs:
    who = node.text.strip()
    return OwnerIs(who.lower() if who.lower() in (ME, ANYBODY) else who, where.scope.origin(node))


def _libraries(where: Selecting, node: Node) -> Selector | None:
    return joined(
        AnyOf,
        [
            LibraryIs(None if part.value is None else part.text, where.scope.origin(part))
            for part in scalars(node)
        ],
    )


def _measure(measure: Measure) -> Reader:
    def read(where: Selecting, node: Node) -> Selector | None:
        try:
            bounds = read_bounds(scalar(node).text, measure)
        except BadAmount as error:
            where.scope.error(node, str(error))
            return None
        return NumberWithin(measure, bounds.low, bounds.high, bounds.above, bounds.below)

    return read


def _shapes(where: Selecting, node: Node) -> Selector:  # noqa: ARG001
    return ShapeIs(frozenset(Shape(text) for text in texts(node)))


def _near(where: Selecting, node: Node) -> Selector | None:
    return joined(AnyOf, [_near_point(where, part) for part in mappings(node)])


def _near_point(where: Selecting, node: MapNode) -> Selector | None:
    if node.damaged:
        return None
    try:
        radius = read_distance(scalar(node["radius"]).text)
    except BadAmount as error:
        where.scope.error(node["radius"], str(error))
        return None
    return Near(point(node), radius)


def _box(where: Selecting, node: Node) -> Selector | None:
    return joined(AnyOf, [_one_box(where, part) for part in mappings(node)])


def _one_box(where: Selecting, node: MapNode) -> Selector | None:
    if node.damaged:
        return None
    south, west, north, east = (number(node[side]) for side in ("south", "west", "north", "east"))
    if south > north:
        where.scope.error(node["south"], "the south edge lies north of the north edge; swap the two")
        return None
    return InBox(south, west, north, east)


CONDITIONS: Mapping[str, Reader] = {
    "id": _ids,
    "checksum": _checksums,
    "path": _patterns(TextField.PATH),
    "folder": _folders,
    "file": _patterns(TextField.FILE),
    "library": _libraries,
    "owner": _owners,
    "type": _types,
    "taken": taken,
    "added": added,
    "camera": _block_of(
        {"make": _text(TextField.MAKE), "model": _text(TextField.MODEL), "lens": _text(TextField.LENS)}
    ),
    "place": _block_of(
        {"country": _text(TextField.COUNTRY), "state": _text(TextField.STATE), "city": _text(TextField.CITY)}
    ),
    "near": _near,
    "box": _box,
    "people": _people,
    "tags": _tags,
    "album": _albums,
    "in_album": _in_album,
    "favorite": _favorite,
    "rating": _rating,
    "visibility": _visibility,
    "description": _description,
    "has": _has,
    "lacks": _lacks,
    "stacked": _stacked,
    "duration": _measure(Measure.DURATION),
    "width": _measure(Measure.WIDTH),
    "height": _measure(Measure.HEIGHT),
    "megapixels": _measure(Measure.MEGAPIXELS),
    "orientation": _shapes,
}
