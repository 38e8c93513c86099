"""Entries of `albums` and `tags`."""

from __future__ import annotations

from dataclasses import replace

from reconciler.config.entries.assets import text_or_nothing
from reconciler.config.entries.sharing import read_share
from reconciler.config.reading import (
    is_unwritten,
    items,
    mapping,
    says_true,
    scalar,
    setting,
    tag_path,
    text_setting,
    true_setting,
)
from reconciler.config.report import Scope
from reconciler.config.rules.naming import read_photo
from reconciler.config.rules.owners import read_exclude, read_rule
from reconciler.config.rules.where import Selecting
from reconciler.config.text.nodes import MapNode, Node, Scalar
from reconciler.model.desired import AlbumEntry, Membership, PhotoName, Setting, TagEntry
from reconciler.model.owners import ONLY_ME, owners_of


def read_album(scope: Scope, node: MapNode, where: Selecting) -> AlbumEntry | None:
    """One album; None after an error, and where the schema refused its name.

    `where` has what all albums share.
    """
    absent = "state" in node and scalar(node["state"]).text == "absent"
    _check_sense(scope, node, absent)
    name = scalar(node["name"]).text if "name" in node else None
    plain = replace(where, scope=scope)
    own = replace(plain, album=name)
    rule = read_rule(own, node.get("match"))
    exclude = read_exclude(own, node.get("exclude"), rule)
    photos = _photos(plain, node["assets"]) if "assets" in node else None
    cover = read_photo(plain, mapping(node["cover"])) if "cover" in node else None
    if name is None:
        return None
    return AlbumEntry(
        name=name,
        origin=scope.origin(node),
        id=scalar(node["id"]).text.lower() if "id" in node else None,
        renamed_from=text_setting(scope, node, "renamed_from"),
        absent=absent,
        description=_description(scope, node.get("description")),
        order=text_setting(scope, node, "order"),
        activity=true_setting(scope, node, "activity"),
        cover=cover,
        rule=rule,
        photos=photos,
        exclude=exclude,
        membership=read_membership(node),
        share=read_share(scope, node["share"]) if "share" in node else None,
        owners=owners_of(rule) | ONLY_ME if photos is not None else owners_of(rule),
        protect=says_true(node, "protect"),
        account=where.accounts.read(scope, node),
    )


def _description(scope: Scope, node: Node | None) -> Setting[str] | None:
    if node is None or is_unwritten(scope, node):
        return None
    return setting(scope, node, text_or_nothing(node))


def read_membership(node: MapNode) -> Membership:
    """Whether photos that an album or set doesn't ask for leave; they do where nothing is said."""
    return Membership(scalar(node["membership"]).text) if "membership" in node else Membership.EXACT


def _photos(where: Selecting, node: Node) -> tuple[PhotoName, ...]:
    found = (read_photo(where, mapping(item)) for item in items(node))
    return tuple(photo for photo in found if photo is not None)


def _check_sense(scope: Scope, node: MapNode, absent: bool) -> None:
    """Refuses keys that would do nothing beside the others."""
    if node.damaged:
        return
    if absent:
        for key in node.keys() - {"name", "id", "state", "account"}:
            scope.error(
                node[key],
                f"the album is to be deleted (`state: absent`), so `{key}` can't be wanted; leave it out",
            )
        return
    if "exclude" in node and "match" not in node:
        scope.error(
            node["exclude"], "`exclude` takes photos out of what `match` finds, and there is no `match`"
        )
    if "membership" in node and not {"match", "assets"} & node.keys():
        message = "`membership` is about photos that `match` and `assets` don't ask for, and there is neither"
        scope.error(node["membership"], message)
    if (
        "renamed_from" in node
        and "name" in node
        and scalar(node["renamed_from"]).text == scalar(node["name"]).text
    ):
        scope.error(
            node["renamed_from"],
            "this is the name it has; write the former name, or leave `renamed_from` out",
        )


def read_tag(scope: Scope, node: MapNode, where: Selecting) -> TagEntry | None:
    """One tag; None after an error, and where the schema refused its path."""
    path = tag_path(scope, scalar(node["value"])) if "value" in node else None
    color: Setting[str | None] | None = None
    if "color" in node:
        part = scalar(node["color"])
        color = setting(scope, part, None if part.value is None else part.text.lower())
        if part.value is None and not part.text:
            _tell_empty_color(scope, part)
    protect = says_true(node, "protect")
    account = where.accounts.read(scope, node)
    return None if path is None else TagEntry(path, scope.origin(node), color, protect, account)


def _tell_empty_color(scope: Scope, node: Scalar) -> None:
    scope.error(
        node,
        'no colour stands here (an unquoted # begins a comment); write it in quotes, such as "#e07a5f", '
        "or null to take the colour away",
    )
