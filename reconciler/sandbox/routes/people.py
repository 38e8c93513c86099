"""People and the faces that tell who is on a photo. Nothing here moves `updatedAt` of a photo."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import validation as v
from reconciler.sandbox.api import Answer, Call, Routes
from reconciler.sandbox.clock import iso_z
from reconciler.sandbox.errors import bad_request, no_access
from reconciler.sandbox.store import assets
from reconciler.sandbox.store.database import GIVEN, Row

ROUTES = Routes()

_BOX = ("imageWidth", "imageHeight", "x", "y", "width", "height")
_MINIMUM_FACES = 3
"""So many photos a person without a name must be on to be listed."""

_IDS: v.Schema = {"ids": v.listed(v.uuid4()).needed()}
_PERSON: v.Schema = {
    "name": v.text(),
    "birthDate": v.text().or_null(),
    "isHidden": v.flag(),
    "isFavorite": v.flag(),
    "color": v.text(color=True).or_null(),
}
_COLUMNS = {
    "name": "name",
    "birthDate": "birth_date",
    "isHidden": "is_hidden",
    "isFavorite": "is_favorite",
    "color": "color",
}


# -- people ------------------------------------------------------------------------------


@ROUTES.add("GET", "/people", "person.read")
def list_people(call: Call) -> Any:
    """Get all people."""
    asked = call.query(
        {"withHidden": v.flag(), "page": v.whole(1, convert=True), "size": v.whole(1, 1000, convert=True)}
    )
    rows = call.db.rows(
        "SELECT person.*, count(*) AS faces FROM person JOIN face ON person_id = person.id JOIN asset "
        "ON asset.id = asset_id WHERE person.owner_id = ? AND deleted_at IS NULL "
        "AND visibility = 'timeline' GROUP BY person.id ORDER BY person.name, person.id",
        (call.user_id,),
    )
    listed = [row for row in rows if row["name"] or row["faces"] >= _MINIMUM_FACES]
    shown = [row for row in listed if asked.get("withHidden") or not row["is_hidden"]]
    size = asked.get("size", 500)
    start = (asked.get("page", 1) - 1) * size
    return {
        "people": [_person(row) for row in shown[start : start + size]],
        "hasNextPage": len(shown) > start + size,
        "total": len(rows),
        "hidden": sum(row["is_hidden"] for row in rows),
    }


@ROUTES.add("GET", "/search/person", "person.read")
def search_person(call: Call) -> Any:
    """Search people by the beginning of a name or of a word in it."""
    asked = call.query({"name": v.text().needed(), "withHidden": v.flag()})
    rows = call.db.rows("SELECT * FROM person WHERE owner_id = ? ORDER BY name, id", (call.user_id,))
    wanted = asked["name"].lower()
    return [
        _person(row)
        for row in rows
        if (row["name"].lower().startswith(wanted) or f" {wanted}" in row["name"].lower())
        and (asked.get("withHidden") or not row["is_hidden"])
    ]


@ROUTES.add("POST", "/people", "person.create", status=201)
def create_person(call: Call) -> Any:
    """Create a person."""
    asked = call.body(_PERSON)
    person_id = str(uuid.uuid4())
    with call.write() as db:
        db.run(
            "INSERT INTO person (id, owner_id, name, birth_date, color, is_hidden, is_favorite, updated_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                person_id,
                call.user_id,
                asked.get("name", ""),
                asked.get("birthDate"),
                asked.get("color"),
                asked.get("isHidden", False),
                asked.get("isFavorite", False),
                db.now(),
            ),
        )
    return _person(_person_row(call, person_id, "person.read"))


@ROUTES.add("GET", "/people/<id>", "person.read")
def get_person(call: Call) -> Any:
    """Get a person."""
    return _person(_person_row(call, call.id(), "person.read"))


@ROUTES.add("GET", "/people/<id>/statistics", "person.statistics")
def get_person_statistics(call: Call) -> Any:
    """Get person statistics."""
    person_id = _person_row(call, call.id(), "person.read")["id"]
    counted = call.db.value(
        "SELECT count(DISTINCT asset_id) FROM face JOIN asset ON asset.id = asset_id "
        "WHERE person_id = ? AND deleted_at IS NULL AND visibility = 'timeline'",
        (person_id,),
    )
    return {"assets": counted}


@ROUTES.add("PUT", "/people/<id>", "person.update")
def update_person(call: Call) -> Any:
    """Update person."""
    asked = call.body(_PERSON)
    person_id = _person_row(call, call.id(), "person.update")["id"]
    _change(call, person_id, asked)
    return _person(_person_row(call, person_id, "person.read"))


@ROUTES.add("PUT", "/people", "person.update")
def update_people(call: Call) -> Any:
    """Update people; a colour is not among what it changes."""
    one = v.nested({"id": v.uuid4().needed(), **_PERSON})
    answers = []
    for asked in call.body({"people": v.listed(one).needed()})["people"]:
        known = _owned(call, [asked["id"]])
        if known:
            _change(call, asked["id"], {key: value for key, value in asked.items() if key != "color"})
        answers.append({"id": asked["id"], "success": bool(known)} | ({} if known else {"error": "unknown"}))
    return answers


@ROUTES.add("DELETE", "/people/<id>", "person.delete", status=204)
def delete_person(call: Call) -> None:
    """Delete person."""
    _delete(call, [_person_row(call, call.id(), "person.delete")["id"]])


@ROUTES.add("DELETE", "/people", "person.delete", status=204)
def delete_people(call: Call) -> None:
    """Delete people."""
    ids = call.body(_IDS)["ids"]
    if set(ids) - _owned(call, ids):
        raise no_access("person.delete")
    _delete(call, ids)


@ROUTES.add("POST", "/people/<id>/merge", "person.merge")
def merge_people(call: Call) -> Any:
    """Merge people: their faces become those of one, who takes over a name if it has none."""
    ids, into = call.body(_IDS)["ids"], call.id()
    if into in ids:
        raise bad_request("Cannot merge a person into themselves")
    _person_row(call, into, "person.update")
    answers = []
    for person_id in ids:
        if not _owned(call, [person_id]):
            answers.append({"id": person_id, "success": False, "error": "no_permission"})
            continue
        kept, gone = (_person_row(call, one, "person.merge") for one in (into, person_id))
        taken = {
            key: gone[column]
            for key, column in (("name", "name"), ("birthDate", "birth_date"))
            if not kept[column] and gone[column]
        }
        if taken:
            _change(call, into, taken)
        with call.write() as db:
            db.run("UPDATE face SET person_id = ? WHERE person_id = ?", (into, person_id))
            db.run("DELETE FROM person WHERE id = ?", (person_id,))
        answers.append({"id": person_id, "success": True})
    return answers


@ROUTES.add("PUT", "/people/<id>/reassign", "person.reassign")
def reassign_faces(call: Call) -> Any:
    """Reassign faces: those of a person on a photo become another's."""
    one = v.nested({"assetId": v.uuid4().needed(), "personId": v.uuid4().needed()})
    data = call.body({"data": v.listed(one).needed()})["data"]
    person = _person_row(call, call.id(), "person.update")
    with call.write() as db:
        for item in data:
            db.run(
                "UPDATE face SET person_id = ? WHERE asset_id = ? AND person_id IN "
                "(SELECT id FROM person WHERE id = ? AND owner_id = ?)",
                (person["id"], item["assetId"], item["personId"], call.user_id),
            )
    return [_person(person) for _ in data]


# -- faces -------------------------------------------------------------------------------


@ROUTES.add("GET", "/faces", "face.read")
def list_faces(call: Call) -> Any:
    """Retrieve faces for asset."""
    asset_id = call.query({"id": v.uuid4().needed()})["id"]
    if not assets.owned(call.db, call.user_id, [asset_id]):
        raise no_access("asset.read")
    rows = call.db.rows(_FACES, (asset_id,))
    return [_face(row) | {"person": _person(row)} for row in rows]


@ROUTES.add("POST", "/faces", "face.create", status=201)
def create_face(call: Call) -> Any:
    """Create a face."""
    asked = call.body(
        {
            "assetId": v.uuid4().needed(),
            "personId": v.uuid4().needed(),
            **{name: v.whole().needed() for name in _BOX},
        }
    )
    if not assets.owned(call.db, call.user_id, [asked["assetId"]]):
        raise no_access("asset.read" if call.version.device_fields else "asset.update")
    _person_row(call, asked["personId"], "person.read")
    with call.write() as db:
        db.run(
            "INSERT INTO face (id, asset_id, person_id, box) VALUES (?, ?, ?, ?)",
            (
                str(uuid.uuid4()),
                asked["assetId"],
                asked["personId"],
                json.dumps({name: asked[name] for name in _BOX}),
            ),
        )
    return Answer()


@ROUTES.add("PUT", "/faces/<id>", "face.update")
def reassign_face(call: Call) -> Any:
    """Reassign a face: the path names the person, the body the face."""
    face_id = call.body({"id": v.uuid4().needed()})["id"]
    person = _person_row(call, call.id(), "person.update")
    _face_row(call, face_id, "person.create")
    with call.write() as db:
        db.run("UPDATE face SET person_id = ? WHERE id = ?", (person["id"], face_id))
    return _person(person)


@ROUTES.add("DELETE", "/faces/<id>", "face.delete", status=204)
def delete_face(call: Call) -> None:
    """Delete a face."""
    call.body({"force": v.flag().needed()})
    face_id = _face_row(call, call.id(), "face.delete")["id"]
    with call.write() as db:
        db.run("DELETE FROM face WHERE id = ?", (face_id,))


def people_of(call: Call, asset_id: str) -> list[dict[str, Any]]:
    """The persons with a face on the asset."""
    people: dict[str, dict[str, Any]] = {}
    for row in call.db.rows(_FACES, (asset_id,)):
        person = people.setdefault(
            row["id"], _person(row) | ({"faces": []} if call.version.device_fields else {})
        )
        if call.version.device_fields:
            person["faces"].append(_face(row))
    return list(people.values())


_FACES = (
    "SELECT person.*, face.id AS face_id, box FROM person JOIN face ON person_id = person.id "
    "WHERE asset_id = ?"
)


def _face(row: Row) -> dict[str, Any]:
    box = json.loads(row["box"])
    return {
        "id": row["face_id"],
        "imageWidth": box["imageWidth"],
        "imageHeight": box["imageHeight"],
        "boundingBoxX1": box["x"],
        "boundingBoxX2": box["x"] + box["width"],
        "boundingBoxY1": box["y"],
        "boundingBoxY2": box["y"] + box["height"],
        "sourceType": "manual",
    }


def _face_row(call: Call, face_id: str, permission: str) -> Row:
    row = call.db.row(
        "SELECT face.* FROM face JOIN asset ON asset.id = asset_id WHERE face.id = ? AND owner_id = ?",
        (face_id, call.user_id),
    )
    if row is None:
        raise no_access(permission)
    return row


# -- both --------------------------------------------------------------------------------


def _change(call: Call, person_id: str, asked: Mapping[str, Any]) -> None:
    """Puts down what is asked for; its time moves even where that is nothing."""
    values = {column: asked[key] for key, column in _COLUMNS.items() if key in asked}
    with call.write() as db:
        sets = ", ".join(f"{column} = ?" for column in (*values, "updated_at"))
        db.run(f"UPDATE person SET {sets} WHERE id = ?", (*values.values(), db.now(), person_id))


def _delete(call: Call, ids: list[str]) -> None:
    with call.write() as db:
        db.run(f"DELETE FROM person WHERE id IN {GIVEN}", (json.dumps(ids),))


def _owned(call: Call, ids: list[str]) -> set[str]:
    return set(
        call.db.values(
            f"SELECT id FROM person WHERE owner_id = ? AND id IN {GIVEN}",
            (call.user_id, json.dumps(ids)),
        )
    )


def _person_row(call: Call, person_id: str, permission: str) -> Row:
    row = call.db.row("SELECT * FROM person WHERE id = ? AND owner_id = ?", (person_id, call.user_id))
    if row is None:
        raise no_access(permission)
    return row


def _person(row: Row) -> dict[str, Any]:
    shown = {
        "id": row["id"],
        "name": row["name"],
        "birthDate": row["birth_date"],
        "thumbnailPath": "",
        "isHidden": bool(row["is_hidden"]),
        "isFavorite": bool(row["is_favorite"]),
        "updatedAt": iso_z(row["updated_at"]),
    }
    return shown | ({"color": row["color"]} if row["color"] else {})
