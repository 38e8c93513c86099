"""Entries of `album_sets`: how photos are grouped, and what the album of each group shall be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.config.entries.albums import read_membership
from reconciler.config.entries.sharing import read_share
from reconciler.config.faults import nearest
from reconciler.config.reading import (
    is_unwritten,
    mapping,
    mappings,
    number,
    point,
    says_true,
    scalar,
    scalars,
    setting,
    text_setting,
    texts,
    true_setting,
)
from reconciler.config.report import Scope
from reconciler.config.rules.owners import read_exclude, read_rule, refuse_grouping
from reconciler.config.rules.where import Selecting
from reconciler.config.text.nodes import ListNode, MapNode, Node, Scalar
from reconciler.config.values.amounts import BadAmount, read_distance
from reconciler.model.album_sets import SetKey
from reconciler.model.company import PersonIs
from reconciler.model.desired import AlbumSet, Setting
from reconciler.model.groupings import (
    ByCamera,
    ByDate,
    ByFolder,
    ByPerson,
    ByPlace,
    ByTag,
    Grouping,
    Period,
    Place,
)
from reconciler.model.templates import BadTemplate, Kind, Template, UnknownPlaceholder, read_template
from reconciler.model.text import TextMatcher
from reconciler.model.trips import ByTrip
from reconciler.model.values import normal_tag

USUAL_GAP = timedelta(days=3)
"""Between two trips, where nothing else is written."""
USUAL_AWAY = 50_000.0
"""Metres from home, where nothing else is written."""

_GAP = re.compile(r"([0-9]{1,4})(h|d)")
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "folder": ("levels",),
    "trip": ("home", "away"),
    "tag": (),
    "person": (),
}
"""The ways to group that take a value, and what may stand beside each."""


def read_set(scope: Scope, node: MapNode, where: Selecting) -> AlbumSet | None:
    """One set; None after an error, and where the schema refused what it can't do without.

    `where` has what all sets share.
    """
    where = replace(where, scope=scope)
    rule = read_rule(where, node.get("match"))
    exclude = read_exclude(where, node.get("exclude"), rule)
    grouping = _grouping(scope, node["for_each"]) if "for_each" in node else None
    if grouping is None:
        return None
    if isinstance(grouping, ByPerson | ByTag):
        by = "person" if isinstance(grouping, ByPerson) else "tag"
        refuse_grouping(where, node["for_each"], rule, by)
    name = _template(scope, node, "name", grouping.placeholders)
    former = _template(scope, node, "renamed_from", grouping.placeholders)
    description = _template(scope, node, "description", grouping.placeholders)
    if name is None:
        return None
    if not name.value.placeholders:
        words = _listed(grouping.placeholders)
        scope.error(node["name"], f"every album of the set would have this name; there are {words}")
        return None
    if former is not None and former.value.text == name.value.text:
        message = "this is the name they have; write the former one, or leave `renamed_from` out"
        scope.error(node["renamed_from"], message)
    return AlbumSet(
        origin=scope.origin(node),
        grouping=grouping,
        key=SetKey(grouping.text, _narrowed(node)),
        name=name,
        renamed_from=former,
        description=description,
        order=text_setting(scope, node, "order"),
        activity=true_setting(scope, node, "activity"),
        rule=rule,
        exclude=exclude,
        only=TextMatcher.of(texts(node["only"])) if "only" in node else None,
        besides=TextMatcher.of(texts(node["except"])) if "except" in node else None,
        membership=read_membership(node),
        min_photos=int(number(node["min_photos"])) if "min_photos" in node else 1,
        prune=says_true(node, "prune"),
        share=read_share(scope, node["share"]) if "share" in node else None,
        account=where.accounts.read(scope, node),
        protect=says_true(node, "protect"),
    )


def _narrowed(node: MapNode) -> str:
    """Which photos and groups a set is about, as written: the same text for the same wish."""
    written = {key: _plain(node[key]) for key in ("match", "exclude", "only", "except") if key in node}
    if isinstance(node["for_each"], MapNode) and "person" in node["for_each"]:
        written["person"] = _plain(node["for_each"]["person"])
    return json.dumps(written, sort_keys=True, ensure_ascii=False) if written else ""


def _plain(node: Node) -> Any:
    if isinstance(node, ListNode):
        return [_plain(item) for item in node]
    if isinstance(node, MapNode):
        return {key: _plain(value) for key, value in node.items()}
    return node.value


# -- names -----------------------------------------------------------------------------------------------


def _template(scope: Scope, node: MapNode, key: str, known: Mapping[str, Kind]) -> Setting[Template] | None:
    if key not in node or is_unwritten(scope, node[key]):
        return None
    part = scalar(node[key])
    text = "" if part.value is None else part.text
    try:
        return setting(scope, part, read_template(text, known))
    except UnknownPlaceholder as error:
        braced = [f"{{{name}}}" for name in known]
        asked = nearest(f"{{{error.name}}}", braced) or f"; there are {_listed(known)}"
        scope.error(part, f"{error}{asked}")
    except BadTemplate as error:
        scope.error(part, str(error))
    return None


def _listed(names: Mapping[str, Kind]) -> str:
    shown = [f"{{{name}}}" for name in names if not name.isdigit()]
    if len(shown) < len(names):
        shown.append("{1} to {9}")
    return ", ".join(shown)


# -- how photos are grouped ------------------------------------------------------------------------------


def _grouping(scope: Scope, node: Node) -> Grouping | None:
    if isinstance(node, Scalar):
        return _PLAIN[node.text]()
    block = mapping(node)
    kinds = [key for key in _BESIDE if key in block]
    if len(kinds) != 1:
        message = (
            "write one of folder, trip, tag and person" if kinds else "folder, trip, tag or person is missing"
        )
        if not block.damaged:
            scope.error(node, f"{message}; a set groups in one way")
        return None
    (kind,) = kinds
    for key in block.keys() - {kind, *_BESIDE[kind]}:
        owner = next(name for name, keys in _BESIDE.items() if key in keys)
        scope.error(block[key], f"`{key}` belongs to `{owner}`; leave it out")
    return _WITH_VALUE[kind](scope, block)


def _folder(scope: Scope, block: MapNode) -> Grouping | None:
    root = scalar(block["folder"])
    if "**" in root.text.split("/")[-1:]:
        scope.error(root, "a root doesn't end in `**`; write the folder, and in `levels` how deep it goes")
        return None
    if not root.text.startswith("/"):
        scope.error(root, f"write the whole path from the root, such as /photos/{root.text.strip('/')[:40]}")
        return None
    levels = scalar(block["levels"]) if "levels" in block else None
    if levels is None:
        return ByFolder(root.text, 1)
    return ByFolder(root.text, None if levels.text == "all" else int(number(levels)))


def _trip(scope: Scope, block: MapNode) -> Grouping | None:
    gap = _gap(scope, scalar(block["trip"]))
    homes = tuple(map(point, mappings(block["home"]))) if "home" in block else ()
    away = _distance(scope, scalar(block["away"])) if "away" in block else USUAL_AWAY
    if "away" in block and "home" not in block and not block.damaged:
        scope.error(block["away"], "`away` is counted from `home`; write where that is")
        return None
    return None if gap is None or away is None else ByTrip(gap, homes, away)


def _gap(scope: Scope, node: Scalar) -> timedelta | None:
    found = _GAP.fullmatch(node.text)
    if found is None or not int(found[1]):
        scope.error(node, "write how long no photo was taken between two trips, such as 3d or 36h")
        return None
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))


def _distance(scope: Scope, node: Scalar) -> float | None:
    try:
        return read_distance(node.text)
    except BadAmount as error:
        scope.error(node, str(error))
        return None


def _person(scope: Scope, block: MapNode) -> Grouping:
    return ByPerson(tuple(PersonIs(part.text, scope.origin(part)) for part in scalars(block["person"])))


def _tag(scope: Scope, block: MapNode) -> Grouping | None:
    written = scalar(block["tag"])
    root = normal_tag(written.text.removesuffix("/*"))
    if not root or "*" in root:
        scope.error(written, "write a tag: a set makes an album of each tag below it; `for_each: tag` of all")
        return None
    return ByTag(root)


_WITH_VALUE: Mapping[str, Callable[[Scope, MapNode], Grouping | None]] = {
    "folder": _folder,
    "trip": _trip,
    "tag": _tag,
    "person": _person,
}
_PLAIN: Mapping[str, Callable[[], Grouping]] = {
    "year": lambda: ByDate(Period.YEAR),
    "month": lambda: ByDate(Period.MONTH),
    "trip": lambda: ByTrip(USUAL_GAP),
    "country": lambda: ByPlace(Place.COUNTRY),
    "city": lambda: ByPlace(Place.CITY),
    "camera": ByCamera,
    "person": ByPerson,
    "tag": ByTag,
}
