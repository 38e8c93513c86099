"""What a plan's budgets say, as a part of its document, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from reconciler.model.codec import origin_from_json, origin_to_json
from reconciler.model.origin import Origin
from reconciler.model.safety import Allowed, Budget, Counted, Guard, Limit, Safety
from reconciler.plan.basis import Basis
from reconciler.plan.violation import Violation

Json = Any


class Judged(TypedDict):
    """The parts of a plan that its document keeps under `safety`."""

    basis: Basis
    safety: Safety
    violations: tuple[Violation, ...]


def safety_json(basis: Basis, safety: Safety, violations: tuple[Violation, ...]) -> dict[str, Json]:
    """The verdict, what it is measured by, and what it is measured on."""
    return {
        "violations": [_violation(item) for item in violations],
        "limits": {
            budget.value: {
                counted.value: {"count": limit.count, "share": limit.share}
                for counted in Counted
                for limit in [safety.limit(budget, counted)]
            }
            for budget in Budget
        },
        "floor": safety.floor,
        "allow": [str(item) for item in safety.allow],
        "measuredOn": {
            "library": basis.library,
            "albums": basis.albums,
            "members": dict(sorted(basis.members.items())),
            "tagged": dict(sorted(basis.tagged.items())),
            "shared": basis.shared,
            "filledAlbums": basis.filled,
            "named": basis.named,
            "missing": basis.missing,
            "formerFiles": basis.former_files,
            "goneFiles": list(basis.gone_files),
            "withOthers": dict(sorted(basis.with_others.items())),
            "protected": {
                "photos": _places(basis.photos_protected),
                "tags": _places(basis.tags_protected),
                "albums": _places(basis.albums_protected),
            },
        },
    }


def read_safety(data: Mapping[str, Json]) -> Judged:
    """The parts of a plan that `safety_json` wrote. Raises KeyError, TypeError or ValueError otherwise."""
    on = data["measuredOn"]
    protected = on["protected"]
    limits = {
        Budget(budget): {
            Counted(counted): Limit(limit["count"], limit["share"]) for counted, limit in found.items()
        }
        for budget, found in data["limits"].items()
    }
    return Judged(
        basis=Basis(
            library=on["library"],
            albums=on["albums"],
            members=on["members"],
            tagged=on["tagged"],
            shared=on.get("shared", 0),
            filled=on["filledAlbums"],
            named=on["named"],
            missing=on["missing"],
            former_files=on["formerFiles"],
            gone_files=tuple(on["goneFiles"]),
            with_others=on["withOthers"],
            photos_protected=_read_places(protected["photos"]),
            tags_protected=_read_places(protected["tags"]),
            albums_protected=_read_places(protected["albums"]),
        ),
        safety=Safety(limits, data["floor"], tuple(_allowed(text) for text in data["allow"])),
        violations=tuple(_read_violation(item) for item in data["violations"]),
    )


def _allowed(text: str) -> Allowed:
    guard, _, name = text.partition("=")
    return Allowed(Guard(guard), name)


def _violation(item: Violation) -> dict[str, Json]:
    return {
        "rule": item.rule,
        "message": item.text,
        "resources": list(item.resources),
        "option": item.option or None,
        "at": origin_to_json(item.origin) if item.origin else None,
    }


def _read_violation(data: Mapping[str, Json]) -> Violation:
    origin = origin_from_json(data["at"]) if data["at"] else None
    return Violation(data["rule"], data["message"], tuple(data["resources"]), data["option"] or "", origin)


def _places(found: Mapping[str, Origin]) -> dict[str, str]:
    return {key: origin_to_json(origin) for key, origin in sorted(found.items())}


def _read_places(data: Mapping[str, str]) -> dict[str, Origin]:
    return {key: origin_from_json(text) for key, text in data.items()}
