"""A plan as a JSON document: what `immich-plan -o` writes, what reviews and programs read, and back.

The document is complete (schemas/plan.schema.json), stable in order and free of secrets; its checksum covers
everything but itself. The rounds are worked out anew on reading, by the same pure function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.diff.changes import (
    Action,
    AssetChange,
    Changes,
    FieldChange,
    Narrowing,
    Note,
    TagChange,
    TagMove,
    Undone,
)
from reconciler.diff.drift import Cause, Drift, Kind
from reconciler.model.attempts import Attempt
from reconciler.model.codec import origin_from_json, origin_to_json, value_from_json, value_to_json
from reconciler.model.live import Features, Identity, Tag
from reconciler.model.memory import no_collection
from reconciler.model.origin import Origin, Problem
from reconciler.model.values import Field
from reconciler.plan.albums import album_json, read_album
from reconciler.plan.digest import tag_ids
from reconciler.plan.operations import Lane, asset_ids, writes_sidecars
from reconciler.plan.plan import Plan
from reconciler.plan.publishing import public_names, renamed
from reconciler.plan.reading import read_reading, reading_json
from reconciler.plan.schedule import Round, schedule
from reconciler.plan.text import CHECKSUM, Many, checksum, text_of
from reconciler.plan.verdict import read_safety, safety_json

VERSION = 1
KIND = "immich-plan"
Json = Any


class BadPlanFile(ValueError):
    """The file is not a plan that this version can read; the message says why and what to do."""


def to_document(plan: Plan, *, public: bool = True) -> dict[str, Json]:
    """The plan as a document (see `text`), keys in reading order, without its checksum.

    `public` names files only as others may see it.
    """
    names = public_names(plan.files) if public else {}
    cost, changes, labels = plan.cost, plan.changes, plan.labels

    def photo(change: AssetChange) -> Json:
        return _asset(renamed(change, names), labels)

    return {
        "kind": KIND,
        "version": VERSION,
        "digest": plan.digest,
        "server": server_json(plan.identity),
        **({"account": plan.account} if plan.account else {}),
        "files": [{"name": names.get(file, file), "sha256": plan.hashes.get(file)} for file in plan.files],
        "summary": {
            "tags": len(changes.tags),
            "photos": len(changes.assets),
            "albums": len(changes.albums),
            "requests": cost.requests,
            "lowerBound": cost.fewest,
            "sidecars": cost.sidecars,
            "jobs": cost.jobs,
            "seconds": {"least": cost.duration.least, "most": cost.duration.most},
            "rounds": len(plan.rounds),
            "window": plan.needs_window,
            "migrates": plan.migrates,
        },
        "narrowed": _narrowing(plan.narrowing),
        "tags": [_tag(change) for change in renamed(changes.tags, names)],
        "photos": Many(changes.assets, photo),
        "albums": [album_json(change) for change in renamed(changes.albums, names)],
        "rounds": Many(plan.rounds, _round),
        "problems": [_problem(item) for item in renamed(plan.problems, names)],
        "missing": [_problem(item) for item in renamed(plan.missing, names)],
        "undone": [_undone(item) for item in renamed(plan.undone, names)],
        "reading": reading_json(renamed(plan.reading, names)),
        "safety": safety_json(*renamed((plan.basis, plan.safety, plan.violations), names)),
        "drift": None if plan.drift is None else [_drift(item) for item in renamed(plan.drift, names)],
        "notes": [_note(item) for item in renamed(plan.notes, names)],
        "names": dict(sorted(labels.items())),
        "tagIds": dict(sorted(tag_ids(plan.operations).items())),
        "features": {
            "storageTemplate": plan.features.storage_template,
            "templateUsesAlbum": plan.features.template_uses_album,
            "canHoldWindow": plan.features.can_hold_window,
            "clearsEmbeddedDescription": plan.features.clears_embedded_description,
            "keepsLastTagOff": plan.features.keeps_last_tag_off,
            "newAlbumOrder": plan.features.new_album_order,
        },
    }


def server_json(identity: Identity) -> dict[str, Json]:
    """The server and the account that a plan is for."""
    return {
        "url": identity.url,
        "version": identity.version,
        "userId": identity.user_id,
        "userName": identity.user_name,
    }


@no_collection()
def to_pieces(plan: Plan, *, public: bool = True) -> list[bytes]:
    """The document as indented UTF-8 text, in pieces; the same plan gives the same text."""
    return text_of(to_document(plan, public=public))


def to_bytes(plan: Plan, *, public: bool = True) -> bytes:
    """The same in one."""
    return b"".join(to_pieces(plan, public=public))


@no_collection()
def from_bytes(data: bytes) -> Plan:
    """Reads a plan file. Raises BadPlanFile where it isn't one, was changed by hand, or is too new."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadPlanFile(f"this is not a plan file: it isn't JSON ({error})") from None
    return from_document(document)


def from_document(document: Json) -> Plan:
    """The plan that JSON values were made of. Raises BadPlanFile like `from_bytes`."""
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise BadPlanFile("this is not a plan file: write one with `immich-plan -o plan.json`")
    if document.get("version") != VERSION:
        found = document.get("version")
        raise BadPlanFile(f"this plan file has version {found!r}, this program reads {VERSION}: plan again")
    if document.get(CHECKSUM) != checksum(document):
        raise BadPlanFile(
            "this plan file was changed after it was written (its checksum differs): plan again"
        )
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadPlanFile(f"this plan file can't be read ({error!r}): plan again") from None


def _from_document(document: Mapping[str, Json]) -> Plan:
    changes = Changes(
        tuple(_read_tag(item) for item in document["tags"]),
        tuple(_read_asset(item) for item in document["photos"]),
        tuple(read_album(item) for item in document["albums"]),
    )
    server = document["server"]
    features = _read_features(document["features"])
    tags = {path: Tag(tag_id, path) for path, tag_id in document["tagIds"].items()}
    return Plan(
        identity=Identity(server["userId"], server["userName"], server["version"], server["url"]),
        changes=changes,
        labels=document["names"],
        rounds=schedule(changes, tags, features),
        notes=tuple(_read_note(item) for item in document["notes"]),
        problems=tuple(_read_problem(item) for item in document["problems"]),
        missing=tuple(_read_problem(item) for item in document["missing"]),
        undone=tuple(_read_undone(item) for item in document["undone"]),
        drift=None if document["drift"] is None else tuple(_read_drift(item) for item in document["drift"]),
        files=tuple(item["name"] for item in document["files"]),
        hashes={item["name"]: item["sha256"] for item in document["files"] if item["sha256"]},
        features=features,
        migrates=document["summary"]["migrates"],
        narrowing=_read_narrowing(document["narrowed"]),
        reading=read_reading(document["reading"]),
        account=document.get("account", ""),
        **read_safety(document["safety"]),
    )


def _read_features(data: Mapping[str, Json]) -> Features:
    return Features(
        clears_embedded_description=data["clearsEmbeddedDescription"],
        keeps_last_tag_off=data["keepsLastTagOff"],
        storage_template=data["storageTemplate"],
        template_uses_album=data["templateUsesAlbum"],
        can_hold_window=data["canHoldWindow"],
        new_album_order=data["newAlbumOrder"],
    )


def _round(part: Round) -> dict[str, Json]:
    return {
        "first": _lane(part.first),
        "lanes": [_lane(lane) for lane in part.lanes],
        "last": [_lane(lane) for lane in part.last],
    }


def _lane(lane: Lane) -> list[Json]:
    return [_operation(item) for item in lane]


def _operation(operation: Any) -> dict[str, Json]:
    return {
        "does": operation.text,
        "photos": len(asset_ids(operation)),
        "writesSidecars": writes_sidecars(operation),
    }


def _narrowing(narrowing: Narrowing | None) -> dict[str, Json] | None:
    if narrowing is None:
        return None
    return {
        "targets": list(narrowing.targets),
        "leftOut": {"tags": narrowing.tags, "photos": narrowing.photos, "albums": narrowing.albums},
        "needed": list(narrowing.needed),
        "unmatched": list(narrowing.unmatched),
    }


def _read_narrowing(data: Mapping[str, Json] | None) -> Narrowing | None:
    if data is None:
        return None
    return Narrowing(
        tuple(data["targets"]),
        **data["leftOut"],
        needed=tuple(data["needed"]),
        unmatched=tuple(data["unmatched"]),
    )


# -- changes -------------------------------------------------------------------------------------------


def _tag(change: TagChange) -> dict[str, Json]:
    color = {"before": change.before, "after": change.after} if change.color else None
    return {
        "action": change.action.value,
        "tag": change.path,
        "id": change.id,
        "color": color,
        "at": origin_to_json(change.origin),
    }


def _read_tag(data: Mapping[str, Json]) -> TagChange:
    color = data["color"]
    return TagChange(
        Action(data["action"]),
        data["tag"],
        origin_from_json(data["at"]),
        data["id"],
        color is not None,
        color["before"] if color else None,
        color["after"] if color else None,
    )


def _asset(change: AssetChange, labels: Mapping[str, str]) -> dict[str, Json]:
    return {
        "id": change.id,
        "name": labels.get(change.id, change.id),
        "fields": [
            {
                "field": item.field.value,
                "before": value_to_json(item.before),
                "after": value_to_json(item.after),
                "at": origin_to_json(item.origin),
            }
            for item in change.fields
        ],
        "addTags": _moves(change.tags_added),
        "removeTags": _moves(change.tags_removed),
    }


def _moves(moves: Iterable[TagMove]) -> list[dict[str, Json]]:
    return [{"tag": move.path, "at": origin_to_json(move.origin)} for move in moves]


def _read_asset(data: Mapping[str, Json]) -> AssetChange:
    fields = []
    for item in data["fields"]:
        name = Field(item["field"])
        before, after = value_from_json(name, item["before"]), value_from_json(name, item["after"])
        fields.append(FieldChange(name, before, after, origin_from_json(item["at"])))
    return AssetChange(
        data["id"], tuple(fields), _read_moves(data["addTags"]), _read_moves(data["removeTags"])
    )


def _read_moves(items: Iterable[Mapping[str, Json]]) -> tuple[TagMove, ...]:
    return tuple(TagMove(item["tag"], origin_from_json(item["at"])) for item in items)


# -- what is told beside them ----------------------------------------------------------------------------


def _at(origin: Origin | None) -> str | None:
    return origin_to_json(origin) if origin else None


def _read_at(text: str | None) -> Origin | None:
    return origin_from_json(text) if text else None


def _problem(problem: Problem) -> dict[str, Json]:
    return {"message": problem.message, "at": _at(problem.origin), "path": problem.path}


def _read_problem(data: Mapping[str, Json]) -> Problem:
    return Problem(data["message"], _read_at(data["at"]), data["path"])


def _note(note: Note) -> dict[str, Json]:
    return {"text": note.text, "at": _at(note.origin), "photos": note.count, "sample": list(note.sample)}


def _read_note(data: Mapping[str, Json]) -> Note:
    return Note(data["text"], _read_at(data["at"]), data["photos"], tuple(data["sample"]))


def _drift(drift: Drift) -> dict[str, Json]:
    return {
        "kind": drift.kind.value,
        "id": drift.id,
        "name": drift.name,
        "aspect": drift.aspect,
        "cause": drift.cause.value,
        "applied": drift.applied,
        "found": drift.found,
        "wanted": drift.wanted,
        "at": origin_to_json(drift.origin),
    }


def _read_drift(data: Mapping[str, Json]) -> Drift:
    texts = (data["applied"], data["found"], data["wanted"])
    cause, origin = Cause(data["cause"]), origin_from_json(data["at"])
    return Drift(Kind(data["kind"]), data["id"], data["name"], data["aspect"], cause, origin, *texts)


def _undone(undone: Undone) -> dict[str, Json]:
    attempt = undone.attempt
    return {
        "id": attempt.asset_id,
        "name": undone.label,
        "aspect": attempt.aspect,
        "wanted": attempt.wanted,
        "cameBack": attempt.came_back,
        "reason": attempt.reason,
        "triedOn": attempt.at,
        "at": origin_to_json(undone.origin),
    }


def _read_undone(data: Mapping[str, Json]) -> Undone:
    attempt = Attempt(
        data["id"], data["aspect"], data["wanted"], data["cameBack"], data["reason"], data["triedOn"]
    )
    return Undone(attempt, data["name"], origin_from_json(data["at"]))
