"""The names of single photos."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.config.reading import scalar
from reconciler.config.rules.conditions import CONDITIONS
from reconciler.config.rules.where import Selecting, joined
from reconciler.config.text.nodes import MapNode, Node, Scalar
from reconciler.model.conditions import ChecksumIs
from reconciler.model.desired import PhotoName
from reconciler.model.selectors import All
from reconciler.model.text import is_pattern

NAMING = frozenset({"id", "checksum", "path", "file"})
"""The keys by which one photo can be named; `taken` may narrow a file."""


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
    found = {key: CONDITIONS[key](where, value) for key, value in parts.items()}
    selector = joined(All, list(found.values()))
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
