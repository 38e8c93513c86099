"""The digest of a plan: what an approval is bound to. Pure.

It covers the account (whose id no other server has), the names and the content of the files that the plan
was made from, and every change with its before and after. It leaves out what may be different tomorrow
although the plan is the same: versions, costs, sizes, names of photos, notes and limits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.diff.changes import AlbumChange, AssetChange, TagChange
from reconciler.model.codec import value_to_json
from reconciler.model.memory import no_collection
from reconciler.plan.operations import ColorTag, Operation, TagAssets, UntagAssets

PREFIX = "sha256:"
SHORT = 12
"""Digits of a digest that are shown to people, and the fewest that are taken from them."""

_APPROVED = re.compile(rf"(?:sha256:)?([0-9a-f]{{{SHORT},64}})")

Json = Any


class BadDigest(ValueError):
    """The text is no digest of a plan; the message says what to write."""


@no_collection()
def digest_of(
    account: str,
    inputs: Mapping[str, str | None],
    changes: tuple[tuple[TagChange, ...], tuple[AssetChange, ...], tuple[AlbumChange, ...]],
    tags: Mapping[str, str],
    migrates: bool,
) -> str:
    """`sha256:` and 64 hex digits; empty where a name is no text that JSON can hold.

    `inputs` are the files and the hashes of their content, `tags` the ids of the tags that are used.
    """
    of_tags, photos, albums = changes
    parts: Json = [
        account,
        sorted(inputs.items()),
        [[item.action, item.path, item.id, item.color, item.before, item.after] for item in of_tags],
        [_photo(item) for item in photos],
        [_album(item) for item in albums],
        sorted(tags.items()),
        migrates,
    ]
    try:
        return PREFIX + hashlib.sha256(orjson.dumps(parts)).hexdigest()
    except orjson.JSONEncodeError:
        return ""


def _photo(change: AssetChange) -> Json:
    return [
        change.id,
        [[item.field, value_to_json(item.before), value_to_json(item.after)] for item in change.fields],
        [move.path for move in change.tags_added],
        [move.path for move in change.tags_removed],
    ]


def _album(change: AlbumChange) -> Json:
    return [
        change.action,
        change.name,
        change.id,
        [[item.field, item.before, item.after] for item in change.fields],
        change.added,
        change.removed,
        [[item.user.id, item.before, item.after] for item in change.shares],
    ]


def tag_ids(operations: Iterable[Operation]) -> dict[str, str]:
    """The ids of the tags that are used and there already, by path."""
    found: dict[str, str] = {}
    for operation in operations:
        match operation:
            case TagAssets():
                found |= {tag.path: tag.id for tag in operation.tags if tag.id}
            case UntagAssets() | ColorTag() if operation.tag.id:
                found[operation.tag.path] = operation.tag.id
    return found


def short(digest: str) -> str:
    """The first digits, for people."""
    return digest.removeprefix(PREFIX)[:SHORT]


def read_approval(text: str) -> str:
    """The hex digits of a digest, or its first 12 or more. Raises BadDigest."""
    found = _APPROVED.fullmatch(text.strip().lower())
    if not found:
        raise BadDigest(
            f"{text[:80]!r} is no digest of a plan: write the {SHORT} digits or more that immich-plan shows"
        )
    return found[1]


def approved(digest: str, approval: str) -> bool:
    """Whether an approval (of `read_approval`) is for the plan with this digest."""
    return digest.removeprefix(PREFIX).startswith(approval)
